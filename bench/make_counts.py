#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a synthetic 10x-like count matrix as AnnData (CSR float32), cell by cell, in bounded memory.

    make_counts.py CELLS OUT.h5ad [--genes 25000] [--density 0.08] [--gzip LEVEL]

The genes include the model's 977, evenly spaced. Values are 1 + a geometric draw."""
import argparse
import pathlib

import h5py
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("cells", type=int)
parser.add_argument("out")
parser.add_argument("--genes", type=int, default=25000)
parser.add_argument("--density", type=float, default=0.08)
parser.add_argument("--gzip", type=int, default=None)
args = parser.parse_args()

table = pathlib.Path(__file__).resolve().parent.parent / "data" / "landmarks.tsv"
lines = [l for l in table.read_text().splitlines() if not l.startswith("#")]
panel = [line.split("\t")[0] for line in lines[1:]]
names = [f"OTHER{i}" for i in range(args.genes)]
for i, symbol in enumerate(panel):
    names[i * args.genes // len(panel)] = symbol

rng = np.random.default_rng(1)
# Genes differ in how often they are detected, as in real data; the mean is the requested density.
rate = rng.gamma(0.5, 1.0, args.genes)
rate = np.minimum(rate * args.density / rate.mean(), 0.95)
rate = np.minimum(rate * args.density / rate.mean(), 0.98)

text = h5py.string_dtype()
with h5py.File(args.out, "w") as f:
    f.attrs["encoding-type"], f.attrs["encoding-version"] = "anndata", "0.1.0"
    for key, index in (("obs", [f"cell{i}-1" for i in range(args.cells)]), ("var", names)):
        group = f.create_group(key)
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "dataframe", "0.2.0"
        group.attrs["_index"] = "_index"
        group.attrs.create("column-order", np.array([], dtype=object), dtype=text)
        data = group.create_dataset("_index", data=np.array(index, dtype=object), dtype=text)
        data.attrs["encoding-type"], data.attrs["encoding-version"] = "string-array", "0.2.0"
    x = f.create_group("X")
    x.attrs["encoding-type"], x.attrs["encoding-version"] = "csr_matrix", "0.1.0"
    x.attrs["shape"] = np.array([args.cells, args.genes])
    options = dict(maxshape=(None,), chunks=(1 << 16,))
    if args.gzip is not None:
        options.update(compression="gzip", compression_opts=args.gzip)
    values = x.create_dataset("data", (0,), "f4", **options)
    genes = x.create_dataset("indices", (0,), "i4", **options)
    pointers = np.zeros(args.cells + 1, dtype=np.int64)
    done = 0
    for first in range(0, args.cells, 1000):
        count = min(1000, args.cells - first)
        cell, gene = np.nonzero(rng.random((count, args.genes), dtype=np.float32) < rate)
        pointers[first + 1 : first + count + 1] = done + np.cumsum(np.bincount(cell, minlength=count))
        values.resize((done + len(gene),))
        genes.resize((done + len(gene),))
        values[done:] = rng.geometric(0.6, len(gene)).astype("f4")
        genes[done:] = gene.astype("i4")
        done += len(gene)
    x.create_dataset("indptr", data=pointers)
