# SPDX-License-Identifier: BSD-3-Clause
"""Models in closed form: kernel regression and a prior over miRNA profiles."""
import re
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest

import test_export
from program import PROJECT, SYMBOLS, run

SHARES = ("--members", 0, "--kernel", 0.6, "--prior", 0.4, "--validation", 0)
MIRNAS = [line.split("\t")[0] for line in (PROJECT / "data" / "mirnas.tsv").open()
          if line.startswith("hsa-")][:60]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """60 patients of three cohorts with both sides, 40 more with miRNAs only; the file of the
    first cohort lacks 300 genes. Another 40 stand in new.csv and truth.csv alone."""
    folder = tmp_path_factory.mktemp("kernel")
    random = np.random.default_rng(3)
    samples = [f"TCGA-AA-{1000 + i}-01" for i in range(140)]
    hidden = random.normal(size=(5, 140))
    hidden[0] += np.arange(140) % 3
    mrna = 8 + random.normal(size=(len(SYMBOLS), 5)) @ hidden + random.normal(size=(len(SYMBOLS), 140))
    mirna = 9 + 0.8 * random.normal(size=(60, 5)) @ hidden + 0.5 * random.normal(size=(60, 140))
    mrna = pd.DataFrame(np.exp2(mrna), SYMBOLS, samples)
    mirna = pd.DataFrame(np.clip(mirna, 0, 19), MIRNAS, samples)
    lines = ["mrna\tmrna_values\tmirna\tmirna_values\testimated\tcohort"]
    for cohort in range(3):
        own = [i for i in range(60) if i % 3 == cohort]
        table = mrna.iloc[:, own]
        (table.iloc[300:] if cohort == 0 else table).to_csv(folder / f"{cohort}.tsv", sep="\t")
        lines.append(f"{cohort}.tsv\tnormalised\t\t\t\tC{cohort}")
    mirna.iloc[:, :100].to_csv(folder / "mirna.tsv", sep="\t")
    mirna.T.iloc[100:].to_csv(folder / "truth.csv")
    lines.append("\t\tmirna.tsv\tlog2rpm\tyes\tC0")
    (folder / "pairs.tsv").write_text("\n".join(lines) + "\n")
    mrna.T.iloc[100:].to_csv(folder / "new.csv")
    return folder


@pytest.fixture(scope="module")
def trained(tables):
    path = tables / "model.h5"
    log = run("train", "--pairs", tables / "pairs.tsv", "--min-panel", 0.5, "-o", path, *SHARES,
              "--cross-validate", 3, "--mirna-moments", "all", timeout=300).stderr
    return path, log


def predict(tables, model, tmp_path, *more):
    run("predict", tables / "new.csv", "-m", model, "--values", "linear", "--scale", "reference",
        "--force-scale", "-o", tmp_path / "z.csv", *more)
    return pd.read_csv(tmp_path / "z.csv", index_col=0)


def test_the_model_is_parts_of_one_prediction(trained):
    path, _ = trained
    with h5py.File(path) as file:
        assert file["members"].attrs["are"] == "parts"
        kinds = [[layer.attrs["type"] for layer in member["layers"].values()]
                 for member in file["members"].values()]
        weights = [member["weight"][0] for member in file["members"].values()]
    assert kinds == [["linear", "huber", "linear", "linear", "softmax", "linear", "linear"],
                     ["linear", "huber", "linear"], ["linear"]]
    assert weights == pytest.approx([1 / 3, 1 / 3, 1 / 3])


def test_profiles_of_held_out_patients_do_not_take_part(trained):
    _, log = trained
    held_out = [int(n) for n in re.findall(r"samples to train on, (\d+) held out", log)]
    used = [int(n) for n in re.findall(r"fold \d: prior of (\d+) profiles", log)]
    assert len(held_out) == 3 and used == [100 - n for n in held_out]
    assert "final fit: prior of 100 profiles" in log


