#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes pages of `sicmir report` for check_report.mjs, from simulated cells.

usage: make_report_pages.py SICMIR MAKE_TEST_MODEL FOLDER
"""
import io
import os
import pathlib
import subprocess
import sys

sicmir, make_model, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
os.environ.update(SICMIR=sicmir, SICMIR_MAKE_MODEL=make_model)
project = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(project / "tests" / "cli"), str(project / "scripts")]
import anndata  # noqa: E402
import h5py  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import scipy.sparse  # noqa: E402

import study_crosstalk  # noqa: E402
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



def demo():
    """A page as a user has it, by the bundled model, with all of its parts; and questions about it whose answers come
    from the simulation and from the other commands."""
    n_samples, n_groups, n_cells, n_without, thin = 12, 4, 40, 37, 12
    random = np.random.default_rng(11)
    data = study_crosstalk.DataSet(random, n_samples, n_groups, together=True)
    counts, obs = [], []
    for (sample, group), level in zip(data.obs.itertuples(index=False), data.level):
        n = thin if (sample, group) == ("s12", "g4") else n_cells
        mean = np.exp(level) * study_crosstalk.MOLECULES / np.exp(level).sum() / n_cells
        counts.append(random.poisson(mean, (n, len(mean))))
        obs += [(sample, group)] * n
    obs = pd.DataFrame(obs, columns=["sample", "cell_type"])
    obs.index = [f"cell_{i}" for i in range(len(obs))]
    obs.loc[obs.index[random.choice(np.flatnonzero(obs["cell_type"] == "g2"), n_without, False)], "cell_type"] = np.nan
    source, tables = folder / "demo.h5ad", folder / "demo_tables"
    anndata.AnnData(scipy.sparse.csr_matrix(np.vstack(counts).astype(np.float32)), obs=obs, dtype=np.float32,
                    var=pd.DataFrame(index=data.genes)).write_h5ad(source)
    by = [source, "--group-by", "cell_type", "--sample", "sample"]
    run("report", *by, "--labels-from", "sorting", "--reasons", "--network", "--crosstalk", "-o", folder / "demo.html",
        timeout=600)
    run("profile", *by, "-o", tables.with_suffix(".h5mu"))
    read = {"keep_default_na": False, "na_values": ["NaN"], "sep": "\t"}
    markers = pd.read_csv(io.StringIO(run("markers", *by, "--labels-from", "sorting").stdout), **read)
    first = markers[markers["group"] == "g1"].iloc[0]
    reasons = pd.read_csv(io.StringIO(run("explain", *by, "--mirna", first["mirna"], "--group", "g1").stdout), **read)
    hubs = pd.read_csv(io.StringIO(run("network", *by).stdout), **read)
    with h5py.File(tables.with_suffix(".h5mu")) as file:
        facts = {key: file["uns/sicmir"][key][()].decode() for key in ("model", "model_checksum")}

    def minus(value, digits):
        return f"{value:.{digits}f}".replace("-", "\u2212")

    words = {"n_without": n_without, "n_cells": len(obs), "thin_profile": "s12|g4", "thin_cells": thin,
             "model": facts["model"], "checksum": facts["model_checksum"][:8], "group": "g1", "mirna": first["mirna"],
             "difference": minus(first["difference_z"], 2), "rival": first["rival"], "confidence": first["confidence"],
             "probability": minus(first["probability"], 2), "gene": reasons["gene"][0],
             "attribution": minus(reasons["attribution_z"][0], 3), "n_hubs": (hubs["hub"] == "yes").sum()}
    questions = (project / "scripts" / "browser" / "report_questions.tsv").read_text()
    (folder / "demo.questions.tsv").write_text(questions.format(**words))


demo()

profiles = folder / "profiles.h5mu"
cells = folder / "cells.h5ad"
cells_of(3).write_h5ad(cells)
run("profile", cells, "-m", model, "--group-by", "cell_type", "--sample", "sample", "-o", profiles)
run("report", profiles, "-o", folder / "profiles.html")
print(pd.Series({path.name: path.stat().st_size for path in sorted(folder.glob("*.html"))}).to_string())
