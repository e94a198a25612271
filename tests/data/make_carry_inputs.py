# SPDX-License-Identifier: BSD-3-Clause
"""Writes small h5ad files of every layout that carry-over meets into a folder.

modern.h5ad    by AnnData itself: categories (ordered, with missing values), nullable numbers and
               truth values, unicode, tables and sparse matrices in obsm, graphs in obsp, nested uns
old_0_7.h5ad   by hand from the format of 0.7: __categories with object references
old_0_5.h5ad   by hand from the format of 0.5: compound obs and obsm, uns/X_categories, h5sparse
newer.h5ad     elements that AnnData 0.8 does not know: masked texts, null, ragged arrays
hostile.h5ad   links out of the file and in circles, data elsewhere, references, damaged columns
"""
import os
import sys
import warnings

warnings.simplefilter("ignore")
import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

N, GENES = 23, 31
TEXT = h5py.string_dtype("utf-8")
rng = np.random.default_rng(5)
NAMES = [f"cell_{i}-\u00e9" if i % 5 == 0 else f"cell_{i}" for i in range(N)]


def modern(path):
    codes = rng.integers(-1, 3, N).astype(np.int8)
    obs = pd.DataFrame(
        {
            "type": pd.Categorical.from_codes(codes, ["T cell", "B \u03b2", "NK"]),
            "stage": pd.Categorical.from_codes(np.abs(codes), ["low", "mid", "high"], ordered=True),
            "batch": pd.Categorical.from_codes(np.zeros(N, np.int8), [7]),
            "n": rng.integers(0, 900, N),
            "small": rng.integers(0, 200, N).astype(np.uint8),
            "share": rng.random(N).astype(np.float32),
            "maybe": pd.array([None if i % 4 == 0 else i for i in range(N)], dtype="Int32"),
            "perhaps": pd.array([None if i % 3 == 0 else i % 2 == 0 for i in range(N)], dtype="boolean"),
            "flag": np.arange(N) % 2 == 0,
            "note": [f"\u00fc{i}" for i in range(N)],
            "with/slash": np.arange(N) * 0.5,
        },
        index=pd.Index(NAMES, name="barcode"),
    )
    var = pd.DataFrame({"gc": rng.random(GENES)}, index=[f"G{i}" for i in range(GENES)])
    data = anndata.AnnData(rng.random((N, GENES)).astype(np.float32), obs=obs, var=var)
    data.obsm["X_umap"] = rng.random((N, 2))
    data.obsm["X_pca"] = rng.random((N, 5)).astype(np.float32)
    data.obsm["cube"] = rng.random((N, 3, 2))
    data.obsm["table"] = pd.DataFrame(
        {"a": np.arange(N), "c": pd.Categorical(["x", "y"] * 11 + ["x"])}, index=obs.index
    )
    data.obsm["csr"] = sparse.random(N, 40, 0.2, "csr", random_state=1)
    data.obsm["csc"] = sparse.random(N, 40, 0.2, "csc", random_state=2)
    graph = sparse.random(N, N, 0.3, "csr", random_state=3)
    data.obsp["connectivities"] = graph
    data.obsp["distances"] = graph.tocsc()
    data.obsp["dense"] = rng.random((N, N)).astype(np.float32)
    data.varm["PCs"] = rng.random((GENES, 5))
    data.layers["counts"] = data.X.copy()
    data.uns = {
        "type_colors": np.array(["#ff0000", "#00ff00", "#0000ff"]),
        "title": "a \u00e9 title",
        "number": 3,
        "real": 2.5,
        "truth": True,
        "one": np.array([1.5]),
        "words": np.array(["\u03b1", "beta"]),
        "empty": {},
        "nested": {"deep": {"matrix": rng.random((3, 4)), "per_gene": rng.random(GENES)}},
        "per_gene_names": np.array([f"G{i}" for i in range(GENES)]),
        "gene_table": var.copy(),
        "gene_sparse": sparse.random(4, GENES, 0.5, "csr", random_state=4),
        "gene_colors": np.array(["#%06x" % i for i in range(GENES)]),
        "record": np.array([(1, 2.5), (3, 4.5)], dtype=[("i", "i4"), ("f", "f8")]),
        "complex": np.array([1 + 2j, 3 - 1j]),
        "table": pd.DataFrame({"v": [1.0, 2.0], "w": ["a", "b"]}, index=["r", "s"]),
        "pca": {"variance": rng.random(5), "params": {"zero_center": True}},
        "neighbors": {"params": {"n_neighbors": 5, "method": "umap"}},
        "hvg": {"flavor": "seurat"},
        "log1p": {"base": 2.0},
        "rank_genes_groups": {"params": {"groupby": "type"}},
        "sicmir": {"version": "of an earlier run"},
    }
    data.write_h5ad(path)


def root_without_obs(f):
    f["X"] = rng.random((N, GENES)).astype(np.float32)


