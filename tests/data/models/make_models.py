#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes format1.h5 and format2.h5, models as version 0.1.0 writes them, and what they predict.

  make_models.py PROGRAM

Version 0.1.0 made the committed files; they stay as they are, since later versions must read them for good.
input.csv holds five samples (samples x genes, z-scores); format1.csv and format2.csv are computed in numpy
from the files, layer by layer, as docs/model-format.md says. Format 2 differs by its profiles of ranks.
"""
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent.parent
N_MIRNAS = 4


def lines(name):
    rows = [line.rstrip("\n").split("\t") for line in (PROJECT / "data" / name).open()
            if not line.startswith("#")]
    return pd.DataFrame(rows[1:], columns=rows[0])


def forward(path, genes):
    with h5py.File(path) as model:
        y = 0.0
        for member in model["members"].values():
            x = genes
            for name in sorted(member["layers"]):
                layer = member["layers"][name]
                kind, part = layer.attrs["type"], {k: v[()] for k, v in layer.items()}
                if kind == "linear":
                    x = x @ part["weight"].T.astype("float64") + part.get("bias", 0)
                elif kind == "batch_norm":
                    x = (x - part["mean"]) / np.sqrt(part["variance"] + part["eps"])
                    x = x * part["gamma"] + part["beta"]
                elif kind == "huber":
                    size, limit = abs(x), part["limit"][0]
                    x = np.where(size <= limit, x * x / 2, limit * (size - limit / 2))
                elif kind == "relu":
                    x = np.maximum(x, 0)
                elif kind != "dropout":
                    raise SystemExit(f"{path}: layer of type {kind}")
            y = y + member["weight"][0] * x
        return pd.DataFrame(y, columns=model["mirnas/name"].asstr()[()])


def main():
    symbols, names = lines("landmarks.tsv")["symbol"], lines("mirnas.tsv")["name"][:N_MIRNAS]
    random = np.random.default_rng(1)
    n = 24
    hidden = random.normal(size=(2, n))
    samples = [f"TCGA-AA-{1000 + i}-01" for i in range(n)]
    mrna = pd.DataFrame(np.exp2(8 + random.normal(size=(len(symbols), 2)) @ hidden
                                + 0.5 * random.normal(size=(len(symbols), n))), symbols, samples)
    mirna = pd.DataFrame(9 + random.normal(size=(N_MIRNAS, 2)) @ hidden, names, samples)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        mirna.to_csv(scratch / "mirna.tsv", sep="\t")
        mrna.iloc[:, :16].to_csv(scratch / "a.tsv", sep="\t")
        np.log2(mrna.iloc[:, 12:]).to_csv(scratch / "b.tsv", sep="\t")
        header = "mrna\tmrna_values\tplatform\tharmonise\tmirna\tmirna_values\tcohort\n"
        first = f"a.tsv\tlinear\t\t\tmirna.tsv\tlog2rpm\tA\n"
        (scratch / "1.tsv").write_text(header + first)
        (scratch / "2.tsv").write_text(header + first + "b.tsv\tratio\tb\tranks\t\t\tB\n")
        train = [sys.argv[1], "train", "--validation", "0", "-q"]
        subprocess.run([*train, "--pairs", scratch / "1.tsv", "--members", "1", "--hidden", "6,5",
                        "--epochs", "3", "--ridge", "0.5", "--weights", "float16", "-o",
                        HERE / "format1.h5"], check=True)
        subprocess.run([*train, "--pairs", scratch / "2.tsv", "--members", "0", "--kernel", "1",
                        "--weights", "float16", "-o", HERE / "format2.h5"], check=True)
    for metrics in HERE.glob("*.metrics.tsv"):
        metrics.unlink()
    z = pd.DataFrame(random.normal(size=(5, len(symbols))).round(3), [f"s{i}" for i in range(5)], symbols)
    z.to_csv(HERE / "input.csv")
    for name in ("format1", "format2"):
        table = forward(HERE / f"{name}.h5", z.to_numpy())
        table.index = z.index
        table.to_csv(HERE / f"{name}.csv", float_format="%.7g")


main()
