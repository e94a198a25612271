# SPDX-License-Identifier: BSD-3-Clause
"""Tables and folders in xz, bzip2, Zstandard, LZ4, tar and zip, made by Python's modules and the usual programs. The
plain table gives the expected values."""
import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from program import predict, run
from same_cells import CELLS, GENES, TABLE, as_anndata

CSV = TABLE.to_csv().encode()


def by_program(*command):
    if shutil.which(command[0]) is None:
        return None
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


PACK = {"xz": lzma.compress, "bzip2": bz2.compress, "Zstandard": by_program("zstd", "-q", "-c"),
        "LZ4": by_program("lz4", "-q", "-c")}


def packed(name):
    if PACK[name] is None:
        pytest.skip(f"the program that writes {name} is not installed")
    return PACK[name]


@pytest.fixture(scope="module")
def expected(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "counts.csv"
    path.write_bytes(CSV)
    return predict(model, path)


def tenx():
    mtx = io.BytesIO()
    scipy.io.mmwrite(mtx, scipy.sparse.coo_matrix(TABLE.to_numpy()), field="integer")
    return {"a/matrix.mtx": mtx.getvalue(), "a/genes.tsv": "".join(f"{g}\t{g}\n" for g in GENES).encode(),
            "a/barcodes.tsv": "".join(f"{c}\n" for c in CELLS).encode()}


def zip_of(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tar_of(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


@pytest.mark.parametrize("name", PACK)
def test_compressed_tables_and_archives(model, expected, tmp_path, name):
    pack = packed(name)
    for content in (CSV, tar_of(tenx()), tar_of({"counts.csv": CSV})):
        path = tmp_path / "input"
        path.write_bytes(pack(content))
        pd.testing.assert_frame_equal(predict(model, path), expected)
        with open(path, "rb") as stream:
            pd.testing.assert_frame_equal(predict(model, "-", stdin=stream), expected)
    path.write_bytes(pack(CSV[:len(CSV) // 2]) + pack(CSV[len(CSV) // 2:]))
    pd.testing.assert_frame_equal(predict(model, path), expected)


@pytest.mark.parametrize("name", PACK)
def test_what_is_cut_off_or_damaged_is_refused(model, tmp_path, name):
    whole = packed(name)(CSV)
    for data in (whole[:len(whole) // 2], whole[:-3],
                 whole[:len(whole) // 2] + bytes(200) + whole[len(whole) // 2 + 200:]):
        path = tmp_path / "input"
        path.write_bytes(data)
        done = run("predict", path, "-m", model, expect=3)
        assert f"this {name} file cannot be decompressed beyond byte" in done.stderr


def test_lists_and_lines_may_be_compressed(model, expected, tmp_path):
    files = tenx()
    (tmp_path / "matrix.mtx.xz").write_bytes(lzma.compress(files["a/matrix.mtx"]))
    (tmp_path / "genes.tsv").write_bytes(files["a/genes.tsv"])
    (tmp_path / "barcodes.tsv").write_bytes(files["a/barcodes.tsv"])
    pd.testing.assert_frame_equal(predict(model, tmp_path / "matrix.mtx.xz"), expected)


ZIPS = {"a table": lambda: zip_of({"counts.csv": CSV}), "a table in a folder": lambda: zip_of({"x/y/counts.csv": CSV}),
        "what macOS adds": lambda: zip_of({"counts.csv": CSV, "__MACOSX/._counts.csv": b"\0\5\26\7"}),
        "a compressed table": lambda: zip_of({"counts.csv.gz": gzip.compress(CSV)}),
        "a 10x folder": lambda: zip_of(tenx()),
        "a 10x folder and a page": lambda: zip_of({"web_summary.html": b"<html>", **tenx()})}


@pytest.mark.parametrize("name", ZIPS)
def test_zip_archives(model, expected, tmp_path, name):
    path = tmp_path / "input.zip"
    path.write_bytes(ZIPS[name]())
    pd.testing.assert_frame_equal(predict(model, path), expected)
    with open(path, "rb") as stream:
        pd.testing.assert_frame_equal(predict(model, "-", stdin=stream), expected)


def h5ad_bytes():
    import tempfile
    with tempfile.NamedTemporaryFile(suffix=".h5ad") as file:
        as_anndata().write_h5ad(file.name)
        return open(file.name, "rb").read()


def encrypted():
    """The flag of encryption set, in both headers."""
    data = bytearray(zip_of({"counts.csv": CSV}))
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


REFUSED = {
    "xlsx": (lambda: zip_of({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"}),
             "this is an Excel workbook (.xlsx), which may have changed gene names into dates. Save the sheet as CSV"),
    "ods": (lambda: zip_of({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "office document (.ods)"),
    "npz": (lambda: zip_of({"data.npy": b"\x93NUMPY", "indices.npy": b"\x93NUMPY"}), "NumPy arrays (.npz)"),
    "two tables": (lambda: zip_of({"a.csv": CSV, "b.csv": CSV}), "holds 2 files (a.csv, b.csv); one table"),
    "an empty archive": (lambda: zip_of({}), "an empty zip archive"),
    "an h5ad": (lambda: zip_of({"cells.h5ad": h5ad_bytes()}), "this is an HDF5 file (.h5ad, .h5, .loom) in an archive"),
    "an archive": (lambda: zip_of({"a.zip": zip_of({"counts.csv": CSV})}), "this is an archive in an archive"),
    "an archive in a tar": (lambda: tar_of({"a.zip": zip_of({"counts.csv": CSV})}), "this is an archive in an archive"),
    "cut off": (lambda: zip_of({"counts.csv": CSV})[:5000], "this zip archive cannot be read"),
    "a bomb": (lambda: zip_of({"counts.csv": bytes(400_000_000)}, compresslevel=9), "larger than an archive of this size"),
    "encrypted": (encrypted, "this zip archive cannot be read"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_archives_that_are_refused(model, tmp_path, name):
    make, message = REFUSED[name]
    path = tmp_path / "input"
    path.write_bytes(make())
    done = run("predict", path, "-m", model, expect=3)
    assert message in done.stderr, done.stderr
    assert "/proc/" not in done.stderr
    assert np.array_equal(list(tmp_path.iterdir()), [path])
