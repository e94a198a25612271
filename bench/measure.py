#!/usr/bin/env python3
"""What bench/run.sh runs: measure.py FOLDER SICMIR CELLS... Medians of three runs (one for the
Python steps): wall and CPU seconds, peak memory of the largest process, bytes out, ratio, and the
share of the processor's float32 peak that the whole command reaches."""
import os
import pathlib
import statistics
import subprocess
import sys

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
folder, sicmir = pathlib.Path(sys.argv[1]), sys.argv[2]
cells = [int(word) for argument in sys.argv[3:] for word in argument.split()]
model = folder / "model.h5"
PYTHON = "/usr/bin/python3"
# 2 FLOP a weight of 977 -> 1024 -> 1024 -> 1298.
FLOP_PER_CELL = 2 * (977 * 1024 + 1024 * 1024 + 1024 * 1298)
# 32 FLOP a cycle and core; GHz from the environment where it is not this.
PEAK = 32e9 * float(os.environ.get("SICMIR_BENCH_GHZ", "3.6")) * len(os.sched_getaffinity(0))


def timed(command):
    """Through time(1): a child begins with the peak memory of the process that started it."""
    figures = folder / "time.txt"
    done = subprocess.run(["/usr/bin/time", "-o", figures, "-f", "%e %U %S %M",
                           *map(str, command)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, env={**os.environ, "SICMIR_SUPERVISE": "0"})
    if done.returncode != 0:
        return None
    wall, user, system, kilobytes = map(float, figures.read_text().split()[-4:])
    return wall, user + system, kilobytes / 1024


def median(command, runs):
    results = [timed(command) for _ in range(runs)]
    if None in results:
        return None
    return tuple(statistics.median(column) for column in zip(*results))


def counts(n, level=None):
    path = folder / f"counts{n}{'' if level is None else '-gzip'}.h5ad"
    if not path.exists():
        options = [] if level is None else ["--gzip", level]
        subprocess.run([PYTHON, HERE / "make_counts.py", str(n), path, *map(str, options)],
                       check=True)
    return path


def table(n_samples, n_genes):
    """Values of bulk samples with four decimals, genes as lines."""
    path = folder / f"bulk{n_samples}x{n_genes}.csv"
    if not path.exists():
        lines = (HERE.parent / "data" / "landmarks.tsv").read_text().splitlines()
        panel = [line.split("\t")[0] for line in lines if not line.startswith("#")][1:]
        names = panel + [f"OTHER{i}" for i in range(n_genes - len(panel))]
        random = np.random.default_rng(1)
        values = np.maximum(random.normal(random.gamma(0.8, 3.0, (n_genes, 1)), 1.0,
                                          (n_genes, n_samples)), 0)
        pd.DataFrame(values, names, [f"s{i}" for i in range(n_samples)]).to_csv(
            path, float_format="%.4f")
    return path


work = [(99, table(99, 977), ".csv"), (1000, table(1000, 20000), ".csv")]
for n in cells:
    work += [(n, counts(n), ".csv"), (n, counts(n), ".h5ad"), (n, counts(n, 4), ".h5ad")]
print(f"load {os.getloadavg()[0]:.1f}, {len(os.sched_getaffinity(0))} CPUs")
print("| input | output | wall s | CPU s | MiB | bytes out | Python wall s | Python MiB | ratio |"
      " share of peak |\n|---|---|---|---|---|---|---|---|---|---|")
for n, source, ending in work:
    out = folder / f"out{ending}"
    ours = median([sicmir, "predict", source, "-m", model, "-o", out], 3)
    size = out.stat().st_size if ours else 0
    out.unlink(missing_ok=True)
    theirs = None
    if n <= 100_000 and "gzip" not in source.name and not os.environ.get("SICMIR_BENCH_ALONE"):
        theirs = median([PYTHON, HERE / "published_steps.py", model, source, out], 1)
        out.unlink(missing_ok=True)
    if ours is None:
        print(f"| {source.name} | {ending} | failed |")
        continue
    share = n * FLOP_PER_CELL / ours[0] / PEAK
    python = (f"{theirs[0]:.1f} | {theirs[2]:.0f} | {theirs[0] / ours[0]:.1f}" if theirs
              else "- | - | -")
    print(f"| {source.name} | {ending} | {ours[0]:.2f} | {ours[1]:.2f} | {ours[2]:.0f} | {size} | "
          f"{python} | {100 * share:.0f} % |", flush=True)
