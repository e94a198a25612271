# SPDX-License-Identifier: BSD-3-Clause
"""Tables as programs, repositories and spreadsheets write them: aligners, counting programs, R, Excel, GEO. The
right answer of each was written before it was tried: the predictions of the same values in a plain table, with the
names of the samples, or a refusal. No option is given but --scale dataset, so that what the values are is judged, too.
SICMIR_USERS_TABLES=FILE makes the last test write what came out of each."""
import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest

from program import LANDMARKS, PROJECT, SYMBOLS, run

SAMPLES = ["Ctrl_1", "Ctrl_2", "Ctrl_3", "Ctrl_4", "KD_1", "KD_2", "KD_3", "KD_4", "KD_5", "KD_6"]
BARCODES = [f"AAACCTGAGAA{a}{b}{c}CC-1" for a in "ACG" for b in "GT" for c in "AT"]
KNOWN = pd.read_csv(PROJECT / "data" / "gene_moments.tsv", sep="\t", comment="#", dtype=str)
OTHERS = ["A1BG", "A1CF", "A2M", "NAT1", "ZZEF1", "MT-ND1", "MT-CO1", "HLA-DRB6", "MARCHF1", "SEPTIN2", "C1orf112",
          "AC004556.1", "RP11-34P13.7", "LINC01409", "IGHV3-23", "7SK", "Y_RNA", "snoU13"]
OTHERS += [f"ZNF{i}" for i in range(7000, 7200)]
GENES = SYMBOLS + OTHERS
ENSEMBL = {s: e.split("|")[0] for s, e in zip(LANDMARKS["symbol"], LANDMARKS["ensembl_id"])}
ENTREZ = dict(zip(LANDMARKS["symbol"], LANDMARKS["entrez_id"]))
CASES = {}
OUTCOMES = os.environ.get("SICMIR_USERS_TABLES")
VALUES = {"bulk": "counts", "cells": "counts", "tpm": "linear", "fpkm": "linear", "cpm": "linear", "log": "log",
          "logcpm": "log", "seurat": "log", "z": "zscore", "soft": "counts", "array": "log"}


def ensembl(gene, version=""):
    known = ENSEMBL.get(gene)
    return (known or f"ENSG000009{OTHERS.index(gene):05}") + version


def entrez(gene):
    return ENTREZ.get(gene) or str(99000000 + OTHERS.index(gene))


class Plain:
    """Genes as lines. `bulk`: counts of samples; `cells`: of cells; the others are made of them."""

    def __init__(self):
        random = np.random.default_rng(11)
        mean = np.exp(random.normal(4.5, 2.0, size=(len(GENES), 1)))
        gamma = random.gamma(4, 0.25, size=(len(GENES), len(SAMPLES)))
        self.bulk = pd.DataFrame(random.poisson(mean * gamma), index=GENES, columns=SAMPLES)
        self.bulk.index.name = "gene"
        few = random.gamma(0.5, 4.0, size=(len(GENES), 1)) + 0.05
        self.cells = pd.DataFrame(random.poisson(few * random.uniform(0.5, 2, size=(1, 12))), index=GENES,
                                  columns=BARCODES)
        self.length = pd.Series(random.integers(400, 9000, len(GENES)), index=GENES)
        self.cpm = self.bulk / self.bulk.sum() * 1e6
        rate = self.bulk.div(self.length, axis=0)
        self.tpm = rate / rate.sum() * 1e6
        self.fpkm = rate / self.bulk.sum() * 1e9
        self.log = np.log2(self.tpm + 1)
        size = self.bulk.sum()
        prior = 2 * size / size.mean()
        self.logcpm = np.log2((self.bulk + prior) / (size + 2 * prior) * 1e6)  # edgeR's cpm(log=TRUE)
        self.seurat = np.log1p(self.cells / self.cells.sum() * 1e4)
        self.z = self.log.sub(self.log.mean(axis=1), axis=0).div(self.log.std(axis=1).replace(0, 1), axis=0)
        self.soft = self.bulk
        self.array = np.log2(self.fpkm + 32)


def case(name, kind="bulk", names=None, options=()):
    """A function (plain, folder) -> path of a table whose values are those of `kind`. `names`: of the samples, if
    not those of the plain table."""
    def add(make):
        assert name not in CASES, name
        CASES[name] = (make, kind, names, None, list(options))
        return make
    return add


def refusal(name, *words, options=(), code=3):
    def add(make):
        assert name not in CASES, name
        CASES[name] = (make, None, None, (code, words), list(options))
        return make
    return add


def text(folder, content, name="table.txt", encoding="utf-8"):
    path = folder / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(content.encode(encoding))
    return path


def tsv(table, **options):
    return table.to_csv(sep="\t", **{"index_label": "gene", **options})


def fixed(table, digits):
    return table.applymap(lambda x: f"{x:.{digits}f}")


def lead(table, **columns):
    """With columns before the values."""
    table = table.copy()
    for i, (name, values) in enumerate(columns.items()):
        table.insert(i, name, values)
    return table


# R ----------------------------------------------------------------------------------------------------------------

@case("R: write.table(x): blanks, quotes, header one short")
def _(p, f):
    lines = [" ".join(f'"{s}"' for s in SAMPLES)]
    lines += [f'"{g}" ' + " ".join(map(str, row)) for g, row in zip(GENES, p.bulk.to_numpy())]
    return text(f, "\n".join(lines) + "\n")
@case("R: write.table(quote=FALSE, sep='\\t')")
def _(p, f): return text(f, "\t".join(SAMPLES) + "\n" + tsv(p.bulk, header=False))
@case("R: write.table(col.names=NA)")
def _(p, f): return text(f, '""\t' + "\t".join(f'"{s}"' for s in SAMPLES) + "\n" +
                         "".join(f'"{g}"\t' + "\t".join(map(str, r)) + "\n" for g, r in zip(GENES, p.bulk.to_numpy())))
