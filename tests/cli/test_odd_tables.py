# SPDX-License-Identifier: BSD-3-Clause
"""A hundred odd tables, as new users bring them. Each is made here from a plain one; it gives the
predictions of the plain one (under options that the user would state), or is refused with words that are true.
SICMIR_ODD_TABLES=FILE makes the last test write the table of outcomes."""
import gzip
import io
import os
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest

from program import SYMBOLS, counts, run

OTHERS = ["A1BG", "A1CF", "A2M", "NAT1", "ZZEF1"]
GENES = SYMBOLS + OTHERS
SAMPLES = [f"S{i + 1:02}" for i in range(12)]
BARCODES = [f"AAACCTGAGAAACC{a}{b}-1" for a in "ACG" for b in "ACGT"]
CASES = {}
OUTCOMES = os.environ.get("SICMIR_ODD_TABLES")


class Plain:
    """Genes as lines. `counts`: whole numbers; `cells`: the same under barcodes; `tpm`, `log`: of it."""

    def __init__(self):
        table = counts(12, GENES, seed=7)
        table.iloc[::40] *= 97
        table.columns = SAMPLES
        self.counts = table
        self.cells = table.set_axis(BARCODES, axis=1)
        self.tpm = (table / table.sum() * 1e6).round(4)
        self.log = np.log2(self.tpm + 1).round(5)
        self.z = ((self.log.T - self.log.mean(axis=1)) / self.log.std(axis=1)).T.fillna(0).round(4)


def case(name, kind="counts", options=(), words=(), refused=False, code=3):
    """A function (plain, folder) -> path. `kind`: the plain table and its --values; `words`: on stderr."""
    def add(make):
        assert name not in CASES, name
        CASES[name] = (make, kind, list(options), [words] if isinstance(words, str) else list(words),
                       code if refused else 0)
        return make
    return add


def refusal(name, words, options=(), code=3):
    return case(name, options=options, words=words, refused=True, code=code)


def text(folder, content, name="odd.tsv", encoding="utf-8"):
    (folder / name).write_bytes(content.encode(encoding))
    return folder / name


def tsv(table, **options):
    return table.to_csv(sep="\t", **{"index_label": "gene", **options})


def long(table, names=("gene", "sample", "count")):
    return table.rename_axis(index=names[0], columns=names[1]).stack().rename(names[2]).reset_index()


# Separators, marks, encodings

@case("TSV called .csv")
def _(p, f): return text(f, tsv(p.counts), "odd.csv")
@case("CSV called .txt")
def _(p, f): return text(f, p.counts.to_csv(index_label="gene"), "odd.txt")
@case("semicolons")
def _(p, f): return text(f, p.counts.to_csv(sep=";", index_label="gene"))
@case("semicolons, decimal commas", "tpm")
def _(p, f): return text(f, p.tpm.to_csv(sep=";", decimal=",", index_label="gene"))
@case("tabs, decimal commas", "tpm")
def _(p, f): return text(f, p.tpm.to_csv(sep="\t", decimal=",", index_label="gene"))
@case("blanks, aligned")
def _(p, f): return text(f, p.counts.rename_axis(None).to_string() + "\n")
@case("all fields in quotes")
def _(p, f): return text(f, p.counts.to_csv(index_label="gene", quoting=1))
@case("Windows line ends")
def _(p, f): return text(f, tsv(p.counts).replace("\n", "\r\n"))
@refusal("old Mac line ends", "CR alone")
def _(p, f): return text(f, tsv(p.counts).replace("\n", "\r"))
@case("byte-order mark of UTF-8")
def _(p, f): return text(f, "\ufeff" + tsv(p.counts))
@refusal("UTF-16", ["UTF-16"])
def _(p, f): return text(f, tsv(p.counts), encoding="utf-16")
@case("no line end at the end")
def _(p, f): return text(f, tsv(p.counts).rstrip("\n"))
@case("blank lines between")
def _(p, f): return text(f, tsv(p.counts).replace("\n", "\n\n"))
@case("a trailing tab in each line")
def _(p, f): return text(f, tsv(p.counts).replace("\n", "\t\n"))
@case("trailing commas of a spreadsheet")
def _(p, f): return text(f, p.counts.to_csv(index_label="gene").replace("\n", ",\n"))
@case("gzip without .gz")
def _(p, f):
    (f / "odd.tsv").write_bytes(gzip.compress(tsv(p.counts).encode()))
    return f / "odd.tsv"
