# SPDX-License-Identifier: BSD-3-Clause
"""Writes HDF5 files that sicmir must refuse, each with one fault.

Usage: make_h5_damaged.py FOLDER. FOLDER/damaged.tsv lists, per file: layer, genome, and a part of
the message that must appear.
"""

import os
import struct
import sys
import zlib

import h5py
import numpy as np

from h5_fixture_common import (
    CELLS, COUNTS, ENSEMBL, LOGS, N_CELLS, N_GENES, SCALED, SYMBOLS,
    array, basic, categorical, csr, frame, open_new, sparse, texts)

FOLDER = sys.argv[1]
SHAPE = (N_CELLS, N_GENES)
LIST = []


def refused(name, says, layer="auto", genome=""):
    LIST.append((name, layer, genome, says))


def path(name):
    return os.path.join(FOLDER, name)


def with_parts(name, says, change, kind="csr_matrix", **kwargs):
    """`change(data, indices, indptr)` returns the damaged parts."""
    with basic(FOLDER, name) as h:
        parts = csr(COUNTS if kind == "csr_matrix" else COUNTS.T)
        sparse(h, "X", change(*(p.copy() for p in parts)), SHAPE, kind=kind, **kwargs)
    refused(name, says)


def put(values, at, value):
    values[at] = value
    return values


def pointers_and_indices():
    nnz = int((COUNTS > 0).sum())
    with_parts("indptr_falls.h5ad", "falls from", lambda d, i, p: (d, i, put(p, 9, p[8] - 1)))
    with_parts("indptr_negative.h5ad", "indptr", lambda d, i, p: (d, i, put(p, 9, -5)))
    with_parts("indptr_starts_late.h5ad", "runs from 3", lambda d, i, p: (d, i, put(p, 0, 3)))
    with_parts("indptr_beyond.h5ad", "indptr", lambda d, i, p: (d, i, put(p, N_CELLS, nnz + 7)))
    with_parts("indptr_ends_early.h5ad", "it must run from 0 to",
               lambda d, i, p: (d, i, put(p, N_CELLS, nnz - 1)))
    with_parts("indptr_short.h5ad", "must have 24", lambda d, i, p: (d, i, p[:-1]))
    with_parts("indptr_middle_huge.h5ad", "indptr", lambda d, i, p: (d, i, put(p, 9, 2**40)))
    with_parts("indptr_falls_csc.h5ad", "falls from",
               lambda d, i, p: (d, i, put(p, 9, p[8] - 1)), kind="csc_matrix")
    with_parts("index_too_large.h5ad", "but there are 40 genes",
               lambda d, i, p: (d, put(i, 50, N_GENES), p))
    with_parts("index_negative.h5ad", "is -1", lambda d, i, p: (d, put(i, 50, -1), p))
    with_parts("index_huge_unsigned.h5ad", "but there are 40 genes",
               lambda d, i, p: (d, put(i.astype(np.uint64), 50, 2**63 + 5), p))
    with_parts("index_too_large_csc.h5ad", "but there are 23 cells",
               lambda d, i, p: (d, put(i, 50, N_CELLS), p), kind="csc_matrix")
    with_parts("indices_short.h5ad", "values but", lambda d, i, p: (d, i[:-3], p))
    with_parts("indices_reals.h5ad", "integers were expected",
               lambda d, i, p: (d, i.astype(float), p))
    with_parts("indptr_reals.h5ad", "integers were expected",
               lambda d, i, p: (d, i, p.astype(float)))
    with_parts("data_texts.h5ad", "numbers were expected",
               lambda d, i, p: (d.astype("S"), i, p))
    with_parts("data_complex.h5ad", "numbers were expected",
               lambda d, i, p: (d.astype(complex), i, p))
    with_parts("data_two_dimensions.h5ad", "one was expected",
               lambda d, i, p: (d.reshape(1, -1), i, p))
    for member in ("data", "indices", "indptr"):
        with basic(FOLDER, f"no_{member}.h5ad") as h:
            del sparse(h, "X", csr(COUNTS), SHAPE)[member]
        refused(f"no_{member}.h5ad", f"has no data set 'X/{member}'")


