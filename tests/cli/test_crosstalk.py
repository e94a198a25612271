# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir crosstalk`, from cells to tables and pictures, and its study of planted truth."""
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree

import anndata
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SANITIZE, SICMIR, SYMBOLS, run

GROUPS = ["B", "mono", "T"]
EV = list(pd.read_csv(PROJECT / "data" / "ev_genes.tsv", sep="\t", dtype=str)["symbol"])
OTHERS = [f"OTHER{i}" for i in range(600)]
GENES = SYMBOLS + [gene for gene in EV if gene not in SYMBOLS] + OTHERS
TARGETS = OTHERS[::15]  # of the miRNA that is sent


def cells_of(n_samples, lowered=(), factor=0.35, genes=GENES, seed=8, conditions=("normal",)):
    """One cell per profile, of as many molecules as a sum has; `lowered`: genes that are low in T."""
    random = np.random.default_rng(seed)
    base = random.gamma(2.0, 40.0, len(genes)) + 20
    program = {group: np.exp(random.normal(0, 1.0, len(genes))) for group in GROUPS}
    for values in program.values():
        values[np.isin(genes, OTHERS)] = np.exp(random.normal(0, 0.1, np.isin(genes, OTHERS).sum()))
    counts, obs = [], []
    for sample in range(n_samples):
        condition = conditions[sample % len(conditions)]
        for group in GROUPS:
            mean = base * program[group] * np.exp(random.normal(0, 0.1, len(genes)))
            if group == "T" and condition == conditions[-1]:
                mean[np.isin(genes, list(lowered))] *= factor
            counts.append(random.poisson(mean))
            obs.append((f"s{sample + 1}", group, condition))
    obs = pd.DataFrame(obs, columns=["sample", "cell_type", "disease"], index=[f"c{i}" for i in range(len(obs))])
    return anndata.AnnData(np.array(counts, dtype=np.float32), obs=obs, dtype=np.float32,
                           var=pd.DataFrame(index=genes))


def profiles_of(folder, model, cells, name="profiles.h5mu"):
    cells.write_h5ad(folder / "cells.h5ad")
    run("profile", folder / "cells.h5ad", "-m", model, "--group-by", "cell_type", "--sample", "sample",
        "--condition", "disease", "--min-cells", 1, "--min-counts", 1, "-o", folder / name)
    return folder / name


def table(text):
    return pd.read_csv(io.StringIO(text), sep="\t", keep_default_na=False, na_values=["NaN"])


def mirna_lines(mirnas, sent):
    """Targets: those above for the miRNA that is sent, others for the rest."""
    random = np.random.default_rng(3)
    lines = ["miRNA\tTarget Gene"]
    for mirna in mirnas:
        genes = TARGETS if mirna == sent else list(random.choice(OTHERS, 40, replace=False))
        lines += [f"{mirna}\t{gene}" for gene in genes]
    return "\n".join(lines) + "\n"


class Case:
    """Profiles, a table of targets, and the triple that was planted in them."""

    def __init__(self, folder, model):
        plain = profiles_of(folder, model, cells_of(6), "plain.h5mu")
        found = table(run("markers", plain, "--labels-from", "sorting", "--min-difference", 0).stdout)
        b = found[found["group"] == "B"]  # most surely above both others
        self.mirna = b.sort_values("rival_difference_z").iloc[-1]["mirna"]
        self.excess = b["rival_difference_z"].max()
        mirnas = sorted(set(found["mirna"]))
        self.targets = folder / "targets.tsv"
        self.targets.write_text(mirna_lines(mirnas, self.mirna))
        self.profiles = profiles_of(folder, model, cells_of(6, TARGETS))
        self.conditions = profiles_of(folder, model, cells_of(8, TARGETS, conditions=("normal", "tumour")),
                                      "conditions.h5mu")
        self.plain = plain

    def run(self, *arguments, profiles=None, **options):
        return run("crosstalk", profiles or self.profiles, "--targets", self.targets, *arguments, **options)


