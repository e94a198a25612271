# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir assemble` on small downloads with the usual dirt, and the full line behind it."""
import json

import numpy as np
import pandas as pd
import pytest

from gdc_tree import (GENES, MIRNAS, NEW_SHEET, OLD_SHEET, Tree, cohort_tree, isoform_text,
                      star_text, stemloop_text)
from program import SYMBOLS, run


def table(path):
    return pd.read_csv(path, sep="\t", index_col=0)


def assemble(tree, sheet, prefix, *arguments, expect=0):
    done = run("assemble", "--gdc", tree.folder, "--sample-sheet", sheet, "-o", prefix, *arguments,
               expect=expect)
    assert done.stdout == ""
    return done.stderr


def values(seed, zeros=0.2):
    random = np.random.default_rng(seed)
    result = np.round(random.gamma(1.0, 20.0, len(GENES)), 4)
    result[random.uniform(size=len(GENES)) < zeros] = 0
    return result


def upper_quartile(x):
    """The smallest non-zero value that is at least as large as 75 % of them."""
    x = np.sort(x[x > 0])
    return x[int(np.ceil(0.75 * len(x))) - 1]


TUMOUR = "TCGA-AA-1001-01A-11R-A111-07"
ACCESSION = MIRNAS["accession"][3]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "gdc")


def test_tables_hold_what_the_files_hold(tmp_path):
    tree, tpm, rpm = cohort_tree(tmp_path / "gdc")
    log = assemble(tree, tree.sheet(), tmp_path / "out")
    assert "42 samples (6 normal) of 36 patients in 2 cohorts" in log
    mrna, mirna = table(tmp_path / "out.mrna.tsv.gz"), table(tmp_path / "out.mirna.tsv.gz")
    samples = table(tmp_path / "out.samples.tsv")
    assert list(mrna.columns) == SYMBOLS + ["total_of_all_genes", "upper_quartile_of_all_genes"]
    assert list(mirna.columns) == list(MIRNAS["name"])
    assert set(mrna.index) == set(mirna.index) == set(samples.index) == set(tpm)
    for sample in mrna.index:
        np.testing.assert_allclose(mrna.loc[sample, SYMBOLS], tpm[sample][:977], rtol=1e-6)
        # N_* and PAR_Y lines count nowhere.
        assert mrna.loc[sample, "total_of_all_genes"] == pytest.approx(tpm[sample].sum())
        assert mrna.loc[sample, "upper_quartile_of_all_genes"] == pytest.approx(
            upper_quartile(tpm[sample]), rel=1e-6)
        by_accession = dict(zip(MIRNAS["accession"], mirna.loc[sample]))
        for accession, value in by_accession.items():
            # What a file does not list is 0, not missing.
            assert value == pytest.approx(rpm[sample].get(accession, 0.0), abs=2e-6)
    assert set(samples["type"]) == {"tumour", "normal"}
    assert (samples["type"] == "normal").equals(samples.index.to_series().str[13] == "1")
    assert set(samples["cohort"]) == {"BRCA", "LUAD"}
    assert samples["patient"].equals(samples.index.to_series().str[:12].rename("patient"))


@pytest.mark.parametrize("columns", [OLD_SHEET, NEW_SHEET, NEW_SHEET[::-1]])
def test_columns_of_sheets_are_found_by_name(tree, tmp_path, columns):
    tree.star(TUMOUR, values(1))
    tree.isoforms(TUMOUR, {ACCESSION: 7.0})
    assemble(tree, tree.sheet(columns=columns), tmp_path / "out")
    samples = table(tmp_path / "out.samples.tsv")
    assert samples.loc["TCGA-AA-1001-01", ["patient", "cohort", "type"]].tolist() == [
        "TCGA-AA-1001", "BRCA", "tumour"]


def test_one_aliquot_per_sample_and_assay(tree, tmp_path):
    """FFPE last, vial A first, then the highest plate; the choice is said with -v."""
    wanted = {}
    def put(patient, wanted_one, *aliquots):
        for i, (vial, plate, ffpe) in enumerate(aliquots):
            barcode = f"TCGA-AA-{patient}-01{vial}-11R-{plate}-07"
            seed = hash((patient, i)) % 1000
            tree.star(barcode, values(seed), ffpe=ffpe)
            if i == wanted_one:
                wanted[barcode[:15]] = values(seed)
        tree.isoforms(f"TCGA-AA-{patient}-01A-11R-A000-13", {ACCESSION: 1.0})
    put("2001", 1, ("B", "A999", False), ("A", "A100", False))
    put("2002", 0, ("B", "A100", False), ("A", "A200", True))
    put("2003", 2, ("A", "A100", False), ("A", "A09X", False), ("A", "A277", False))
    log = assemble(tree, tree.sheet(columns=[*NEW_SHEET, "Aliquot Submitter ID"]), tmp_path / "out",
                   "-v")
    assert "4 files repeat a sample" in log
    assert "TCGA-AA-2002-01B-11R-A100-07" in log
    mrna = table(tmp_path / "out.mrna.tsv.gz")
    for sample, expected in wanted.items():
        np.testing.assert_allclose(mrna.loc[sample, SYMBOLS], expected[:977], rtol=1e-6)