@case("scientific notation", "tpm")
def _(p, f): return text(f, tsv(p.tpm.applymap(lambda x: f"{x:.10e}")))
@case("whole numbers with .0")
def _(p, f): return text(f, tsv(p.counts.astype(float)))
@case("thousands, stated", options=["--thousands", "comma"])
def _(p, f): return text(f, tsv(p.counts.applymap(lambda x: f"{x:,}")))
@refusal("thousands, not stated", ["--thousands"])
def _(p, f): return text(f, tsv(p.counts.applymap(lambda x: f"{x:,}")))
@case("apostrophes of Switzerland")
def _(p, f): return text(f, tsv(p.counts.applymap(lambda x: f"{x * 1000000:,}".replace(",", "'"))
                                ).replace("'000'000", ""))
@case("quoted numbers")
def _(p, f): return text(f, tsv(p.counts.applymap(lambda x: f'"{x}"'), quoting=3))

# The header

@case("R's header, one short")
def _(p, f): return text(f, tsv(p.counts, index_label=None).replace("\t", "", 1))
@case("an empty corner")
def _(p, f): return text(f, tsv(p.counts, index_label=""))
@case("a comment above")
def _(p, f): return text(f, "# made by me\n" + tsv(p.counts))
@case("featureCounts")
def _(p, f):
    table = p.counts.copy()
    for i, (name, value) in enumerate({"Chr": "chr1;chr1", "Start": "1;9", "End": "5;12", "Strand": "+;+",
                                       "Length": 1234}.items()):
        table.insert(i, name, value)
    table.columns = [c if c not in SAMPLES else f"{c}" for c in table]
    return text(f, '# Program:featureCounts v2.0.1; Command:"featureCounts" "-a" "x.gtf"\n' +
                tsv(table, index_label="Geneid"))
@case("a title above")
def _(p, f): return text(f, "Supplementary Table 3. Counts\n\n" + tsv(p.counts))
@case("a line of groups below the header")
def _(p, f):
    head, rest = tsv(p.counts).split("\n", 1)
    return text(f, head + "\ngroup\t" + "\t".join(["tumour", "normal"] * 6) + "\n" + rest)
@refusal("no header", "looks like data")
def _(p, f): return text(f, tsv(p.counts, header=False))
@refusal("no header, cells as lines", ["header"])
def _(p, f): return text(f, tsv(p.counts.T, header=False))
@case("numbers as samples")
def _(p, f): return text(f, tsv(p.counts.set_axis(range(1, 13), axis=1)))
@case("years as samples")
def _(p, f): return text(f, tsv(p.counts.set_axis(range(2001, 2013), axis=1)))
@case("the same sample name twice", words="repeated")
def _(p, f): return text(f, tsv(p.counts.set_axis(["S01"] * 12, axis=1)))
@case("samples named like genes")
def _(p, f): return text(f, tsv(p.counts.set_axis(["A1BG", "A2M", *SAMPLES[2:]], axis=1)))
@case("the index twice")
def _(p, f):
    table = p.counts.copy()
    table.insert(0, "Unnamed: 0", range(len(table)))
    return text(f, table.reset_index().rename(columns={"index": "gene"})[["Unnamed: 0", "gene", *SAMPLES]]
                .to_csv(index=False))
@case("saved with its row numbers")
def _(p, f): return text(f, p.counts.rename_axis("gene").reset_index().to_csv())
@refusal("cells without names", ["no names"])
def _(p, f): return text(f, p.counts.T.to_csv(index=False))
@refusal("genes without names", ["gene"])
def _(p, f): return text(f, p.counts.to_csv(index=False))

# Names of genes

@case("Entrez ids that became floats", words="977 of 977")
def _(p, f):
    from program import LANDMARKS
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["entrez_id"]))
    return text(f, tsv(p.counts.rename(lambda g: f"{ids[g]}.0" if ids.get(g) else g)))
