# SPDX-License-Identifier: BSD-3-Clause
"""Writes one small matrix in every HDF5 layout that sicmir must read.

Usage: make_h5ad_layouts.py FOLDER. Layouts follow AnnData's "On-disk format" and, for 0.5 to 0.7,
the archives in AnnData's own tests; 10x files follow Cell Ranger's description of its HDF5
matrices. FOLDER/manifest.tsv lists, per file: the options, the table of expected values, and what
the reader must say it took.
"""

import os
import sys

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse as sp

from h5_fixture_common import (
    CELLS, COUNTS, ENSEMBL, ENTREZ, GENES, LANDMARKS, LOGS, N_CELLS, N_GENES, SCALED, SYMBOLS,
    array, basic, categorical, csr, frame, nullable_integers, nullable_texts, open_new,
    shuffled_csr, sparse, texts, write_expected)

FOLDER = sys.argv[1]
SHAPE = (N_CELLS, N_GENES)
MANIFEST = []
# Every third feature that is no landmark is an antibody tag.
IS_TAG = np.array([s.startswith("LINC") and int(s[-2:]) % 3 == 0 for s in SYMBOLS])
# Four of the features belong to mm10.
IS_MOUSE = np.array([s in ("LINC9001", "LINC9004", "LINC9007", "LINC9010") for s in SYMBOLS])


def lists(name, expected="counts", matrix="X", layer="auto", genome="", gene_major=False):
    MANIFEST.append((name, layer, genome, expected, matrix, int(gene_major)))


def as_bytes(values):
    return np.array(values, dtype="S")


# --- AnnData 0.5 and 0.6: compound tables, h5sparse groups at the root -------------------------

def compound(names, extra, fixed=True):
    width = max(len(n) for n in names)
    kinds = [("index", f"S{width}" if fixed else h5py.string_dtype())]
    kinds += [(n, v.dtype) for n, v in extra]
    table = np.zeros(len(names), dtype=kinds)
    table["index"] = as_bytes(names) if fixed else np.array(names, dtype=object)
    for n, v in extra:
        table[n] = v
    return table


def h5sparse(h, name, matrix, kind="csr", **kwargs):
    g = h.create_group(name)
    g.attrs["h5sparse_format"] = kind
    g.attrs["h5sparse_shape"] = np.array(SHAPE)
    parts = csr(matrix) if kind == "csr" else csr(np.asarray(matrix).T)
    for member, values in zip(("data", "indices", "indptr"), parts):
        g.create_dataset(member, data=values.astype(np.float32 if member == "data" else np.int32),
                         **kwargs)


def anndata_0_5():
    clusters = np.arange(N_CELLS, dtype=np.int8) % 3
    with h5py.File(os.path.join(FOLDER, "v0.5.h5ad"), "w") as h:
        h.create_dataset("X", data=SCALED, chunks=(5, 7), compression="gzip")
        h.create_dataset("obs", data=compound(CELLS, [("louvain", clusters)]), chunks=(4,),
                         compression="gzip")
        h.create_dataset("var", data=compound(SYMBOLS, [("means", LOGS.mean(0))]))
        h5sparse(h, "raw.X", LOGS, chunks=(13,), compression="gzip")
        h.create_dataset("raw.var", data=compound(SYMBOLS, [])[["index"]], chunks=(9,),
                         compression="gzip")
        h.create_dataset("uns/louvain_categories", data=as_bytes(["a", "b", "c"]))
    lists("v0.5.h5ad", "logs", "raw/X")
    lists("v0.5.h5ad", "scaled", "X", layer="X")

    with h5py.File(os.path.join(FOLDER, "v0.6.h5ad"), "w") as h:
        h5sparse(h, "X", COUNTS)
        h.create_dataset("obs", data=compound(CELLS, [("louvain", clusters)], fixed=False))
        codes = np.arange(N_GENES, dtype=np.int16)
        h.create_dataset("var", data=compound([f"g{i}" for i in range(N_GENES)],
                                              [("gene_symbols", codes)]))
        h.create_dataset("uns/gene_symbols_categories", data=np.array(SYMBOLS, dtype=object),
                         dtype=h5py.string_dtype())
        h5sparse(h, "layers/spliced", COUNTS * 2)
    lists("v0.6.h5ad")
    lists("v0.6.h5ad", "doubled", "layers/spliced", layer="layers/spliced")

    with h5py.File(os.path.join(FOLDER, "v0.6_csc.h5ad"), "w") as h:
        h5sparse(h, "X", COUNTS, kind="csc")
        h.create_dataset("obs", data=compound(CELLS, [("n", clusters)]))
        h.create_dataset("var", data=compound(SYMBOLS, [("n", np.arange(N_GENES))]))
    lists("v0.6_csc.h5ad", gene_major=True)


