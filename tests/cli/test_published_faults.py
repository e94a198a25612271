# SPDX-License-Identifier: BSD-3-Clause
"""Faults that users of the published script meet, each shown impossible here.

The published script reads one CSV or the X of an h5ad into memory, picks genes by name, fills the
rest with zeros, standardises and predicts all cells at once. (Its faults of pooling: test_pool.py.)
"""
import gzip
import json
import subprocess
import time

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from program import LANDMARKS, SANITIZE, SICMIR, SYMBOLS, counts, predict, run

ENSEMBL = list(LANDMARKS["ensembl_id"])
# Published symbol -> today's, for the ten that current annotations no longer have.
RENAMED = {"EPRS": "EPRS1", "KIAA0100": "BLTP2", "HIST2H2BE": "H2BC21", "TSTA3": "GFUS",
           "AARS": "AARS1", "SKIV2L": "SKIC2", "H2AFV": "H2AZ2", "HIST1H2BK": "H2BC12",
           "WDR61": "SKIC8", "KIAA0355": "GARRE1"}


def written(table, path):
    table.to_csv(path)
    return path


@pytest.fixture(scope="module")
def table():
    return counts(20)


@pytest.fixture(scope="module")
def expected(model, table, tmp_path_factory):
    return predict(model, written(table, tmp_path_factory.mktemp("plain") / "counts.csv"))


# One NaN zeroes a gene in every sample, or makes a sample NaN, silently.
@pytest.mark.parametrize("values", ["counts", "linear", "log", "zscore"])
@pytest.mark.parametrize("spelling", ["NaN", "nan", "NA", "inf", ""])
def test_a_nan_stops_the_run_and_names_its_cell_and_gene(model, table, tmp_path, values, spelling):
    text = table.astype(str)
    text.loc["TP53", "cell_7"] = spelling
    done = run("predict", written(text, tmp_path / "nan.csv"), "-m", model, "--values", values,
               expect=3)
    assert "cell_7" in done.stderr and "TP53" in done.stderr
    assert done.stdout == ""


def test_a_nan_in_an_h5ad_stops_the_run_and_names_its_cell_and_gene(model, table, tmp_path):
    values = np.log1p(table.T.to_numpy().astype(np.float32))
    values[6, SYMBOLS.index("TP53")] = np.nan
    data = anndata.AnnData(values, dtype=np.float32,
                           obs=pd.DataFrame(index=table.columns), var=pd.DataFrame(index=SYMBOLS))
    data.write_h5ad(tmp_path / "nan.h5ad")
    done = run("predict", tmp_path / "nan.h5ad", "-m", model, expect=3)
    assert "cell_7" in done.stderr and "TP53" in done.stderr


# No matching gene, or a transposed matrix, gives one constant row repeated and exit code 0.
def test_a_file_without_the_panels_genes_is_refused_with_the_ids_that_were_seen(model, tmp_path):
    table = counts(12, genes=[f"{1000 + i}_s_at" for i in range(900)])
    done = run("predict", written(table, tmp_path / "probes.csv"), "-m", model, expect=3)
    assert "1000_s_at" in done.stderr
    assert done.stdout == ""


def test_ensembl_ids_give_the_same_predictions_as_symbols(model, table, expected, tmp_path):
    named = table.set_axis(ENSEMBL, axis=0)
    found = predict(model, written(named, tmp_path / "ensembl.csv"))
    pd.testing.assert_frame_equal(found, expected)


def test_a_transposed_matrix_gives_the_same_predictions(model, table, expected, tmp_path):
    found = predict(model, written(table.T, tmp_path / "transposed.csv"))
    pd.testing.assert_frame_equal(found, expected)


# Missing genes are filled with zeros and never reported.
def test_missing_genes_are_reported_and_count_as_average_not_as_zero(model, table, tmp_path):
    fewer = written(table.drop(index=["TP53", "MYC"]), tmp_path / "fewer.csv")
    done = run("predict", fewer, "-m", model, "-o", tmp_path / "out.csv", "--save-input",
               tmp_path / "input.csv", "--report", tmp_path / "report.json")
    assert "975 of 977" in done.stderr
    assert "TP53" in done.stderr and "MYC" in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert sorted(report["genes"]["missing"]) == ["MYC", "TP53"]
    seen = pd.read_csv(tmp_path / "input.csv", index_col=0)
    assert (seen[["TP53", "MYC"]] == 0).all(axis=None)


