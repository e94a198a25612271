#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""One input, one output: runs commands again and again while what must not matter changes, and compares bytes.

usage: check_determinism.py [--command TEXT] [--quick]

Changed are threads, cells per block, shards, the locale (decimal comma), the time zone, the umask, the environment,
the working directory, addresses in memory, what fresh memory holds, and the size of HDF5's and the allocator's caches.
SICMIR and SICMIR_MAKE_MODEL name the programs.
"""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

PROJECT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "tests" / "faults"))
import scenes  # noqa: E402
from program import SICMIR  # noqa: E402

COMMANDS = ["predict csv", "predict tsv of 10x", "predict csv.gz", "predict h5ad", "predict h5ad gzip",
            "predict --into-obsm", "predict --pool", "stats", "profile", "markers", "markers h5ad", "compare", "network",
            "crosstalk", "explain", "report", "atlas add", "atlas index", "train", "evaluate", "export npz"]
QUICK = ["predict csv", "predict h5ad", "stats", "profile", "markers", "atlas index"]
WITHOUT_THREADS = ("merge", "export", "import", "evaluate", "atlas info", "atlas remove")
WITH_BLOCKS = ("predict", "stats", "profile", "markers h5ad", "report", "pool")
# What tells when, where, or for how long a run was; all else is compared byte by byte.
TELLS_TIME = [re.compile(rb'"(added|made|started|finished|created|time|date|seconds|host|pid)":\s*("[^"]*"|[0-9.e+-]+)'),
              re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:?\d\d| UTC)?")]


def make_locale(folder):
    """Environment with a locale that writes 1,5; {} and a word of why if this machine cannot have one."""
    done = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")], capture_output=True,
                          text=True)
    if not (folder / "de_DE.UTF-8").exists():
        return {}, f"SKIPPED: no locale with a decimal comma ({done.stderr.strip()[:80] or 'localedef failed'})"
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, ""


class Variant:
    """A change that must not matter."""

    def __init__(self, name, options=(), environment=None, umask=None, empty=False, before=(), cwd=None, only=None):
        self.name, self.options, self.before = name, list(options), list(before)
        self.environment, self.umask, self.empty, self.cwd, self.only = environment or {}, umask, empty, cwd, only


def variants(folder, quick):
    locale, why_not = make_locale(folder)
    found = [Variant("again"), *(Variant(f"{n} threads", ["--threads", n], only="threads") for n in (1, 2, 3, 8)),
             *(Variant(f"blocks of {n}", ["--block-cells", n], only="blocks") for n in (1, 7, 256, 4096))]
    if locale:
        found.append(Variant("decimal comma", environment=locale))
    found += [Variant("time zone", environment={"TZ": "Asia/Kathmandu"}), Variant("umask 077", umask=0o077),
              Variant("empty environment", empty=True),
              Variant("large environment", environment={f"VARIABLE_{i}": "x" * 1000 for i in range(50)}),
              Variant("other folder", cwd="/"),
              Variant("fresh memory of 0xA5", environment={"MALLOC_PERTURB_": "165", "MALLOC_ARENA_MAX": "1"}),
              Variant("no allocator's cache", environment={"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}),
              Variant("fixed addresses", before=["setarch", "-R"]),
              Variant("no supervision", environment={"SICMIR_SUPERVISE": "0"})]
    if quick:
        wanted = {"again", "1 threads", "3 threads", "blocks of 7", "decimal comma", "empty environment",
                  "fresh memory of 0xA5", "umask 077"}
        found = [variant for variant in found if variant.name in wanted]
    return found, why_not


class Workshop:
    def __init__(self, folder):
        self.folder = folder
        model = folder / "model.h5"
        subprocess.run([os.environ["SICMIR_MAKE_MODEL"], PROJECT / "data", model, "20", "64"], check=True)
        self.inputs = folder / "in"
        self.scenes = scenes.scenes(scenes.make_inputs(self.inputs, model))
        self.out = folder / "out"  # the same for all: reports and atlases name it

    def play(self, scene, variant):
        """Name and bytes of each output; those that tell of times freed of them."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        if scene.copied:
            shutil.copytree(self.inputs / scene.copied, self.out / scene.copied)
        words = [str(word).replace("{in}", str(self.inputs)).replace("{out}", str(self.out)) for word in scene.arguments]
        words += map(str, variant.options)
        environment = {} if variant.empty else {**os.environ, **variant.environment}
        if variant.empty:
            environment = {name: os.environ[name] for name in ("LD_PRELOAD",) if name in os.environ}
        done = subprocess.run([*variant.before, SICMIR, *words], env=environment, cwd=variant.cwd or self.folder,
                              capture_output=True, preexec_fn=lambda: os.umask(variant.umask or 0o022))
        if done.returncode != 0:
            raise RuntimeError(f"{scene.name}, {variant.name}: exit {done.returncode}: {done.stderr.decode()[-400:]}")
        found = {"standard output": done.stdout}
        for path in sorted(self.out.rglob("*")):
            if path.is_file():
                found[str(path.relative_to(self.out))] = path.read_bytes()
        return found