@case("R: write.csv(x)")
def _(p, f): return text(f, p.bulk.to_csv(index_label="", quoting=2), "table.csv")
@case("R: write.csv2(x), decimal commas", "tpm")
def _(p, f): return text(f, p.tpm.round(6).to_csv(sep=";", decimal=",", index_label="", quoting=2), "table.csv")
@case("R: write.csv(row.names=FALSE) with a column of genes and one of line numbers")
def _(p, f):
    table = p.bulk.reset_index()
    table.insert(0, "X", range(1, len(table) + 1))
    return text(f, table.to_csv(index=False, quoting=2), "table.csv")
@case("R: names checked, samples that begin with digits", names=[f"X{i}.Ctrl" for i in range(1, 11)])
def _(p, f): return text(f, p.bulk.set_axis([f"X{i}.Ctrl" for i in range(1, 11)], axis=1).to_csv())
@case("R: t(x), samples as lines")
def _(p, f): return text(f, p.bulk.T.to_csv(index_label="", quoting=2), "table.csv")
@case("R: 15 digits", "tpm")
def _(p, f): return text(f, tsv(p.tpm.applymap(lambda x: f"{x:.15g}")))
@case("R: 1e+05 among whole numbers")
def _(p, f): return text(f, tsv(p.bulk.applymap(lambda x: f"{x:.0e}" if 0 < x < 1000 and x % 100 == 0 else str(x))))
@refusal("R: NA in the counts", "NA")
def _(p, f):
    table = p.bulk.astype(object)
    table.iloc[3, 3] = "NA"
    return text(f, tsv(table))
@case("R: data.table::fwrite")
def _(p, f): return text(f, p.bulk.reset_index().rename(columns={"gene": "rn"}).to_csv(index=False), "table.csv")
@case("R: readr::write_tsv of a tibble with symbol and id")
def _(p, f): return text(f, lead(p.bulk, ensembl_gene_id=[ensembl(g) for g in GENES]).reset_index().rename(
    columns={"gene": "hgnc_symbol"}).to_csv(sep="\t", index=False))
@case("R: row names are line numbers, quoted")
def _(p, f):
    table = p.bulk.reset_index()
    table.index = [str(i + 1) for i in range(len(table))]
    return text(f, table.to_csv(quoting=2, index_label=""), "table.csv")

# pandas and scanpy ------------------------------------------------------------------------------------------------

@case("pandas: to_csv of cells x genes", "cells")
def _(p, f): return text(f, p.cells.T.to_csv(), "table.csv")
@case("scanpy: to_df() with obs columns joined", "cells")
def _(p, f):
    table = p.cells.T.copy()
    table["n_genes_by_counts"] = (table > 0).sum(axis=1)
    table["total_counts"] = p.cells.sum()
    table["pct_counts_mt"] = 4.2
    table["leiden"] = ["0", "1", "2"] * 4
    return text(f, table.to_csv(), "table.csv")
@case("pandas: float counts", "cells")
def _(p, f): return text(f, p.cells.T.astype(float).to_csv(), "table.csv")
@case("pandas: MultiIndex of id and symbol")
def _(p, f):
    table = p.bulk.copy()
    table.index = pd.MultiIndex.from_arrays([[ensembl(g) for g in GENES], GENES], names=["gene_id", "gene_name"])
    return text(f, table.to_csv(), "table.csv")
@refusal("pandas: MultiIndex columns of condition and sample", "line 2")
def _(p, f):
    table = p.bulk.copy()
    table.columns = pd.MultiIndex.from_arrays([[s.split("_")[0] for s in SAMPLES], SAMPLES])
    return text(f, table.to_csv(), "table.csv")
@case("pandas: index_label and a columns' name")
def _(p, f): return text(f, p.bulk.rename_axis(index="Gene Symbol", columns="Sample").to_csv(sep="\t"))
@case("pandas: log1p of scanpy, cells x genes", "seurat")
def _(p, f): return text(f, p.seurat.T.to_csv(), "table.csv")
@case("pandas: float32 text of log1p", "seurat")
def _(p, f): return text(f, p.seurat.T.astype(np.float32).to_csv(), "table.csv")

# Spreadsheets ------------------------------------------------------------------------------------------------------

@case("Excel: semicolons, CRLF and a byte-order mark")
def _(p, f): return text(f, "\ufeff" + p.bulk.to_csv(sep=";").replace("\n", "\r\n"), "table.csv")
@case("Excel: semicolons, decimal commas, CRLF", "tpm")
def _(p, f): return text(f, p.tpm.round(4).to_csv(sep=";", decimal=",").replace("\n", "\r\n"), "table.csv")
@case("Excel: text, tabs, decimal commas", "tpm")
def _(p, f): return text(f, fixed(p.tpm, 2).applymap(lambda x: x.replace(".", ",")).to_csv(sep="\t"))
@case("Excel: empty columns behind the table")
def _(p, f): return text(f, p.bulk.to_csv().replace("\n", ",,,\n"), "table.csv")
@case("Excel: empty lines below the table")
def _(p, f): return text(f, p.bulk.to_csv() + "," * 10 + "\n" + "," * 10 + "\n", "table.csv")
@case("Excel: a title in A1, an empty line")
def _(p, f): return text(f, "Table S2: raw counts" + "," * 10 + "\n" + "," * 10 + "\n" + p.bulk.to_csv(), "table.csv")
@case("Excel: three lines of notes above")
def _(p, f): return text(f, "Project,Knock-down" + "," * 9 + "\nDate,2021-03-01" + "," * 9 + "\n" + "," * 10 + "\n" +
                         p.bulk.to_csv(), "table.csv")
@case("Excel: groups merged above the samples")
def _(p, f): return text(f, ",Control,,,,Knock-down,,,,,\n" + p.bulk.to_csv(), "table.csv")
@case("Excel: dates for MARCH and SEPT genes")
def _(p, f): return text(f, p.bulk.rename({"MARCHF1": "1-Mar", "SEPTIN2": "2-Sep"}).to_csv(), "table.csv")
@case("Excel: dates twice")
def _(p, f): return text(f, p.bulk.rename({"MARCHF1": "1-Mar", "SEPTIN2": "1-Mar"}).to_csv(), "table.csv")
@case("Excel: dates in ISO form and as numbers")
def _(p, f): return text(f, p.bulk.rename({"MARCHF1": "2021-03-01", "SEPTIN2": "44256"}).to_csv(), "table.csv")
@case("Excel: a first gene that became a date")
def _(p, f):
    order = ["MARCHF1"] + [g for g in GENES if g != "MARCHF1"]
    return text(f, p.bulk.loc[order].rename({"MARCHF1": "01.03.2021"}).to_csv(sep=";"), "table.csv")
