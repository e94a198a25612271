// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How well predictions agree with measurements.

#include <span>
#include <string>
#include <vector>

#include "sicmir/types.hpp"
#include "statistics/median.hpp"

namespace sicmir::training {

/// Pearson's correlation over the pairs that are both finite; NaN below 3 pairs or where one side
/// does not vary.
[[nodiscard]] double pearson(std::span<const double> x, std::span<const double> y);

struct MirnaAccuracy {
  double pooled = 0;         ///< over all samples
  double within_cohort = 0;  ///< after subtracting, on both sides, the mean of each cohort
  Index n = 0;               ///< samples with a measurement and a prediction
};

/// Per miRNA. predicted, measured: mirnas x samples, NaN where missing; `cohorts`: one per sample.
/// A cohort counts for `within_cohort` from 2 samples on.
[[nodiscard]] std::vector<MirnaAccuracy> accuracies(const Matrix& predicted, const Matrix& measured,
                                                    std::span<const std::string> cohorts);

using sicmir::median;

}  // namespace sicmir::training
