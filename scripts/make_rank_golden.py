#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes tests/data/train/ranks.json: what harmonisation by ranks (src/train/harmonise.cpp) must give, by
scipy.stats.rankdata and numpy.interp alone.

  scripts/make_rank_golden.py OUTPUT
"""
import json
import sys

import numpy as np
from scipy.stats import rankdata

GENES = 15


def between(sorted_values, n):
    """Sorted values at n even steps."""
    places = (np.arange(1, n + 1) - 0.5) * len(sorted_values) / n - 0.5
    return np.interp(places, np.arange(len(sorted_values)), sorted_values)


def lists(matrix):
    """NaN, which JSON has not, as null."""
    return [[None if np.isnan(v) else float(v) for v in line] for line in matrix]


random = np.random.default_rng(20)
reference = random.normal(8, 3, size=(9, GENES)).astype(np.float32)  # samples as lines
reference[:, 14] = np.nan  # a gene that the reference lacks
reference[1, [0, 5]] = np.nan  # has 10 of the 12 genes: counts
reference[2, :4] = np.nan  # has 9 of them, too few
platform = np.exp(random.normal(size=(5, GENES))).astype(np.float32)
platform[:, [3, 9]] = np.nan  # genes that the platform lacks
platform[0, 4:8] = platform[0, 0]  # ties
platform[1, [0, 1, 2, 4, 5]] = 0
platform[2, [7, 8, 11]] = np.nan  # of one sample alone

genes = ~np.isnan(reference).all(0) & ~np.isnan(platform).all(0)
counted = [line[genes] for line in reference if (~np.isnan(line[genes])).mean() >= 0.8]
assert genes.sum() == 12 and len(counted) == 8
quantiles = np.mean([between(np.sort(line[~np.isnan(line)].astype(float)), 12) for line in counted], 0)
mapped = np.full(platform.shape, np.nan)
for line, out in zip(platform, mapped):
    known = genes & ~np.isnan(line)
    ranks = rankdata(line[known], method="average")
    out[known] = np.interp((ranks - 0.5) * 12 / known.sum() - 0.5, np.arange(12), quantiles)
ties = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
with open(sys.argv[1], "w") as file:
    json.dump({"ties": ties, "ranks": rankdata(ties, method="average").tolist(),
               "reference": lists(reference), "platform": lists(platform),
               "genes": genes.astype(int).tolist(), "quantiles": quantiles.tolist(),
               "mapped": lists(mapped)}, file, indent=1)
    file.write("\n")