@case("Excel: text with sep= in its first line")
def _(p, f): return text(f, "sep=;\n" + p.bulk.to_csv(sep=";"), "table.csv")
@case("Excel: numbers with a blank behind")
def _(p, f): return text(f, p.bulk.astype(str).add(" ").to_csv(), "table.csv")
@refusal("Excel: thousands with commas in quotes", "--thousands")
def _(p, f): return text(f, p.bulk.clip(upper=99999).applymap(lambda x: f"{x:,}").to_csv(), "table.csv")
@refusal("Excel: thousands with blanks", "1 ")
def _(p, f): return text(f, p.bulk.applymap(lambda x: f"{x:,}".replace(",", " ")).to_csv(sep=";"), "table.csv")
@refusal("Excel: #REF! in a cell", "#REF!")
def _(p, f):
    table = p.bulk.astype(object)
    table.iloc[20, 4] = "#REF!"
    return text(f, table.to_csv(), "table.csv")
@refusal("Excel: an empty cell")
def _(p, f):
    table = p.bulk.astype(object)
    table.iloc[20, 4] = ""
    return text(f, table.to_csv(), "table.csv")
@case("Excel: numbers rounded to 1,23E+05 by its display", "tpm")
def _(p, f): return text(f, p.tpm.applymap(lambda x: f"{x:.6E}".replace(".", ",")).to_csv(sep=";"), "table.csv")
@case("Excel: a line of averages below", "tpm")
def _(p, f): return text(f, pd.concat([p.tpm, p.tpm.mean().to_frame("Average").T]).to_csv(), "table.csv")
@case("Excel: means and standard deviations behind the samples")
def _(p, f): return text(f, p.bulk.assign(Mean=p.bulk.mean(axis=1), SD=p.bulk.std(axis=1)).to_csv(), "table.csv")
@case("Excel: means of the groups behind the samples", "tpm")
def _(p, f): return text(f, p.tpm.assign(**{"Mean Ctrl": p.tpm.iloc[:, :4].mean(axis=1),
                                            "Mean KD": p.tpm.iloc[:, 4:].mean(axis=1)}).to_csv(), "table.csv")
@case("Excel: saved as UTF-16 text is refused or read")
def _(p, f): return text(f, p.bulk.to_csv(sep="\t"), encoding="utf-16")
CASES["Excel: saved as UTF-16 text is refused or read"] = (
    *CASES["Excel: saved as UTF-16 text is refused or read"][:3], (3, ("UTF-16",)), [])

@case("Excel: means and deviations of groups between the samples", "tpm")
def _(p, f):
    table = p.tpm.copy()
    for at, name, of in ((4, "Ctrl", SAMPLES[:4]), (12, "KD", SAMPLES[4:])):
        table.insert(at, f"{name}_mean", p.tpm[of].mean(axis=1))
        table.insert(at + 1, f"{name}_sd", p.tpm[of].std(axis=1))
    return text(f, fixed(table, 2).to_csv(sep=";"), "table.csv")
@case("Excel: sums of groups behind the samples, called by the group")
def _(p, f): return text(f, p.bulk.assign(Ctrl=p.bulk.iloc[:, :4].sum(axis=1), KD=p.bulk.iloc[:, 4:].sum(axis=1)).to_csv(), "t.csv")
@case("Excel: means called by the group alone", "log")
def _(p, f): return text(f, p.log.assign(Ctrl=p.log.iloc[:, :4].mean(axis=1), KD=p.log.iloc[:, 4:].mean(axis=1)).to_csv(), "t.csv")
@case("the same sample twice is no mean", names=[*SAMPLES, "KD_6b"])
def _(p, f): return text(f, p.bulk.assign(KD_6b=p.bulk["KD_6"]).to_csv(), "t.csv")
CASES.pop("the same sample twice is no mean")
@case("Excel: merged cells of two lines above the samples")
def _(p, f): return text(f, ";Batch 1;;;;;Batch 2;;;;\n;Ctrl;;;;KD;;;;;\n" + p.bulk.to_csv(sep=";"), "t.csv")
@case("BioMart's columns behind the samples")
def _(p, f): return text(f, p.bulk.assign(chromosome_name=["1", "2", "7", "X", "MT"] * 239, start_position=11869,
                                          end_position=14409, strand=[1, -1, 1, 1, 1] * 239,
                                          percentage_gene_gc_content=41.2, gene_biotype="protein_coding").to_csv(), "t.csv")
@case("one sample is called start", names=["start", *SAMPLES[1:]])
def _(p, f): return text(f, p.bulk.set_axis(["start", *SAMPLES[1:]], axis=1).to_csv(), "t.csv")

# Counting programs -------------------------------------------------------------------------------------------------

BAMS = [f"/data/run 1/{s}_Aligned.sortedByCoord.out.bam" for s in SAMPLES]

@case("featureCounts", names=BAMS)
def _(p, f):
    table = lead(p.bulk.set_axis(BAMS, axis=1), Chr="chr1;chr1", Start="100;900", End="200;1300", Strand="+;+",
                 Length=p.length)
    return text(f, '# Program:featureCounts v2.0.3; Command:"featureCounts" "-T" "8" "-a" "g.gtf" "-o" "c.txt"\n' +
                tsv(table, index_label="Geneid"))
@case("featureCounts with gene names", names=BAMS)
def _(p, f):
    table = lead(p.bulk.set_axis(BAMS, axis=1), Chr="chr1", Start="100", End="200", Strand="+", Length=p.length,
                 gene_name=GENES, gene_biotype="protein_coding")
    table.index = [ensembl(g, ".4") for g in GENES]
    return text(f, "# Program:featureCounts v1.6.4\n" + tsv(table, index_label="Geneid"))
