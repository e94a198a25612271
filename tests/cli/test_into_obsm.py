# SPDX-License-Identifier: BSD-3-Clause
"""predict --into-obsm: predictions in a copy of the input."""
import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import SYMBOLS, counts, predict, run

N_CELLS = 60


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """An h5ad with something in every place."""
    table = counts(N_CELLS)
    random = np.random.default_rng(2)
    obs = pd.DataFrame({"type": pd.Categorical([f"t{i % 3}" for i in range(N_CELLS)]),
                        "score": random.random(N_CELLS)}, index=table.columns)
    data = anndata.AnnData(scipy.sparse.csr_matrix(table.T.to_numpy().astype(np.float32)),
                           dtype=np.float32, obs=obs, var=pd.DataFrame(
                               {"length": range(len(SYMBOLS))}, index=SYMBOLS))
    data.layers["dense"] = np.log1p(table.T.to_numpy())
    data.obsm["X_umap"] = random.random((N_CELLS, 2))
    data.obsp["distances"] = scipy.sparse.identity(N_CELLS, format="csr")
    data.varm["loadings"] = random.random((len(SYMBOLS), 3))
    data.uns["note"] = {"a": 1, "b": "text"}
    data.uns["rank_genes_groups"] = {"names": np.array(SYMBOLS[:5], dtype=object)}
    data.raw = data
    path = tmp_path_factory.mktemp("obsm") / "cells.h5ad"
    data.write_h5ad(path, compression="gzip")
    return path


def contents(path, without=()):
    """Every object of a file with its attributes and its values."""
    found = {}

    def visit(name, thing):
        if any(name.startswith(part) for part in without):
            return
        attributes = {key: str(value) for key, value in thing.attrs.items()}
        values = None
        if isinstance(thing, h5py.Dataset):
            values = (thing.dtype.str, thing.shape, thing.chunks, thing.compression,
                      str(np.asarray(thing[()]).tolist()))
        found[name] = (attributes, values)

    with h5py.File(path) as file:
        file.visititems(visit)
    return found


def test_predictions_are_a_table_in_obsm(full_model, cells, tmp_path):
    run("predict", cells, "-m", full_model, "--into-obsm", "-o", tmp_path / "out.h5ad")
    found = anndata.read_h5ad(tmp_path / "out.h5ad")
    table = found.obsm["sicmir"]
    expected = predict(full_model, cells)
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == list(expected.columns) and len(table.columns) == 1298
    assert list(table.index) == list(found.obs_names)
    np.testing.assert_array_equal(table.to_numpy(), expected.astype(np.float32))
    assert all(kind == np.float32 for kind in table.dtypes)


def test_everything_else_stays_as_it_was(model, cells, tmp_path):
    run("predict", cells, "-m", model, "--into-obsm=X_mirna", "-o", tmp_path / "out.h5ad")
    assert contents(tmp_path / "out.h5ad", ["obsm/X_mirna"]) == contents(cells)
    found, before = anndata.read_h5ad(tmp_path / "out.h5ad"), anndata.read_h5ad(cells)
    assert set(found.obsm) == {"X_umap", "X_mirna"}
    assert (found.X != before.X).nnz == 0
    # AnnData writes and reads it again.
    found.write_h5ad(tmp_path / "again.h5ad")
    again = anndata.read_h5ad(tmp_path / "again.h5ad")
    pd.testing.assert_frame_equal(again.obsm["X_mirna"], found.obsm["X_mirna"])


def test_a_file_without_obsm_gets_one(model, cells, tmp_path):
    (tmp_path / "in.h5ad").write_bytes(cells.read_bytes())
    with h5py.File(tmp_path / "in.h5ad", "a") as file:
        del file["obsm"]
    run("predict", tmp_path / "in.h5ad", "-m", model, "--into-obsm", "-o", tmp_path / "out.h5ad")
    assert set(anndata.read_h5ad(tmp_path / "out.h5ad").obsm) == {"sicmir"}


def test_a_name_that_is_there_already_is_refused(model, cells, tmp_path):
    done = run("predict", cells, "-m", model, "--into-obsm=X_umap", "-o", tmp_path / "out.h5ad",
               expect=2)
    assert "obsm/X_umap exists already" in done.stderr
    run("predict", cells, "-m", model, "--into-obsm=a/b", "-o", tmp_path / "out.h5ad", expect=2)
    assert list(tmp_path.iterdir()) == []


def test_empty_cells_are_nan(model, cells, tmp_path):
    data = anndata.read_h5ad(cells)
    values = data.X.toarray()
    values[7] = 0
    data.X = scipy.sparse.csr_matrix(values)
    data.write_h5ad(tmp_path / "in.h5ad")
    run("predict", tmp_path / "in.h5ad", "-m", model, "--into-obsm", "--layer", "X",
        "--empty-cells", "nan", "-o", tmp_path / "out.h5ad")
    table = anndata.read_h5ad(tmp_path / "out.h5ad").obsm["sicmir"]
    assert table.iloc[7].isna().all() and table.isna().to_numpy().sum() == 20


def test_other_inputs_and_options_are_refused_with_the_reason(model, cells, tmp_path):
    counts(12).to_csv(tmp_path / "counts.csv")
    out = ["-o", tmp_path / "out.h5ad"]
    done = run("predict", tmp_path / "counts.csv", "-m", model, "--into-obsm", *out, expect=2)
    assert "only AnnData files have obsm" in done.stderr
    for arguments in ([cells, "-o", tmp_path / "out.csv"], ["-", *out],
                      [cells, *out, "--empty-cells", "skip"], [cells, *out, "--shard", "1/2"],
                      [cells, *out, "--pool", "sum", "--group-by", "type"],
                      [cells, *out, "--compression", "gzip"],
                      [cells, *out, "--uncertainty", "layer"]):
        done = run("predict", *arguments, "-m", model, "--into-obsm", expect=2,
                   stdin=open("/dev/null"))
        assert "--into-obsm: " in done.stderr
    assert not (tmp_path / "out.h5ad").exists()


def test_the_input_itself_is_never_written(model, cells):
    before = cells.read_bytes()
    run("predict", cells, "-m", model, "--into-obsm", "-o", cells, expect=2)
    assert cells.read_bytes() == before
