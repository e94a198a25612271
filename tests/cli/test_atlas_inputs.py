# SPDX-License-Identifier: BSD-3-Clause
"""`sicmir atlas add` takes every input that `sicmir profile` takes: the same cells in each format, and with a table where
the format has no obs, make the data set that their .h5ad makes."""
import gzip
import json
import os

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse
from anndata.experimental import write_elem

import rds_writer as r
from program import run
from test_atlas import BY, cells

zarr = pytest.importorskip("zarr")
TEXT = h5py.string_dtype()


@pytest.fixture(scope="module")
def data():
    return cells(1, n_cells=400)


def add(atlas, source, *arguments, model, expect=0, by=BY, **options):
    return run("atlas", "add", atlas, source, "--id", "liver", "-m", model, *by, *arguments, expect=expect, **options)


@pytest.fixture(scope="module")
def expected(data, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("h5ad")
    data.write_h5ad(folder / "cells.h5ad")
    add(folder / "A", folder / "cells.h5ad", model=model)
    return folder / "A"


def arrays(path):
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def check(atlas, expected, has_map=True):
    """Every number and word of the data set, but for where it comes from."""
    place, wanted = atlas / "data" / "sets" / "liver", expected / "data" / "sets" / "liver"
    for name in ("summary.h5", "cells.h5"):
        found, right = arrays(place / name), arrays(wanted / name)
        if not has_map:
            right.pop("map", None)
        assert found.keys() == right.keys()
        for key, values in right.items():
            np.testing.assert_array_equal(found[key], values, err_msg=f"{name}: {key}")
    found, right = (json.loads((each / "set.json").read_text()) for each in (place, wanted))
    for key in ("n_cells", "n_not_primary", "types", "tissues", "diseases", "conditions", "samples", "groups",
                "reference_condition", "comparability", "left_out"):
        assert found[key] == right[key], key
    run("atlas", "index", atlas)
    run("atlas", "check", atlas)


def r_columns(obs):
    return {name: r.factor([str(word) for word in obs[name]]) for name in obs}


def seurat(data, path):
    values = data.X.toarray().T.astype(float)
    inside = r.assay(r.dgc(values, list(data.var_names), list(data.obs_names)))
    maps = {name: r.dim_reduc(data.obsm[f"X_{name}"].astype(float), list(data.obs_names)) for name in ("pca", "umap")}
    r.save(path, r.seurat({"RNA": inside}, list(data.obs_names), r_columns(data.obs), "RNA", maps))


def experiment(data, path):
    maps = {name.upper(): r.matrix(data.obsm[f"X_{name}"].astype(float)) for name in ("pca", "umap")}
    r.save(path, r.sce({"counts": r.dgc(data.X.toarray().T.astype(float))}, list(data.var_names), list(data.obs_names),
                       r_columns(data.obs), {"Symbol": list(data.var_names)}, maps))


def mudata(data, path):
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "MuData", "0.1.0"
        file.create_group("mod").attrs["mod-order"] = np.array(["rna"], dtype=TEXT)
        write_elem(file, "mod/rna", data)
        write_elem(file, "obs", pd.DataFrame(index=data.obs_names))
        write_elem(file, "var", pd.DataFrame(index=data.var_names))


def h5seurat(data, path):
    counts = data.X.tocsr()
    with h5py.File(path, "w") as file:
        for name, value in (("project", "p"), ("active.assay", "RNA"), ("version", "4.1.3")):
            file.attrs[name] = np.array([value], dtype=TEXT)
        file.create_dataset("cell.names", data=np.array(data.obs_names, dtype=object), dtype=TEXT)
        assay = file.create_group("assays/RNA")
        assay.attrs["key"] = np.array(["rna_"], dtype=TEXT)
        assay.create_dataset("features", data=np.array(data.var_names, dtype=object), dtype=TEXT)
        made = assay.create_group("counts")
        made.attrs["dims"] = np.array([data.n_vars, data.n_obs], np.int32)
        for part in ("data", "indices", "indptr"):
            made.create_dataset(part, data=getattr(counts, part))
        table = file.create_group("meta.data")
        table.attrs["colnames"] = np.array(list(data.obs), dtype=TEXT)
        for name in data.obs:
            table.create_dataset(name, data=np.array(data.obs[name], dtype=object), dtype=TEXT)
        for name in ("pca", "umap"):
            file[f"reductions/{name}/cell.embeddings"] = data.obsm[f"X_{name}"].T


KINDS = {"Seurat.rds": seurat, "SingleCellExperiment.rds": experiment, "cells.h5mu": mudata, "cells.h5seurat": h5seurat,
         "cells.zarr": lambda data, path: data.write_zarr(path)}


@pytest.mark.parametrize("name", KINDS)
def test_formats_with_obs(data, expected, model, tmp_path, name):
    KINDS[name](data, tmp_path / name)
    add(tmp_path / "A", tmp_path / name, model=model)
    check(tmp_path / "A", expected)


def tenx(data, folder):
    folder.mkdir()
    with gzip.open(folder / "matrix.mtx.gz", "wb") as file:
        scipy.io.mmwrite(file, scipy.sparse.coo_matrix(data.X.T), field="integer")
    with gzip.open(folder / "barcodes.tsv.gz", "wt") as file:
        file.writelines(f"{cell}\n" for cell in data.obs_names)
    with gzip.open(folder / "features.tsv.gz", "wt") as file:
        file.writelines(f"{gene}\t{gene}\tGene Expression\n" for gene in data.var_names)


def prefixed(data, path):
    tenx(data, path.parent / "folder")
    for name in ("matrix.mtx", "barcodes.tsv", "features.tsv"):
        os.rename(path.parent / "folder" / f"{name}.gz", f"{path}_{name}.gz")


def table(data, path):
    pd.DataFrame(data.X.toarray().T.astype(int), index=data.var_names, columns=data.obs_names).to_csv(path)


PLAIN = {"folder": tenx, "GSM1_liver": prefixed, "counts.csv.gz": table, "other_obs.zarr": None}


@pytest.mark.parametrize("name", PLAIN)
def test_formats_without_obs_take_a_table_of_cells(data, expected, model, tmp_path, name):
    if PLAIN[name] is None:  # the table replaces an obs that there is
        anndata.AnnData(data.X, obs=pd.DataFrame({"cell_type": "x"}, index=data.obs_names), var=data.var,
                        dtype=np.float32).write_zarr(tmp_path / name)
    else:
        PLAIN[name](data, tmp_path / name)
    shuffled = data.obs.sample(frac=1, random_state=1)
    shuffled.to_csv(tmp_path / "cells.tsv", sep="\t", index_label="cell")
    add(tmp_path / "A", tmp_path / name, "--groups", tmp_path / "cells.tsv", model=model)
    check(tmp_path / "A", expected, has_map=False)


def test_a_list_names_tables(data, expected, model, tmp_path):
    tenx(data, tmp_path / "tenx")
    data.obs.to_csv(tmp_path / "cells.csv")
    (tmp_path / "list.tsv").write_text(f"id\tpath\tgroups\nliver\t{tmp_path}/tenx\t{tmp_path}/cells.csv\n")
    run("atlas", "add", tmp_path / "A", "--inputs", tmp_path / "list.tsv", "-m", model, *BY)
    check(tmp_path / "A", expected, has_map=False)


def test_cells_that_the_table_lacks_have_no_type(data, model, tmp_path):
    table(data, tmp_path / "counts.csv")
    data.obs[:250].to_csv(tmp_path / "cells.csv")
    add(tmp_path / "A", tmp_path / "counts.csv", "--groups", tmp_path / "cells.csv", model=model)
    types = arrays(tmp_path / "A/data/sets/liver/cells.h5")["types"]
    assert (types[:250] >= 0).all() and (types[250:] == -1).all()
    groups = json.loads((tmp_path / "A/data/sets/liver/set.json").read_text())["groups"]
    assert sum(each["n_cells"] for each in groups) == 250


def test_what_cannot_be_says_why_and_what_to_do(data, model, tmp_path):
    table(data, tmp_path / "counts.csv")
    data.obs.to_csv(tmp_path / "cells.csv")
    def fails(*arguments, expect=2, source=tmp_path / "counts.csv", **options):
        stderr = add(tmp_path / "A", source, *arguments, model=model, expect=expect, **options).stderr
        assert not (tmp_path / "A/data/sets/liver").exists()
        return stderr
    alone = fails()
    assert "counts.csv has no obs (its format is CSV" in alone and "--groups FILE" in alone
    with_table = ["--groups", tmp_path / "cells.csv"]
    assert "has no column 'cell_typ'; it has" in fails(*with_table, by=["--group-by", "cell_typ"])
    near = fails(*with_table, by=["--group-by", "cell_type", "--disease", "diseases"])
    assert "cells.csv has no such column, but it has 'disease'" in near
    assert "Leave --map out" in fails(*with_table, "--map", "X_umap")
    os.mkfifo(tmp_path / "pipe")
    assert "is read several times, so it cannot be a pipe" in fails(source=tmp_path / "pipe")
    assert "standard input: is read several times" in fails(source="-")
    twice = data.obs.copy()
    twice["donor"] = [f"d{i}" for i in range(len(twice))]
    twice.to_csv(tmp_path / "twice.csv")
    assert "has two values in the column 'donor'" in fails("--groups", tmp_path / "twice.csv", expect=3)
    twice.assign(is_primary_data=False).to_csv(tmp_path / "primary.csv")
    assert "has a column is_primary_data" in fails("--groups", tmp_path / "primary.csv")
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv: this table of groups is empty" in fails("--groups", tmp_path / "empty.csv", expect=3)
    other = data.obs.copy()
    other.index = [f"other_{i}" for i in range(len(other))]
    other.to_csv(tmp_path / "other.csv")
    assert "other.csv" in fails("--groups", tmp_path / "other.csv", expect=3)


def test_the_checksum_of_a_folder_is_that_of_its_files(data, model, tmp_path):
    tenx(data, tmp_path / "tenx")
    data.obs.to_csv(tmp_path / "cells.csv")
    seen = []
    for number, change in enumerate((None, "tenx/note.txt")):
        if change:
            (tmp_path / change).write_text("one more")
        add(tmp_path / f"A{number}", tmp_path / "tenx", "--groups", tmp_path / "cells.csv", model=model)
        seen.append(json.loads((tmp_path / f"A{number}/data/sets/liver/set.json").read_text()))
    size = sum(file.stat().st_size for file in (tmp_path / "tenx").iterdir())
    keys = [(key, each) for key, each in seen[1].items() if each == size or (isinstance(each, dict) and size in each.values())]
    assert keys, "the bytes of all files of the folder"
    assert json.dumps(seen[0]).count(str(size)) == 0


def loom(data, path, **columns):
    """As loompy writes it, genes x cells; http://linnarssonlab.org/loompy/format."""
    with h5py.File(path, "w") as file:
        file["matrix"] = data.X.toarray().T
        file.create_group("layers")
        file.create_dataset("row_attrs/Gene", data=list(data.var_names), dtype=TEXT)
        file.create_dataset("col_attrs/CellID", data=list(data.obs_names), dtype=TEXT)
        for name, values in columns.items():
            file.create_dataset(f"col_attrs/{name}", data=[str(value) for value in values], dtype=TEXT)
        file.attrs["LOOM_SPEC_VERSION"] = "3.0.0"


def tenx_h5(data, path, version=3):
    """As Cell Ranger writes it: CSC of genes x cells."""
    values = scipy.sparse.csc_matrix(data.X.T)
    place = "matrix" if version == 3 else "GRCh38"
    with h5py.File(path, "w") as file:
        file[f"{place}/data"] = values.data.astype(np.int32)
        file[f"{place}/indices"] = values.indices.astype(np.int64)
        file[f"{place}/indptr"] = values.indptr.astype(np.int64)
        file[f"{place}/shape"] = np.array(values.shape, dtype=np.int32)
        file[f"{place}/barcodes"] = np.array(list(data.obs_names), dtype="S")
        names = np.array(list(data.var_names), dtype="S")
        if version == 2:
            file[f"{place}/genes"] = file[f"{place}/gene_names"] = names
            return
        file[f"{place}/features/id"] = file[f"{place}/features/name"] = names
        file[f"{place}/features/feature_type"] = np.array(["Gene Expression"] * len(names), dtype="S")
        file[f"{place}/features/genome"] = np.array(["GRCh38"] * len(names), dtype="S")


HDF5 = {"loom": lambda data, path: loom(data, path.with_suffix(".loom")) or path.with_suffix(".loom"),
        "10x v3": lambda data, path: tenx_h5(data, path) or path,
        "10x v2": lambda data, path: tenx_h5(data, path, 2) or path}


@pytest.mark.parametrize("name", HDF5)
def test_loom_and_10x_files_take_a_table_of_cells(data, expected, model, tmp_path, name):
    source = HDF5[name](data, tmp_path / "cells.h5")
    data.obs.to_csv(tmp_path / "cells.csv")
    add(tmp_path / "A", source, "--groups", tmp_path / "cells.csv", model=model)
    check(tmp_path / "A", expected, has_map=False)
    without = add(tmp_path / "B", source, model=model, expect=2).stderr
    assert f"{source} has no obs (its format is " in without and "--groups FILE" in without


def test_a_list_of_loom_and_10x_files(data, expected, model, tmp_path):
    loom(data, tmp_path / "cells.loom")
    tenx_h5(data, tmp_path / "cells.h5")
    data.obs.to_csv(tmp_path / "cells.csv")
    (tmp_path / "sets.tsv").write_text(f"id\tpath\tgroups\nliver\t{tmp_path}/cells.loom\t{tmp_path}/cells.csv\n"
                                       f"again\t{tmp_path}/cells.h5\t{tmp_path}/cells.csv\n")
    run("atlas", "add", tmp_path / "A", "--inputs", tmp_path / "sets.tsv", "-m", model, *BY)
    check(tmp_path / "A", expected, has_map=False)


def test_a_damaged_loom_leaves_nothing(data, model, tmp_path):
    loom(data, tmp_path / "cells.loom")
    data.obs.to_csv(tmp_path / "cells.csv")
    with h5py.File(tmp_path / "cells.loom", "r+") as file:
        del file["col_attrs/CellID"]
        file.create_dataset("col_attrs/CellID", data=["x"] * 7, dtype=TEXT)
    said = add(tmp_path / "A", tmp_path / "cells.loom", "--groups", tmp_path / "cells.csv", model=model, expect=3).stderr
    assert "cells.loom" in said and "CellID" in said
    assert not list((tmp_path / "A").glob("data/claims/*")) and not list((tmp_path / "A").glob("data/sets/*"))
