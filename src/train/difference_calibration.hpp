// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a difference between two predictions says about the truth.

#include <cstdint>
#include <map>
#include <string>

#include "sicmir/model.hpp"
#include "sicmir/train.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// From pairs of held-out samples of one cohort and of different patients (for cells: of different
/// types or lines), over the samples that ExpressionFile::differences marks, by its word.
/// predicted, measured: mirnas x samples, log2(RPM + 1), NaN where there is none. `accuracies`: one
/// per miRNA, which decides its class: below 0.3, from 0.3, from 0.5. Bins of differences begin at
/// 0, 0.25, 0.5, 1, 1.5, 2, 3 log2; a share of fewer than 100 pairs is NaN. Intervals are quantiles
/// of 200 resamplings of the patients.
[[nodiscard]] std::map<std::string, DifferenceCalibration> calibrate_differences(
    const TrainingPairs& pairs, const Matrix& predicted, const std::vector<double>& accuracies,
    std::uint64_t seed);

}  // namespace sicmir::training
