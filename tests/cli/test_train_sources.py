# SPDX-License-Identifier: BSD-3-Clause
"""Tables of other sites and several sources at once, as `sicmir train` takes them."""
import gzip
import json
import re

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from program import LANDMARKS, PROJECT, SYMBOLS, predict, run

MIRNAS = pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t", dtype=str).fillna("")
SMALL = ("--hidden", "16", "--epochs", 6, "--batch", 16, "--learning-rate", 0.01)


def train(*arguments, expect=0):
    return run("train", *arguments, *SMALL, expect=expect, timeout=300).stderr


def samples_of(n, start=1000, kind="01"):
    return [f"TCGA-AA-{start + i}-{kind}" for i in range(n)]


def log_normalised(n, seed=0):
    """log2(normalised + 1), upper quartile 1000 at a linear scale; genes as lines."""
    random = np.random.default_rng(seed)
    level = random.normal(size=(5, n))
    x = np.exp2(7 + 2 * random.normal(size=(977, 1)) + level[np.arange(977) % 5]
                + 0.3 * random.normal(size=(977, n)))
    quartile = np.sort(x, axis=0)[int(np.ceil(0.75 * 977)) - 1]
    return np.log2(1 + 1000 * x / quartile), level


def mirna_table(level, names, seed=1):
    random = np.random.default_rng(seed)
    n = level.shape[1]
    return pd.DataFrame(6 + level[np.arange(len(names)) % 5]
                        + 0.2 * random.normal(size=(len(names), n)), names)


def saved_input(model, table, *arguments, folder):
    """What the network saw."""
    predict(model, table, "--scale", "reference", "--save-input", folder / "x.csv", *arguments)
    return pd.read_csv(folder / "x.csv", index_col=0)


def test_xena_matrices(tmp_path):
    """log2(x + 1), samples of 15 characters, MIMAT accessions, missing values."""
    logs, level = log_normalised(40)
    samples = samples_of(40)
    mirna = mirna_table(level, list(MIRNAS["accession"][:8])).set_axis(samples, axis=1)
    mirna.iloc[2, ::3] = np.nan
    with gzip.open(tmp_path / "HiSeqV2.gz", "wt") as file:
        pd.DataFrame(logs, SYMBOLS, samples).round(4).to_csv(file, sep="\t", index_label="sample")
    mirna.to_csv(tmp_path / "miRNA_HiSeq_gene", sep="\t", index_label="sample", na_rep="NA")
    log = train("--mrna", tmp_path / "HiSeqV2.gz", "--mrna-values", "log", "--mirna",
                tmp_path / "miRNA_HiSeq_gene", "--mirna-values", "log2rpm", "-o", tmp_path / "m.h5")
    assert "40 paired samples of 40 patients" in log and "977 genes, 8 miRNAs" in log


def test_firehose_matrices(tmp_path):
    """SYMBOL|ENTREZ, unknown symbols, a second header line, mature names with accessions."""
    logs, level = log_normalised(30)
    samples = [f"TCGA-AA-{1000 + i}-01A-11R-A111-07" for i in range(30)]
    ids = [f"{s}|{e}" if i % 9 else f"?|{e}"
           for i, (s, e) in enumerate(zip(SYMBOLS, LANDMARKS["entrez_id"]))]
    lines = ["\t".join(["Hybridization REF", *samples]),
             "\t".join(["gene_id", *["normalized_count"] * 30])]
    lines += ["\t".join(["?|100130426", *["0.0000"] * 30])]
    lines += ["\t".join([name, *(f"{v:.4f}" for v in np.exp2(row) - 1)])
              for name, row in zip(ids, logs)]
    (tmp_path / "rsem.txt").write_text("\n".join(lines) + "\n")
    names = [f"{n}|{a}" for n, a in zip(MIRNAS["name"][:6], MIRNAS["accession"])]
    mirna_table(level, names).set_axis(samples, axis=1).to_csv(tmp_path / "mature.txt", sep="\t",
                                                              index_label="Gene")
    log = train("--mrna", tmp_path / "rsem.txt", "--mrna-values", "linear", "--mirna",
                tmp_path / "mature.txt", "--mirna-values", "log2rpm", "-o", tmp_path / "m.h5")
    assert "30 samples, 977 of 977 genes" in log and "30 paired samples" in log


