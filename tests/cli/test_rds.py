# SPDX-License-Identifier: BSD-3-Clause
"""R objects (.rds): those in tests/data/rds were written by R itself (scripts/make_rds_fixtures.R), those of this file
by rds_writer.py from the specification. The same data as a table or an h5ad give the expected values."""
import gzip
import json
import os
import struct
import subprocess

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import rds_writer as r
from program import PROJECT, SANITIZE, predict, run
from same_cells import CELLS, N_CELLS, PCA, SCORES, TABLE, TYPES, check_carried

FIXTURES = PROJECT / "tests" / "data" / "rds"


@pytest.fixture(scope="module")
def table():
    return TABLE


@pytest.fixture(scope="module")
def obs():
    return pd.DataFrame({"type": TYPES, "score": SCORES}, index=CELLS)


@pytest.fixture(scope="module")
def pca():
    return PCA


def columns(obs):
    return {"type": r.factor(list(obs["type"])), "score": list(obs["score"])}


def seurat(table, obs, pca, assay="RNA", five=False, split=False, **changes):
    values = table.to_numpy().astype(float)
    genes, cells = list(table.index), list(table.columns)
    if split:
        half = N_CELLS // 2
        has = np.zeros((N_CELLS, 2), bool)
        has[:half, 0], has[half:, 1] = True, True
        inside = r.assay5({"counts.a": r.dgc(values[:, :half]), "counts.b": r.dgc(values[:, half:])}, genes, cells, has)
    elif five:
        inside = r.assay5({"counts": r.dgc(values), "data": r.dgc(np.log1p(values))}, genes, cells)
    else:
        inside = r.assay(r.dgc(values, genes, cells), r.dgc(np.log1p(values), genes, cells))
    return r.seurat({assay: inside}, cells, columns(obs), assay,
                    {"pca": r.dim_reduc(pca, cells)}, **changes)


def experiment(table, obs, pca):
    values = table.to_numpy().astype(float)
    return r.sce({"counts": r.dgc(values), "logcounts": r.dgc(np.log1p(values))}, list(table.index),
                 list(table.columns), columns(obs), {"Symbol": list(table.index)}, {"PCA": r.matrix(pca)})


OBJECTS = {"Seurat, Assay": seurat, "Seurat, Assay5": lambda *a: seurat(*a, five=True),
           "SingleCellExperiment": experiment}


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "xz"])
def test_an_object_gives_the_predictions_of_its_h5ad(model, table, obs, pca, expected, tmp_path, kind, version,
                                                     compression):
    path = r.save(tmp_path / "cells.rds", OBJECTS[kind](table, obs, pca), version, compression)
    pd.testing.assert_frame_equal(predict(model, path), expected)


def test_zstandard_and_standard_input(model, table, obs, pca, expected, tmp_path):
    path = tmp_path / "cells.rds"
    path.write_bytes(r.zstd(r.dump(seurat(table, obs, pca))))
    pd.testing.assert_frame_equal(predict(model, path), expected)
    with open(path, "rb") as stream:
        pd.testing.assert_frame_equal(predict(model, "-", stdin=stream), expected)


@pytest.mark.parametrize("kind", OBJECTS)
def test_metadata_and_reductions_are_carried(model, table, obs, pca, h5ad, tmp_path, kind):
    path = r.save(tmp_path / "cells.rds", OBJECTS[kind](table, obs, pca))
    for source, out in ((path, "a.h5ad"), (h5ad, "b.h5ad")):
        run("predict", source, "-m", model, "-o", tmp_path / out)
    check_carried(tmp_path / "a.h5ad", tmp_path / "b.h5ad")


