# SPDX-License-Identifier: BSD-3-Clause
"""What the header, the columns and the numbers of a table mean. Each odd table is made here from a
plain one; the right predictions are those of the plain one, or the table is refused."""
import io

import numpy as np
import pandas as pd
import pytest

from program import LANDMARKS, SYMBOLS, counts, predict, run

OTHERS = ["A1BG", "A1CF", "A2M", "NAT1", "ZZEF1"]
GENES = SYMBOLS + OTHERS
BARCODES = [f"AAACCTGAGAAACC{a}{b}-1" for a in "ACG" for b in "ACGT"]
SAMPLES = [f"S{i + 1:02}" for i in range(12)]


@pytest.fixture(scope="module")
def cells():
    """Counts of 12 cells with gaps and values above 1000; genes as lines."""
    table = counts(12, GENES, seed=7)
    table.iloc[::40] *= 97
    table.columns = BARCODES
    return table


@pytest.fixture(scope="module")
def samples(cells):
    table = cells.copy()
    table.columns = SAMPLES
    return table


def same(model, odd, plain, tmp_path, *arguments, words=()):
    """The odd table (a path) gives the predictions of the plain one (genes as lines)."""
    plain.to_csv(tmp_path / "plain.csv", index_label="gene")
    # Single samples are compared with the training samples, which made-up ones do not resemble.
    always = ["--force-scale", "--output-format", "tsv"]
    # CSV reads whole numbers as counts; others are told.
    wanted = predict(model, tmp_path / "plain.csv", "--values", "counts", *always)
    done = run("predict", odd, "-m", model, *arguments, *always)
    got = pd.read_csv(io.StringIO(done.stdout), sep="\t", index_col=0)
    assert list(map(str, got.index)) == list(map(str, wanted.index))
    assert list(got.columns) == list(wanted.columns)
    assert np.abs(got.values - wanted.values).max() < 1e-5
    for word in words:
        assert word in done.stderr, done.stderr
    return done


def refused(model, odd, *words, arguments=()):
    done = run("predict", odd, "-m", model, *arguments, expect=3)
    for word in words:
        assert word in done.stderr, done.stderr
    assert done.stdout == ""
    return done


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# Lists that are one line too long --------------------------------------------------------------

def folder(tmp_path, table, features, barcodes):
    path = tmp_path / "folder"
    path.mkdir(exist_ok=True)
    genes, cells = np.nonzero(table.values)
    order = np.lexsort((genes, cells))
    entries = "".join(f"{g + 1} {c + 1} {table.values[g, c]}\n"
                      for g, c in zip(genes[order], cells[order]))
    write(path / "matrix.mtx", "%%MatrixMarket matrix coordinate integer general\n"
          f"{table.shape[0]} {table.shape[1]} {len(genes)}\n{entries}")
    write(path / "features.tsv", "".join(line + "\n" for line in features))
    write(path / "barcodes.tsv", "".join(line + "\n" for line in barcodes))
    return path


def ensembl_features(symbols):
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["ensembl_id"]))
    return [f"{ids.get(s, f'ENSG9999900{i:04}')}\t{s}\tGene Expression"
            for i, s in enumerate(symbols)]


@pytest.mark.parametrize("first", ["ENSG00000243485\tMIR1302-2HG\tGene Expression",
                                   "ENSG00000186092.6\tOR4F5\tGene Expression"])
@pytest.mark.parametrize("at_the_end", [True, False])
def test_a_gene_list_one_line_too_long_is_refused(model, cells, tmp_path, first, at_the_end):
    lines = ensembl_features(cells.index)
    lines = lines + [first] if at_the_end else [first] + lines
    refused(model, folder(tmp_path, cells, lines, BARCODES), "is no header", "do not belong")


def test_a_list_of_symbols_one_line_too_long_is_refused(model, cells, tmp_path):
    refused(model, folder(tmp_path, cells, ["OR4F5", *cells.index], BARCODES), '"OR4F5"')


