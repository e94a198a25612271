# SPDX-License-Identifier: BSD-3-Clause
"""One input on many machines: --shard, merge-stats, merge."""
import os

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import SYMBOLS, counts, run

N_CELLS = 5000  # five blocks of moments, the last one short
N_SHARDS = 4


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "cells.h5ad"
    table = counts(N_CELLS, SYMBOLS[:150])
    table.iloc[:, 1500:1510] = 0  # empty cells, which leave gaps in the positions
    cells = anndata.AnnData(
        scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32).T),
        obs=pd.DataFrame({"kind": pd.Categorical(np.resize(["a", "b", "c"], N_CELLS)),
                          "number": np.arange(float(N_CELLS)),
                          "flag": np.resize([True, False, False], N_CELLS),
                          "text": [f"text {i}" for i in range(N_CELLS)]}, index=table.columns),
        var=pd.DataFrame(index=table.index))
    cells.obs["maybe"] = pd.array(np.resize([1, None, 3], N_CELLS), dtype="Int64")
    cells.obsm["X_umap"] = np.arange(2.0 * N_CELLS).reshape(-1, 2)
    cells.obsm["table"] = pd.DataFrame({"q": np.arange(N_CELLS)}, index=cells.obs_names)
    cells.uns["note"] = {"of": "the input"}
    cells.write_h5ad(path)
    return path


OPTIONS = ["--min-panel", "0.1", "--values", "counts"]


def shards(command, source, model, folder, ending, *arguments):
    for number in range(1, N_SHARDS + 1):
        run(command, source, "-m", model, *OPTIONS, *arguments, "--shard", f"{number}/{N_SHARDS}",
            "-o", folder / f"part{number}{ending}")
    return [folder / f"part{number}{ending}" for number in range(1, N_SHARDS + 1)]


@pytest.fixture(scope="module", params=["skip", "nan"])
def work(request, source, model, tmp_path_factory):
    """The moments and predictions of one run and of shards."""
    folder = tmp_path_factory.mktemp(request.param)
    empties = ["--empty-cells", request.param]
    run("stats", source, "-m", model, *OPTIONS, *empties, "-o", folder / "whole.h5")
    parts = shards("stats", source, model, folder, ".h5", *empties)
    run("merge-stats", *reversed(parts), "-o", folder / "merged.h5")
    moments = ["--moments", folder / "merged.h5", *empties]
    run("predict", source, "-m", model, *OPTIONS, *moments, "-o", folder / "whole.h5ad")
    shards("predict", source, model, folder, ".h5ad", *moments)
    return folder


def parts_of(folder, ending=".h5ad"):
    return [folder / f"part{number}{ending}" for number in (3, 1, 4, 2)]


def test_moments_of_shards_add_up_to_those_of_one_run(work):
    assert (work / "merged.h5").read_bytes() == (work / "whole.h5").read_bytes()


def test_moments_equal_those_of_numpy(work, source):
    raw = anndata.read_h5ad(source).X.toarray().astype(np.float64)
    raw = raw[raw.sum(1) > 0]
    logs = np.log1p(raw / raw.sum(1, keepdims=True) * 1e4)
    with h5py.File(work / "merged.h5") as file:
        assert file.attrs["n_cells"] == len(raw) == N_CELLS - 10
        gene = list(file["gene"].asstr()).index(SYMBOLS[7])
        assert file["sum"][gene] == pytest.approx(logs[:, 7].sum(), rel=1e-6)
        assert file["sum_of_squares"][gene] == pytest.approx((logs[:, 7] ** 2).sum(), rel=1e-6)


def plain(value):
    """Without arrays, so that it can be compared."""
    if hasattr(value, "items"):
        return {name: plain(inner) for name, inner in value.items()}
    return value.tolist() if hasattr(value, "tolist") else value


@pytest.mark.parametrize("virtual", [[], ["--virtual"]])
def test_merged_parts_equal_one_run(work, virtual):
    output = work / f"all{len(virtual)}.h5ad"
    run("merge", *parts_of(work), *virtual, "-o", output)
    ours, whole = anndata.read_h5ad(output), anndata.read_h5ad(work / "whole.h5ad")
    assert ours.X.tobytes() == whole.X.tobytes() and ours.X.dtype == whole.X.dtype
    pd.testing.assert_frame_equal(ours.obs, whole.obs)
    pd.testing.assert_frame_equal(ours.var, whole.var)
    assert np.array_equal(ours.obsm["X_umap"], whole.obsm["X_umap"])
    pd.testing.assert_frame_equal(ours.obsm["table"], whole.obsm["table"])
    assert ours.uns["note"] == {"of": "the input"}
    assert plain(ours.uns["sicmir"]) == plain(whole.uns["sicmir"])
    with h5py.File(output) as file:
        assert file["X"].is_virtual == bool(virtual)


