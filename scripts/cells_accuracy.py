#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Accuracy on cell types and lines that models had not seen.

  scripts/cells_accuracy.py HELD_OUT.tsv TABLES_FOLDER [SPLIT]

HELD_OUT.tsv is what `sicmir train --cross-validate N --held-out` writes: the patient of a profile of cells
is its group, so that no model has seen the type or line that it predicts. TABLES_FOLDER holds
cells/mirna.tsv.gz of scripts/cell_tables.py, what was measured. SPLIT: cross-validation (default) or
cohorts-left-out.

For each source of mRNA and each form of it with 9 profiles or more, one line (TSV): the number of
profiles and of miRNAs above 100 RPM in one of them; the median over those miRNAs of Pearson's correlation
over profiles, with the 95 % quantile of 200 permutations of the profiles; the median over profiles of the
correlation over miRNAs of deviations from the mean profile; and the share of differences between two
profiles whose sign is right, of all that are 2 log2 or more. Then the sign by size of the predicted
difference. At the end, of the ten miRNAs by which each profile is predicted to exceed the mean profile most, the
share that truly is more than one standard deviation above it: by differences in log2(RPM + 1), and in units of the
miRNA's standard deviation over all profiles; beside the share among all miRNAs, and the 95 % quantile of 200
permutations of the profiles. Needs python3-pandas.
"""
import pathlib
import sys

import numpy as np
import pandas as pd

LEAST_PROFILES = 9
EXPRESSED = np.log2(101)  # log2(RPM + 1)
BINS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, np.inf)


def correlations(a, b):
    """Pearson's, line by line."""
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))


def top_ten(p, t, scale, random):
    """Shares of truly high miRNAs: by log2, by z, among all, and what permutations of the profiles reach."""
    high = t - t.mean(1, keepdims=True) > t.std(1, ddof=1, keepdims=True)
    excess = p - p.mean(1, keepdims=True)
    first = [np.argsort(-d, axis=0, kind="stable")[:10] for d in (excess, excess / scale[:, None])]
    share = [high[rank, np.arange(p.shape[1])].mean() for rank in first]
    null = [high[first[0], random.permutation(p.shape[1])].mean() for _ in range(200)]
    return [*share, high.mean(), np.quantile(null, 0.95)]


def main():
    split = sys.argv[3] if len(sys.argv) > 3 else "cross-validation"
    held_out = pd.read_csv(sys.argv[1], sep="\t", low_memory=False)
    held_out = held_out[(held_out["split"] == split) & held_out["sample"].str.startswith("cells:")]
    predicted = held_out.set_index("sample").iloc[:, 4:].apply(pd.to_numeric, errors="coerce").T
    measured = pd.read_csv(pathlib.Path(sys.argv[2]) / "cells/mirna.tsv.gz", sep="\t", index_col=0)
    fold = held_out.set_index("sample")["fold"]
    print("source", "form", "profiles", "miRNAs", "per_mirna", "permuted_95", "within_folds_95",
          "per_profile", "signs_2log2", sep="\t")
    curve, tops = {}, []
    spread = measured.std(axis=1)
    kinds = sorted({tuple(name.split(":")[1:3]) for name in predicted})
    for source, form in kinds:
        names = [n for n in predicted if n.split(":")[1:3] == [source, form]]
        if len(names) < LEAST_PROFILES:
            continue
        p, t = predicted[names], measured.reindex(predicted.index)[names]
        chosen = (t.notna().all(axis=1) & p.notna().all(axis=1) & (t.max(axis=1) > EXPRESSED)
                  & (t.std(axis=1) > 0))
        scale = spread[p.index[chosen]].to_numpy()
        p, t = p[chosen].to_numpy(), t[chosen].to_numpy()
        own = np.median(correlations(p, t))
        random = np.random.default_rng(1)
        folds = fold[names].to_numpy()
        null, null_within = [], []
        for _ in range(200):
            null.append(np.median(correlations(p[:, random.permutation(len(names))], t)))
            order = np.arange(len(names))
            for one in np.unique(folds):  # models of different folds differ
                places = np.flatnonzero(folds == one)
                order[places] = random.permutation(places)
            null_within.append(np.median(correlations(p[:, order], t)))
        per_profile = np.median(correlations((p - p.mean(1, keepdims=True)).T,
                                             (t - t.mean(1, keepdims=True)).T))
        i, j = np.triu_indices(len(names), 1)
        dp, dt = p[:, i] - p[:, j], t[:, i] - t[:, j]
        large = np.abs(dt) >= 2
        signs = (np.sign(dp) == np.sign(dt))[large].mean()
        print(source, form, len(names), len(p), f"{own:.3f}", f"{np.quantile(null, 0.95):.3f}",
              f"{np.quantile(null_within, 0.95):.3f}", f"{per_profile:.3f}", f"{signs:.3f}", sep="\t")
        tops.append([source, form, *(f"{x:.2f}" for x in top_ten(p, t, scale, random))])
        differ = np.abs(dt) >= 1
        for low, high in zip(BINS, BINS[1:]):
            here = differ & (np.abs(dp) >= low) & (np.abs(dp) < high)
            right, n = curve.get((form, low), (0, 0))
            curve[form, low] = (right + (np.sign(dp) == np.sign(dt))[here].sum(), n + here.sum())
    print("\nform", "predicted_difference_from", "pairs", "sign_right", sep="\t")
    for (form, low), (right, n) in sorted(curve.items()):
        print(form, low, n, f"{right / max(n, 1):.3f}", sep="\t")
    print("\nsource", "form", "top_ten_high", "by_z", "all", "permuted_95", sep="\t")
    for line in tops:
        print(*line, sep="\t")


if __name__ == "__main__":
    main()
