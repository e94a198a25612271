# SPDX-License-Identifier: BSD-3-Clause
"""loom, GCTX and GCT: laid out by h5py and by hand as their specifications say; the same cells as a
table give the expected values."""
import gzip

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest

from program import LANDMARKS, PROJECT, SYMBOLS, counts, predict, run

ENSEMBL = list(LANDMARKS["ensembl_id"])
ENTREZ = list(LANDMARKS["entrez_id"])
N_CELLS = 150
TEXT = h5py.string_dtype()


@pytest.fixture(scope="module")
def table():
    """More genes than the panel's, so that totals are not sums over the panel."""
    return counts(N_CELLS, genes=SYMBOLS + [f"OTHER{i}" for i in range(300)], seed=5)


@pytest.fixture(scope="module")
def expected(model, table, tmp_path_factory):
    path = tmp_path_factory.mktemp("expected") / "counts.csv"
    table.to_csv(path)
    return predict(model, path)


# --- loom ----------------------------------------------------------------------------------------

STORAGE = {"64 x 64, gzip": dict(chunks=(64, 64), compression="gzip"),
           "lines of genes": dict(chunks=(1, N_CELLS), compression="gzip", shuffle=True),
           "columns of cells": dict(chunks=(1277, 3), compression="lzf"),
           "chunks, plain": dict(chunks=(50, 33)), "contiguous": {}}


def loom(path, table, storage, dtype="f4", version="3.0.0", genes=None, cells="CellID", layers=()):
    with h5py.File(path, "w") as file:
        file.create_dataset("matrix", data=table.to_numpy().astype(dtype), **storage)
        for group in ("layers", "row_attrs", "col_attrs", "row_graphs", "col_graphs"):
            file.create_group(group)
        for name, values in layers:
            file["layers"].create_dataset(name, data=values, **storage)
        if version.startswith("3"):
            file.create_group("attrs")["LOOM_SPEC_VERSION"] = version
        else:
            file.attrs["LOOM_SPEC_VERSION"] = version
        for name, ids in (genes or {"Gene": list(table.index)}).items():
            # Version 2 stores ASCII of a fixed length, version 3 UTF-8 of any.
            data = (np.array(ids, dtype=object) if version.startswith("3")
                    else np.array(ids, dtype="S"))
            file["row_attrs"].create_dataset(
                name, data=data, dtype=TEXT if version.startswith("3") else None)
        file["row_attrs"]["Start"] = np.arange(len(table))
        file["row_attrs"]["embedding"] = np.zeros((len(table), 2))
        if cells:
            file["col_attrs"].create_dataset(cells, data=np.array(table.columns, dtype=object),
                                             dtype=TEXT)
        file["col_attrs"]["Cluster"] = np.arange(table.shape[1])
    return path


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("version, dtype", [("3.0.0", "f4"), ("2.0.1", "u2")])
def test_loom_gives_the_predictions_of_the_same_table(model, table, expected, tmp_path, storage,
                                                      version, dtype):
    path = loom(tmp_path / "cells.loom", table, STORAGE[storage], dtype, version)
    for cells in (7, 1024):
        found = predict(model, path, "--block-cells", cells)
        pd.testing.assert_frame_equal(found, expected)


def test_ensembl_ids_of_a_loom_win_over_symbols_that_are_not_there(model, table, expected,
                                                                   tmp_path):
    genes = {"Gene": [f"gene {i}" for i in range(len(table))],
             "Accession": ENSEMBL + [f"ENSG99999{i:06d}" for i in range(300)]}
    path = loom(tmp_path / "cells.loom", table, {}, genes=genes)
    done = run("predict", path, "-m", model, "-o", tmp_path / "out.csv")
    assert "row_attrs/Accession" in done.stderr
    found = pd.read_csv(tmp_path / "out.csv", index_col=0)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_layers_of_a_loom_are_named(model, table, expected, tmp_path):
    values = table.to_numpy().astype("f4")
    path = loom(tmp_path / "cells.loom", table * 0 + 1, STORAGE["64 x 64, gzip"],
                layers=[("spliced", values), ("unspliced", values * 2)])
    for name in ("spliced", "layers/spliced"):
        pd.testing.assert_frame_equal(predict(model, path, "--layer", name), expected)
    done = run("predict", path, "-m", model, "--layer", "splice", expect=2)
    assert "matrix, layers/spliced, layers/unspliced" in done.stderr


def test_cells_of_a_loom_without_names_are_numbered(model, table, expected, tmp_path):
    found = predict(model, loom(tmp_path / "cells.loom", table, {}, cells=None))
    assert list(found.index) == [f"cell_{i + 1}" for i in range(N_CELLS)]
    found = predict(model, loom(tmp_path / "named.loom", table, {}, cells="obs_names"))
    assert list(found.index) == list(table.columns)


