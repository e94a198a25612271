// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a model has to beat, on the same folds.

#include <span>
#include <string>
#include <string_view>

#include "sicmir/train.hpp"

namespace sicmir::training {

/// For each sample of `test` the mean of the targets over the training samples of its cohort (of
/// all training samples where the cohort has none): mirnas x test.size(), NaN without any target.
[[nodiscard]] Matrix cohort_means(const TrainingPairs& pairs, std::span<const Index> train,
                                  std::span<const Index> test);

/// The same of the training cohort whose mean panel profile is nearest: the highest Pearson
/// correlation over the sample's genes, in z-scores by the training samples.
[[nodiscard]] Matrix nearest_cohort_means(const TrainingPairs& pairs, std::span<const Index> train,
                                          std::span<const Index> test);

/// Ridge regression alone, its penalty chosen on folds of the training samples, by the way that
/// fit() and predict_samples() go.
[[nodiscard]] Matrix ridge_alone(const TrainingPairs& pairs, std::span<const Index> train,
                                 std::span<const Index> test, const TrainOptions& options);

/// Cohorts that leave together, since they are one disease: COAD and READ are "COAD+READ"; every
/// other cohort is its own group.
[[nodiscard]] std::string cohort_group(std::string_view cohort);

}  // namespace sicmir::training
