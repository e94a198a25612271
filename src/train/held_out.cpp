// SPDX-License-Identifier: BSD-3-Clause
#include "train/held_out.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "base/log.hpp"
#include "statistics/accuracy.hpp"
#include "train/baselines.hpp"
#include "train/impute.hpp"
#include "train/split.hpp"

namespace sicmir::training {

namespace {

constexpr float not_predicted = std::numeric_limits<float>::quiet_NaN();

std::vector<Index> every_sample(const TrainingPairs& pairs) {
  std::vector<Index> all(static_cast<std::size_t>(pairs.size()));
  std::iota(all.begin(), all.end(), Index{0});
  return all;
}

HeldOut nothing_yet(const TrainingPairs& pairs, const TrainOptions& options, bool unseen) {
  HeldOut result;
  result.predicted = Matrix::Constant(pairs.mirna.rows(), pairs.size(), not_predicted);
  result.spread = result.predicted;
  result.fold.assign(static_cast<std::size_t>(pairs.size()), -1);
  if (options.baselines) {
    result.ridge = result.predicted;
    (unseen ? result.nearest_cohort : result.cohort_mean) = result.predicted;
  }
  return result;
}

/// Puts predictions for some samples into their places.
void place(const Matrix& predicted, std::span<const Index> samples, Matrix& all) {
  if (all.size() == 0) return;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    all.col(samples[i]) = predicted.col(static_cast<Index>(i));
  }
}

/// Median over miRNAs of Pearson's correlation within cohorts.
double median_within(const TrainingPairs& pairs, const Matrix& predicted,
                     std::span<const Index> samples) {
  std::vector<std::string> cohorts;
  for (const Index sample : samples) {
    cohorts.push_back(pairs.cohorts[static_cast<std::size_t>(sample)]);
  }
  std::vector<double> figures;
  for (const auto& accuracy : accuracies(
           predicted,
           Matrix(pairs.mirna(Eigen::all, std::vector<Index>(samples.begin(), samples.end()))),
           cohorts)) {
    figures.push_back(accuracy.within_cohort);
  }
  return median(figures);
}

/// Beside the network's predictions, those of what it was distilled from.
void place_teacher(const TrainingPairs& pairs, Fit fitted, std::span<const Index> test,
                   const std::string& label, HeldOut& result) {
  if (result.teacher.size() == 0) {
    result.teacher = Matrix::Constant(pairs.mirna.rows(), pairs.size(), not_predicted);
    result.distilled = result.teacher;
  }
  const Matrix distilled = predict_samples(pairs, fitted, test);
  fitted.members = std::move(fitted.teacher);
  const Matrix teacher = predict_samples(pairs, fitted, test);
  place(distilled, test, result.distilled);
  place(teacher, test, result.teacher);
  log_info("{}: median Pearson per miRNA within cohort {:.4f}, of its teacher {:.4f}", label,
           median_within(pairs, distilled, test), median_within(pairs, teacher, test));
}

/// Trains on `rest` and predicts `test`; returns the epochs it took.
Index run_fold(const TrainingPairs& pairs, std::span<const Index> rest,
               std::span<const Index> left_out, const TrainOptions& options,
               std::uint64_t split_seed, HeldOut& result) {
  std::vector<Index> test;  // predict would refuse the others
  for (const Index sample : left_out) {
    if (has_most_genes(pairs.mrna.col(sample))) test.push_back(sample);
  }
  // Nothing in a model without networks stops early: it learns from all, as the final fit does.
  const double validation = options.members > 0 ? options.validation : 0.0;
  const Split split = hold_out(pairs, rest, validation, split_seed);
  const TrainingPairs own = harmonise(pairs, fit_harmonisation(pairs, rest));
  const Fit fitted = fit(own, split.train, split.held_out, options);
  Matrix spread;
  place(predict_samples(own, fitted, test, &spread), test, result.predicted);
  place(spread, test, result.spread);
  if (!fitted.teacher.empty()) place_teacher(own, fitted, test, options.label, result);
  if (options.baselines) {
    place(ridge_alone(own, rest, test, options), test, result.ridge);
    if (result.cohort_mean.size() > 0) {
      place(cohort_means(own, rest, test), test, result.cohort_mean);
    }
    if (result.nearest_cohort.size() > 0) {
      place(nearest_cohort_means(own, rest, test), test, result.nearest_cohort);
    }
  }
  return fitted.best_epoch;
}

Index median_epochs(const std::vector<double>& epochs) {
  return std::max<Index>(1, std::llround(median(epochs)));
}

}  // namespace

HeldOut cross_validate(const TrainingPairs& pairs, const TrainOptions& options) {
  const std::vector<Index> all = every_sample(pairs);
  const Index n_patients = count_patients(pairs, all);
  if (n_patients < 3 * options.cross_validate) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} patients with paired samples are too few for {} folds: each needs "
                            "at least 3.",
                            n_patients, options.cross_validate),
                {Remedy::fewer_folds});
  }
  HeldOut result = nothing_yet(pairs, options, false);
  result.fold = deal_folds(pairs, all, options.cross_validate, options.seed);
  std::vector<double> epochs;
  for (Index fold = 0; fold < options.cross_validate; ++fold) {
    std::vector<Index> test;
    std::vector<Index> rest;
    for (const Index sample : all) {
      (result.fold[static_cast<std::size_t>(sample)] == fold ? test : rest).push_back(sample);
    }
    log_info("fold {} of {}: {} samples to train on, {} held out", fold + 1, options.cross_validate,
             rest.size(), test.size());
    TrainOptions own = options;
    own.label = fmt::format("fold {}", fold + 1);
    if (options.distil_folds >= 0 && fold >= options.distil_folds) own.distil = 0;
    epochs.push_back(static_cast<double>(run_fold(
        pairs, rest, test, own, options.seed + static_cast<std::uint64_t>(fold) + 1, result)));
  }
  result.epochs = median_epochs(epochs);
  return result;
}

HeldOut leave_cohorts_out(const TrainingPairs& pairs, const TrainOptions& options) {
  std::set<std::string> groups;
  for (const std::string& cohort : pairs.cohorts) groups.insert(cohort_group(cohort));
  if (groups.size() < 2) {
    throw Error(ExitCode::bad_input,
                "leaving a cohort out needs at least two cohorts (COAD and READ count as one); all "
                "samples are of one.",
                {Remedy::keep_cohorts});
  }
  HeldOut result = nothing_yet(pairs, options, true);
  std::vector<double> epochs;
  Index fold = 0;
  for (const std::string& group : groups) {
    std::set<std::string_view> patients;
    std::vector<Index> test;
    std::vector<Index> rest;
    for (const Index sample : every_sample(pairs)) {
      const auto at = static_cast<std::size_t>(sample);
      if (cohort_group(pairs.cohorts[at]) != group) continue;
      test.push_back(sample);
      result.fold[at] = fold;
      patients.insert(pairs.patients[at]);
    }
    for (const Index sample : every_sample(pairs)) {
      if (!patients.contains(pairs.patients[static_cast<std::size_t>(sample)])) {
        rest.push_back(sample);
      }
    }
    log_info("without cohort {}: {} samples to train on, {} held out", group, rest.size(),
             test.size());
    TrainOptions own = options;
    own.label = "without " + group;
    own.unseen_group = group;
    own.distil = 0;
    ++fold;
    epochs.push_back(static_cast<double>(
        run_fold(pairs, rest, test, own, options.seed + static_cast<std::uint64_t>(fold), result)));
  }
  result.epochs = median_epochs(epochs);
  return result;
}

}  // namespace sicmir::training
