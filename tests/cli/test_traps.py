# SPDX-License-Identifier: BSD-3-Clause
"""User problems of docs/known-traps.md that no other test shows."""
import json
import os
import re
import resource
import shutil
import subprocess

import pytest

from program import PROJECT, SANITIZE, SICMIR, counts, run


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("input") / "counts.csv"
    counts(20).to_csv(path)
    return path


def test_no_progress_bar_outside_of_a_terminal(model, source, tmp_path):
    done = run("predict", source, "-m", model, "-o", tmp_path / "out.csv")
    assert "\r" not in done.stderr and "\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) < 20


def test_nothing_needs_a_network(model, source, tmp_path):
    unshare = shutil.which("unshare")
    alone = [unshare or "unshare", "--user", "--map-root-user", "--net"]
    if unshare is None or subprocess.run([*alone, "true"], capture_output=True).returncode != 0:
        pytest.skip("no network namespace can be made here")
    subprocess.run([*alone, SICMIR, "predict", source, "-m", model, "-o", tmp_path / "out.csv"],
                   check=True, capture_output=True, timeout=60)
    if SANITIZE:
        return  # the sanitizers bring names of their own
    symbols = subprocess.run(["nm", "--dynamic", "--undefined-only", SICMIR], text=True,
                             capture_output=True, check=True).stdout
    assert not re.search(r"\b(socket|connect|getaddrinfo)\b", symbols)


def test_words_of_a_file_neither_steer_the_terminal_nor_cut_a_message(model, tmp_path):
    values = counts(3).astype(str)
    values.columns = ["a", "\x1b[2Jb", "c"]
    values.iloc[900, 1] = "x\0\x1b]0;y\x07"
    values.to_csv(tmp_path / "odd.csv")
    done = run("predict", tmp_path / "odd.csv", "-m", model, expect=3)
    assert r'column 3 ("\x1b[2Jb"): "x\x00\x1b]0;y\x07" is not a number. Expected' in done.stderr
    assert not any(c < " " and c != "\n" for c in done.stderr)


@pytest.mark.skipif(SANITIZE != "", reason="sanitizers map memory of their own")
def test_a_process_that_may_have_little_memory_is_told_so(model, source, tmp_path):
    """Batch systems and shells set such limits (ulimit -v, -u, -n); none may end in a signal."""
    def limited(what, most, *arguments):
        return subprocess.run([SICMIR, *map(str, arguments)], capture_output=True, text=True,
                              timeout=120, preexec_fn=lambda: resource.setrlimit(what, (most, most)))
    for megabytes in range(30, 130, 10):
        done = limited(resource.RLIMIT_AS, megabytes << 20, "--version")
        assert done.returncode in (0, 127), (megabytes, done.stderr)  # 127: no room for libraries
    few = [source, "-m", model, "-o", tmp_path / "out.csv"]
    done = limited(resource.RLIMIT_AS, 400 << 20, "predict", *few, "--threads", 1000)
    assert done.returncode == 1 and "--threads" in done.stderr, done.stderr
    done = limited(resource.RLIMIT_NOFILE, 4, "predict", *few)
    assert done.returncode != 0 and "Too many open files" in done.stderr, done.stderr


def test_as_many_threads_as_the_process_may_use(model, source, tmp_path):
    one = min(os.sched_getaffinity(0))
    for variables in ({}, {"SLURM_CPUS_PER_TASK": "1000", "SLURM_JOB_CPUS_PER_NODE": "72(x2)",
                           "OMP_NUM_THREADS": "many"}):
        subprocess.run([SICMIR, "predict", source, "-m", model, "-o", tmp_path / "out.csv",
                        "--report", tmp_path / "report.json"], check=True, capture_output=True,
                       preexec_fn=lambda: os.sched_setaffinity(0, {one}),
                       env={**os.environ, **variables})
        assert json.loads((tmp_path / "report.json").read_text())["threads"] == 1


def test_the_build_downloads_nothing_and_insists_on_hdf5():
    texts = {path: path.read_text() for path in
             [PROJECT / "CMakeLists.txt", *PROJECT.glob("*/CMakeLists.txt"),
              *PROJECT.glob("src/cmake/*")]}
    for path, text in texts.items():
        for word in ("FetchContent", "ExternalProject", "file(DOWNLOAD", "git clone", "-march=native"):
            assert word not in text, f"{path}: {word}"
    assert re.search(r"find_package\(HDF5 REQUIRED", texts[PROJECT / "CMakeLists.txt"])