@pytest.fixture(scope="module")
def case(model, tmp_path_factory):
    return Case(tmp_path_factory.mktemp("crosstalk"), model)


SORTED = ("--labels-from", "sorting", "--min-excess", 0.1)


def test_the_planted_pair_is_called_and_nothing_where_none_was_planted(case):
    done = case.run(*SORTED)
    found = table(done.stdout)
    called = found[found["fdr"] <= 0.05]
    first = called.iloc[0]
    assert (first["mirna"], first["receiver"]) == (case.mirna, "T")
    assert "B" in set(called["sender"]) and set(called["mirna"]) == {case.mirna}
    assert first["deficit_log2"] == pytest.approx(-np.log2(0.35), abs=0.25) and first["n_targets"] == len(TARGETS)
    assert (found["p"].fillna(1) >= found[["p_sender", "p_deficit_samples", "p_deficit_sets"]].max(axis=1) - 1e-9).all()
    assert "120 tested" in done.stderr  # 20 miRNAs, 6 ordered pairs
    assert "receiver to sender: 0 of" in done.stderr and "shuffled" in done.stderr
    assert "nothing here shows that a miRNA travels" in done.stderr
    nothing = table(case.run(*SORTED, profiles=case.plain).stdout)
    assert not (nothing["fdr"] <= 0.05).any()


