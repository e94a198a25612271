# SPDX-License-Identifier: BSD-3-Clause
"""MuData (.h5mu) and h5Seurat, written by h5py and anndata from their specifications. The same cells as .h5ad give the
expected values."""
import json

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata.experimental import write_elem

from program import predict, run
from same_cells import (CELLS, COUNTS, GENES, LOGGED, N_CELLS, PCA, SCORES, TABLE, TYPES, as_anndata, check_carried)

TEXT = h5py.string_dtype()
POOLS = ("--pool", "sum", "--group-by", "type", "--scale", "none")


def mudata(path, **modalities):
    """MuData specification 0.1: /mod/NAME is an AnnData object; the root has the joint obs and var."""
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "MuData", "0.1.0"
        file.create_group("mod").attrs["mod-order"] = np.array(list(modalities), dtype=TEXT)
        for name, data in modalities.items():
            write_elem(file, f"mod/{name}", data)
        write_elem(file, "obs", pd.DataFrame({"rna:type": ["x"] * N_CELLS}, index=CELLS))
        write_elem(file, "var", pd.DataFrame(index=GENES))
    return path


def h5seurat(path, dense=False, assay="RNA", active="RNA", others=()):
    """h5Seurat File Format Specification 4.0.0; hdf5r writes R's axes in opposite order."""
    def matrix(group, name, values):
        if dense:
            group.create_dataset(name, data=values, chunks=(7, 50), compression="gzip")
            return
        sparse = scipy.sparse.csr_matrix(values)
        made = group.create_group(name)
        made.attrs["dims"] = np.array([values.shape[1], values.shape[0]], np.int32)
        for part in ("data", "indices", "indptr"):
            made.create_dataset(part, data=getattr(sparse, part), chunks=True, compression="gzip")

    with h5py.File(path, "w") as file:
        for name, value in (("project", "p"), ("active.assay", active), ("version", "4.1.3")):
            file.attrs[name] = np.array([value], dtype=TEXT)
        file.create_dataset("cell.names", data=np.array(CELLS, dtype=object), dtype=TEXT)
        for name, scale in ((assay, 1.0), *others):
            made = file.create_group(f"assays/{name}")
            made.attrs["key"] = np.array(["rna_"], dtype=TEXT)
            made.create_dataset("features", data=np.array(GENES, dtype=object), dtype=TEXT)
            matrix(made, "counts", COUNTS * scale)
            matrix(made, "data", LOGGED)
        table = file.create_group("meta.data")
        table.attrs["colnames"] = np.array(["type", "score", "flag", "text", "age"], dtype=TEXT)
        table.attrs["logicals"] = np.array(["flag"], dtype=TEXT)
        table.create_dataset("type/levels", data=np.array(["B", "T"], dtype=object), dtype=TEXT)
        table["type/values"] = np.array([{"B": 1, "T": 2, None: -2**31}[each] for each in TYPES], np.int32)
        table["score"] = SCORES
        table["flag"] = np.arange(N_CELLS, dtype=np.int32) % 3
        table.create_dataset("text", data=np.array(["NA", "x"] * (N_CELLS // 2), dtype=object), dtype=TEXT)
        table["age"] = np.array([30, -2**31] * (N_CELLS // 2), np.int32)
        file["reductions/pca/cell.embeddings"] = PCA.T
    return path


MAKE = {"h5mu": lambda path: mudata(path, rna=as_anndata(), prot=as_anndata()[:, :5].copy()),
        "h5mu of one": lambda path: mudata(path, cells=as_anndata()),
        "h5seurat": h5seurat, "h5seurat, dense": lambda path: h5seurat(path, dense=True)}


@pytest.mark.parametrize("kind", MAKE)
def test_the_predictions_are_those_of_the_h5ad(model, h5ad, tmp_path, kind):
    path = MAKE[kind](tmp_path / "cells.h5")
    expected = predict(model, h5ad)
    for cells in (7, 1024):
        pd.testing.assert_frame_equal(predict(model, path, "--block-cells", cells), expected)
    pd.testing.assert_frame_equal(predict(model, path, "--layer", "X"), predict(model, h5ad, "--layer", "X"))
    pd.testing.assert_frame_equal(predict(model, path, "--layer", "counts"), expected)
    pd.testing.assert_frame_equal(predict(model, path, *POOLS), predict(model, h5ad, *POOLS))
    for source, out in ((path, "a.h5ad"), (h5ad, "b.h5ad")):
        run("predict", source, "-m", model, "-o", tmp_path / out)
    check_carried(tmp_path / "a.h5ad", tmp_path / "b.h5ad")


def test_inspect_says_what_is_read(model, tmp_path):
    seen = json.loads(run("inspect", "--json", MAKE["h5mu"](tmp_path / "a.h5mu"), "-m", model).stdout)
    assert (seen["format"], seen["matrix"], seen["other_matrices"]) == ("MuData, modality rna", "layers/counts", ["X"])
    seen = json.loads(run("inspect", "--json", h5seurat(tmp_path / "a.h5seurat"), "-m", model).stdout)
    assert (seen["format"], seen["matrix"], seen["other_matrices"]) == ("h5Seurat", "RNA/counts", ["RNA/data"])
    assert seen["why"] == "it holds counts (integers of 0 and more)"


def test_missing_values_of_h5seurat(model, tmp_path):
    run("predict", h5seurat(tmp_path / "a.h5seurat"), "-m", model, "-o", tmp_path / "out.h5ad")
    found = anndata.read_h5ad(tmp_path / "out.h5ad").obs
    assert found["flag"].isna().sum() == N_CELLS // 3 and found["flag"].sum() == N_CELLS // 3
    assert list(found["text"].cat.categories) == ["x"] and found["text"].isna().sum() == N_CELLS // 2
    assert found["age"].isna().sum() == N_CELLS // 2 and found["age"].sum() == 30 * N_CELLS // 2


def test_the_assay_of_h5seurat(model, h5ad, tmp_path):
    path = h5seurat(tmp_path / "a.h5seurat", active="SCT", others=[("SCT", 2.0)])
    assert "assay 'RNA' is read, not the active one, 'SCT'" in run("predict", path, "-m", model).stderr
    pd.testing.assert_frame_equal(predict(model, path), predict(model, h5ad))
    (TABLE * 2).to_csv(tmp_path / "double.csv")
    pd.testing.assert_frame_equal(predict(model, path, "--layer", "SCT/counts"), predict(model, tmp_path / "double.csv"))
    wrong = predict(model, path, "--layer", "count", expect=3)
    assert "there is no matrix 'count'" in wrong.stderr and "Did you mean 'counts'?" in wrong.stderr


def test_profiles_of_sicmir_are_told_apart(model, h5ad, tmp_path):
    path = mudata(tmp_path / "profiles.h5mu", rna=as_anndata(), mirna=as_anndata())
    with h5py.File(path, "a") as file:
        file.create_group("uns/sicmir")
    assert "this is a file of profiles that sicmir wrote" in predict(model, path, expect=3).stderr


def test_a_modality_that_cannot_be_told(model, tmp_path):
    path = mudata(tmp_path / "a.h5mu", atac=as_anndata(), prot=as_anndata())
    wrong = predict(model, path, expect=3)
    assert "none of its modalities (atac, prot) is called rna" in wrong.stderr


DAMAGE = {
    "features missing": (lambda file: file.__delitem__("assays/RNA/features"), "has no data set 'assays/RNA/features'"),
    "features short": (lambda file: shorten(file, "assays/RNA/features"), "has the dims (1077, 60)"),
    "cells short": (lambda file: shorten(file, "cell.names"), "has the dims (1077, 60)"),
    "no matrices": (lambda file: [file.__delitem__(f"assays/RNA/{m}") for m in ("data", "counts")], "holds no matrix"),
    "no assay": (lambda file: file.__delitem__("assays/RNA"), "holds no assay"),
    "level 9": (lambda file: file["meta.data/type/values"].__setitem__(0, 9), None),
}


def shorten(file, name):
    values = file[name][:-1]
    del file[name]
    file.create_dataset(name, data=values, dtype=TEXT)


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_h5seurat(model, tmp_path, name):
    damage, message = DAMAGE[name]
    path = h5seurat(tmp_path / "a.h5seurat")
    with h5py.File(path, "a") as file:
        damage(file)
    done = run("predict", path, "-m", model, expect=0 if message is None else 3)
    assert (message or "columns of meta.data that are left out: type") in done.stderr
    assert "/proc/" not in done.stderr
