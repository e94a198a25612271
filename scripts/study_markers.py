#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Planted truth: simulated donors -> cells -> `sicmir profile` -> `sicmir markers` and `sicmir compare`.

    scripts/study_markers.py SICMIR [--repeats N] [--samples 3,6,12] [--seed S]

1. No effect: three groups (or two conditions) with one programme of genes. The p of each miRNA, over repeats, should
   be uniform: Kolmogorov-Smirnov, and the share below 0.05. Over the miRNAs of one data set it need not be, since
   they move together. Moderation makes p uniform on average over the miRNAs: those that vary more than the others
   are called somewhat too often, those that vary less too seldom, the more so the fewer the samples.
2. Effects: one group (condition) has another programme. The true difference of a miRNA is the mean estimate over all
   repeats. Power: share of miRNAs with a true difference above 0.75 that are called; false discoveries: share of those
   called whose true difference is at most --min-difference.
3. One population of 12 donors, its cells split by k-means: how many would be called if the clusters passed for
   sorted groups.

Figures go to standard output. The same seed gives the same figures.
"""
import argparse
import io
import pathlib
import subprocess
import sys
import tempfile

import anndata
import numpy as np
import pandas as pd
import scipy.stats
from scipy.cluster.vq import kmeans2

PROJECT = pathlib.Path(__file__).resolve().parents[1]
GENES = list(pd.read_csv(PROJECT / "data" / "landmarks.tsv", sep="\t", dtype=str)["symbol"])
BASE = np.random.default_rng(0).gamma(0.7, 4.0, len(GENES)) + 0.05  # counts per cell: 2,800 in all
N_CELLS = 40  # per profile: above the floor of 50,000 molecules
BETWEEN_SAMPLES = 0.25  # sd of natural logarithms, per gene
BETWEEN_PROFILES = 0.15  # likewise, of one sample's groups
EFFECT = 0.7  # likewise, between programmes
SIMPLE = 0.0  # min-difference of the first part, where p is uniform
WORTH = 0.25  # and of the second
LARGE = 0.75  # true differences that should be found


def programme(random):
    """What a group's expression is multiplied by."""
    return np.exp(random.normal(0, EFFECT, len(GENES)))


def donor_cells(random, programmes):
    sample = np.exp(random.normal(0, BETWEEN_SAMPLES, len(GENES)))
    for group, factor in programmes.items():
        mean = BASE * sample * factor * np.exp(random.normal(0, BETWEEN_PROFILES, len(GENES)))
        yield group, random.poisson(mean, (N_CELLS, len(GENES)))


def data_set(random, donors):
    """donors: name -> (condition, programmes by group)."""
    counts, obs = [], []
    for donor, (condition, programmes) in donors.items():
        for group, cells in donor_cells(random, programmes):
            counts.append(cells)
            obs += [(donor, group, condition)] * len(cells)
    obs = pd.DataFrame(obs, columns=["sample", "cell_type", "condition"])
    obs.index = [f"cell_{i}" for i in range(len(obs))]
    return anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, dtype=np.float32,
                           var=pd.DataFrame(index=GENES))


class Program:
    def __init__(self, sicmir, folder):
        self.sicmir = sicmir
        self.folder = pathlib.Path(folder)

    def run(self, *arguments):
        return subprocess.run([self.sicmir, *map(str, arguments), "-q"], check=True, capture_output=True,
                              text=True).stdout

    def table(self, cells, command, *arguments, by="cell_type"):
        cells.write_h5ad(self.folder / "cells.h5ad")
        self.run("profile", self.folder / "cells.h5ad", "--group-by", by, "--sample", "sample",
                 "--condition", "condition", "--scale", "dataset", "-o", self.folder / "profiles.h5mu")
        text = self.run(command, self.folder / "profiles.h5mu", *arguments)
        return pd.read_csv(io.StringIO(text), sep="\t", na_values=["NaN"])


def markers_set(random, n, changed):
    none = np.ones(len(GENES))
    return data_set(random, {f"d{i}": ("any", {"A": changed, "B": none, "C": none}) for i in range(n)})


def compare_set(random, n, changed):
    return data_set(random, {f"d{i}": ("case", {"A": changed}) if i < n else
                             ("reference", {"A": np.ones(len(GENES))}) for i in range(2 * n)})


STUDIES = {"markers": (markers_set, ["--labels-from", "sorting"]),
           "compare": (compare_set, ["--reference", "reference"])}


