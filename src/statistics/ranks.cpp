// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/ranks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sicmir {

namespace {

/// Between entries, counted from 0; the first and the last beyond the ends.
double interpolate(std::span<const double> sorted, double position) {
  const double last = static_cast<double>(sorted.size()) - 1.0;
  const double at = std::clamp(position, 0.0, last);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double share = at - static_cast<double>(below);
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

/// Place of an average rank, 1 .. n, among `m` values, counted from 0.
double place_of(double rank, std::size_t n, std::size_t m) {
  return (rank - 0.5) * static_cast<double>(m) / static_cast<double>(n) - 0.5;
}

}  // namespace

std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = static_cast<double>(first + 1 + last) / 2.0;
    for (; first < last; ++first) ranks[order[first]] = rank;
  }
  return ranks;
}

std::vector<double> quantiles_of(std::span<const double> sorted, Index n) {
  std::vector<double> result(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < result.size(); ++k) {
    result[k] =
        interpolate(sorted, place_of(static_cast<double>(k + 1), result.size(), sorted.size()));
  }
  return result;
}

double RankProfile::at(double rank, Index n) const {
  return interpolate(quantiles, place_of(rank, static_cast<std::size_t>(n), quantiles.size()));
}

void RankProfile::apply(Eigen::Ref<Eigen::VectorXf> values) const {
  std::vector<double> known;
  for (Index gene = 0; gene < values.size(); ++gene) {
    if (genes[static_cast<std::size_t>(gene)] == 0) {
      values[gene] = std::numeric_limits<float>::quiet_NaN();
    } else if (!std::isnan(values[gene])) {
      known.push_back(static_cast<double>(values[gene]));
    }
  }
  const std::vector<double> ranks = average_ranks(known);
  const auto n = static_cast<Index>(ranks.size());
  auto next = ranks.begin();
  for (float& value : values) {
    if (!std::isnan(value)) value = static_cast<float>(at(*next++, n));
  }
}

}  // namespace sicmir
