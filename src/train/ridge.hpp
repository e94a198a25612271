// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Ridge regression in closed form: a member of ensembles, and the baseline to beat.

#include <span>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// Targets that have the same samples.
struct TargetGroup {
  std::vector<Index> targets, samples;
};

/// y: targets x samples, NaN where missing. Every target is in one group.
[[nodiscard]] std::vector<TargetGroup> group_targets(const Matrix& y);

/// Minimises, for each target t over the samples s where y(t, s) is no NaN,
///   sum_s weight_s (y_ts - b_t - w_t . x_s)^2 + penalty |w_t|^2,
/// the intercept b_t free of penalty (Hoerl and Kennard 1970), in double. Solved for the genes or,
/// with fewer samples than genes, for the samples (the dual form). Targets that lack the same
/// samples share one factorisation: its cost is min(genes, samples)^3 / 3 for each such group.
/// x: genes x samples without NaN; y: targets x samples; penalty above 0; weights: one per sample,
/// 0 or more, or empty: all 1. A target without any sample gets zeros.
[[nodiscard]] Linear fit_ridge(const Matrix& x, const Matrix& y, double penalty,
                               std::span<const double> weights = {});

/// The candidate with the smallest squared error on held-out folds, summed over the targets of the
/// largest group of targets that lack the same samples. fold_of: 0, 1... per sample, at least two
/// folds. Ties go to the larger penalty.
[[nodiscard]] double choose_penalty(const Matrix& x, const Matrix& y,
                                    std::span<const Index> fold_of,
                                    std::span<const double> candidates,
                                    std::span<const double> weights = {});

/// W x + b for each sample: targets x samples.
[[nodiscard]] Matrix apply_linear(const Linear& linear, const Matrix& x);

}  // namespace sicmir::training
