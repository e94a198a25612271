// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/multiple_testing.hpp"

#include <algorithm>
#include <cmath>

#include "base/nan.hpp"

namespace sicmir::statistics {

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  std::vector<double> result(p.size(), nan);
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  const auto n = static_cast<double>(order.size());
  double smallest = 1;
  for (std::size_t rank = order.size(); rank > 0; --rank) {
    const std::size_t i = order[rank - 1];
    smallest = std::min(smallest, p[i] * n / static_cast<double>(rank));
    result[i] = smallest;
  }
  return result;
}

}  // namespace sicmir::statistics