# --- AnnData 0.7: groups, categories by reference ----------------------------------------------

def frame_0_7(h, name, index_name, index, categories):
    g = h.create_group(name)
    g.attrs["encoding-type"] = "dataframe"
    g.attrs["encoding-version"] = "0.1.0"
    g.attrs["_index"] = index_name
    g.attrs["column-order"] = (np.array([c for c, _ in categories], dtype=object)
                               if categories else np.array([], dtype=float))
    texts(g, index_name, index, encoded=False)
    for column, values in categories:
        names = sorted(set(values))
        c = texts(g, f"__categories/{column}", names, encoded=False)
        c.attrs["ordered"] = False
        d = g.create_dataset(column, data=np.array([names.index(v) for v in values], np.int16))
        d.attrs["categories"] = c.ref
    return g


def anndata_0_7():
    with h5py.File(os.path.join(FOLDER, "v0.7.h5ad"), "w") as h:
        frame_0_7(h, "obs", "_index", CELLS, [("cluster", ["a", "b"] * 11 + ["a"])])
        frame_0_7(h, "var", "gene_ids", [f"x{i}" for i in range(N_GENES)],
                  [("feature_name", SYMBOLS)])
        sparse(h, "X", csr(LOGS), SHAPE, data={"compression": "lzf"},
               indices={"compression": "lzf", "shuffle": True}, indptr={"compression": "lzf"})
        h.create_group("raw").attrs["encoding-type"] = "raw"
        frame_0_7(h, "raw/var", "gene_ids", ENSEMBL, [])
        sparse(h, "raw/X", csr(COUNTS), SHAPE)
    lists("v0.7.h5ad", "counts", "raw/X")
    lists("v0.7.h5ad", "logs", "X", layer="X")

    # The categories stand elsewhere: only the reference leads to them.
    with h5py.File(os.path.join(FOLDER, "v0.7_reference.h5ad"), "w") as h:
        frame_0_7(h, "obs", "_index", CELLS, [])
        g = frame_0_7(h, "var", "_index", [f"x{i}" for i in range(N_GENES)],
                      [("feature_name", SYMBOLS)])
        g.move("__categories/feature_name", "__categories/moved")
        sparse(h, "X", csr(COUNTS), SHAPE)
    lists("v0.7_reference.h5ad")


# --- AnnData 0.8, written by AnnData itself ------------------------------------------------------

def anndata_0_8():
    def adata(x, **kwargs):
        return anndata.AnnData(
            x, obs=pd.DataFrame({"cluster": pd.Categorical(["a", "b"] * 11 + ["a"])}, index=CELLS),
            var=pd.DataFrame({"gene_ids": ENSEMBL}, index=SYMBOLS), **kwargs)

    counts = COUNTS.astype(np.float32)
    for name, x, compression in [("dense", counts, None), ("dense_gzip", counts, "gzip"),
                                 ("csr_lzf", sp.csr_matrix(counts), "lzf"),
                                 ("csc_gzip", sp.csc_matrix(counts), "gzip")]:
        adata(x).write_h5ad(os.path.join(FOLDER, f"v0.8_{name}.h5ad"), compression=compression)
        lists(f"v0.8_{name}.h5ad", gene_major=name.startswith("csc"))
    full = adata(LOGS, layers={"counts": sp.csr_matrix(counts), "spliced": counts,
                               "scale.data": SCALED})
    full.raw = adata(sp.csr_matrix(LOGS))
    full.write_h5ad(os.path.join(FOLDER, "v0.8_layers.h5ad"))
    lists("v0.8_layers.h5ad", "counts", "layers/counts")
    lists("v0.8_layers.h5ad", "logs", "raw/X", layer="raw/X")
    lists("v0.8_layers.h5ad", "scaled", "layers/scale.data", layer="layers/scale.data")
    # X of the variable genes only: raw covers more.
    part = full[:, :25].copy()
    part.layers.clear()
    part.write_h5ad(os.path.join(FOLDER, "v0.8_variable_genes.h5ad"))
    lists("v0.8_variable_genes.h5ad", "logs", "raw/X")


# --- Later layouts ---------------------------------------------------------------------------------

