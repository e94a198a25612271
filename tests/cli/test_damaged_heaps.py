# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files whose texts are damaged: HDF5 1.10 to 1.14 loop for ever at a hole in a collection of texts, and follow
a damaged reference wherever it leads."""
import os
import struct

import anndata
import h5py
import numpy as np
import pytest
import scipy.sparse

from program import counts, run

SIGNATURE = b"GCOL\x01\x00\x00\x00"  # HDF5 File Format Specification, III.E


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file and the places of its collections of texts: the first byte, and the size."""
    path = tmp_path_factory.mktemp("heap") / "sound.h5ad"
    table = counts(300, seed=11).T
    data = anndata.AnnData(scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32)), dtype=np.float32)
    data.obs_names, data.var_names = table.index, table.columns
    data.write_h5ad(path)
    content = path.read_bytes()
    places, at = [], content.find(SIGNATURE)
    while at >= 0:
        places.append((at, struct.unpack_from("<Q", content, at + 8)[0]))
        at = content.find(SIGNATURE, at + 8)
    assert len(places) > 2
    return content, places


@pytest.mark.parametrize("supervise", ["1", "0"])
@pytest.mark.parametrize("share", [0.0, 0.5], ids=["whole", "half"])
def test_a_hole_of_zeros_in_a_heap_of_texts_is_refused_at_once(model, sound, tmp_path, supervise, share):
    content, places = sound
    broken = bytearray(content)
    for at, size in places:
        first = at + 16 + int((size - 16) * share) // 8 * 8
        broken[first:at + size] = bytes(at + size - first)
    (tmp_path / "hole.h5ad").write_bytes(broken)
    done = run("predict", tmp_path / "hole.h5ad", "-m", model, expect=3, timeout=10,
               env={**os.environ, "SICMIR_SUPERVISE": supervise})
    assert "hole.h5ad" in done.stderr and done.stdout == ""


def test_data_that_begin_like_a_heap_are_read(model, sound, tmp_path):
    content, _ = sound
    (tmp_path / "sound.h5ad").write_bytes(content)
    data = anndata.read_h5ad(tmp_path / "sound.h5ad")
    first = run("predict", tmp_path / "sound.h5ad", "-m", model).stdout
    text = np.frombuffer(b"GCOL is no signature" * 15, dtype=np.uint8)
    data.obsm["text"] = np.tile(text, (data.n_obs, 1))
    data.write_h5ad(tmp_path / "like.h5ad")
    assert run("predict", tmp_path / "like.h5ad", "-m", model).stdout == first
    run("predict", tmp_path / "like.h5ad", "-m", model, "-o", tmp_path / "out.h5ad")
    kept = anndata.read_h5ad(tmp_path / "out.h5ad").obsm["text"]
    np.testing.assert_array_equal(np.asarray(kept), data.obsm["text"])


# References: length, address and index (HDF5 File Format Specification, VIII.B). Without the check, an index beyond
# the collection is a segmentation fault, and a length that is too small a write past the end of a buffer.
REFERENCE = struct.Struct("<IQI")
DAMAGES = {
    "index beyond its collection": lambda length, address, index: (length, address, 0x7fffffff),
    "index that the collection lacks": lambda length, address, index: (length, address, 60000),
    "free space": lambda length, address, index: (length, address, 0),
    "shorter than its text": lambda length, address, index: (1, address, index),
    "longer than its text": lambda length, address, index: (length + 1, address, index),
    "no collection": lambda length, address, index: (length, address + 8, index),
    "beyond the file": lambda length, address, index: (length, 1 << 40, index),
    "nowhere": lambda length, address, index: (length, 2**64 - 1, index),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("what", ["names of genes", "column that is copied", "attribute"])
def test_a_damaged_reference_to_a_text_is_refused(model, tmp_path, damage, what):
    table = counts(5, seed=3).T
    data = anndata.AnnData(table.to_numpy(dtype=np.float32), dtype=np.float32)
    data.obs_names, data.var_names = table.index, table.columns
    data.obs["note"] = [f"a text of {i} and more" for i in range(5)]
    path = tmp_path / "odd.h5ad"
    data.write_h5ad(path)
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        if what == "attribute":
            # The only text of so many bytes: the name of the only column.
            assert list(file["obs"].attrs["column-order"]) == ["note"]
            collection = content.find(SIGNATURE)
            while (at := content.find(struct.pack("<IQ", len("note"), collection))) < 0:
                collection = content.find(SIGNATURE, collection + 8)
                assert collection >= 0
        else:
            name = {"names of genes": "var/_index", "column that is copied": "obs/note"}[what]
            at = file[name].id.get_offset() + 2 * REFERENCE.size
    REFERENCE.pack_into(content, at, *DAMAGES[damage](*REFERENCE.unpack_from(content, at)))
    path.write_bytes(content)
    out = tmp_path / "out.h5ad"
    done = run("predict", path, "-m", model, "-o", out, expect=None, timeout=10,
               env={**os.environ, "SICMIR_SUPERVISE": "0"})
    assert done.returncode in (0, 3) and "crash" not in done.stderr, done.stderr
    if what == "names of genes":
        assert done.returncode == 3 and "/var/_index: its texts cannot be read" in done.stderr
    elif done.returncode == 0:  # only what is carried to the output is damaged: left out, and said
        assert "note" not in anndata.read_h5ad(out).obs
        assert what == "attribute" or "note" in done.stderr
