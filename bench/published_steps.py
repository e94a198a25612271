#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The steps of the published method with PyTorch, pandas and anndata, as most people would write them,
for comparing times. Everything is in memory, and all cells are one batch.

    published_steps.py MODEL.h5 INPUT OUTPUT

INPUT: .h5ad with raw counts, or .csv with genes in rows; OUTPUT: .csv or .h5ad. MODEL: any model
file of sicmir. Steps: counts to ln(1 + CP10k) if they are whole numbers, the model's genes by
name (missing ones 0), z-score over the cells (population sd, constant genes 0), network."""
import sys

import anndata
import h5py
import numpy as np
import pandas as pd
import scipy.sparse
import torch

model_path, source, target = sys.argv[1:4]


def layers_of(path):
    """The layers of the first member as PyTorch modules, and the names of genes and miRNAs."""
    text = lambda values: [v.decode() if isinstance(v, bytes) else v for v in values]
    modules = []
    with h5py.File(path) as f:
        genes, mirnas = text(f["genes/symbol"][:]), text(f["mirnas/name"][:])
        stack = f["members/000"] if "members" in f else f
        layers = stack["layers"]
        for key in sorted(layers, key=int):
            layer = layers[key]
            kind = layer.attrs["type"]
            kind = kind.decode() if isinstance(kind, bytes) else kind
            if kind == "linear":
                weight = torch.from_numpy(layer["weight"][:].astype("f4"))
                module = torch.nn.Linear(weight.shape[1], weight.shape[0])
                module.weight.data = weight
                module.bias.data = torch.from_numpy(layer["bias"][:].astype("f4"))
            elif kind in ("batchnorm", "batch_norm"):
                module = torch.nn.BatchNorm1d(layer["gamma"].shape[0])
                module.weight.data = torch.from_numpy(layer["gamma"][:].astype("f4"))
                module.bias.data = torch.from_numpy(layer["beta"][:].astype("f4"))
                module.running_mean = torch.from_numpy(layer["mean"][:].astype("f4"))
                module.running_var = torch.from_numpy(layer["variance"][:].astype("f4"))
            else:
                module = torch.nn.ReLU() if kind == "relu" else torch.nn.Identity()
            modules.append(module)
    return torch.nn.Sequential(*modules).eval(), genes, mirnas


network, genes, mirnas = layers_of(model_path)
if source.endswith(".h5ad"):
    data = anndata.read_h5ad(source)
    values, cells, names = data.X, data.obs_names, data.var_names
else:
    table = pd.read_csv(source, index_col=0)
    values, cells, names = table.to_numpy().T, table.columns, table.index
first = values[:100].toarray() if scipy.sparse.issparse(values) else values[:100]
if (first == np.floor(first)).all():
    factors = 1e4 / np.asarray(values.sum(axis=1), dtype="f8").ravel()
    if scipy.sparse.issparse(values):  # non-zero values in place, as in scanpy
        values = values.tocsr()
        values.data *= np.repeat(factors, np.diff(values.indptr)).astype(values.dtype)
        np.log1p(values.data, out=values.data)
    else:
        values = np.log1p(values * factors[:, None])
if scipy.sparse.issparse(values):
    values = values.toarray()
table = pd.DataFrame(values, index=cells, columns=names)
panel = table.reindex(columns=genes).fillna(0.0)
x = panel.to_numpy(dtype=np.float64)
sd = x.std(axis=0)
x = np.divide(x - x.mean(axis=0), sd, out=np.zeros_like(x), where=sd > 0)
with torch.no_grad():
    y = network(torch.from_numpy(x.astype("f4"))).numpy()
if target.endswith(".h5ad"):
    result = anndata.AnnData(y, obs=pd.DataFrame(index=panel.index),
                             var=pd.DataFrame(index=mirnas))
    result.write_h5ad(target)
else:
    pd.DataFrame(y, index=panel.index, columns=mirnas).to_csv(target)
