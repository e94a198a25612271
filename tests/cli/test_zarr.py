# SPDX-License-Identifier: BSD-3-Clause
"""AnnData as Zarr. Version 2 is written by zarr-python and anndata themselves; version 3 by the writer in this file,
from the specification, whose stores zarrita (npm) reads alike, and by zarrita (scripts/make_zarr3_fixture.mjs). The same cells as .h5ad give the expected values."""
import gzip
import json
import shutil
import struct
import zipfile

import anndata
import numcodecs
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import zarr

from program import PROJECT, predict, run
from same_cells import CELLS, COUNTS, GENES, LOGGED, N_CELLS, PCA, SCORES, TYPES, as_anndata, check_carried

POOLS = ("--pool", "sum", "--group-by", "type", "--scale", "none")
pytestmark = pytest.mark.filterwarnings("ignore")


# Version 2 ---------------------------------------------------------------------------------------------------------

CODECS = {"blosc lz4": numcodecs.Blosc("lz4"), "blosc zstd": numcodecs.Blosc("zstd", shuffle=2),
          "blosc zlib": numcodecs.Blosc("zlib", shuffle=0), "blosc lz4hc": numcodecs.Blosc("lz4hc"),
          "zstd": numcodecs.Zstd(), "gzip": numcodecs.GZip(), "zlib": numcodecs.Zlib(), "lz4": numcodecs.LZ4(),
          "bz2": numcodecs.BZ2(), "lzma": numcodecs.LZMA(), "none": None}


def again(source, target, codec, chunks=None, order="C", separator="."):
    """The hierarchy once more, with all arrays compressed by `codec`."""
    def copy(group, to):
        to.attrs.update(group.attrs)
        for name, node in group.members() if hasattr(group, "members") else group.items():
            if isinstance(node, zarr.hierarchy.Group):
                copy(node, to.create_group(name))
                continue
            made = to.create(name=name, shape=node.shape, dtype=node.dtype, compressor=codec,
                             chunks=tuple(min(chunks, max(n, 1)) for n in node.shape) if chunks else node.chunks,
                             order=order, object_codec=numcodecs.VLenUTF8() if node.dtype == object else None,
                             dimension_separator=separator)
            if node.shape == () or node.size:
                made[...] = node[...]
            made.attrs.update(node.attrs)
    copy(zarr.open(str(source), "r"), zarr.open(str(target), "w"))
    return target


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("zarr") / "cells.zarr"
    data = as_anndata()
    data.uns["text"], data.uns["nested"] = "words", {"number": 3, "flags": np.array([True, False])}
    data.write_zarr(path)
    return path


def zipped(folder, path, prefix="", compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + str(file.relative_to(folder)))
    return path


def test_version_2_as_anndata_writes_it(model, h5ad, expected, stored, tmp_path):
    for path in (stored, zipped(stored, tmp_path / "a.zarr.zip"),
                 zipped(stored, tmp_path / "b.zip", "cells.zarr/", zipfile.ZIP_DEFLATED)):
        pd.testing.assert_frame_equal(predict(model, path, "--block-cells", "7"), expected)
        pd.testing.assert_frame_equal(predict(model, path, "--layer", "X"), predict(model, h5ad, "--layer", "X"))
        pd.testing.assert_frame_equal(predict(model, path, *POOLS), predict(model, h5ad, *POOLS))
        for source, out in ((path, "a.h5ad"), (h5ad, "b.h5ad")):
            run("predict", source, "-m", model, "-o", tmp_path / out)
        check_carried(tmp_path / "a.h5ad", tmp_path / "b.h5ad")
        found = anndata.read_h5ad(tmp_path / "a.h5ad").uns
        assert found["text"] == "words" and found["nested"]["number"] == 3
    seen = json.loads(run("inspect", "--json", stored, "-m", model).stdout)
    assert (seen["format"], seen["matrix"], seen["other_matrices"]) == ("AnnData Zarr 2", "layers/counts", ["X"])


@pytest.mark.parametrize("codec", CODECS)
def test_compressions_of_version_2(model, expected, stored, tmp_path, codec):
    path = again(stored, tmp_path / "cells.zarr", CODECS[codec], chunks=1000, separator="/" if codec == "zstd" else ".")
    pd.testing.assert_frame_equal(predict(model, path), expected)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", ">f8", "u1", "i2", ">i4", "u4", "i8"])