def test_a_loom_that_anndata_writes_is_read(model, table, expected, tmp_path):
    try:
        import loompy  # noqa: F401
    except ImportError:
        pytest.skip("python3-loompy is not there")
    data = anndata.AnnData(table.T.to_numpy().astype(np.float32), dtype=np.float32,
                           obs=pd.DataFrame(index=table.columns),
                           var=pd.DataFrame(index=table.index))
    data.write_loom(tmp_path / "cells.loom")
    np.testing.assert_allclose(predict(model, tmp_path / "cells.loom"), expected, atol=1e-6)


def test_damaged_looms_are_refused(model, table, tmp_path):
    path = loom(tmp_path / "cells.loom", table, {})
    with h5py.File(path, "a") as file:
        del file["row_attrs/Gene"]
        del file["row_attrs/Start"]
    assert "names no genes" in predict(model, path, expect=3).stderr
    with h5py.File(path, "a") as file:
        del file["matrix"]
        file["matrix"] = np.zeros(5)
    predict(model, path, expect=3)
    with h5py.File(path, "a") as file:
        del file["matrix"]
        file.create_dataset("matrix", (2**40, 2**20), "f4", chunks=(64, 64), compression="gzip")
    predict(model, path, expect=3)
    with h5py.File(path, "a") as file:
        del file["col_attrs"]
    assert "loom" in predict(model, path, expect=3).stderr


def test_real_looms_have_the_genes_and_values_that_h5py_finds(model, tmp_path):
    path = PROJECT.parent / "shared/data/singlecell/loom/SCENIC_expr_mat_small.loom"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    with h5py.File(path) as file:
        values = file["matrix"][()]
        genes = [name.decode() for name in file["row_attrs/Gene"][()]]
        cells = [name.decode() for name in file["col_attrs/CellID"][()]]
    (tmp_path / "groups.tsv").write_text("".join(f"{cell}\tall\n" for cell in cells))
    run("pool", path, "-m", model, "--groups", tmp_path / "groups.tsv", "--pool", "mean",
        "--values", "log", "-o", tmp_path / "pools.h5ad")
    found = anndata.read_h5ad(tmp_path / "pools.h5ad")
    assert list(found.var_names) == genes
    np.testing.assert_allclose(found.X[0], values.astype("f8").mean(axis=1), rtol=1e-6)


# --- GCTX and GCT, as LINCS has them -------------------------------------------------------------

def gctx(path, values, ids, samples, meta=(), turned=False, storage=None):
    """`values`: genes x samples. In the file HDF5 shows samples x genes."""
    with h5py.File(path, "w") as file:
        file.attrs["version"] = np.array(["GCTX1.0"], dtype="S")
        data = values if turned else values.T
        file.create_dataset("0/DATA/0/matrix", data=data.astype("f4"), **(storage or {}))
        file.create_dataset("0/META/ROW/id", data=np.array(ids, dtype="S"))
        file.create_dataset("0/META/COL/id", data=np.array(samples, dtype="S"))
        for name, column in meta:
            file["0/META/ROW"].create_dataset(name, data=column)
    return path


@pytest.fixture(scope="module")
def level3(table):
    """Log2 expression of the landmarks, as of L1000's level 3."""
    return np.log2(table.iloc[:len(SYMBOLS)].set_axis(ENTREZ, axis=0) + 2) + 3


@pytest.fixture(scope="module")
def level3_expected(model, level3, tmp_path_factory):
    path = tmp_path_factory.mktemp("level3") / "level3.csv"
    level3.astype(np.float32).set_axis(SYMBOLS, axis=0).to_csv(path)
    return predict(model, path)


@pytest.mark.parametrize("storage", [{}, dict(chunks=(20, 100), compression="gzip")])
@pytest.mark.parametrize("turned", [False, True])
def test_gctx_gives_the_predictions_of_the_same_table(model, level3, level3_expected, tmp_path,
                                                      storage, turned):
    path = gctx(tmp_path / "level3.gctx", level3.to_numpy(), ENTREZ, level3.columns,
                turned=turned, storage=storage)
    done = run("predict", path, "-m", model, "-o", tmp_path / "out.csv")
    assert "GCTX" in done.stderr and "values: log" in done.stderr
    found = pd.read_csv(tmp_path / "out.csv", index_col=0)
    assert list(found.index) == list(level3.columns)
    np.testing.assert_allclose(found, level3_expected, atol=1e-5)


def test_probes_of_a_gctx_are_known_by_their_symbols(model, level3, level3_expected, tmp_path):
    probes = [f"{200000 + i}_at" for i in range(len(SYMBOLS))]
    meta = [("pr_gene_symbol", np.array(SYMBOLS, dtype="S")),
            ("pr_is_lm", np.ones(len(SYMBOLS), dtype="i4")),
            ("pr_pool", np.array(["epsilon"] * len(SYMBOLS), dtype="S"))]
    path = gctx(tmp_path / "probes.gctx", level3.to_numpy(), probes, level3.columns, meta)
    np.testing.assert_allclose(predict(model, path), level3_expected, atol=1e-5)


