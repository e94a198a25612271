#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draws the figure of docs/tutorial.md: a UMAP of the cells, coloured by type and by miRNA.

    make_tutorial_figure.py FOLDER PREDICTIONS.h5ad PICTURE.png [MIRNA...]

FOLDER is the 10x directory that was predicted, with cell_types.tsv (barcode, cell type) next to the
matrix. The embedding is computed from the counts: 10,000 per cell, log1p, the 1,000 most variable
genes, 20 principal components, UMAP with 30 neighbours. It is always the same, because its seed is fixed. Needs
Debian's python3-anndata, python3-scipy, python3-sklearn, umap-learn and python3-matplotlib.
"""
import pathlib
import sys
import warnings

import anndata
import matplotlib
import numpy as np
import pandas as pd
import scipy.io
import sklearn.decomposition

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  after choosing a backend that needs no display

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def embedding(folder):
    """Barcodes -> two coordinates."""
    import umap  # slow to import, because it compiles itself

    counts = scipy.io.mmread(folder / "matrix.mtx.gz").T.toarray()
    logs = np.log1p(counts / counts.sum(axis=1, keepdims=True) * 1e4)
    varying = np.argsort(-logs.var(axis=0), kind="stable")[:1000]
    parts = sklearn.decomposition.PCA(20, random_state=1).fit_transform(logs[:, varying])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # from umap, about numba and about one thread because of the seed
        places = umap.UMAP(n_neighbors=30, min_dist=0.8, random_state=1).fit_transform(parts)
    cells = pd.read_csv(folder / "barcodes.tsv.gz", header=None)[0]
    return pd.DataFrame(places, index=list(cells), columns=["UMAP 1", "UMAP 2"])


def draw(places, types, mirnas, picture):
    figure, axes = plt.subplots(1, 1 + mirnas.shape[1], layout="constrained",
                                figsize=(3.3 * (1 + mirnas.shape[1]), 3.0))
    for colour, kind in zip(COLOURS, sorted(types.unique())):
        chosen = places[types == kind]
        axes[0].scatter(chosen["UMAP 1"], chosen["UMAP 2"], s=14, color=colour, label=kind)
    axes[0].legend(fontsize=8, markerscale=1.8, frameon=False, loc="best")
    axes[0].set_title("cell type")
    for axis, name in zip(axes[1:], mirnas):
        # 0, the average of the data set, is nearly white; few cells are beyond the 98th percentile.
        limit = np.percentile(np.abs(mirnas[name]), 98)
        dots = axis.scatter(places["UMAP 1"], places["UMAP 2"], s=14, c=mirnas[name], cmap="coolwarm",
                            vmin=-limit, vmax=limit)
        figure.colorbar(dots, ax=axis, label="predicted z-score", extend="both")
        axis.set_title(name)
    for axis in axes:
        axis.set(xlabel="UMAP 1", xticks=[], yticks=[])
    axes[0].set_ylabel("UMAP 2")
    figure.savefig(picture, dpi=110, metadata={"Software": None})


def main():
    folder, predictions, picture = map(pathlib.Path, sys.argv[1:4])
    names = sys.argv[4:] or ["hsa-miR-150-5p", "hsa-miR-200c-3p"]
    places = embedding(folder)
    mirnas = anndata.read_h5ad(predictions)[places.index, names].to_df()
    types = pd.read_csv(folder / "cell_types.tsv", sep="\t", index_col=0)["cell_type"]
    draw(places, types[places.index], mirnas, picture)


main()