def test_a_lost_part_reads_as_nan_and_is_named(work, tmp_path):
    for part in parts_of(work):
        (tmp_path / part.name).write_bytes(part.read_bytes())
    (tmp_path / "sub").mkdir()
    run("merge", *parts_of(tmp_path), "--virtual", "-o", tmp_path / "sub" / "all.h5ad")
    run("inspect", tmp_path / "sub" / "all.h5ad")
    (tmp_path / "part2.h5ad").rename(tmp_path / "away.h5ad")
    lost = anndata.read_h5ad(tmp_path / "sub" / "all.h5ad")
    is_lost = np.isnan(lost.X).all(1)
    assert is_lost.sum() > 1000 and not is_lost[:1024].any()
    assert "part2.h5ad" in run("inspect", tmp_path / "sub" / "all.h5ad", expect=3).stderr


def test_missing_doubled_and_foreign_parts_are_refused(work, source, model, tmp_path):
    first, second, third, fourth = sorted(parts_of(work))
    output = tmp_path / "all.h5ad"
    for given, words in [
            ([first, third, fourth], "are in no part"),
            ([first, second, third], "are in no part"),
            ([first, second, second, third, fourth], "both hold cell"),
            ([work / "whole.h5ad"], "not those of a shard"),
            ([first, tmp_path / "none.h5ad"], "does not exist")]:
        assert words in run("merge", *given, "-o", output, expect=3).stderr
    run("predict", source, "-m", model, *OPTIONS, "--scale", "none", "--empty-cells", "nan",
        "--shard", "4/4", "-o", tmp_path / "other.h5ad")
    wrong = run("merge", first, second, third, tmp_path / "other.h5ad", "-o", output, expect=3)
    assert "not parts of one run" in wrong.stderr
    stats = sorted(parts_of(work, ".h5"))
    assert "no part" in run("merge-stats", *stats[1:], "-o", tmp_path / "m.h5", expect=3).stderr
    assert "whole input" in run("merge-stats", work / "whole.h5", "-o", tmp_path / "m.h5",
                                expect=3).stderr
    assert "merge-stats" in run("predict", source, "-m", model, *OPTIONS, "--moments", stats[0],
                                "-o", output, expect=3).stderr
    assert not output.exists() and not (tmp_path / "m.h5").exists()
    assert run("merge", first, second, third, fourth, "-o", tmp_path / "x.csv", expect=2)
    assert run("merge", first, second, third, fourth, "-o", fourth, expect=2)


def test_more_shards_than_blocks_leave_some_empty(source, model, work, tmp_path):
    parts = []
    for number in range(1, 8):
        parts.append(tmp_path / f"{number}.h5ad")
        run("predict", source, "-m", model, *OPTIONS, "--moments", work / "merged.h5",
            "--empty-cells", "skip", "--shard", f"{number}/7", "-o", parts[-1])
    run("merge", *parts, "-o", tmp_path / "all.h5ad")
    assert anndata.read_h5ad(tmp_path / "all.h5ad").n_obs == N_CELLS - 10


def test_slurm_gives_the_number_of_the_part(source, model, work, tmp_path):
    def slurm(number, expect=0):
        environment = dict(os.environ)
        environment.pop("SLURM_ARRAY_TASK_ID", None)
        # What a re-submitted single task is told; only its index is true.
        environment.update(SLURM_ARRAY_TASK_COUNT="1", SLURM_ARRAY_TASK_MAX="2")
        if number is not None:
            environment["SLURM_ARRAY_TASK_ID"] = number
        return run("predict", source, "-m", model, *OPTIONS, "--empty-cells", "skip", "--moments",
                   work / "merged.h5", "--shard", "slurm/4", "-o", tmp_path / "part.h5ad",
                   expect=expect, env=environment).stderr

    slurm("2")
    run("predict", source, "-m", model, *OPTIONS, "--empty-cells", "skip", "--moments",
        work / "merged.h5", "--shard", "2/4", "-o", tmp_path / "same.h5ad")
    assert (tmp_path / "part.h5ad").read_bytes() == (tmp_path / "same.h5ad").read_bytes()
    assert "SLURM_ARRAY_TASK_ID" in slurm(None, expect=2)
    for number in ("0", "5", "x"):
        assert number in slurm(number, expect=2)


def test_a_shard_cannot_standardise_against_itself(source, model, tmp_path):
    refused = run("predict", source, "-m", model, *OPTIONS, "--shard", "1/2", "-o",
                  tmp_path / "part.h5ad", expect=2)
    assert "sicmir stats" in refused.stderr and "--moments" in refused.stderr
    table = tmp_path / "cells.csv"
    counts(3000, SYMBOLS[:800]).T.to_csv(table)
    refused = run("predict", table, "-m", model, "--scale", "none", "--shard", "1/2", expect=2)
    assert "number of cells" in refused.stderr