@case("featureCounts of one chromosome each, Length alone kept")
def _(p, f): return text(f, tsv(lead(p.bulk, Length=p.length), index_label="Geneid"))
@case("featureCounts --countReadPairs with fractions", "soft")
def _(p, f):
    table = (p.bulk + 0.0)
    return text(f, "# Program:featureCounts v2.0.1\n" +
                tsv(lead(fixed(table, 2), Chr="1", Start="1", End="2", Strand="-", Length=p.length), index_label="Geneid"))
@case("HTSeq, merged")
def _(p, f):
    more = pd.DataFrame([[5120] * 10, [811] * 10, [0] * 10, [17] * 10, [90] * 10], columns=SAMPLES,
                        index=["__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique"])
    return text(f, tsv(pd.concat([p.bulk.rename(ensembl), more])))
@case("HTSeq, merged, without underscores")
def _(p, f):
    more = pd.DataFrame([[512000] * 10, [81100] * 10], columns=SAMPLES, index=["no_feature", "ambiguous"])
    return text(f, tsv(pd.concat([p.bulk, more])))
@refusal("HTSeq of one sample: no header")
def _(p, f): return text(f, tsv(p.bulk[["Ctrl_1"]].rename(ensembl), header=False))
@case("HTSeq of one sample with a header", "bulk1")
def _(p, f): return text(f, tsv(p.bulk[["Ctrl_1"]].rename(ensembl)))
CASES.pop("HTSeq of one sample with a header")  # one sample cannot be standardised against itself
@case("STAR GeneCounts merged, with N_ lines")
def _(p, f):
    more = pd.DataFrame(70000, index=["N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"], columns=SAMPLES)
    return text(f, tsv(pd.concat([more, p.bulk.rename(ensembl)])))
@refusal("salmon quant.genes.sf of one sample", "quantities of one sample")
def _(p, f):
    return text(f, tsv(pd.DataFrame({"Length": p.length, "EffectiveLength": p.length - 150.5, "TPM": p.tpm["KD_1"],
                                     "NumReads": p.bulk["KD_1"]}), index_label="Name"), "quant.genes.sf")
@case("salmon quantmerge NumReads", "soft")
def _(p, f): return text(f, tsv(fixed(p.bulk, 3), index_label="Name"))
@case("salmon quantmerge TPM", "tpm")
def _(p, f): return text(f, tsv(fixed(p.tpm, 6), index_label="Name"))
@case("nf-core rnaseq salmon.merged.gene_counts.tsv", "soft")
def _(p, f): return text(f, tsv(lead(p.bulk + 0.0, gene_name=GENES).rename(ensembl), index_label="gene_id"))
@case("nf-core rnaseq salmon.merged.gene_tpm.tsv", "tpm")
def _(p, f): return text(f, tsv(lead(p.tpm, gene_name=GENES).rename(ensembl), index_label="gene_id"))
@case("nf-core rnaseq gene_lengths is no expression")
def _(p, f): return None
CASES.pop("nf-core rnaseq gene_lengths is no expression")
@refusal("kallisto abundance.tsv of one sample: transcripts")
def _(p, f):
    table = pd.DataFrame({"length": p.length, "eff_length": p.length - 150.0, "est_counts": p.bulk["KD_2"],
                          "tpm": p.tpm["KD_2"]})
    table.index = [f"ENST{i:011}.2" for i in range(len(GENES))]
    return text(f, tsv(table, index_label="target_id"))
@case("tximport of kallisto, counts scaled: fractions of counts", "soft", options=["--values", "counts"])
def _(p, f): return text(f, tsv(p.bulk + 0.0))
@refusal("tximport: abundance, counts and length side by side", "several quantities")
def _(p, f):
    return text(f, tsv(pd.concat([p.tpm.add_prefix("abundance."), p.bulk.add_prefix("counts."),
                                  p.bulk.add_prefix("length.") * 0 + 1000.5], axis=1)))
@case("RSEM merged expected_count, ids with symbols", "soft")
def _(p, f): return text(f, tsv(fixed(p.bulk, 2).rename(lambda g: f"{ensembl(g)}_{g}"), index_label="gene_id"))
@refusal("RSEM genes.results", "quantities of one sample")
def _(p, f):
    table = pd.DataFrame({"transcript_id(s)": "ENST1,ENST2", "length": p.length, "effective_length": p.length - 101.2,
                          "expected_count": p.bulk["KD_3"], "TPM": p.tpm["KD_3"], "FPKM": p.fpkm["KD_3"]})
    return text(f, tsv(table.rename(ensembl), index_label="gene_id"))
@case("Cufflinks genes.fpkm_table", "fpkm", names=[f"{s}_0" for s in SAMPLES])
def _(p, f): return text(f, tsv(p.fpkm.set_axis([f"{s}_0" for s in SAMPLES], axis=1), index_label="tracking_id"))
@refusal("Cufflinks genes.fpkm_tracking: FPKM and its limits", "several quantities")
def _(p, f):
    table = lead(pd.DataFrame(index=GENES), class_code="-", nearest_ref_id="-", gene_id=GENES, gene_short_name=GENES,
                 tss_id="-", locus="chr1:1-2", length="-", coverage="-")
    for s in SAMPLES:
        table[f"{s}_FPKM"] = p.fpkm[s]
        table[f"{s}_conf_lo"] = p.fpkm[s] * 0.8
        table[f"{s}_conf_hi"] = p.fpkm[s] * 1.2
        table[f"{s}_status"] = "OK"
    return text(f, tsv(table, index_label="tracking_id"))
@refusal("StringTie gene_abund.tab", "quantities of one sample")
def _(p, f):
    table = pd.DataFrame({"Gene Name": GENES, "Reference": "chr1", "Strand": "+", "Start": 1, "End": 500,
                          "Coverage": p.fpkm["KD_1"] / 3, "FPKM": p.fpkm["KD_1"], "TPM": p.tpm["KD_1"]})
    table.index = [ensembl(g) for g in GENES]
    return text(f, tsv(table, index_label="Gene ID"))
