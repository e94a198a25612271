# SPDX-License-Identifier: BSD-3-Clause
"""Damaged files, crashes inside libraries and kills: a sentence, an exit code, no litter."""
import os
import pathlib
import random
import resource
import signal
import struct
import subprocess
import time

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import SANITIZE, SICMIR, SYMBOLS, counts, run

no_sanitizer = pytest.mark.skipif(
    bool(SANITIZE), reason="a sanitizer reports HDF5's own faults, and so ends the program")


def h5ad(path, **options):
    """Counts with all that carry-over copies, most of it read by the HDF5 library itself."""
    table = counts(60)
    cells = anndata.AnnData(
        scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32).T),
        obs=pd.DataFrame({"kind": pd.Categorical(["a", "b", "c"] * 20),
                          "text": [f"words {i}" for i in range(60)],
                          "number": np.arange(60.0)}, index=table.columns),
        var=pd.DataFrame(index=table.index))
    cells.obsm["X_umap"] = np.arange(120, dtype=np.float32).reshape(60, 2)
    cells.obsp["near"] = scipy.sparse.random(60, 60, 0.1, format="csr", random_state=1)
    cells.uns["notes"] = {"list": ["x", "yz"], "numbers": np.arange(5), "text": "hello"}
    cells.write_h5ad(path, **options)
    return path


def damaged(content, seed):
    """Some bytes changed, most of them in HDF5's own tables."""
    rng = random.Random(seed)
    content = bytearray(content)
    tables = []
    for signature in (b"TREE", b"SNOD", b"HEAP", b"GCOL"):
        at = content.find(signature)
        while at >= 0:
            tables.append(at)
            at = content.find(signature, at + 1)
    for _ in range(rng.choice([3, 10, 40])):
        at = min(rng.choice(tables) + rng.randrange(600), len(content) - 1)
        content[at] = rng.choice([0, 255, rng.randrange(256)])
    return bytes(content)


@no_sanitizer
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_a_damaged_file_is_predicted_or_refused_and_leaves_nothing(tmp_path, model, compression):
    whole = h5ad(tmp_path / "whole.h5ad", compression=compression).read_bytes()
    codes = set()
    for seed in range(60):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "in.h5ad").write_bytes(damaged(whole, seed))
        done = subprocess.run(
            [SICMIR, "predict", folder / "in.h5ad", "-m", model, "-o", folder / "out.h5ad",
             "--min-panel", "0", "--force-scale", "-q"],
            capture_output=True, text=True, timeout=100)
        assert done.returncode in (0, 3), f"seed {seed}: {done.returncode}: {done.stderr}"
        left = {path.name for path in folder.iterdir()}
        assert left == ({"in.h5ad", "out.h5ad"} if done.returncode == 0 else {"in.h5ad"})
        if done.returncode == 3:
            assert "in.h5ad" in done.stderr
        else:
            anndata.read_h5ad(folder / "out.h5ad")
        codes.add(done.returncode)
    assert codes == {0, 3}


def worker_of(parent):
    """The process that works for the one that watches."""
    children = pathlib.Path(f"/proc/{parent}/task/{parent}/children")
    deadline = time.time() + 20
    while time.time() < deadline:
        found = children.read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.01)
    raise AssertionError("no child process")


@pytest.fixture
def reading(tmp_path, model):
    """A run that waits for input, and has its temporary output; ended at the latest by the test."""
    process = subprocess.Popen(
        [SICMIR, "predict", "-", "-m", model, "-o", tmp_path / "out.csv", "--scale", "none"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(counts(12000, SYMBOLS[:800]).T.to_csv().encode())
    process.stdin.flush()
    deadline = time.time() + 20
    while not list(tmp_path.glob(".out.csv.*")) and time.time() < deadline:
        time.sleep(0.01)
    assert list(tmp_path.glob(".out.csv.*"))
    yield process
    process.kill()
    process.wait()


@no_sanitizer
@pytest.mark.parametrize("number, code, words", [
    (signal.SIGSEGV, 1, "internal: ended by signal 11"),  # the model has been closed
    (signal.SIGKILL, 1, "memory"),
])
def test_a_sudden_end_is_explained_and_leaves_nothing(tmp_path, reading, number, code, words):
    os.kill(worker_of(reading.pid), number)
    _, errors = reading.communicate(timeout=20)
    assert reading.returncode == code
    assert words in errors.decode()
    assert not list(tmp_path.glob("*out.csv*"))


def test_whoever_kills_the_watcher_ends_the_work(tmp_path, reading):
    worker = worker_of(reading.pid)
    reading.kill()
    reading.wait()
    deadline = time.time() + 20
    while pathlib.Path(f"/proc/{worker}/stat").exists() and time.time() < deadline:
        if pathlib.Path(f"/proc/{worker}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.01)
    assert time.time() < deadline
    assert not list(tmp_path.glob(".out.csv.*"))


def test_a_file_that_may_not_grow_is_an_output_not_written(tmp_path, model):
    source = tmp_path / "in.csv"
    counts(2000).to_csv(source)
    done = run("predict", source, "-m", model, "-o", tmp_path / "out.csv", expect=5,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert "out.csv" in done.stderr
    assert not list(tmp_path.glob("*out.csv*"))


@no_sanitizer
def test_texts_of_an_attribute_that_share_their_bytes_do_not_fill_the_memory(tmp_path):
    path = tmp_path / "forged.h5ad"
    n, length = 65536, 75000  # 4.9 GB, in a file of 3 MB
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["encoding-type"] = "anndata"
        obs = file.create_group("obs")
        obs.attrs["_index"] = "_index"
        obs["_index"] = ["a", "b", "c"]
        texts = np.array(["x" * length] + ["t"] * (n - 1), dtype=object)
        obs.attrs.create("column-order", texts, dtype=h5py.string_dtype())
    content = bytearray(path.read_bytes())
    # Format specification, VIII.B: length, address of the heap, number of the object.
    first = content.find(struct.pack("<I", length))
    assert content[first + 16:first + 20] == struct.pack("<I", 1)
    content[first:first + 16 * n] = bytes(content[first:first + 16]) * n
    path.write_bytes(content)
    refused = subprocess.run(
        ["/usr/bin/python3", "-c", "import resource, subprocess, sys\n"
         "code = subprocess.run(sys.argv[1:]).returncode\n"
         "print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)",
         SICMIR, "inspect", path], capture_output=True, text=True, timeout=120)
    code, megabytes = map(int, refused.stdout.split())
    assert code == 3 and megabytes < 1000
    assert "column-order" in refused.stderr and "claims more text" in refused.stderr


def test_the_exit_code_survives_a_launcher_that_ignores_children(tmp_path):
    """Where SIGCHLD is ignored (trap '' CHLD in a shell), the system forgets how a child ended."""
    (tmp_path / "text.csv").write_text("these are no cells")
    done = subprocess.run([SICMIR, "predict", tmp_path / "text.csv", "-o", tmp_path / "out.csv"],
                          preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
                          capture_output=True, text=True)
    assert done.returncode == 3 and "text.csv" in done.stderr
