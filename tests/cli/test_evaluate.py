# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir evaluate` against scipy and pandas."""
import gzip
import json

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.stats

from program import PROJECT, run

MIRNAS = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t", dtype=str).fillna("")
NAMES = list(MIRNAS["name"][:30])


def evaluate(*arguments, **options):
    return run("evaluate", *arguments, **options)


def table(path):
    return pd.read_csv(path, sep="\t", index_col=0)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """60 samples of 40 patients in three cohorts; missing values, ties, a constant, one alone."""
    folder = tmp_path_factory.mktemp("evaluate")
    random = np.random.default_rng(3)
    samples = [f"TCGA-AA-{1000 + i % 40}-{'01' if i < 40 else '11'}" for i in range(60)]
    cohort = np.array(["A", "B", "C"], dtype=object)[np.arange(60) % 3]
    cohort[5] = "ALONE"
    level = {"A": 0.0, "B": 3.0, "C": -2.0, "ALONE": 1.0}
    shift = np.array([level[c] for c in cohort])[:, None]
    truth = random.normal(size=(60, 30)) + shift
    measured = pd.DataFrame(truth + random.normal(size=(60, 30)) + 8.0, samples, NAMES)
    predicted = pd.DataFrame(truth, samples, NAMES)
    measured.iloc[:, 1] = measured.iloc[:, 1].round(0)  # ties
    predicted.iloc[:, 2] = predicted.iloc[:, 2].round(0)
    measured.iloc[:, 3] = 1.25  # constant
    measured.iloc[::7, 4] = np.nan
    predicted.iloc[::11, 4] = np.nan
    measured.iloc[2:, 5] = np.nan  # two pairs
    predicted.to_csv(folder / "predicted.tsv", sep="\t")
    measured.T.to_csv(folder / "measured.csv")
    about = pd.DataFrame({"sample": samples, "cohort": cohort})
    about.to_csv(folder / "samples.tsv", sep="\t", index=False)
    return folder, predicted, measured, pd.Series(cohort, samples)


def scores(x, y):
    """pearson, spearman, rmse, r2 and n as scipy and numpy have them."""
    both = np.isfinite(x) & np.isfinite(y)
    x, y = np.asarray(x)[both], np.asarray(y)[both]
    n = len(x)
    rmse = np.sqrt(np.mean((x - y) ** 2)) if n else np.nan
    varies = n > 0 and np.ptp(y) > 0
    r2 = 1 - np.sum((x - y) ** 2) / np.sum((y - y.mean()) ** 2) if varies else np.nan
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return [n, np.nan, np.nan, rmse, r2]
    return [n, scipy.stats.pearsonr(x, y)[0], scipy.stats.spearmanr(x, y)[0], rmse, r2]


def without_cohort_means(predicted, measured, cohort):
    both = predicted.notna() & measured.notna()
    result = []
    for side in (predicted, measured):
        side = side.where(both)
        n = both.groupby(cohort).transform("sum")
        result.append((side - side.groupby(cohort).transform("mean")).where(n >= 2))
    return result


FIGURES = ["n", "pearson", "spearman", "rmse", "r2"]
WITHIN = ["n_within", "pearson_within", "spearman_within", "rmse_within", "r2_within"]


def test_every_figure_equals_scipy(tables, tmp_path):
    folder, predicted, measured, cohort = tables
    evaluate(folder / "predicted.tsv", folder / "measured.csv", "--samples", folder / "samples.tsv",
             "-o", tmp_path / "mirnas.tsv", "--per-sample", tmp_path / "samples.tsv",
             "--bootstrap", 0)
    by_mirna, by_sample = table(tmp_path / "mirnas.tsv"), table(tmp_path / "samples.tsv")
    assert set(by_mirna.index) == set(NAMES) and list(by_sample.index) == list(predicted.index)
    assert list(by_mirna["accession"]) == list(
        MIRNAS.set_index("name").loc[by_mirna.index, "accession"])
    x, y = without_cohort_means(predicted, measured, cohort)
    for name in NAMES:
        np.testing.assert_allclose(by_mirna.loc[name, FIGURES].astype(float),
                                   scores(predicted[name], measured[name]), atol=1e-9, rtol=1e-9)
        np.testing.assert_allclose(by_mirna.loc[name, WITHIN].astype(float),
                                   scores(x[name], y[name]), atol=1e-9, rtol=1e-9)
    for sample in predicted.index:
        np.testing.assert_allclose(by_sample.loc[sample, FIGURES].astype(float),
                                   scores(predicted.loc[sample], measured.loc[sample]),
                                   atol=1e-9, rtol=1e-9)
        np.testing.assert_allclose(by_sample.loc[sample, WITHIN].astype(float),
                                   scores(x.loc[sample], y.loc[sample]), atol=1e-9, rtol=1e-9)


