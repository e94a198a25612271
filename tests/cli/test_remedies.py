# SPDX-License-Identifier: BSD-3-Clause
"""Errors of reading name the option that mends them: the library states the fact, the program the option."""
import anndata
import numpy as np
import pandas as pd
import pytest

from program import SYMBOLS, run


def predict(model, source, *arguments):
    return run("predict", source, "-m", model, "-o", "-", *arguments, expect=None).stderr


def test_a_table_with_genes_on_both_sides(model, tmp_path):
    names = SYMBOLS[:30]
    pd.DataFrame(np.eye(30, dtype=int), names, names).to_csv(tmp_path / "square.csv")
    error = predict(model, tmp_path / "square.csv")
    assert "genes of the panel stand in the header" in error
    assert "--orientation genes (one gene per line) or --orientation cells" in error


def test_a_square_matrix(model, tmp_path):
    folder = tmp_path / "mtx"
    folder.mkdir()
    (folder / "matrix.mtx").write_text("%%MatrixMarket matrix coordinate integer general\n3 3 2\n2 1 7\n1 3 5\n")
    (folder / "genes.tsv").write_text("".join(f"{name}\t{name}\n" for name in SYMBOLS[:3]))
    (folder / "barcodes.tsv").write_text("a\nb\nc\n")
    error = predict(model, folder)
    assert "its sides cannot be told apart" in error and "Cell Ranger" in error
    assert "Specify --orientation genes" in error


@pytest.fixture()
def h5ad(tmp_path):
    cells = anndata.AnnData(np.ones((4, len(SYMBOLS)), np.float32), var=pd.DataFrame(index=SYMBOLS), dtype=np.float32)
    cells.layers["a"] = cells.layers["b"] = cells.X
    cells.write_h5ad(tmp_path / "cells.h5ad")
    return tmp_path / "cells.h5ad"


def test_formats_that_know_their_orientation(model, h5ad):
    error = predict(model, h5ad, "--orientation", "genes")
    assert "AnnData files always have cells as lines, but genes were stated as lines. If the genes are in obs" in error


def test_matrices_that_are_not_there(model, h5ad, tmp_path):
    error = predict(model, h5ad, "--layer", "c")
    assert "there is no matrix 'c'. The file has: X" in error
    (tmp_path / "table.csv").write_text("gene,c1\nTP53,1\n")
    assert "so the matrix 'c' cannot be read from this one" in predict(model, tmp_path / "table.csv", "--layer", "c")
