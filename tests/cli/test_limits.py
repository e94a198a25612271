# SPDX-License-Identifier: BSD-3-Clause
"""The largest, the smallest and the oddest that may come. SICMIR_LARGE=1 adds what takes minutes (scripts/torture.sh)."""
import ctypes
import os
import pathlib
import resource
import subprocess
import zlib

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from program import SANITIZE, SICMIR, SYMBOLS, counts, predict, run

pytestmark = pytest.mark.skipif(bool(SANITIZE), reason="sanitizers use memory and descriptors of their own")

ANYWAY = ("--force-scale", "--min-panel", "0")


def write_h5ad(path, table):
    """Genes as lines of `table`."""
    anndata.AnnData(scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32).T), dtype=np.float32,
                    obs=pd.DataFrame(index=table.columns), var=pd.DataFrame(index=table.index)).write_h5ad(path)
    return path


def write_csv(path, table):
    table.to_csv(path)
    return path


WRITERS = {"csv": write_csv, "h5ad": write_h5ad}


# Names -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", WRITERS)
def test_names_of_a_megabyte_are_kept(model, tmp_path, ending):
    table = counts(12)
    plain = predict(model, WRITERS[ending](tmp_path / f"plain.{ending}", table), *ANYWAY)
    long_cell, long_gene = "c" * (1 << 20), "G" * (1 << 20)
    table.columns = [long_cell, *table.columns[1:]]
    table.loc[long_gene] = 3
    found = predict(model, WRITERS[ending](tmp_path / f"long.{ending}", table), *ANYWAY, "--values", "counts")
    assert found.index[0] == long_cell and list(found.index[1:]) == list(plain.index[1:])


@pytest.mark.parametrize("ending", WRITERS)
def test_names_in_all_scripts_are_kept(model, tmp_path, ending):
    table = counts(12)
    names = ["žluťoučký", "細胞", "клетка", "خلية", "𝒸𝑒𝓁𝓁", "e\u0301", "\u200bzero", "a b", "a'b", "👩‍🔬", "ﬁ", "ß"]
    table.columns = names
    found = predict(model, WRITERS[ending](tmp_path / f"cells.{ending}", table), *ANYWAY)
    assert list(found.index) == names


# Sizes -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ending", WRITERS)
def test_one_cell_is_predicted_and_none_is_refused(model, tmp_path, ending):
    one = predict(model, WRITERS[ending](tmp_path / f"one.{ending}", counts(1)), *ANYWAY)
    assert one.shape[0] == 1 and np.isfinite(one.to_numpy()).all()
    out = tmp_path / "x.csv"
    done = run("predict", WRITERS[ending](tmp_path / f"none.{ending}", counts(3).iloc[:, :0]), "-m", model, *ANYWAY,
               "-o", out, expect=3)
    assert not out.exists() and "none." in done.stderr


@pytest.mark.parametrize("ending", WRITERS)
def test_one_gene_and_none_are_refused_in_words(model, tmp_path, ending):
    for name, table in (("one", counts(5).iloc[:1]), ("none", counts(5).iloc[:0])):
        done = run("predict", WRITERS[ending](tmp_path / f"{name}.{ending}", table), "-m", model, "-o", tmp_path / "x.csv",
                   expect=3)
        assert f"{name}.{ending}" in done.stderr and "gene" in done.stderr
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("ending", WRITERS)
def test_100000_genes(model, tmp_path, ending):
    few = counts(12)
    many = pd.concat([few, pd.DataFrame(0, index=[f"OTHER{i}" for i in range(100_000 - len(few))], columns=few.columns)])
    a = predict(model, WRITERS[ending](tmp_path / f"few.{ending}", few), *ANYWAY, "--values", "counts")
    b = predict(model, WRITERS[ending](tmp_path / f"many.{ending}", many), *ANYWAY, "--values", "counts")
    assert a.equals(b)  # of zeros alone, and so no part of any total


