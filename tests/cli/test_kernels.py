# SPDX-License-Identifier: BSD-3-Clause
"""One program for every x86-64 machine: the kernels are built twice, dense layers in bf16 once, and
chosen at run time."""
import os
import pathlib
import re
import subprocess

import numpy as np
import pytest

from program import SANITIZE, counts, predict, run

SETS = ("v2", "v3")
ALL_SETS = (*SETS, "bf16")
OBJECTS = {
    name: sorted(pathlib.Path(os.environ["SICMIR_BUILD"]).glob(
        f"src/CMakeFiles/sicmir_kernels_{name}.dir/**/*.o")) for name in ALL_SETS}
HAS_AVX2 = "avx2" in pathlib.Path("/proc/cpuinfo").read_text()

needs_kernels = pytest.mark.skipif(not all(OBJECTS.values()), reason="no x86-64 build")


def shared_symbols(name):
    """Symbols of the set's objects that the linker may merge with another object's."""
    found = set()
    for path in OBJECTS[name]:
        lines = subprocess.run(["nm", "-C", "--defined-only", path], capture_output=True,
                               text=True, check=True).stdout.splitlines()
        for line in lines:
            kind, symbol = re.fullmatch(r"[0-9a-f]+ (.) (.*)", line).groups()
            # The DW.ref entry only holds the address of the exception handler.
            if kind in "ABCDGRSTVWiu" and not symbol.startswith("DW.ref."):
                found.add(symbol)
    return found


@needs_kernels
@pytest.mark.skipif(SANITIZE != "", reason="sanitizers add symbols of their own")
@pytest.mark.parametrize("name", ALL_SETS)
def test_every_shared_symbol_names_its_instruction_set(name):
    symbols = shared_symbols(name)
    assert symbols
    strangers = [s for s in symbols if f"Eigen_{name}" not in s and f"kernels_{name}" not in s]
    assert not strangers
    assert not [s for s in symbols if "Eigen::" in s]


@needs_kernels
@pytest.mark.skipif(SANITIZE != "", reason="sanitizers add symbols of their own")
def test_no_symbol_is_defined_for_both_instruction_sets():
    symbols = [symbol for name in ALL_SETS for symbol in shared_symbols(name)]
    assert len(symbols) == len(set(symbols))


def test_an_unknown_kernel_is_a_usage_error_that_lists_those_there_are(model, tmp_path):
    counts().to_csv(tmp_path / "counts.csv")
    done = run("predict", tmp_path / "counts.csv", "-m", model, expect=2,
               env={**os.environ, "SICMIR_KERNEL": "nonsense"})
    assert "SICMIR_KERNEL is 'nonsense'" in done.stderr
    assert done.stdout == ""


@needs_kernels
@pytest.mark.skipif(not HAS_AVX2, reason="this processor has no AVX2")
def test_both_kernels_agree_and_the_faster_one_is_the_default(full_model, tmp_path):
    counts(300).to_csv(tmp_path / "counts.csv")
    tables, chosen = {}, {}
    for kernel in ("", *SETS):
        report = tmp_path / f"report{kernel}.json"
        tables[kernel] = predict(full_model, tmp_path / "counts.csv", "--report", report,
                                 env={**os.environ, "SICMIR_KERNEL": kernel})
        chosen[kernel] = re.search(r'"kernel": "(\w+)"', report.read_text()).group(1)
    assert chosen == {"": "v3", "v2": "v2", "v3": "v3"}
    np.testing.assert_array_equal(tables[""], tables["v3"])
    np.testing.assert_allclose(tables["v2"], tables["v3"], rtol=0, atol=1e-5)
