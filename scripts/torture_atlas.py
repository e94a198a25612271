#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`kill -9` at many moments of `sicmir atlas add` and `sicmir atlas index`.

  scripts/torture_atlas.py PROGRAM [MOMENTS [SEED]]     default: 30 moments each, seed 1

The moments are spread evenly over the time that an undisturbed run takes, each shifted by a random part of the step
(seeded; when exactly the signal arrives is up to the machine). After each kill:

- add: the data set is there whole or not at all; `index` makes a catalogue of the sets that are there; `add --resume`
  ends well; the set's files are those of the undisturbed run.
- index: the catalogue is the old one or the new one, byte for byte, and the site's manifest names only files that are
  there; `index --resume` makes the bytes of the undisturbed run.
- `atlas check` then finds nothing.

Prints how many runs were killed before they ended, and every finding; exits with 1 if there is one. Needs
python3-anndata.
"""
import gzip
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import anndata
import numpy as np
import pandas as pd

PROJECT = pathlib.Path(__file__).resolve().parent.parent
program = sys.argv[1]
moments = int(sys.argv[2]) if len(sys.argv) > 2 else 30
draw = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
findings = []


def note(what):
    findings.append(what)
    print("FOUND:", what, flush=True)


def cells(seed, n=4000):
    symbols = list(pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str)["symbol"])
    random_ = np.random.default_rng(seed)
    base = random_.gamma(0.7, 4.0, len(symbols)) + 0.05
    kinds = random_.integers(0, 3, n)
    factors = np.exp(random_.normal(0, 0.6, (3, len(symbols))))
    obs = pd.DataFrame({"cell_type": np.array(["B", "T", "NK"])[kinds], "sample": [f"s{i % 6}" for i in range(n)],
                        "disease": [["normal", "ill"][i % 2] for i in range(n)]}, index=[f"c{i}" for i in range(n)])
    data = anndata.AnnData(random_.poisson(base * factors[kinds]).astype(np.float32), obs=obs, dtype=np.float32,
                           var=pd.DataFrame(index=symbols))
    data.obsm["X_umap"] = random_.normal(0, 3, (n, 2)).astype(np.float32)
    return data


def command(*words):
    return [program, "atlas", *map(str, words)]


def run(*words):
    return subprocess.run(command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def well(*words):
    done = run(*words)
    if done.returncode:
        note(f"{' '.join(map(str, words[:1]))}: exit {done.returncode}: {(done.stderr + done.stdout).strip()[-400:]}")
    return done


def files(folder, but=()):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in but}


def kill_at(seconds, *words):
    """Whether the run was killed before it ended."""
    process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    watched = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    killed = process.wait() == -signal.SIGKILL
    # The process that works is told to end when the one that watches it is gone, and does so in its own time; until
    # then --resume is refused, as it has to be.
    while any(pathlib.Path(f"/proc/{pid}").exists() for pid in watched):
        time.sleep(0.01)
    return killed


def duration(make, *words):
    """The median of three undisturbed runs."""
    times = []
    for _ in range(3):
        make()
        start = time.monotonic()
        well(*words)
        times.append(time.monotonic() - start)
    return sorted(times)[1]


def site_is_whole(site):
    manifest = json.loads((site / "manifest.json").read_bytes())
    names = [*manifest["files"].values(), *(key for _, key in manifest["search"]), *(key for _, key in manifest["genes"])]
    for name in ("mirnas", "types", "datasets"):
        key = manifest["files"][name]
        names += json.loads(gzip.decompress((site / "d" / key[:2] / f"{key}.bin").read_bytes()))["file"]
    return [key for key in names if not (site / "d" / key[:2] / f"{key}.bin").is_file()]


def kill_adds(folder, start, adding):
    work = folder / "work"

    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(start, work)
    seconds = duration(fresh, *adding)
    right = files(work / "data" / "sets" / "b")
    killed = there = 0
    for i in range(moments):
        fresh()
        killed += kill_at(seconds * (i + draw.random()) / moments, *adding)
        place = work / "data" / "sets" / "b"
        if place.exists():
            there += 1
            if files(place) != right:
                note(f"add, moment {i}: a set that is not whole")
        well("index", work)
        well(*adding, "--resume")
        if files(place) != right:
            note(f"add, moment {i}: --resume made other bytes")
        well("index", work)
        well("check", work)
    print(f"add: {moments} moments over {seconds:.2f} s; {killed} killed before the end; the set was there after {there}")


def kill_indexes(folder, start):
    work = folder / "work"

    def fresh():
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(start, work)
    old = (start / "data" / "catalogue.sqlite").read_bytes()
    seconds = duration(fresh, "index", work)
    right, new = files(work / "site"), (work / "data" / "catalogue.sqlite").read_bytes()
    killed = n_old = 0
    for i in range(moments):
        fresh()
        killed += kill_at(seconds * (i + draw.random()) / moments, "index", work)
        now = (work / "data" / "catalogue.sqlite").read_bytes()
        n_old += now == old
        if now not in (old, new):
            note(f"index, moment {i}: a catalogue that is neither the old nor the new one")
        missing = site_is_whole(work / "site")
        if missing:
            note(f"index, moment {i}: the manifest names {len(missing)} files that are not there")
        well("index", work, "--resume")
        if files(work / "site") != right or (work / "data" / "catalogue.sqlite").read_bytes() != new:
            note(f"index, moment {i}: --resume made other bytes")
        well("check", work)
    print(f"index: {moments} moments over {seconds:.2f} s; {killed} killed before the end; the old catalogue stood after {n_old}")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        atlas = folder / "atlas"
        options = ["--group-by", "cell_type", "--sample", "sample", "--disease", "disease", "--public", "cells"]
        for i, label in enumerate("ab"):
            cells(i).write_h5ad(folder / f"{label}.h5ad")
        well("add", atlas, folder / "a.h5ad", "--id", "a", *options)
        well("index", atlas)
        kill_adds(folder, atlas, ["add", folder / "work", folder / "b.h5ad", "--id", "b", *options])
        well("add", atlas, folder / "b.h5ad", "--id", "b", *options)
        kill_indexes(folder, atlas)
    print(f"{len(findings)} findings")
    return 1 if findings else 0


sys.exit(main())
