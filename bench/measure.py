#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run by bench/run.sh: measure.py FOLDER SICMIR CELLS...

sicmir and the steps of the published method in Python (published_steps.py) alternate on the same
inputs. The output lists medians of wall and CPU seconds, the peak memory of the largest process, bytes
written, the ratio, and for each stage the share of its roofline: the time that this stage alone
would take at the peak rate of the machine, as a share of the wall time. Shares can add up to more than
100 %, because stages run in parallel. Rooflines are measured first: the rate of the processor for the
products of dense layers (GFLOP/s, all CPUs), reading a file from the page cache, and writing one."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import h5py
import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
folder, sicmir = pathlib.Path(sys.argv[1]), sys.argv[2]
cells = [int(word) for argument in sys.argv[3:] for word in argument.split()]
model = folder / "model.h5"
PYTHON = "/usr/bin/python3"
CPUS = len(os.sched_getaffinity(0))
ALONE = bool(os.environ.get("SICMIR_BENCH_ALONE"))
# 2 FLOP per weight of 977 -> 1024 -> 1024 -> 1298, with 977 values per cell.
FLOP_PER_CELL = 2 * (977 * 1024 + 1024 * 1024 + 1024 * 1298)
MOST_FOR_PYTHON = 100_000  # cells: 146 kB each


def timed(command, environment=None):
    """Uses time(1), because a child starts with the peak memory of its parent process."""
    figures = folder / "time.txt"
    done = subprocess.run(["/usr/bin/time", "-o", figures, "-f", "%e %U %S %M",
                           *map(str, command)], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        print(done.stderr.decode()[-500:], file=sys.stderr)
        return None
    _, user, system, kilobytes = map(float, figures.read_text().split()[-4:])
    return user + system, kilobytes / 1024


def run(command, environment=None):
    start = time.perf_counter()  # time(1) reports only hundredths
    rest = timed(command, environment)
    return None if rest is None else (time.perf_counter() - start, *rest)


def medians(results):
    results = [r for r in results if r is not None]
    return tuple(statistics.median(column) for column in zip(*results)) if results else None


def counts(n, level=None):
    path = folder / f"counts{n}{'' if level is None else '-gzip'}.h5ad"
    if not path.exists():
        options = [] if level is None else ["--gzip", level]
        subprocess.run([PYTHON, HERE / "make_counts.py", str(n), path, *map(str, options)],
                       check=True)
    return path


def table(n_samples, n_genes):
    """Values of bulk samples with four decimals, genes in rows."""
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


def rooflines(kernels_bench):
    """FLOP per second of all CPUs; bytes per second read from the cache and written."""
    done = subprocess.run([kernels_bench, "--benchmark_filter=dense/256",
                           "--benchmark_format=json"], capture_output=True, text=True)
    flops = json.loads(done.stdout)["benchmarks"][0]["FLOP"] * CPUS if done.returncode == 0 else 0
    block = bytes(1 << 24)
    path = folder / "roofline.bin"
    with open(path, "wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(64):
            file.write(block)
        write = (64 << 24) / (time.perf_counter() - start)
    rates = []
    for _ in range(3):
        with open(path, "rb", buffering=0) as file:
            start = time.perf_counter()
            target = bytearray(1 << 24)
            while file.readinto(target):
                pass
            rates.append((64 << 24) / (time.perf_counter() - start))
    path.unlink()
    return flops, statistics.median(rates), write


def whole_commands(lines):
    flops, read, write = lines
    print("\n| input | output | wall s | CPU s | MiB | bytes out | Python wall s | CPU s | MiB |"
          " ratio | network | reading | writing |\n" + "|---" * 13 + "|")
    work = [(99, table(99, 977), ".csv"), (1000, table(1000, 20000), ".csv")]
    for n in cells:
        if n <= MOST_FOR_PYTHON:
            work += [(n, counts(n), ".csv"), (n, counts(n, 4), ".h5ad")]
        work.append((n, counts(n), ".h5ad"))
    for n, source, ending in work:
        out = folder / f"out{ending}"
        ours, theirs, size = [], [], 0
        with_python = n <= MOST_FOR_PYTHON and "gzip" not in source.name and not ALONE
        rounds = 7 if n <= 1000 else 3 if n <= 300_000 else 1
        for turn in range(rounds):
            ours.append(run([sicmir, "predict", source, "-m", model, "-o", out]))
            size = out.stat().st_size if out.exists() else 0
            out.unlink(missing_ok=True)
            if with_python and turn < (3 if n <= 30_000 else 1):
                theirs.append(run([PYTHON, HERE / "published_steps.py", model, source, out]))
                out.unlink(missing_ok=True)
        us, them = medians(ours), medians(theirs)
        if us is None:
            print(f"| {source.name} | {ending} | failed |")
            continue
        python = (f"{them[0]:.2f} | {them[1]:.1f} | {them[2]:.0f} | {them[0] / us[0]:.1f}"
                  if them else "- | - | - | -")
        shares = " | ".join(f"{100 * seconds / us[0]:.0f} %" for seconds in
                            (n * FLOP_PER_CELL / flops if flops else 0,
                             source.stat().st_size / read, size / write))
        print(f"| {source.name} | {ending} | {us[0]:.3f} | {us[1]:.2f} | {us[2]:.0f} | {size} | "
              f"{python} | {shares} |", flush=True)


def read_by_h5py(path):
    start = time.perf_counter()
    with h5py.File(path) as file:
        pointers = file["X/indptr"][:]
        for first in range(0, len(pointers) - 1, 4096):
            last = min(first + 4096, len(pointers) - 1)
            for name in ("data", "indices"):
                file[f"X/{name}"][pointers[first]:pointers[last]]
        size = pointers[-1] * 8
    return size, time.perf_counter() - start


def reading():
    """`sicmir stats` reads and sums; h5py only reads. Rates: bytes of values and indices."""
    print("\n| input | sicmir stats s | GB/s | h5py s | GB/s | ratio |\n|---|---|---|---|---|---|")
    for n in [n for n in cells if n <= 300_000]:
        for path in (counts(n), counts(n, 4)):
            ours, theirs = [], []
            for _ in range(3):
                ours.append(run([sicmir, "stats", path, "-m", model, "-o", folder / "m.h5"])[0])
                size, seconds = read_by_h5py(path)
                theirs.append(seconds)
            us, them = statistics.median(ours), statistics.median(theirs)
            print(f"| {path.name} | {us:.2f} | {size / us / 1e9:.2f} | {them:.2f} | "
                  f"{size / them / 1e9:.2f} | {them / us:.1f} |", flush=True)


def main():
    processor = next((line.split(":")[1].strip() for line in
                      pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), "?")
    print(f"{time.strftime('%d %b %Y')}, {processor}, {CPUS} CPUs, load {os.getloadavg()[0]:.1f}")
    lines = rooflines(pathlib.Path(sicmir).parents[1] / "bench" / "kernels_bench")
    print(f"rooflines: {lines[0] / 1e9:.0f} GFLOP/s, reading {lines[1] / 1e9:.1f} GB/s (cached), "
          f"writing {lines[2] / 1e9:.1f} GB/s")
    whole_commands(lines)
    reading()


main()
