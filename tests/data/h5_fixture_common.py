# SPDX-License-Identifier: BSD-3-Clause
"""What the HDF5 fixtures share: one small matrix, its names, and writers for single elements.

Every layout holds the same 23 cells x 40 features, so that one table of expected values, computed
here with numpy, serves all of them.
"""

import os

import h5py
import numpy as np

# Symbol, Ensembl id, Entrez id of twenty landmark genes (HGNC, Ensembl, NCBI Gene).
LANDMARKS = [
    ("PSME1", "ENSG00000092010", 5720),
    ("CISD1", "ENSG00000122873", 55847),
    ("SPDEF", "ENSG00000124664", 25803),
    ("ATF1", "ENSG00000123268", 466),
    ("RHEB", "ENSG00000106615", 6009),
    ("FOXO3", "ENSG00000118689", 2309),
    ("RHOA", "ENSG00000067560", 387),
    ("IL1B", "ENSG00000125538", 3553),
    ("ASAH1", "ENSG00000104763", 427),
    ("RALA", "ENSG00000006451", 5898),
    ("ARHGEF12", "ENSG00000196914", 23365),
    ("SOX2", "ENSG00000181449", 6657),
    ("SERPINE1", "ENSG00000106366", 5054),
    ("HLA-DMA", "ENSG00000204257", 3108),
    ("EGF", "ENSG00000138798", 1950),
    ("AXIN1", "ENSG00000103126", 8312),
    ("CDK4", "ENSG00000135446", 1019),
    ("TP53", "ENSG00000141510", 7157),
    ("MYC", "ENSG00000136997", 4609),
    ("EGFR", "ENSG00000146648", 1956),
]
N_CELLS, N_GENES = 23, 40

_rng = np.random.default_rng(20)
_OTHER = [(f"LINC{9000 + i}", f"ENSG00000999{i:03d}", 900000 + i) for i in range(20)]
_ALL = LANDMARKS + _OTHER
_ORDER = _rng.permutation(N_GENES)
GENES = [_ALL[i] for i in _ORDER]
SYMBOLS = [g[0] for g in GENES]
ENSEMBL = [g[1] for g in GENES]
ENTREZ = [g[2] for g in GENES]
CELLS = [f"AAAC{i:04d}ACGT-1" for i in range(N_CELLS)]

COUNTS = _rng.poisson(1.3, size=(N_CELLS, N_GENES)).astype(np.int64)
COUNTS[4, :] = 0  # a cell without anything
COUNTS[:, 7] = 0  # a gene without anything
COUNTS[5, 3] = 97
LOGS = np.log1p(COUNTS / 7.0).astype(np.float32)
SCALED = ((LOGS - LOGS.mean(0)) / (LOGS.std(0) + 1e-3)).astype(np.float32)


def csr(matrix):
    """data, indices, indptr of the non-zero values, line after line."""
    data, indices, indptr = [], [], [0]
    for line in np.asarray(matrix):
        at = np.flatnonzero(line)
        data.extend(line[at])
        indices.extend(at)
        indptr.append(len(data))
    return np.array(data, dtype=np.asarray(matrix).dtype), np.array(indices), np.array(indptr)


def shuffled_csr(matrix, repeat=False):
    """As csr(), the entries of a line in any order; `repeat`: some values come in two parts."""
    rng = np.random.default_rng(3)
    data, indices, indptr = [], [], [0]
    for line in np.asarray(matrix):
        entries = []
        for at in np.flatnonzero(line):
            if repeat and line[at] > 1:
                entries += [(at, 1), (at, line[at] - 1)]
            else:
                entries.append((at, line[at]))
        for i in rng.permutation(len(entries)):
            indices.append(entries[i][0])
            data.append(entries[i][1])
        indptr.append(len(data))
    return np.array(data, dtype=np.asarray(matrix).dtype), np.array(indices), np.array(indptr)


TEXT = h5py.string_dtype()