@case("StringTie prepDE gene_count_matrix.csv", names=None)
def _(p, f): return text(f, p.bulk.rename(lambda g: f"{ensembl(g)}|{g}").to_csv(index_label="gene_id"), "m.csv")
@case("UMI-tools count, wide", "cells", names=[b[:-2] for b in BARCODES])
def _(p, f): return text(f, tsv(p.cells.set_axis([b[:-2] for b in BARCODES], axis=1)))
@case("UMI-tools count, long", "cells", names=[b[:-2] for b in BARCODES])
def _(p, f):
    long = p.cells.set_axis([b[:-2] for b in BARCODES], axis=1).rename_axis(index="gene", columns="cell").stack()
    return text(f, long[long > 0].rename("count").reset_index().to_csv(sep="\t", index=False))
@case("Drop-seq DGE: GENE and barcodes", "cells", names=[b[:-2] for b in BARCODES])
def _(p, f): return text(f, tsv(p.cells.set_axis([b[:-2] for b in BARCODES], axis=1), index_label="GENE"), "x.dge.txt")

# Normalised ---------------------------------------------------------------------------------------------------------

@case("edgeR cpm()", "cpm")
def _(p, f): return text(f, "\t".join(SAMPLES) + "\n" + tsv(p.cpm, header=False))
@case("edgeR cpm(log=TRUE)", "logcpm")
def _(p, f): return text(f, p.logcpm.to_csv(index_label="", quoting=2), "table.csv")
@case("edgeR cpm(log=TRUE), 3 digits", "logcpm")
def _(p, f): return text(f, tsv(fixed(p.logcpm, 3)))
@case("DESeq2 counts(normalized=TRUE): their depths are those of the counts", "bulk")
def _(p, f): return text(f, p.norm.to_csv(index_label="", quoting=2), "table.csv")
@case("DESeq2 vst", "array")
def _(p, f): return text(f, p.array.to_csv(index_label="", quoting=2), "table.csv")
@case("log2(TPM + 1)", "log")
def _(p, f): return text(f, tsv(p.log))
@case("log2(TPM + 1), 2 digits", "log")
def _(p, f): return text(f, tsv(fixed(p.log, 2)))
@refusal("log2(TPM + 0.001), as UCSC Xena, not stated", "--values")
def _(p, f): return text(f, tsv(p.xena.rename(lambda g: ensembl(g, ".11")), index_label="sample"))
@case("log2(TPM + 0.001), as UCSC Xena, stated", "xena", options=["--values", "log"])
def _(p, f): return text(f, tsv(p.xena.rename(lambda g: ensembl(g, ".11")), index_label="sample"))
@case("log10(FPKM + 1)", "log10")
def _(p, f): return text(f, tsv(p.log10))
@case("FPKM with 5 digits", "fpkm")
def _(p, f): return text(f, tsv(fixed(p.fpkm, 5)))
@case("TPM, whole numbers by rounding, few digits", "tpm")
def _(p, f): return text(f, tsv(fixed(p.tpm, 1)))
@case("Seurat AverageExpression: mean of normalised, linear", "average", names=["g0", "g1", "g2"] * 1)
def _(p, f): return None
CASES.pop("Seurat AverageExpression: mean of normalised, linear")
@case("Seurat GetAssayData as data.frame, barcodes with dots", "seurat", names=[b.replace("-", ".") for b in BARCODES])
def _(p, f): return text(f, p.seurat.set_axis([b.replace("-", ".") for b in BARCODES], axis=1).to_csv(quoting=2), "t.csv")
@case("Seurat scale.data", "z")
def _(p, f): return text(f, p.z.to_csv(quoting=2), "t.csv")
@case("Seurat LogNormalize, 4 digits", "seurat")
def _(p, f): return text(f, tsv(p.seurat.round(4)))
@case("pseudobulk sums, names with blanks", names=[f"donor {i} | CD4 T" for i in range(10)])
def _(p, f): return text(f, p.bulk.set_axis([f"donor {i} | CD4 T" for i in range(10)], axis=1).to_csv(), "t.csv")
@case("pseudobulk, samples as lines with their cell type")
def _(p, f): return text(f, lead(p.bulk.T, cell_type=["T", "B"] * 5).to_csv(), "t.csv")

# Cells ------------------------------------------------------------------------------------------------------------

AGGR = [b[:-1] + str(1 + i % 3) for i, b in enumerate(BARCODES)]

@case("Cell Ranger aggr barcodes", "cells", names=AGGR)
def _(p, f): return text(f, p.cells.set_axis(AGGR, axis=1).to_csv(), "matrix.csv")
@case("Cell Ranger mat2csv", "cells")
def _(p, f): return text(f, p.cells.rename(ensembl).to_csv(index_label=""), "mat.csv")
@case("dense mat2csv with genome", "cells")
def _(p, f):
    table = p.cells.copy()
    table.index = [f"GRCh38_______{g}" for g in GENES]
    return text(f, table.to_csv(index_label=""), "mat.csv")
@case("spatial: barcodes with array coordinates", "cells")
def _(p, f):
    table = lead(p.cells.T, in_tissue=1, array_row=range(12), array_col=range(12, 24),
                 pxl_row_in_fullres=np.arange(12) * 101 + 3000, pxl_col_in_fullres=np.arange(12) * 97 + 2000)
    return text(f, table.to_csv(index_label="barcode"), "spots.csv")
@case("spatial: spots named by coordinates (ST)", "cells", names=[f"{i}x{i + 3}" for i in range(12)])
def _(p, f): return text(f, tsv(p.cells.T.set_axis([f"{i}x{i + 3}" for i in range(12)]), index_label=""))
@case("Smart-seq2 counts of GEO, ERCC below", "cells", names=[f"P1.A{i:02}" for i in range(12)])
def _(p, f):
    ercc = pd.DataFrame(1500, index=["ERCC-00002", "ERCC-00003", "ERCC-00171"], columns=p.cells.columns)
    return text(f, pd.concat([p.cells, ercc]).set_axis([f"P1.A{i:02}" for i in range(12)], axis=1).to_csv(sep=" "))
