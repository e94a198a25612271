# SPDX-License-Identifier: BSD-3-Clause
"""AnnData and 10x HDF5 files that are damaged or lie: exit code 3, with the place."""
import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from damage import Cases, check_refused
from h5_edit import claims, edit, remove, replace, set_attribute
from program import SYMBOLS, counts, predict

N_CELLS = 12
case = Cases(code=3)
tenx = Cases(code=3)


def change(path, name, at, to):
    with edit(path) as file:
        values = file[name][()]
        values.flat[at] = to
        file[name][...] = values


def resize(path, name, by):
    with edit(path) as file:
        values = file[name][()]
    replace(path, name, values[:by] if by < 0 else np.concatenate([values, values[:by]]))


def dense(path, **options):
    with edit(path) as file:
        del file["X"]
        file.create_dataset("X", data=counts(N_CELLS).to_numpy(dtype=np.float32).T, **options)


def link(path, name, target):
    with edit(path) as file:
        del file[name]
        file[name] = target


def raw_chunk(path, name, content):
    """One chunk of deflated bytes that are these."""
    with edit(path) as file:
        values, attributes = file[name][()], dict(file[name].attrs)
        del file[name]
        data = file.create_dataset(name, shape=values.shape, dtype=values.dtype, chunks=values.shape, compression="gzip")
        data.id.write_direct_chunk((0,) * values.ndim, content)
        data.attrs.update(attributes)


# The file ------------------------------------------------------------------------------------------------------------

