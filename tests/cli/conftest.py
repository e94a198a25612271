# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of the program share."""
import os
import pathlib
import subprocess
import tempfile

import pytest

from program import PROJECT, predict


def make_model(path, *arguments):
    subprocess.run([os.environ["SICMIR_MAKE_MODEL"], PROJECT / "data", path,
                    *map(str, arguments)], check=True)
    return path


@pytest.fixture
def elsewhere():
    """A folder outside of those for temporary files, where the program may write whatever its options name."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("SICMIR_BUILD", ".")) as folder:
        folder = pathlib.Path(folder).resolve()
        if folder.is_relative_to("/tmp") or folder.is_relative_to("/var/tmp"):
            pytest.skip("THE BUILD IS IN A FOLDER FOR TEMPORARY FILES")
        (folder / "there").write_text("untouched")
        yield folder


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A small model: 977 genes, 64 wide, 20 miRNAs, random weights."""
    return make_model(tmp_path_factory.mktemp("model") / "small.h5", 20, 64)


@pytest.fixture(scope="session")
def full_model(tmp_path_factory):
    """A model of the published size, random weights."""
    return make_model(tmp_path_factory.mktemp("model") / "full.h5")


@pytest.fixture(scope="session")
def h5ad(tmp_path_factory):
    """The cells of same_cells.py; what other formats must agree with."""
    from same_cells import as_anndata
    path = tmp_path_factory.mktemp("h5ad") / "cells.h5ad"
    as_anndata().write_h5ad(path)
    return path


@pytest.fixture(scope="session")
def expected(model, h5ad):
    """The predictions of those."""
    return predict(model, h5ad)


@pytest.fixture
def bundled():
    """The folder of the bundled example; its test runs with the bundled model."""
    model = PROJECT / "models" / "sicmir-tcga.h5"
    example = PROJECT / "data" / "example"
    for path in (model, example):
        if not path.exists():
            pytest.skip(f"{path} is not there")
    return example
