# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir predict` as users run it: what it decides, computes, writes and refuses."""
import gzip
import io
import json
import os
import pty
import signal
import subprocess
import time

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import scipy.stats

from program import PROJECT, SICMIR, SYMBOLS, counts, predict, run

EXTRA = [f"OTHER{i}" for i in range(300)]
GENES = SYMBOLS + EXTRA


@pytest.fixture(scope="module")
def table():
    """40 cells as lines; 977 panel genes and 300 others, which count in a cell's total."""
    return counts(40, GENES).T


@pytest.fixture(scope="module")
def source(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "counts.csv"
    table.to_csv(path)
    return path


def written(table, path, **options):
    table.to_csv(path, **options)
    return path


def read(path, **options):
    return pd.read_csv(path, index_col=0, sep="\t" if ".tsv" in str(path) else ",", **options)


def read_text(text):
    return pd.read_csv(io.StringIO(text), index_col=0, sep="\t")


def log1p_cp10k(table):
    """scanpy's normalize_total(1e4) and log1p, in float64, over all genes."""
    return np.log1p(table.to_numpy(float) / table.to_numpy(float).sum(1, keepdims=True) * 1e4)


# --- Normalisation -------------------------------------------------------------------------------

def test_counts_become_scipys_z_scores_of_log1p_cp10k(model, table, source, tmp_path):
    run("predict", source, "-m", model, "-o", tmp_path / "out.tsv",
        "--save-input", tmp_path / "input.tsv")
    found = read(tmp_path / "input.tsv")
    expected = np.nan_to_num(scipy.stats.zscore(log1p_cp10k(table)[:, :977], axis=0, ddof=0))
    assert list(found.columns) == SYMBOLS and list(found.index) == list(table.index)
    np.testing.assert_allclose(found.to_numpy(), expected, atol=2e-6)


def test_linear_values_become_scipys_z_scores_of_log1p(model, table, tmp_path):
    linear = table * 1.37 + (table > 0) * 0.11
    path = written(linear, tmp_path / "tpm.csv")
    done = run("predict", path, "-m", model, "-o", tmp_path / "out.tsv",
               "--save-input", tmp_path / "input.tsv")
    assert "values: linear" in done.stderr
    expected = scipy.stats.zscore(np.log1p(linear.to_numpy()[:, :977]), axis=0, ddof=0)
    np.testing.assert_allclose(read(tmp_path / "input.tsv").to_numpy(),
                               np.nan_to_num(expected), atol=2e-6)


def test_a_constant_gene_becomes_zero(model, table, tmp_path):
    logs = pd.DataFrame(log1p_cp10k(table), index=table.index, columns=table.columns)
    logs["TP53"] = 3.3
    done = run("predict", written(logs, tmp_path / "log.csv"), "-m", model, "-o",
               tmp_path / "out.tsv", "--save-input", tmp_path / "input.tsv",
               "--report", tmp_path / "report.json")
    assert "values: log" in done.stderr
    found = read(tmp_path / "input.tsv")
    assert (found["TP53"] == 0).all()
    expected = np.nan_to_num(scipy.stats.zscore(logs.drop(columns="TP53").to_numpy()[:, :976],
                                                axis=0))
    np.testing.assert_allclose(found.drop(columns="TP53").to_numpy(), expected, atol=2e-6)
    panel = logs[SYMBOLS]
    constant = list(panel.columns[panel.max() == panel.min()])
    assert "TP53" in constant
    assert json.loads((tmp_path / "report.json").read_text())["genes"]["constant"] == constant


def test_z_scores_are_taken_as_they_are(model, tmp_path):
    z = pd.DataFrame(scipy.stats.zscore(np.random.default_rng(3).normal(size=(60, 977)), axis=0),
                     columns=SYMBOLS, index=[f"s{i}" for i in range(60)]).astype(np.float32)
    done = run("predict", written(z, tmp_path / "z.csv"), "-m", model, "-o", tmp_path / "out.tsv",
               "--save-input", tmp_path / "input.tsv")
    assert "values: zscore" in done.stderr and "scale: none" in done.stderr
    assert (read(tmp_path / "input.tsv").to_numpy(np.float32) == z.to_numpy()).all()


def test_log_ratios_are_not_taken_for_z_scores(model, tmp_path):
    ratios = pd.DataFrame(np.random.default_rng(3).normal(0.4, 2.0, size=(60, 977)),
                          columns=SYMBOLS, index=[f"s{i}" for i in range(60)])
    done = run("predict", written(ratios, tmp_path / "ratios.csv"), "-m", model, expect=3)
    assert "--values counts, linear, log or zscore" in done.stderr


def test_stated_counts_may_be_fractions_and_are_noted(model, table, tmp_path):
    path = written(table * 1.01, tmp_path / "expected.csv")
    done = run("predict", path, "-m", model, "--values", "counts", "-o", tmp_path / "out.tsv")
    assert "not whole numbers" in done.stderr


@pytest.mark.parametrize("kind, odd", [("counts", 0.5), ("log", -1.0), ("log", 5000.0)])
@pytest.mark.parametrize("how", ["file", "pipe"])
def test_a_cell_behind_the_sample_that_is_of_another_kind_is_named(model, tmp_path, kind, odd, how):
    table = pd.concat([counts(100)] * 24, axis=1).T.astype(float)
    table.index = [f"cell_{i + 1}" for i in range(len(table))]
    if kind == "log":
        table = np.log1p(table)
    table.loc["cell_2301", "TP53"] = odd
    source = written(table, tmp_path / "odd.csv")
    arguments = {"stdin": source.open()} if how == "pipe" else {}
    done = run("predict", source if how == "file" else "-", "-m", model, "-o",
               tmp_path / "out.csv", expect=3, **arguments)
    assert "cell_2301" in done.stderr and "TP53" in done.stderr and "--values" in done.stderr
    assert not (tmp_path / "out.csv").exists()
    if odd != 5000:  # a stated kind need only be possible
        run("predict", source, "-m", model, "--values", kind, "-o", tmp_path / "out.csv")


def test_a_negative_count_names_cell_and_gene(model, table, tmp_path):
    bad = table.copy()
    bad.loc["cell_9", "TP53"] = -4
    done = run("predict", written(bad, tmp_path / "bad.csv"), "-m", model, "--values", "counts",
               expect=3)
    assert "cell 9 ('cell_9'), gene TP53: found -4" in done.stderr


def reference_z(model, table):
    """The documented recipe: log2(1 + 1000 x / upper quartile of the non-zero genes)."""
    import h5py
    values = table.to_numpy(float)
    quartile = np.array([np.quantile(cell[cell > 0], 0.75, method="inverted_cdf")
                         for cell in values])
    unit = np.log2(1 + 1000 * values[:, :977] / quartile[:, None])
    with h5py.File(model) as f:
        mean, sd = f["genes/mean"][:], f["genes/sd"][:]
    return np.where(sd > 0, (unit - mean) / np.where(sd > 0, sd, 1), 0)


@pytest.mark.parametrize("layout", ["cells", "genes", "h5ad"])
def test_reference_scale_follows_the_recipe(model, table, tmp_path, layout):
    one = table.iloc[:3]
    if layout == "h5ad":
        path = tmp_path / "one.h5ad"
        anndata.AnnData(scipy.sparse.csr_matrix(one.to_numpy(np.float32)), dtype=np.float32,
                        obs=pd.DataFrame(index=one.index),
                        var=pd.DataFrame(index=one.columns)).write_h5ad(path)
    else:
        path = written(one if layout == "cells" else one.T, tmp_path / "one.csv")
    done = run("predict", path, "-m", model, "--scale", "reference", "--force-scale",
               "-o", tmp_path / "out.tsv", "--save-input", tmp_path / "input.tsv")
    assert "against the training samples: median z" in done.stderr
    np.testing.assert_allclose(read(tmp_path / "input.tsv").to_numpy(), reference_z(model, one),
                               rtol=2e-6, atol=2e-6)


def test_values_far_from_the_reference_are_refused(model, table, tmp_path):
    far = table.iloc[:1] * 0 + 1_000_000
    far[SYMBOLS[:700]] = 1  # their upper quartile is a million, so these are 0 in the model's unit
    path = written(far, tmp_path / "far.csv")
    done = run("predict", path, "-m", model, "--scale", "reference", expect=3)
    assert "median z" in done.stderr and "--force-scale" in done.stderr


@pytest.mark.parametrize("n, scale, expect, words", [
    (1, "dataset", 3, "--scale reference"), (2, "dataset", 3, "--scale reference"),
    (3, "dataset", 0, "rough"), (9, "dataset", 0, "rough"), (10, "auto", 0, "scale: dataset"),
    (1, "none", 0, "trained on z-scores")])
def test_few_cells(model, table, tmp_path, n, scale, expect, words):
    path = written(table.iloc[:n], tmp_path / "few.csv")
    done = run("predict", path, "-m", model, "--scale", scale, "-o", tmp_path / "out.tsv",
               expect=expect)
    assert words in done.stderr


def test_auto_takes_fewer_than_ten_samples_to_the_reference(model, table, tmp_path):
    path = written(table.iloc[:9], tmp_path / "few.csv")
    done = run("predict", path, "-m", model, "--force-scale", "-o", tmp_path / "out.tsv")
    assert "scale: reference (only 9 cells" in done.stderr


UNITS = [("rtcga_rsem__ACC", "linear"), ("nased_rsem__PRAD", "counts"),
         ("cats_hiseqv2__LGG", "log"), ("linnorm__LIHC", "linear")]


@pytest.mark.parametrize("name, values", UNITS)
def test_tcga_files_of_four_units_come_close_to_the_training_samples(bundled, name, values,
                                                                     tmp_path):
    path = PROJECT.parent / "shared" / "data" / "tcga" / "mrna" / f"{name}.tsv.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    run("predict", path, "-m", PROJECT / "models" / "sicmir-tcga.h5", "--values", values,
        "--scale", "reference", "-o", tmp_path / "out.tsv", "--report", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert abs(report["reference"]["median_z"]) < 0.5


# --- Empty cells ---------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def with_empty(table, tmp_path_factory):
    some = table.copy()
    some.iloc[[4, 11]] = 0
    return written(some, tmp_path_factory.mktemp("empty") / "counts.csv")


def test_empty_cells_are_an_error_with_their_number_and_the_first(model, with_empty, tmp_path):
    for scale in ("dataset", "none"):
        done = run("predict", with_empty, "-m", model, "--scale", scale, "-o",
                   tmp_path / "out.tsv", expect=3)
        assert "2 of 40 cells have no count at all (the first: 'cell_5')" in done.stderr
        assert list(tmp_path.iterdir()) == []


def test_empty_cells_are_skipped_or_nan_and_change_no_other_cell(model, table, with_empty,
                                                                 tmp_path):
    full = table.drop(index=["cell_5", "cell_12"])
    expected = predict(model, written(full, tmp_path / "full.csv"))
    skipped = predict(model, with_empty, "--empty-cells", "skip")
    pd.testing.assert_frame_equal(skipped, expected)
    nan = predict(model, with_empty, "--empty-cells", "nan")
    assert nan.loc[["cell_5", "cell_12"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(nan.drop(index=["cell_5", "cell_12"]), expected)


# --- Order, pipes, moments -----------------------------------------------------------------------

def test_permuted_cells_give_permuted_rows(model, table, source, tmp_path):
    shuffled = table.sample(frac=1, random_state=1)
    moments = tmp_path / "moments.h5"
    run("stats", source, "-m", model, "-o", moments)
    one = predict(model, source, "--moments", moments)
    two = predict(model, written(shuffled, tmp_path / "shuffled.csv"), "--moments", moments)
    pd.testing.assert_frame_equal(one.loc[two.index], two)


def test_moments_of_the_data_set_make_its_parts_equal_to_the_whole(model, table, source, tmp_path):
    moments = tmp_path / "moments.h5"
    run("stats", source, "-m", model, "-o", moments)
    whole = predict(model, source)
    parts = [predict(model, written(table.iloc[a:b], tmp_path / "part.csv"), "--moments", moments)
             for a, b in ((0, 1), (1, 25), (25, 40))]
    pd.testing.assert_frame_equal(pd.concat(parts), whole)


def test_stats_leaves_the_input_and_missing_folders_alone(model, source, tmp_path):
    before = source.read_bytes()
    run("stats", source, "-m", model, "-o", source, expect=2)
    assert source.read_bytes() == before
    run("stats", "nowhere.csv", "-m", model, "-o", tmp_path / "missing" / "m.h5", expect=5)
    run("stats", source, "-m", model, "-o", "/dev/null", expect=2)
    assert list(tmp_path.iterdir()) == []


def test_moments_of_other_values_are_refused(model, table, source, tmp_path):
    moments = tmp_path / "moments.h5"
    run("stats", source, "-m", model, "-o", moments)
    logs = pd.DataFrame(log1p_cp10k(table), index=table.index, columns=table.columns)
    done = run("predict", written(logs, tmp_path / "log.csv"), "-m", model, "--moments", moments,
               expect=3)
    assert "measured on counts but this input was taken to be log" in done.stderr


@pytest.mark.parametrize("how", ["stdin", "fifo", "gzip"])
def test_file_and_pipe_give_the_same_bytes(model, table, source, tmp_path, how):
    expected = run("predict", source, "-m", model).stdout
    data = source.read_bytes()
    if how == "gzip":  # two members, the second starting in the middle of a line
        data = gzip.compress(data[:9999]) + gzip.compress(data[9999:])
    if how == "fifo":
        os.mkfifo(tmp_path / "fifo")
        writer = subprocess.Popen(["cp", source, tmp_path / "fifo"])
        found = run("predict", tmp_path / "fifo", "-m", model).stdout
        assert writer.wait() == 0
    else:
        found = subprocess.run([SICMIR, "predict", "-", "-m", model], input=data,
                               capture_output=True, check=True).stdout.decode()
    assert found == expected


def test_more_than_a_sample_of_cells_through_a_pipe_is_spooled_to_the_same_bytes(model, tmp_path):
    many = counts(5000, SYMBOLS[:900] + EXTRA).T
    path = written(many, tmp_path / "many.csv")
    expected = run("predict", path, "-m", model).stdout
    with open(path, "rb") as stream:
        found = subprocess.run([SICMIR, "predict", "-", "-m", model], stdin=stream,
                               capture_output=True, check=True).stdout.decode()
    assert found == expected
    assert len(found.splitlines()) == 5001


def test_hdf5_through_a_pipe_is_refused_with_the_reason(model):
    done = subprocess.run([SICMIR, "predict", "-", "-m", model],
                          input=open(model, "rb").read(), capture_output=True)
    assert done.returncode == 3 and b"HDF5" in done.stderr


def test_a_file_larger_than_the_page_cache_is_read_as_any_other(model, table, tmp_path):
    path = tmp_path / "cells.h5ad"
    anndata.AnnData(scipy.sparse.csr_matrix(table.to_numpy(np.float32)), dtype=np.float32,
                    obs=pd.DataFrame(index=table.index),
                    var=pd.DataFrame(index=table.columns)).write_h5ad(path)
    small = run("predict", path, "-m", model, "-v")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    os.truncate(path, memory // 5 * 3)  # a hole, which takes no room
    large = run("predict", path, "-m", model, "-v")
    assert "page cache" in large.stderr and "page cache" not in small.stderr
    assert large.stdout == small.stdout


# --- Outputs -------------------------------------------------------------------------------------

def test_h5ad_and_tables_hold_the_same_numbers(model, source, tmp_path):
    for ending in ("csv", "tsv", "csv.gz", "tsv.gz", "h5ad"):
        run("predict", source, "-m", model, "-o", tmp_path / f"out.{ending}")
    data = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert data.X.dtype == np.float32
    assert {"mimat", "pearson_within_cohort", "pearson_pooled"} <= set(data.var.columns)
    facts = data.uns["sicmir"]
    assert facts["genes_found"] == "977 of 977" and "counts" in facts["values"]
    for ending in ("csv", "tsv", "csv.gz", "tsv.gz"):
        table = read(tmp_path / f"out.{ending}", float_precision="round_trip")
        assert list(table.index) == list(data.obs_names)
        assert list(table.columns) == list(data.var_names)
        assert (table.to_numpy(np.float32) == data.X).all()


def test_obs_obsm_and_uns_of_an_h5ad_are_carried_over(model, table, tmp_path):
    groups = pd.Categorical(["T", "B"] * 20)
    data = anndata.AnnData(scipy.sparse.csr_matrix(table.to_numpy(np.float32)), dtype=np.float32,
                           obs=pd.DataFrame({"cell_type": groups}, index=table.index),
                           var=pd.DataFrame(index=table.columns))
    data.obsm["X_umap"] = np.random.default_rng(1).normal(size=(40, 2))
    data.uns["cell_type_colors"] = ["#ff0000", "#0000ff"]
    data.write_h5ad(tmp_path / "in.h5ad")
    run("predict", tmp_path / "in.h5ad", "-m", model, "-o", tmp_path / "out.h5ad")
    out = anndata.read_h5ad(tmp_path / "out.h5ad")
    pd.testing.assert_frame_equal(out.obs, data.obs)
    np.testing.assert_array_equal(out.obsm["X_umap"], data.obsm["X_umap"])
    assert list(out.uns["cell_type_colors"]) == ["#ff0000", "#0000ff"]
    run("predict", tmp_path / "in.h5ad", "-m", model, "-o", tmp_path / "bare.h5ad", "--no-carry")
    bare = anndata.read_h5ad(tmp_path / "bare.h5ad")
    assert bare.obs.shape == (40, 0) and not bare.obsm


def test_transposed_tables_have_mirnas_as_lines(model, source):
    plain = predict(model, source)
    turned = predict(model, source, "--transpose")
    pd.testing.assert_frame_equal(turned.T, plain)


def test_digits(model, source):
    exact = predict(model, source)
    short = run("predict", source, "-m", model, "--digits", 3).stdout.splitlines()
    for cell, line in zip(exact.to_numpy(np.float32), short[1:]):
        assert line.split("\t")[1:] == [f"{np.float64(v):.3g}" for v in cell]


def test_log2rpm_undoes_the_z_score_and_stops_at_zero(model, source):
    import h5py
    z = predict(model, source)
    rpm = predict(model, source, "--output-scale", "log2rpm")
    with h5py.File(model) as f:
        mean, sd = f["mirnas/mean"][:], f["mirnas/sd"][:]
    expected = np.maximum(z.to_numpy() * sd + mean, 0)
    np.testing.assert_allclose(rpm.to_numpy(), expected, rtol=1e-5, atol=1e-6)


def test_predictions_that_cannot_be_are_bounded_and_reported(model, tmp_path):
    """Ten cells, two of them so far off that every miRNA is extrapolated."""
    z = pd.DataFrame(np.random.default_rng(5).normal(size=(10, 977)), [f"c{i}" for i in range(10)], SYMBOLS)
    z.iloc[[3, 7]] *= 1e4
    z.to_csv(tmp_path / "z.csv")
    options = ("--values", "zscore", "--scale", "none", "--report", tmp_path / "report.json")
    done = run("predict", tmp_path / "z.csv", "-m", model, *options)
    far = (read_text(done.stdout).abs() > 8).any(axis=1).sum()
    assert far >= 2 and f"{far} of 10 cells have a prediction beyond 8 standard deviations" in done.stderr
    assert json.loads((tmp_path / "report.json").read_text())["cells"]["extrapolated"] == far
    rpm = read_text(run("predict", tmp_path / "z.csv", "-m", model, *options, "--output-scale",
                        "log2rpm").stdout)
    assert rpm.to_numpy().max() == pytest.approx(np.log2(1e6 + 1)) and rpm.to_numpy().min() == 0
    usual = z.drop(["c3", "c7"])
    usual.to_csv(tmp_path / "z.csv")
    table = read_text(run("predict", tmp_path / "z.csv", "-m", model, *options).stdout)
    assert (table.abs().to_numpy().max() > 8) == (json.loads((tmp_path / "report.json").read_text())
                                                ["cells"]["extrapolated"] > 0)


def test_chosen_mirnas_are_those_of_the_whole_in_the_order_asked_for(model, source, tmp_path):
    whole = predict(model, source)
    names = [whole.columns[5], whole.columns[2]]
    pd.testing.assert_frame_equal(predict(model, source, "--mirnas", ",".join(names)),
                                  whole[names])
    mirnas = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t", comment="#").set_index("name")
    (tmp_path / "list.txt").write_text("\r\n".join(mirnas.loc[names, "accession"]) + "\r\n")
    pd.testing.assert_frame_equal(predict(model, source, "--mirnas", tmp_path / "list.txt"),
                                  whole[names])
    for encoding in "utf-8-sig", "utf-16":  # as Windows writes them
        (tmp_path / "marked.txt").write_text("\n".join(names) + "\n", encoding=encoding)
        pd.testing.assert_frame_equal(predict(model, source, "--mirnas", tmp_path / "marked.txt"),
                                      whole[names])
    done = run("predict", source, "-m", model, "--mirnas", names[0].lower(), expect=2)
    assert names[0].lower() in done.stderr


def test_min_accuracy_is_that_within_cohorts(model, source):
    import h5py
    with h5py.File(model) as f:
        within = f["mirnas/pearson_within_cohort"][:]
    found = predict(model, source, "--min-accuracy", 0.5)
    assert found.shape[1] == (within >= 0.5).sum() > 0
    assert "no miRNA" in run("predict", source, "-m", model, "--min-accuracy", 1, expect=2).stderr


@pytest.mark.parametrize("arguments, expect, words", [
    (["-o", "out.xlsx"], 2, "xlsx"), (["-o", "missing/out.csv"], 5, "missing"),
    (["-o", "/dev/full"], 5, "No space left"), (["-o", "out.h5ad", "--transpose"], 2, "transpose"),
    (["--scale", "sideways"], 2, "sideways"), (["--unknown"], 2, "unknown"),
    (["--threads", "0"], 2, "threads"), (["--min-panel", "2"], 2, "min-panel"),
    (["--moments", "nowhere.h5"], 2, "nowhere.h5")])
def test_wrong_words_and_places(model, source, tmp_path, arguments, expect, words):
    done = run("predict", source, "-m", model, *arguments, expect=expect, cwd=tmp_path)
    assert words in done.stderr and done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_ending_is_found_before_the_input_is_opened(model):
    assert "xlsx" in run("predict", "nowhere.csv", "-m", model, "-o", "a.xlsx", expect=2).stderr


def test_an_input_that_does_not_exist(model, tmp_path):
    assert "nowhere.csv" in run("predict", "nowhere.csv", "-m", model, expect=3).stderr


def test_a_model_that_is_none(source):
    assert "not a sicmir model" in run("predict", source, "-m", source, expect=4).stderr


def test_the_output_may_not_be_the_input(model, source, tmp_path):
    copy = tmp_path / "in.csv"
    copy.write_bytes(source.read_bytes())
    (tmp_path / "link.csv").symlink_to(copy)
    for name in ("in.csv", "link.csv"):
        run("predict", copy, "-m", model, "-o", tmp_path / name, expect=2)
    assert copy.read_bytes() == source.read_bytes()


def test_two_outputs_may_not_be_one_file_nor_an_output_an_input(model, source, tmp_path):
    moments = tmp_path / "moments.h5"
    run("stats", source, "-m", model, "-o", moments)
    (tmp_path / "link.csv").symlink_to(tmp_path / "out.csv")
    out = tmp_path / "out.csv"
    predict_it = ["predict", source, "-m", model, "--moments", moments]
    for option, path in [("--report", out), ("--save-input", tmp_path / "." / "out.csv"),
                         ("--report", tmp_path / "link.csv")]:
        done = run(*predict_it, "-o", out, option, path, expect=2)
        assert f"-o and {option} name the same file" in done.stderr
    for path in (source, moments, model):
        before = path.read_bytes()
        done = run(*predict_it, "-o", path, "--output-format", "csv", expect=2)
        assert "is an input; specify another output" in done.stderr
        assert path.read_bytes() == before
    assert not out.exists()
    run(*predict_it, "-o", "/dev/null", "--output-format", "csv", "--report", "/dev/null")


def test_dev_null_stays_a_device(model, source):
    run("predict", source, "-m", model, "-o", "/dev/null")
    assert not os.path.isfile("/dev/null")


def test_a_failed_run_leaves_the_old_output_and_nothing_else(model, table, tmp_path):
    bad = table.copy()
    bad.loc["cell_40", "TP53"] = -1
    source = written(bad, tmp_path / "bad.csv")
    (tmp_path / "out.tsv").write_text("old")
    run("predict", source, "-m", model, "--values", "counts", "--scale", "none", "-o",
        tmp_path / "out.tsv", expect=3)
    assert (tmp_path / "out.tsv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "out.tsv"]


def test_a_closed_pipe_ends_quietly_with_141(model, tmp_path):
    path = written(counts(3000, SYMBOLS[:800]).T, tmp_path / "many.csv")
    program = subprocess.Popen([SICMIR, "predict", path, "-m", model, "-q"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    program.stdout.readline()
    program.stdout.close()
    assert program.wait(timeout=60) == 141
    assert program.stderr.read() == b""


def test_a_terminal_gets_no_table(model, source):
    ours, theirs = pty.openpty()
    done = subprocess.run([SICMIR, "predict", source, "-m", model], stdout=theirs,
                          stderr=subprocess.PIPE, text=True)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and "-o" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_leaves_no_file(model, tmp_path, number):
    os.mkfifo(tmp_path / "slow.csv")
    with open("/dev/null") as nothing:
        program = subprocess.Popen([SICMIR, "predict", tmp_path / "slow.csv", "-m", model,
                                    "--scale", "none", "-o", tmp_path / "out.tsv"],
                                   stdin=nothing, stderr=subprocess.PIPE)
    lines = counts(12000, SYMBOLS[:800]).T.to_csv().splitlines(keepends=True)
    with open(tmp_path / "slow.csv", "w") as pipe:
        pipe.writelines(lines)
        pipe.flush()
        for _ in range(200):  # until the output has been begun; the input is still open
            if any(path.name.startswith(".out.tsv") for path in tmp_path.iterdir()):
                break
            time.sleep(0.05)
        else:
            pytest.fail("the output was never begun")
        program.send_signal(number)
        assert program.wait(timeout=30) == -number
    assert [path.name for path in tmp_path.iterdir()] == ["slow.csv"]


def test_stdout_holds_data_and_stderr_words(model, source):
    done = run("predict", source, "-m", model)
    assert done.stdout.startswith("cell\t")
    assert "genes: 977 of 977" in done.stderr
    assert run("predict", source, "-m", model, "-q").stderr == ""
    assert "the reader holds at most" in run("predict", source, "-m", model, "-v").stderr


def test_files_hold_no_times_hosts_or_paths(model, source, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        run("predict", source, "-m", model, "-o", tmp_path / folder / "out.h5ad",
            "--threads", 1 if folder == "a" else 2, "--report", tmp_path / folder / "report.json")
        time.sleep(1.1)
    data = [(tmp_path / folder / "out.h5ad").read_bytes() for folder in ("a", "b")]
    assert data[0] == data[1]
    assert os.uname().nodename.encode() not in data[0] and str(source).encode() not in data[0]
    report = json.loads((tmp_path / "b" / "report.json").read_text())
    assert report["threads"] == 2 and report["cells"]["written"] == 40
    assert report["peak_memory_bytes"] > 1e6


# --- inspect -------------------------------------------------------------------------------------

def test_inspect_tells_what_a_matrix_holds_and_what_predict_would_do(model, source):
    facts = json.loads(run("inspect", source, "-m", model, "--json").stdout)
    assert facts["kind"] == "matrix" and facts["panel"]["found"] == 977
    assert facts["values"]["taken_as"] == "counts"
    assert facts["values"]["why"] == "whole numbers, none negative"
    assert facts["scale"]["taken"] == "dataset"
    assert facts["predict_would"] == {"run": True, "exit_code": 0, "reason": None}
    assert facts["cells_checked"] == {"checked": 40, "of": 40}
    plain = run("inspect", source, "-m", model).stdout
    assert "values: counts (whole numbers, none negative)\n" in plain and "predict_would: run\n" in plain


def test_inspect_tells_why_predict_would_refuse(model, tmp_path):
    table = counts(12, [symbol.capitalize() for symbol in SYMBOLS]).T
    done = run("inspect", written(table, tmp_path / "mouse.csv"), "-m", model, "--json", expect=3)
    facts = json.loads(done.stdout)
    assert facts["predict_would"]["run"] is False and facts["predict_would"]["exit_code"] == 3
    assert "mouse" in facts["predict_would"]["reason"]
    assert "mouse" in done.stderr


def both(model, path, *arguments, expect):
    """What inspect says of a file, after it was seen that predict and inspect exit alike."""
    run("predict", path, "-m", model, *arguments, "-o", path.with_suffix(".out.tsv"), expect=expect)
    return json.loads(run("inspect", path, "-m", model, *arguments, "--json", expect=expect).stdout)


# Fault: a missing value in a gene outside the panel makes the cell's total NaN.
@pytest.mark.parametrize("gene", ["TP53", "NOT_IN_PANEL"])
@pytest.mark.parametrize("turned", [False, True])
def test_inspect_sees_missing_values_that_stop_predict(model, tmp_path, gene, turned):
    table = counts(12, [*SYMBOLS, "NOT_IN_PANEL"]).astype(float)
    table.loc[gene, table.columns[7]] = np.nan
    path = tmp_path / "na.csv"
    (table.T if turned else table).to_csv(path, na_rep="NA")
    facts = both(model, path, "--values", "counts", expect=3)
    assert facts["predict_would"]["exit_code"] == 3
    assert table.columns[7] in facts["predict_would"]["reason"]
    assert facts["cells_checked"] == {"checked": 12, "of": 12}


def test_inspect_says_how_many_cells_it_checked(model, tmp_path):
    table = counts(2100)
    assert both(model, written(table.T, tmp_path / "cells.csv"), expect=0)[
        "cells_checked"] == {"checked": 2000, "of": None}
    assert both(model, written(table, tmp_path / "genes.csv"), expect=0)[
        "cells_checked"] == {"checked": 2000, "of": 2100}


def test_inspect_keeps_predicts_word_on_empty_cells_and_few_cells(model, table, tmp_path):
    empty = counts(12)
    empty["cell_5"] = 0
    path = written(empty, tmp_path / "empty.csv")
    assert "no count at all" in both(model, path, expect=3)["predict_would"]["reason"]
    both(model, path, "--empty-cells", "skip", expect=0)
    # One sample alone is compared with the training samples, and this one is far from them.
    far = table.iloc[:1] * 0 + 1_000_000
    far[SYMBOLS[:700]] = 1
    assert "median z" in both(model, written(far, tmp_path / "far.csv"), expect=3)["predict_would"]["reason"]


def test_inspect_shows_columns_of_obs_with_their_values(model, tmp_path):
    cells = anndata.AnnData(counts(12).T.astype(np.float32))
    cells.obs["cell_type"] = pd.Categorical(["T"] * 7 + ["B"] * 3 + ["NK"] * 2)
    cells.obs["donor"] = [f"d{i % 4}" for i in range(12)]
    cells.obs["n_counts"] = np.arange(12.0)
    cells.obs["batch"] = np.arange(12)
    cells.obs["doublet"] = np.arange(12) > 9
    cells.write_h5ad(tmp_path / "cells.h5ad")
    odd = cells.copy()
    for name in ("why", "taken", "predict_would", "value", "cells", "kind"):
        odd.obs[name] = "x"
    odd.write_h5ad(tmp_path / "odd.h5ad")
    assert "  predict_would:\n    kind: categories\n" in run("inspect", tmp_path / "odd.h5ad", "-m", model).stdout
    facts = json.loads(run("inspect", tmp_path / "cells.h5ad", "-m", model, "--json").stdout)["obs"]
    assert list(facts) == ["cell_type", "donor", "n_counts", "batch", "doublet"]
    assert facts["cell_type"] == {"kind": "categories", "distinct": 3, "values": [
        {"value": "T", "cells": 7}, {"value": "B", "cells": 3}, {"value": "NK", "cells": 2}]}
    assert facts["donor"]["distinct"] == 4 and facts["donor"]["values"][0] == {"value": "d0", "cells": 3}
    assert [facts[name]["kind"] for name in ("n_counts", "batch", "doublet")] == [
        "numbers", "whole numbers", "yes or no"]
    plain = run("inspect", tmp_path / "cells.h5ad", "-m", model).stdout
    assert "  cell_type:\n    kind: categories\n    distinct: 3\n    values: 3\n      T (7)\n" in plain


def test_inspect_shows_a_models_card_and_a_moments_file(model, source, tmp_path):
    card = json.loads(run("inspect", model, "--json").stdout)
    assert card["kind"] == "model" and card["genes"] == 977 and len(card["mirna_list"]) == 20
    assert card["members"][0]["layers"].startswith("Linear(977, 64)")
    run("stats", source, "-m", model, "-o", tmp_path / "moments.h5")
    assert json.loads(run("inspect", tmp_path / "moments.h5", "--json").stdout) == {
        "kind": "moments", "cells": 40, "genes": 977, "values": "counts"}


# --- Matrices of other people --------------------------------------------------------------------

SHARED = PROJECT.parent / "shared" / "data" / "singlecell"
REAL = [("h5ad/scvi_pbmc_10k_protein_v3.h5ad", 0, "931 of 977"),
        ("csv/HSMM_fpkm_ensembl_version.tsv.gz", 0, "977 of 977"),
        ("csv/oligodendroglioma_expression_downsampled.counts.matrix.gz", 3, "only 747"),
        ("h5ad/t-cells.h5ad", 3, "mouse"), ("tenx_h5/mouse_visium_cr3_full.h5", 3, "mouse"),
        ("mtx/mouse_visium_cr3", 3, "mouse"),
        ("tenx_h5/scanpy_visium2.1.0_raw_probe_bc_matrix.h5", 3, "mouse"),
        ("tenx_h5/scanpy_cr1.2.0_multiple_genomes.h5", 3, "--genome"),
        ("h5ad/anndata_archive_v0.11.4.h5ad", 3, "X is absent"),
        ("h5ad/zellkonverter_example_anndata.h5ad", 3, "only 0"),
        ("loom/SCENIC_expr_mat_small.loom", 3, "only 16")]


@pytest.mark.parametrize("name, expect, words", REAL)
def test_real_files_are_predicted_or_refused_with_the_true_reason(model, tmp_path, name, expect,
                                                                  words):
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not there")
    done = run("predict", SHARED / name, "-m", model, "-o", tmp_path / "out.h5ad", expect=expect)
    assert words in done.stderr
    if expect == 0:
        assert np.isfinite(anndata.read_h5ad(tmp_path / "out.h5ad").X).all()
