# SPDX-License-Identifier: BSD-3-Clause
"""HDF5 files that tests/fuzz/mutate_h5.py damages: a few of each format. More: tests/fuzz/README.md."""
import os
import random
import subprocess
import sys

import pytest

from program import PROJECT, SANITIZE, SICMIR

MUTATOR = PROJECT / "tests" / "fuzz" / "mutate_h5.py"
sys.path.insert(0, str(MUTATOR.parent))
import mutate_h5  # noqa: E402


def mutants(program, model, *arguments):
    return subprocess.run([sys.executable, MUTATOR, "--program", program, "--model", model, *arguments,
                           "--memory", "0" if SANITIZE else "3000"], capture_output=True, text=True, timeout=300)


def test_damaged_files_are_read_or_refused_in_words(model):
    runs = os.environ.get("SICMIR_H5_MUTANTS", "4")  # per format
    done = mutants(SICMIR, model, "--runs", runs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{11 * int(runs)} mutants" in done.stdout


@pytest.mark.parametrize("ending, fault", [("exit 1", "exit 1"), ("kill -SEGV $$", "exit -11"),
                                           ("exit 3", "refused without a word"),
                                           ("echo no >&2; exit 3", None)])
def test_faults_are_seen(model, tmp_path, ending, fault):
    program = tmp_path / "program"
    # Profiles are made by the program itself; all else that it does is the fault.
    program.write_text(f"#!/bin/sh\ncase \"$*\" in *made.h5mu) exec '{SICMIR}' \"$@\";; esac\n{ending}\n")
    program.chmod(0o755)
    done = mutants(program, model, "--runs", "1", "--format", "tenx_3")
    assert done.returncode == (1 if fault else 0), done.stdout + done.stderr
    assert fault is None or f"tenx_3 0 of seed 1: {fault}" in done.stdout


@pytest.mark.parametrize("name", ["tenx_3", "loom", "h5ad_csr"])
def test_a_mutant_is_always_the_same(tmp_path, name):
    made = []
    for again in ("a", "b"):
        path = tmp_path / f"{again}.h5"
        mutate_h5.FORMATS[name](path)
        words = [mutate_h5.mutate(path, random.Random(f"1 {name} {number}")) for number in range(3)]
        made.append((words, path.read_bytes()))
    assert made[0] == made[1]
