"""Opens what the sinks wrote, with pandas and anndata. Run by the unit tests; exit status 0: equal."""
import sys
import warnings

warnings.simplefilter("ignore")
import anndata
import numpy as np
import pandas as pd


def csv_equals_h5ad(csv, h5ad):
    table = pd.read_csv(csv, index_col=0, dtype={0: str})
    data = anndata.read_h5ad(h5ad)
    assert data.X.dtype == np.float32
    assert table.index.name == "cell"
    assert list(table.index) == list(data.obs_names)
    assert list(table.columns) == list(data.var_names)
    np.testing.assert_array_equal(table.to_numpy().astype(np.float32), data.X)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
