#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares `sicmir predict` with PyTorch's forward pass over the same weights.

    check_pytorch_prediction.py SICMIR MAKE_TEST_MODEL

Tests both layer orders in which the method was published, at the published size, on 10,000 samples. Needs
Debian's python3-torch, python3-h5py and python3-anndata."""
import pathlib
import subprocess
import sys
import tempfile

import anndata
import h5py
import numpy as np
import pandas as pd
import torch

sicmir, make_test_model = sys.argv[1:3]
data = pathlib.Path(__file__).resolve().parent.parent / "data"


def module(path):
    """The network as the file lists it, layer by layer, unfolded."""
    layers = []
    with h5py.File(path) as f:
        stack = f["members/000/layers"]
        for name in sorted(stack):
            group = stack[name]
            values = {key: torch.from_numpy(group[key][...]) for key in group
                      if key not in ("eps", "rate")}
            kind = group.attrs["type"]
            if kind == "linear":
                layer = torch.nn.Linear(*values["weight"].shape[::-1])
                layer.load_state_dict(values)
            elif kind == "batch_norm":
                layer = torch.nn.BatchNorm1d(len(values["mean"]), eps=float(group["eps"][0]))
                layer.load_state_dict({"weight": values["gamma"], "bias": values["beta"],
                                       "running_mean": values["mean"],
                                       "running_var": values["variance"],
                                       "num_batches_tracked": torch.tensor(0)})
            else:
                layer = torch.nn.ReLU() if kind == "relu" else torch.nn.Dropout(0.3)
            layers.append(layer)
        genes = [name.decode() for name in f["genes/symbol"][:]]
    return torch.nn.Sequential(*layers).eval(), genes


failed = False
with tempfile.TemporaryDirectory() as folder:
    for order in ("bn-relu, relu-bn", "relu-bn twice"):
        model = f"{folder}/model.h5"
        subprocess.run([make_test_model, data, model, "1298", "1024", "parity"]
                       + (["relu-bn"] if order == "relu-bn twice" else []), check=True)
        network, genes = module(model)
        z = np.random.default_rng(5).normal(size=(10000, len(genes))).astype(np.float32)
        anndata.AnnData(z, dtype=np.float32, obs=pd.DataFrame(index=[f"s{i}" for i in range(10000)]),
                        var=pd.DataFrame(index=genes)).write_h5ad(f"{folder}/z.h5ad")
        subprocess.run([sicmir, "predict", f"{folder}/z.h5ad", "-m", model, "--values", "zscore",
                        "-o", f"{folder}/out.h5ad", "-q"], check=True)
        with torch.no_grad():
            expected = network(torch.from_numpy(z)).numpy()
        found = anndata.read_h5ad(f"{folder}/out.h5ad").X
        difference = float(np.abs(found - expected).max())
        ok = found.shape == (10000, 1298) and difference < 1e-5
        failed = failed or not ok
        print(f"{order}: largest difference {difference:.2g} over values of sd {expected.std():.2f}"
              f" {'ok' if ok else 'TOO LARGE'}")
sys.exit(1 if failed else 0)
