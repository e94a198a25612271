// SPDX-License-Identifier: BSD-3-Clause
#include "train/difference_calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "base/nan.hpp"
#include "base/random.hpp"

namespace sicmir::training {

namespace {

constexpr std::array accuracy_from = {-1.0, 0.3, 0.5};
constexpr std::array difference_from = {0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0};
constexpr std::size_t n_places = accuracy_from.size() * difference_from.size();
constexpr double true_difference = 1.0;  // log2
constexpr double fewest_pairs = 100.0;
constexpr int resamplings = 200;

/// Per class and bin: all, those that truly differ (by 1 log2), and those that do so as predicted.
struct Counts {
  std::array<double, n_places> all{}, differ{}, right{};

  void add(const Counts& other, double times) {
    for (std::size_t i = 0; i < n_places; ++i) {
      all[i] += times * other.all[i];
      differ[i] += times * other.differ[i];
      right[i] += times * other.right[i];
    }
  }
};

/// Two samples; patients are numbers.
struct Pair {
  std::size_t first = 0, second = 0;
  Counts counts;
};

std::size_t place_of(std::span<const double> lower_ends, double value) {
  const auto above = std::upper_bound(lower_ends.begin(), lower_ends.end(), value);
  return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, above - lower_ends.begin() - 1));
}

Counts compare(const Eigen::Ref<const Eigen::VectorXf>& predicted_a,
               const Eigen::Ref<const Eigen::VectorXf>& predicted_b,
               const Eigen::Ref<const Eigen::VectorXf>& measured_a,
               const Eigen::Ref<const Eigen::VectorXf>& measured_b,
               const std::vector<double>& accuracies) {
  Counts counts;
  for (std::size_t mirna = 0; mirna < accuracies.size(); ++mirna) {
    const auto at = static_cast<Index>(mirna);
    const auto predicted = static_cast<double>(predicted_a[at] - predicted_b[at]);
    const auto truth = static_cast<double>(measured_a[at] - measured_b[at]);
    if (std::isnan(predicted) || std::isnan(truth) || std::isnan(accuracies[mirna])) continue;
    const std::size_t place = place_of(accuracy_from, accuracies[mirna]) * difference_from.size() +
                              place_of(difference_from, std::fabs(predicted));
    counts.all[place] += 1.0;
    if (std::fabs(truth) < true_difference) continue;
    counts.differ[place] += 1.0;
    if ((truth > 0.0) == (predicted > 0.0)) counts.right[place] += 1.0;
  }
  return counts;
}

/// Of all pairs of samples of one cohort.
void add_pairs(const TrainingPairs& pairs, const Matrix& predicted,
               const std::vector<double>& accuracies, std::span<const Index> samples,
               std::map<std::string, std::size_t>& patients, std::vector<Pair>& result) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (std::size_t j = i + 1; j < samples.size(); ++j) {
      const Index a = samples[i];
      const Index b = samples[j];
      const std::string& first = pairs.patients[static_cast<std::size_t>(a)];
      const std::string& second = pairs.patients[static_cast<std::size_t>(b)];
      if (first == second) continue;
      result.push_back({patients.emplace(first, patients.size()).first->second,
                        patients.emplace(second, patients.size()).first->second,
                        compare(predicted.col(a), predicted.col(b), pairs.mirna.col(a),
                                pairs.mirna.col(b), accuracies)});
    }
  }
}

double share(double part, double all) {
  return all >= fewest_pairs ? part / all : nan;
}

DifferenceCalibration summarise(const std::vector<Pair>& pairs, std::size_t n_patients,
                                std::uint64_t seed) {
  Counts total;
  for (const Pair& pair : pairs) total.add(pair.counts, 1.0);
  DifferenceCalibration result;
  result.accuracies.assign(accuracy_from.begin(), accuracy_from.end());
  result.differences.assign(difference_from.begin(), difference_from.end());
  for (std::size_t i = 0; i < n_places; ++i) {
    result.likely.push_back(share(total.right[i], total.all[i]));
    result.sign_right.push_back(share(total.right[i], total.differ[i]));
    result.n.push_back(total.all[i]);
  }
  std::array<std::vector<double>, n_places> drawn;
  for (int draw = 0; draw < resamplings; ++draw) {
    Random random(key(seed, Purpose::bootstrap, static_cast<std::uint64_t>(draw)));
    std::vector<double> times(n_patients, 0.0);
    for (std::size_t i = 0; i < n_patients; ++i) times[random.below(n_patients)] += 1.0;
    Counts resampled;
    for (const Pair& pair : pairs) {
      const double weight = times[pair.first] * times[pair.second];
      if (weight > 0.0) resampled.add(pair.counts, weight);
    }
    for (std::size_t i = 0; i < n_places; ++i) {
      if (resampled.all[i] > 0.0) drawn[i].push_back(resampled.right[i] / resampled.all[i]);
    }
  }
  for (std::size_t i = 0; i < n_places; ++i) {
    std::sort(drawn[i].begin(), drawn[i].end());
    const auto quantile = [&](double fraction) {
      if (std::isnan(result.likely[i]) || drawn[i].empty()) return nan;
      const auto last = static_cast<double>(drawn[i].size() - 1);
      return drawn[i][static_cast<std::size_t>(std::lround(fraction * last))];
    };
    result.low.push_back(quantile(0.025));
    result.high.push_back(quantile(0.975));
  }
  return result;
}

}  // namespace

std::map<std::string, DifferenceCalibration> calibrate_differences(
    const TrainingPairs& pairs, const Matrix& predicted, const std::vector<double>& accuracies,
    std::uint64_t seed) {
  std::map<std::string, DifferenceCalibration> result;
  const std::set<std::string> words(pairs.differences.begin(), pairs.differences.end());
  for (const std::string& word : words) {
    if (word.empty()) continue;
    std::map<std::string_view, std::vector<Index>> samples_of;
    for (std::size_t i = 0; i < pairs.differences.size(); ++i) {
      const auto at = static_cast<Index>(i);
      if (pairs.differences[i] != word || predicted.col(at).array().isNaN().all()) continue;
      samples_of[pairs.cohorts[i]].push_back(at);
    }
    std::map<std::string, std::size_t> patients;
    std::vector<Pair> compared;
    for (const auto& [cohort, samples] : samples_of) {
      add_pairs(pairs, predicted, accuracies, samples, patients, compared);
    }
    if (!compared.empty()) result.emplace(word, summarise(compared, patients.size(), seed));
  }
  return result;
}

}  // namespace sicmir::training
