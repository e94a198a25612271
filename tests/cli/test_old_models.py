# SPDX-License-Identifier: BSD-3-Clause
"""Model files of earlier versions are read for good (tests/data/models/make_models.py)."""
import h5py
import numpy as np
import pandas as pd
import pytest

from program import PROJECT, run

FOLDER = PROJECT / "tests" / "data" / "models"


@pytest.mark.parametrize("name, version", [("format1", 1), ("format2", 2)])
def test_predicts_what_numpy_does(name, version, tmp_path):
    with h5py.File(FOLDER / f"{name}.h5") as model:
        assert model.attrs["format_version"] == version
    run("predict", FOLDER / "input.csv", "-m", FOLDER / f"{name}.h5", "--orientation", "cells",
        "--values", "zscore", "--scale", "none", "-o", tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv", index_col=0)
    wanted = pd.read_csv(FOLDER / f"{name}.csv", index_col=0)
    assert list(found.columns) == list(wanted.columns) and list(found.index) == list(wanted.index)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
