# SPDX-License-Identifier: BSD-3-Clause
"""Writes R objects as saveRDS() does, from R Internals, "Serialization Formats": XDR, versions 2 and 3. Objects are
Python values: None, str, bool, int, float and lists of these are vectors; the classes below are the rest."""
import bz2
import gzip
import lzma
import struct

import numpy as np

NA = -2**31  # of integers and truth values


class Obj:
    """A vector or list with attributes (a dict)."""

    def __init__(self, value, **attributes):
        self.value, self.attributes = value, attributes


class S4:
    def __init__(self, name, package, **slots):
        self.slots = {**slots, "class": Obj([name], package=[package])}


class Sym:
    def __init__(self, name):
        self.name = name


class Env:
    """An environment that refers to itself."""


class Pairs(list):
    """A pairlist without tags."""


class Altrep:
    def __init__(self, name, package, kind, state):
        self.info = Pairs([Sym(name), Sym(package), [kind]])
        self.state = state


class Raw:
    """Bytes that are written as they are."""

    def __init__(self, data):
        self.data = data


NULL_SLOT = Sym("\1NULL\1")


class Writer:
    def __init__(self, version=3):
        self.out = [b"X\n", struct.pack(">iii", version, 0x040202, 0x020300 if version == 2 else 0x030500)]
        if version == 3:
            self.out.append(struct.pack(">i", 5) + b"UTF-8")
        self.references = {}

    def word(self, value):
        self.out.append(struct.pack(">i", value))

    def char(self, text):
        if text is None:
            self.out.append(struct.pack(">ii", 9, -1))
            return
        data = text if isinstance(text, bytes) else text.encode()
        self.out.append(struct.pack(">ii", 9 | (1 << 15 if not isinstance(text, bytes) else 1 << 14), len(data)) + data)

    def symbol(self, name):
        if name in self.references:
            self.word(self.references[name] << 8 | 255)
            return
        self.references[name] = len(self.references) + 1
        self.word(1)
        self.char(name)

    def attributes(self, pairs):
        for name, value in pairs.items():
            self.word(2 | 0x400)
            self.symbol(name)
            self.item(value)
        self.word(254)

    def item(self, value):
        attributes = {}
        if isinstance(value, Obj):
            value, attributes = value.value, value.attributes
        flags = (0x200 if attributes else 0) | (0x100 if "class" in attributes else 0)
        if isinstance(value, Raw):
            self.out.append(value.data)
            return
        if value is None:
            self.word(254)
            return
        if isinstance(value, Sym):
            self.symbol(value.name)
            return
        if isinstance(value, S4):
            self.word(25 | 0x300 | 1 << 16)
            self.attributes(value.slots)
            return
        if isinstance(value, Env):
            self.references[value] = len(self.references) + 1
            self.word(4)
            self.word(0)
            for _ in range(3):
                self.word(self.references[value] << 8 | 255)
            self.word(254)
            return
        if isinstance(value, Pairs):
            for each in value:
                self.word(2)
                self.item(each)
            self.word(254)
            return
        if isinstance(value, Altrep):
            self.word(238)
            self.item(value.info)
            self.item(value.state)
            self.word(254)
            return
        if isinstance(value, np.ndarray):
            if value.dtype == bool:
                self.out.append(struct.pack(">ii", 10 | flags, value.size) + value.astype(">i4").tobytes("F"))
            elif value.dtype.kind == "i":
                self.out.append(struct.pack(">ii", 13 | flags, value.size) + value.astype(">i4").tobytes("F"))
            else:
                self.out.append(struct.pack(">ii", 14 | flags, value.size) + value.astype(">f8").tobytes("F"))
        elif isinstance(value, list) and all(each is None or isinstance(each, (str, bytes)) for each in value) and value:
            self.out.append(struct.pack(">ii", 16 | flags, len(value)))
            for each in value:
                self.char(each)
        elif isinstance(value, list) and value and all(isinstance(each, bool) for each in value):
            self.out.append(struct.pack(f">ii{len(value)}i", 10 | flags, len(value), *value))
        elif isinstance(value, list) and value and all(isinstance(each, int) for each in value):
            self.out.append(struct.pack(f">ii{len(value)}i", 13 | flags, len(value), *value))
        elif isinstance(value, list) and value and all(isinstance(each, float) for each in value):
            self.out.append(struct.pack(f">ii{len(value)}d", 14 | flags, len(value), *value))
        else:  # a list of anything
            self.out.append(struct.pack(">ii", 19 | flags, len(value)))
            for each in value:
                self.item(each)
        if attributes:
            self.attributes(attributes)

    def bytes(self):
        return b"".join(self.out)


def dump(value, version=3):
    writer = Writer(version)
    writer.item(value)
    return writer.bytes()


def zstd(data):
    import subprocess
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


