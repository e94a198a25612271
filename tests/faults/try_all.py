#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every position of every kind of call in every scene; a table of what was tried and what broke.

usage: try_all.py [--scene TEXT] [--kinds write,open] [--memory N] [--every N] [--seed N]
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import faults  # noqa: E402
from scenes import PROJECT  # noqa: E402


def print_fault(scene, fault, wrong, ending):
    words = ending.errors.strip().splitlines()
    print(f"BROKEN {scene}: {fault}: {'; '.join(wrong)} [exit {ending.code}] {' | '.join(words[-2:])[:300]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scene", default="", help="only scenes whose name contains this")
    parser.add_argument("--kinds", default=",".join(faults.KINDS), help="only these kinds of calls")
    parser.add_argument("--memory", type=int, default=0, help="seeded allocations per scene that fail")
    parser.add_argument("--stacks", action="store_true", help="allocations: one of each call stack and more")
    parser.add_argument("--every", type=int, default=1, help="only one position of so many")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kinds = {kind: faults.KINDS[kind] for kind in options.kinds.split(",") if kind}
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = folder / "model.h5"
        subprocess.run([os.environ["SICMIR_MAKE_MODEL"], PROJECT / "data", model, "20", "64"], check=True)
        stage = faults.Stage(folder / "stage", model)
        print("scene\tkind\tpositions\ttried\tmet\tbroken\tseconds", flush=True)
        for name, scene in stage.scenes.items():
            if options.scene not in name:
                continue
            play = faults.Play(stage, scene)
            for kind, errors in kinds.items():
                start = time.time()
                every = faults.positions_of(play, {kind: errors})
                chosen = every if options.every == 1 else random.Random(options.seed).sample(
                    every, (len(every) + options.every - 1) // options.every)
                tried, met, bad = faults.check(play, chosen, options.seed, print_fault)
                broken += len(bad)
                n_positions = len({fault.at for fault in every})
                print(f"{name}\t{kind}\t{n_positions}\t{tried}\t{met}\t{len(bad)}\t{time.time() - start:.1f}", flush=True)
            if options.memory or options.stacks:
                start = time.time()
                n_calls = play.calls("memory")
                places = []
                if options.memory:
                    places = sorted(random.Random(options.seed).sample(range(1, n_calls + 1), min(options.memory, n_calls)))
                if options.stacks:
                    by_stack, _, n_stacks = faults.stack_positions(play)
                    print(f"# {name}: {n_stacks} call stacks", flush=True)
                    places = sorted({*places, *by_stack})
                tried, met, bad = faults.check(
                    play, [faults.Fault("memory", at, "ENOMEM") for at in places], options.seed, print_fault)
                broken += len(bad)
                print(f"{name}\tmemory\t{n_calls}\t{tried}\t{met}\t{len(bad)}\t{time.time() - start:.1f}", flush=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