def test_dense_arrays_of_all_types(model, expected, tmp_path, dtype):
    values = np.minimum(COUNTS, 250)
    root = zarr.open(str(tmp_path / "a.zarr"), "w")
    write_table(root, "obs", CELLS)
    write_table(root, "var", GENES)
    root.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
    root.create_dataset("X", data=values.astype(dtype), chunks=(7, 100), order="F" if dtype == "f4" else "C")
    pd.DataFrame(values.T, GENES, CELLS).to_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(predict(model, tmp_path / "a.zarr"), predict(model, tmp_path / "a.csv"))


def write_table(root, name, index, fixed="U"):
    """With an index of fixed-length texts, as Zarr stores NumPy's."""
    table = root.create_group(name)
    table.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index",
                        "column-order": []})
    table.create_dataset("_index", data=np.array(index, dtype=fixed), chunks=(13,))
    return table


# Version 3 ---------------------------------------------------------------------------------------------------------

TYPES_3 = {"<f8": "float64", "<f4": "float32", "<i4": "int32", "<i8": "int64", "|b1": "bool", "|i1": "int8"}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFFFFFF)


PACK = {"gzip": (lambda data: gzip.compress(data, 5), {"name": "gzip", "configuration": {"level": 5}}),
        "zstd": (numcodecs.Zstd().encode, {"name": "zstd", "configuration": {"level": 0, "checksum": False}}),
        "blosc": (numcodecs.Blosc("zstd").encode, {"name": "blosc", "configuration": {
            "cname": "zstd", "clevel": 5, "shuffle": "shuffle", "typesize": 8, "blocksize": 0}}),
        "crc32c": (lambda data: bytes(data) + crc32c(bytes(data)), {"name": "crc32c"})}


def node_3(path, **metadata):
    path.mkdir(parents=True, exist_ok=True)
    (path / "zarr.json").write_text(json.dumps({"zarr_format": 3, **metadata}))


