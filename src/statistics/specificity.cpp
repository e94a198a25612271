// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/specificity.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/nan.hpp"

namespace sicmir::statistics {

double tau(std::span<const double> expression) {
  double largest = 0;
  double n = 0;
  for (const double value : expression) {
    if (std::isnan(value)) continue;
    largest = std::max(largest, value);
    ++n;
  }
  if (n < 2 || !(largest > 0)) return nan;
  double sum = 0;
  for (const double value : expression) {
    if (!std::isnan(value)) sum += 1 - value / largest;
  }
  return sum / (n - 1);
}

Auc auc_of_histograms(std::span<const std::uint64_t> group, std::span<const std::uint64_t> others) {
  if (group.size() != others.size()) {
    throw std::invalid_argument("auc_of_histograms: the histograms have different bins");
  }
  double n_group = 0;
  double below = 0;  // cells of the others in the bins so far
  double pairs = 0;
  double shared = 0;
  for (std::size_t bin = 0; bin < group.size(); ++bin) {
    const auto here = static_cast<double>(group[bin]);
    const auto rivals = static_cast<double>(others[bin]);
    pairs += here * (below + rivals / 2);
    shared += here * rivals / 2;
    n_group += here;
    below += rivals;
  }
  if (!(n_group > 0) || !(below > 0)) return {.value = nan, .error = nan};
  return {.value = pairs / n_group / below, .error = shared / n_group / below};
}

}  // namespace sicmir::statistics