def test_only_pairs_are_written_and_controls_are_not(tree, tmp_path):
    tree.star(TUMOUR, values(1))
    tree.isoforms(TUMOUR, {ACCESSION: 7.0})
    tree.star("TCGA-AA-1002-01A-11R-A111-07", values(2))
    tree.isoforms("TCGA-AA-1003-01A-11R-A111-07", {ACCESSION: 7.0})
    tree.star("TCGA-AA-1004-20A-11R-A111-07", values(3))
    tree.isoforms("TCGA-AA-1004-20A-11R-A111-07", {ACCESSION: 7.0})
    tree.put("slide.svs", "x", "TCGA-AA-1005-01A-11R-A111-07")
    log = assemble(tree, tree.sheet(), tmp_path / "out")
    assert "1 sample has mRNA only, 1 miRNA only" in log
    assert "1 control sample (types" in log
    assert "1 file of the sample sheet without expression" in log
    assert list(table(tmp_path / "out.mrna.tsv.gz").index) == ["TCGA-AA-1001-01"]


def test_older_workflows_and_stem_loops(tree, tmp_path):
    counts = np.round(values(5) * 10)
    text = "".join(f"{g}\t{int(v)}\n" for g, v in zip(GENES, counts))
    text += "__no_feature\t77777\n__ambiguous\t1\n__not_aligned\t0\n"
    fpkm = "".join(f"{g}\t{v}\n" for g, v in zip(GENES, values(6)))
    tree.put("aa.htseq.counts.gz", text, TUMOUR)
    tree.put("aa.FPKM.txt.gz", fpkm, TUMOUR)
    tree.put("bb.mirbase21.mirnas.quantification.txt",
             stemloop_text({"hsa-mir-21": 5.5, "hsa-let-7a-1": 0.0}), TUMOUR)
    log = assemble(tree, tree.sheet(), tmp_path / "fpkm")
    assert "1 mRNA file of the workflow htseq passed over" in log
    np.testing.assert_allclose(table(tmp_path / "fpkm.mrna.tsv.gz").iloc[0][SYMBOLS],
                               values(6)[:977], rtol=1e-6)
    stemloops = table(tmp_path / "fpkm.stemloop.tsv.gz")
    assert stemloops.iloc[0].to_dict() == {"hsa-mir-21": 5.5, "hsa-let-7a-1": 0.0}
    assert not (tmp_path / "fpkm.mirna.tsv.gz").exists()
    assemble(tree, tree.sheet(), tmp_path / "counts", "--workflow", "htseq")
    found = table(tmp_path / "counts.mrna.tsv.gz").iloc[0]
    np.testing.assert_array_equal(found[SYMBOLS], counts[:977])
    assert found["total_of_all_genes"] == counts.sum()


def test_all_genes_and_other_columns(tree, tmp_path):
    tree.star(TUMOUR, values(1))
    tree.isoforms(TUMOUR, {ACCESSION: 7.0})
    assemble(tree, tree.sheet(), tmp_path / "out", "--all-genes", "--column", "unstranded")
    mrna = table(tmp_path / "out.mrna.tsv.gz")
    assert list(mrna.columns) == GENES
    np.testing.assert_array_equal(mrna.iloc[0], [int(v * 10) for v in values(1)])
    log = assemble(tree, tree.sheet(), tmp_path / "no", "--column", "tpm", expect=3)
    assert "names no column 'tpm'" in log and "tpm_unstranded" in log


