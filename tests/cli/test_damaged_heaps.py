# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files whose texts are damaged: HDF5 1.10 to 1.14 loop for ever at a hole in a collection of texts."""
import os
import struct

import anndata
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
