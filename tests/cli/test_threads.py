# SPDX-License-Identifier: BSD-3-Clause
"""Threads and blocks change how long it takes, and nothing else."""
import h5py
import numpy as np
import pandas as pd
import pytest

from program import SYMBOLS, counts, predict, run


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


def test_order_and_cuts_of_cells_change_no_prediction(model, tmp_path):
    """Cells on both sides of the number of non-zero genes that decides how they are computed."""
    random = np.random.default_rng(4)
    n_cells = 62
    table = np.zeros((n_cells, len(SYMBOLS)), dtype=int)
    for cell in range(n_cells):
        genes = random.permutation(len(SYMBOLS))[: 270 + cell]
        table[cell, genes] = random.geometric(0.5, len(genes))
    table = pd.DataFrame(table, columns=SYMBOLS, index=[f"c{i}" for i in range(n_cells)])
    table.to_csv(tmp_path / "all.csv")
    run("stats", tmp_path / "all.csv", "-m", model, "-o", tmp_path / "moments.h5")
    whole = predict(model, tmp_path / "all.csv", "--moments", tmp_path / "moments.h5")
    assert (whole.to_numpy().std(axis=0) > 0.01).all()
    mixed = table.iloc[random.permutation(n_cells)]
    for number, part in enumerate([mixed.iloc[:13], mixed.iloc[13:14], mixed.iloc[14:]]):
        path = tmp_path / f"part{number}.csv"
        part.to_csv(path)
        found = predict(model, path, "--moments", tmp_path / "moments.h5")
        assert (found == whole.loc[part.index]).all(axis=None)


def test_compressed_and_short_h5ad_hold_the_same_numbers_for_any_number_of_threads(
        model, source, tmp_path):
    def written(*options):
        path = tmp_path / "out.h5ad"
        run("predict", source, "-m", model, "-o", path, *options)
        with h5py.File(path) as f:
            return f["X"][:], f["X"].compression, f["X"].shuffle, f["X"].dtype, path.read_bytes()

    plain = written()
    assert plain[1:4] == (None, False, np.float32)
    for compression in ("none", "gzip"):
        for dtype in (np.float32, np.float16):
            options = ["--compression", compression, "--dtype", np.dtype(dtype).name]
            found = written(*options, "--threads", 1)
            assert (found[0] == plain[0].astype(dtype)).all()
            assert found[1:4] == (None if compression == "none" else "gzip",
                                  compression == "gzip", dtype)
            assert written(*options, "--threads", 3, "--block-cells", 7)[4] == found[4]


def test_compression_of_tables_is_said_by_their_name(model, source):
    done = run("predict", source, "-m", model, "--compression", "gzip", expect=2)
    assert "--compression and --dtype are for .h5ad outputs" in done.stderr
    assert done.stdout == ""
