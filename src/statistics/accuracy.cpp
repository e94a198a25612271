// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/nan.hpp"

namespace sicmir::training {

double pearson(std::span<const double> x, std::span<const double> y) {
  Index n = 0;
  double sum_x = 0;
  double sum_y = 0;
  const auto both = [&](std::size_t i) { return std::isfinite(x[i]) && std::isfinite(y[i]); };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!both(i)) continue;
    ++n;
    sum_x += x[i];
    sum_y += y[i];
  }
  if (n < 3) return nan;
  const double mean_x = sum_x / static_cast<double>(n);
  const double mean_y = sum_y / static_cast<double>(n);
  double xx = 0;
  double yy = 0;
  double xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!both(i)) continue;
    const double dx = x[i] - mean_x;
    const double dy = y[i] - mean_y;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  // What rounding leaves of a constant is not variation.
  const double floor_x = static_cast<double>(n) * mean_x * mean_x * 1e-24;
  const double floor_y = static_cast<double>(n) * mean_y * mean_y * 1e-24;
  if (!(xx > floor_x) || !(yy > floor_y)) return nan;
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

std::vector<MirnaAccuracy> accuracies(const Matrix& predicted, const Matrix& measured,
                                      std::span<const std::string> cohorts) {
  std::map<std::string_view, std::size_t> numbers;
  std::vector<std::size_t> cohort_of;
  cohort_of.reserve(cohorts.size());
  for (const std::string& name : cohorts) {
    cohort_of.push_back(numbers.emplace(name, numbers.size()).first->second);
  }
  std::vector<MirnaAccuracy> result;
  result.reserve(static_cast<std::size_t>(predicted.rows()));
  std::vector<double> x(cohorts.size());
  std::vector<double> y(cohorts.size());
  struct Sums {
    double x = 0, y = 0;
    Index n = 0;
  };
  for (Index mirna = 0; mirna < predicted.rows(); ++mirna) {
    std::vector<Sums> sums(numbers.size());
    Index n = 0;
    for (std::size_t s = 0; s < cohorts.size(); ++s) {
      x[s] = static_cast<double>(predicted(mirna, static_cast<Index>(s)));
      y[s] = static_cast<double>(measured(mirna, static_cast<Index>(s)));
      if (!std::isfinite(x[s]) || !std::isfinite(y[s])) continue;
      ++n;
      Sums& sum = sums[cohort_of[s]];
      sum.x += x[s];
      sum.y += y[s];
      ++sum.n;
    }
    MirnaAccuracy accuracy{.pooled = pearson(x, y), .within_cohort = nan, .n = n};
    for (std::size_t s = 0; s < cohorts.size(); ++s) {
      const Sums& sum = sums[cohort_of[s]];
      const auto size = static_cast<double>(sum.n);
      x[s] = sum.n < 2 ? nan : x[s] - sum.x / size;
      y[s] = sum.n < 2 ? nan : y[s] - sum.y / size;
    }
    accuracy.within_cohort = pearson(x, y);
    result.push_back(accuracy);
  }
  return result;
}

}  // namespace sicmir::training