@pytest.mark.parametrize("kind", OBJECTS)
def test_cells_are_grouped_by_a_column_of_the_metadata(model, table, obs, pca, h5ad, tmp_path, kind):
    path = r.save(tmp_path / "cells.rds", OBJECTS[kind](table, obs, pca))
    pools = ("--pool", "sum", "--group-by", "type", "--scale", "none")
    pd.testing.assert_frame_equal(predict(model, path, *pools), predict(model, h5ad, *pools))
    wrong = predict(model, path, "--pool", "sum", "--group-by", "typ", expect=2)
    assert "cells.rds has no column 'typ'" in wrong.stderr and "Did you mean 'type'?" in wrong.stderr
    assert "/proc/" not in wrong.stderr


def test_layers_follow_the_rules_of_h5ad_and_are_called_as_in_r(model, table, obs, pca, h5ad, tmp_path):
    path = r.save(tmp_path / "cells.rds", seurat(table, obs, pca))
    seen = json.loads(run("inspect", "--json", path, "-m", model).stdout)
    assert seen["format"] == "R object (.rds): Seurat, Assay (gzip)"
    assert (seen["matrix"], seen["other_matrices"]) == ("RNA/counts", ["RNA/data"])
    assert seen["why"] == "it holds counts (integers of 0 and more)"
    logged = predict(model, h5ad, "--layer", "X")
    for name in ("data", "RNA/data", "X"):
        pd.testing.assert_frame_equal(predict(model, path, "--layer", name), logged)
    wrong = predict(model, path, "--layer", "dat", expect=3)
    assert "there is no matrix 'dat'. The object has: counts, data. Did you mean 'data'?" in wrong.stderr


def test_the_measured_assay_is_read_and_another_can_be_named(model, table, obs, pca, expected, tmp_path):
    values, genes, cells = table.to_numpy().astype(float), list(table.index), list(table.columns)
    rna = r.assay(r.dgc(values, genes, cells))
    sct = r.assay(r.dgc(values[:977] + (values[:977] > 2), genes[:977], cells))
    path = r.save(tmp_path / "two.rds", r.seurat({"SCT": sct, "RNA": rna}, cells, columns(obs), "SCT"))
    found = run("predict", path, "-m", model)
    assert "assay 'RNA' is read, not the active one, 'SCT'" in found.stderr
    pd.testing.assert_frame_equal(predict(model, path), expected)
    other = table.iloc[:977] + (table.iloc[:977] > 2)
    other.to_csv(tmp_path / "sct.csv")
    pd.testing.assert_frame_equal(predict(model, path, "--layer", "SCT/counts"),
                                  predict(model, tmp_path / "sct.csv"))


def test_plain_matrices_are_read(model, table, expected, tmp_path):
    genes, cells = list(table.index), list(table.columns)
    for value in (r.dgc(table.to_numpy().astype(float), genes, cells),
                  r.matrix(table.to_numpy().astype(np.int32), genes, cells),
                  r.matrix(table.to_numpy().astype(float), genes, cells)):
        pd.testing.assert_frame_equal(predict(model, r.save(tmp_path / "matrix.rds", value)), expected)
    by_gene = scipy.sparse.csr_matrix(table.to_numpy().astype(float))
    lines = r.S4("dgRMatrix", "Matrix", p=by_gene.indptr.astype(np.int32), j=by_gene.indices.astype(np.int32),
                 Dim=list(table.shape), Dimnames=[genes, cells], x=by_gene.data, factors=r.Obj([]))
    pd.testing.assert_frame_equal(predict(model, r.save(tmp_path / "lines.rds", lines)), expected)


