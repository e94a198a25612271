#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs `predict` under every limit of memory, from one too low to start to one that is enough.

usage: check_memory.py [--step MB] [--threads 1,2,3] [--input TEXT] [--cells N]

The limit is of address space (ulimit -v), as it is the same on every machine. Every run must end with exit code 0 and
the right bytes, or with exit code 1 and words that name memory or threads: never by a signal, never with a file called
damaged, and with nothing left behind. SICMIR and SICMIR_MAKE_MODEL name the programs.
"""
import argparse
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "cli"))
from program import SICMIR, SYMBOLS, counts  # noqa: E402

MB = 1 << 20
IN_A_ROW = 25  # so many limits that are enough end a sweep: threads make the need vary


def make_inputs(folder, n_cells):
    """The same counts as .h5ad, as a table, and as a folder of Matrix Market."""
    import anndata
    import numpy as np
    import pandas as pd
    import scipy.io
    import scipy.sparse
    genes = [*SYMBOLS, *(f"OTHER{i}" for i in range(3000))]
    table = counts(n_cells, genes, seed=5)
    sparse = scipy.sparse.csr_matrix(table.to_numpy(dtype=np.float32).T)
    anndata.AnnData(sparse, dtype=np.float32, obs=pd.DataFrame(index=table.columns),
                    var=pd.DataFrame(index=genes)).write_h5ad(folder / "cells.h5ad", compression="gzip")
    table.to_csv(folder / "cells.csv")
    (folder / "mtx").mkdir()
    scipy.io.mmwrite(str(folder / "mtx" / "matrix.mtx"), scipy.sparse.coo_matrix(table.to_numpy()), field="integer")
    (folder / "mtx" / "barcodes.tsv").write_text("".join(f"{cell}\n" for cell in table.columns))
    (folder / "mtx" / "genes.tsv").write_text("".join(f"{gene}\t{gene}\n" for gene in genes))
    return {"h5ad": folder / "cells.h5ad", "csv": folder / "cells.csv", "mtx": folder / "mtx"}


def limited(limit, arguments, folder):
    def limit_memory():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return subprocess.run([SICMIR, *map(str, arguments)], capture_output=True, timeout=300, preexec_fn=limit_memory,
                          env={**os.environ, "TMPDIR": str(folder)})


def first_limit(folder):
    """The lowest at which the program starts at all, in MB."""
    low, high = 4, 512
    while high - low > 1:
        middle = (low + high) // 2
        if limited(middle * MB, ["--version"], folder).returncode == 0:
            high = middle
        else:
            low = middle
    return high


class Sweep:
    def __init__(self, folder, source, model, threads, ending=".h5ad"):
        self.out, self.temporary = folder / "out", folder / "temporary"
        self.ending = ending
        self.arguments = ["predict", source, "-m", model, "--threads", threads, "-o", self.out / f"x{ending}"]
        self.right = self.run(1 << 40)[1]
        assert self.right is not None

    def run(self, limit):
        for folder in (self.out, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        done = limited(limit, self.arguments, self.temporary)
        output = self.out / f"x{self.ending}"
        return done, output.read_bytes() if output.exists() else None

    def wrong(self, megabytes):
        """(is it enough, what is wrong) at this limit."""
        done, output = self.run(megabytes * MB)
        words = done.stderr.decode(errors="replace")
        left = [path.name for folder in (self.out, self.temporary) for path in folder.iterdir()
                if path.name != f"x{self.ending}"]
        if left:
            return False, f"left behind: {left}"
        if done.returncode == 0:
            return True, "" if output == self.right else "exit 0 with other bytes"
        if done.returncode != 1:
            return False, f"exit {done.returncode}: {words.strip()[-300:]}"
        if "memory" not in words and "thread" not in words:
            return False, f"exit 1 without the reason: {words.strip()[-300:]}"
        return False, "" if output in (None, self.right) else "a wrong output was left"

    def every(self, start, step, report):
        """From `start` MB on; (runs, limits that were enough, faults)."""
        n_runs, enough, bad, row, at = 0, 0, [], 0, start
        while row < max(3, IN_A_ROW // step):
            is_enough, wrong = self.wrong(at)
            n_runs += 1
            enough += is_enough
            row = row + 1 if is_enough else 0
            if wrong:
                bad.append((at, wrong))
                report(f"BROKEN at {at} MB: {wrong}")
            at += step
        return n_runs, enough, bad, at - step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--threads", default="1,2,3")
    parser.add_argument("--input", default="")
    parser.add_argument("--cells", type=int, default=600)
    options = parser.parse_args()
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = folder / "model.h5"
        subprocess.run([os.environ["SICMIR_MAKE_MODEL"], PROJECT / "data", model, "20", "64"], check=True)
        start_at = first_limit(folder)
        print(f"starts from {start_at} MB on\ninput\tthreads\truns\tfrom MB\tto MB\tenough\tbroken\tseconds", flush=True)
        for name, source in make_inputs(folder, options.cells).items():
            if options.input not in name:
                continue
            for threads in options.threads.split(","):
                start = time.time()
                sweep = Sweep(folder, source, model, threads)
                n_runs, enough, bad, last = sweep.every(start_at, options.step, lambda line: print(line, flush=True))
                broken += len(bad)
                print(f"{name}\t{threads}\t{n_runs}\t{start_at}\t{last}\t{enough}\t{len(bad)}\t{time.time() - start:.1f}",
                      flush=True)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