def repeats_of(program, study, n, effect, options):
    make, arguments = STUDIES[study]
    difference = WORTH if effect else SIMPLE
    changed = programme(np.random.default_rng(options.seed))
    tables = []
    for repeat in range(options.repeats):
        random = np.random.default_rng([options.seed, n, effect, repeat, len(study)])
        cells = make(random, n, changed if effect else np.ones(len(GENES)))
        found = program.table(cells, study, *arguments, "--min-difference", difference)
        tables.append(found[found["group"] == "A"].set_index("mirna").sort_index())
    return [pd.concat([table[column] for table in tables], axis=1) for column in ("p", "fdr", "difference_z")]


def no_effect(program, study, n, options):
    p, fdr, z = repeats_of(program, study, n, False, options)
    ks = np.array([scipy.stats.kstest(row, "uniform").pvalue for row in p.to_numpy()])
    print(f"{study}, {n} samples a side, no effect, {options.repeats} repeats: share of p below 0.05: "
          f"{(p < 0.05).to_numpy().mean():.3f} (below 0.01: {(p < 0.01).to_numpy().mean():.4f}; over data sets "
          f"{(p < 0.05).mean().min():.3f} to {(p < 0.05).mean().max():.3f}); miRNAs whose p is not uniform "
          f"(KS below 0.05): {(ks < 0.05).mean():.3f}; data sets with a call at FDR 0.05: "
          f"{(fdr < 0.05).any().mean():.2f}", flush=True)
    fifths = pd.qcut(z.std(axis=1), 5, labels=False)
    shares = (p < 0.05).mean(axis=1).groupby(fifths).mean()
    print(f"    the same share by how much a miRNA varies, from the least fifth to the most: "
          f"{', '.join(f'{share:.3f}' for share in shares)}", flush=True)


def effect(program, study, n, options):
    _, fdr, z = repeats_of(program, study, n, True, options)
    truth = z.mean(axis=1).to_numpy()
    called = (fdr < 0.05).to_numpy()
    large = np.abs(truth) > LARGE
    null = np.abs(truth) <= WORTH
    share = [called[null, i].sum() / max(called[:, i].sum(), 1) for i in range(called.shape[1])]
    print(f"{study}, {n} samples a side, effects, difference above {WORTH}: {large.sum()} miRNAs truly above {LARGE}, "
          f"{null.sum()} at most {WORTH}; power {called[large].mean() if large.any() else float('nan'):.3f}, "
          f"false discoveries {np.mean(share):.3f}", flush=True)


def clusters(program, options):
    """The cells of a donor vary along one axis, without groups, as in a cell cycle or in activation."""
    random = np.random.default_rng([options.seed, 99])
    loading = random.normal(0, 0.3, len(GENES)) * (random.random(len(GENES)) < 0.2)
    counts, obs = [], []
    for donor in range(12):
        mean = BASE * np.exp(random.normal(0, BETWEEN_SAMPLES, len(GENES)))
        state = random.normal(0, 1, (3 * N_CELLS, 1))
        counts.append(random.poisson(mean * np.exp(state * loading)))
        obs += [(f"d{donor}", "any")] * len(state)
    obs = pd.DataFrame(obs, columns=["sample", "condition"], index=[f"cell_{i}" for i in range(len(obs))])
    cells = anndata.AnnData(np.vstack(counts).astype(np.float32), obs=obs, var=pd.DataFrame(index=GENES),
                            dtype=np.float32)
    logs = np.log1p(cells.X / cells.X.sum(axis=1, keepdims=True) * 1e4)
    for donor in set(cells.obs["sample"]):  # donors are no clusters
        mine = (cells.obs["sample"] == donor).to_numpy()
        logs[mine] -= logs[mine].mean(axis=0)
    left, size, _ = np.linalg.svd(logs, full_matrices=False)
    _, label = kmeans2(left[:, :20] * size[:20], 2, seed=options.seed, minit="++")
    cells.obs["cluster"] = [f"cluster {k + 1}" for k in label]
    for worth in (0, 1):
        found = program.table(cells, "markers", "--labels-from", "sorting", "--min-difference", worth, by="cluster")
        one = found[found["group"] == "cluster 1"]
        print(f"one population of 12 donors split by k-means: {len(one)} miRNAs, called at FDR 0.05 if the clusters "
              f"passed for sorted: {(one['fdr'] < 0.05).sum()} (differences above {worth})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sicmir")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--samples", default="3,6,12")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["markers", "compare", "clusters"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options.sicmir, folder)
        for study in STUDIES:
            if options.only not in (None, study):
                continue
            for n in map(int, options.samples.split(",")):
                no_effect(program, study, n, options)
                effect(program, study, n, options)
        if options.only in (None, "clusters"):
            clusters(program, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