def texts(parent, name, values, encoded=True, **kwargs):
    d = parent.create_dataset(name, data=np.array(values, dtype=object), dtype=TEXT, **kwargs)
    if encoded:
        d.attrs["encoding-type"] = "string-array"
        d.attrs["encoding-version"] = "0.2.0"
    return d


def array(parent, name, values, **kwargs):
    d = parent.create_dataset(name, data=values, **kwargs)
    d.attrs["encoding-type"] = "array"
    d.attrs["encoding-version"] = "0.2.0"
    return d


def categorical(parent, name, values):
    """Layout of 0.8 and later; None is missing (code -1)."""
    categories = sorted({v for v in values if v is not None})
    g = parent.create_group(name)
    g.attrs["encoding-type"] = "categorical"
    g.attrs["encoding-version"] = "0.2.0"
    g.attrs["ordered"] = False
    array(g, "codes", np.array([-1 if v is None else categories.index(v) for v in values], np.int8))
    texts(g, "categories", categories)


def nullable_texts(parent, name, values):
    g = parent.create_group(name)
    g.attrs["encoding-type"] = "nullable-string-array"
    g.attrs["encoding-version"] = "0.1.0"
    texts(g, "values", ["" if v is None else v for v in values])
    array(g, "mask", np.array([v is None for v in values]))


def nullable_integers(parent, name, values):
    g = parent.create_group(name)
    g.attrs["encoding-type"] = "nullable-integer"
    g.attrs["encoding-version"] = "0.1.0"
    array(g, "values", np.array([0 if v is None else v for v in values], np.int64))
    array(g, "mask", np.array([v is None for v in values]))


def frame(parent, name, index, index_name="_index", columns=()):
    """Layout of 0.8 and later. `columns`: pairs of a name and a function (group, name)."""
    g = parent.create_group(name)
    g.attrs["encoding-type"] = "dataframe"
    g.attrs["encoding-version"] = "0.2.0"
    g.attrs["_index"] = index_name
    if columns:
        g.attrs["column-order"] = np.array([c for c, _ in columns], dtype=object)
    else:
        g.attrs["column-order"] = np.array([], dtype=float)
    if callable(index):
        index(g, index_name)
    else:
        texts(g, index_name, index)
    for column, write in columns:
        write(g, column)
    return g


def sparse(parent, name, parts, shape, kind="csr_matrix", data=None, indices=None, indptr=None):
    """`data`, `indices`, `indptr`: keyword arguments for their data sets."""
    g = parent.create_group(name)
    g.attrs["encoding-type"] = kind
    g.attrs["encoding-version"] = "0.1.0"
    g.attrs["shape"] = np.array(shape)
    for member, values, kwargs in zip(("data", "indices", "indptr"), parts, (data, indices, indptr)):
        g.create_dataset(member, data=values, **({"maxshape": None} if kwargs is None else kwargs))
    return g


def open_new(folder, name):
    h = h5py.File(os.path.join(folder, name), "w")
    if name.endswith(".h5ad"):
        h.attrs["encoding-type"] = "anndata"
        h.attrs["encoding-version"] = "0.1.0"
    return h


def basic(folder, name, var_index=None, var_columns=()):
    """A file with obs and var, to which the caller adds matrices."""
    h = open_new(folder, name)
    frame(h, "obs", CELLS)
    frame(h, "var", SYMBOLS if var_index is None else var_index, columns=var_columns)
    return h


def write_expected(folder, name, matrix, counted=None):
    """Names, totals over the counted features, and the landmarks in the order of LANDMARKS."""
    counted = np.ones(N_GENES, bool) if counted is None else counted
    wide = np.asarray(matrix).astype(np.float64)
    with open(os.path.join(folder, f"expected_{name}.tsv"), "w", encoding="utf-8") as f:
        for c, cell in enumerate(CELLS):
            total = sum(wide[c, g] for g in range(N_GENES) if counted[g])
            values = [wide[c, SYMBOLS.index(s)] if counted[SYMBOLS.index(s)] else 0.0
                      for s, _, _ in LANDMARKS]
            f.write("\t".join([cell, repr(float(total))] + [repr(float(v)) for v in values]) + "\n")