def test_medians_and_intervals(tables, tmp_path):
    folder, predicted, measured, cohort = tables
    arguments = (folder / "predicted.tsv", folder / "measured.csv", "--samples",
                 folder / "samples.tsv", "--json")
    for threads in (1, 3):
        evaluate(*arguments, tmp_path / f"{threads}.json", "--threads", threads)
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "3.json").read_bytes()
    found = json.loads((tmp_path / "1.json").read_text())
    assert found["n_samples"] == 60 and found["n_patients"] == 40 and found["n_mirnas"] == 30
    pooled = [scores(predicted[name], measured[name])[1] for name in NAMES]
    x, y = without_cohort_means(predicted, measured, cohort)
    within = [scores(x[name], y[name])[1] for name in NAMES]
    for kind, values in (("pooled", pooled), ("within_cohort", within)):
        median = found["medians"][kind]["per_mirna"]["pearson"]
        assert median["median"] == pytest.approx(np.nanmedian(values), abs=1e-9)
        assert median["low"] < median["median"] < median["high"]
        # The spread of a median of 28 correlations near 0.7 over 40 patients.
        assert 0.01 < median["high"] - median["low"] < 0.25
        assert median["n"] == 28
    in_a = [scores(predicted[name][cohort == "A"], measured[name][cohort == "A"])[1]
            for name in NAMES]
    assert found["cohorts"]["A"]["median_pearson_per_mirna"] == pytest.approx(np.nanmedian(in_a),
                                                                            abs=1e-9)
    assert found["cohorts"]["ALONE"]["median_pearson_per_mirna"] is None
    evaluate(*arguments, tmp_path / "other.json", "--seed", 2)
    assert (tmp_path / "other.json").read_bytes() != (tmp_path / "1.json").read_bytes()


def test_the_cohort_s_mean_alone_is_nothing_within(tables, tmp_path):
    folder, _, measured, cohort = tables
    measured.groupby(cohort).transform("mean").to_csv(tmp_path / "means.tsv", sep="\t")
    evaluate(tmp_path / "means.tsv", folder / "measured.csv", "--samples", folder / "samples.tsv",
             "-o", tmp_path / "mirnas.tsv", "--bootstrap", 0)
    found = table(tmp_path / "mirnas.tsv")
    assert found["pearson"].median() > 0.6
    assert found["pearson_within"].isna().all()


def test_formats_ids_and_kinds_of_names(tables, tmp_path):
    folder, predicted, measured, _ = tables
    expected = evaluate(folder / "predicted.tsv", folder / "measured.csv").stdout
    accession = dict(zip(MIRNAS["name"], MIRNAS["accession"]))
    aliquots = measured.set_axis([f"{s}A-11R-A123-07".replace("-", ".") for s in measured.index])
    with gzip.open(tmp_path / "measured.tsv.gz", "wt") as file:
        aliquots.rename(columns=accession).to_csv(file, sep="\t", na_rep="NA")
    assert evaluate(folder / "predicted.tsv", tmp_path / "measured.tsv.gz").stdout == expected
    anndata.AnnData(predicted.astype(np.float32)).write_h5ad(tmp_path / "predicted.h5ad")
    evaluate(tmp_path / "predicted.h5ad", folder / "measured.csv", "-o", tmp_path / "h5ad.tsv")
    with open(tmp_path / "text.tsv", "w") as file:
        file.write(expected)
    pd.testing.assert_frame_equal(table(tmp_path / "h5ad.tsv"), table(tmp_path / "text.tsv"),
                                  rtol=1e-5)


def test_old_names_and_stem_loops(tables, tmp_path):
    """A v21 name finds its miRNA; hsa-mir-... is the stem-loop, another molecule."""
    renamed = MIRNAS[MIRNAS["name_in_v21"] != ""].iloc[0]
    random = np.random.default_rng(1)
    values = random.normal(size=(2, 12))
    samples = [f"s{i}" for i in range(12)]
    pd.DataFrame(values, [renamed["name"], "hsa-miR-21-5p"], samples).to_csv(tmp_path / "p.csv")
    pd.DataFrame(values, [renamed["name_in_v21"], "hsa-mir-21"], samples).to_csv(tmp_path / "m.csv")
    lines = evaluate(tmp_path / "p.csv", tmp_path / "m.csv").stdout.splitlines()
    assert len(lines) == 2 and lines[1].startswith(renamed["name"] + "\t")