def test_level_5_are_z_scores(model, level3, tmp_path):
    values = (level3.sub(level3.mean(axis=1), axis=0)).div(level3.std(axis=1, ddof=0), axis=0)
    path = gctx(tmp_path / "level5.gctx", values.to_numpy(), ENTREZ, level3.columns)
    done = run("predict", path, "-m", model, "-o", tmp_path / "out.csv")
    assert "values: zscore" in done.stderr
    values.astype(np.float32).set_axis(SYMBOLS, axis=0).to_csv(tmp_path / "level5.csv")
    np.testing.assert_allclose(pd.read_csv(tmp_path / "out.csv", index_col=0),
                               predict(model, tmp_path / "level5.csv"), atol=1e-5)


def test_damaged_gctx_are_refused(model, level3, tmp_path):
    path = gctx(tmp_path / "bad.gctx", level3.to_numpy(), ENTREZ, level3.columns[:-1])
    assert "shape" in predict(model, path, expect=3).stderr
    with h5py.File(path, "a") as file:
        del file["0/META/COL/id"]
    assert "GCTX" in predict(model, path, expect=3).stderr


def gct(values, ids, version="1.3", meta=None, sample_lines=2, end="\n"):
    """`values`: genes x samples as a table; `meta`: columns that describe genes."""
    names = list(values.columns)
    if version == "1.2":
        meta = meta or {"Description": ["na"] * len(ids)}
        lines = ["#1.2", f"{len(ids)}\t{len(names)}"]
        lines.append("\t".join(["Name", "Description", *names]))
    else:
        meta = meta or {}
        lines = ["#1.3", f"{len(ids)}\t{len(names)}\t{len(meta)}\t{sample_lines}"]
        lines.append("\t".join(["id", *meta, *names]))
        for i in range(sample_lines):
            lines.append("\t".join([f"field_{i}", *["na"] * len(meta),
                                    *[str(k % 7) for k in range(len(names))]]))
    for i, (name, line) in enumerate(zip(ids, values.to_numpy())):
        lines.append("\t".join([name, *[str(column[i]) for column in meta.values()],
                                *[repr(float(np.float32(v))) for v in line]]))
    return (end.join(lines) + end).encode()


META = {"pr_is_lm": [1] * len(SYMBOLS), "pr_gene_symbol": SYMBOLS,
        "pr_gene_title": ["a, title"] * len(SYMBOLS)}
PROBES = [f"{200000 + i}_at" for i in range(len(SYMBOLS))]
GCT = {"1.3": dict(), "1.3 with annotation": dict(meta=META), "1.2": dict(version="1.2"),
       "1.3 CRLF": dict(meta=META, end="\r\n"), "1.3 without lines": dict(sample_lines=0),
       "1.2 symbols": dict(version="1.2", ids=SYMBOLS),
       "1.3 probes": dict(ids=PROBES, meta=META),
       "1.2 probes": dict(version="1.2", ids=PROBES, meta={"Description": SYMBOLS})}


@pytest.mark.parametrize("how", GCT)
def test_gct_gives_the_predictions_of_the_same_table(model, level3, level3_expected, tmp_path, how):
    options = dict(GCT[how])
    text = gct(level3, options.pop("ids", ENTREZ), **options)
    (tmp_path / "level3.gct").write_bytes(text)
    (tmp_path / "level3.gct.gz").write_bytes(gzip.compress(text))
    for name in ("level3.gct", "level3.gct.gz"):
        found = predict(model, tmp_path / name)
        assert list(found.index) == list(level3.columns)
        np.testing.assert_allclose(found, level3_expected, atol=1e-5)
    with open(tmp_path / "level3.gct") as stream:
        piped = predict(model, "-", stdin=stream)
    pd.testing.assert_frame_equal(piped, predict(model, tmp_path / "level3.gct"))


def test_gct_with_lies_about_its_size_is_refused(model, level3, tmp_path):
    text = gct(level3, ENTREZ, meta=META).decode()
    broken = {"longer than it is": text.replace("977\t150", "978\t150"),
              "more samples": text.replace("977\t150", "977\t151"),
              "no numbers": text.replace("977\t150", "genes\t150"),
              "annotation without end": text.replace("\t3\t2\n", "\t3\t99999999999\n"),
              "short line": text + "a line\n", "version alone": "#1.3\n", "cut": text[:30000],
              "head alone": "\n".join(text.split("\n")[:4])}
    for name, content in broken.items():
        (tmp_path / "broken.gct").write_text(content)
        done = run("predict", tmp_path / "broken.gct", "-m", model, "-o", tmp_path / "out.csv",
                   expect=3)
        assert "broken.gct" in done.stderr, name
    assert not (tmp_path / "out.csv").exists()


def test_a_bad_value_in_a_gct_is_named_by_its_line_in_the_file(model, level3, tmp_path):
    lines = gct(level3, ENTREZ, meta=META).decode().split("\n")
    fields = lines[40].split("\t")
    fields[10] = "many"
    lines[40] = "\t".join(fields)
    (tmp_path / "bad.gct").write_text("\n".join(lines))
    done = run("predict", tmp_path / "bad.gct", "-m", model, expect=3)
    assert "many" in done.stderr and "line 41" in done.stderr