def test_profiles_of_a_cohort_left_out_do_not_take_part(tables, tmp_path):
    """Neither those of its pairs nor those of its samples that have miRNAs only."""
    mirna = pd.read_csv(tables / "mirna.tsv", sep="\t", index_col=0)
    lines = ["mrna\tmrna_values\tmirna\tmirna_values\tcohort"]
    for cohort in range(3):
        mirna.iloc[:, cohort::3].to_csv(tmp_path / f"mirna{cohort}.tsv", sep="\t")
        lines.append(f"{tables}/{cohort}.tsv\tnormalised\tmirna{cohort}.tsv\tlog2rpm\tC{cohort}")
    (tmp_path / "pairs.tsv").write_text("\n".join(lines) + "\n")
    log = run("train", "--pairs", tmp_path / "pairs.tsv", "--min-panel", 0.5, "-o",
              tmp_path / "m.h5", *SHARES, "--leave-cohort-out", timeout=300).stderr
    assert re.findall(r"without (C\d): prior of (\d+) profiles", log) == [
        ("C0", "66"), ("C1", "67"), ("C2", "67")]
    assert "final fit: prior of 100 profiles" in log


def test_only_samples_that_predict_would_take_are_judged(trained):
    path, _ = trained
    with h5py.File(path) as file:  # cohort 0 has 677 of 977 genes, fewer than 80 %
        assert set(file["mirnas/n_held_out"][()]) == {40}


def test_threads_do_not_change_a_byte_and_seeds_only_choose(trained, tables, tmp_path):
    path, _ = trained
    for threads in (1, 3):
        run("train", "--pairs", tables / "pairs.tsv", "--min-panel", 0.5, "-o", tmp_path / "m.h5",
            *SHARES, "--cross-validate", 3, "--mirna-moments", "all", "--threads", threads,
            timeout=300)
        assert (tmp_path / "m.h5").read_bytes() == path.read_bytes()


def test_a_distilled_network_takes_the_place_of_all_parts(trained, tables, tmp_path):
    path, _ = trained
    model, table = tmp_path / "student.h5", tmp_path / "held_out.tsv"
    log = run("train", "--pairs", tables / "pairs.tsv", "--min-panel", 0.5, "-o", model, *SHARES,
              "--cross-validate", 3, "--mirna-moments", "all", "--hidden", "64,32", "--distil", 400,
              "--distil-folds", 1, "--held-out", table, timeout=300).stderr
    with h5py.File(model) as file:
        (member,) = file["members"].values()
        kinds = [layer.attrs["type"] for layer in member["layers"].values()]
        pooled = dict(zip(file["mirnas/name"].asstr()[()], file["mirnas/pearson_pooled"][()]))
    assert kinds == ["linear", "relu", "linear", "relu", "linear"]
    student, teacher = (predict(tables, m, tmp_path) for m in (model, path))
    assert np.corrcoef(student.to_numpy().ravel(), teacher.to_numpy().ravel())[0, 1] > 0.9
    assert re.findall(r"fold (\d): median Pearson .* of its teacher", log) == ["1"]
    assert "distilled network" in log

    # Accuracies are those of the predictions in the table.
    held_out = pd.read_csv(table, sep="\t")
    assert list(held_out.columns[:5]) == ["split", "fold", "sample", "patient", "cohort"]
    assert set(held_out["split"]) == {"cross-validation"} and set(held_out["fold"]) == {1, 2, 3}
    truth = pd.read_csv(tables / "mirna.tsv", sep="\t", index_col=0)
    for name in MIRNAS[:5]:
        expected = np.corrcoef(held_out[name], truth.loc[name, held_out["sample"]])[0, 1]
        assert pooled[name] == pytest.approx(expected, abs=1e-4)


def test_exports_predict_the_same(trained, tmp_path):
    path, _ = trained
    z, cells = test_export.z_scores(tmp_path)
    found = test_export.predict(path, *cells)
    run("export", path, "-o", tmp_path / "model.npz")
    kinds = {kind for name, value in np.load(tmp_path / "model.npz").items()
             if name.startswith("layers_") for kind in value}
    assert {"linear", "huber", "softmax"} <= kinds
    np.testing.assert_allclose(test_export.forward(tmp_path / "model.npz", z), found, rtol=0, atol=1e-5)
    run("export", path, "-o", tmp_path / "model.onnx")
    np.testing.assert_allclose(test_export.onnx_forward(tmp_path / "model.onnx", z), found, rtol=0,
                               atol=1e-5)