@case("CITE-seq: antibodies named by their clone below", "cells")
def _(p, f):
    tags = pd.DataFrame(900, index=["ADT_CD3", "ADT_CD19", "HTO_1"], columns=BARCODES)
    return text(f, pd.concat([p.cells, tags]).to_csv(), "t.csv")
@case("10x multiome with peaks below", "cells")
def _(p, f):
    peaks = pd.DataFrame(4, index=["chr1:9782-10672", "chr1:180631-181601", "chrX:155880-156030"], columns=BARCODES)
    return text(f, pd.concat([p.cells, peaks]).to_csv(), "t.csv")
@case("BD Rhapsody RSEC_MolsPerCell.csv", "cells", names=[str(100 + i) for i in range(12)])
def _(p, f):
    table = p.cells.T.set_axis([str(100 + i) for i in range(12)])
    head = "".join(f"##{line}\n" for line in ("Analysis completed", "Pipeline version 1.9", "Sample: S"))
    return text(f, head + table.to_csv(index_label="Cell_Index"), "x_RSEC_MolsPerCell.csv")
@case("inDrop: cells as lines, tab, names of two parts", "cells")
def _(p, f): return text(f, tsv(p.cells.T, index_label="barcode"))
@case("cells named by numbers from 0, pandas", "cells", names=[str(i) for i in range(12)])
def _(p, f): return text(f, p.cells.T.reset_index(drop=True).to_csv(), "t.csv")
@case("cells with their cluster as the last column", "cells")
def _(p, f): return text(f, p.cells.T.assign(cluster=[0, 1, 2] * 4).to_csv(), "t.csv")
@case("cells with labels of numbers called CellType", "cells")
def _(p, f): return text(f, p.cells.T.assign(CellType=[3, 1, 2] * 4).to_csv(), "t.csv")
@case("cells with a column Unnamed: 0 and barcode", "cells")
def _(p, f): return text(f, lead(p.cells.T, barcode=BARCODES).reset_index(drop=True).to_csv(), "t.csv")

# Ids ----------------------------------------------------------------------------------------------------------------

@case("Ensembl ids")
def _(p, f): return text(f, tsv(p.bulk.rename(ensembl)))
@case("Ensembl ids with versions")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: ensembl(g, ".12"))))
@case("GENCODE: PAR_Y copies of zeros")
def _(p, f):
    copies = p.bulk.iloc[:6] * 0
    copies.index = [ensembl(g, ".12_PAR_Y") for g in GENES[:6]]
    return text(f, tsv(pd.concat([p.bulk.rename(lambda g: ensembl(g, ".12")), copies])))
@case("GENCODE of GTEx: .12_2")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: ensembl(g, ".12_2"))))
@case("Entrez ids")
def _(p, f): return text(f, tsv(p.bulk.rename(entrez), index_label="GeneID"))
@case("Entrez ids as floats")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: entrez(g) + ".0"), index_label="ENTREZID"))
@case("Entrez ids and symbols (NCBI's GEO counts)", names=[f"GSM{3000000 + i}" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.rename(entrez).set_axis([f"GSM{3000000 + i}" for i in range(10)], axis=1),
                                      index_label="GeneID"), "GSE1_raw_counts_GRCh38.p13_NCBI.tsv")
@refusal("Entrez ids as Entrez:5720", "Entrez:5720")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f"Entrez:{entrez(g)}")))
@case("TCGA: SYMBOL|ENTREZ", names=[f"TCGA-AA-{1000 + i}-01A" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f"{g}|{entrez(g)}").set_axis(
    [f"TCGA-AA-{1000 + i}-01A" for i in range(10)], axis=1), index_label="Hybridization REF"))
@case("Symbols in quotes with blanks")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f'" {g}"'), quoting=3))
@case("Symbols in lower case of an old pipeline are refused or read")
def _(p, f): return text(f, tsv(p.bulk.rename(str.lower)))
CASES["Symbols in lower case of an old pipeline are refused or read"] = (
    CASES["Symbols in lower case of an old pipeline are refused or read"][0], "bulk", None, (3, ()), ["either"])
@case("Symbols as GENE:ENSG", names=None)
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f"{g}:{ensembl(g)}")))
@case("Symbols as GENE (ENTREZ), DepMap, cells as lines", "log", names=[f"ACH-{i:06}" for i in range(10)])
def _(p, f): return text(f, p.log.rename(lambda g: f"{g} ({entrez(g)})").T.set_axis(
    [f"ACH-{i:06}" for i in range(10)]).to_csv(), "OmicsExpression.csv")
@case("Ids of Ensembl in lower case are read or refused")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: ensembl(g).lower())))
CASES["Ids of Ensembl in lower case are read or refused"] = (
    CASES["Ids of Ensembl in lower case are read or refused"][0], "bulk", None, (3, ()), ["either"])
@refusal("Ids of mouse", "mouse")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f"ENSMUSG{GENES.index(g):011}")))
@refusal("Ids of transcripts", "transcript")
def _(p, f): return text(f, tsv(p.bulk.rename(lambda g: f"ENST{GENES.index(g):011}.2")))
@refusal("Probes of an array", "of the model's 977 genes")
def _(p, f): return text(f, tsv(p.array.rename(lambda g: f"{200000 + GENES.index(g)}_s_at"), index_label="ID_REF"))
@case("Probes of an array with their symbols", "array")
def _(p, f):
    table = lead(p.array, Symbol=GENES)
    table.index = [f"{200000 + i}_at" for i in range(len(GENES))]
    return text(f, tsv(table, index_label="ID_REF"))
@refusal("Probes of an array, two of one gene", "duplicates")
def _(p, f):
    table = lead(pd.concat([p.array, p.array.iloc[:20] + 1]), Symbol=GENES + GENES[:20])
    table.index = [f"{200000 + i}_at" for i in range(len(table))]
    return text(f, tsv(table, index_label="ID_REF"))