@case("Ensembl ids with versions", words="977 of 977")
def _(p, f):
    from program import LANDMARKS
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["ensembl_id"]))
    return text(f, tsv(p.counts.rename(lambda g: f"{ids[g].split('|')[0]}.7" if ids.get(g) else g)))
@case("id and symbol joined", words="977 of 977")
def _(p, f):
    from program import LANDMARKS
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["ensembl_id"]))
    return text(f, tsv(p.counts.rename(lambda g: f"{ids[g].split('|')[0]}_{g}" if ids.get(g) else g)))
@case("make.names")
def _(p, f): return text(f, tsv(p.counts.rename(lambda g: g.replace("-", "."))))
@case("bytes of Python")
def _(p, f): return text(f, tsv(p.counts.rename(lambda g: f"b'{g}'")))
@case("genome before the gene")
def _(p, f): return text(f, tsv(p.counts.rename(lambda g: f"GRCh38_{g}")))
@case("blanks around names")
def _(p, f): return text(f, tsv(p.counts.rename(lambda g: f" {g} ")))
@refusal("genes of mouse", ["genes of mouse"])
def _(p, f): return text(f, tsv(p.counts.rename(str.capitalize)))
@refusal("half of the genes", ["of the model's 977 genes"])
def _(p, f): return text(f, tsv(p.counts.iloc[::2]))
@case("dates of a spreadsheet among genes")
def _(p, f): return text(f, tsv(p.counts.rename({"A1BG": "1-Mar", "A2M": "2-Sep"})))
@case("symbols and ids in two columns")
def _(p, f):
    table = p.counts.copy()
    table.insert(0, "symbol", table.index)
    table.index = [f"ENSG9{i:010}" for i in range(len(table))]
    return text(f, tsv(table, index_label="id"))
@case("a gene twice, counts add up", options=["--values", "counts"])
def _(p, f):
    half = p.counts.loc[["NAT1", SYMBOLS[3]]] // 2
    rest = p.counts.copy()
    rest.loc[["NAT1", SYMBOLS[3]]] -= half
    return text(f, tsv(pd.concat([rest, half])))
@case("tags, spikes and reads of no gene", words="count")
def _(p, f):
    more = pd.DataFrame(500, index=["ERCC-00002", "ERCC-00130", "AB_CD3", "__no_feature", "__ambiguous"],
                        columns=SAMPLES)
    return text(f, tsv(pd.concat([p.counts, more])))

# Columns and lines that are none of a sample or a gene

def with_column(p, name, values, place=12):
    table = p.counts.copy()
    table.insert(place, name, values)
    return table


for name, place in [("Total", 12), ("Everything", 12), ("my sum of all", 0), ("S13", 12)]:
    @case(f"a total of the samples, called {name}", words="totals of other columns")
    def _(p, f, name=name, place=place):
        return text(f, tsv(with_column(p, name, p.counts.sum(axis=1), place)))
for name, last in [("Total", True), ("Everything", True), ("COL_SUM", False), ("library", False), ("Σ", True)]:
    @case(f"a total of the genes, called {name}, {'below' if last else 'above'}")
    def _(p, f, name=name, last=last):
        total = p.counts.sum().to_frame(name).T
        return text(f, tsv(pd.concat([p.counts, total] if last else [total, p.counts])))
    @case(f"TPM with a total called {name}, {'below' if last else 'above'}", "tpm")
    def _(p, f, name=name, last=last):
        total = p.tpm.sum().to_frame(name).T
        return text(f, tsv(pd.concat([p.tpm, total] if last else [total, p.tpm])))
for name in ("n_counts", "Everything", "depth"):
    @case(f"cells as lines with their total, called {name}")
    def _(p, f, name=name):
        table = p.cells.T.copy()
        table[name] = table.sum(axis=1)
        return text(f, table.to_csv(index_label="cell"))
@refusal("cells as lines, a total of the cells below", ['is called "Total"'])
def _(p, f):
    table = p.cells.T
    return text(f, pd.concat([table, table.sum().to_frame("Total").T]).to_csv(index_label="cell"))
@case("metadata of cells among genes")
def _(p, f):
    table = p.cells.T.copy()
    table.insert(0, "nCount_RNA", table.sum(axis=1))
    table.insert(1, "percent.mt", np.linspace(1, 9, 12))
    table.insert(2, "cell_type", ["T", "B"] * 6)
    return text(f, table.to_csv(index_label="cell"))
