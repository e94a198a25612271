// SPDX-License-Identifier: BSD-3-Clause
#include "train/calibration.hpp"

#include <algorithm>
#include <cmath>

#include "base/nan.hpp"
#include "base/random.hpp"
#include "statistics/accuracy.hpp"

namespace sicmir::training {

namespace {

constexpr double stated = 0.9;
constexpr double least_held = 0.85;
constexpr double most_held = 0.95;
constexpr std::size_t least_samples = 40;

/// Of one miRNA and sample.
struct HeldOutError {
  double error, spread;
  int half;
};

/// Which half of the patients, whatever their order.
int half_of(const std::string& patient) {
  std::uint64_t hash = 0;
  for (const char letter : patient) hash = mix(hash ^ static_cast<unsigned char>(letter));
  return static_cast<int>(hash & 1U);
}

template <class Keep>
Interval interval_of(const std::vector<HeldOutError>& samples, const Keep& keep) {
  std::vector<double> spreads;
  for (const HeldOutError& sample : samples) {
    if (keep(sample)) spreads.push_back(sample.spread);
  }
  Interval interval;
  double typical = median(spreads);
  const bool none_disagrees =
      std::all_of(spreads.begin(), spreads.end(), [](double spread) { return spread == 0.0; });
  if (none_disagrees && !spreads.empty()) typical = 1.0;  // then all intervals are alike
  if (!(typical > 0.0)) return interval;
  interval = {1.0, typical};
  std::vector<double> scores;
  for (const HeldOutError& sample : samples) {
    if (keep(sample)) scores.push_back(sample.error / interval.half_width(sample.spread));
  }
  // The smallest score that holds the stated part of the scores and of one more to come.
  const auto n = static_cast<double>(scores.size());
  const auto rank = static_cast<std::size_t>(std::ceil(stated * (n + 1.0)));
  if (rank > scores.size()) return {};
  std::sort(scores.begin(), scores.end());
  interval.factor = scores[rank - 1];
  return interval;
}

/// Samples whose measurement lies in the interval of the other half, and how many were tried.
std::pair<double, double> cross_coverage(const std::vector<HeldOutError>& samples) {
  double held = 0;
  double tried = 0;
  for (const int half : {0, 1}) {
    const Interval interval =
        interval_of(samples, [&](const HeldOutError& sample) { return sample.half == half; });
    if (!interval.known()) continue;
    for (const HeldOutError& sample : samples) {
      if (sample.half == half) continue;
      tried += 1.0;
      if (sample.error <= interval.half_width(sample.spread)) held += 1.0;
    }
  }
  return {held, tried};
}

}  // namespace

Calibration calibrate(const Matrix& predicted, const Matrix& spread, const Matrix& measured,
                      std::span<const std::string> patients) {
  Calibration result;
  double held = 0;
  double tried = 0;
  std::vector<int> halves;
  for (const std::string& patient : patients) halves.push_back(half_of(patient));
  for (Index mirna = 0; mirna < predicted.rows(); ++mirna) {
    std::vector<HeldOutError> samples;
    for (Index i = 0; i < predicted.cols(); ++i) {
      const double error = std::fabs(static_cast<double>(predicted(mirna, i)) -
                                     static_cast<double>(measured(mirna, i)));
      const auto around = static_cast<double>(spread(mirna, i));
      if (!std::isfinite(error) || !std::isfinite(around)) continue;
      samples.push_back({error, around, halves[static_cast<std::size_t>(i)]});
    }
    Interval& interval = result.intervals.emplace_back();
    if (samples.size() < least_samples) continue;
    const auto [held_here, tried_here] = cross_coverage(samples);
    held += held_here;
    tried += tried_here;
    const bool holds = held_here >= least_held * tried_here && held_here <= most_held * tried_here;
    if (tried_here > 0.0 && holds) {
      interval = interval_of(samples, [](const HeldOutError&) { return true; });
    }
  }
  result.coverage = tried > 0.0 ? held / tried : nan;
  if (!(result.coverage >= least_held && result.coverage <= most_held)) {
    std::fill(result.intervals.begin(), result.intervals.end(), Interval{});
  }
  return result;
}

}  // namespace sicmir::training