def test_altrep_forms_of_vectors_are_read(model, table, obs, pca, expected, tmp_path):
    """wrap_*, compact_intseq and deferred_string, as R 3.5 and later write them."""
    object = seurat(table, obs, pca)
    slots = object.slots["assays"].value[0].slots["counts"].slots
    slots["x"] = r.Altrep("wrap_real", "base", 14, r.Pairs([slots["x"], [0, 0]]))
    slots["i"] = r.Altrep("wrap_integer", "base", 13, r.Obj([slots["i"], [0, 0]]))
    table_of = object.slots["meta.data"]
    table_of.value.append(r.Altrep("compact_intseq", "base", 13, [float(N_CELLS), 1.0, 1.0]))
    table_of.value.append(r.Altrep("deferred_string", "base", 16,
                                   r.Pairs([r.Altrep("compact_intseq", "base", 13, [float(N_CELLS), 5.0, 1.0]), [0]])))
    table_of.attributes["names"] += ["number", "text"]
    path = r.save(tmp_path / "altrep.rds", object)
    pd.testing.assert_frame_equal(predict(model, path), expected)
    run("predict", path, "-m", model, "-o", tmp_path / "out.h5ad")
    found = anndata.read_h5ad(tmp_path / "out.h5ad").obs
    assert list(found["number"]) == list(range(1, N_CELLS + 1))
    assert list(found["text"].astype(str)) == [str(i + 5) for i in range(N_CELLS)]


def test_environments_are_passed_over(model, table, obs, pca, expected, tmp_path):
    """They refer to themselves and are referred to later. Code: tests/data/rds/seurat.rds has some, compiled."""
    object = seurat(table, obs, pca)
    env = r.Env()
    object.slots = {"misc": r.Obj([env, env]), "formula": env, **object.slots}
    pd.testing.assert_frame_equal(predict(model, r.save(tmp_path / "code.rds", object)), expected)


def test_columns_without_one_value_a_cell_are_left_out_and_named(model, table, obs, pca, tmp_path):
    object = seurat(table, obs, pca)
    object.slots["meta.data"].value += [r.Obj([["a"]] * N_CELLS), [1.0, 2.0]]
    object.slots["meta.data"].attributes["names"] += ["nested", "short"]
    done = run("predict", r.save(tmp_path / "odd.rds", object), "-m", model)
    assert "columns of obs that are left out: nested (neither numbers nor texts), short (not one value a line)" \
        in done.stderr


# Written by R ----------------------------------------------------------------------------------------------------

LITTLE = ("--min-panel", "0.01")


@pytest.mark.parametrize("name", ["seurat", "seurat_v2", "sce", "matrix", "dense", "assay5_built"])
def test_objects_that_r_wrote(model, name):
    expected = predict(model, FIXTURES / "counts.csv", *LITTLE)
    pd.testing.assert_frame_equal(predict(model, FIXTURES / f"{name}.rds", *LITTLE), expected)


@pytest.mark.parametrize("name", ["seurat", "seurat_v2", "sce", "assay5_built"])
def test_metadata_that_r_wrote(model, tmp_path, name):
    run("predict", FIXTURES / f"{name}.rds", "-m", model, *LITTLE, "-o", tmp_path / "out.h5ad")
    found = anndata.read_h5ad(tmp_path / "out.h5ad")
    wanted = pd.read_csv(FIXTURES / "obs.csv", index_col=0)
    assert list(found.obs["type"].cat.categories) == ["T", "B"]
    for column in ("type", "donor"):
        assert found.obs[column].astype(object).where(found.obs[column].notna(), None).tolist() == \
            wanted[column].where(wanted[column].notna(), None).tolist()
    np.testing.assert_array_equal(found.obs["age"].astype(float), wanted["age"])
    np.testing.assert_array_equal(found.obs["score"], wanted["score"])
    assert found.obs["passed"].isna().sum() == 4 and found.obs["passed"].sum() == 4
    np.testing.assert_allclose(found.obsm["X_umap"], pd.read_csv(FIXTURES / "umap.csv", index_col=0), rtol=0)


