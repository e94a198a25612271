# SPDX-License-Identifier: BSD-3-Clause
"""One data set, which the tests of formats write in each of them: counts, logged values, metadata, a reduction. What
is read from its .h5ad is what they expect."""
import anndata
import numpy as np
import pandas as pd
import scipy.sparse

from program import SYMBOLS, counts

N_CELLS = 60
TABLE = counts(N_CELLS, genes=SYMBOLS + [f"OTHER{i}" for i in range(100)], seed=19)
COUNTS = TABLE.to_numpy().T.astype(float)  # cells x genes
LOGGED = np.log1p(COUNTS)
GENES, CELLS = list(TABLE.index), list(TABLE.columns)
TYPES = [["T", "B", None][i % 3] for i in range(N_CELLS)]
SCORES = np.arange(N_CELLS) / 4
PCA = np.random.default_rng(3).normal(size=(N_CELLS, 2))


def as_anndata():
    obs = pd.DataFrame({"type": pd.Categorical(TYPES), "score": SCORES}, index=CELLS)
    data = anndata.AnnData(scipy.sparse.csr_matrix(LOGGED), obs=obs, var=pd.DataFrame(index=GENES), dtype=np.float64)
    data.layers["counts"] = scipy.sparse.csr_matrix(COUNTS)
    data.obsm["X_pca"] = PCA
    return data


def check_carried(found, wanted):
    """Two outputs for the same cells, of which `wanted` is of the .h5ad."""
    found, wanted = anndata.read_h5ad(found), anndata.read_h5ad(wanted)
    np.testing.assert_array_equal(found.X, wanted.X)
    pd.testing.assert_frame_equal(found.obs[["type", "score"]], wanted.obs[["type", "score"]])
    np.testing.assert_array_equal(found.obsm["X_pca"], wanted.obsm["X_pca"])