# Places ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", ["a\nb.csv", "a b.csv", "-x.csv", "'\".csv", "ä細.csv", "%s.csv", "\x1b[31m.csv", "x" * 240 + ".csv"])
def test_odd_names_of_files(model, tmp_path, name):
    source = write_csv(tmp_path / name, counts(12))
    run("predict", source, "-m", model, *ANYWAY, "-o", tmp_path / ("out" + name[-200:]))
    assert predict(model, source, *ANYWAY).shape[0] == 12
    source.write_text("")
    done = run("predict", source, "-m", model, expect=3)
    assert "\x1b" not in done.stderr and len(done.stderr.splitlines()) <= 2, done.stderr


def test_links_to_inputs_and_outputs(model, tmp_path):
    (tmp_path / "real").mkdir()
    source = write_csv(tmp_path / "real" / "cells.csv", counts(12))
    whole = run("predict", source, "-m", model, *ANYWAY).stdout
    (tmp_path / "relative.csv").symlink_to("real/cells.csv")
    (tmp_path / "absolute.csv").symlink_to(source)
    (tmp_path / "folder").symlink_to("real")
    for path in ("relative.csv", "absolute.csv", "folder/cells.csv"):
        assert run("predict", tmp_path / path, "-m", model, *ANYWAY).stdout == whole
        assert run("predict", path, "-m", model, *ANYWAY, cwd=tmp_path).stdout == whole
    (tmp_path / "out.tsv").symlink_to("real/out.tsv")
    run("predict", source, "-m", model, *ANYWAY, "-o", tmp_path / "out.tsv")
    assert (tmp_path / "out.tsv").is_symlink() and (tmp_path / "real" / "out.tsv").read_text() == whole
    (tmp_path / "loop.tsv").symlink_to("loop.tsv")
    assert "loop" in run("predict", source, "-m", model, *ANYWAY, "-o", tmp_path / "loop.tsv", expect=5).stderr