def shapes():
    with basic(FOLDER, "shape_lies.h5ad") as h:
        sparse(h, "X", csr(COUNTS), (N_CELLS, N_GENES + 1))
    refused("shape_lies.h5ad", "has the shape (23, 41)")
    with basic(FOLDER, "shape_negative.h5ad") as h:
        sparse(h, "X", csr(COUNTS), (-1, N_GENES))
    refused("shape_negative.h5ad", "has the shape (-1, 40)")
    with basic(FOLDER, "dense_turned.h5ad") as h:
        array(h, "X", COUNTS.T)
    refused("dense_turned.h5ad", "has the shape (40, 23)")
    with basic(FOLDER, "dense_one_dimension.h5ad") as h:
        array(h, "X", COUNTS[0])
    refused("dense_one_dimension.h5ad", "has the shape (40)")
    with basic(FOLDER, "dense_texts.h5ad") as h:
        array(h, "X", COUNTS.astype("S"))
    refused("dense_texts.h5ad", "numbers were expected")
    with basic(FOLDER, "unknown_encoding.h5ad") as h:
        sparse(h, "X", csr(COUNTS), SHAPE, kind="coo_matrix")
    refused("unknown_encoding.h5ad", "coo_matrix")


def claims():
    """Sizes that the file does not hold: nothing may be allocated for them."""
    huge = 2_000_000_000
    with open_new(FOLDER, "var_claims.h5ad") as h:
        frame(h, "obs", CELLS)
        frame(h, "var", lambda g, n: g.create_dataset(n, (huge,), "S20", chunks=(1000,)))
        sparse(h, "X", csr(COUNTS), SHAPE)
    refused("var_claims.h5ad", "claims")
    with open_new(FOLDER, "obs_claims.h5ad") as h:
        frame(h, "obs", lambda g, n: g.create_dataset(n, (huge,), h5py.string_dtype(),
                                                      chunks=(1000,)))
        frame(h, "var", SYMBOLS)
        h.create_dataset("X", (huge, N_GENES), "f4", chunks=(1000, 10))
    refused("obs_claims.h5ad", "claims")
    with basic(FOLDER, "data_claims.h5ad") as h:
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        g["indptr"][N_CELLS] = 10**12
        for member in ("data", "indices"):
            del g[member]
            g.create_dataset(member, (10**12,), "i4", chunks=(1000,))
    refused("data_claims.h5ad", "claims")
    with basic(FOLDER, "contiguous_claims.h5ad") as h:
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        g["indptr"][N_CELLS] = 10**11
        for member in ("data", "indices"):
            del g[member]
            g.create_dataset(member, (10**11,), "i4")
    refused("contiguous_claims.h5ad", "claims")
    with basic(FOLDER, "chunk_claims.h5ad") as h:
        data, indices, indptr = csr(COUNTS)
        g = sparse(h, "X", (data, indices, indptr), SHAPE)
        del g["data"]
        g.create_dataset("data", data.shape, "i4", chunks=(10**9,), maxshape=(None,),
                         compression="gzip")
    refused("chunk_claims.h5ad", "claims chunks")
    with open_new(FOLDER, "long_texts.h5ad") as h:
        frame(h, "obs", CELLS)
        frame(h, "var", lambda g, n: g.create_dataset(n, (N_GENES,), "S2000000000",
                                                      chunks=(1,)))
        sparse(h, "X", csr(COUNTS), SHAPE)
    refused("long_texts.h5ad", "claims")


