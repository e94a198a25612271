# SPDX-License-Identifier: BSD-3-Clause
"""What the built program is protected by, as its ELF headers tell."""
import re
import subprocess

from program import SICMIR


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, SICMIR], capture_output=True, text=True, check=True).stdout


def test_the_program_lies_at_addresses_that_are_not_known_before():
    assert re.search(r"Type:\s+DYN \(Position-Independent Executable", readelf("--file-header"))
    assert re.search(r"FLAGS_1.*\bPIE\b", readelf("--dynamic"))


def test_tables_of_functions_are_read_only_once_it_runs():
    assert "GNU_RELRO" in readelf("--program-headers")
    dynamic = readelf("--dynamic")
    assert re.search(r"\(FLAGS\).*\bBIND_NOW\b", dynamic) and re.search(r"FLAGS_1.*\bNOW\b", dynamic)


def test_no_memory_is_both_written_and_executed():
    headers = readelf("--program-headers")
    assert re.search(r"GNU_STACK.* RW +0x", headers)
    assert not re.search(r"^\s*LOAD.* RWE ", headers, re.M)
    assert "TEXTREL" not in readelf("--dynamic")