@case("statistics of a comparison before the counts", words="statistics")
def _(p, f):
    table = p.counts.copy()
    for i, name in enumerate(["baseMean", "log2FoldChange", "pvalue", "padj"]):
        table.insert(i, name, np.random.default_rng(i).random(len(table)).round(4))
    return text(f, tsv(table))
@refusal("statistics alone", ["statistics"])
def _(p, f):
    random = np.random.default_rng(1)
    return text(f, tsv(pd.DataFrame(random.random((len(GENES), 3)), index=GENES,
                                    columns=["logFC", "PValue", "FDR"])))
@case("description behind the samples")
def _(p, f): return text(f, tsv(with_column(p, "description", [f"protein {g}" for g in GENES])))
@case("length and GC", words="left out")
def _(p, f):
    table = with_column(p, "gene_length", np.arange(len(GENES)) + 300)
    table["gc_content"] = 0.41
    return text(f, tsv(table))
@refusal("counts and TPM side by side", ["several quantities"])
def _(p, f):
    return text(f, tsv(pd.concat([p.counts.add_suffix("_count"), p.tpm.add_suffix("_TPM")], axis=1)))
@refusal("RSEM of one sample", ["quantities of one sample"])
def _(p, f):
    one = pd.DataFrame({"expected_count": p.counts["S01"], "TPM": p.tpm["S01"], "FPKM": p.tpm["S01"] / 2})
    return text(f, tsv(one))

# Long tables

@case("long", words="a long table of")
def _(p, f): return text(f, long(p.counts).to_csv(sep="\t", index=False))
@case("long, zeros left out", words="a long table of")
def _(p, f): return text(f, long(p.counts).query("count > 0").to_csv(index=False))
@case("long, sorted by sample", words="a long table of")
def _(p, f): return text(f, long(p.counts).sort_values("sample", kind="stable").to_csv(sep="\t", index=False))
@case("long, the value first", words="a long table of")
def _(p, f): return text(f, long(p.counts)[["count", "sample", "gene"]].to_csv(sep="\t", index=False))
@case("long, numbers as samples", words="a long table of")
def _(p, f): return text(f, long(p.counts.set_axis(range(1, 13), axis=1)).to_csv(sep="\t", index=False))
@case("long, shuffled", words="a long table of")
def _(p, f):
    table = long(p.counts)
    first = table.groupby("sample").head(1)
    return text(f, pd.concat([first, table.drop(first.index).sample(frac=1, random_state=1)]).to_csv(index=False))
@case("long, as the Human Protein Atlas", "tpm", words="a long table of")
def _(p, f):
    table = long(p.tpm, ("Gene name", "Tissue", "nTPM"))
    ids = {g: f"ENSG9{i:010}" for i, g in enumerate(GENES)}
    table.insert(0, "Gene", table["Gene name"].map(ids))
    return text(f, table.to_csv(sep="\t", index=False))
@case("long, melted by R", "log", words="a long table of")
def _(p, f): return text(f, long(p.log, ("gene", "variable", "value")).to_csv(index=False, quoting=2))
@case("long, gzip", words="a long table of")
def _(p, f):
    (f / "odd.tsv.gz").write_bytes(gzip.compress(long(p.counts).to_csv(sep="\t", index=False).encode()))
    return f / "odd.tsv.gz"
@case("long, with a total", words="a long table of")
def _(p, f):
    return text(f, long(pd.concat([p.counts, p.counts.sum().to_frame("Total").T])).to_csv(sep="\t", index=False))
@refusal("long, two values", ["long table", "2 columns of values"])
def _(p, f):
    table = long(p.counts)
    table["tpm"] = long(p.tpm)["count"]
    return text(f, table.to_csv(sep="\t", index=False))
@refusal("long, a pair twice", ["more than once", '"S03"'])
def _(p, f):
    table = long(p.counts)
    again = table[(table["sample"] == "S03") & (table["count"] > 0)].iloc[5:6]
    return text(f, pd.concat([table, again]).to_csv(sep="\t", index=False))
