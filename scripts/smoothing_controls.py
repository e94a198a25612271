#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Known miRNAs in sorted blood cells, as they are and smoothed over their neighbours.

  scripts/smoothing_controls.py SORTED_FOLDER [PROGRAM [MODEL]]

SORTED_FOLDER is a 10x folder (matrix.mtx.gz, features.tsv.gz, barcodes.tsv.gz) with labels.tsv (cell,
cell_type), whose types come from sorting and not from RNA. Prints (TSV) the area under the ROC curve by which
single cells' predictions tell the types where a miRNA is known to be high from all others, with and without
`predict --smooth` over the graph of scripts/thinned_accuracy.py. Needs python3-anndata, python3-scipy.
"""
import pathlib
import subprocess
import sys
import tempfile

import anndata
import numpy as np
import pandas as pd
from scipy.io import mmread
from scipy.stats import rankdata

from thinned_accuracy import nearest

CONTROLS = [  # miRNA, words of the types where it is high, or, with a minus, low
    ("hsa-miR-223-3p", "CD14"), ("hsa-miR-150-5p", "-CD14 CD34"), ("hsa-miR-142-3p", "-CD34"),
    ("hsa-miR-155-5p", "CD19"), ("hsa-miR-146a-5p", "Reg")]


def area(values, high):
    ranks, n = rankdata(values), high.sum()
    return (ranks[high].sum() - n * (n + 1) / 2) / (n * (~high).sum())


def main():
    folder = pathlib.Path(sys.argv[1])
    project = pathlib.Path(__file__).resolve().parent.parent
    program = sys.argv[2] if len(sys.argv) > 2 else project / "build" / "release" / "src" / "sicmir"
    model = sys.argv[3] if len(sys.argv) > 3 else project / "models" / "sicmir-tcga.h5"
    counts = mmread(folder / "matrix.mtx.gz").tocsr().astype(np.float32)
    genes = pd.read_csv(folder / "features.tsv.gz", sep="\t", header=None)
    cells = pd.read_csv(folder / "barcodes.tsv.gz", sep="\t", header=None)[0]
    labels = pd.read_csv(folder / "labels.tsv", sep="\t")
    types = labels.set_index("cell")["cell_type"].reindex(cells).astype(str)
    data = anndata.AnnData(counts.T.tocsr(), obs=pd.DataFrame(index=list(map(str, cells))),
                           var=pd.DataFrame(index=list(map(str, genes[0]))))
    data.obsp["connectivities"] = nearest(counts.toarray())
    with tempfile.TemporaryDirectory() as place:
        data.write_h5ad(f"{place}/cells.h5ad")
        predicted = []
        for options in ([], ["--smooth"]):
            subprocess.run([program, "predict", f"{place}/cells.h5ad", "-m", model, "-q", "-o",
                            f"{place}/mirnas.h5ad", *options], check=True)
            predicted.append(anndata.read_h5ad(f"{place}/mirnas.h5ad"))
    print("mirna", "high in", "as they are", "smoothed", sep="\t")
    for mirna, words in CONTROLS:
        high = np.array([any(word in name for word in words.strip("-").split()) for name in types])
        high = ~high if words.startswith("-") else high
        print(mirna, ("all but " if words.startswith("-") else "") + words.strip("-"),
              *(f"{area(np.asarray(table[:, mirna].X).ravel(), high):.2f}" for table in predicted), sep="\t")


if __name__ == "__main__":
    main()
