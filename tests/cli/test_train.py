# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir train` from tables to a model that predicts."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

import h5py
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SICMIR, SYMBOLS, predict, run


def train(*arguments, code=0):
    done = run("train", *arguments, expect=code, timeout=300)
    assert done.stdout == ""
    return done.stderr


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """40 patients of two cohorts, 44 samples; four miRNAs that follow genes, one that is constant."""
    folder = tmp_path_factory.mktemp("tables")
    random = np.random.default_rng(8)
    samples = [f"TCGA-AA-{1000 + i}-01A" for i in range(40)]
    samples += [f"TCGA-AA-{1000 + i}-11A" for i in range(4)]
    level = random.normal(size=(5, len(samples)))
    noise = random.normal(size=(len(SYMBOLS), len(samples)))
    values = np.exp2(6 + level[np.arange(len(SYMBOLS)) % 5] + noise)
    mirnas = ["hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p", "hsa-miR-122-5p", "hsa-miR-1-3p"]
    rpm = np.vstack([np.exp2(8 + level[:4]), np.full(len(samples), 3.0)])

    def write(name, corner, names, columns, table):
        with open(folder / name, "w") as file:
            file.write("\t".join([corner, *columns]) + "\n")
            for label, line in zip(names, table):
                file.write("\t".join([label, *(f"{v:.4f}" for v in line)]) + "\n")

    write("first.tsv", "gene", SYMBOLS, samples[:20], values[:, :20])
    write("second.tsv", "gene", SYMBOLS, samples[20:], values[:, 20:])
    write("mirna.tsv", "mirna", mirnas, [s[:15] for s in samples], rpm)
    return folder


SMALL = ("--hidden", "24,16", "--epochs", 12, "--batch", 16, "--learning-rate", 0.01)


def inputs(tables):
    return ("--mrna", tables / "first.tsv", tables / "second.tsv", "--mrna-values", "linear",
            "--mirna", tables / "mirna.tsv")


def test_writes_a_complete_model(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL)
    assert "44 paired samples of 40 patients in 2 cohort(s)" in log
    assert "1 miRNA(s) whose targets are constant are left out" in log
    assert "epoch 12/12: loss" in log
    assert "within cohort" in log
    with h5py.File(tmp_path / "m.h5") as file:
        assert len(file.attrs["checksum"]) == 32
    predicted = predict(tmp_path / "m.h5", tables / "first.tsv", "--values", "linear", "--scale",
                        "reference")
    assert predicted.shape == (20, 4)
    assert set(predicted.columns) == {"hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-155-5p",
                                      "hsa-miR-122-5p"}


def test_same_seed_same_bytes_for_any_number_of_threads(tables, tmp_path):
    models = set()
    for threads in (1, 2, 3):
        path = tmp_path / f"{threads}.h5"
        train(*inputs(tables), "-o", path, *SMALL, "--threads", threads, "-q")
        models.add(path.read_bytes())
    assert len(models) == 1
    train(*inputs(tables), "-o", tmp_path / "other.h5", *SMALL, "--seed", 2, "-q")
    assert (tmp_path / "other.h5").read_bytes() not in models


def checksum(path):
    with h5py.File(path) as file:
        return file.attrs["checksum"]


FULL = ("--hidden", "24,16", "--epochs", 40, "--batch", 16, "--members", 2, "--ridge", 0.3,
        "--mask-genes", 0.1, "--thin", 0.2, "--warm-up", 2, "--cross-validate", 3, "--patience", 9)


def test_a_killed_run_resumed_ends_in_the_same_model(tables, tmp_path):
    """Killed for real (SIGKILL), again and again, until it gets through."""
    train(*inputs(tables), "-o", tmp_path / "whole.h5", *FULL, "--threads", 1, "-q")
    command = [SICMIR, "train", *inputs(tables), "-o", tmp_path / "m.h5", *FULL, "--checkpoint",
               tmp_path / "state", "--checkpoint-every", 3, "--resume", "--threads", 2]
    kills = 0
    for _ in range(30):
        process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE,
                                   text=True)
        for seen, line in enumerate(process.stderr):
            if seen > 30 + 7 * kills and ": loss" in line:
                process.send_signal(signal.SIGKILL)
                break
        process.stderr.read()
        if process.wait() == 0:
            break
        assert process.returncode == -signal.SIGKILL
        assert not (tmp_path / "m.h5").exists()
        kills += 1
    assert kills >= 3
    assert checksum(tmp_path / "m.h5") == checksum(tmp_path / "whole.h5")
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".")) == [
        "m.h5", "m.metrics.tsv", "whole.h5", "whole.metrics.tsv"]
    columns = ["fit", "network", "epoch", "train_loss", "held_out_loss"]
    left, right = (pd.read_csv(tmp_path / f"{name}.metrics.tsv", sep="\t")[columns]
                   for name in ("m", "whole"))
    pd.testing.assert_frame_equal(left, right)
    assert set(left["fit"]) == {"fold 1", "fold 2", "fold 3", "final fit"}


