#!/usr/bin/env python3
"""Writes tests/data/train/kernel.json: what the kernel regression, the imputation and the prior over
profiles (src/train/{kernel_ridge,impute,profile_prior}) must give, by numpy alone.

  scripts/make_kernel_golden.py OUTPUT

Inputs are made by a formula, pseudo() below, that the tests repeat.
"""
import json
import sys

import numpy as np

GENES, SAMPLES, MIRNAS, PROFILES, NEW, COMPONENTS = 20, 80, 56, 120, 5, 6
PENALTY = 1.5


def pseudo(shape, stream):
    """Numbers from -1 to 1 that look random: i-th line, j-th column."""
    i, j = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    return np.sin(1.7 * i * i + 2.3 * j + 0.37 * i * j + 5.1 * stream)


def within(values, groups):
    values = values.copy()
    for group in np.unique(groups):
        values[:, groups == group] -= values[:, groups == group].mean(1, keepdims=True)
    return values


x = 1.5 * pseudo((GENES, SAMPLES), 1)
y = 0.4 * pseudo((MIRNAS, GENES), 2) @ x + 0.5 * pseudo((MIRNAS, SAMPLES), 3)
profiles = 0.8 * pseudo((MIRNAS, 7), 4) @ pseudo((7, PROFILES), 5) + 0.3 * pseudo((MIRNAS, PROFILES), 6)
new = 1.5 * pseudo((GENES, NEW), 7)
new[:, 4] *= 12  # far outside: beyond the quadratic part
cohorts = np.arange(SAMPLES) % 4
folds = np.arange(SAMPLES) % 5
kinds = np.arange(PROFILES) % 6
weights = 0.5 + (np.arange(SAMPLES) % 3)

# Kernel regression, one target with two samples missing.
targets = y[:3].copy()
targets[1, [2, 9]] = np.nan
mean_x = x.mean(1, keepdims=True)
kernel = (1 + (x - mean_x).T @ (x - mean_x) / GENES) ** 2 / 2
products = (new - mean_x).T @ (x - mean_x) / GENES
huber = 0.5 + products + np.where(abs(products) <= 2, products**2 / 2, 2 * (abs(products) - 1))
kernel_predictions = []
for target in targets:
    has = ~np.isnan(target)
    mean = np.average(target[has], weights=weights[has])
    system = kernel[np.ix_(has, has)] + np.diag(PENALTY / weights[has])
    kernel_predictions.append(huber[:, has] @ np.linalg.solve(system, target[has] - mean) + mean)

# Ridge regression refitted without each group, on means that stay.
complete = np.arange(2, MIRNAS)
centred = x - mean_x


def ridge_without(groups):
    truth = y[complete]
    mean = truth.mean(1, keepdims=True)
    out = np.zeros_like(truth)
    for group in np.unique(groups):
        rest, own = groups != group, groups == group
        system = centred[:, rest].T @ centred[:, rest] / GENES + PENALTY * np.eye(rest.sum())
        alpha = np.linalg.solve(system, (truth - mean)[:, rest].T)
        out[:, own] = (centred[:, own].T @ centred[:, rest] / GENES @ alpha).T + mean
    return out


by_cohort, by_patient = ridge_without(cohorts), ridge_without(folds)

# The prior: miRNAs 0 and 1 are incomplete.
z = profiles[complete]
mean = z.mean(1, keepdims=True)
_, vectors = np.linalg.eigh((z - mean) @ (z - mean).T / PROFILES)
directions = vectors[:, ::-1][:, :COMPONENTS]
known = directions.T @ (z - mean)
t = directions.T @ (y[complete] - mean)
p1, p2 = directions.T @ (by_cohort - mean), directions.T @ (by_patient - mean)
t_within = np.hstack([within(t, cohorts)] * 2)
p_within = np.hstack([within(p1, cohorts), within(p2, cohorts)])
slope = np.linalg.solve(t_within @ t_within.T + 20 * np.eye(COMPONENTS), t_within @ p_within.T).T
rest = p_within - slope @ t_within
error = rest @ rest.T / rest.shape[1]
t2, p = np.hstack([t, t]), np.hstack([p1, p2])
whole = (p - p.mean(1, keepdims=True)) - slope @ (t2 - t2.mean(1, keepdims=True))
error += 0.3 * whole @ whole.T / whole.shape[1]
shift = p.mean(1) - slope @ t2.mean(1)
tissue = within(known, kinds)
tissue = tissue @ tissue.T / PROFILES
spread = 0.2 * slope @ tissue @ slope.T + error + 1e-3 * np.eye(COMPONENTS)
gain = 0.2 * tissue @ slope.T @ np.linalg.inv(spread)
whiten = np.linalg.inv(np.linalg.cholesky(spread))


def ridge(target):
    """All genes, one target, by the primal equations."""
    has = ~np.isnan(target)
    own = x[:, has] - x[:, has].mean(1, keepdims=True)
    system = own @ own.T + PENALTY * GENES * np.eye(GENES)
    slope_ = np.linalg.solve(system, own @ (target[has] - target[has].mean()))
    return (new - x[:, has].mean(1, keepdims=True)).T @ slope_ + target[has].mean()


measured = y.copy()
measured[0, 3] = np.nan
predicted = np.array([ridge(target) for target in measured])
q = directions.T @ (predicted[complete] - mean)
out = predicted.copy()
for sample in range(NEW):
    distance = whiten @ ((q[:, sample] - shift)[:, None] - slope @ known)
    logits = -0.5 * 0.2 * (distance**2).sum(0)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    start = known @ shares
    estimate = start + gain @ (q[:, sample] - shift - slope @ start)
    left = predicted[complete, sample] - mean[:, 0] - directions @ q[:, sample]
    out[complete, sample] = mean[:, 0] + directions @ estimate + 0.5 * left

# Imputation: two genes missing, most genes missing.
holes = x.copy()
holes[3, 5] = holes[7, 5] = np.nan
holes[:15, 6] = np.nan
whole_samples = np.delete(holes, 6, 1)
centre = np.nanmean(whole_samples, 1)
around = np.nan_to_num(whole_samples - centre[:, None])
covariance = around @ around.T / around.shape[1] + 0.2 * np.eye(GENES)
filled = {}
for sample in (5, 6):
    missing = np.isnan(holes[:, sample])
    solved = np.linalg.solve(covariance[np.ix_(~missing, ~missing)],
                             (holes[:, sample] - centre)[~missing])
    filled[str(sample)] = (centre[missing] + covariance[np.ix_(missing, ~missing)] @ solved).tolist()

json.dump({"kernel": np.array(kernel_predictions).tolist(),
           "without_cohort": by_cohort[:2].tolist(), "without_patients": by_patient[:2].tolist(),
           "prior": out.tolist(), "filled": filled}, open(sys.argv[1], "w"))