# An output folder that does not exist fails after all the work.
def test_a_missing_output_folder_fails_before_the_input_is_read(model, tmp_path):
    # Standard input stays open and empty: a program that read it first would wait for ever.
    start = time.monotonic()
    process = subprocess.Popen(
        [SICMIR, "predict", "-", "-m", model, "-o", tmp_path / "missing" / "out.csv"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        process.wait(timeout=20)
    finally:
        process.kill()
        process.stdin.close()
    assert process.returncode == 5
    assert str(tmp_path / "missing") in process.stderr.read()
    assert time.monotonic() - start < 20


# A duplicated gene name or a text column ends in a stack trace.
def test_counts_of_a_duplicated_gene_add_up(model, table, expected, tmp_path):
    half = table.loc[["MYC"]] // 2
    split = pd.concat([table, half])
    split.iloc[SYMBOLS.index("MYC")] -= half.iloc[0]
    found = predict(model, written(split, tmp_path / "split.csv"))
    pd.testing.assert_frame_equal(found, expected)


def test_a_duplicated_gene_of_logarithms_is_refused_by_name(model, table, tmp_path):
    logs = np.log1p(table)
    doubled = written(pd.concat([logs, logs.loc[["MYC"]]]), tmp_path / "doubled.csv")
    done = run("predict", doubled, "-m", model, expect=3)
    assert "MYC" in done.stderr and "--duplicates" in done.stderr


def test_a_text_column_before_the_numbers_is_passed_over(model, table, expected, tmp_path):
    text = table.astype(object)
    text.insert(0, "biotype", "protein_coding")
    pd.testing.assert_frame_equal(predict(model, written(text, tmp_path / "text.csv")), expected)


def test_a_text_column_among_the_numbers_is_left_out_by_name(model, table, expected, tmp_path):
    text = table.astype(object)
    text.insert(5, "biotype", "protein_coding")
    path = written(text, tmp_path / "text.csv")
    assert "biotype" in run("predict", path, "-m", model).stderr
    pd.testing.assert_frame_equal(predict(model, path), expected)


def test_a_text_among_the_numbers_is_refused_with_its_place(model, table, tmp_path):
    text = table.astype(object)
    text.iloc[500, 5] = "protein_coding"
    done = run("predict", written(text, tmp_path / "text.csv"), "-m", model, expect=3)
    assert "protein_coding" in done.stderr and "502" in done.stderr
    assert "terminate" not in done.stderr


# README and code disagree on the output's orientation; a miRNA name has twelve leading blanks; the
# lists of genes and miRNAs start with a byte-order mark, one has CRLF.
def test_samples_are_lines_and_transposed_they_are_columns(model, table, expected, tmp_path):
    assert list(expected.index) == list(table.columns)
    turned = predict(model, written(table, tmp_path / "counts.csv"), "--transpose")
    pd.testing.assert_frame_equal(turned.T, expected)


def test_names_of_mirnas_have_neither_blanks_nor_marks(full_model, table, tmp_path):
    names = list(predict(full_model, written(table, tmp_path / "counts.csv")).columns)
    assert len(names) == 1298
    assert len(set(names)) == 1298
    assert all(name.startswith(("hsa-miR-", "hsa-let-")) and name == name.strip()
               and name.isascii() for name in names)


def test_byte_order_mark_and_crlf_in_the_input_change_nothing(model, table, expected, tmp_path):
    text = table.to_csv().replace("\n", "\r\n")
    (tmp_path / "windows.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    pd.testing.assert_frame_equal(predict(model, tmp_path / "windows.csv"), expected)


def test_blanks_around_names_in_the_input_change_nothing(model, table, expected, tmp_path):
    blanks = table.rename(index=lambda name: f"            {name} ")
    pd.testing.assert_frame_equal(predict(model, written(blanks, tmp_path / "b.csv")), expected)


# Alias GIF of MIF is another gene in older annotations; ten renamed symbols are not found.
def test_gif_is_not_taken_for_mif(model, table, tmp_path):
    renamed = written(table.rename(index={"MIF": "GIF"}), tmp_path / "gif.csv")
    run("predict", renamed, "-m", model, "-o", tmp_path / "out.csv", "--report",
        tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["genes"]["missing"] == ["MIF"]


@pytest.mark.parametrize("new_names", [False, True])
def test_the_ten_renamed_genes_are_found_by_both_names(model, table, expected, tmp_path, new_names):
    assert set(RENAMED) <= set(SYMBOLS)
    names = RENAMED if new_names else {}
    renamed = written(table.rename(index=names), tmp_path / "renamed.csv")
    pd.testing.assert_frame_equal(predict(model, renamed), expected)


# Everything is held in memory, all cells at once (146 kB a cell); only CSV comes out.
@pytest.mark.skipif(SANITIZE != "", reason="sanitizers use memory of their own")
def test_memory_does_not_grow_with_cells(model, tmp_path):
    peak = {}
    for n_cells in (2000, 20000):
        values = scipy.sparse.random(n_cells, 2000, density=0.05, format="csr", random_state=1,
                                     dtype=np.float32)
        values.data = np.ceil(values.data * 9)
        data = anndata.AnnData(values, dtype=np.float32, var=pd.DataFrame(
            index=SYMBOLS + [f"GENE{i}" for i in range(2000 - len(SYMBOLS))]))
        data.write_h5ad(tmp_path / "cells.h5ad")
        for ending in ("csv", "h5ad"):
            run("predict", tmp_path / "cells.h5ad", "-m", model, "--empty-cells", "skip",
                "--threads", 2, "-o", tmp_path / f"out.{ending}", "--report",
                tmp_path / "report.json")
            report = json.loads((tmp_path / "report.json").read_text())
            assert report["cells"]["read"] == n_cells
            peak[n_cells, ending] = report["peak_memory_bytes"]
    for ending in ("csv", "h5ad"):
        # Names of cells are kept for the h5ad; 18,000 dense cells would take 2.6 GB.
        assert peak[20000, ending] - peak[2000, ending] < 30e6, peak


def test_predictions_are_written_as_csv_tsv_gzip_and_h5ad(model, table, expected, tmp_path):
    source = written(table, tmp_path / "counts.csv")
    for ending in ("csv", "tsv", "csv.gz", "tsv.gz", "h5ad"):
        run("predict", source, "-m", model, "-o", tmp_path / f"out.{ending}")
    for ending in ("csv", "tsv", "csv.gz", "tsv.gz"):
        found = pd.read_csv(tmp_path / f"out.{ending}", index_col=0,
                            sep="\t" if "tsv" in ending else ",")
        np.testing.assert_array_equal(found.astype(np.float32), expected.astype(np.float32))
    data = anndata.read_h5ad(tmp_path / "out.h5ad")
    assert list(data.obs_names) == list(expected.index)
    assert list(data.var_names) == list(expected.columns)
    np.testing.assert_array_equal(data.X, expected.astype(np.float32))


# Reads only CSV with genes as lines, and X of an h5ad.
def h5ad(table, path, where):
    values = scipy.sparse.csr_matrix(table.T.to_numpy().astype(np.float32))
    var = pd.DataFrame({"symbol": SYMBOLS}, index=ENSEMBL)
    scaled = scipy.sparse.csr_matrix(values.multiply(0.25))
    data = anndata.AnnData(values if where == "X" else scaled, dtype=np.float32,
                           obs=pd.DataFrame(index=table.columns), var=var)
    if where == "raw/X":
        data.raw = anndata.AnnData(values, dtype=np.float32, obs=data.obs, var=var)
    if where == "layers/counts":
        data.layers["counts"] = values
    data.write_h5ad(path)


@pytest.mark.parametrize("where", ["X", "raw/X", "layers/counts"])
def test_counts_are_found_in_every_place_of_an_h5ad(model, table, expected, tmp_path, where):
    h5ad(table, tmp_path / "cells.h5ad", where)
    done = run("predict", tmp_path / "cells.h5ad", "-m", model, "-o", tmp_path / "out.csv")
    assert f"matrix: {where}" in done.stderr
    found = pd.read_csv(tmp_path / "out.csv", index_col=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_10x_hdf5_file_gives_the_same_predictions(model, table, expected, tmp_path):
    values = scipy.sparse.csc_matrix(table.to_numpy().astype(np.int32))
    with h5py.File(tmp_path / "filtered.h5", "w") as file:
        matrix = file.create_group("matrix")
        matrix["barcodes"] = np.array(list(table.columns), dtype="S")
        matrix["data"], matrix["indices"] = values.data, values.indices.astype(np.int64)
        matrix["indptr"] = values.indptr.astype(np.int64)
        matrix["shape"] = np.array(values.shape, dtype=np.int32)
        features = matrix.create_group("features")
        features["id"] = np.array(ENSEMBL, dtype="S")
        features["name"] = np.array(SYMBOLS, dtype="S")
        features["feature_type"] = np.array(["Gene Expression"] * len(SYMBOLS), dtype="S")
        features["genome"] = np.array(["GRCh38"] * len(SYMBOLS), dtype="S")
    pd.testing.assert_frame_equal(predict(model, tmp_path / "filtered.h5"), expected)


def test_a_10x_folder_gives_the_same_predictions(model, table, expected, tmp_path):
    folder = tmp_path / "filtered"
    folder.mkdir()
    with gzip.open(folder / "matrix.mtx.gz", "wb") as file:
        scipy.io.mmwrite(file, scipy.sparse.coo_matrix(table.to_numpy()), field="integer")
    with gzip.open(folder / "features.tsv.gz", "wt") as file:
        file.writelines(f"{i}\t{s}\tGene Expression\n" for i, s in zip(ENSEMBL, SYMBOLS))
    with gzip.open(folder / "barcodes.tsv.gz", "wt") as file:
        file.writelines(f"{cell}\n" for cell in table.columns)
    pd.testing.assert_frame_equal(predict(model, folder), expected)