def without_times(data):
    for told in TELLS_TIME:
        data = told.sub(b"", data)
    return data


def differences(right, found):
    wrong = sorted(set(right) ^ set(found))
    for name in sorted(set(right) & set(found)):
        a, b = right[name], found[name]
        if a == b or without_times(a) == without_times(b):
            continue
        wrong.append(name)
    return wrong


def check_shards(shop):
    """Predictions and moments of 1, 3 and 7 shards, merged."""
    cells, model, out = shop.inputs / "cells.h5ad", shop.inputs / "model.h5", shop.folder / "shards"
    made = {}
    for n in (1, 3, 7):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        scenes.run("stats", cells, "-m", model, "-o", out / "one.moments") if n == 1 else None
        parts = []
        for i in range(1, n + 1):
            scenes.run("stats", cells, "-m", model, "--shard", f"{i}/{n}", "-o", out / f"{i}.moments")
        scenes.run("merge-stats", *(out / f"{i}.moments" for i in range(1, n + 1)), "-o", out / "all.moments")
        for i in range(1, n + 1):
            parts.append(out / f"{i}.h5ad")
            scenes.run("predict", cells, "-m", model, "--shard", f"{i}/{n}", "--moments", out / "all.moments", "-o", parts[-1])
        scenes.run("merge", *parts, "-o", out / "all.h5ad")
        made[n] = content_of(out / "all.moments"), content_of(out / "all.h5ad", without=("uns",))
    return [f"{n} shards" for n in (3, 7) if made[n] != made[1]]


def content_of(path, without=()):
    """Digest of all data sets of an HDF5 file."""
    import h5py
    digest = hashlib.sha256()

    def add(name, thing):
        if isinstance(thing, h5py.Dataset) and not name.startswith(tuple(without)):
            value = thing[()]
            digest.update(name.encode() + (repr(value).encode() if value.dtype == object else value.tobytes())
                          if hasattr(value, "dtype") else name.encode() + bytes(value))
    with h5py.File(path, "r") as file:
        file.visititems(add)
    return digest.hexdigest()


def check(folder, chosen="", quick=False, report=print):
    """Names of what differed; empty: nothing. `report` gets a line for each command."""
    shop = Workshop(folder)
    tried, why_not = variants(folder, quick)
    wrong = []
    if why_not:
        report(why_not)
    n_runs = 0
    for name in QUICK if quick else COMMANDS:
        if chosen not in name:
            continue
        scene, start = shop.scenes[name], time.time()
        right = shop.play(scene, Variant("first"))
        n_here, bad = 0, []
        for variant in tried:
            if variant.only == "threads" and name.startswith(WITHOUT_THREADS):
                continue
            if variant.only == "blocks" and not name.startswith(WITH_BLOCKS):
                continue
            n_here += 1
            bad += [f"{name}, {variant.name}: {file}" for file in differences(right, shop.play(scene, variant))
                    if file not in scene.timed]
        n_runs += n_here
        wrong += bad
        report(f"{name}\t{n_here} runs\t{len(right)} outputs\t{len(bad)} differ\t{time.time() - start:.1f} s")
    if not quick and chosen in "shards":
        bad = check_shards(shop)
        wrong += bad
        report(f"1, 3 and 7 shards, merged\t{len(bad)} differ")
    report(f"{n_runs} runs, {len(wrong)} outputs differ")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="", help="only commands whose name contains this")
    parser.add_argument("--quick", action="store_true", help="few commands and changes, in seconds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = check(pathlib.Path(folder), options.command, options.quick, lambda line: print(line, flush=True))
    for line in wrong:
        print("DIFFERS", line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