def test_threads_change_nothing_and_json_has_the_same_numbers(case, tmp_path):
    one = case.run(*SORTED, "--all", "--threads", 1).stdout
    assert case.run(*SORTED, "--all", "--threads", 3).stdout == one
    case.run(*SORTED, "--all", "-o", tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    lines = table(one)
    assert len(lines) == found["n_triples"] == 120 == found["n_tests"]
    for column in ("score", "p", "fdr", "deficit_log2"):
        np.testing.assert_allclose(lines[column], [triple[column] for triple in found["triples"]], rtol=1e-5)
    assert [genes["found"] for genes in found["gene_sets"]] == [25, 12]
    assert found["controls"]["shuffles"] == 20 and found["controls"]["reverse_also_called"] == 0
    assert "nothing here shows" in found["what"] and found["targets"]["evidence"] == "predicted"


def test_by_default_only_compatible_triples_are_written(case):
    every = table(case.run(*SORTED, "--all").stdout)
    some = table(case.run(*SORTED).stdout)
    keep = (every[["excess_over_receiver_z", "excess_over_others_z", "deficit_log2"]] > 0).all(axis=1)
    assert len(some) == keep.sum() < len(every)
    assert (some["p"].dropna().diff().dropna() >= 0).all()


def test_clusters_get_scores_and_no_stars(case):
    done = case.run("--all")
    found = table(done.stdout)
    assert found["p"].isna().all() and found["fdr"].isna().all() and (found["score"] > 0).any()
    assert "--labels-from" in done.stderr


def test_the_net_of_groups_is_the_sum_of_the_scores(case, tmp_path):
    found = table(case.run(*SORTED, "--all", "--net", tmp_path / "net.tsv").stdout)
    net = pd.read_csv(tmp_path / "net.tsv", sep="\t").set_index("group")
    assert list(net.index) == sorted(GROUPS)
    for group in GROUPS:
        out, inward = (found.loc[found[side] == group, "score"].sum() for side in ("sender", "receiver"))
        assert net.loc[group, "score_out"] == pytest.approx(out, rel=1e-4)
        assert net.loc[group, "score_in"] == pytest.approx(inward, rel=1e-4)
        assert net.loc[group, "score_net"] == pytest.approx(out - inward, rel=1e-3, abs=1e-6)
    called = found[found["fdr"] <= 0.05]
    assert net["called_out"].sum() == net["called_in"].sum() == len(called)


def test_pictures_are_xml_and_name_what_they_show(case, tmp_path):
    case.run(*SORTED, "--dots", tmp_path / "dots.svg", "--heatmap", tmp_path / "heat.svg")
    text = "{http://www.w3.org/2000/svg}text"
    dots = [element.text for element in xml.etree.ElementTree.parse(tmp_path / "dots.svg").getroot().iter(text)]
    assert case.mirna in dots and "B → T" in dots
    heat = [element.text for element in xml.etree.ElementTree.parse(tmp_path / "heat.svg").getroot().iter(text)]
    assert heat.count("mono") == 2 and any("travels" in words for words in heat)


def test_conditions_are_compared(case):
    found = table(case.run(*SORTED, "--condition", "tumour", "--reference", "normal", "--all",
                           profiles=case.conditions).stdout)
    one = found[(found["mirna"] == case.mirna) & (found["sender"] == "B") & (found["receiver"] == "T")].iloc[0]
    assert one["deficit_log2"] == pytest.approx(-np.log2(0.35), abs=0.3) and one["p_deficit_samples"] < 1e-3
    assert one["score"] > one["score_reference"] and abs(one["excess_over_receiver_z"]) < 0.5 * case.excess + 0.5
    error = case.run("--condition", "tumour", profiles=case.conditions, expect=2).stderr
    assert "--reference" in error
    error = case.run("--condition", "tumour", "--reference", "norml", profiles=case.conditions, expect=2).stderr
    assert "Did you mean 'normal'?" in error


def test_profiles_without_genes_of_vesicles_or_without_counts_are_refused(case, model, tmp_path):
    genes = [gene for gene in GENES if gene not in EV[:20] or gene in SYMBOLS]
    few = profiles_of(tmp_path, model, cells_of(4, genes=genes))
    error = case.run(*SORTED, profiles=few, expect=3).stderr
    assert "of the 25 genes of extracellular vesicle biogenesis (GO:0140112)" in error and "15 are needed" in error
    assert "ARRDC1" in error and str(few) in error
    exported = profiles_of(tmp_path, model, cells_of(4), "p.h5ad")
    error = case.run(*SORTED, profiles=exported, expect=3).stderr
    assert ".h5mu" in error


def test_tables_of_targets_that_are_of_no_use_are_refused(case, tmp_path):
    few = tmp_path / "few.tsv"
    few.write_text(f"miRNA\tTarget Gene\n{case.mirna}\tOTHER1\n{case.mirna}\tOTHER2\n")
    error = run("crosstalk", case.profiles, "--targets", few, expect=3).stderr
    assert "no miRNA has 10 targets" in error and "--min-targets" in error
    inside = tmp_path / "inside.tsv"
    inside.write_text("miRNA\tTarget Gene\n" + "".join(f"{case.mirna}\t{gene}\n" for gene in SYMBOLS[:50]))
    done = run("crosstalk", case.profiles, "--targets", inside, expect=3)
    assert "50 whose target is among the model's genes (circular)" in done.stderr
    assert "is an input" in case.run("-o", case.targets, expect=2).stderr
    assert case.run("--net", tmp_path / "missing" / "x.tsv", expect=5).stdout == ""


@pytest.mark.skipif(SANITIZE != "", reason="a study of figures, and slow")
def test_planted_truth_is_found_and_wrong_pairs_are_not(bundled):
    """Ten data sets of the study, with six samples."""
    done = subprocess.run([sys.executable, PROJECT / "scripts" / "study_crosstalk.py", SICMIR, "--repeats", "10",
                           "--samples", "6"], capture_output=True, text=True, check=True)
    figures = {words: float(value) for words, value in re.findall(
        r"(against sets |both |with a call at FDR 0.05: |power |false discoveries )([\d.]+)", done.stdout)}
    assert 0.01 < figures["against sets "] < 0.06 and figures["both "] < 0.06, done.stdout
    assert figures["with a call at FDR 0.05: "] <= 0.1, done.stdout
    assert figures["power "] > 0.4 and figures["false discoveries "] < 0.05, done.stdout