def test_rpm_and_the_model_s_scale(tables, model, tmp_path):
    folder, predicted, _, _ = tables
    names = [line.split("\t")[0] for line in run(
        "predict", PROJECT / "data" / "example", "-m", model, "--transpose").stdout.splitlines()[1:]]
    values = np.random.default_rng(5).normal(size=(20, 60))
    z = pd.DataFrame(values, names, predicted.index)
    import h5py
    with h5py.File(model) as file:
        mean, sd = file["mirnas/mean"][()], file["mirnas/sd"][()]
    rpm = np.exp2(z.mul(sd, axis=0).add(mean, axis=0)) - 1
    keep = (rpm >= 0).all(axis=1)
    z[keep].to_csv(tmp_path / "p.csv")
    rpm[keep].to_csv(tmp_path / "m.csv")
    evaluate(tmp_path / "p.csv", tmp_path / "m.csv", "--measured-values", "rpm", "-m", model, "-o",
             tmp_path / "out.tsv")
    found = table(tmp_path / "out.tsv")
    assert len(found) == keep.sum() > 0
    np.testing.assert_allclose(found["rmse"], 0, atol=1e-6)
    np.testing.assert_allclose(found["pearson"], 1, atol=1e-9)


def test_linear_values_are_warned_about(tables, tmp_path):
    folder, _, measured, _ = tables
    np.exp2(measured).to_csv(tmp_path / "rpm.csv")
    log = evaluate(folder / "predicted.tsv", tmp_path / "rpm.csv").stderr
    assert "--measured-values rpm" in log


def test_chosen_mirnas(tables, tmp_path):
    folder, *_ = tables
    lines = evaluate(folder / "predicted.tsv", folder / "measured.csv", "--mirnas",
                     f"{NAMES[7]},{MIRNAS['accession'][9]}").stdout.splitlines()
    assert {line.split("\t")[0] for line in lines[1:]} == {NAMES[7], NAMES[9]}
    (tmp_path / "list.txt").write_text(f"{NAMES[7]}\n{NAMES[9]}\n", encoding="utf-8-sig")
    again = evaluate(folder / "predicted.tsv", folder / "measured.csv", "--mirnas", tmp_path / "list.txt")
    assert again.stdout.splitlines() == lines
    done = evaluate(folder / "predicted.tsv", folder / "measured.csv", "--mirnas", "hsa-mir-21",
                    expect=2)
    assert "'hsa-mir-21' is no mature miRNA" in done.stderr


def test_nothing_in_common_is_an_error(tables, tmp_path):
    folder, predicted, measured, _ = tables
    measured.set_axis([f"x{i}" for i in range(60)]).to_csv(tmp_path / "other.csv")
    done = evaluate(folder / "predicted.tsv", tmp_path / "other.csv", "-o", tmp_path / "no.tsv",
                    expect=3)
    assert "no sample stands in both tables" in done.stderr and "'x0'" in done.stderr
    assert not (tmp_path / "no.tsv").exists()
    done = evaluate(folder / "predicted.tsv", folder / "missing.csv", expect=3)
    assert "missing.csv" in done.stderr
    done = evaluate(folder / "predicted.tsv", folder / "measured.csv", "-o",
                    folder / "measured.csv", expect=2)
    assert "is an input" in done.stderr


def test_samples_that_the_table_lacks_count_pooled_only(tables, tmp_path):
    folder, *_ = tables
    about = (folder / "samples.tsv").read_text().splitlines()
    (tmp_path / "some.tsv").write_text("\n".join(about[:31]) + "\n")
    done = evaluate(folder / "predicted.tsv", folder / "measured.csv", "--samples",
                    tmp_path / "some.tsv", "-o", tmp_path / "out.tsv")
    assert "30 of 60 samples have no cohort there" in done.stderr
    found = table(tmp_path / "out.tsv")
    assert found["n"].max() == 60 and found["n_within"].max() == 29  # one is alone in its cohort


def test_few_samples_are_warned_about(tables, tmp_path):
    _, predicted, measured, _ = tables
    predicted.head(9).to_csv(tmp_path / "p.tsv", sep="\t")
    measured.to_csv(tmp_path / "m.tsv", sep="\t")
    assert "only 9 samples are compared" in evaluate(tmp_path / "p.tsv", tmp_path / "m.tsv").stderr
    predicted.head(10).to_csv(tmp_path / "p.tsv", sep="\t")
    assert "only 10" not in evaluate(tmp_path / "p.tsv", tmp_path / "m.tsv").stderr


def test_patients_of_the_training_are_warned_about(tables, tmp_path):
    """Two of 60 samples are of a patient on whom the bundled model was trained, by a hash that python-xxhash made."""
    _, predicted, measured, _ = tables
    names = {predicted.index[0]: "TCGA-OR-A5J1-01", predicted.index[1]: "TCGA-OR-A5J1-11"}
    predicted.rename(index=names).to_csv(tmp_path / "p.tsv", sep="\t")
    measured.rename(index=names).to_csv(tmp_path / "m.tsv", sep="\t")
    bundled = PROJECT / "models" / "sicmir-tcga.h5"
    log = evaluate(tmp_path / "p.tsv", tmp_path / "m.tsv", "-m", bundled).stderr
    assert "was trained on the patients of 2 of the 60 samples" in log