def test_matrices_outside_of_the_file_are_rejected_with_the_way_out(model, table, obs, pca, tmp_path):
    wrong = predict(model, FIXTURES / "delayed.rds", expect=3)
    assert "DelayedArray" in wrong.stderr and 'as(assay(object, "counts"), "dgCMatrix")' in wrong.stderr
    object = seurat(table, obs, pca, five=True)
    layers = object.slots["assays"].value[0].slots["layers"]
    layers.value[0] = r.S4("RenameDims", "BPCells", matrix=r.S4("MatrixDir", "BPCells", dir=["/data/counts"]),
                           dim=list(table.shape))
    wrong = predict(model, r.save(tmp_path / "bp.rds", object), expect=3)
    assert "is kept by BPCells (RenameDims), outside of this file" in wrong.stderr
    assert 'as(object[["RNA"]]$counts, "dgCMatrix")' in wrong.stderr


def split_by(table, columns_of, genes_of=None, **changes):
    """A Seurat object with a layer of counts for each array of places of cells."""
    values = table.to_numpy().astype(float)
    genes = genes_of or [np.arange(len(table))] * len(columns_of)
    has_cells, has_genes = np.zeros((N_CELLS, len(genes)), bool), np.zeros((len(table), len(genes)), bool)
    layers = {}
    for i, (cells, kept) in enumerate(zip(columns_of, genes)):
        has_cells[cells, i], has_genes[kept, i] = True, True
        layers[f"counts.{i + 1}"] = r.dgc(values[np.ix_(kept, cells)])
    inside = r.assay5(layers, list(table.index), list(table.columns), has_cells, has_genes)
    return r.seurat({"RNA": inside}, list(table.columns), {}, "RNA", **changes)


