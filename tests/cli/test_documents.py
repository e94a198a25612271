"""Command lines in the documents that are marked to run (```sh test) run as they stand, and
docs/known-traps.md names tests that exist. (The README's tour: test_readme.py.)"""
import os
import pathlib
import re
import shutil
import subprocess

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.io

from program import PROJECT, SICMIR, SYMBOLS

DOCUMENTS = sorted((PROJECT / "docs").glob("*.md"))


def blocks(document):
    return re.findall(r"^```sh test\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)


def write_inputs(folder):
    """Files of the names that the documents use."""
    random = np.random.default_rng(2)
    example = PROJECT / "data" / "example"
    matrix = scipy.io.mmread(example / "matrix.mtx.gz").T.tocsr()
    names = pd.read_csv(example / "features.tsv.gz", sep="\t", header=None)
    cells = pd.read_csv(example / "barcodes.tsv.gz", header=None)[0]
    obs = pd.DataFrame({"sample": np.where(np.arange(len(cells)) % 2, "a", "b"),
                        "cell_type": [f"type {i % 3}" for i in range(len(cells))]},
                       index=list(cells))
    anndata.AnnData(matrix.astype(np.float32), obs=obs, dtype=np.float32,
                    var=pd.DataFrame(index=list(names[0]))).write_h5ad(folder / "cells.h5ad")
    samples = [f"sample_{i + 1}" for i in range(40)]
    mirnas = list(pd.read_csv(PROJECT / "data" / "mirnas.tsv", sep="\t")["name"])
    for path in ("mrna.tsv", "bulk.tsv"):
        pd.DataFrame(random.lognormal(6, 1.5, (977, 40)), SYMBOLS, samples).to_csv(
            folder / path, sep="\t")
    for path in ("mirna.tsv", "mirna_rpm.tsv"):
        pd.DataFrame(random.gamma(2.0, 50.0, (1298, 40)), mirnas, samples).to_csv(
            folder / path, sep="\t")
    pd.DataFrame({"sample": samples, "cohort": ["A"] * 20 + ["B"] * 20}).to_csv(
        folder / "samples.tsv", sep="\t", index=False)
    shutil.copy(PROJECT / "tests" / "data" / "import" / "published_size.pt",
                folder / "DNN_miRNA.pth")
    pd.DataFrame({"cluster": [f"c{i % 3}" for i in range(len(cells))]}, index=list(cells)).to_csv(
        folder / "clusters.csv", index_label="barcode")
    (folder / "filtered").symlink_to(example)
    (folder / "list.tsv").write_text("first\tcells.h5ad\n")
    for name in ("data", "models", "docs"):
        (folder / name).symlink_to(PROJECT / name)


@pytest.mark.parametrize("document", [d for d in DOCUMENTS if blocks(d)], ids=lambda d: d.name)
def test_command_lines_of_a_document_run_as_they_stand(bundled, document, tmp_path):
    write_inputs(tmp_path)
    before = set(tmp_path.iterdir())
    path = f"{pathlib.Path(SICMIR).parent}:/usr/bin:{os.environ['PATH']}"
    for block in blocks(document):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, text=True,
                              capture_output=True, timeout=300, env={**os.environ, "PATH": path})
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        assert done.stdout or set(tmp_path.iterdir()) != before, f"{block}: does nothing"
        before = set(tmp_path.iterdir())


def test_enough_command_lines_run():
    assert sum(len(blocks(document)) for document in DOCUMENTS) >= 5


def test_known_traps_are_all_answered_by_tests_that_exist():
    text = (PROJECT / "docs" / "known-traps.md").read_text()
    lines = re.findall(r"^\| (\d+) \|(.*)\|$", text, re.MULTILINE)
    assert [int(number) for number, _ in lines] == list(range(1, 25))
    for number, line in lines:
        tests = re.findall(r"`((?:tests|scripts)/[\w/.]+)(?: ([\w.]+))?`", line)
        assert tests, f"trap {number} names no test"
        for path, name in tests:
            content = (PROJECT / path).read_text()
            words = name.split(".") if name else []
            assert all(word in content for word in words), f"trap {number}: {path} has no {name}"