def test_starred_names_are_taken_by_accession(tmp_path):
    """Names of miRBase 17, as of arrays and early TCGA tables, by a table; others are not guessed."""
    logs, level = log_normalised(30)
    samples = samples_of(30)
    pd.DataFrame(np.exp2(logs) - 1, SYMBOLS, samples).to_csv(tmp_path / "mrna.tsv", sep="\t")
    names = ["hsa-miR-21", "hsa-miR-21*", "hsa-miR-126*", "hsa-miR-455", "hsa-let-7a"]
    mirna_table(level, names).set_axis(samples, axis=1).to_csv(tmp_path / "mirna.tsv", sep="\t")
    log = train("--mrna", tmp_path / "mrna.tsv", "--mrna-values", "linear", "--mirna",
                tmp_path / "mirna.tsv", "--mirna-values", "log2rpm", "-o", tmp_path / "m.h5")
    assert "4 names are those of miRBase 17 or 21 (hsa-miR-21 is hsa-miR-21-5p)" in log
    assert "1 name is passed over, for want of an arm" in log
    assert "hsa-miR-455 could be hsa-miR-455-5p or hsa-miR-455-3p" in log or \
        "hsa-miR-455 could be hsa-miR-455-3p or hsa-miR-455-5p" in log
    wanted = {"hsa-miR-21-5p", "hsa-miR-21-3p", "hsa-miR-126-5p", "hsa-let-7a-5p"}
    with h5py.File(tmp_path / "m.h5") as file:
        assert set(file["mirnas/name"].asstr()[()]) == wanted
    words = ("predict", tmp_path / "mrna.tsv", "-m", tmp_path / "m.h5", "--values", "linear",
             "--scale", "reference")
    done = run(*words, "--mirnas", "hsa-miR-126*,hsa-miR-21")
    assert done.stdout.splitlines()[0].split("\t")[1:] == ["hsa-miR-126-5p", "hsa-miR-21-5p"]
    done = run(*words, "--mirnas", "hsa-miR-155", expect=2)
    assert "has no miRNA 'hsa-miR-155'" in done.stderr
    done = run(*words, "-o", tmp_path / "z.csv", "--output-scale", "log2rpm")
    done = run("evaluate", tmp_path / "z.csv", tmp_path / "mirna.tsv")
    assert "4 miRNAs" in done.stderr