def links():
    with h5py.File(path("elsewhere.bin"), "w") as h:
        h["data"] = csr(COUNTS)[0]
        h["X"] = COUNTS
    with basic(FOLDER, "external_link.h5ad") as h:
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        del g["data"]
        g["data"] = h5py.ExternalLink("elsewhere.bin", "/data")
    refused("external_link.h5ad", "has no data set 'X/data'")
    with basic(FOLDER, "soft_to_external_link.h5ad") as h:
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        h["outside"] = h5py.ExternalLink("elsewhere.bin", "/")
        del g["data"]
        g["data"] = h5py.SoftLink("/outside/data")
    refused("soft_to_external_link.h5ad", "has no data set 'X/data'")
    with basic(FOLDER, "soft_circle.h5ad") as h:
        h["X"] = h5py.SoftLink("/Y")
        h["Y"] = h5py.SoftLink("/X")
    refused("soft_circle.h5ad", "holds no matrix")
    with basic(FOLDER, "virtual.h5ad") as h:
        layout = h5py.VirtualLayout(SHAPE, dtype=np.int64)
        layout[:] = h5py.VirtualSource("elsewhere.bin", "X", SHAPE)
        h.create_virtual_dataset("X", layout)
    refused("virtual.h5ad", "other files")
    np.zeros(SHAPE, np.int64).tofile(path("elsewhere.raw"))
    with basic(FOLDER, "external_storage.h5ad") as h:
        h.create_dataset("X", SHAPE, np.int64,
                         external=[(path("elsewhere.raw"), 0, h5py.h5f.UNLIMITED)])
    refused("external_storage.h5ad", "other files")


def tables():
    def file_without(name, member, says):
        with basic(FOLDER, name) as h:
            array(h, "X", COUNTS)
            del h[member]
        refused(name, says)

    file_without("no_var.h5ad", "var", "has no 'var'")
    file_without("no_obs.h5ad", "obs", "has no 'obs'")
    file_without("no_var_index.h5ad", "var/_index", "no readable index")
    with basic(FOLDER, "var_short.h5ad", SYMBOLS[:-1]) as h:
        sparse(h, "X", csr(COUNTS), SHAPE)
    refused("var_short.h5ad", "has the shape (23, 40)")
    with open_new(FOLDER, "obs_long.h5ad") as h:
        frame(h, "obs", CELLS + ["extra"])
        frame(h, "var", SYMBOLS)
        g = sparse(h, "X", csr(COUNTS), SHAPE)
        del g.attrs["shape"]
    refused("obs_long.h5ad", "must have 25")
    with basic(FOLDER, "column_short.h5ad", var_columns=[
            ("gene_ids", lambda g, n: texts(g, n, ENSEMBL[:-1]))]) as h:
        array(h, "X", COUNTS)
    refused("column_short.h5ad", "has 39 values")
    with basic(FOLDER, "codes_too_large.h5ad", var_columns=[
            ("gene_ids", lambda g, n: categorical(g, n, ENSEMBL))]) as h:
        array(h, "X", COUNTS)
        h["var/gene_ids/codes"][3] = 100
    refused("codes_too_large.h5ad", "holds the code 100")
    with basic(FOLDER, "var_is_a_number.h5ad") as h:
        array(h, "X", COUNTS)
        del h["var"]
        h["var"] = np.arange(N_GENES)
    refused("var_is_a_number.h5ad", "neither a group nor")


def layers():
    with basic(FOLDER, "x_none.h5ad") as h:
        h.create_group("layers")
    refused("x_none.h5ad", "X is absent")
    with basic(FOLDER, "x_none_but_layers.h5ad") as h:
        array(h, "layers/lognorm", LOGS)
        array(h, "layers/scaled", SCALED)
    refused("x_none_but_layers.h5ad", "layers/lognorm, layers/scaled")
    with basic(FOLDER, "no_such_layer.h5ad") as h:
        array(h, "X", COUNTS)
        array(h, "layers/a", COUNTS)
    refused("no_such_layer.h5ad", "The file has: X, layers/a", layer="layers/b")
    refused("no_such_layer.h5ad", "The file has: X, layers/a", layer="raw/X")