def test_layers_that_are_split_by_sample_are_joined(model, table, obs, pca, expected, tmp_path):
    """As SeuratObject's JoinLayers() does it: cells in the order of the object, genes that a layer lacks are 0."""
    done = run("predict", r.save(tmp_path / "split.rds", seurat(table, obs, pca, split=True)), "-m", model)
    assert "the counts of assay 'RNA' are joined of 2 layers (counts.a, counts.b)" in done.stderr
    every = np.arange(N_CELLS)
    for name, cells in {"halves": [every[:N_CELLS // 2], every[N_CELLS // 2:]],
                        "by turns": [every[::3], every[1::3], every[2::3]],
                        "the last first": [every[N_CELLS // 2:], every[:N_CELLS // 2]]}.items():
        got = predict(model, r.save(tmp_path / "x.rds", split_by(table, cells)))
        assert list(got.index) == list(expected.index), name
        assert np.array_equal(got.to_numpy(), expected.to_numpy()), name
    few = table.copy()
    few.iloc[::2, 1::2] = 0
    few.to_csv(tmp_path / "few.csv")
    plain = predict(model, tmp_path / "few.csv", "--scale", "dataset")
    lacking = split_by(few, [every[::2], every[1::2]], [np.arange(len(few)), np.arange(1, len(few), 2)])
    got = predict(model, r.save(tmp_path / "lacking.rds", lacking), "--scale", "dataset")
    assert np.abs(got.to_numpy() - plain.to_numpy()).max() < 1e-4


def test_layers_that_cannot_be_joined_are_refused_with_the_reason(model, table, tmp_path):
    every = np.arange(N_CELLS)
    for cells, reason in (([every[:8], every[7:]], "a cell of counts.2 is in another layer, too"),
                          ([every[:8], every[9:]], "1 cell is in none of them")):
        wrong = predict(model, r.save(tmp_path / "x.rds", split_by(table, cells)), expect=3)
        assert "split into layers (counts.1, counts.2), which cannot be joined" in wrong.stderr
        assert reason in wrong.stderr and "JoinLayers" in wrong.stderr
    damaged = split_by(table, [every[:8], every[8:]])
    damaged.slots["assays"].value[0].slots["layers"].value[0].slots["p"] = [0, 9, *[5] * 7]
    wrong = predict(model, r.save(tmp_path / "x.rds", damaged), expect=3)
    assert "the layer 'counts.1' is damaged" in wrong.stderr


# Hostile and damaged files ---------------------------------------------------------------------------------------

def small(**changes):
    return r.dgc(np.array([[1.0, 0], [2, 3]]), ["TP53", "MYC"], ["a", "b"], **changes)


def head(version=3):
    return r.Writer(version).bytes()


def deep(levels):
    return head() + struct.pack(">ii", 19, 1) * levels + struct.pack(">i", 254)


def cycle():
    return head() + struct.pack(">ii", 4, 0) + struct.pack(">i", 255 | 1 << 8) * 3 + struct.pack(">i", 254)


WORD = struct.Struct(">i").pack
HOSTILE = {
    "cut off": (r.dump(small())[:-20], "the object ends too early"),
    "only a header": (head(), "the object ends too early"),
    "version 9": (b"X\n" + struct.pack(">iii", 9, 0, 0), "this is version 9 of R's serialisation"),
    "text form": (b"A\n3\n262144\n197888\n5\nUTF-8\n254\n", "it was saved as text (ascii = TRUE)"),
    "native form": (b"B\n" + struct.pack("<iii", 3, 0, 0), "saved in the binary form of one machine"),
    "name of the encoding of 2 GB": (b"X\n" + struct.pack(">iiii", 3, 0, 0, 2**31 - 1),
                                     "the name of its encoding has a wrong length"),
    "vector of 2^52 numbers": (head() + struct.pack(">iiii", 14, -1, 2**20, 0), "more than the file can hold"),
    "vector of 2^63 numbers": (head() + struct.pack(">iiii", 13, -1, 2**31 - 1, -1), "a vector claims"),
    "vector of -7 numbers": (head() + struct.pack(">ii", 13, -7), "a vector claims -7 elements"),
    "2 billion texts": (head() + struct.pack(">ii", 16, 2**31 - 1), "more than the file can hold"),
    "text of -2 bytes": (head() + struct.pack(">iiii", 16, 1, 9, -2), "a text claims -2 bytes"),
    "text of 2 GB": (head() + struct.pack(">iiii", 16, 1, 9, 2**31 - 1), "longer than any name"),
    "text with a zero byte": (head() + struct.pack(">iiii", 16, 1, 9, 3) + b"a\0b", "a text contains a zero byte"),
    "texts that are numbers": (head() + struct.pack(">iii", 16, 1, 13), "a character vector contains something else"),
    "type 77": (head() + WORD(77), "a value has type 77, which does not exist"),
    "nested a million deep": (deep(1_000_000), "nested more than 400 deep"),
    "reference to nothing": (head() + WORD(255 | 5 << 8), "refers to object 5 of 0"),
    "reference to object -1": (head() + struct.pack(">ii", 255, -1), "refers to object -1 of 0"),
    "object of another program": (head() + WORD(247), "only the program that wrote it can restore"),
    "function": (head() + struct.pack(">iiii", 3, 253, 254, 254), "this R object is of class 'no class'"),
    "environment that contains itself": (cycle(), "this R object is of class 'no class'"),
    "attributes that are no list": (head() + struct.pack(">iiii", 13 | 0x200, 1, 5, 13), "attributes are no list"),
    "attribute without a name": (head() + struct.pack(">iiii", 13 | 0x200, 1, 5, 2) + WORD(254),
                                 "an attribute has no name"),
    "ALTREP of a package": (r.dump(r.Altrep("mmap_real", "simplemmap", 14, ["/etc/passwd"])),
                            "a vector of the class 'mmap_real', which only a package of R can read"),
    "sequence of 1e300 numbers": (r.dump(r.Altrep("compact_intseq", "base", 13, [1e300, 1.0, 1.0])),
                                  "a sequence has an impossible length"),
    "sequence of NaN numbers": (r.dump(r.Altrep("compact_intseq", "base", 13, [float("nan"), 1.0, 1.0])),
                                "a sequence has an impossible length"),
    "names that stand for a billion": (
        r.dump(small(Dimnames=[r.Altrep("deferred_string", "base", 16, r.Pairs([
            r.Altrep("compact_intseq", "base", 13, [1e9, 1.0, 1.0]), [0]])), ["a", "b"]])),
        "holds no vector as long"),
    "rows that stand for a billion": (
        r.dump(r.seurat({"RNA": r.assay(small())}, ["a"], {}, **{"meta.data": r.Obj([], names=r.Obj([]), **{
            "row.names": [r.NA, -10**9], "class": ["data.frame"]})})), "holds no vector as long"),
    "5 million values": (head() + struct.pack(">ii", 19, 5_000_000) + WORD(254) * 5_000_000,
                         "more than 1000000 values"),
    "pointers that fall": (r.dump(small(p=[0, 9, 3])), "element 1 is 9, but there are 4 stored values"),
    "pointers beyond the values": (r.dump(small(p=[0, 1, 2**31 - 1])), "element 2 is 2147483647, but there are 4 stored values"),
    "gene 7 of 2": (r.dump(small(i=[0, 7, 1])), "element 1 is 7, but there are 2 genes"),
    "gene -1": (r.dump(small(i=[0, -1, 1])), "element 1 is -1, but there are 2 genes"),
    "fewer values than positions": (r.dump(small(x=[1.0])), "has 1 values but 3 indices"),
    "no positions": (r.dump(r.S4("dgCMatrix", "Matrix", x=[1.0], p=[0, 1], Dim=[1, 1])),
                     "a dgCMatrix lacks one of its slots"),
    "positions of texts": (r.dump(small(i=["a", "b", "c"])), "a dgCMatrix lacks one of its slots"),
    "Dim of a billion": (r.dump(small(Dim=[10**9, 10**9])), "has 1000000000 genes and 1000000000 cells"),
    "negative Dim": (r.dump(small(Dim=[-1, 2])), "has 0 genes and 0 cells"),
    "names of other cells": (
        r.dump(r.seurat({"RNA": r.assay(small())}, ["a", "c"], {})), "the cells of the matrix 'counts' are not those"),
    "factor with code 9": (
        r.dump(r.seurat({"RNA": r.assay(small())}, ["a", "b"],
                        {"f": r.Obj([1, 9], levels=["x"], **{"class": ["factor"]})})), "has a code 9, but 1 levels"),
    "table": (r.dump(r.frame(["a"], x=[1.0])), "this is a table (data.frame)"),
    "list": (r.dump(r.named(a=[1.0], b=[2.0])), "this is a list of 2 R objects (a, b)"),
    "Seurat 2": (r.dump(r.S4("seurat", "Seurat", raw=[1])), "UpdateSeuratObject"),
    "triplets": (r.dump(r.S4("dgTMatrix", "Matrix", i=[0], j=[0], x=[1.0], Dim=[1, 1])), "a dgTMatrix"),
    # Of 1 MB, which no gzip file unpacks to more than 1,032 times.
    "600 MB out of 1": (head() + struct.pack(">ii", 14, 75_000_000) + np.random.default_rng(1).bytes(1_000_000),
                        "more bytes than any data set of its size"),
    "R workspace": (b"RDX3\nX\n" + b"\0" * 40, "this is an R workspace (.RData), compressed with gzip"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_objects_are_refused(model, tmp_path, name):
    data, message = HOSTILE[name]
    path = tmp_path / "hostile.rds"
    path.write_bytes(gzip.compress(data, 1))
    # 1.5 GB of address space: nothing may be allocated on the word of the file.
    limit = "true" if SANITIZE else "ulimit -v 1500000"  # sanitizers map memory of their own
    done = subprocess.run(["bash", "-c", limit + '; exec "$0" "$@"', os.environ["SICMIR"],
                           "predict", str(path), "-m", str(model), "--min-panel", "0.001"], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "SICMIR_SUPERVISE": "0"})
    assert done.returncode == 3, (done.returncode, done.stderr)
    assert message in done.stderr, done.stderr
    assert "/proc/" not in done.stderr and done.stdout == ""