def test_stem_loops_estimate_mature_mirnas(tmp_path):
    logs, level = log_normalised(30)
    samples = samples_of(30)
    pd.DataFrame(np.exp2(logs) - 1, SYMBOLS, samples).to_csv(tmp_path / "mrna.tsv", sep="\t")
    twice = MIRNAS[MIRNAS["precursors"].str.contains(r"[|,;]", regex=True)].iloc[0]
    precursors = re.split(r"[|,;]\s*", twice["precursors"])
    rpm = np.exp2(mirna_table(level, [*precursors, "hsa-mir-21"])).set_axis(samples, axis=1)
    rpm.to_csv(tmp_path / "stemloops.tsv", sep="\t")
    log = train("--mrna", tmp_path / "mrna.tsv", "--mrna-values", "linear", "--mirna",
                tmp_path / "stemloops.tsv", "-o", tmp_path / "m.h5")
    assert "estimated by the sum of their stem-loops" in log
    with h5py.File(tmp_path / "m.h5") as file:
        names = list(file["mirnas/name"].asstr()[()])
        assert set(file["mirnas/target"].asstr()[()]) == {"estimated"}
    assert {twice["name"], "hsa-miR-21-5p"} <= set(names)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A reference of two cohorts, a platform that is lower by gene, a part of the genes, and measured
    and estimated miRNAs; some samples stand in two files."""
    folder = tmp_path_factory.mktemp("sources")
    logs, level = log_normalised(60)
    samples = samples_of(60)
    offset = np.random.default_rng(7).normal(size=977)
    normalised = pd.DataFrame(np.exp2(logs) - 1, SYMBOLS, samples)
    normalised.iloc[:, :20].to_csv(folder / "coad.tsv", sep="\t")
    normalised.iloc[:, 20:40].to_csv(folder / "brca.tsv", sep="\t")
    lower = pd.DataFrame(logs - offset[:, None], SYMBOLS, samples)
    lower.iloc[:, 30:50].to_csv(folder / "other.tsv", sep="\t")  # 10 samples are shared
    part = pd.DataFrame(logs, SYMBOLS, samples).iloc[:500, 50:]
    part.to_csv(folder / "part.tsv", sep="\t")
    names = list(MIRNAS["name"][:10])
    mirna = mirna_table(level, names).set_axis(samples, axis=1)
    mirna.iloc[:5].to_csv(folder / "measured.tsv", sep="\t")
    mirna.to_csv(folder / "estimated.tsv", sep="\t")
    header = ["mrna", "mrna_values", "mirna", "mirna_values", "cohort", "weight", "platform",
              "estimated", "mirna_weight"]
    lines = [["coad.tsv", "normalised", "measured.tsv", "log2rpm", "COAD", "1", "", "no", "1"],
             ["brca.tsv", "normalised", "estimated.tsv", "log2rpm", "BRCA", "1", "", "yes", "0.5"],
             ["other.tsv", "ratio", "", "", "READ", "0.5", "htseq", "", ""],
             ["part.tsv", "log-normalised", "", "", "BRCA", "1", "", "", ""]]
    (folder / "pairs.tsv").write_text(
        "\n".join("\t".join(line) for line in [header, *lines]) + "\n")
    return folder, logs, offset


def test_a_manifest_joins_sources(sources, tmp_path):
    folder, logs, offset = sources
    log = train("--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", tmp_path / "m.h5",
                "--cross-validate", 3, "--leave-cohort-out", "--mirna-moments", "all")
    assert "60 paired samples of 60 patients in 3 cohort(s)" in log
    assert "10 sample(s) stand in an earlier file too, which counts; 10 of them" in log
    # Colon and rectum leave together, and every baseline is scored on the same folds.
    assert "without cohort COAD+READ: 30 samples to train on, 30 held out" in log
    for name in ("model", "ridge", "cohort mean"):
        assert f"held-out patients, {name}: median Pearson" in log
    for name in ("model", "ridge", "nearest cohort mean"):
        assert f"cohorts left out, {name}: median Pearson" in log
    with h5py.File(tmp_path / "m.h5") as file:
        assert list(file["harmonisation/platform"].asstr()[()]) == ["htseq"]
        np.testing.assert_allclose(file["harmonisation/platform_offsets"][()], offset, atol=1e-3)
        target = dict(zip(file["mirnas/name"].asstr()[()], file["mirnas/target"].asstr()[()]))
        # Over all samples of the tables.
        mean = dict(zip(file["mirnas/name"].asstr()[()], file["mirnas/mean"][()]))
    table = pd.read_csv(folder / "estimated.tsv", sep="\t", index_col=0)
    assert {n for n, t in target.items() if t == "measured"} == set(table.index[:5])
    for name in table.index:
        assert mean[name] == pytest.approx(table.loc[name].mean(), abs=1e-4)
    assert json.loads(run("inspect", tmp_path / "m.h5", "--json").stdout)["platforms"] == ["htseq"]


def test_prediction_sees_what_training_saw(sources, tmp_path):
    """The same sample of the reference and of the platform is one input to the network."""
    folder, logs, offset = sources
    train("--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", tmp_path / "m.h5",
          "--validation", 0)
    # Counts whose upper quartile is what the offsets were learnt at.
    lower = np.exp2(pd.read_csv(folder / "other.tsv", sep="\t", index_col=0)) - 1
    reference = pd.DataFrame(np.exp2(logs) - 1, SYMBOLS, samples_of(60))[lower.columns]
    reference.to_csv(tmp_path / "reference.tsv", sep="\t")
    x = saved_input(tmp_path / "m.h5", tmp_path / "reference.tsv", "--values", "linear",
                    folder=tmp_path)
    keep = (lower.to_numpy() > 0).all(axis=1)
    table = lower.clip(lower=0)
    table.loc["OTHER"] = 0.0
    table.to_csv(tmp_path / "lower.tsv", sep="\t")
    y = saved_input(tmp_path / "m.h5", tmp_path / "lower.tsv", "--values", "linear", "--platform",
                    "htseq", folder=tmp_path)
    # The quartile of the platform's values differs a little: one shift per sample, no more.
    with h5py.File(tmp_path / "m.h5") as file:
        sd = file["genes/sd"][()]
    high = keep & (lower.to_numpy().min(axis=1) > 50)
    shift = ((y.to_numpy() - x.to_numpy()) * sd)[:, high]
    assert high.sum() > 300
    assert np.max(np.abs(shift - np.median(shift, axis=1, keepdims=True))) < 0.05
    log = run("predict", tmp_path / "reference.tsv", "-m", tmp_path / "m.h5", "--values", "linear",
              "--scale", "reference", "--platform", "array", expect=2).stderr
    assert "model sicmir does not know platform array; it knows htseq." in log
    log = run("predict", tmp_path / "reference.tsv", "-m", tmp_path / "m.h5", "--values", "linear",
              "--scale", "dataset", "--platform", "htseq", expect=2).stderr
    assert "platform htseq" in log and "Use --scale reference." in log


def test_manifests_are_checked(sources, tmp_path):
    folder, *_ = sources
    def fails(text):
        (tmp_path / "pairs.tsv").write_text(text)
        return train("--pairs", tmp_path / "pairs.tsv", "-o", tmp_path / "m.h5", expect=3)
    assert "must name the columns mrna and mirna" in fails("file\tvalues\nx\ty\n")
    assert "line 2 has 1 fields" in fails("mrna\tmirna\nx\n")
    assert "mrna_values 'tpm' is none of auto, counts" in fails("mrna\tmrna_values\nx\ttpm\n")
    assert "weight '-1' is no number" in fails("mrna\tmirna\tweight\nx\ty\t-1\n")
    assert "name their platform" in fails("mrna\tmrna_values\nx\tratio\n")
    assert "says other things of" in fails("mrna\tcohort\nx\tA\nx\tB\n")
    assert "is empty" in fails("\n")
    assert "the reference is what ranks are compared to" in fails("mrna\tharmonise\nx\tranks\n")
    assert "platform 'p' is harmonised otherwise in an earlier line" in fails(
        "mrna\tplatform\tharmonise\nx\tp\tranks\ny\tp\toffset\n")
    assert "harmonise 'rank' is none of offset, ranks" in fails("mrna\tharmonise\nx\trank\n")


def test_given_moments_of_genes(sources, tmp_path):
    folder, *_ = sources
    pd.DataFrame({"mean_log2": [9.5, 8.25], "sd_log2": [1.5, 0.5], "r": [1, 1]},
                 pd.Index(SYMBOLS[:2], name="gene")).to_csv(tmp_path / "moments.tsv", sep="\t")
    train("--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", tmp_path / "m.h5",
          "--gene-moments", tmp_path / "moments.tsv")
    with h5py.File(tmp_path / "m.h5") as file:
        assert list(file["genes/mean"][:2]) == [9.5, 8.25]
        assert list(file["genes/sd"][:2]) == [1.5, 0.5]
        assert 0 < file["genes/sd"][2] < 10
    (tmp_path / "moments.tsv").write_text("gene\tmean\tsd\nNOGENE\t1\t1\n")
    assert "names no gene of the panel" in train(
        "--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", tmp_path / "m.h5",
        "--gene-moments", tmp_path / "moments.tsv", expect=3)


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    """A reference of 40 samples; an array without 60 genes, whose 24 samples are distorted, each in
    its own way, but in order, and half of which are measured on both; a panel of 400 genes."""
    folder = tmp_path_factory.mktemp("ranked")
    logs, level = log_normalised(64, seed=3)
    samples = samples_of(64)
    reference = pd.DataFrame(logs, SYMBOLS, samples).astype(np.float32)
    reference.iloc[:, :40].to_csv(folder / "reference.tsv", sep="\t")
    random = np.random.default_rng(4)
    array = logs + np.random.default_rng(5).normal(size=(977, 1))
    array = random.uniform(0.5, 2, 64) * np.sqrt(array - array.min() + 1) - 7
    array = pd.DataFrame(array, SYMBOLS, samples).astype(np.float32).iloc[60:]
    array.iloc[5:30] = np.float32(-3.5)  # below what an array sees: ties
    array.iloc[:, 28:52].to_csv(folder / "array.tsv", sep="\t")
    reference.iloc[200:600, 52:].to_csv(folder / "small.tsv", sep="\t")
    mirna_table(level, list(MIRNAS["name"][:6])).set_axis(samples, axis=1).to_csv(
        folder / "mirna.tsv", sep="\t")
    lines = [["mrna", "mrna_values", "mirna", "mirna_values", "platform", "harmonise"],
             ["reference.tsv", "log-normalised", "mirna.tsv", "log2rpm", "", ""],
             ["array.tsv", "ratio", "", "", "array", "ranks"],
             ["small.tsv", "log", "", "", "small", "ranks"]]
    (folder / "pairs.tsv").write_text("\n".join("\t".join(line) for line in lines) + "\n")
    log = train("--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", folder / "m.h5",
                "--validation", 0)
    assert "whose order alone counts" in log
    return folder, reference, array


def by_ranks(values, quantiles):
    """What average ranks stand for; samples as columns."""
    m = len(quantiles)
    places = (rankdata(values, method="average", axis=0) - 0.5) * m / len(values) - 0.5
    return np.interp(places, np.arange(m), quantiles)


def test_ranks_stand_for_the_reference(ranked):
    folder, reference, array = ranked
    with h5py.File(folder / "m.h5") as file:
        assert file.attrs["format_version"] == 2
        group = file["harmonisation"]
        assert list(group["rank_platform"].asstr()[()]) == ["array", "small"]
        genes = group["rank_genes"][()].reshape(2, 977)
        quantiles = group["reference_quantiles"][()]
        offset = group["platform_offsets"][:977]
    np.testing.assert_array_equal(genes[0], [0] * 60 + [1] * 917)
    np.testing.assert_array_equal(genes[1], [0] * 200 + [1] * 400 + [0] * 377)
    wanted = np.sort(reference.iloc[:, :40].to_numpy(np.float64)[60:], axis=0).mean(axis=1)
    np.testing.assert_allclose(quantiles[:917], wanted, atol=1e-5)
    small = np.sort(reference.iloc[:, :40].to_numpy(np.float64)[200:600], axis=0).mean(axis=1)
    np.testing.assert_allclose(quantiles[917:], small, atol=1e-5)
    # Offsets come after the ranks: medians over the twelve samples that were measured on both.
    mapped = by_ranks(array.to_numpy(np.float64)[:, 28:40], quantiles[:917])
    twins = reference.to_numpy(np.float64)[60:, 28:40]
    np.testing.assert_allclose(offset[60:], np.median(twins - mapped, axis=1), atol=1e-5)
    card = json.loads(run("inspect", folder / "m.h5", "--json").stdout)
    assert card["platforms_by_ranks"] == ["array", "small"]


def test_prediction_goes_by_the_same_ranks(ranked, tmp_path):
    """In any unit, also with fewer genes than training had."""
    folder, _, array = ranked
    with h5py.File(folder / "m.h5") as file:
        quantiles = file["harmonisation/reference_quantiles"][:917]
        offset = file["harmonisation/platform_offsets"][:977]
        mean, sd = file["genes/mean"][()], file["genes/sd"][()]
    words = ("--platform", "array", "--force-scale")
    for n_absent in (0, 40):
        table = array.iloc[n_absent:, 40:52]
        table.to_csv(tmp_path / "array.tsv", sep="\t")
        x = saved_input(folder / "m.h5", tmp_path / "array.tsv", "--values", "log", *words,
                        folder=tmp_path)
        wanted = np.zeros((977, 12))
        first = 60 + n_absent
        wanted[first:] = by_ranks(table.to_numpy(np.float64), quantiles)
        wanted[first:] = ((wanted + (offset - mean)[:, None]) / sd[:, None])[first:]
        np.testing.assert_allclose(x.to_numpy().T, wanted, atol=2e-4)
        first_run = (tmp_path / "x.csv").read_bytes()
        np.exp(table.astype(np.float64)).to_csv(tmp_path / "linear.tsv", sep="\t")
        saved_input(folder / "m.h5", tmp_path / "linear.tsv", "--values", "linear", "--threads", 1,
                    *words, folder=tmp_path)
        assert (tmp_path / "x.csv").read_bytes() == first_run


def test_ranks_need_most_genes_of_the_platform(ranked, tmp_path):
    folder, reference, _ = ranked
    reference.iloc[350:].to_csv(tmp_path / "few.tsv", sep="\t")
    log = run("predict", tmp_path / "few.tsv", "-m", folder / "m.h5", "--values", "log", "--scale",
              "reference", "--platform", "small", "--min-panel", 0.6, "--force-scale").stderr
    assert "values are compared by their ranks among 250 genes" in log
    log = run("predict", tmp_path / "few.tsv", "-m", folder / "m.h5", "--values", "log", "--scale",
              "reference", "--platform", "small", "--min-panel", 0.63, "--force-scale",
              expect=3).stderr
    assert "has 250 of the 400 genes by whose ranks model sicmir compares platform small" in log


def test_threads_do_not_change_ranks(ranked, tmp_path):
    folder, *_ = ranked
    for threads in (1, 2):
        train("--pairs", folder / "pairs.tsv", "--min-panel", 0.3, "-o", tmp_path / "m.h5",
              "--validation", 0, "--threads", threads)
        assert (tmp_path / "m.h5").read_bytes() == (folder / "m.h5").read_bytes()
