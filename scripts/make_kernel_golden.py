#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
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
new[:, 4] *= 36  # far outside: beyond the quadratic part
cohorts = np.arange(SAMPLES) % 4
folds = np.arange(SAMPLES) % 5
kinds = np.arange(PROFILES) % 6
weights = 0.5 + (np.arange(SAMPLES) % 3)

def gene_weights(targets):
    """From correlations within cohorts, gene by gene; targets without gaps."""
    within_x, within_y = within(x, cohorts), within(targets, cohorts)
    r2 = np.array([[np.corrcoef(gene, target)[0, 1] ** 2 for target in within_y]
                   for gene in within_x]).mean(1)
    variance = within_x.var(1)
    result = np.sqrt(r2) / (variance + 0.01 * variance.mean())
    return result * x.var(1).sum() / (result * x.var(1)).sum()


same_cohort = (cohorts[:, None] == cohorts[None, :]).astype(float)
mean_x = x.mean(1, keepdims=True)
centred = x - mean_x


def kernel_with(gene_weight, left, right):
    return (1 + (left * gene_weight[:, None]).T @ right / GENES) ** 2 / 2


def fit_kernel(kernel, target, has, weight):
    """alpha and mean, from the samples in `has`."""
    mean = np.average(target[has], weights=weight[has])
    system = (kernel + 0.03 * same_cohort)[np.ix_(has, has)] + np.diag(PENALTY / weight[has])
    return np.linalg.solve(system, target[has] - mean), mean


# Kernel regression, one target with two samples missing. The others' weights of genes count.
targets = y[:3].copy()
targets[1, [2, 9]] = np.nan
of_two = gene_weights(targets[[0, 2]])
kernel = kernel_with(of_two, centred, centred)
p_new = ((new - mean_x) * of_two[:, None]).T @ centred / GENES
assert (p_new > 3).any() and (p_new < -3).any()
huber = 0.5 + p_new + np.where(abs(p_new) <= 3, p_new**2 / 2, 3 * (abs(p_new) - 1.5))
kernel_predictions = []
for target in targets:
    has = ~np.isnan(target)
    alpha, mean = fit_kernel(kernel, target, has, weights)
    kernel_predictions.append(huber[:, has] @ alpha + mean)

# Refitted without each group, on means and weights of genes that stay. miRNA 0 lacks a sample.
complete = np.arange(2, MIRNAS)
measured = y.copy()
measured[0, 3] = np.nan
own_weights = gene_weights(measured[1:])
kernel = kernel_with(own_weights, centred, centred)
ones = np.ones(SAMPLES)


def without(groups):
    truth = y[complete]
    mean = truth.mean(1, keepdims=True)
    out = np.zeros_like(truth)
    for group in np.unique(groups):
        rest, own = groups != group, groups == group
        system = (kernel + 0.03 * same_cohort)[np.ix_(rest, rest)] + PENALTY * np.eye(rest.sum())
        alpha = np.linalg.solve(system, (truth - mean)[:, rest].T)
        out[:, own] = (kernel[np.ix_(own, rest)] @ alpha).T + mean
    return out


by_cohort, by_patient = without(cohorts), without(folds)

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


p_new = ((new - mean_x) * own_weights[:, None]).T @ centred / GENES
huber = 0.5 + p_new + np.where(abs(p_new) <= 3, p_new**2 / 2, 3 * (abs(p_new) - 1.5))
predicted = []
for target in measured:
    has = ~np.isnan(target)
    alpha, middle = fit_kernel(kernel, target, has, ones)
    predicted.append(huber[:, has] @ alpha + middle)
predicted = np.array(predicted)
q = directions.T @ (predicted[complete] - mean)

# A query's linear part stays at its bound where it is far out.
alphas = np.array([fit_kernel(kernel, target, ~np.isnan(target), ones)[0]
                   for target in measured[complete]])
middles = measured[complete].mean(1)
straight = whiten @ (directions.T @ (alphas @ (0.5 + p_new).T + middles[:, None] - mean) -
                     shift[:, None])
curved = whiten @ directions.T @ (alphas @ (huber - 0.5 - p_new).T)


def huber_of(values):
    return np.where(abs(values) <= 3, values**2 / 2, 3 * (abs(values) - 1.5))


assert (abs(straight[:, 4]) > 64).any()
query = curved + 16 * (huber_of(straight / 32 + 1) - huber_of(straight / 32 - 1))
out = predicted.copy()
for sample in range(NEW):
    distance = query[:, sample][:, None] - whiten @ slope @ known
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