@pytest.mark.parametrize("first", ["AAACCTGAGTTTTTTT-1", "cell_0", "17", "SRR1234567"])
def test_a_barcode_list_one_line_too_long_is_refused(model, cells, tmp_path, first):
    refused(model, folder(tmp_path, cells, ensembl_features(cells.index), [first, *BARCODES]),
            "is no header")


@pytest.mark.parametrize("genes,barcodes", [("gene_id\tgene_name\tfeature_type", None),
                                            ("x", "x"), (None, "barcode"), (None, "cell_id"),
                                            ("", "V1")])
def test_a_header_of_a_list_is_one(model, cells, tmp_path, genes, barcodes):
    features = ensembl_features(cells.index)
    if genes is not None and "\t" not in genes:
        features = [f.split("\t")[0] for f in features]
    path = folder(tmp_path, cells, ([genes] if genes else []) + features,
                  ([barcodes] if barcodes else []) + BARCODES)
    same(model, path, cells, tmp_path)


# STAR's ReadsPerGene ---------------------------------------------------------------------------

def star(path, unstranded, first, second):
    lines = [f"{name}\t{n}\t{n + 1}\t{n + 2}\n" for n, name in
             enumerate(["N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"], 1000)]
    lines += [f"{g}\t{u}\t{f}\t{s}\n" for g, u, f, s in
              zip(GENES, unstranded, first, second)]
    return write(path, "".join(lines))


@pytest.mark.parametrize("name,sample", [("S1_ReadsPerGene.out.tab", "S1"),
                                         ("S1.ReadsPerGene.out.tab", "S1")])
