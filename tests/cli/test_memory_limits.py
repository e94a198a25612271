# SPDX-License-Identifier: BSD-3-Clause
"""Lack of memory ends in words, never by a signal: a few limits; scripts/check_memory.py tries all."""
import random
import sys

import pytest

from program import PROJECT, SANITIZE

sys.path.insert(0, str(PROJECT / "scripts"))
import check_memory  # noqa: E402

pytestmark = pytest.mark.skipif(bool(SANITIZE), reason="sanitizers map terabytes of address space")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return check_memory.make_inputs(tmp_path_factory.mktemp("inputs"), 200)


@pytest.mark.parametrize("name, threads", [("h5ad", 1), ("h5ad", 3), ("csv", 2), ("mtx", 1)])
def test_too_little_memory_ends_in_words(model, tmp_path, inputs, name, threads):
    start = check_memory.first_limit(tmp_path)
    sweep = check_memory.Sweep(tmp_path, inputs[name], model, threads)
    enough = start
    while not sweep.wrong(enough)[0]:
        enough += 32
    tried = sorted(random.Random(f"{name} {threads}").sample(range(start, enough), 10))
    found = {at: sweep.wrong(at) for at in tried}
    assert {at: wrong for at, (_, wrong) in found.items() if wrong} == {}
    assert not all(is_enough for is_enough, _ in found.values())