def old_table(group, names, columns):
    group.attrs["encoding-type"] = "dataframe"
    group.attrs["encoding-version"] = "0.1.0"
    group.attrs["_index"] = "_index"
    group.attrs["column-order"] = list(columns)
    group.create_dataset("_index", data=np.array(names, dtype=object), dtype=TEXT)


def old_0_7(path):
    with h5py.File(path, "w") as f:
        root_without_obs(f)
        obs = f.create_group("obs")
        old_table(obs, NAMES, ["louvain", "grade", "note", "n", "flag"])
        kinds = obs.create_group("__categories")
        for column, words, ordered in [("louvain", ["0", "1", "\u03b2"], False), ("grade", ["lo", "hi"], True)]:
            kinds.create_dataset(column, data=np.array(words, dtype=object), dtype=TEXT)
            kinds[column].attrs["ordered"] = ordered
            codes = rng.integers(-1, len(words), N).astype(np.int8)
            obs.create_dataset(column, data=codes, compression="gzip", chunks=(7,))
            obs[column].attrs["categories"] = kinds[column].ref
        obs.create_dataset("note", data=np.array([f"n{i}" for i in range(N)], dtype=object), dtype=TEXT)
        obs["n"] = np.arange(N)
        obs["flag"] = np.arange(N) % 3 == 0
        old_table(f.create_group("var"), [f"G{i}" for i in range(GENES)], [])
        f.create_group("obsm").create_dataset("X_umap", data=rng.random((N, 2)), compression="lzf", chunks=(5, 1))
        graph = sparse.random(N, N, 0.3, "csr", random_state=3)
        obsp = f.create_group("obsp").create_group("connectivities")
        obsp.attrs["encoding-type"] = "csr_matrix"
        obsp.attrs["encoding-version"] = "0.1.0"
        obsp.attrs["shape"] = graph.shape
        for part in ("data", "indices", "indptr"):
            obsp.create_dataset(part, data=getattr(graph, part), maxshape=(None,), chunks=(9,), compression="gzip")
        uns = f.create_group("uns")
        uns.create_dataset("louvain_colors", data=np.array(["#1", "#2", "#3"], dtype=object), dtype=TEXT)
        uns["n_pcs"] = 7
        uns.create_dataset("method", data="umap", dtype=TEXT)
        uns["fixed"] = np.array([b"abc", b"de"])


def old_0_5(path):
    with h5py.File(path, "w") as f:
        root_without_obs(f)
        obs = np.zeros(N, dtype=[("index", "S12"), ("louvain", "i1"), ("one", "i1"), ("n", "<i8"), ("share", "<f4"), ("note", "S5")])
        obs["index"] = [f"cell_{i}" for i in range(N)]
        obs["louvain"] = rng.integers(-1, 3, N)
        obs["n"] = np.arange(N)
        obs["share"] = rng.random(N)
        obs["note"] = [f"n{i}" for i in range(N)]
        f.create_dataset("obs", data=obs, compression="gzip", chunks=(6,))
        var = np.zeros(GENES, dtype=[("index", "S12"), ("chromosome", "i1")])
        var["index"] = [f"G{i}" for i in range(GENES)]
        var["chromosome"] = np.arange(GENES) % 2
        f.create_dataset("var", data=var)
        obsm = np.zeros(N, dtype=[("X_pca", "<f4", (5,)), ("X_umap", "<f8", (2,))])
        obsm["X_pca"] = rng.random((N, 5))
        obsm["X_umap"] = rng.random((N, 2))
        f.create_dataset("obsm", data=obsm, compression="gzip", chunks=(6,))
        uns = f.create_group("uns")
        uns["louvain_categories"] = np.array([b"0", b"1", b"2"])
        uns["one_categories"] = np.array([b"only"])
        uns["chromosome_categories"] = np.array([b"chr1", b"chr2"])
        uns["louvain_colors"] = np.array([b"#1", b"#2", b"#3"])
        uns["method"] = np.array([b"umap"])
        uns["k"] = np.array([15])
        uns["record"] = np.array([(b"a", 1.0), (b"b", 2.0)], dtype=[("name", "S4"), ("x", "f8")])
        graph = sparse.random(N, N, 0.3, "csr", random_state=3)
        for name in ("connectivities", "distances"):
            group = uns.create_group("neighbors/" + name)
            group.attrs["h5sparse_format"] = b"csr"
            group.attrs["h5sparse_shape"] = graph.shape
            for part in ("data", "indices", "indptr"):
                group.create_dataset(part, data=getattr(graph, part), maxshape=(None,), compression="gzip")
        uns.create_group("neighbors/params")["n_neighbors"] = np.array([5])


def encode(item, kind, version="0.2.0"):
    item.attrs["encoding-type"] = kind
    item.attrs["encoding-version"] = version
    return item


