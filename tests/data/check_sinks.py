# SPDX-License-Identifier: BSD-3-Clause
"""Opens what the sinks wrote, with pandas and anndata. Run by the unit tests; exit status 0: as
expected. Arguments: NAME ARGUMENT..., several checks apart by "--" (importing anndata takes longer
than any of them)."""
import sys
import warnings

warnings.simplefilter("ignore")
import anndata
import h5py
import numpy as np
import pandas as pd
from scipy import sparse


def csv_equals_h5ad(csv, h5ad):
    table = pd.read_csv(csv, index_col=0, dtype={0: str})
    data = anndata.read_h5ad(h5ad)
    assert data.X.dtype == np.float32
    assert table.index.name == "cell"
    assert list(table.index) == list(data.obs_names)
    assert list(table.columns) == list(data.var_names)
    np.testing.assert_array_equal(table.to_numpy().astype(np.float32), data.X)


def header(h5ad):
    """What the unit tests put into the header (test::random_table and its annotations)."""
    data = anndata.read_h5ad(h5ad)
    assert list(data.var.columns) == ["accession", "pooled"], data.var.columns
    assert list(data.var["accession"]) == [f"MIMAT{i}" for i in range(data.n_vars)]
    assert data.var["pooled"].dtype == np.float64
    assert np.isnan(data.var["pooled"][1]) and data.var["pooled"][2] == 0.5
    assert dict(data.uns["sicmir"]) == {"version": "0.0", "decision": "counts \u00e9"}
    with h5py.File(h5ad, "r") as f:
        assert f.attrs["encoding-type"] == "anndata" and f.attrs["encoding-version"] == "0.1.0"
        assert f["X"].attrs["encoding-type"] == "array" and f["X"].dtype == np.float32
        for name in ("layers", "obsm", "obsp", "uns", "varm", "varp"):
            assert f[name].attrs["encoding-type"] == "dict", name
        check_encodings(f)


def check_encodings(group):
    """Every element says its encoding, as AnnData writes it since 0.8."""
    for name, item in group.items():
        if group.attrs.get("encoding-type", "").endswith("_matrix"):
            continue
        if item.name == "/obs/with":  # of a column "with/slash"; AnnData leaves it bare too
            continue
        assert "encoding-type" in item.attrs and "encoding-version" in item.attrs, item.name
        if isinstance(item, h5py.Group):
            check_encodings(item)


def assert_same(a, b, where):
    if isinstance(a, dict) or hasattr(a, "keys") and not isinstance(a, (pd.DataFrame, pd.Series)):
        assert set(a) == set(b), (where, sorted(a), sorted(b))
        for key in a:
            assert_same(a[key], b[key], f"{where}/{key}")
    elif isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b, obj=where)
    elif sparse.issparse(a):
        assert a.format == b.format and a.dtype == b.dtype and a.shape == b.shape, where
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(a, part), getattr(b, part), err_msg=where)
    elif isinstance(a, np.ndarray) and a.dtype.names:
        assert a.dtype.names == b.dtype.names, where
        for field in a.dtype.names:
            np.testing.assert_array_equal(a[field], b[field], err_msg=where)
    elif isinstance(a, np.ndarray):
        assert a.dtype.kind in "US" and b.dtype.kind in "OUS" or a.dtype == b.dtype, (where, a.dtype, b.dtype)
        np.testing.assert_array_equal(a, b, err_msg=where)
    else:
        assert a == b and isinstance(b, (str, bool, np.bool_)) == isinstance(a, (str, bool, np.bool_)), (where, a, b)


def without_genes(value, sizes, where=""):
    """uns as it should arrive: nothing that has as many lines or columns as there are genes."""
    result = {}
    for key, item in value.items():
        path = f"{where}/{key}"
        if where == "" and (key.startswith("rank_genes_groups") or key in ("hvg", "log1p", "sicmir", "moranI", "gearyC")):
            continue
        if hasattr(item, "keys") and not isinstance(item, pd.DataFrame):
            result[key] = without_genes(item, sizes, path)
            continue
        shape = (len(item),) if isinstance(item, pd.DataFrame) else getattr(item, "shape", ())
        if not key.endswith("_colors") and any(length in sizes for length in shape):
            continue
        result[key] = item
    return result


def carried(original, output, *kept):
    """obs, obsm, obsp, uns of `output` are those of `original` (only cells `kept`), as AnnData
    reads both."""
    a, b = anndata.read_h5ad(original), anndata.read_h5ad(output)
    rows = np.array([int(k) for k in kept]) if kept else np.arange(a.n_obs)
    assert_same(a.obs.iloc[rows], b.obs, "obs")
    assert a.obs.index.name == b.obs.index.name
    assert_same({k: v.iloc[rows] if isinstance(v, pd.DataFrame) else v[rows] for k, v in a.obsm.items()}, dict(b.obsm), "obsm")
    cut = {}
    for key, value in a.obsp.items():
        cut[key] = value[rows][:, rows]
        if sparse.issparse(value):
            # Which of its entries scipy sorts is its own affair; compare the canonical forms.
            cut[key].sort_indices()
            b.obsp[key].sort_indices()
    assert_same(cut, dict(b.obsp), "obsp")
    sizes = {a.n_vars, a.raw.n_vars if a.raw is not None else a.n_vars} - {a.n_obs, 0, 1}
    ours = dict(b.uns)
    ours.pop("sicmir")
    assert_same(without_genes(dict(a.uns), sizes), ours, "uns")
    assert not b.varm.keys() and not b.varp.keys() and not b.layers.keys() and b.raw is None
    with h5py.File(output, "r") as f:
        check_encodings(f)
    return a, b


def newer(output):
    data = anndata.read_h5ad(output)
    assert list(data.obs.columns) == ["masked", "whole", "n"]
    expected = [None if i % 4 == 0 else f"t{i % 3}" for i in range(data.n_obs)]
    assert [None if pd.isna(v) else v for v in data.obs["masked"]] == expected
    assert list(data.obs["whole"]) == [f"t{i % 3}" for i in range(data.n_obs)]
    assert list(data.obsm) == ["X_umap"]
    assert set(data.uns) == {"kept", "sicmir"} and data.uns["kept"] == 4


def hostile(output):
    data = anndata.read_h5ad(output)
    assert list(data.obs.columns) == ["good", "latin"], data.obs.columns
    assert list(data.obs["latin"]) == ["caf\u00e9"] * data.n_obs
    assert list(data.obs["good"]) == list(range(data.n_obs))
    assert not data.obsp.keys()
    assert set(data.uns) == {"d", "inside", "sicmir"}, set(data.uns)
    depth, at = 0, data.uns
    while "d" in at:
        depth, at = depth + 1, at["d"]
    assert depth <= 32


def plain(output):
    """An output without anything carried over."""
    data = anndata.read_h5ad(output)
    assert not len(data.obs.columns) and not data.obsm.keys() and set(data.uns) == {"sicmir"}


def main(arguments):
    checks = [[]]
    for argument in arguments:
        if argument == "--":
            checks.append([])
        else:
            checks[-1].append(argument)
    for name, *rest in checks:
        try:
            globals()[name](*rest)
        except Exception as error:
            raise SystemExit(f"{name} {' '.join(rest)}: {error!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