@refusal("long, a comparison of cell types", ["long table", "no expression value"])
def _(p, f): return text(f, long(p.tpm / 1e6, ("gene", "cell_type", "padj")).to_csv(sep="\t", index=False))
@refusal("long, pairs of genes", ["long table", "names of genes"])
def _(p, f):
    random = np.random.default_rng(3)
    genes = random.choice(GENES, (4000, 2))
    return text(f, pd.DataFrame({"gene": np.repeat(GENES[:100], 40), "name": genes[:, 1],
                                 "score": random.random(4000).round(3)}).to_csv(sep="\t", index=False))
@refusal("long, z-scores with gaps", ["negative values"], options=["--values", "zscore", "--scale", "none"])
def _(p, f): return text(f, long(p.z, ("gene", "sample", "value")).iloc[:-100].to_csv(sep="\t", index=False))
@refusal("long, an unclear column", ["long table", "does not say that it names samples"])
def _(p, f): return text(f, long(p.counts, ("gene", "biotype", "count")).to_csv(sep="\t", index=False))
@refusal("long, text for a number", ["line 300", "'many' is not a number"])
def _(p, f):
    lines = long(p.counts).to_csv(sep="\t", index=False).split("\n")
    lines[299] = lines[299].rsplit("\t", 1)[0] + "\tmany"
    return text(f, "\n".join(lines))
@refusal("long, cut short", ["fields"])
def _(p, f): return text(f, long(p.counts).to_csv(sep="\t", index=False)[:150000].rsplit("\t", 1)[0])

# Values

@case("fractional counts", options=["--values", "counts"])
def _(p, f): return text(f, tsv(p.counts + 1e-6 * (p.counts > 0)))  # within the tolerance of the comparison
@refusal("a missing value", ["S03"])
def _(p, f):
    table = p.counts.astype(object)
    table.loc[SYMBOLS[5], "S03"] = "NA"
    return text(f, tsv(table))
@refusal("an infinite value", ["S03"])
def _(p, f):
    table = p.counts.astype(object)
    table.loc[SYMBOLS[5], "S03"] = "inf"
    return text(f, tsv(table))
@refusal("text among numbers", ["line 7", '"low" is not a number'])
def _(p, f):
    table = p.counts.astype(object)
    table.iloc[5, 2] = "low"
    return text(f, tsv(table))
@refusal("errors of a spreadsheet", ["S03", "nan"])
def _(p, f):
    table = p.counts.astype(object)
    table.iloc[5, 2] = "#N/A"
    return text(f, tsv(table))
@refusal("negative counts", ["negative"], options=["--values", "counts"])
def _(p, f):
    table = p.counts.copy()
    table.iloc[4, 4] = -3
    return text(f, tsv(table))
@refusal("a line with a field too many", ["line 500"])
def _(p, f):
    lines = tsv(p.counts).split("\n")
    lines[499] += "\t7"
    return text(f, "\n".join(lines))
@refusal("cut short in a line", ["line"])
def _(p, f): return text(f, tsv(p.counts)[:-40])
@refusal("an empty sample", ["S04"])
def _(p, f): return text(f, tsv(p.counts.assign(S04=0)))

# No tables

@refusal("empty", ["empty"])
def _(p, f): return text(f, "")
@refusal("a header alone", ["gene"])
def _(p, f): return text(f, tsv(p.counts).split("\n")[0] + "\n")
@refusal("a spreadsheet", ["Excel"])
def _(p, f):
    with zipfile.ZipFile(f / "odd.xlsx", "w") as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook/>")
    return f / "odd.xlsx"
@refusal("a page instead of a download", ["web page"])
def _(p, f): return text(f, "<!DOCTYPE html><html><body>Sign in</body></html>\n", "odd.csv")
@refusal("a pointer of Git LFS", ["LFS"])
def _(p, f): return text(f, "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n")
@refusal("a list of genes", ["no column of numbers"], )
def _(p, f): return text(f, "gene\tdescription\n" + "".join(f"{g}\tprotein\n" for g in GENES))
@refusal("an external link in HDF5", ["elsewhere.h5", "external link"])
def _(p, f):
    with h5py.File(f / "odd.h5ad", "w") as file:
        file["X"] = h5py.ExternalLink("elsewhere.h5", "/X")
        file.create_group("obs").attrs["_index"] = "_index"
        file["obs/_index"] = np.array(BARCODES, dtype=object)
        file.create_group("var").attrs["_index"] = "_index"
        file["var/_index"] = np.array(GENES, dtype=object)
    return f / "odd.h5ad"


