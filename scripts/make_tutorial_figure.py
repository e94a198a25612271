#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws the figure of docs/tutorial.md: a UMAP of the cells, coloured by type and by miRNA.

    make_tutorial_figure.py [--types COLUMN | --types TABLE:COLUMN] DATA PREDICTIONS.h5ad PICTURE.png [MIRNA...]

DATA is what was predicted: a 10x directory, a 10x .h5 or an .h5ad. The types of the cells are a column of obs, or of a
table whose first column names the cells (TABLE:COLUMN, as for `sicmir predict --groups`), or those of cell_types.tsv
(barcode, cell_type) in the directory; without any, they are not shown. The 15 most frequent types have a colour each,
the others are grey. An .h5ad with X_umap is drawn at those places. Otherwise, the embedding is computed from the
counts: 10,000 per cell, log1p, the 1,000 most variable genes, 20 principal components, UMAP with 30 neighbours. It is
always the same, because its seed is fixed. Needs Debian's python3-anndata, python3-scipy, python3-sklearn, umap-learn
and python3-matplotlib.
"""
import argparse
import gzip
import pathlib
import sys
import warnings

import anndata
import matplotlib
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse
import sklearn.decomposition

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  after choosing a backend that needs no display

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#8C564B", "#7F3C8D",
           "#80BA5A", "#777777", "#00CED1", "#E73F74", "#1B1464")


def plain_or_gzip(folder, *names):
    for name in names:
        for path in (folder / f"{name}.gz", folder / name):
            if path.exists():
                return path
    sys.exit(f"error: {folder} has none of {', '.join(names)}")


def read_cells(path):
    """AnnData of a 10x directory, a 10x .h5 (Cell Ranger 3 and later) or an .h5ad."""
    if path.is_dir():
        matrix = plain_or_gzip(path, "matrix.mtx")
        opened = gzip.open(matrix) if matrix.suffix == ".gz" else open(matrix, "rb")
        with opened as file:
            counts = scipy.io.mmread(file).T.tocsr()
        barcodes = pd.read_csv(plain_or_gzip(path, "barcodes.tsv"), header=None, sep="\t")[0]
        cells = anndata.AnnData(counts.astype(np.float32), obs=pd.DataFrame(index=list(barcodes)), dtype=np.float32)
        types = path / "cell_types.tsv"
        if types.exists():
            cells.obs["cell_type"] = pd.read_csv(types, sep="\t", index_col=0)["cell_type"]
        return cells
    import h5py
    with h5py.File(path) as file:
        if "matrix/barcodes" in file:
            parts = [file["matrix"][name][()] for name in ("data", "indices", "indptr")]
            counts = scipy.sparse.csr_matrix(tuple(parts), shape=tuple(file["matrix/shape"][()][::-1]))
            names = [name.decode() for name in file["matrix/barcodes"][()]]
            return anndata.AnnData(counts.astype(np.float32), obs=pd.DataFrame(index=names), dtype=np.float32)
    return anndata.read_h5ad(path)


def logs_of(cells):
    """Logarithms of normalised counts; values that are logarithms already are taken as they are."""
    values = cells.layers["counts"] if "counts" in cells.layers else cells.raw.X if cells.raw is not None else cells.X
    values = np.asarray(values.todense() if scipy.sparse.issparse(values) else values, dtype=np.float64)
    if np.any(values < 0) or np.any(values != np.floor(values)):
        return values
    return np.log1p(values / np.maximum(values.sum(axis=1, keepdims=True), 1) * 1e4)


def embedding(cells):
    """Cells -> two coordinates."""
    if "X_umap" in cells.obsm:
        places = np.asarray(cells.obsm["X_umap"])[:, :2]
    else:
        import umap  # slow to import, because it compiles itself

        logs = logs_of(cells)
        varying = np.argsort(-logs.var(axis=0), kind="stable")[:1000]
        n_parts = min(20, *logs[:, varying].shape)
        parts = sklearn.decomposition.PCA(n_parts, random_state=1).fit_transform(logs[:, varying])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # from umap, about numba and about one thread because of the seed
            places = umap.UMAP(n_neighbors=30, min_dist=0.8, random_state=1).fit_transform(parts)
    return pd.DataFrame(places, index=list(cells.obs_names), columns=["UMAP 1", "UMAP 2"])


def types_of(cells, wanted):
    """The type of each cell: of a column of obs, or of TABLE:COLUMN; None if nothing is wanted nor there."""
    if wanted is None and "cell_type" not in cells.obs:
        return None
    if wanted is None or wanted in cells.obs:
        return cells.obs[wanted or "cell_type"].astype(str)
    path, _, column = wanted.rpartition(":")
    if not path:
        sys.exit(f"error: obs has no column '{wanted}', but {', '.join(cells.obs.columns) or 'none'}")
    table = pd.read_csv(path, sep=None, engine="python", index_col=0)
    if column not in table:
        sys.exit(f"error: {path} has no column '{column}', but {', '.join(table.columns)}")
    return table[column].reindex(cells.obs_names).fillna("no type").astype(str)


def draw_types(axis, places, types, size):
    """The most frequent types in colours, the others in grey; their names beside the picture."""
    counts = types.value_counts()
    shown = sorted(sorted(counts.index, key=lambda kind: (-counts[kind], kind))[:len(COLOURS)])
    others = ~types.isin(shown)
    if others.any():
        axis.scatter(*places[others].to_numpy().T, s=size, color="#dddddd", label=f"{types[others].nunique()} others")
    for kind, colour in zip(shown, COLOURS):
        axis.scatter(*places[types == kind].to_numpy().T, s=size, color=colour, label=kind)
    handles, names = axis.get_legend_handles_labels()
    if others.any():
        handles, names = handles[1:] + handles[:1], names[1:] + names[:1]
    names = [name if len(name) <= 30 else name[:29] + "…" for name in names]
    legend = axis.legend(handles, names, fontsize=8 if len(names) <= 10 else 6.5, frameon=False, loc="center left",
                         bbox_to_anchor=(1, 0.5), borderaxespad=0.2, handletextpad=0.1)
    for dot in legend.legendHandles:
        dot.set_sizes([25])
    axis.set_title("cell type")


def draw(places, types, mirnas, picture):
    n_pictures = mirnas.shape[1] + (types is not None)
    widths = [4.4 if types is not None and i == 0 else 3.3 for i in range(n_pictures)]
    figure, axes = plt.subplots(1, n_pictures, layout="constrained", squeeze=False, figsize=(sum(widths), 3.0),
                                gridspec_kw={"width_ratios": [2.6 if width == 3.3 else 2.55 for width in widths]})
    axes = axes[0]
    size = min(14, max(2, 6000 / len(places)))
    if types is not None:
        draw_types(axes[0], places, types, size)
    for axis, name in zip(axes[-mirnas.shape[1]:], mirnas):
        # 0, the average of the data set, is nearly white; few cells are beyond the 98th percentile.
        limit = np.percentile(np.abs(mirnas[name]), 98)
        dots = axis.scatter(places["UMAP 1"], places["UMAP 2"], s=size, c=mirnas[name], cmap="coolwarm",
                            vmin=-limit, vmax=limit)
        figure.colorbar(dots, ax=axis, label="predicted z-score", extend="both")
        axis.set_title(name)
    for axis in axes:
        axis.set(xlabel="UMAP 1", xticks=[], yticks=[])
    axes[0].set_ylabel("UMAP 2")
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def main():
    parser = argparse.ArgumentParser(description="Draws a UMAP of cells, coloured by type and by predicted miRNA.")
    parser.add_argument("data", type=pathlib.Path, help="10x directory, 10x .h5 or .h5ad")
    parser.add_argument("predictions", type=pathlib.Path, help="what sicmir predict wrote, .h5ad")
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("mirnas", nargs="*", default=["hsa-miR-150-5p", "hsa-miR-200c-3p"])
    parser.add_argument("--types", help="column of obs, or TABLE:COLUMN [default: cell_type, if there is one]")
    options = parser.parse_intermixed_args()
    cells = read_cells(options.data)
    predicted = anndata.read_h5ad(options.predictions)
    missing = [name for name in options.mirnas if name not in predicted.var_names]
    if missing:
        sys.exit(f"error: {options.predictions} has no {', '.join(missing)}")
    types = types_of(cells, options.types)
    places = embedding(cells)
    draw(places, types, predicted[places.index, options.mirnas].to_df(), options.picture)


main()