def test_broken_files_are_named_all_at_once(tree, tmp_path):
    whole = star_text(values(1))
    broken = {
        "empty": "", "header only": "\n".join(whole.split("\n")[:2]) + "\n",
        "cut between lines": "\n".join(whole.split("\n")[:1200]) + "\n",
        "cut within a line": whole[:len(whole) // 2],
        "an error page": '{"message": "The GDC API is down"}\n',
        "no number": whole.replace("\tprotein_coding\t", "\tprotein_coding\tx\t", 1),
    }
    tree.star("TCGA-AA-0001-01A-11R-A111-07", values(1))
    tree.isoforms("TCGA-AA-0001-01A-11R-A111-07", {ACCESSION: 1.0})
    paths = []
    for i, (what, text) in enumerate(broken.items()):
        barcode = f"TCGA-AA-{i + 1000}-01A-11R-A111-07"
        paths.append(tree.put(f"{i}.rna_seq.augmented_star_gene_counts.tsv", text, barcode))
        tree.isoforms(barcode, {ACCESSION: 1.0})
    isoforms = [isoform_text({ACCESSION: 1.0})[:200], ""]
    for i, text in enumerate(isoforms):
        barcode = f"TCGA-AA-{i + 2000}-01A-11R-A111-07"
        tree.star(barcode, values(i))
        paths.append(tree.put(f"{i}.mirbase21.isoforms.quantification.txt", text, barcode))
    tree.star("TCGA-AA-3000-01A-11R-A111-07", values(1)).unlink()
    tree.isoforms("TCGA-AA-3000-01A-11R-A111-07", {ACCESSION: 1.0})
    log = assemble(tree, tree.sheet(), tmp_path / "out", expect=3)
    assert f"{len(paths) + 1} files cannot be used" in log
    for path in paths:
        assert str(path) in log
    assert "is not there" in log and "is empty" in log and "cut short" in log
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gdc", "gdc_sample_sheet.2026-01-01.tsv"]
    log = assemble(tree, tree.sheet(), tmp_path / "out", "--skip-broken")
    assert log.count("left out: ") == len(paths) + 1
    assert list(table(tmp_path / "out.mrna.tsv.gz").index) == ["TCGA-AA-0001-01"]


def test_a_damaged_gzip_file_is_named(tree, tmp_path):
    path = tree.put("aa.FPKM.txt.gz", "".join(f"{g}\t1.5\n" for g in GENES), TUMOUR)
    tree.isoforms(TUMOUR, {ACCESSION: 1.0})
    path.write_bytes(path.read_bytes()[:-20])
    assert str(path) in assemble(tree, tree.sheet(), tmp_path / "out", expect=3)


def test_what_is_no_sample_sheet_is_refused(tree, tmp_path):
    tree.star(TUMOUR, values(1))
    manifest = tmp_path / "gdc_manifest.txt"
    manifest.write_text("id\tfilename\tmd5\tsize\tstate\nx\ty\tz\t1\treleased\n")
    log = assemble(tree, manifest, tmp_path / "out", expect=3)
    assert "names no column 'File ID'" in log and "sample sheet" in log
    sheet = tree.sheet()
    sheet.write_text(sheet.read_text().rstrip("\n").rsplit("\t", 3)[0] + "\n")
    assert "line 2 has" in assemble(tree, sheet, tmp_path / "out", expect=3)
    assert "is not a directory" in run("assemble", "--gdc", tmp_path / "no", "--sample-sheet", sheet,
                                 "-o", tmp_path / "x", expect=3).stderr


def test_nothing_but_one_kind_is_an_error(tree, tmp_path):
    tree.star(TUMOUR, values(1))
    log = assemble(tree, tree.sheet(), tmp_path / "out", expect=3)
    assert "no sample with both mRNA (star) and miRNA" in log


def test_the_full_line(tmp_path):
    """assemble, train, predict, evaluate: what one writes the next one reads."""
    tree, tpm, rpm = cohort_tree(tmp_path / "gdc", n_patients=60)
    prefix = tmp_path / "tcga"
    assemble(tree, tree.sheet(), prefix)
    log = run("train", "--mrna", f"{prefix}.mrna.tsv.gz", "--mirna", f"{prefix}.mirna.tsv.gz",
              "--samples", f"{prefix}.samples.tsv", "-o", tmp_path / "m.h5", "--hidden", "48,32",
              "--epochs", 30, "--batch", 16, "--cross-validate", 3).stderr
    assert "70 paired samples of 60 patients in 2 cohort(s)" in log
    run("predict", f"{prefix}.mrna.tsv.gz", "-m", tmp_path / "m.h5", "--scale", "reference",
        "-o", tmp_path / "predicted.h5ad")
    run("evaluate", tmp_path / "predicted.h5ad", f"{prefix}.mirna.tsv.gz", "--measured-values",
        "rpm", "-m", tmp_path / "m.h5", "--samples", f"{prefix}.samples.tsv", "-o",
        tmp_path / "mirnas.tsv", "--json", tmp_path / "scores.json")
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["n_samples"] == 70 and scores["n_mirnas"] == 40
    # The model has seen these samples; miRNAs follow the genes, and so should predictions.
    assert scores["medians"]["within_cohort"]["per_mirna"]["pearson"]["median"] > 0.6


def test_the_panel_with_its_totals_predicts_as_all_genes_do(tmp_path, model):
    """Totals and quartiles of all genes travel with the panel: the unit is the same."""
    tree, *_ = cohort_tree(tmp_path / "gdc", n_patients=4)
    sheet = tree.sheet()
    assemble(tree, sheet, tmp_path / "panel")
    assemble(tree, sheet, tmp_path / "all", "--all-genes")
    outputs = []
    for name in ("panel", "all"):
        outputs.append(run("predict", tmp_path / f"{name}.mrna.tsv.gz", "-m", model, "--values",
                           "linear", "--scale", "reference", "--force-scale").stdout)
    assert outputs[0] == outputs[1]