@refusal("AnnData with genes in obs", ["is transposed", ".T.write_h5ad"])
def _(p, f):
    import anndata
    anndata.AnnData(p.cells.astype(np.float32)).write_h5ad(f / "odd.h5ad")
    return f / "odd.h5ad"
@refusal("AnnData and --orientation genes", ["--orientation"], options=["--orientation", "genes"], code=2)
def _(p, f):
    import anndata
    anndata.AnnData(p.cells.T.astype(np.float32)).write_h5ad(f / "odd.h5ad")
    return f / "odd.h5ad"
@case("GTEx, one tissue")
def _(p, f):
    table = p.counts.copy()
    table.insert(0, "Description", table.index)
    table.insert(0, "Name", [f"ENSG9{i:010}.3" for i in range(len(table))])
    table.index = range(len(table))
    return text(f, f"#1.2\n{len(table)}\t12\n" + tsv(table, index_label="id"), "odd.gct")


VALUES = {"counts": "counts", "cells": "counts", "tpm": "linear", "log": "log", "z": "zscore"}
ALWAYS = ["--force-scale", "--output-format", "tsv"]


def predictions(model, path, *arguments):
    done = run("predict", path, "-m", model, *arguments, *ALWAYS)
    return pd.read_csv(io.StringIO(done.stdout), sep="\t", index_col=0), done.stderr


def outcome(model, name, plain, folder):
    """Runs a case; what came out, and what is wrong with it ("" for nothing)."""
    make, kind, options, words, code = CASES[name]
    odd = make(plain, folder)
    if "--values" not in options and kind != "counts":
        options = ["--values", VALUES[kind], *options]
    if code != 0:
        done = run("predict", odd, "-m", model, *options, *ALWAYS, expect=None)
        wrong = "" if done.returncode == code else f"exit {done.returncode}, not {code}"
        wrong += "".join(f"; no '{word}'" for word in words if word not in done.stderr)
        if done.stdout:
            wrong += "; output"
        return done.stderr.strip().split("\n")[-1], wrong
    done = run("predict", odd, "-m", model, *options, *ALWAYS, expect=None)
    if done.returncode != 0:
        return done.stderr.strip().split("\n")[-1], f"exit {done.returncode}"
    got = pd.read_csv(io.StringIO(done.stdout), sep="\t", index_col=0)
    getattr(plain, kind).to_csv(folder / "plain.csv", index_label="gene")
    wanted, _ = predictions(model, folder / "plain.csv", "--values", VALUES[kind])
    wrong = "".join(f"; no '{word}'" for word in words if word not in done.stderr)
    if len(got) != len(wanted):
        wrong += f"; {len(got)} samples: {list(got.index)[:15]}"
    elif sorted(got.index.astype(str)) == sorted(wanted.index.astype(str)):
        if np.abs(got.set_axis(got.index.astype(str)).loc[wanted.index.astype(str)].values - wanted.values).max() > 1e-4:
            wrong += "; other numbers"
    elif np.abs(got.values - wanted.values).max() > 1e-4:  # other names, the same order
        wrong += "; other numbers"
    return "predicted", wrong


@pytest.mark.parametrize("name", CASES)
def test_an_odd_table_is_read_as_it_is_meant_or_refused(model, tmp_path, name):
    _, wrong = outcome(model, name, Plain(), tmp_path)
    assert wrong == ""


def test_outcomes_of_a_hundred(model, tmp_path):
    """One line a case: what was brought, what came out."""
    if len(CASES) < 100:
        raise AssertionError(len(CASES))
    if not OUTCOMES:
        pytest.skip("set SICMIR_ODD_TABLES=FILE to write the table of outcomes")
    lines = []
    for i, name in enumerate(CASES):
        (tmp_path / str(i)).mkdir()
        came_out, wrong = outcome(model, name, Plain(), tmp_path / str(i))
        lines.append(f"| {name} | {came_out.replace(str(tmp_path / str(i)) + '/', '')} | {wrong or 'right'} |\n")
    with open(OUTCOMES, "w") as file:
        file.writelines(lines)