def test_counts_of_reads_become_reads_per_million(tables, tmp_path):
    rpm = np.exp2(pd.read_csv(tables / "mirna.tsv", sep="\t", index_col=0)) - 1
    rpm *= 1e6 / rpm.sum()
    depth = np.random.default_rng(4).uniform(0.5, 20.0, rpm.shape[1])
    rpm.to_csv(tmp_path / "rpm.tsv", sep="\t")
    (rpm * depth).to_csv(tmp_path / "counts.tsv", sep="\t")
    mrna = tables / "1.tsv"
    found = []
    for unit in ("rpm", "counts"):
        run("train", "--mrna", mrna, "--mrna-values", "linear", "--mirna", tmp_path / f"{unit}.tsv",
            "--mirna-values", unit, "--members", 0, "--ridge", 1, "--validation", 0, "-o",
            tmp_path / f"{unit}.h5")
        found.append(predict(tables, tmp_path / f"{unit}.h5", tmp_path))
    np.testing.assert_allclose(found[0], found[1], rtol=0, atol=1e-3)


def test_samples_without_a_read_are_rejected(tables, tmp_path):
    counts = pd.read_csv(tables / "mirna.tsv", sep="\t", index_col=0)
    counts.iloc[:, 7] = 0
    counts.to_csv(tmp_path / "counts.tsv", sep="\t")
    done = run("train", "--mrna", tables / "1.tsv", "--mirna", tmp_path / "counts.tsv",
               "--mirna-values", "counts", "-o", tmp_path / "m.h5", expect=3)
    assert counts.columns[7] in done.stderr and "add up to 0" in done.stderr


def test_held_out_needs_folds(tables, tmp_path):
    done = run("train", "--pairs", tables / "pairs.tsv", "-o", tmp_path / "m.h5", *SHARES,
               "--held-out", tmp_path / "h.tsv", expect=2)
    assert "--cross-validate" in done.stderr and not list(tmp_path.iterdir())


def test_the_documents_example_predicts_the_same(trained, tables, tmp_path):
    path, _ = trained
    ours = predict(tables, path, tmp_path, "--save-input", tmp_path / "input.csv")
    document = (PROJECT / "docs" / "model-format.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", document, re.MULTILINE | re.DOTALL)
    (tmp_path / "model.h5").symlink_to(path)
    (tmp_path / "example.py").write_text(example + '\nprediction.to_csv("example.csv")\n')
    subprocess.run([sys.executable, "example.py"], cwd=tmp_path, check=True)
    example = pd.read_csv(tmp_path / "example.csv", index_col=0)
    np.testing.assert_allclose(ours, example, rtol=0, atol=2e-5)


def test_it_learns_and_its_intervals_hold(trained, tables, tmp_path):
    path, _ = trained
    predicted = predict(tables, path, tmp_path, "--uncertainty", tmp_path / "u.csv")
    half = pd.read_csv(tmp_path / "u.csv", index_col=0)
    truth = pd.read_csv(tables / "truth.csv", index_col=0)
    known = pd.read_csv(tables / "mirna.tsv", sep="\t", index_col=0)
    z = ((truth - known.mean(axis=1)) / known.std(axis=1, ddof=0))[predicted.columns]
    r = [np.corrcoef(predicted[name], z[name])[0, 1] for name in z]
    assert np.median(r) > 0.8
    known = [name for name in z if half[name].notna().all()]
    assert len(known) > 30
    assert (half[known].nunique() == 1).all()  # parts: as wide for all samples
    held = (abs(predicted - z) <= half)[known].to_numpy().mean()
    assert 0.8 <= held <= 0.98


def test_shares_must_leave_something(tables, tmp_path):
    bad = (("--kernel", 0.7, "--prior", 0.4), ("--kernel", 0.6, "--prior", 0.4),
           ("--kernel", -0.1), ("--members", 0, "--kernel", 1, "--kernel-penalty", 0))
    for options in bad:
        run("train", "--pairs", tables / "pairs.tsv", "-o", tmp_path / "m.h5", "--min-panel", 0.5,
            *options, expect=2)
    assert not (tmp_path / "m.h5").exists()
