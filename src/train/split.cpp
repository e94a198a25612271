// SPDX-License-Identifier: BSD-3-Clause
#include "train/split.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

#include "base/random.hpp"

namespace sicmir::training {

namespace {

const std::string& patient(const TrainingPairs& pairs, Index sample) {
  return pairs.patients[static_cast<std::size_t>(sample)];
}

/// Patients cohort by cohort, shuffled within each; a patient belongs to the cohort of the first of
/// the samples. Taking them in turns or at even distances then spreads every cohort.
std::vector<std::string> order_patients(const TrainingPairs& pairs, std::span<const Index> samples,
                                        std::uint64_t seed) {
  std::map<std::string, std::string> cohort_of;
  for (const Index sample : samples) {
    cohort_of.emplace(patient(pairs, sample), pairs.cohorts[static_cast<std::size_t>(sample)]);
  }
  std::map<std::string, std::vector<std::string>> by_cohort;
  for (const auto& [name, cohort] : cohort_of) by_cohort[cohort].push_back(name);
  Random random(key(seed, Purpose::split));
  std::vector<std::string> ordered;
  for (auto& [cohort, names] : by_cohort) {
    random.shuffle(names);
    ordered.insert(ordered.end(), names.begin(), names.end());
  }
  return ordered;
}

}  // namespace

std::vector<Index> deal_folds(const TrainingPairs& pairs, std::span<const Index> samples,
                              Index n_folds, std::uint64_t seed) {
  std::map<std::string, Index> fold_of;
  Index turn = 0;
  for (const std::string& name : order_patients(pairs, samples, seed)) {
    fold_of[name] = turn++ % n_folds;
  }
  std::vector<Index> folds;
  folds.reserve(samples.size());
  for (const Index sample : samples) folds.push_back(fold_of.at(patient(pairs, sample)));
  return folds;
}

Split hold_out(const TrainingPairs& pairs, std::span<const Index> samples, double fraction,
               std::uint64_t seed) {
  const std::vector<std::string> patients = order_patients(pairs, samples, seed);
  const auto n = static_cast<Index>(patients.size());
  const Index n_out =
      fraction > 0 ? std::max<Index>(1, std::llround(fraction * static_cast<double>(n))) : 0;
  if (n_out >= n) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} patient(s) with paired samples are too few to hold {} of them out "
                            "for validation.",
                            n, n_out),
                {Remedy::train_without_validation});
  }
  std::set<std::string> out;
  for (Index i = 0; i < n_out; ++i) {
    // The middle of the i-th of n_out equal stretches.
    out.insert(patients[static_cast<std::size_t>((2 * i + 1) * n / (2 * n_out))]);
  }
  Split split;
  for (const Index sample : samples) {
    (out.contains(patient(pairs, sample)) ? split.held_out : split.train).push_back(sample);
  }
  return split;
}

Index count_patients(const TrainingPairs& pairs, std::span<const Index> samples) {
  std::set<std::string_view> names;
  for (const Index sample : samples) names.insert(patient(pairs, sample));
  return static_cast<Index>(names.size());
}

}  // namespace sicmir::training
