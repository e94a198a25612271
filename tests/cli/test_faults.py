# SPDX-License-Identifier: BSD-3-Clause
"""Calls of the system that fail while outputs are written: a seeded sample; scripts/torture.sh tries all."""
import random
import sys

import pytest

from program import PROJECT, SANITIZE

sys.path.insert(0, str(PROJECT / "tests" / "faults"))
import faults  # noqa: E402

pytestmark = pytest.mark.skipif(bool(SANITIZE), reason="a sanitizer has an allocator of its own")

SCENES = ["predict stdout", "predict csv.gz", "predict h5ad", "predict --into-obsm", "network"]


@pytest.fixture(scope="module")
def stage(model, tmp_path_factory):
    return faults.Stage(tmp_path_factory.mktemp("faults"), model)


def told(bad):
    return "\n".join(f"{fault}: {'; '.join(wrong)}\n{ending.errors}" for fault, wrong, ending in bad)


def last_calls(play):
    """The last calls of each kind: those that close an output and give it its name."""
    for kind in ("write", "close", "rename", "sync", "truncate"):
        n_calls = play.calls(kind)
        for at in range(max(1, n_calls - 1), n_calls + 1):
            yield faults.Fault(kind, at, "ENOSPC" if kind in ("write", "truncate") else "EIO")


@pytest.mark.parametrize("name", SCENES)
def test_an_output_that_cannot_be_written_is_never_called_done(stage, name):
    play = faults.Play(stage, stage.scenes[name])
    places = [*last_calls(play), *random.Random(name).sample(faults.positions_of(play, {
        "write": faults.KINDS["write"], "open": faults.KINDS["open"]}), 4)]
    tried, met, bad = faults.check(play, places)
    assert met == tried and not bad, told(bad)


@pytest.mark.parametrize("name", ["predict h5ad", "merge"])
def test_an_allocation_that_fails_ends_in_words(stage, name):
    play = faults.Play(stage, stage.scenes[name])
    n_calls = play.calls("memory")
    places = sorted(random.Random(name).sample(range(1, n_calls), 10))
    tried, met, bad = faults.check(play, [faults.Fault("memory", at, "ENOMEM") for at in places])
    assert met > 0 and not bad, told(bad)
