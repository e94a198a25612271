# SPDX-License-Identifier: BSD-3-Clause
"""One random matrix, written by pandas and scipy in many forms, and what they make of it.

Usage: make_tables.py FOLDER. Writes the tables, and FOLDER/reference with genes.txt (the panel: some of the genes),
cells.txt, values.f32 (cells x panel genes, row-major), totals.f64 and quartiles.f64 (one per cell).
"""
import gzip
import pathlib
import sys

import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse


def write_reference(folder, frame, panel):
    """frame: cells x genes, float64."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "genes.txt").write_text("".join(f"{g}\n" for g in panel))
    (folder / "cells.txt").write_text("".join(f"{c}\n" for c in frame.index))
    frame[panel].to_numpy().astype("<f4").tofile(folder / "values.f32")
    values = frame.to_numpy()
    values.sum(axis=1).astype("<f8").tofile(folder / "totals.f64")
    quartiles = [np.quantile(v[v != 0], 0.75, method="inverted_cdf") if v.any() else 0.0
                 for v in values.astype("<f4").astype("<f8")]
    np.array(quartiles, "<f8").tofile(folder / "quartiles.f64")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20250726)
    n_cells, n_genes = 61, 300
    values = random.lognormal(1.0, 3.0, (n_cells, n_genes))
    values[random.random(values.shape) < 0.7] = 0.0
    whole = random.random(values.shape) < 0.3
    values[whole] = np.round(values[whole])
    values[5] = 0.0
    frame = pd.DataFrame(values, [f"CELL{i}-1" for i in range(n_cells)], [f"Gn{i}x" for i in range(n_genes)])
    write_reference(out / "reference", frame, list(frame.columns[::6]))

    frame.to_csv(out / "cells.csv")
    frame.T.to_csv(out / "genes.csv")
    frame.T.to_csv(out / "genes.tsv.gz", sep="\t", compression="gzip")
    frame.to_csv(out / "cells_semicolon.csv", sep=";", decimal=",")
    frame.T.to_csv(out / "genes_quoted.csv", quoting=2, lineterminator="\r\n")
    frame.T.to_csv(out / "genes_exponents.tsv", sep="\t", float_format="%.17e")
    text = frame.T.to_csv(sep=" ").split("\n", 1)
    (out / "genes_r.txt").write_text(text[0].lstrip() + "\n" + text[1])

    sparse = scipy.sparse.csr_matrix(values)
    cells, genes = sparse.nonzero()
    # lexsort() sorts by its last key first.
    orders = {"by_cell": np.lexsort((genes, cells)), "by_gene": np.lexsort((cells, genes)),
              "random": random.permutation(sparse.nnz)}
    for name, order in orders.items():
        folder = out / f"mtx_{name}"
        folder.mkdir(exist_ok=True)
        coo = scipy.sparse.coo_matrix((values[cells[order], genes[order]], (genes[order], cells[order])),
                                      shape=(n_genes, n_cells))
        with gzip.open(folder / "matrix.mtx.gz", "wb") as file:
            scipy.io.mmwrite(file, coo, precision=17)
        (folder / "genes.tsv").write_text("".join(f"ID{i}\t{g}\n" for i, g in enumerate(frame.columns)))
        (folder / "barcodes.tsv").write_text("".join(f"{c}\n" for c in frame.index))
    folder = out / "mtx_kallisto"
    folder.mkdir(exist_ok=True)
    scipy.io.mmwrite(str(folder / "cells_x_genes.mtx"), sparse, precision=17)
    (folder / "cells_x_genes.genes.txt").write_text("".join(f"{g}\n" for g in frame.columns))
    (folder / "cells_x_genes.barcodes.txt").write_text("".join(f"{c}\n" for c in frame.index))


if __name__ == "__main__":
    main()