def later():
    with open_new(FOLDER, "nullable_texts.h5ad") as h:
        frame(h, "obs", lambda g, n: nullable_texts(g, n, CELLS))
        symbols = [None if s.startswith("LINC") else s for s in SYMBOLS]
        frame(h, "var", [str(i) for i in range(N_GENES)], index_name="index",
              columns=[("feature_name", lambda g, n: nullable_texts(g, n, symbols))])
        sparse(h, "X", csr(COUNTS), SHAPE)
    lists("nullable_texts.h5ad")

    with open_new(FOLDER, "categorical_index.h5ad") as h:
        frame(h, "obs", lambda g, n: categorical(g, n, CELLS))
        symbols = [None if s.startswith("LINC") else s for s in SYMBOLS]
        frame(h, "var", ENTREZ_TEXT, columns=[("gene_symbols",
                                               lambda g, n: categorical(g, n, symbols))])
        sparse(h, "X", csr(COUNTS), SHAPE)
    lists("categorical_index.h5ad")

    with basic(FOLDER, "entrez_integers.h5ad", [f"x{i}" for i in range(N_GENES)],
               [("entrezgene_id", lambda g, n: nullable_integers(
                   g, n, [None if e > 900000 else e for e in ENTREZ]))]) as h:
        array(h, "X", COUNTS)
    lists("entrez_integers.h5ad")

    # X of None: left out (0.11), or a null data set (0.12).
    with basic(FOLDER, "x_left_out.h5ad") as h:
        sparse(h, "layers/counts", csr(COUNTS), SHAPE)
        array(h, "layers/unspliced", COUNTS * 2)
    lists("x_left_out.h5ad", "counts", "layers/counts")
    with basic(FOLDER, "x_null.h5ad") as h:
        h["X"] = h5py.Empty("f4")
        h["X"].attrs["encoding-type"] = "null"
        h["X"].attrs["encoding-version"] = "0.1.0"
        array(h, "layers/raw_counts", COUNTS)
    lists("x_null.h5ad", "counts", "layers/raw_counts")

    # X scaled, raw/X logarithms, the same genes; and a layer called counts that holds none.
    with basic(FOLDER, "x_scaled.h5ad") as h:
        array(h, "X", SCALED)
        array(h, "layers/counts", LOGS)
    lists("x_scaled.h5ad", "logs", "layers/counts")
    with basic(FOLDER, "counts_that_are_none.h5ad") as h:
        array(h, "X", LOGS)
        array(h, "layers/counts", SCALED)
    lists("counts_that_are_none.h5ad", "logs", "X")

    # No column-order, no encoding attributes at the root, no shape: as some R writers do.
    with h5py.File(os.path.join(FOLDER, "bare.h5ad"), "w") as h:
        for name, index in (("obs", CELLS), ("var", SYMBOLS)):
            h.create_group(name).attrs["_index"] = "_index"
            h[name].create_dataset("_index", data=as_bytes(index))
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        del g.attrs["shape"]
    lists("bare.h5ad")

    types = ["Antibody Capture" if t else "Gene Expression" for t in IS_TAG]
    with basic(FOLDER, "feature_types.h5ad", var_columns=[
            ("feature_types", lambda g, n: categorical(g, n, types))]) as h:
        sparse(h, "X", csr(COUNTS), SHAPE)
    lists("feature_types.h5ad", "genes_only")
    with basic(FOLDER, "feature_types_dense.h5ad", var_columns=[
            ("feature_types", lambda g, n: categorical(g, n, types))]) as h:
        array(h, "X", COUNTS.astype(np.float32), chunks=(5, 6))
    lists("feature_types_dense.h5ad", "genes_only")

    types = ["ADT" if t else "GEX" for t in IS_TAG]  # Open Problems' data of 2021
    with basic(FOLDER, "feature_types_gex.h5ad", var_columns=[
            ("feature_types", lambda g, n: categorical(g, n, types))]) as h:
        sparse(h, "X", csr(COUNTS), SHAPE)
    lists("feature_types_gex.h5ad", "genes_only")

    genomes = ["mm10" if m else "GRCh38" for m in IS_MOUSE]
    prefixed = [f"{'mm10__' if m else 'GRCh38'}_{s}" for m, s in zip(IS_MOUSE, SYMBOLS)]
    with basic(FOLDER, "two_genomes.h5ad", prefixed, [
            ("genome", lambda g, n: categorical(g, n, genomes))]) as h:
        array(h, "X", COUNTS)
    lists("two_genomes.h5ad", "human_only", genome="GRCh38")


ENTREZ_TEXT = [str(e) for e in ENTREZ]


# --- Element types, orders, chunks -----------------------------------------------------------------