def without_privileges():
    """Root heeds permissions, too."""
    for capability in (1, 2, 3):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def test_folders_that_may_not_be_written_and_files_that_may_not_be_read(model, tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    source = write_csv(folder / "cells.csv", counts(12))
    folder.chmod(0o555)
    try:
        run("predict", source, "-m", model, *ANYWAY, "-o", tmp_path / "x.csv", preexec_fn=without_privileges)
        done = run("predict", source, "-m", model, *ANYWAY, "-o", folder / "x.csv", expect=5, preexec_fn=without_privileges)
        assert "Permission denied" in done.stderr and [path.name for path in folder.iterdir()] == ["cells.csv"]
    finally:
        folder.chmod(0o755)
    source.chmod(0)
    done = run("predict", source, "-m", model, *ANYWAY, expect=3, preexec_fn=without_privileges)
    assert "Permission denied" in done.stderr


# What the system grants ------------------------------------------------------------------------------------------------

def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def test_64_descriptors_are_enough(model, tmp_path):
    sources = [write_h5ad(tmp_path / f"{i}.h5ad", counts(12, seed=i)) for i in range(40)]
    (tmp_path / "list").write_text("".join(f"{path}\n" for path in sources))
    run("predict", "--inputs", tmp_path / "list", "-m", model, *ANYWAY, "--output-dir", tmp_path / "out", "--threads", 3,
        preexec_fn=few_descriptors)
    assert len(list((tmp_path / "out").glob("*.h5ad"))) == 40


def test_two_runs_to_one_output_leave_one_of_both(model, tmp_path):
    whole = []
    for seed in (1, 2):
        write_csv(tmp_path / f"{seed}.csv", counts(300, seed=seed))
        whole.append(run("predict", tmp_path / f"{seed}.csv", "-m", model, *ANYWAY, "--output-format", "csv").stdout.encode())
    for _ in range(3):
        both = [subprocess.Popen([SICMIR, "predict", tmp_path / f"{seed}.csv", "-m", model, *ANYWAY, "-o", tmp_path / "x.csv"],
                                 stderr=subprocess.DEVNULL) for seed in (1, 2)]
        assert [process.wait() for process in both] == [0, 0]
        assert (tmp_path / "x.csv").read_bytes() in whole
        assert {path.name for path in tmp_path.iterdir()} == {"1.csv", "2.csv", "x.csv"}


def memory_cgroup(n_bytes):
    """A new group with this much memory; a reason where it cannot be had."""
    for root, limit in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        group = pathlib.Path(root) / f"sicmir-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / limit).exists():  # else it is a folder like any other
                (group / limit).write_text(str(n_bytes))
                return group, ""
        except OSError:
            pass
        group.rmdir()
    return None, "NO CGROUP OF LIMITED MEMORY CAN BE MADE HERE"


def test_512_megabytes_are_enough_for_100000_cells(model, tmp_path):
    group, why_not = memory_cgroup(512 << 20)
    if group is None:
        pytest.skip(why_not)
    try:
        source = write_large(tmp_path / "large.h5ad", 100_000)
        run("predict", source, "-m", model, *ANYWAY, "-o", tmp_path / "x.h5ad", "--threads", 2,
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
    finally:
        group.rmdir()


# Many values -----------------------------------------------------------------------------------------------------------

def write_large(path, n_cells):
    """All genes in each cell, as CSR; the same 1,000 cells again and again, in chunks that are deflated once."""
    n_genes, per_chunk = len(SYMBOLS), 1000
    assert n_cells % per_chunk == 0
    values = np.maximum(counts(per_chunk).to_numpy(dtype=np.float32).T, 1)  # genes of zero would be stored as well
    pieces = {"data": values.astype("<f4"), "indices": np.tile(np.arange(n_genes, dtype="<i4"), (per_chunk, 1))}
    with h5py.File(path, "w", libver="latest") as file:
        file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
        matrix = file.create_group("X")
        matrix.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": np.array([n_cells, n_genes])})
        for name, piece in pieces.items():
            packed = zlib.compress(piece.tobytes(), 6)
            data = matrix.create_dataset(name, shape=(n_cells * n_genes,), dtype=piece.dtype, chunks=(piece.size,),
                                         compression="gzip")
            for at in range(0, n_cells * n_genes, piece.size):
                data.id.write_direct_chunk((at,), packed)
        matrix.create_dataset("indptr", data=np.arange(n_cells + 1, dtype="<i8") * n_genes, chunks=(1 << 16,), compression="gzip")
        for name, names in (("obs", np.char.add(b"c", np.arange(n_cells).astype("S"))), ("var", np.array(SYMBOLS, dtype="S"))):
            table = file.create_group(name)
            table.attrs.update({"encoding-type": "dataframe", "encoding-version": "0.2.0", "_index": "_index"})
            table.attrs.create("column-order", np.array([], dtype=h5py.string_dtype()), dtype=h5py.string_dtype())
            table.create_dataset("_index", data=names)
    return path


@pytest.mark.skipif(os.environ.get("SICMIR_LARGE") != "1" or bool(SANITIZE), reason="minutes: SICMIR_LARGE=1")
def test_more_than_2_to_the_31_values(model, tmp_path):
    n_cells = 2_300_000
    assert n_cells * len(SYMBOLS) > 2**31
    source, out = write_large(tmp_path / "large.h5ad", n_cells), tmp_path / "x.h5ad"
    run("predict", source, "-m", model, *ANYWAY, "-o", out, timeout=3000)
    with h5py.File(out) as file:
        x = file["X"]
        assert x.shape == (n_cells, 20)
        first = x[:1000]
        assert np.isfinite(first).all() and first.std() > 0
        for at in (1_000_000, 2_198_000, 2_199_000, n_cells - 1000):  # 2^31 values lie before cell 2,198,039
            assert (x[at:at + 1000] == first).all(), at
