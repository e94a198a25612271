// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/median.hpp"

#include <algorithm>
#include <cmath>

#include "base/nan.hpp"

namespace sicmir {
namespace {

std::vector<double> sorted_finite(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

double median(std::vector<double> values) {
  const std::vector<double> sorted = sorted_finite(std::move(values));
  if (sorted.empty()) return nan;
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

double upper_median(std::vector<double> values) {
  const std::vector<double> sorted = sorted_finite(std::move(values));
  if (sorted.empty()) return nan;
  return sorted[sorted.size() / 2];
}

}  // namespace sicmir
