# SPDX-License-Identifier: BSD-3-Clause
"""data/example/ is what scripts/make_example.py writes, and looks like a single-cell experiment."""

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data/example"
FILES = ["matrix.mtx.gz", "features.tsv.gz", "barcodes.tsv.gz", "cell_types.tsv"]


def read_lines(name):
    with gzip.open(EXAMPLE / name, "rt") as file:
        return [line.rstrip("\n").split("\t") for line in file]


@pytest.fixture(scope="module")
def counts():
    return scipy.io.mmread(EXAMPLE / "matrix.mtx.gz").tocsc()


@pytest.fixture(scope="module")
def types():
    with open(EXAMPLE / "cell_types.tsv", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["barcode"] for row in rows] == [line[0] for line in read_lines("barcodes.tsv.gz")]
    return np.array([row["cell_type"] for row in rows])


def test_the_script_writes_the_same_bytes_again(tmp_path):
    subprocess.run([sys.executable, ROOT / "scripts/make_example.py", tmp_path], check=True)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes(), name


def test_it_is_small():
    assert sum((EXAMPLE / name).stat().st_size for name in FILES) < 1.5e6


def test_it_has_the_shape_and_depth_of_a_10x_run(counts):
    assert counts.shape == (len(read_lines("features.tsv.gz")), len(read_lines("barcodes.tsv.gz")))
    assert counts.shape[0] >= 5000 and counts.shape[1] == 300
    assert np.issubdtype(counts.dtype, np.integer) and counts.data.min() > 0
    totals = np.asarray(counts.sum(axis=0)).ravel()
    assert totals.min() >= 2000 and totals.max() <= 10000
    # Counts vary more than a Poisson's within one type; see the next test for between types.
    assert np.diff(counts.indptr).min() > 500


def test_it_holds_every_landmark_once_by_ensembl_id_and_by_symbol():
    features = read_lines("features.tsv.gz")
    with open(ROOT / "data/landmarks.tsv", newline="") as file:
        landmarks = list(csv.DictReader(file, delimiter="\t"))
    for column, key in ((0, "ensembl_id"), (1, "current_symbol")):
        names = [feature[column] for feature in features]
        assert len(set(names)) == len(names)
        assert {row[key] for row in landmarks} <= set(names)
    assert {feature[2] for feature in features} == {"Gene Expression"}


@pytest.mark.parametrize("gene, cell_type", [
    ("CD3E", "T cell"), ("MS4A1", "B cell"), ("LYZ", "Monocyte"), ("EPCAM", "Epithelial cell"),
    ("COL1A1", "Fibroblast"), ("SPDEF", "Epithelial cell"), ("TLR4", "Monocyte"),
])
def test_marker_genes_mark_their_type(counts, types, gene, cell_type):
    symbols = [feature[1] for feature in read_lines("features.tsv.gz")]
    shares = counts[symbols.index(gene)].toarray().ravel() / np.asarray(counts.sum(axis=0)).ravel()
    assert shares[types == cell_type].mean() > 8 * shares[types != cell_type].mean()


def test_counts_vary_more_than_poisson_within_a_type(counts, types):
    cells = counts[:, types == "T cell"].toarray()
    mean, variance = cells.mean(axis=1), cells.var(axis=1)
    often = mean > 5
    assert often.sum() > 30
    assert np.median(variance[often] / mean[often]) > 1.5
