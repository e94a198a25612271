# SPDX-License-Identifier: BSD-3-Clause
"""Runs the program as users do, and makes small inputs for it."""
import os
import pathlib
import subprocess

import numpy as np
import pandas as pd

PROJECT = pathlib.Path(__file__).resolve().parents[2]
SICMIR = os.environ["SICMIR"]
SANITIZE = os.environ.get("SICMIR_SANITIZE", "")
LANDMARKS = pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str).fillna("")
SYMBOLS = list(LANDMARKS["symbol"])


def run(*arguments, expect=0, program=SICMIR, timeout=120, **options):
    """Runs the program and checks its exit code, unless `expect` is None; returns stdout and stderr as text."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, **options)
    assert expect is None or done.returncode == expect, (
        f"exit {done.returncode}, not {expect}: {arguments}\n{done.stderr}")
    return done


def predict(model, source, *arguments, expect=0, **options):
    """Runs `predict` to stdout; returns the predictions as a table, cells as lines."""
    done = run("predict", source, "-m", model, *arguments, expect=expect, **options)
    if expect != 0:
        return done
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    values = np.array([line[1:] for line in lines[1:]], dtype=np.float64)
    return pd.DataFrame(values, index=[line[0] for line in lines[1:]], columns=lines[0][1:])


def counts(n_cells=12, genes=SYMBOLS, seed=1):
    """Whole counts as of single cells: genes as lines, cells as columns."""
    random = np.random.default_rng(seed)
    mean = random.gamma(0.5, 4.0, size=(len(genes), 1)) + 0.05
    depth = random.uniform(0.5, 2.0, size=(1, n_cells))
    return pd.DataFrame(random.poisson(mean * depth), index=list(genes),
                        columns=[f"cell_{i + 1}" for i in range(n_cells)])