def test_a_checkpoint_of_other_options_or_damaged_is_refused(tables, tmp_path):
    options = [*inputs(tables), "-o", tmp_path / "m.h5", "--hidden", 24, "--validation", 0]
    state = tmp_path / "state"
    process = subprocess.Popen([str(part) for part in (
        SICMIR, "train", *options, "--epochs", 100000, "--checkpoint", state,
        "--checkpoint-every", 1)], stderr=subprocess.DEVNULL)
    for _ in range(600):
        if state.exists():
            break
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert "other options" in train(*options, "--checkpoint", state, "--resume", code=2)
    saved = state.read_bytes()
    for damaged in (saved[:len(saved) // 2], saved[:-1] + bytes([saved[-1] ^ 1]), b"", b"x" * 500):
        state.write_bytes(damaged)
        log = train(*options, "--checkpoint", state, "--resume", code=3)
        assert str(state) in log and "Remove it" in log
    assert "--checkpoint FILE" in train(*options, "--resume", code=2)
    assert not (tmp_path / "m.h5").exists()


@pytest.fixture(scope="module")
def ensemble(tables):
    path = tables / "ensemble.h5"
    log = train(*inputs(tables), "-o", path, *FULL)
    assert "90 % intervals for" in log
    return path


def test_uncertainty_is_the_calibrated_spread_of_the_members(ensemble, tables, tmp_path):
    import anndata

    with h5py.File(ensemble) as file:
        names = list(file["mirnas/name"].asstr())
        factor, typical = file["mirnas/interval_factor"][()], file["mirnas/typical_spread"][()]
        sd = file["mirnas/sd"][()]
        shares = [member["weight"][0] for member in file["members"].values()]
        assert len(shares) == 3 and sum(shares) == pytest.approx(1)
        x = tmp_path / "input.csv"
        words = ("predict", tables / "first.tsv", "--values", "linear", "--scale", "reference",
                 "--force-scale", "-m", ensemble, "-q")
        run(*words, "-o", tmp_path / "z.csv", "--uncertainty", tmp_path / "u.tsv", "--save-input",
            x)
        genes = pd.read_csv(x, index_col=0).to_numpy()
        each = []
        for member in file["members"].values():
            y = genes
            for layer in member["layers"].values():
                part = {key: value[()] for key, value in layer.items()}
                if layer.attrs["type"] == "linear":
                    y = y @ part["weight"].T + part.get("bias", 0)
                elif layer.attrs["type"] == "batch_norm":
                    y = (y - part["mean"]) / np.sqrt(part["variance"] + part["eps"])
                    y = y * part["gamma"] + part["beta"]
                elif layer.attrs["type"] == "relu":
                    y = np.maximum(y, 0)
            each.append(y)
    mean = sum(w * y for w, y in zip(shares, each))
    spread = np.sqrt(sum(w * (y - mean) ** 2 for w, y in zip(shares, each)))
    expected = factor * np.sqrt(spread ** 2 + typical ** 2)
    assert np.isfinite(expected).any()
    z = pd.read_csv(tmp_path / "z.csv", index_col=0)
    found = pd.read_csv(tmp_path / "u.tsv", index_col=0, sep="\t")
    assert list(found.columns) == names and list(found.index) == list(z.index)
    np.testing.assert_allclose(z, mean, atol=1e-4)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    run(*words, "-o", tmp_path / "z.h5ad", "--uncertainty", "layer", "--output-scale", "log2rpm",
        "--mirnas", ",".join(names[::-1]))
    data = anndata.read_h5ad(tmp_path / "z.h5ad")
    np.testing.assert_allclose(data[:, names].layers["uncertainty"], expected * sd, rtol=1e-3)


def test_uncertainty_is_refused_where_it_is_not_calibrated(model, ensemble, tables, tmp_path):
    words = ("predict", tables / "first.tsv", "--values", "linear", "-o", tmp_path / "z.csv")
    done = run(*words, "-m", model, "--uncertainty", tmp_path / "u.csv", expect=2)
    assert "has no calibrated intervals" in done.stderr
    done = run(*words, "-m", ensemble, "--uncertainty", "layer", expect=2)
    assert "only .h5ad outputs have layers" in done.stderr
    run(*words, "-m", ensemble, "--uncertainty", tmp_path / "z.csv", expect=2)
    assert not list(tmp_path.iterdir())


def test_the_report_is_one_page_that_needs_nothing_else(tables, tmp_path):
    train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--name", "</script><b>", "--report",
          tmp_path / "m.html")
    page = (tmp_path / "m.html").read_text()
    for part in ("uPlot.iife.min.js", "uPlot.min.css", "uPlot.LICENSE"):
        assert (PROJECT / "src/web" / part).read_text() in page
    assert "/*DATA*/" not in page and "/*UPLOT" not in page
    for outside in ("<link", "src=", "@import", "url(", "fetch(", "XMLHttpRequest"):
        assert outside not in page
    assert page.count("</script>") == page.count("<script>") == 2
    data = json.loads(re.search(r"^const data = (.*);$", page, re.MULTILINE)[1])
    assert data["model"]["name"] == "</script><b>"
    assert data["model"]["command_line"][:2] == ["sicmir", "train"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", data["model"]["date"])
    assert set(data["mirnas"]["target"]) == {"measured"}
    assert len(data["epochs"]["train_loss"]) == 12
    assert sorted(data["mirnas"]["name"]) == ["hsa-let-7a-5p", "hsa-miR-122-5p", "hsa-miR-155-5p",
                                              "hsa-miR-21-5p"]
    assert data["cohorts"]["name"] == ["first", "second"]
    metrics = pd.read_csv(tmp_path / "m.metrics.tsv", sep="\t")
    np.testing.assert_allclose(data["epochs"]["held_out_loss"], metrics["held_out_loss"], atol=1e-4)
    with h5py.File(tmp_path / "m.h5") as file:
        np.testing.assert_allclose(data["mirnas"]["pooled"], file["mirnas/pearson_pooled"],
                                   atol=1e-4)


def test_the_report_shows_baselines_on_the_same_folds(tables, tmp_path):
    train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--cross-validate", 2, "--leave-cohort-out", "--report",
          tmp_path / "m.html")
    data = json.loads(re.search(r"^const data = (.*);$", (tmp_path / "m.html").read_text(), re.MULTILINE)[1])
    held = data["held_out"]
    assert list(zip(held["name"], held["unseen"])) == [
        ("model", False), ("ridge", False), ("cohort mean", False), ("model", True), ("ridge", True),
        ("nearest cohort mean", True)]
    with h5py.File(tmp_path / "m.h5") as file:  # the model's own line, from what the model keeps
        for name, unseen in (("pearson_within_cohort", False), ("pearson_leave_cohort_out", True)):
            line = held["unseen"].index(unseen)
            assert held["within"][line] == pytest.approx(np.nanmedian(file[f"mirnas/{name}"][:]), abs=2e-4)


def test_a_copied_program_writes_the_report(tables, tmp_path):
    program = tmp_path / "bin" / "sicmir"
    program.parent.mkdir()
    shutil.copy(SICMIR, program)
    (tmp_path / "data").mkdir()  # the tables that training reads, and nothing else
    for table in PROJECT.glob("data/*.tsv"):
        shutil.copy(table, tmp_path / "data")
    environment = {**os.environ, "SICMIR_DATA": str(tmp_path / "data")}
    run("train", *inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--report",
        tmp_path / "m.html", program=program, env=environment, cwd=tmp_path, timeout=300)
    assert (PROJECT / "src/web/uPlot.iife.min.js").read_text() in (tmp_path / "m.html").read_text()


def test_ridge_alone_float16_and_what_makes_no_sense(tables, tmp_path):
    train(*inputs(tables), "-o", tmp_path / "r.h5", "--members", 0, "--ridge", 1, "--weights",
          "float16")
    with h5py.File(tmp_path / "r.h5") as file:
        assert list(file["members"]) == ["000"]
        assert file["members/000/layers/000/weight"].dtype == np.float16
        assert list(file["members/000/layers"]) == ["000"]
    bad = (("--members", 0), ("--ridge", 1.5), ("--mask-genes", -0.1), ("--thin", 2))
    for words in bad:
        train(*inputs(tables), "-o", tmp_path / "x.h5", *words, code=2)


def test_few_samples_are_given_a_ridge_regression(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "few.h5")
    assert "44 samples, fewer than 500: a ridge regression is fitted" in log
    train(*inputs(tables), "-o", tmp_path / "ridge.h5", "--members", 0, "--ridge", 1)
    assert checksum(tmp_path / "few.h5") == checksum(tmp_path / "ridge.h5")
    log = train(*inputs(tables), "-o", tmp_path / "network.h5", "--epochs", 2)
    assert "fewer than 500" not in log
    assert checksum(tmp_path / "network.h5") != checksum(tmp_path / "ridge.h5")


def test_cross_validation_covers_every_sample(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--cross-validate", 4,
                "--leave-cohort-out")
    assert "fold 4 of 4" in log
    assert "final fit on all samples" in log
    assert "within cohorts that training did not see" in log
    run("inspect", tmp_path / "m.h5")


def test_a_missing_output_folder_is_found_before_the_work(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "no" / "m.h5", *SMALL, code=5)
    assert "does not exist" in log
    assert "epoch" not in log


def test_an_output_that_is_an_input_is_refused(tables):
    log = train(*inputs(tables), "-o", tables / "mirna.tsv", *SMALL, code=2)
    assert "is also an input" in log


def test_words_must_fit_the_files(tables, tmp_path):
    log = train("--mrna", tables / "first.tsv", "--mrna-values", "linear", "log", "linear",
                "--mirna", tables / "mirna.tsv", "-o", tmp_path / "m.h5", code=2)
    assert "--mrna-values has 3 words for 1 files" in log


def test_no_mirna_table_is_a_usage_error(tables, tmp_path):
    log = train("--mrna", tables / "first.tsv", "-o", tmp_path / "m.h5", code=2)
    assert "no miRNA table" in log


def test_z_scores_cannot_be_trained_on(tables, tmp_path):
    log = train("--mrna", tables / "first.tsv", "--mrna-values", "zscore", "--mirna",
                tables / "mirna.tsv", "-o", tmp_path / "m.h5", code=2)
    assert "zscore" in log


def test_too_few_patients_for_the_folds(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--cross-validate", 20, code=3)
    assert "40 patients with paired samples are too few for 20 folds" in log
    assert not (tmp_path / "m.h5").exists()


def test_a_fit_that_diverges_says_what_to_do(tables, tmp_path):
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", "--hidden", 16, "--learning-rate",
                1e30, "--schedule", "constant", code=3)
    assert "the fit has diverged" in log and "--learning-rate" in log
    assert not list(tmp_path.iterdir())


def test_constant_targets_are_nothing_to_learn(tables, tmp_path):
    lines = (tables / "mirna.tsv").read_text().splitlines()
    n = len(lines[0].split("\t")) - 1
    (tmp_path / "constant.tsv").write_text(
        "\n".join([lines[0], *("\t".join([line.split("\t")[0], *["7"] * n]) for line in lines[1:])]))
    log = train("--mrna", tables / "first.tsv", "--mrna-values", "linear", "--mirna",
                tmp_path / "constant.tsv", "-o", tmp_path / "m.h5", *SMALL, code=3)
    assert "5 miRNA(s) whose targets are constant are left out" in log
    assert "no miRNA has 10 targets that vary" in log and "--mirna-values log2rpm, rpm or counts" in log
    assert not (tmp_path / "m.h5").exists()


def test_no_pair_names_the_ids_of_both_sides(tables, tmp_path):
    text = (tables / "mirna.tsv").read_text()
    (tmp_path / "others.tsv").write_text(text.replace("TCGA-AA-", "TCGA-BB-"))
    log = train(*inputs(tables)[:-1], tmp_path / "others.tsv", "-o", tmp_path / "m.h5", *SMALL,
                code=3)
    assert "no sample has both mRNA and miRNA: 44 mRNA sample(s), the first 'TCGA-AA-1000-01'" in log
    assert "44 miRNA sample(s), the first 'TCGA-BB-1000-01'. Ids must be equal" in log
    assert not (tmp_path / "m.h5").exists()


def test_a_cohort_of_one_patient_is_a_warning(tables, tmp_path):
    """One who has two samples."""
    names = (tables / "mirna.tsv").read_text().splitlines()[0].split("\t")[1:]
    cohort = {name: "LONE" if name.startswith("TCGA-AA-1002") else "BRCA" for name in names}
    (tmp_path / "samples.tsv").write_text(
        "sample\tcohort\n" + "".join(f"{s}\t{c}\n" for s, c in cohort.items()))
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", *SMALL, "--samples",
                tmp_path / "samples.tsv")
    assert "cohort LONE has one patient" in log and "name a larger cohort with --samples" in log
    assert "cohort BRCA has one patient" not in log


def test_patients_with_samples_in_several_files_never_train_and_test(tables, tmp_path):
    """Four patients have a sample in either file: none of them trains while the other is predicted."""
    log = train(*inputs(tables), "-o", tmp_path / "m.h5", "--members", 0, "--ridge", 1,
                "--leave-cohort-out")
    assert "without cohort first: 20 samples to train on, 20 held out" in log
    assert "without cohort second: 16 samples to train on, 24 held out" in log