def types():
    numbers = ["f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", ">f4", ">i4"]
    for number in numbers:
        name = number.replace(">", "big_")
        with basic(FOLDER, f"csr_{name}.h5ad") as h:
            data, indices, indptr = csr(COUNTS)
            sparse(h, "X", (data.astype(number), indices, indptr), SHAPE)
        lists(f"csr_{name}.h5ad")
        with basic(FOLDER, f"dense_{name}.h5ad") as h:
            array(h, "X", COUNTS.astype(number))
        lists(f"dense_{name}.h5ad")
    for number in ["i1", "u2", "i4", "u4", "i8", "u8"]:
        for kind in ["csr", "csc"]:
            with basic(FOLDER, f"{kind}_index_{number}.h5ad") as h:
                data, indices, indptr = csr(COUNTS if kind == "csr" else COUNTS.T)
                pointer = "u2" if number == "i1" else number
                sparse(h, "X", (data, indices.astype(number), indptr.astype(pointer)), SHAPE,
                       kind=f"{kind}_matrix")
            lists(f"{kind}_index_{number}.h5ad", gene_major=kind == "csc")
    with basic(FOLDER, "dense_bool.h5ad") as h:
        array(h, "X", COUNTS > 0)
    lists("dense_bool.h5ad", "ones")
    with basic(FOLDER, "csr_bool.h5ad") as h:
        sparse(h, "X", csr(COUNTS > 0), SHAPE)
    lists("csr_bool.h5ad", "ones")
    with basic(FOLDER, "csr_unsorted.h5ad") as h:
        sparse(h, "X", shuffled_csr(COUNTS), SHAPE)
    lists("csr_unsorted.h5ad")
    with basic(FOLDER, "csr_repeated.h5ad") as h:
        sparse(h, "X", shuffled_csr(COUNTS, repeat=True), SHAPE)
    lists("csr_repeated.h5ad")
    with basic(FOLDER, "csc_repeated.h5ad") as h:
        sparse(h, "X", shuffled_csr(COUNTS.T, repeat=True), SHAPE, kind="csc_matrix")
    lists("csc_repeated.h5ad", gene_major=True)


def chunks():
    for at, (data, indices, indptr) in enumerate([(5, 7, 3), (1, 1, 1), (1000, 400, 24),
                                                  (64, 100000, 5)]):
        for kind in ["csr", "csc"]:
            name = f"{kind}_chunks{at}.h5ad"
            with basic(FOLDER, name) as h:
                parts = csr(COUNTS if kind == "csr" else COUNTS.T)
                sparse(h, "X", parts, SHAPE, kind=f"{kind}_matrix",
                       data={"chunks": (data,), "maxshape": (None,), "compression": "gzip"},
                       indices={"chunks": (indices,), "maxshape": (None,), "shuffle": True,
                                "compression": "lzf"},
                       indptr={"chunks": (indptr,), "maxshape": (None,)})
            lists(name, gene_major=kind == "csc")
    for cells, genes in [(7, 9), (30, 50), (1, 40), (23, 1), (5, 40), (1, 1)]:
        name = f"dense_chunks_{cells}x{genes}.h5ad"
        with basic(FOLDER, name) as h:
            array(h, "X", COUNTS.astype(np.float32), chunks=(cells, genes),
                  maxshape=(None, None), compression="lzf", shuffle=True)
        lists(name)
    with basic(FOLDER, "checksummed.h5ad") as h:
        array(h, "X", COUNTS, chunks=(6, 6), compression="gzip", shuffle=True, fletcher32=True)
    lists("checksummed.h5ad")


# --- 10x --------------------------------------------------------------------------------------------

def tenx_group(g, matrix, **kwargs):
    data, indices, indptr = csr(matrix)
    g.create_dataset("barcodes", data=as_bytes(CELLS), **kwargs)
    g.create_dataset("data", data=data.astype(np.int32), **kwargs)
    g.create_dataset("indices", data=indices.astype(np.int64), **kwargs)
    g.create_dataset("indptr", data=indptr.astype(np.int64), **kwargs)
    g.create_dataset("shape", data=np.array([N_GENES, N_CELLS], np.int32))


def tenx_v3(name, ids=None, names=None, **columns):
    with h5py.File(os.path.join(FOLDER, name), "w") as h:
        tenx_group(h.create_group("matrix"), COUNTS, chunks=(8,), compression="gzip", shuffle=True)
        f = h.create_group("matrix/features")
        f.create_dataset("id", data=as_bytes(ENSEMBL if ids is None else ids))
        f.create_dataset("name", data=as_bytes(SYMBOLS if names is None else names))
        f.create_dataset("_all_tag_keys", data=as_bytes(["genome"]))
        for column, values in columns.items():
            f.create_dataset(column, data=as_bytes(values))
        h["matrix/scalar"] = 5


