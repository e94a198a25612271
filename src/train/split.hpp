// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which patients train and which are held out.

#include <cstdint>
#include <span>
#include <vector>

#include "sicmir/train.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// Deals the patients of `samples` (positions in `pairs`) out to `n_folds` folds of nearly equal
/// size, each with nearly the same share of every cohort. Per entry of `samples`: its fold. All
/// samples of a patient share a fold. The patients' order in `pairs` does not matter.
[[nodiscard]] std::vector<Index> deal_folds(const TrainingPairs& pairs,
                                            std::span<const Index> samples, Index n_folds,
                                            std::uint64_t seed);

struct Split {
  std::vector<Index> train;
  std::vector<Index> held_out;
};

/// Holds out a fraction (0 .. 1) of the patients, at least one unless the fraction is 0, evenly
/// over cohorts. Throws Error(bad_input) if no patient would be left for training.
[[nodiscard]] Split hold_out(const TrainingPairs& pairs, std::span<const Index> samples,
                             double fraction, std::uint64_t seed);

[[nodiscard]] Index count_patients(const TrainingPairs& pairs, std::span<const Index> samples);

}  // namespace sicmir::training