COMPRESSIONS = {"none": bytes, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


def save(path, value, version=3, compression="gzip"):
    path.write_bytes(COMPRESSIONS[compression](dump(value, version)))
    return path


# Objects ---------------------------------------------------------------------------------------------------------

def named(**items):
    return Obj(list(items.values()), names=list(items)) if items else Obj([], names=Obj([]))


def factor(values):
    levels = sorted({v for v in values if v is not None})
    return Obj([NA if v is None else levels.index(v) + 1 for v in values], levels=levels, **{"class": ["factor"]})


def frame(rows, **columns):
    return Obj(list(columns.values()), names=list(columns), **{"row.names": list(rows), "class": ["data.frame"]})


def matrix(values, rows=None, columns=None):
    """A dense matrix, lines x columns."""
    dimnames = {"dimnames": [list(rows) if rows is not None else None,
                             list(columns) if columns is not None else None]} if rows is not None or columns is not None else {}
    return Obj(np.asarray(values), dim=list(values.shape), **dimnames)


EMPTY = Obj(np.zeros(0), dim=[0, 0])


def dgc(values, rows=None, columns=None, **changes):
    """A dgCMatrix of a dense array."""
    import scipy.sparse
    sparse = scipy.sparse.csc_matrix(values)
    sparse.sort_indices()
    slots = dict(i=sparse.indices.astype(np.int32), p=sparse.indptr.astype(np.int32), Dim=list(values.shape),
                 Dimnames=[list(rows) if rows is not None else None, list(columns) if columns is not None else None],
                 x=sparse.data.astype(float), factors=Obj([]))
    slots.update(changes)
    return S4("dgCMatrix", "Matrix", **slots)


def dim_reduc(values, cells):
    return S4("DimReduc", "SeuratObject", **{"cell.embeddings": matrix(values, cells, ["PC_1", "PC_2"]),
                                              "feature.loadings": EMPTY, "assay.used": ["RNA"], "key": ["PC_"]})


def assay(counts, data=None, **changes):
    genes = counts.slots["Dimnames"][0] if isinstance(counts, S4) and "Dimnames" in counts.slots else ["?"]
    slots = {"counts": counts, "data": data if data is not None else EMPTY, "scale.data": EMPTY, "key": ["rna_"],
             "assay.orig": NULL_SLOT, "var.features": Obj(np.zeros(0, bool)),
             "meta.features": frame(genes), "misc": Obj([])}
    slots.update(changes)
    return S4("Assay", "SeuratObject", **slots)


def log_map(rows, columns, values=None):
    values = np.ones((len(rows), len(columns)), bool) if values is None else values
    return Obj(values, dim=list(values.shape), dimnames=[list(rows), list(columns)],
               **{"class": Obj(["LogMap"], package=["SeuratObject"])})


def assay5(layers, genes, cells, has_cells=None, has_genes=None):
    """By the slots of SeuratObject 5.0's class Assay5."""
    return S4("Assay5", "SeuratObject", layers=named(**layers), cells=log_map(cells, layers, has_cells),
              features=log_map(genes, layers, has_genes), default=[1], **{"assay.orig": Obj(np.zeros(0)),
              "meta.data": Obj([], names=Obj([]), **{"row.names": [NA, -len(genes)], "class": ["data.frame"]}),
              "misc": Obj([]), "key": ["rna_"]})


def seurat(assays, cells, obs, active="RNA", reductions=None, **changes):
    slots = {"assays": named(**assays), "meta.data": frame(cells, **obs), "active.assay": [active],
             "active.ident": Obj([1] * len(cells), levels=["project"], **{"class": ["factor"], "names": list(cells)}),
             "graphs": Obj([]), "neighbors": Obj([]), "reductions": named(**(reductions or {})), "images": Obj([]),
             "project.name": ["project"], "misc": Obj([]), "commands": Obj([]), "tools": Obj([])}
    slots.update(changes)
    return S4("Seurat", "SeuratObject", **slots)


def dframe(columns, rows=None, n=0):
    return S4("DFrame", "S4Vectors", rownames=list(rows) if rows is not None else NULL_SLOT, nrows=[n],
              listData=named(**columns), elementType=["ANY"], elementMetadata=NULL_SLOT, metadata=Obj([]))


def sce(assays, genes, cells, obs, var=None, reductions=None):
    n = len(cells)
    return S4("SingleCellExperiment", "SingleCellExperiment",
              int_colData=dframe({"reducedDims": dframe(reductions or {}, n=n)}, n=n),
              rowRanges=S4("CompressedGRangesList", "GenomicRanges",
                           elementMetadata=dframe(var or {}, n=len(genes)),
                           partitioning=S4("PartitioningByEnd", "IRanges", NAMES=list(genes))),
              colData=dframe(obs, cells, n),
              assays=S4("SimpleAssays", "SummarizedExperiment",
                        data=S4("SimpleList", "S4Vectors", listData=named(**assays))),
              NAMES=NULL_SLOT, elementMetadata=dframe({}, n=0), metadata=Obj([]))