def tenx():
    genes = ["Gene Expression"] * N_GENES
    tags = ["Antibody Capture" if t else "Gene Expression" for t in IS_TAG]
    human = ["GRCh38"] * N_GENES
    mixed = ["mm10" if m else "GRCh38" for m in IS_MOUSE]

    def prefixed(values):
        return [f"{'mm10__' if m else 'GRCh38'}_{v}" for m, v in zip(IS_MOUSE, values)]

    tenx_v3("tenx_v3.h5", feature_type=genes, genome=human)
    lists("tenx_v3.h5", matrix="")
    lists("tenx_v3.h5", matrix="", genome="GRCh38")
    tenx_v3("tenx_v3_no_genome.h5", feature_type=genes)
    lists("tenx_v3_no_genome.h5", matrix="")
    tenx_v3("tenx_v3_tags.h5", feature_type=tags,
            genome=["" if t else "GRCh38" for t in IS_TAG])
    lists("tenx_v3_tags.h5", "genes_only", matrix="")
    tenx_v3("tenx_v3_genomes.h5", prefixed(ENSEMBL), prefixed(SYMBOLS), feature_type=genes,
            genome=mixed)
    lists("tenx_v3_genomes.h5", "human_only", matrix="", genome="GRCh38")
    # Genomes in the ids alone.
    tenx_v3("tenx_v3_prefixes.h5", prefixed(ENSEMBL), prefixed(SYMBOLS), feature_type=genes)
    lists("tenx_v3_prefixes.h5", "human_only", matrix="", genome="GRCh38")
    tenx_v3("tenx_v3_one_prefix.h5", [f"GRCh38_{e}" for e in ENSEMBL],
            [f"GRCh38_{s}" for s in SYMBOLS], feature_type=genes, genome=human)
    lists("tenx_v3_one_prefix.h5", matrix="")
    tenx_v3("tenx_probes.h5", [f"{e}|{s}|ab12" for e, s in zip(ENSEMBL, SYMBOLS)],
            [f"{s}|ab12" for s in SYMBOLS], gene_id=ENSEMBL, gene_name=SYMBOLS,
            feature_type=genes, genome=human)
    lists("tenx_probes.h5", matrix="")
    tenx_v3("cellbender_v3.h5", feature_type=genes)
    with h5py.File(os.path.join(FOLDER, "cellbender_v3.h5"), "a") as h:
        h["droplet_latents/gene_expression_encoding"] = np.zeros((N_CELLS, 3))
        h["global_latents/ambient_expression"] = np.zeros(N_GENES)
        h["metadata/fraction_data_used_for_testing"] = 0.1
    lists("cellbender_v3.h5", matrix="")

    for name, groups in [("tenx_v2.h5", ["hg19"]), ("tenx_v2_genomes.h5", ["hg19", "mm10"]),
                         ("cellbender_v2.h5", ["background_removed"])]:
        with h5py.File(os.path.join(FOLDER, name), "w") as h:
            for group in groups:
                g = h.create_group(group)
                tenx_group(g, COUNTS if group != "mm10" else COUNTS * 2, chunks=(20,))
                if not name.startswith("cellbender"):
                    g.create_dataset("genes", data=as_bytes(ENSEMBL))
                else:
                    g["latent_cell_probability"] = np.zeros(N_CELLS)
                    g["overdispersion"] = 0.1
                g.create_dataset("gene_names", data=as_bytes(SYMBOLS))
            h["odd"] = 3
            h.create_group("empty")
    lists("tenx_v2.h5", matrix="")
    lists("tenx_v2_genomes.h5", matrix="", genome="hg19")
    lists("tenx_v2_genomes.h5", "doubled", matrix="", genome="mm10")
    lists("cellbender_v2.h5", matrix="")


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for name, matrix, counted in [("counts", COUNTS, None), ("logs", LOGS, None),
                                  ("scaled", SCALED, None), ("doubled", COUNTS * 2, None),
                                  ("ones", COUNTS > 0, None), ("genes_only", COUNTS, ~IS_TAG),
                                  ("human_only", COUNTS, ~IS_MOUSE)]:
        write_expected(FOLDER, name, matrix, counted)
    for make in (anndata_0_5, anndata_0_7, anndata_0_8, later, types, chunks, tenx):
        make()
    with open(os.path.join(FOLDER, "panel.tsv"), "w", encoding="utf-8") as f:
        for gene in LANDMARKS:
            f.write("\t".join(map(str, gene)) + "\n")
    with open(os.path.join(FOLDER, "manifest.tsv"), "w", encoding="utf-8") as f:
        for line in MANIFEST:
            f.write("\t".join(map(str, line)) + "\n")
    assert len(GENES) == N_GENES


if __name__ == "__main__":
    main()
