# SPDX-License-Identifier: BSD-3-Clause
"""predict --precision bf16: products of the network in bf16, where the processor has AVX512-BF16."""
import os
import pathlib
import re

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import PROJECT, SYMBOLS, counts, predict, run

KERNEL = os.environ.get("SICMIR_KERNEL", "")
HAS_BF16 = "avx512_bf16" in pathlib.Path("/proc/cpuinfo").read_text() and KERNEL in ("", "v3")
needs_bf16 = pytest.mark.skipif(not HAS_BF16, reason="this processor has no AVX512-BF16")
BF16 = ["--precision", "bf16"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Cells on both sides of 300 genes: sparse and dense paths."""
    path = tmp_path_factory.mktemp("table") / "counts.csv"
    few, many = counts(150, seed=2), counts(150, seed=3)
    few.iloc[280:] = 0
    few.columns = [f"few_{i}" for i in range(150)]
    few.join(many).to_csv(path)
    return path


@needs_bf16
def test_bf16_is_near_float32_and_not_the_same(full_model, table, tmp_path):
    exact = predict(full_model, table)
    rounded = predict(full_model, table, *BF16, "--report", tmp_path / "report.json")
    assert re.search(r'"kernel": "v3\+bf16"', (tmp_path / "report.json").read_text())
    error = (rounded - exact).to_numpy()
    # A number of 8 significant bits is off by at most 2^-9, 1.1e-3 in the mean square; three layers
    # of 977 and 1024 inputs, in which such errors add up by chance.
    size = np.sqrt((exact.to_numpy() ** 2).mean())
    assert 1e-4 * size < np.sqrt((error ** 2).mean()) < 1e-2 * size
    assert np.abs(error).max() < 0.1 * size


@needs_bf16
def test_threads_and_blocks_change_no_byte(full_model, table):
    outputs = {run("predict", table, "-m", full_model, *BF16, "--threads", threads,
                   "--block-cells", cells).stdout
               for threads in (1, 2, 5) for cells in (1, 7, 256, 1024)}
    assert len(outputs) == 1


@needs_bf16
def test_outputs_name_the_precision_and_merge_refuses_parts_of_both(model, tmp_path):
    cells = counts(2100, SYMBOLS)
    anndata.AnnData(scipy.sparse.csr_matrix(cells.to_numpy(dtype=np.float32).T),
                    obs=pd.DataFrame(index=cells.columns),
                    var=pd.DataFrame(index=cells.index)).write_h5ad(tmp_path / "cells.h5ad")
    common = [tmp_path / "cells.h5ad", "-m", model, "--values", "counts"]
    run("stats", *common, "-o", tmp_path / "moments.h5")
    common += ["--moments", tmp_path / "moments.h5"]
    for number, precision in [(1, "float32"), (2, "float32"), (1, "bf16"), (2, "bf16")]:
        run("predict", *common, "--precision", precision, "--shard", f"{number}/2",
            "-o", tmp_path / f"{precision}_{number}.h5ad")
    run("predict", *common, *BF16, "-o", tmp_path / "whole.h5ad")
    run("merge", tmp_path / "bf16_1.h5ad", tmp_path / "bf16_2.h5ad", "-o", tmp_path / "all.h5ad")
    merged, whole = (anndata.read_h5ad(tmp_path / f"{name}.h5ad") for name in ("all", "whole"))
    assert merged.X.tobytes() == whole.X.tobytes()
    assert merged.uns["sicmir"]["kernel"] == "v3+bf16"
    mixed = run("merge", tmp_path / "float32_1.h5ad", tmp_path / "bf16_2.h5ad",
                "-o", tmp_path / "mixed.h5ad", expect=3)
    assert "'v3'" in mixed.stderr and "'v3+bf16'" in mixed.stderr
    assert "(precision, SICMIR_KERNEL)" in mixed.stderr
    assert not (tmp_path / "mixed.h5ad").exists()


@needs_bf16
def test_resume_does_not_take_float32_for_bf16(model, tmp_path):
    counts(12).to_csv(tmp_path / "a.csv")
    (tmp_path / "list.tsv").write_text(f"a\t{tmp_path / 'a.csv'}\n")
    batch = ["predict", "--inputs", tmp_path / "list.tsv", "-m", model, "--output-dir",
             tmp_path / "out", "--output-format", "tsv", "--resume"]
    assert "1 predicted, 0 done before" in run(*batch).stderr
    exact = (tmp_path / "out" / "a.tsv").read_text()
    assert "1 predicted, 0 done before" in run(*batch, *BF16).stderr
    assert (tmp_path / "out" / "a.tsv").read_text() != exact
    assert "0 predicted, 1 done before" in run(*batch, *BF16).stderr


@needs_bf16
def test_pools_are_predicted_in_bf16(model, table, tmp_path):
    cells = [f"few_{i}" for i in range(150)] + [f"cell_{i + 1}" for i in range(150)]
    (tmp_path / "groups.tsv").write_text(
        "cell\tgroup\n" + "".join(f"{cell}\tg{i % 20}\n" for i, cell in enumerate(cells)))
    pooled = [table, "-m", model, "--pool", "sum", "--groups", tmp_path / "groups.tsv",
              "--scale", "dataset"]
    exact = run("predict", *pooled).stdout
    assert run("predict", *pooled, *BF16).stdout != exact


def test_where_bf16_cannot_run_it_is_refused_before_any_work(model, table, tmp_path):
    for kernel in ("v2", *([] if HAS_BF16 else [KERNEL])):
        refused = run("predict", table, "-m", model, *BF16, "-o", tmp_path / "out.csv", expect=2,
                      env={**os.environ, "SICMIR_KERNEL": kernel})
        assert "error: bf16: " in refused.stderr and "Leave out --precision" in refused.stderr
        assert ("AVX512-BF16" in refused.stderr) and not (tmp_path / "out.csv").exists()
    assert run("predict", table, "-m", model, "--precision", "half", expect=2)


@needs_bf16
def test_the_bundled_model_keeps_its_predictions(bundled):
    """docs/performance.md states the error; this bound is a wide one."""
    exact, rounded = (predict(PROJECT / "models" / "sicmir-tcga.h5", bundled, "--precision", name)
                      for name in ("float32", "bf16"))
    correlation = [np.corrcoef(exact[name], rounded[name])[0, 1] for name in exact]
    assert np.nanmedian(correlation) > 0.999