def filters():
    def custom(name, number, parameters):
        with basic(FOLDER, name) as h:
            creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            creation.set_chunk((5, 10))
            creation.set_filter(number, h5py.h5z.FLAG_OPTIONAL, parameters)
            space = h5py.h5s.create_simple(SHAPE)
            d = h5py.h5d.create(h.id, b"X", h5py.h5t.NATIVE_FLOAT, space, creation)
            d.write(h5py.h5s.ALL, h5py.h5s.ALL, COUNTS.astype(np.float32))

    custom("blosc.h5ad", 32001, (2, 2, 4, 200, 5, 1, 0))
    refused("blosc.h5ad", "Blosc (HDF5 filter 32001)")
    custom("zstd.h5ad", 32015, (3,))
    refused("zstd.h5ad", "Zstandard (HDF5 filter 32015)")
    custom("strange_filter.h5ad", 499, ())
    refused("strange_filter.h5ad", "HDF5 filter 499")

    def lzf(name, chunk=(1000,)):
        with basic(FOLDER, name) as h:
            sparse(h, "X", (np.tile(csr(COUNTS)[0], 1).astype(np.int32), *csr(COUNTS)[1:]), SHAPE,
                   data={"chunks": chunk, "maxshape": (None,), "compression": "lzf"})
            info = h["X/data"].id.get_chunk_info(0)
            return info.byte_offset, info.size

    # The size that LZF's parameters state, changed to another.
    for name, size in (("lzf_large_claim.h5ad", 0xFFFFFFF0), ("lzf_small_claim.h5ad", 16)):
        lzf(name)
        with open(path(name), "rb") as f:
            content = f.read()
        stated = struct.pack("<I", 4000)
        at = [i for i in range(len(content) - 4) if content[i:i + 4] == stated
              and 0 < struct.unpack_from("<I", content, i - 8)[0] < 100]
        assert at, "LZF's parameters were not found"
        with open(path(name), "r+b") as f:
            for i in at:
                f.seek(i)
                f.write(struct.pack("<I", size))
        refused(name, "contradict")
    offset, size = lzf("lzf_bytes_changed.h5ad")
    with open(path("lzf_bytes_changed.h5ad"), "r+b") as f:
        f.seek(offset)
        f.write(b"\xff" * (size // 2))
    refused("lzf_bytes_changed.h5ad", "cannot be inflated to the")

    # gzip chunks that inflate to less than a chunk, to more, and to nothing at all.
    for name, stream in (("gzip_short.h5ad", zlib.compress(b"12")),
                         ("gzip_long.h5ad", zlib.compress(bytes(50_000_000))),
                         ("gzip_broken.h5ad", b"no stream at all")):
        for kind in ("sparse", "dense"):
            with basic(FOLDER, f"{kind}_{name}") as h:
                if kind == "sparse":
                    sparse(h, "X", csr(COUNTS), SHAPE, data={
                        "chunks": (4000,), "maxshape": (None,), "compression": "gzip"})
                    h["X/data"].id.write_direct_chunk((0,), stream)
                else:
                    array(h, "X", COUNTS, chunks=(32, 64), maxshape=(None, None),
                          compression="gzip")
                    h["X"].id.write_direct_chunk((0, 0), stream)
            refused(f"{kind}_{name}", "cannot be inflated to the")


def files():
    with basic(FOLDER, "whole.h5ad") as h:
        array(h, "X", COUNTS.astype(np.float64))
    with open(path("whole.h5ad"), "rb") as f:
        content = f.read()
    for share in (10, 40, 90):
        with open(path(f"truncated_{share}.h5ad"), "wb") as f:
            f.write(content[:len(content) * share // 100])
        refused(f"truncated_{share}.h5ad", "damaged or incomplete")
    with open(path("text.h5"), "w", encoding="utf-8") as f:
        f.write("no HDF5\n")
    refused("text.h5", "this is text")


def others():
    def other(name, says, members):
        with h5py.File(path(name), "w") as h:
            for member, value in members.items():
                if value is None:
                    h.create_group(member)
                else:
                    h[member] = value
        refused(name, says)

    other("a.loom", "loom", {"matrix": COUNTS.T, "row_attrs/Gene": np.arange(N_GENES)})
    other("a.gctx", "GCTX", {"0/DATA/0/matrix": LOGS, "0/META/ROW/id": np.arange(N_GENES)})
    other("a.h5seurat", "/cell.names: does not hold texts", {"assays/RNA/counts/data": csr(COUNTS)[0],
                                     "cell.names": np.arange(N_CELLS), "meta.data": None})
    other("molecules.h5", "molecule_info", {"barcode_idx": np.arange(5), "umi": np.arange(5)})
    other("keras.h5", "Keras", {"model_weights/dense": np.zeros(3)})
    other("something.h5", "neither AnnData", {"stuff": np.zeros(3), "things": None})
    other("empty.h5", "neither AnnData", {})
    with h5py.File(path("a.h5mu"), "w") as h:
        h.attrs["encoding-type"] = "MuData"
        frame(h, "obs", CELLS)
        frame(h, "var", SYMBOLS)
        h.create_group("mod/atac")
        h.create_group("mod/prot")
    refused("a.h5mu", "none of its modalities (atac, prot) is called rna")


def tenx():
    def group(h, name, cells=None, ids=None, shape=None):
        g = h.create_group(name)
        data, indices, indptr = csr(COUNTS)
        g["data"], g["indices"], g["indptr"] = data, indices, indptr
        g["barcodes"] = np.array(CELLS if cells is None else cells, "S")
        g["shape"] = [N_GENES, N_CELLS] if shape is None else shape
        return g, np.array(ENSEMBL if ids is None else ids, "S")

    def v3(name, says, genome="", **kwargs):
        columns = {k: v for k, v in kwargs.items() if k in ("feature_type", "genome_of")}
        rest = {k: v for k, v in kwargs.items() if k not in columns}
        with h5py.File(path(name), "w") as h:
            g, ids = group(h, "matrix", **rest)
            g["features/id"] = ids
            for column, values in columns.items():
                g[f"features/{column.split('_of')[0]}"] = np.array(values, "S")
        refused(name, says, genome=genome)

    v3("barcodes_short.h5", "names 22 cells", cells=CELLS[:-1])
    v3("features_short.h5", "has 39 elements", ids=ENSEMBL[:-1])
    v3("shape_of_three.h5", "two numbers", shape=[N_GENES, N_CELLS, 1])
    v3("shape_below_zero.h5", "two numbers", shape=[N_GENES, -N_CELLS])
    v3("shape_turned.h5", "must have", ids=ENSEMBL[:N_CELLS], cells=CELLS + ["x"] * 17,
       shape=[N_CELLS, N_GENES])
    v3("only_tags.h5", "no feature is of the type 'Gene Expression'",
       feature_type=["Antibody Capture"] * N_GENES)
    mixed = ["GRCh38", "mm10"] * (N_GENES // 2)
    v3("two_genomes.h5", "GRCh38 (20 genes), mm10 (20 genes)", genome_of=mixed)
    v3("other_genome.h5", "has no genome 'hg18'", genome_of=mixed, genome="hg18")
    with h5py.File(path("two_groups.h5"), "w") as h:
        for name in ("hg19", "mm10"):
            g, ids = group(h, name)
            g["genes"] = ids
            g["gene_names"] = ids
    refused("two_groups.h5", "holds 2 genomes: hg19, mm10")
    refused("two_groups.h5", "has no genome 'GRCh38'", genome="GRCh38")


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for make in (pointers_and_indices, shapes, claims, links, tables, layers, filters, files,
                 others, tenx):
        make()
    with open(path("damaged.tsv"), "w", encoding="utf-8") as f:
        for line in LIST:
            f.write("\t".join(line) + "\n")


if __name__ == "__main__":
    main()