@pytest.mark.parametrize("strand", ["unstranded", "first", "second"])
def test_star_counts_are_one_sample(model, samples, tmp_path, name, sample, strand):
    right = samples.iloc[:, 0]
    few = right // 50
    columns = {"unstranded": (right, right // 2, right - right // 2),
               "first": (right + few, right, few), "second": (right + few, few, right)}[strand]
    path = star(tmp_path / name, *columns)
    same(model, path, right.to_frame(sample), tmp_path, words=["STAR's counts of one sample"])


def test_star_counts_of_an_unclear_strand_are_refused(model, samples, tmp_path):
    right = samples.iloc[:, 0]
    path = star(tmp_path / "ReadsPerGene.out.tab", right, right * 7 // 10, right * 3 // 10)
    refused(model, path, "ReadsPerGene", "cut -f 1,")


# Thousands separators --------------------------------------------------------------------------

def text_of(table, separator, form, corner="gene"):
    lines = [separator.join([corner, *table.columns])]
    lines += [separator.join([gene, *map(form, row)])
              for gene, row in zip(table.index, table.values)]
    return "\n".join(lines) + "\n"


def grouped(mark):
    return lambda value: f"{value:,}".replace(",", mark)


@pytest.mark.parametrize("separator,mark,word", [("\t", ",", "comma"), (";", ".", "point"),
                                                 ("\t", ".", "point"), (";", ",", "comma")])
def test_single_groups_of_three_digits_are_asked_about(model, samples, tmp_path, separator, mark,
                                                       word):
    path = write(tmp_path / "odd.tsv", text_of(samples, separator, grouped(mark)))
    refused(model, path, "--thousands", "--decimal")
    same(model, path, samples, tmp_path, "--thousands", word)


def test_quoted_groups_in_a_csv_are_asked_about(model, samples, tmp_path):
    path = write(tmp_path / "odd.csv", text_of(samples, ",", lambda v: f'"{v:,}"'))
    refused(model, path, "--thousands")
    same(model, path, samples, tmp_path, "--thousands", "comma")


@pytest.mark.parametrize("separator,mark", [("\t", ","), (";", "."), ("\t", "."), ("\t", "'")])
def test_two_groups_are_thousands(model, samples, tmp_path, separator, mark):
    table = samples.copy()
    table.iloc[3, 2] = 1234567
    path = write(tmp_path / "odd.tsv", text_of(table, separator, grouped(mark)))
    same(model, path, table, tmp_path, words=["thousands separated by"])


def test_groups_beside_the_other_decimal_mark_are_thousands(model, samples, tmp_path):
    table = samples + 0.5
    form = lambda value: f"{value:,.1f}".replace(",", "_").replace(".", ",").replace("_", ".")
    path = write(tmp_path / "odd.csv", text_of(table, ";", form))
    same(model, path, table, tmp_path, "--values", "counts", words=["thousands separated by '.'"])


@pytest.mark.parametrize("separator,mark", [("\t", "."), (";", ","), ("\t", ",")])
def test_a_table_of_three_decimals_is_no_table_of_thousands(model, samples, tmp_path, separator,
                                                            mark):
    table = np.log2(samples + 1).round(3)
    path = write(tmp_path / "odd.tsv",
                 text_of(table, separator, lambda v: f"{v:.3f}".replace(".", mark)))
    plain = write(tmp_path / "plain.tsv", text_of(table, "\t", str))
    wanted = predict(model, plain, "--values", "log")
    assert np.allclose(predict(model, path), wanted, atol=1e-5)


def test_a_group_of_two_digits_further_down_is_refused(model, samples, tmp_path):
    table = samples.copy()
    table.iloc[3, 2] = 1234567
    path = write(tmp_path / "odd.tsv",
                 text_of(table, "\t", grouped(",")).rstrip("\n") + "\nXYZ1" + "\t12,34" * 12 + "\n")
    refused(model, path)


# Fractional counts -----------------------------------------------------------------------------

def test_ambient_corrected_counts_are_counts(model, cells, tmp_path):
    random = np.random.default_rng(3)
    table = (cells * random.uniform(0.93, 0.999, cells.shape)).round(3)
    table.to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", table, tmp_path, words=["taken as counts"])


def test_expected_counts_are_counts(model, cells, tmp_path):
    random = np.random.default_rng(4)
    table = cells + np.where((random.random(cells.shape) < 0.2) & (cells > 0), 0.37, 0.0)
    table.to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", table, tmp_path, words=["taken as counts"])


def test_shallow_corrected_counts_are_not_taken_for_logarithms(model, cells, tmp_path):
    table = (cells.clip(upper=20) * 0.96).round(3)
    table.to_csv(tmp_path / "odd.csv")
    refused(model, tmp_path / "odd.csv", "--values counts")


@pytest.mark.parametrize("scale", [1e6, 1e4])
def test_values_of_one_total_are_linear(model, cells, tmp_path, scale):
    table = cells / cells.sum() * scale
    table.to_csv(tmp_path / "odd.csv")
    done = run("predict", tmp_path / "odd.csv", "-m", model)
    assert "values: linear" in done.stderr


@pytest.mark.parametrize("log", [np.log1p, lambda x: np.log2(x + 1)])
@pytest.mark.parametrize("scaled", [True, False])
def test_logarithms_of_counts_are_logarithms(model, cells, tmp_path, log, scaled):
    table = log(cells / cells.sum() * 5800.0 if scaled else cells)
    table.to_csv(tmp_path / "odd.csv")
    done = run("predict", tmp_path / "odd.csv", "-m", model)
    assert "values: log" in done.stderr


# Several quantities of a sample ----------------------------------------------------------------

def quantities(samples, name_of):
    parts = []
    for quantity, factor in (("counts", 1), ("tpm", 0.7), ("fpkm", 0.3)):
        part = samples * factor
        part.columns = [name_of(quantity, sample) for sample in samples.columns]
        parts.append(part)
    return pd.concat(parts, axis=1)


@pytest.mark.parametrize("name_of", [lambda q, s: f"{q}_{s}", lambda q, s: f"{s}.{q.upper()}",
                                     lambda q, s: f"{s} ({q})", lambda q, s: f"{q}-{s}",
                                     lambda q, s: s if q == "counts" else f"norm.{s}"
                                     if q == "tpm" else f"{s}_rlog"])
@pytest.mark.parametrize("interleaved", [True, False])
def test_several_quantities_of_each_sample_are_refused(model, samples, tmp_path, name_of,
                                                       interleaved):
    table = quantities(samples, name_of)
    if interleaved:
        table = table.iloc[:, np.arange(36).reshape(3, 12).T.ravel()]
    table.to_csv(tmp_path / "odd.tsv", sep="\t")
    refused(model, tmp_path / "odd.tsv", "several quantities of each")


@pytest.mark.parametrize("words", [["raw_counts", "median_length_normalized", "RPKM"],
                                   ["Counts", "RPKM", "TPM"], ["alpha", "beta", "gamma"]])
def test_quantities_in_a_second_header_line_are_refused(model, samples, tmp_path, words):
    lines = ["\t".join(["Hybridization REF", *np.repeat(SAMPLES, 3)]),
             "\t".join(["gene", *(words * 12)])]
    lines += ["\t".join([gene, *(f"{v}\t{v / 2}\t{v / 3:.4f}" for v in row)])
              for gene, row in zip(samples.index, samples.values)]
    refused(model, write(tmp_path / "odd.txt", "\n".join(lines) + "\n"), "several quantities")


def test_one_quantity_in_a_second_header_line_is_read(model, samples, tmp_path):
    lines = text_of(samples, "\t", str).splitlines()
    lines.insert(1, "\t".join(["gene_id"] + ["normalized_count"] * 12))
    same(model, write(tmp_path / "odd.txt", "\n".join(lines) + "\n"), samples, tmp_path)


def test_one_quantity_of_many_samples_is_read(model, samples, tmp_path):
    table = samples.copy()
    table.columns = [f"counts_{s}" for s in SAMPLES]
    table.to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", table, tmp_path)


# Statistics, lengths, totals -------------------------------------------------------------------

def statistics(names, n):
    random = np.random.default_rng(5)
    return pd.DataFrame({name: random.random(n).round(4) for name in names}, index=GENES)


@pytest.mark.parametrize("names", [
    ["baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"],
    ["logFC", "logCPM", "F", "PValue", "FDR"], ["logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B"],
    ["p_val", "avg_log2FC", "pct.1", "pct.2", "p_val_adj"], ["A_vs_B_logFC", "A_vs_B_padj"]])
@pytest.mark.parametrize("behind", [True, False])
def test_statistics_are_no_samples(model, samples, tmp_path, names, behind):
    parts = [statistics(names, len(GENES)), samples]
    pd.concat(parts[::-1] if behind else parts, axis=1).to_csv(tmp_path / "odd.csv",
                                                               index_label="gene")
    same(model, tmp_path / "odd.csv", samples, tmp_path, words=["statistics", names[0]])


def test_a_table_of_statistics_alone_is_refused(model, tmp_path):
    statistics(["logFC", "logCPM", "F", "PValue", "FDR"], len(GENES)).to_csv(tmp_path / "odd.csv")
    refused(model, tmp_path / "odd.csv", "statistics of genes")


@pytest.mark.parametrize("names", [["gene_length_bp", "gc_content"], ["Width", "%GC"],
                                   ["Transcript.length", "percentage_gene_gc_content"]])
@pytest.mark.parametrize("behind", [True, False])
def test_lengths_are_no_samples(model, samples, tmp_path, names, behind):
    sizes = statistics(names, len(GENES))
    sizes[names[0]] = np.arange(len(GENES)) + 500
    sizes[names[1]] += 0.01
    parts = [sizes, samples]
    pd.concat(parts[::-1] if behind else parts, axis=1).to_csv(tmp_path / "odd.tsv", sep="\t",
                                                               index_label="gene")
    same(model, tmp_path / "odd.tsv", samples, tmp_path)


@pytest.mark.parametrize("name", ["Total", "Sum", "row_sum", "Total counts", "Everything"])
@pytest.mark.parametrize("place", [0, 5, 12])
def test_a_total_of_the_samples_is_no_sample(model, samples, tmp_path, name, place):
    table = samples.copy()
    table.insert(place, name, samples.sum(axis=1))
    table.to_csv(tmp_path / "odd.csv", index_label="gene")
    same(model, tmp_path / "odd.csv", samples, tmp_path, words=["totals of other columns"])


@pytest.mark.parametrize("name", ["Total", "Sum", "total_counts", "library size"])
def test_a_total_of_the_genes_is_no_gene(model, samples, tmp_path, name):
    table = pd.concat([samples, samples.sum().to_frame(name).T])
    table.to_csv(tmp_path / "odd.csv", index_label="gene")
    same(model, tmp_path / "odd.csv", samples, tmp_path, words=["totals of other lines"])


def test_fractions_in_one_column_of_counts_are_refused(model, samples, tmp_path):
    table = samples.copy()
    table["quality"] = np.random.default_rng(1).random(len(GENES))
    table.to_csv(tmp_path / "odd.csv", index_label="gene")
    refused(model, tmp_path / "odd.csv", '"quality" holds fractions')


def test_text_behind_the_samples_is_left_out(model, samples, tmp_path):
    table = samples.copy()
    table["description"] = [f"protein of {gene}" for gene in GENES]
    table.to_csv(tmp_path / "odd.csv", index_label="gene")
    same(model, tmp_path / "odd.csv", samples, tmp_path, words=["text (description)"])


# Measurements of cells among genes --------------------------------------------------------------

METADATA = {
    "seurat": {"nCount_RNA": "sum", "nFeature_RNA": "genes", "percent.mt": "fraction"},
    "scanpy": {"cell_type": "text", "n_counts": "sum", "pct_counts_mt": "fraction"},
    "labels": {"orig.ident": "text", "nUMI": "sum", "RNA_snn_res.0.8": "whole"},
    "umap": {"UMAP_1": "fraction", "UMAP_2": "fraction", "seurat_clusters": "whole"},
    "unheard of": {"tss_enrichment": "fraction", "n_fragments": "whole"},
    "saved twice": {"Unnamed: 0": "number"},
}


@pytest.mark.parametrize("kind", METADATA)
@pytest.mark.parametrize("behind", [True, False])
def test_measurements_of_cells_are_no_genes(model, cells, tmp_path, kind, behind):
    table = cells.T
    random = np.random.default_rng(6)
    columns = {"sum": table.sum(axis=1).values, "genes": (table > 0).sum(axis=1).values,
               "fraction": random.random(12).round(3) * 9, "text": list("TTBBTTBBNNNN"),
               "whole": random.integers(0, 5, 12), "number": np.arange(12)}
    extra = pd.DataFrame({name: columns[what] for name, what in METADATA[kind].items()},
                         index=table.index)
    parts = [extra, table]
    pd.concat(parts[::-1] if behind else parts, axis=1).to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", cells, tmp_path)


# Long tables -----------------------------------------------------------------------------------

@pytest.mark.parametrize("order", ["gene", "cell"])
@pytest.mark.parametrize("with_id", [True, False])
def test_long_tables_are_made_wide(model, cells, tmp_path, order, with_id):
    table = cells.stack().rename("count").rename_axis(["gene", "cell"]).reset_index()
    # The first gene has all cells, in their order, which is that of the predictions.
    table = table[(table["count"] > 0) | (table["gene"] == GENES[0])].sort_values(order, kind="stable")
    if order == "gene":
        table = pd.concat([table[table["gene"] == GENES[0]], table[table["gene"] != GENES[0]]])
    if with_id:
        table.insert(0, "Gene id", ["ENSG99" + f"{hash(g) % 10**9:09}" for g in table["gene"]])
    table.to_csv(tmp_path / "odd.tsv", sep="\t", index=False)
    n_genes = table["gene"].nunique()
    same(model, tmp_path / "odd.tsv", cells, tmp_path, words=[f"a long table of {n_genes} genes", "12 cells"])
    table[["cell", *[c for c in table if c != "cell"]]].to_csv(tmp_path / "turned.tsv", sep="\t",
                                                               index=False)
    same(model, tmp_path / "turned.tsv", cells, tmp_path, words=["a long table"])
    if with_id:
        return  # pool names genes by their first column
    run("pool", tmp_path / "odd.tsv", "-m", model, "--groups", groups_of(cells, tmp_path), "-o", tmp_path / "long.csv")
    run("pool", tmp_path / "plain.csv", "-m", model, "--groups", groups_of(cells, tmp_path), "-o",
        tmp_path / "wide.csv")
    pooled, wide = (pd.read_csv(tmp_path / f"{name}.csv", index_col=0) for name in ("long", "wide"))
    assert wide.shape == (2, 982) and pooled.shape == (2, n_genes) and pooled.equals(wide[pooled.columns])
    assert wide.drop(columns=pooled.columns).values.sum() == 0  # genes without any count are not listed


def groups_of(cells, folder):
    (folder / "groups.tsv").write_text("".join(f"{cell}\tg{i % 2}\n" for i, cell in enumerate(cells)))
    return folder / "groups.tsv"


def test_a_long_table_of_measured_mirnas_is_refused(samples, tmp_path):
    table = samples.stack().rename("value").rename_axis(["gene", "sample"]).reset_index()
    table["gene"] = "hsa-miR-" + table["gene"]
    table.to_csv(tmp_path / "long.tsv", sep="\t", index=False)
    (tmp_path / "wide.csv").write_text("sample,hsa-miR-21-5p\nS01,1.5\nS02,0.5\n")
    done = run("evaluate", tmp_path / "wide.csv", tmp_path / "long.tsv", expect=3)
    assert "long table" in done.stderr and "only as a table of genes" in done.stderr


# No header, comments, titles -------------------------------------------------------------------

@pytest.mark.parametrize("first", ["A1BG-AS1", "A1CF", "TP53"])
@pytest.mark.parametrize("n_samples", [1, 2, 12])
def test_a_table_without_a_header_is_refused(model, samples, tmp_path, first, n_samples):
    table = samples.iloc[:, :n_samples].rename({"A1BG": first})
    table = table.loc[[first, *[g for g in table.index if g != first]]]
    table.iloc[0] = np.resize([421, 421, 0], n_samples)
    table.to_csv(tmp_path / "odd.tsv", sep="\t", header=False)
    refused(model, tmp_path / "odd.tsv", "looks like data")


@pytest.mark.parametrize("corner", ["gene", "Symbol", "", "Gene ID", "Geneid"])
def test_numbers_may_name_samples(model, samples, tmp_path, corner):
    table = samples.copy()
    table.columns = [str(100 + i) for i in range(12)]
    table.to_csv(tmp_path / "odd.tsv", sep="\t", index_label=corner or None)
    same(model, tmp_path / "odd.tsv", table, tmp_path)


@pytest.mark.parametrize("above", ["# Program:featureCounts v2.0.3; Command:\"x\"\n",
                                   "## made by someone\n# and again\n", "Supplementary Table 3\n",
                                   "# gene-model: GENCODE v36\n", "#\n"])
@pytest.mark.parametrize("n_samples", [1, 2, 12])
def test_comments_and_titles_above_the_header_are_passed_over(model, samples, tmp_path, above,
                                                              n_samples):
    table = samples.iloc[:, :n_samples]
    path = write(tmp_path / "odd.tsv", above + text_of(table, "\t", str))
    same(model, path, table, tmp_path)


def test_a_title_of_a_spreadsheet_is_passed_over(model, samples, tmp_path):
    above = "Table S1. Raw counts" + "," * 12 + "\n" + "," * 12 + "\n"
    path = write(tmp_path / "odd.csv", above + text_of(samples, ",", str))
    same(model, path, samples, tmp_path, words=["text above the header"])


def test_a_header_may_begin_with_a_hash(model, samples, tmp_path):
    path = write(tmp_path / "odd.tsv", text_of(samples, "\t", str, corner="#gene"))
    same(model, path, samples, tmp_path)


def test_a_series_matrix_is_read_or_refused(model, samples, tmp_path):
    above = '!Series_title\t"x"\n!Series_geo_accession\t"GSE1"\n!series_matrix_table_begin\n'
    path = write(tmp_path / "full.txt", above + text_of(samples, "\t", str, corner='"ID_REF"') +
                 "!series_matrix_table_end\n")
    same(model, path, samples, tmp_path)
    path = write(tmp_path / "empty.txt", above + '"ID_REF"\t"GSM1"\t"GSM2"\n'
                 "!series_matrix_table_end\n")
    refused(model, path, "GEO series matrix", "supplementary files")


def test_cells_without_names_are_refused(model, cells, tmp_path):
    table = cells.T[["A1BG", *[g for g in GENES if g != "A1BG"]]]
    table.to_csv(tmp_path / "odd.csv", index=False)
    refused(model, tmp_path / "odd.csv", "they have no names")


# Tags, spike-ins, names ------------------------------------------------------------------------

@pytest.mark.parametrize("names", [["AB_CD3", "AB_CD4"], ["ADT_CD3", "ADT-CD4"],
                                   ["CD3_TotalSeqC", "CD4-TotalSeqB"], ["Hashtag1", "HTO_2"],
                                   ["ERCC-00002", "ERCC-00171"], ["ERCC_00002", "SIRV101"],
                                   ["N_unmapped", "__no_feature"], ["Unassigned_Ambiguity"]])
@pytest.mark.parametrize("cells_as_lines", [True, False])
def test_what_is_no_gene_counts_nowhere(model, cells, tmp_path, names, cells_as_lines):
    random = np.random.default_rng(8)
    extra = pd.DataFrame(random.integers(50, 5000, (len(names), 12)), index=names,
                         columns=cells.columns)
    table = pd.concat([cells, extra])
    (table.T if cells_as_lines else table).to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", cells, tmp_path, words=[names[0]])


def test_genes_whose_names_begin_like_tags_count(model, cells, tmp_path):
    table = cells.rename({"A1BG": "ADTRP", "A1CF": "ERCC1", "A2M": "ABCA1"})
    table.to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", cells, tmp_path)


@pytest.mark.parametrize("rename", [lambda s: s.replace("-", "."), lambda s: f"GRCh38-{s}",
                                    lambda s: f"hg19_{s}", lambda s: f"GRCh38premrna-{s}",
                                    lambda s: f"{s}__chr17", lambda s: f"b'{s}'"])
def test_rewritten_names_are_found(model, cells, tmp_path, rename):
    table = cells.rename(rename)
    table.to_csv(tmp_path / "odd.csv")
    done = same(model, tmp_path / "odd.csv", cells, tmp_path)
    assert "977 of 977" in done.stderr


def test_entrez_ids_that_became_floating_point_numbers_are_found(model, cells, tmp_path):
    ids = dict(zip(LANDMARKS["symbol"], LANDMARKS["entrez_id"]))
    table = cells.rename(lambda s: f"{ids[s]}.0" if s in ids else s)
    table.to_csv(tmp_path / "odd.csv")
    same(model, tmp_path / "odd.csv", cells, tmp_path)


def test_a_matrix_of_floats_is_read(model, cells, tmp_path):
    path = folder(tmp_path, cells, ensembl_features(cells.index), BARCODES)
    text = (path / "matrix.mtx").read_text().replace(" integer ", " float ", 1)
    write(path / "matrix.mtx", text)
    same(model, path, cells, tmp_path)