def new_root(f, columns):
    encode(f, "anndata", "0.1.0")
    encode(f.create_dataset("X", data=rng.random((N, GENES)).astype(np.float32)), "array")
    for name, index, order in [("obs", [f"cell_{i}" for i in range(N)], columns), ("var", [f"G{i}" for i in range(GENES)], [])]:
        group = encode(f.create_group(name), "dataframe")
        group.attrs["_index"] = "_index"
        group.attrs.create("column-order", order, dtype=TEXT if order else None)
        encode(group.create_dataset("_index", data=np.array(index, dtype=object), dtype=TEXT), "string-array")
    for name in ("obsm", "obsp", "uns"):
        encode(f.create_group(name), "dict", "0.1.0")
    return f["obs"]


def texts(group, name, values):
    return encode(group.create_dataset(name, data=np.array(values, dtype=object), dtype=TEXT), "string-array")


def newer(path):
    with h5py.File(path, "w") as f:
        obs = new_root(f, ["masked", "whole", "n"])
        for name, mask in [("masked", np.arange(N) % 4 == 0), ("whole", np.zeros(N, bool))]:
            group = encode(obs.create_group(name), "nullable-string-array", "0.1.0")
            texts(group, "values", [f"t{i % 3}" for i in range(N)])
            encode(group.create_dataset("mask", data=mask), "array")
        encode(obs.create_dataset("n", data=np.arange(N)), "array")
        encode(f["obsm"].create_group("ragged"), "awkward-array", "0.1.0")
        encode(f["obsm"].create_dataset("X_umap", data=rng.random((N, 2))), "array")
        encode(f["uns"].create_dataset("nothing", data=h5py.Empty("f4")), "null", "0.1.0")
        encode(f["uns"].create_dataset("kept", data=4), "numeric-scalar")


def hostile(path):
    elsewhere = os.path.join(os.path.dirname(path), "elsewhere.h5")
    with h5py.File(elsewhere, "w") as f:
        f["secret"] = np.arange(N)
    with open(os.path.join(os.path.dirname(path), "raw.bin"), "wb") as raw:
        raw.write(np.arange(N, dtype="<i8").tobytes())
    order = ["good", "good", "linked", "dangling", "short", "codes", "refs", "outside", "virtual", "latin", "_index", "", "good/under", "loop"]
    with h5py.File(path, "w") as f:
        obs = new_root(f, order)
        encode(obs.create_dataset("good", data=np.arange(N)), "array")
        obs["linked"] = h5py.ExternalLink("elsewhere.h5", "/secret")
        obs["dangling"] = h5py.SoftLink("/nowhere")
        obs["loop"] = h5py.SoftLink("/obs/loop")
        encode(obs.create_dataset("short", data=np.arange(N - 1)), "array")
        group = encode(obs.create_group("codes"), "categorical")
        group.attrs["ordered"] = False
        encode(group.create_dataset("codes", data=np.full(N, 9, np.int8)), "array")
        texts(group, "categories", ["a", "b"])
        obs.create_dataset("refs", data=[f["X"].ref] * N, dtype=h5py.ref_dtype)
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_external(b"raw.bin", 0, 8 * N)
        h5py.h5d.create(obs.id, b"outside", h5py.h5t.STD_I64LE, h5py.h5s.create_simple((N,)), plist)
        layout = h5py.VirtualLayout(shape=(N,), dtype="i8")
        layout[:] = h5py.VirtualSource("elsewhere.h5", "secret", shape=(N,))
        obs.create_virtual_dataset("virtual", layout)
        latin = np.array([b"caf\xe9"] * N)
        encode(obs.create_dataset("latin", data=latin), "string-array")
        uns = f["uns"]
        uns["circle"] = f["uns"]
        uns["out"] = h5py.ExternalLink("elsewhere.h5", "/")
        uns["through"] = h5py.SoftLink("/uns/out/secret")
        uns["refs"] = np.array([f["X"].ref], dtype=h5py.ref_dtype)
        uns["inside"] = h5py.SoftLink("/obs/good")
        deep = uns
        for _ in range(60):
            deep = encode(deep.create_group("d"), "dict", "0.1.0")
        uns["bomb"] = h5py.Empty("f4")
        del uns["bomb"]
        uns.create_dataset("bomb", shape=(1 << 40,), dtype="f8", chunks=(1 << 20,), compression="gzip")
        bad = encode(f["obsp"].create_group("bad"), "csr_matrix", "0.1.0")
        bad.attrs["shape"] = (N, N)
        bad["data"], bad["indices"] = np.ones(3), np.array([0, 1, 99])
        bad["indptr"] = np.array([0] + [3] * N)


if __name__ == "__main__":
    for make in (modern, old_0_7, old_0_5, newer, hostile):
        make(os.path.join(sys.argv[1], make.__name__ + ".h5ad"))