def array_3(path, values, attributes, pack=("zstd",), sharded=False, chunk=1000, endian="little"):
    """Zarr 3 core specification: regular grid, default keys, bytes; sharding_indexed with an index at the end."""
    values = np.asarray(values)
    text = values.dtype.kind in "OU"
    shape = list(values.shape)
    inner = [min(chunk, max(n, 1)) for n in shape]
    outer = [n * 2 for n in inner] if sharded else inner

    def encode(piece):
        if text:
            data = struct.pack("<I", piece.size) + b"".join(
                struct.pack("<I", len(t.encode())) + t.encode() for t in piece.ravel())
        else:
            data = piece.astype(piece.dtype.newbyteorder(">" if endian == "big" else "<")).tobytes()
        for each in pack:
            data = bytes(PACK[each][0](data))
        return data

    def padded(start, size):
        piece = np.zeros(size, dtype=values.dtype) if not text else np.full(size, "", dtype=object)
        part = values[tuple(slice(s, s + n) for s, n in zip(start, size))]
        piece[tuple(slice(0, n) for n in part.shape)] = part
        return piece

    codecs = [{"name": "vlen-utf8"} if text else {"name": "bytes", "configuration": {"endian": endian}},
              *(PACK[each][1] for each in pack)]
    if sharded:
        codecs = [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": inner, "codecs": codecs, "index_location": "end",
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]}}]
    node_3(path, node_type="array", shape=shape, data_type="string" if text else TYPES_3[values.dtype.str],
           chunk_grid={"name": "regular", "configuration": {"chunk_shape": outer}},
           chunk_key_encoding={"name": "default", "configuration": {"separator": "/"}},
           fill_value="" if text else False if values.dtype == bool else 0, codecs=codecs, attributes=attributes)
    for at in np.ndindex(*[-(-n // o) for n, o in zip(shape, outer)]):
        corner = [a * o for a, o in zip(at, outer)]
        if sharded:
            data, index = b"", b""
            for sub in np.ndindex(*[2] * len(shape)):
                start = [c + s * n for c, s, n in zip(corner, sub, inner)]
                if any(s >= n for s, n in zip(start, shape)):
                    index += struct.pack("<QQ", 2**64 - 1, 2**64 - 1)
                    continue
                piece = encode(padded(start, inner))
                index += struct.pack("<QQ", len(data), len(piece))
                data += piece
            data += index + crc32c(index)
        else:
            data = encode(padded(corner, inner))
        file = path.joinpath("c", *map(str, at)) if at else path / "c"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def anndata_3(path, **options):
    def element(name, values, encoding="array", version="0.2.0"):
        array_3(path / name, values, {"encoding-type": encoding, "encoding-version": version}, **options)

    def group(name, encoding, version="0.1.0", **more):
        node_3(path / name, node_type="group",
               attributes={"encoding-type": encoding, "encoding-version": version, **more})

    group("", "anndata")
    for name, index, columns in (("obs", CELLS, ["type", "score"]), ("var", GENES, [])):
        group(name, "dataframe", "0.2.0", **{"_index": "_index", "column-order": columns})
        element(f"{name}/_index", np.array(index, dtype=object), "string-array")
    group("obs/type", "categorical", "0.2.0", ordered=False)
    element("obs/type/codes", np.array([{"B": 0, "T": 1, None: -1}[t] for t in TYPES], np.int8))
    element("obs/type/categories", np.array(["B", "T"], dtype=object), "string-array")
    element("obs/score", SCORES)
    for name in ("layers", "obsm", "uns"):
        group(name, "dict")
    element("obsm/X_pca", PCA)
    for name, values in (("X", LOGGED), ("layers/counts", COUNTS)):
        sparse = scipy.sparse.csr_matrix(values)
        group(name, "csr_matrix", shape=list(values.shape))
        for part in ("data", "indices", "indptr"):
            element(f"{name}/{part}", getattr(sparse, part))
    return path


V3 = {"zstd": {}, "gzip": dict(pack=("gzip",)), "blosc": dict(pack=("blosc",)), "plain": dict(pack=()),
      "zstd and checksum": dict(pack=("zstd", "crc32c")), "shards": dict(sharded=True, chunk=700),
      "small shards": dict(sharded=True, chunk=7, pack=("gzip",)), "big endian": dict(endian="big")}


@pytest.mark.parametrize("kind", [name for name in V3 if name != "small shards"])
def test_version_3(model, h5ad, expected, tmp_path, kind):
    path = anndata_3(tmp_path / "cells.zarr", **V3[kind])
    for source in (path, zipped(path, tmp_path / "cells.zarr.zip")):
        pd.testing.assert_frame_equal(predict(model, source), expected)
    pd.testing.assert_frame_equal(predict(model, path, *POOLS), predict(model, h5ad, *POOLS))
    for source, out in ((path, "a.h5ad"), (h5ad, "b.h5ad")):
        run("predict", source, "-m", model, "-o", tmp_path / out)
    check_carried(tmp_path / "a.h5ad", tmp_path / "b.h5ad")
    assert json.loads(run("inspect", "--json", path, "-m", model).stdout)["format"] == "AnnData Zarr 3"


def test_shards_of_two_axes(model, tmp_path):
    path = anndata_3(tmp_path / "cells.zarr", sharded=True, chunk=700)
    shutil.rmtree(path / "layers")
    shutil.rmtree(path / "X")
    array_3(path / "X", COUNTS, {"encoding-type": "array", "encoding-version": "0.2.0"}, ("gzip",), True, 50)
    pd.DataFrame(COUNTS.T, GENES, CELLS).to_csv(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(predict(model, path), predict(model, tmp_path / "a.csv"))


def test_a_store_that_zarrita_wrote(model):
    """Turned axes, chunks of 5 of 12 cells, Blosc with Zstandard."""
    little = ("--min-panel", "0.01")
    pd.testing.assert_frame_equal(predict(model, PROJECT / "tests/data/cells_zarr3", *little),
                                  predict(model, PROJECT / "tests/data/rds/counts.csv", *little))


# Damage ------------------------------------------------------------------------------------------------------------

def edit(file, **changes):
    metadata = json.loads(file.read_text())
    metadata.update(changes)
    file.write_text(json.dumps(metadata))


def flip(file, at=-1):
    data = bytearray(file.read_bytes())
    data[at] ^= 0xFF
    file.write_bytes(data)


COUNT = "layers/counts"
DAMAGE = {
    "no obs": (lambda p: shutil.rmtree(p / "obs"), "holds no AnnData object (obs and var)"),
    "metadata cut": (lambda p: (p / COUNT / "data/.zarray").write_text('{"shape": [3'), "is no JSON object"),
    "shape of 2^60": (lambda p: edit(p / COUNT / "data/.zarray", shape=[2**60]), "claims 1152921504606846976 elements"),
    "negative shape": (lambda p: edit(p / COUNT / "data/.zarray", shape=[-1]), "has an impossible shape"),
    "nine axes": (lambda p: edit(p / "obsm/X_pca/.zarray", shape=[1] * 9, chunks=[1] * 9), None),
    "chunks of 2^50": (lambda p: edit(p / COUNT / "data/.zarray", chunks=[2**50]), "claims chunks of more than 1 GiB"),
    "chunks of 0": (lambda p: edit(p / COUNT / "data/.zarray", chunks=[0]), "has chunks that do not fit its shape"),
    "chunks of 1": (lambda p: edit(p / COUNT / "data/.zarray", shape=[10**8], chunks=[1]), "it is damaged"),
    "type of records": (lambda p: edit(p / COUNT / "data/.zarray", dtype=[["a", "<f8"]]), "has records"),
    "objects": (lambda p: edit(p / COUNT / "data/.zarray", dtype="|O", filters=[{"id": "pickle"}]), "filter 'pickle'"),
    "type <q9": (lambda p: edit(p / COUNT / "data/.zarray", dtype="<q9"), "has elements of type '<q9'"),
    "compressor zfpy": (lambda p: edit(p / COUNT / "data/.zarray", compressor={"id": "zfpy"}), "is compressed with 'zfpy'"),
    "filter delta": (lambda p: edit(p / COUNT / "data/.zarray", filters=[{"id": "delta"}]), "uses the filter 'delta'"),
    "fill of 7": (lambda p: [edit(p / COUNT / "data/.zarray", fill_value=7), (p / COUNT / "data/0").unlink()],
                  "lacks a chunk, so a part of the matrix is missing"),
    "dense fill of 7": (lambda p: [edit(p / "obs/score/.zarray", fill_value=7), (p / "obs/score/0").unlink()],
                        "lacks a chunk that stands for 7 everywhere"),
    "chunk cut": (lambda p: (p / COUNT / "data/0").write_bytes((p / COUNT / "data/0").read_bytes()[:-9]), "data/0: is damaged"),
    "chunk of zeros": (lambda p: (p / COUNT / "data/0").write_bytes(b"\0" * 100), "data/0: is damaged"),
    "chunk empty": (lambda p: (p / COUNT / "data/0").write_bytes(b""), "data/0: is damaged"),
    "chunk that is a folder": (lambda p: [(p / COUNT / "data/0").unlink(), (p / COUNT / "data/0").mkdir()],
                               "data: lacks a chunk, so a part of the matrix is missing"),
    "texts cut": (lambda p: [edit(p / "obs/_index/.zarray", compressor=None),
                             (p / "obs/_index/0").write_bytes(struct.pack("<II", N_CELLS, 2**31))], "its texts end too early"),
    "texts of another number": (lambda p: [edit(p / "obs/_index/.zarray", compressor=None),
                                           (p / "obs/_index/0").write_bytes(struct.pack("<I", 5))], "does not hold 60 texts"),
    "a FIFO": (lambda p: [(p / COUNT / "data/0").unlink(), __import__("os").mkfifo(p / COUNT / "data/0")], "is no file"),
    "format 4": (lambda p: edit(p / ".zgroup", zarr_format=4), "is not of Zarr 2"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_stores(model, stored, tmp_path, name):
    damage, message = DAMAGE[name]
    path = tmp_path / "cells.zarr"
    shutil.copytree(stored, path)
    damage(path)
    done = run("predict", path, "-m", model, expect=0 if name in ("nine axes",) else 3)
    if message:
        assert message in done.stderr
    if name == "nine axes":
        assert "an annotation is left out" in done.stderr and "obsm/X_pca" in done.stderr
    assert "/proc/" not in done.stderr


DAMAGE_3 = {
    "index beyond the shard": (lambda data: data[:-20] + struct.pack("<QQ", 5, 10**9), True, "index points outside of it"),
    "checksum of the index": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), False, "its checksum does not match"),
    "shard cut": (lambda data: data[:10], False, "too short for its index"),
}


@pytest.mark.parametrize("name", DAMAGE_3)
def test_damaged_shards(model, tmp_path, name):
    change, sign, message = DAMAGE_3[name]
    path = anndata_3(tmp_path / "cells.zarr", sharded=True, chunk=50000)
    file = path / COUNT / "data/c/0"
    data = change(file.read_bytes())
    if sign:
        data += crc32c(data[-32:])
    file.write_bytes(data)
    done = run("predict", path, "-m", model, expect=3)
    assert message in done.stderr


def test_zip_archives_that_are_damaged(model, stored, tmp_path):
    path = zipped(stored, tmp_path / "a.zarr.zip")
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    run("predict", path, "-m", model, expect=3)
    path.write_bytes(whole[:2000] + bytes(1000) + whole[3000:])
    done = run("predict", path, "-m", model, expect=3)
    assert "is damaged" in done.stderr or "cannot be read" in done.stderr