@case("Illumina: symbols with detection p-values are refused")
def _(p, f): return None
CASES.pop("Illumina: symbols with detection p-values are refused")
@refusal("Illumina: AVG_Signal and Detection Pval", "several quantities")
def _(p, f):
    table = pd.DataFrame(index=GENES)
    for s in SAMPLES:
        table[f"{s}.AVG_Signal"] = p.fpkm[s] + 90
        table[f"{s}.Detection Pval"] = 0.01
    return text(f, tsv(table, index_label="SYMBOL"))
@case("GEO: sample, Detection Pval in turns", "signal")
def _(p, f):
    lines = ["ID_REF\t" + "\t".join(f"{s}\tDetection Pval" for s in SAMPLES)]
    for g, row in zip(GENES, (p.fpkm + 90).to_numpy()):
        lines.append(g + "\t" + "\t".join(f"{x:.3f}\t0.01" for x in row))
    return text(f, "\n".join(lines) + "\n")

# GEO and containers --------------------------------------------------------------------------------------------------

@case("GEO series matrix with symbols", "array", names=[f"GSM{100 + i}" for i in range(10)])
def _(p, f):
    table = p.array.set_axis([f"GSM{100 + i}" for i in range(10)], axis=1)
    return text(f, '!Series_title\t"x"\n!Sample_geo_accession\t' + "\t".join(f'"{c}"' for c in table) +
                "\n\n!series_matrix_table_begin\n" + tsv(table, index_label='ID_REF', quoting=2) +
                "!series_matrix_table_end\n")
@case("GEO supplementary counts, gzip", names=[f"GSM{i}_s" for i in range(10)])
def _(p, f):
    (f / "GSE1_counts.txt.gz").write_bytes(gzip.compress(
        tsv(p.bulk.set_axis([f"GSM{i}_s" for i in range(10)], axis=1), index_label="").encode()))
    return f / "GSE1_counts.txt.gz"
@case("xz")
def _(p, f):
    (f / "t.tsv.xz").write_bytes(lzma.compress(tsv(p.bulk).encode()))
    return f / "t.tsv.xz"
@case("bzip2")
def _(p, f):
    (f / "t.tsv.bz2").write_bytes(bz2.compress(tsv(p.bulk).encode()))
    return f / "t.tsv.bz2"
@case("zip with __MACOSX beside")
def _(p, f):
    with zipfile.ZipFile(f / "t.zip", "w") as out:
        out.writestr("counts.csv", p.bulk.to_csv())
        out.writestr("__MACOSX/._counts.csv", b"\0\5\x16\7" + b"\0" * 100)
    return f / "t.zip"
@refusal("GEO RAW.tar of single samples", "GSM")
def _(p, f):
    with tarfile.open(f / "GSE1_RAW.tar", "w") as out:
        for s in SAMPLES:
            data = gzip.compress(tsv(p.bulk[[s]], header=False).encode())
            entry = tarfile.TarInfo(f"GSM1_{s}.txt.gz")
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))
    return f / "GSE1_RAW.tar"
@case("a biotype and chromosome behind the samples")
def _(p, f): return text(f, tsv(p.bulk.assign(biotype="protein_coding", chromosome="chr7")))
@case("start and end behind the samples")
def _(p, f): return text(f, tsv(p.bulk.assign(chr="chr7", start=np.arange(len(GENES)) * 1000 + 11869,
                                              end=np.arange(len(GENES)) * 1000 + 14409, strand="+")))
@case("start and end before the samples, BED-like")
def _(p, f): return text(f, tsv(lead(p.bulk, Chromosome="chr7", TxStart=np.arange(len(GENES)) * 1000 + 11869,
                                     TxEnd=np.arange(len(GENES)) * 1000 + 14409)))
@case("ids, description, then samples; the description holds commas")
def _(p, f): return text(f, lead(p.bulk, description="a protein, of a kind [Source:HGNC;Acc:1]").to_csv(), "t.csv")
@case("descriptions with quotes and tabs are quoted")
def _(p, f): return text(f, tsv(lead(p.bulk, description='the "big" one\tor not'), quoting=2))
@case("log2FoldChange and padj behind the counts")
def _(p, f): return text(f, p.bulk.assign(log2FoldChange=0.31, lfcSE=0.1, stat=3.1, pvalue=0.001, padj=0.02).to_csv(), "t.csv")
@case("AveExpr and adj.P.Val before logCPM", "logcpm")
def _(p, f): return text(f, lead(p.logcpm, **{"logFC": 0.3, "AveExpr": 5.5, "t": 2.0, "P.Value": 0.01,
                                              "adj.P.Val": 0.04, "B": -3.0}).to_csv(), "t.csv")
@case("a column of the number of exons")
def _(p, f): return text(f, tsv(p.bulk.assign(exon_count=7)))
@case("ranks of genes in the first column")
def _(p, f):
    table = p.bulk.reset_index()
    table.insert(0, "Rank", range(1, len(table) + 1))
    return text(f, table.to_csv(sep="\t", index=False))
@case("samples sorted by name, a constant sample of no reads left in is refused")
def _(p, f): return text(f, tsv(p.bulk.assign(KD_6=0)))
CASES["samples sorted by name, a constant sample of no reads left in is refused"] = (
    CASES["samples sorted by name, a constant sample of no reads left in is refused"][0], None, None, (3, ("KD_6",)), [])
@refusal("concatenated tables: the header again in the middle", "line")
def _(p, f): return text(f, tsv(p.bulk.iloc[:600]) + tsv(p.bulk.iloc[600:]))
@refusal("two tables side by side, in another order of genes", "gene")
def _(p, f): return text(f, pd.concat([p.bulk.reset_index(), p.bulk[::-1].add_suffix("b").reset_index()], axis=1).to_csv(
    sep="\t", index=False))
@refusal("negative counts of a batch correction")
def _(p, f):
    table = p.bulk.copy()
    table.iloc[::7, ::2] -= 40
    return text(f, tsv(table), "t.txt")
