# SPDX-License-Identifier: BSD-3-Clause
"""Bytes that do not change with what must not matter: a part of scripts/check_determinism.py."""
import sys

import pytest

from program import PROJECT, SANITIZE

sys.path.insert(0, str(PROJECT / "scripts"))
import check_determinism  # noqa: E402


@pytest.mark.skipif(bool(SANITIZE), reason="a sanitizer's allocator is not the one that is varied")
def test_threads_blocks_locale_environment_and_memory_change_no_byte(tmp_path, capsys):
    lines = []
    wrong = check_determinism.check(tmp_path, quick=True, report=lines.append)
    with capsys.disabled():
        for line in lines:
            if line.startswith("SKIPPED"):
                print(line)
    assert not wrong
    assert len(lines) > len(check_determinism.QUICK)


def test_a_byte_that_differs_is_found():
    a = {"x.tsv": b'{"n": 1, "seconds": 0.5}', "y": b"same"}
    assert check_determinism.differences(a, {**a, "x.tsv": b'{"n": 1, "seconds": 0.7}'}) == []
    assert check_determinism.differences(a, {**a, "x.tsv": b'{"n": 2, "seconds": 0.5}'}) == ["x.tsv"]
    assert check_determinism.differences(a, {"y": b"same"}) == ["x.tsv"]