@case("text", "the file has no genes (0 features).")
def _(p): p.write_text("gene,cell\n")
@case("empty", "the file is empty. Was it copied or downloaded completely?")
def _(p): p.write_bytes(b"")
@case("half", "HDF5 cannot open this file; it is damaged or incomplete (compare its")
def _(p): p.write_bytes(p.read_bytes()[:p.stat().st_size // 2])
@case("the first 8 bytes alone", "HDF5 cannot open this file; it is damaged or incomplete (compare its")
def _(p): p.write_bytes(p.read_bytes()[:8])
@case("a superblock of version 77", "HDF5 cannot open this file; it is damaged or incomplete (compare its")
def _(p):
    data = bytearray(p.read_bytes())
    data[8] = 77
    p.write_bytes(bytes(data))
@case("nothing in it", "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix")
def _(p): h5py.File(p, "w").close()

# X -------------------------------------------------------------------------------------------------------------------

@case("no X", "holds no matrix: X is absent (None), and there are neither raw/X nor")
def _(p): remove(p, "X")
@case("no pointers", "/: has no data set 'X/indptr'.")
def _(p): remove(p, "X/indptr")
@case("no positions", "/: has no data set 'X/indices'.")
def _(p): remove(p, "X/indices")
@case("no values", "/: has no data set 'X/data'.")
def _(p): remove(p, "X/data")
@case("pointers that fall", "/X/indptr: falls from 1288 to 1 at element 3; the file is damaged.")
def _(p): change(p, "X/indptr", 3, 1)
@case("pointers that are negative", "/X/indptr: element 1 is -5, but there are 6988 stored values (and an")
def _(p): change(p, "X/indptr", 1, -5)
@case("pointers that begin at 1", "/X/indptr: runs from 1 to 6987; it must run from 0 to 6987, the")
def _(p): change(p, "X/indptr", 0, 1)
@case("pointers beyond the values", "/X/indptr: element 12 is 2147483647, but there are 6988 stored values")
def _(p): change(p, "X/indptr", N_CELLS, 2**31 - 1)
@case("a pointer too few", "/X/indptr: has 12 elements; with 12 cells it must have 13. The file")
def _(p): resize(p, "X/indptr", -1)
@case("a pointer too many", "/X/indptr: has 14 elements; with 12 cells it must have 13. The file")
def _(p): resize(p, "X/indptr", 1)
@case("pointers that are fractions", "/X/indptr: holds float64 values; integers were expected.")
def _(p):
    with edit(p) as file:
        values = file["X/indptr"][()]
    replace(p, "X/indptr", values.astype(np.float64) + 0.5)
@case("gene 977 of 977", "/X/indices: element 7 is 977, but there are 977 genes; the file is")
def _(p): change(p, "X/indices", 7, len(SYMBOLS))
@case("gene -1", "/X/indices: element 7 is -1, but there are 977 genes; the file is")
def _(p): change(p, "X/indices", 7, -1)
@case("a value too few", "X: has 6986 values but 6987 indices; the file is damaged.")
def _(p): resize(p, "X/data", -1)
@case("a value NaN", "cell 1 ('cell_1'), gene IGF1R: found nan, but the values were taken")
def _(p): change(p, "X/data", 4, np.nan)
@case("a value infinite", "cell 1 ('cell_1'), gene IGF1R: found inf, but the values were taken")
def _(p): change(p, "X/data", 4, np.inf)
@case("values that are texts", "/X/data: holds text values; numbers were expected.")
def _(p):
    with edit(p) as file:
        n = len(file["X/data"])
    replace(p, "X/data", np.array(["1"] * n, dtype=h5py.string_dtype()))
@case("values that are records", "/X/data: holds compound values; numbers were expected.")
def _(p):
    with edit(p) as file:
        n = len(file["X/data"])
    replace(p, "X/data", np.zeros(n, dtype=[("a", "f4"), ("b", "f4")]))
@case("values that are references", "/X/data: holds other values; numbers were expected.")
def _(p):
    with edit(p) as file:
        n = len(file["X/data"])
        del file["X/data"]
        file.create_dataset("X/data", shape=(n,), dtype=h5py.ref_dtype)
@case("a shape of 3 numbers", "X: has the shape (12, 977, 1); obs and var ask for (12, 977). The")
def _(p): set_attribute(p, "X", "shape", np.array([N_CELLS, len(SYMBOLS), 1]))
@case("a negative shape", "X: has the shape (-12, 977); obs and var ask for (12, 977). The file")
def _(p): set_attribute(p, "X", "shape", np.array([-N_CELLS, len(SYMBOLS)]))
@case("a shape of 2^60 cells", "X: has the shape (1152921504606846976, 977); obs and var ask for (12,")
def _(p): set_attribute(p, "X", "shape", np.array([2**60, len(SYMBOLS)]))
@case("a shape of fewer genes", "X: has the shape (12, 5); obs and var ask for (12, 977). The file is")
def _(p): set_attribute(p, "X", "shape", np.array([N_CELLS, 5]))
@case("an encoding that is unknown", "X: is stored as 'coo_matrix'; expected a dense array, csr_matrix or")
def _(p): set_attribute(p, "X", "encoding-type", "coo_matrix")
@case("values of 2^60 numbers, which are not there", "/X/data: claims 1152921504606846976 elements but the file stores only")
def _(p): claims(p, "X/data", (2**60,))
@case("pointers of 2^60 numbers, which are not there", "/X/indptr: claims 1152921504606846976 elements but the file stores")
def _(p): claims(p, "X/indptr", (2**60,), "i8")
@case("a dense X of 3 axes", "/X: has the shape (2, 3, 4); the names of cells and genes ask for")
def _(p):
    link(p, "X", np.zeros((2, 3, 4), dtype=np.float32))
@case("a dense X of 2^60 numbers, which are not there", "/X: has the shape (1125899906842624, 977); the names of cells and")
def _(p):
    with edit(p) as file:
        del file["X"]
        file.create_dataset("X", shape=(2**50, len(SYMBOLS)), dtype="f4", chunks=(1, len(SYMBOLS)))
@case("a dense X with fewer genes than names", "/X: has the shape (12, 5); the names of cells and genes ask for (12,")
def _(p): link(p, "X", np.ones((N_CELLS, 5), dtype=np.float32))
@case("a dense X of texts", "/X: holds text values; numbers were expected.")
def _(p):
    link(p, "X", np.full((N_CELLS, len(SYMBOLS)), b"x"))
@case("deflated values that are none", "/X/data: a chunk of 52 bytes cannot be inflated to the 27948 bytes")
def _(p): raw_chunk(p, "X/data", b"\x78\x9c" + bytes(50))
@case("a chunk of one byte", "/X/data: a chunk of 1 bytes cannot be inflated to the 27948 bytes")
def _(p): raw_chunk(p, "X/data", b"\x78")
@case("a filter that is not known", "/X/data: is compressed with unknown (HDF5 filter 300), which this")
def _(p):
    with edit(p) as file:
        values, attributes = file["X/data"][()], dict(file["X/data"].attrs)
        del file["X/data"]
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_chunk(values.shape)
        creation.set_filter(300, h5py.h5z.FLAG_OPTIONAL, ())
        space = h5py.h5s.create_simple(values.shape)
        data = h5py.h5d.create(file["X"].id, b"data", h5py.h5t.IEEE_F32LE, space, creation)
        data.write_direct_chunk((0,), values.tobytes())
        file["X/data"].attrs.update(attributes)
@case("values in another file", "/X/data: keeps its data in other files, which is refused. Copy the")
def _(p):
    with edit(p) as file:
        n = len(file["X/data"])
        del file["X/data"]
        file.create_dataset("X/data", shape=(n,), dtype="f4", external=[("/etc/passwd", 0, 4 * n)])
@case("X in another file", "holds no matrix: X is absent (None), and there are neither raw/X nor")
def _(p): link(p, "X", h5py.ExternalLink("/etc/passwd", "/X"))
@case("X that leads to itself", "holds no matrix: X is absent (None), and there are neither raw/X nor")
def _(p): link(p, "X", h5py.SoftLink("/X"))
@case("values of a virtual data set", "/X/data: keeps its data in other files, which is refused. Copy the")
def _(p):
    with edit(p) as file:
        n = len(file["X/data"])
        del file["X/data"]
        layout = h5py.VirtualLayout(shape=(n,), dtype="f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(n,))
        file.create_virtual_dataset("X/data", layout)

# Names and tables ----------------------------------------------------------------------------------------------------

@case("no var", "/: has no 'var', which every AnnData file has.")
def _(p): remove(p, "var")
@case("no names of genes", "var: has no readable index '_index'.")
def _(p): remove(p, "var/_index")
@case("fewer names than genes", "X: has the shape (12, 977); obs and var ask for (12, 976). The file")
def _(p): resize(p, "var/_index", -1)
@case("names of genes that are numbers", "only 0 of the model's 977 genes were found (0.0 %; at least 10 % are")
def _(p): replace(p, "var/_index", np.arange(len(SYMBOLS)))
@case("an index that is not there", "var: has no readable index 'nothing'.")
def _(p): set_attribute(p, "var", "_index", "nothing")
@case("an index elsewhere", "var: has no readable index '../X/data'.")
def _(p): set_attribute(p, "var", "_index", "../X/data")
@case("no names of cells", "obs: has no readable index '_index'.")
def _(p): remove(p, "obs/_index")
@case("more names than cells", "X: has the shape (12, 977); obs and var ask for (14, 977). The file")
def _(p): resize(p, "obs/_index", 2)
@case("names of genes of 2^40 entries", "/var/_index: claims 1099511627776 elements but the file stores only 0")
def _(p): claims(p, "var/_index", (2**40,), h5py.string_dtype())
@case("names of 2 GB each", "/obs/_index: claims chunks of 2000000000 bytes, more than the file")
def _(p):
    with edit(p) as file:
        attributes = dict(file["obs/_index"].attrs)
        del file["obs/_index"]
        file.create_dataset("obs/_index", shape=(N_CELLS,), dtype="S2000000000", chunks=(1,))
        file["obs/_index"].attrs.update(attributes)
@case("a layer that is not there", "there is no matrix 'layers/nothing'. The file has: X.", arguments=["--layer", "layers/nothing"])
def _(p): pass
@case("raw that is not there", "there is no matrix 'raw/X'. The file has: X.", arguments=["--layer", "raw/X"])
def _(p): pass


# 10x -----------------------------------------------------------------------------------------------------------------

@tenx("no barcodes", "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix")
def _(p): remove(p, "matrix/barcodes")
@tenx("no features", "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix")
def _(p): remove(p, "matrix/features")
@tenx("no ids and names", "matrix/features: names no features; expected id or name.")
def _(p):
    remove(p, "matrix/features/id")
    remove(p, "matrix/features/name")
@tenx("no shape", "/matrix: has no data set 'shape'.")
def _(p): remove(p, "matrix/shape")
@tenx("a shape of one number", "matrix/shape: must hold two numbers, those of features and of")
def _(p): replace(p, "matrix/shape", np.array([5], dtype=np.int32))
@tenx("a negative shape", "matrix/shape: must hold two numbers, those of features and of")
def _(p): change(p, "matrix/shape", 1, -1)
@tenx("a shape of more genes", "matrix/features/id: has 977 elements, but the matrix has 1073741824")
def _(p): change(p, "matrix/shape", 0, 2**30)
@tenx("a shape of more cells", "/matrix/indptr: has 13 elements; with 1073741824 cells it must have")
def _(p): change(p, "matrix/shape", 1, 2**30)
@tenx("no pointers", "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix")
def _(p): remove(p, "matrix/indptr")
@tenx("no positions", "/: has no data set 'matrix/indices'.")
def _(p): remove(p, "matrix/indices")
@tenx("no values", "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix")
def _(p): remove(p, "matrix/data")
@tenx("pointers that fall", "/matrix/indptr: falls from 1288 to 1 at element 3; the file is")
def _(p): change(p, "matrix/indptr", 3, 1)
@tenx("pointers beyond the values", "/matrix/indptr: element 12 is 1099511627776, but there are 6988")
def _(p): change(p, "matrix/indptr", N_CELLS, 2**40)
@tenx("pointers that are negative", "/matrix/indptr: element 1 is -2, but there are 6988 stored values")
def _(p): change(p, "matrix/indptr", 1, -2)
@tenx("a pointer too few", "/matrix/indptr: has 12 elements; with 12 cells it must have 13. The")
def _(p): resize(p, "matrix/indptr", -1)
@tenx("gene 977 of 977", "/matrix/indices: element 2 is 977, but there are 977 genes; the file")
def _(p): change(p, "matrix/indices", 2, len(SYMBOLS))
@tenx("gene -1", "/matrix/indices: element 2 is -1, but there are 977 genes; the file")
def _(p): change(p, "matrix/indices", 2, -1)
@tenx("a value too few", "matrix: has 6986 values but 6987 indices; the file is damaged.")
def _(p): resize(p, "matrix/data", -1)
@tenx("a position too few", "matrix: has 6987 values but 6986 indices; the file is damaged.")
def _(p): resize(p, "matrix/indices", -1)
@tenx("negative counts", "cell 1 ('cell_1-1'), gene SPDEF: found -3, but the values were taken", arguments=["--values", "counts"])
def _(p): change(p, "matrix/data", 2, -3)
@tenx("values that are texts", "/matrix/data: holds text values; numbers were expected.")
def _(p):
    with edit(p) as file:
        n = len(file["matrix/data"])
    replace(p, "matrix/data", np.array(["1"] * n, dtype=h5py.string_dtype()))
@tenx("fewer barcodes", "/: names 11 cells, but the matrix has 12; the file is damaged.")
def _(p): resize(p, "matrix/barcodes", -1)
@tenx("fewer names", "matrix/features/name: has 976 elements, but the matrix has 977")
def _(p): resize(p, "matrix/features/name", -1)
@tenx("barcodes that are numbers", "/matrix/barcodes: does not hold texts.")
def _(p): replace(p, "matrix/barcodes", np.arange(N_CELLS))
@tenx("values of 2^60 numbers, which are not there", "/matrix/data: claims 1152921504606846976 elements but the file stores")
def _(p): claims(p, "matrix/data", (2**60,), "i4")
@tenx("two genomes, none chosen", "holds 2 genomes: GRCh38, mm10. The human one seems to be GRCh38.")
def _(p):
    with h5py.File(p, "r+") as file:
        for genome in ("GRCh38", "mm10"):
            file.copy("matrix", genome)
            features = file[genome]["features"]
            file[genome]["genes"], file[genome]["gene_names"] = features["id"][()], features["name"][()]
            del file[genome]["features"]
        del file["matrix"]
@tenx("a genome that is not there", "has no genome 'hg19'; it holds GRCh38 (977 genes).", code=3, arguments=["--genome", "hg19"])
def _(p): pass
@tenx("values in another file", "/matrix/data: keeps its data in other files, which is refused. Copy")
def _(p):
    with edit(p) as file:
        n = len(file["matrix/data"])
        del file["matrix/data"]
        file.create_dataset("matrix/data", shape=(n,), dtype="i4", external=[("/etc/passwd", 0, 4 * n)])
@tenx("features of something else alone", "matrix/features/feature_type: no feature is of the type 'Gene")
def _(p): replace(p, "matrix/features/feature_type", np.array([b"Antibody Capture"] * len(SYMBOLS)))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    table = counts(N_CELLS)
    cells = anndata.AnnData(scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32).T), dtype=np.float32,
                            obs=pd.DataFrame(index=table.columns), var=pd.DataFrame(index=table.index))
    cells.write_h5ad(folder / "cells.h5ad")
    matrix = scipy.sparse.csc_matrix(table.to_numpy(dtype=np.int32))
    with h5py.File(folder / "cells.h5", "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array([f"{cell}-1".encode() for cell in table.columns])
        group["data"], group["indices"] = matrix.data, matrix.indices.astype(np.int64)
        group["indptr"], group["shape"] = matrix.indptr.astype(np.int64), np.array(matrix.shape, dtype=np.int32)
        features = group.create_group("features")
        features["id"] = features["name"] = np.array([gene.encode() for gene in table.index])
        features["feature_type"] = np.array([b"Gene Expression"] * len(table))
        features["genome"] = np.array([b"GRCh38"] * len(table))
    return folder


def refuse(cases, sound, model, folder, name):
    path, code, words, arguments = cases.damaged(name, sound, folder)
    check_refused(["predict", path, "-m", model, "--min-panel", "0.1", "--force-scale", "-q", "-o", folder / "x.csv",
                   *arguments], code, words, folder / "x.csv")


@pytest.mark.parametrize("name", case.all)
def test_a_damaged_h5ad_is_refused(sound, model, tmp_path, name):
    refuse(case, sound / "cells.h5ad", model, tmp_path, name)


@pytest.mark.parametrize("name", tenx.all)
def test_a_damaged_10x_file_is_refused(sound, model, tmp_path, name):
    refuse(tenx, sound / "cells.h5", model, tmp_path, name)


def test_a_gene_that_is_stored_twice_in_a_cell_is_summed_as_scipy_does(sound, model, tmp_path):
    twice, summed = tmp_path / "twice.h5ad", tmp_path / "summed.h5ad"
    cells = anndata.read_h5ad(sound / "cells.h5ad")
    matrix = cells.X.copy()
    matrix.indices[1] = matrix.indices[0]
    both = scipy.sparse.csr_matrix(matrix.toarray())
    assert both.sum() == matrix.data.sum() and both.nnz < matrix.nnz
    anndata.AnnData(both, dtype=np.float32, obs=cells.obs, var=cells.var).write_h5ad(summed)
    cells.write_h5ad(twice)
    replace(twice, "X/indices", matrix.indices)
    options = ["--min-panel", "0.1", "--force-scale", "-q"]
    assert predict(model, twice, *options).equals(predict(model, summed, *options))


def test_there_are_enough():
    assert len(case.all) >= 40 and len(tenx.all) >= 25
