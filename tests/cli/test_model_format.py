# SPDX-License-Identifier: BSD-3-Clause
"""docs/model-format.md is true: other programs read our files by it."""
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, SANITIZE, SICMIR, SYMBOLS, counts, run

DOCUMENT = (PROJECT / "docs" / "model-format.md").read_text()


@pytest.mark.parametrize("which", ["model", "full_model"])
def test_the_documents_example_computes_the_same_prediction(which, request, tmp_path):
    (tmp_path / "model.h5").symlink_to(request.getfixturevalue(which))
    counts(30).to_csv(tmp_path / "counts.csv")
    run("predict", "counts.csv", "-m", "model.h5", "--save-input", "input.csv", "-o",
        "mirnas.csv", cwd=tmp_path)
    (example,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    (tmp_path / "example.py").write_text(example + '\nprediction.to_csv("example.csv")\n')
    subprocess.run([sys.executable, "example.py"], cwd=tmp_path, check=True)
    ours = pd.read_csv(tmp_path / "mirnas.csv", index_col=0)
    example = pd.read_csv(tmp_path / "example.csv", index_col=0)
    assert list(ours.columns) == list(example.columns)
    assert ours.to_numpy().std() > 0.1
    np.testing.assert_allclose(ours, example, rtol=0, atol=1e-5)


def named_in_document(section):
    tables = DOCUMENT.split(section)[1].split("\n## ")[0]
    return set(re.findall(r"`([a-z_]+)`", tables))


def test_the_document_names_everything_in_a_model_file(model):
    names = set()
    with h5py.File(model) as file:
        file.visititems(lambda name, item: names.update({name.split("/")[-1], *item.attrs}))
        names.update(file.attrs)
    names = {name for name in names if not name.isdigit()}
    assert names <= named_in_document("## Model") | {"genes", "mirnas", "members"}


@pytest.mark.skipif(SANITIZE != "", reason="sanitizers reserve terabytes: no limit can be set")
def test_a_text_that_claims_gigabytes_takes_none(model, tmp_path):
    path = shutil.copy(model, tmp_path / "long.h5")
    with h5py.File(path) as file:
        texts = file["genes/entrez_id"].id
        assert texts.get_type().is_variable_str()
        at = texts.get_offset() + 16 * 5
    with open(path, "r+b") as file:  # of a text: 4 bytes length, 8 address, 4 number
        file.seek(at)
        file.write((0xf0000000).to_bytes(4, "little"))
    process = subprocess.Popen([SICMIR, "inspect", path], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "SICMIR_SUPERVISE": "0"})
    words = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 4 and "entrez_id" in words
    assert usage.ru_maxrss < 300e3  # kB


def test_moments_are_those_that_numpy_computes(model, tmp_path):
    table = counts(30)
    table.to_csv(tmp_path / "counts.csv")
    run("stats", tmp_path / "counts.csv", "-m", model, "-o", tmp_path / "moments.h5")
    values = np.log1p(table / table.sum() * 1e4)
    with h5py.File(tmp_path / "moments.h5") as file:
        assert set(file) | set(file.attrs) <= named_in_document("## Moments")
        assert file.attrs["n_cells"] == 30
        assert list(file["gene"].asstr()) == SYMBOLS
        np.testing.assert_allclose(file["sum"], values.sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(file["sum_of_squares"], (values ** 2).sum(axis=1), rtol=1e-6)
        np.testing.assert_allclose(file["minimum"], values.min(axis=1), rtol=1e-6)
        np.testing.assert_allclose(file["maximum"], values.max(axis=1), rtol=1e-6)
