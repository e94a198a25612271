#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints the feature ids of a matrix file as a TSV table with a header, independently of sicmir.

usage: extract_ids.py FILE

Reads what gene_map_test.cpp needs: 10x folders, h5ad, 10x HDF5, loom, text with genes as lines.
"""

import csv
import gzip
import sys
from pathlib import Path

import h5py


def text(values):
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def open_text(path):
    with open(path, "rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rt") if zipped else open(path)


def from_group(group):
    """String columns of an AnnData var group, in any of its layouts."""
    columns = {}
    if isinstance(group, h5py.Dataset):  # compound, AnnData up to 0.6
        for name in group.dtype.names:
            if group.dtype[name].kind in "SO":
                columns[name] = text(group[name])
        return columns
    for name, item in group.items():
        if name == "__categories":
            continue
        if isinstance(item, h5py.Group):
            if "codes" in item and item["categories"].dtype.kind in "SO":
                categories = text(item["categories"][...])
                columns[name] = [categories[c] if c >= 0 else "" for c in item["codes"][...]]
            continue
        if item.dtype.kind in "SO":
            columns[name] = text(item[...])
        elif "categories" in item.attrs:
            categories = text(group.file[item.attrs["categories"]][...])
            columns[name] = [categories[c] if c >= 0 else "" for c in item[...]]
    index = group.attrs.get("_index", "_index")
    if index in columns:
        columns = {index: columns.pop(index), **columns}
    return columns


def from_hdf5(path):
    with h5py.File(path, "r") as file:
        if "var" in file:
            return from_group(file["var"])
        if "matrix/features" in file:
            group = file["matrix/features"]
            return {k: text(group[k][...]) for k in ("id", "gene_id", "name") if k in group}
        if "row_attrs" in file:  # loom
            return {k: text(v[...]) for k, v in file["row_attrs"].items() if v.dtype.kind in "SO"}
        # Cell Ranger v2: one group per genome; the human one where there are several.
        genomes = [k for k, v in file.items() if isinstance(v, h5py.Group) and "genes" in v]
        for name in sorted(genomes, key=lambda k: not k.startswith(("hg", "GRCh"))):
            return {k: text(file[name][k][...]) for k in ("genes", "gene_names")}
    sys.exit(f"{path}: no known layout")


def from_lines(path, columns, skip):
    with open_text(path) as file:
        rows = list(csv.reader(file, delimiter="\t"))[skip:]
    return {f"column {c + 1}": [row[c] for row in rows] for c in range(columns)}


def main():
    path = Path(sys.argv[1])
    if path.is_dir():
        listing = next(p for p in path.iterdir() if p.name.split(".")[0] in ("genes", "features"))
        columns = from_lines(listing, 2, 0)
    elif h5py.is_hdf5(path):
        columns = from_hdf5(path)
    else:
        columns = from_lines(path, 1, 1)
    print("\t".join(columns))
    for row in zip(*columns.values()):
        print("\t".join(value.replace("\t", " ").replace("\n", " ") for value in row))


if __name__ == "__main__":
    main()
