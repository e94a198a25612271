"""Threads and blocks change how long it takes, and nothing else."""
import pytest

from program import counts, run


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "counts.csv"
    counts(700).T.to_csv(path)
    return path


def test_threads_and_blocks_change_no_byte(model, source, tmp_path):
    outputs = {}
    for ending in ("csv", "tsv.gz", "h5ad"):
        for threads, block in ((1, 256), (2, 256), (3, 256), (2, 1), (2, 7), (3, 1024)):
            path = tmp_path / f"{threads}-{block}.{ending}"
            run("predict", source, "-m", model, "--threads", threads, "--block-cells", block,
                "-o", path)
            outputs.setdefault(ending, set()).add(path.read_bytes())
    assert {ending: len(bytes_) for ending, bytes_ in outputs.items()} == {
        "csv": 1, "tsv.gz": 1, "h5ad": 1}
