// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Predictions of samples by models that never saw them.

#include <string>
#include <vector>

#include "sicmir/train.hpp"

namespace sicmir::training {

struct HeldOut {
  Matrix predicted;         ///< mirnas x samples, log2(RPM + 1); NaN where no model was asked
  Matrix spread;            ///< of the ensemble's members, same shape and unit
  std::vector<Index> fold;  ///< per sample; -1: none
  /// Baselines on the same folds; empty where they were not asked for.
  Matrix cohort_mean, nearest_cohort, ridge;
  /// In folds that were distilled: what the network says, and what its teacher does; else empty.
  Matrix distilled, teacher;
  Index epochs = 0;  ///< median of the folds
};

/// Only samples with most of the genes are predicted, as `predict` would.

/// Folds by patient. Each fold stops early on patients of its own training part; nothing that is
/// fitted (platform offsets, moments, penalties, epochs) sees its test patients. Throws
/// Error(bad_input) where there are too few patients.
[[nodiscard]] HeldOut cross_validate(const TrainingPairs& pairs, const TrainOptions& options);

/// One fold per group of cohorts (cohort_group()); patients who have samples in the group do not
/// train, and a prior knows no miRNA profile of the group, paired or not. Throws Error(bad_input)
/// if there is one group only.
[[nodiscard]] HeldOut leave_cohorts_out(const TrainingPairs& pairs, const TrainOptions& options);

}  // namespace sicmir::training
