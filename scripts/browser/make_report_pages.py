#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes pages of `sicmir report` for check_report.mjs, from simulated cells.

usage: make_report_pages.py SICMIR MAKE_TEST_MODEL FOLDER
"""
import os
import pathlib
import subprocess
import sys

sicmir, make_model, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
os.environ.update(SICMIR=sicmir, SICMIR_MAKE_MODEL=make_model)
project = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(project / "tests" / "cli"))
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from program import SYMBOLS, run  # noqa: E402
from test_markers import cells_of  # noqa: E402
from test_report import HOSTILE, with_map  # noqa: E402

folder.mkdir(parents=True, exist_ok=True)
model = folder / "model.h5"
subprocess.run([make_model, project / "data", model, "60", "64"], check=True)


def page(name, cells, *arguments):
    source = folder / f"{name}.h5ad"
    cells.write_h5ad(source)
    run("report", source, "-m", model, "--group-by", "cell_type", "--sample", "sample", "-o", folder / f"{name}.html",
        *arguments, timeout=600)
    source.unlink()


page("tested", with_map(cells_of(6)), "--labels-from", "sorting", "--genes", ",".join(SYMBOLS[:5]))
page("components", cells_of(3), "--seed", 7)

hostile = with_map(cells_of(4))
hostile.obs["cell_type"] = hostile.obs["cell_type"].map(dict(zip(["B", "mono", "T"], HOSTILE)))
hostile.obs["sample"] = hostile.obs["sample"] + HOSTILE[1]
hostile.var.index = ["</script><script>alert(5)</script>" if i == 900 else name for i, name in enumerate(SYMBOLS)]
page("hostile", hostile, "--labels-from", "sorting", "--genes", hostile.var.index[900])

many = with_map(cells_of(3, n_cells=600))
random = np.random.default_rng(2)
many.obs["cell_type"] = [f"{i:02d} a type of cells with a rather long name" for i in random.integers(0, 40, many.n_obs)]
page("many", many, "--min-cells", 5, "--min-counts", 100)

profiles = folder / "profiles.h5mu"
cells = folder / "cells.h5ad"
cells_of(3).write_h5ad(cells)
run("profile", cells, "-m", model, "--group-by", "cell_type", "--sample", "sample", "-o", profiles)
run("report", profiles, "-o", folder / "profiles.html")
print(pd.Series({path.name: path.stat().st_size for path in sorted(folder.glob("*.html"))}).to_string())