@refusal("comment lines between header and data", "line 2")
def _(p, f):
    first, rest = tsv(p.bulk).split("\n", 1)
    return text(f, first + "\n# second run\n" + rest)
@case("a header that begins with #", names=None)
def _(p, f): return text(f, "#" + tsv(p.bulk, index_label="gene_id"))
@case("spaces and tabs mixed are refused or read")
def _(p, f): return text(f, tsv(p.bulk).replace("\t", " \t "))
@refusal("pipes as separators", "no separator")
def _(p, f): return text(f, p.bulk.to_csv(sep="|"))
@case("sample names that are numbers with fractions", names=[f"{i}.5" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.set_axis([f"{i}.5" for i in range(10)], axis=1)))
@case("sample names that are dates", names=[f"2021-03-{i + 10}" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.set_axis([f"2021-03-{i + 10}" for i in range(10)], axis=1)))
@case("samples called like quantities: TPM_1 and TPM_2 of one kind", "tpm", names=[f"TPM_{i}" for i in range(10)])
def _(p, f): return text(f, tsv(p.tpm.set_axis([f"TPM_{i}" for i in range(10)], axis=1)))
@case("samples called mean_of_x", names=[f"mean_{i}h" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.set_axis([f"mean_{i}h" for i in range(10)], axis=1)))
@case("samples called T1 B2 F3", names=["T", "B", "F", "t1", "b1", "Z", "W", "SE", "rank1", "FC1"])
def _(p, f): return text(f, tsv(p.bulk.set_axis(["T", "B", "F", "t1", "b1", "Z", "W", "SE", "rank1", "FC1"], axis=1)))
@case("samples called Length_1 of a telomere study", names=[f"Length_{i}" for i in range(10)])
def _(p, f): return text(f, tsv(p.bulk.set_axis([f"Length_{i}" for i in range(10)], axis=1)))
@case("samples called Control, Total RNA", names=["Total RNA 1", "Total RNA 2", *SAMPLES[2:]])
def _(p, f): return text(f, tsv(p.bulk.set_axis(["Total RNA 1", "Total RNA 2", *SAMPLES[2:]], axis=1)))


def table_of(plain, kind):
    if kind == "norm":  # DESeq2's size factors of medians
        log = np.log(plain.bulk.where(plain.bulk > 0))
        ratio = log.sub(log.mean(axis=1, skipna=False), axis=0)
        return plain.bulk / np.exp(ratio.median()), "linear"
    if kind == "xena":
        return np.log2(plain.tpm + 0.001), "log"
    if kind == "signal":
        return plain.fpkm + 90, "linear"
    if kind == "log10":
        return np.log10(plain.fpkm + 1), "log"
    return getattr(plain, kind), VALUES[kind]


def predictions(model, path, *arguments):
    done = run("predict", path, "-m", model, "--scale", "dataset", "--output-format", "tsv", *arguments, expect=None)
    if done.returncode != 0:
        return None, done
    return pd.read_csv(io.StringIO(done.stdout), sep="\t", index_col=0, dtype={0: str}), done


def outcome(model, name, plain, folder):
    """What came out, and what is wrong with it ("": nothing)."""
    make, kind, names, refused, options = CASES[name]
    plain.norm, plain.xena, plain.log10 = (table_of(plain, k)[0] for k in ("norm", "xena", "log10"))
    odd = make(plain, folder)
    either = options == ["either"]
    got, done = predictions(model, odd, *([] if either else options))
    last = done.stderr.strip().split("\n")[-1].replace(f"{folder}/", "")
    if done.returncode != 0:
        if refused is None:
            return last, f"exit {done.returncode}"
        wrong = "" if done.returncode == refused[0] else f"exit {done.returncode}, not {refused[0]}"
        return last, wrong + "".join(f"; no '{word}'" for word in refused[1] if word.lower() not in done.stderr.lower())
    if refused is not None and not either:
        return "predicted", "exit 0, a refusal was expected"
    table, values = table_of(plain, kind)
    table.to_csv(folder / "plain_table.csv", index_label="gene")
    wanted, _ = predictions(model, folder / "plain_table.csv", "--values", values)
    expected = list(names or table.columns)
    if sorted(got.index) != sorted(expected):
        return "predicted", f"samples {list(got.index)[:14]}"
    far = np.abs(got.loc[expected].to_numpy() - wanted.to_numpy()).max()
    return "predicted", "" if far < 0.02 else f"other numbers, by {far:.3g}"


@pytest.mark.parametrize("name", CASES)
def test_a_table_of_a_user_is_read_as_it_is_meant_or_refused(model, tmp_path, name):
    came_out, wrong = outcome(model, name, Plain(), tmp_path)
    assert wrong == "", came_out


def test_the_documents_count_these_tables():
    def of(name):
        first = name.split(":")[0]
        return {"R": "R", "pandas": "pandas, scanpy", "scanpy": "pandas, scanpy", "Excel": "Excel"}.get(
            first, "aligners, counting programs, repositories, others")
    counted = {}
    for name, (_, _, _, refused, _) in CASES.items():
        for line in (of(name), "all"):
            counted.setdefault(line, {0: 0, 3: 0})[refused[0] if refused else 0] += 1
    page = (PROJECT / "docs" / "reliability.md").read_text()
    assert f"{len(CASES)} tables as programs" in page
    for line, number in counted.items():
        assert f"| {line} | {number[0]} | {number[3]} |" in page


def test_outcomes_of_a_hundred_more(model, tmp_path):
    if len(CASES) < 100:
        raise AssertionError(len(CASES))
    if not OUTCOMES:
        pytest.skip("set SICMIR_USERS_TABLES=FILE to write the table of outcomes")
    plain = Plain()
    lines = []
    for i, name in enumerate(CASES):
        (tmp_path / str(i)).mkdir()
        came_out, wrong = outcome(model, name, plain, tmp_path / str(i))
        lines.append(f"| {name} | {came_out} | {wrong or 'right'} |\n")
    with open(OUTCOMES, "w") as file:
        file.writelines(lines)
