# SPDX-License-Identifier: BSD-3-Clause
"""predict --smooth: cells with the counts of their neighbours, against sums by numpy."""
import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from program import SYMBOLS, counts, run

N = 130


def graph_of(rng, n=N):
    """Lines of 0 to 8 neighbours, not symmetric, with a cell's own entry in some and zeros stored."""
    dense = np.where(rng.random((n, n)) < 0.03, rng.random((n, n)), 0).astype(np.float32)
    dense[5] = 0
    graph = sp.csr_matrix(dense)
    graph.data[::17] = 0
    return graph


@pytest.fixture
def cells(tmp_path):
    rng = np.random.default_rng(3)
    table = counts(N, SYMBOLS, seed=8).T.copy()
    table.iloc[9] = 0
    data = anndata.AnnData(sp.csr_matrix(table.to_numpy(np.float32)), obs=pd.DataFrame(index=table.index),
                           var=pd.DataFrame(index=table.columns))
    data.obs["type"] = pd.Categorical(["a", "b"] * (N // 2))
    data.obsp["connectivities"] = graph_of(rng)
    data.obsp["distances"] = graph_of(rng)
    data.write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def sums(data, graph):
    """What the program is to add up."""
    links = (graph.toarray() > 0) | np.eye(graph.shape[0], dtype=bool)
    values = data.X.toarray()
    empty = values.sum(axis=1) == 0
    added = links.astype(np.float64) @ values
    added[empty] = 0
    return added.astype(np.float32)


def predicted(path):
    return anndata.read_h5ad(path)


@pytest.mark.parametrize("graph", ["connectivities", "distances"])
def test_predictions_are_those_of_the_sums(cells, model, tmp_path, graph):
    data = anndata.read_h5ad(cells)
    summed = data.copy()
    summed.X = sp.csr_matrix(sums(data, data.obsp[graph]))
    summed.write_h5ad(tmp_path / "sums.h5ad")
    options = ["-m", model, "--empty-cells", "nan"]
    option = ["--smooth"] if graph == "connectivities" else [f"--smooth={graph}"]
    done = run("predict", cells, *options, *option, "-o", tmp_path / "smooth.h5ad")
    assert f"its neighbours in {graph}" in done.stderr
    run("predict", tmp_path / "sums.h5ad", *options, "--values", "counts", "--scale", "dataset", "-o",
        tmp_path / "plain.h5ad")
    smooth, plain = predicted(tmp_path / "smooth.h5ad"), predicted(tmp_path / "plain.h5ad")
    np.testing.assert_array_equal(smooth.X, plain.X)
    assert list(smooth.obs_names) == list(data.obs_names)
    assert list(smooth.obs["type"]) == list(data.obs["type"])
    assert smooth.uns["sicmir"]["smoothed_over"] == graph
    assert "smoothed_over" not in plain.uns["sicmir"]
    assert np.isnan(smooth.X[9]).all() and not np.isnan(smooth.X[8]).any()


def test_bytes_do_not_depend_on_threads_or_blocks(cells, model, tmp_path):
    files = []
    for threads, block in ((1, 1), (3, 7), (2, 256), (8, 4096)):
        out = tmp_path / f"{threads}.h5ad"
        run("predict", cells, "-m", model, "--smooth", "--empty-cells", "nan", "--threads", threads,
            "--block-cells", block, "-o", out)
        files.append(out.read_bytes())
    assert len(set(files)) == 1


def test_a_graph_of_old_files_is_in_uns(cells, model, tmp_path):
    run("predict", cells, "-m", model, "--smooth", "--empty-cells", "nan", "-o", tmp_path / "new.h5ad")
    with h5py.File(cells, "r+") as file:
        old = file.create_group("uns/neighbors")
        file.move("obsp/connectivities", "uns/neighbors/connectivities")
        for name in list(old["connectivities"].attrs):
            del old["connectivities"].attrs[name]
        old["connectivities"].attrs["h5sparse_format"] = "csr"
        old["connectivities"].attrs["h5sparse_shape"] = (N, N)
    run("predict", cells, "-m", model, "--smooth", "--empty-cells", "nan", "-o", tmp_path / "old.h5ad")
    np.testing.assert_array_equal(predicted(tmp_path / "new.h5ad").X, predicted(tmp_path / "old.h5ad").X)


@pytest.mark.parametrize("options, words", [
    (["--shard", "1/2"], "a shard cannot be smoothed"),
    (["--scale", "reference"], "cannot be compared with the training samples"),
    (["--pool", "sum", "--group-by", "type"], "--smooth is for cells"),
    (["--smooth=connectivity"], "obsp has no graph 'connectivity'; there are 'connectivities', "
                                   "'distances'. Did you mean 'connectivities'?"),
])
def test_what_does_not_fit_is_refused(cells, model, tmp_path, options, words):
    smooth = [] if options[0].startswith("--smooth") else ["--smooth"]
    done = run("predict", cells, "-m", model, "--empty-cells", "nan", *smooth, *options, "-o",
               tmp_path / "no.h5ad", expect=2)
    assert words in done.stderr
    assert not (tmp_path / "no.h5ad").exists()


def test_only_counts_are_smoothed(cells, model, tmp_path):
    data = anndata.read_h5ad(cells)
    data.X = sp.csr_matrix(np.log1p(data.X.toarray() / 7))
    data.write_h5ad(tmp_path / "logs.h5ad")
    done = run("predict", tmp_path / "logs.h5ad", "-m", model, "--smooth", "--empty-cells", "nan", "-o",
               tmp_path / "no.h5ad", expect=2)
    assert "only counts can be smoothed" in done.stderr


def test_a_table_has_no_graph(model, tmp_path):
    counts(12, SYMBOLS, seed=1).to_csv(tmp_path / "cells.csv")
    done = run("predict", tmp_path / "cells.csv", "-m", model, "--smooth", "-o", tmp_path / "no.csv", expect=2)
    assert "has no obsp" in done.stderr
    data = anndata.AnnData(counts(12, SYMBOLS, seed=1).T.astype(np.float32))
    data.write_h5ad(tmp_path / "cells.h5ad")
    done = run("predict", tmp_path / "cells.h5ad", "-m", model, "--smooth", "-o", tmp_path / "no.csv", expect=2)
    assert "obsp has no graph of neighbours" in done.stderr


def damage(name):
    def pointers(graph, change):
        values = graph["indptr"][:]
        change(values)
        graph["indptr"][:] = values

    def replace(graph, part, values):
        del graph[part]
        graph.create_dataset(part, data=values)

    return {
        "stored by column": (lambda g: g.attrs.__setitem__("encoding-type", "csc_matrix"), "expected csr_matrix"),
        "no encoding": (lambda g: g.attrs.__delitem__("encoding-type"), "an unknown kind of matrix"),
        "another shape": (lambda g: g.attrs.__setitem__("shape", (N, N + 1)), f"is not of {N} x {N} cells"),
        "a column beyond": (lambda g: g["indices"].__setitem__(3, N), f"{N}"),
        "a column below 0": (lambda g: g["indices"].__setitem__(3, -1), "-1"),
        "pointers that fall": (lambda g: pointers(g, lambda p: p.__setitem__(4, p[3] - 1)), "says that line 3"),
        "a pointer below 0": (lambda g: pointers(g, lambda p: p.__setitem__(0, -1)), "says that line 0"),
        "pointers beyond": (lambda g: pointers(g, lambda p: p.__setitem__(slice(100, None), 2**30)), "says that line"),
        "too few pointers": (lambda g: replace(g, "indptr", g["indptr"][:-1]), "entries; expected"),
        "fewer values": (lambda g: replace(g, "data", g["data"][:-1]), "values."),
        "texts for values": (lambda g: replace(g, "data", np.array(["a"] * len(g["data"]), dtype="S1")), "data"),
        "no columns": (lambda g: g.__delitem__("indices"), "indices"),
    }[name]


@pytest.mark.parametrize("name", [
    "stored by column", "no encoding", "another shape", "a column beyond", "a column below 0",
    "pointers that fall", "a pointer below 0", "pointers beyond", "too few pointers", "fewer values",
    "texts for values", "no columns"])
def test_damaged_graphs(cells, model, tmp_path, name):
    change, words = damage(name)
    with h5py.File(cells, "r+") as file:
        change(file["obsp/connectivities"])
    done = run("predict", cells, "-m", model, "--smooth", "--empty-cells", "nan", "-o", tmp_path / "no.h5ad",
               expect=3)
    assert str(cells) in done.stderr and words in done.stderr
    assert not (tmp_path / "no.h5ad").exists()


def test_a_full_matrix_is_no_graph(cells, model, tmp_path):
    with h5py.File(cells, "r+") as file:
        del file["obsp/connectivities"]
        file["obsp/connectivities"] = np.eye(N, dtype=np.float32)
    done = run("predict", cells, "-m", model, "--smooth", "--empty-cells", "nan", "-o", tmp_path / "no.h5ad",
               expect=3)
    assert "is a full matrix" in done.stderr
