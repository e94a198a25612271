// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/linkage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sicmir::statistics {
namespace {

/// A cluster that is still to be merged.
struct Cluster {
  Index number = 0;
  std::vector<Index> leaves;  // from left to right
};

Eigen::MatrixXd distances_of(const Eigen::Ref<const Eigen::MatrixXd>& items) {
  const Index n = items.cols();
  Eigen::MatrixXd distances = Eigen::MatrixXd::Zero(n, n);
  for (Index a = 0; a < n; ++a) {
    for (Index b = a + 1; b < n; ++b) {
      double sum = 0;
      for (Index i = 0; i < items.rows(); ++i) {
        const double x = std::isnan(items(i, a)) ? 0.0 : items(i, a);
        const double y = std::isnan(items(i, b)) ? 0.0 : items(i, b);
        sum += (x - y) * (x - y);
      }
      distances(a, b) = distances(b, a) = std::sqrt(sum);
    }
  }
  return distances;
}

}  // namespace

Linkage average_linkage(const Eigen::Ref<const Eigen::MatrixXd>& items) {
  const Index n = items.cols();
  Eigen::MatrixXd distances = distances_of(items);
  std::vector<Cluster> clusters;
  for (Index i = 0; i < n; ++i) clusters.push_back({i, {i}});
  Linkage result;
  while (clusters.size() > 1) {
    Index first = 0;
    Index second = 1;
    double least = std::numeric_limits<double>::infinity();
    const auto size = static_cast<Index>(clusters.size());
    for (Index a = 0; a < size; ++a) {
      for (Index b = a + 1; b < size; ++b) {
        if (distances(a, b) >= least) continue;
        least = distances(a, b);
        first = a;
        second = b;
      }
    }
    Cluster& left = clusters[static_cast<std::size_t>(first)];
    Cluster& right = clusters[static_cast<std::size_t>(second)];
    result.merges.push_back(
        {std::min(left.number, right.number), std::max(left.number, right.number), least});
    const auto n_left = static_cast<double>(left.leaves.size());
    const auto n_right = static_cast<double>(right.leaves.size());
    for (Index other = 0; other < size; ++other) {
      const double mean = (n_left * distances(first, other) + n_right * distances(second, other)) /
                          (n_left + n_right);
      distances(first, other) = distances(other, first) = mean;
    }
    distances(first, first) = 0;
    const bool swap = *std::min_element(right.leaves.begin(), right.leaves.end()) <
                      *std::min_element(left.leaves.begin(), left.leaves.end());
    if (swap) std::swap(left.leaves, right.leaves);
    left.leaves.insert(left.leaves.end(), right.leaves.begin(), right.leaves.end());
    left.number = n + static_cast<Index>(result.merges.size()) - 1;
    // Those behind move up.
    clusters.erase(clusters.begin() + second);
    for (Index a = second; a + 1 < size; ++a) {
      distances.row(a) = distances.row(a + 1).eval();
    }
    for (Index a = second; a + 1 < size; ++a) {
      distances.col(a) = distances.col(a + 1).eval();
    }
  }
  if (n > 0) result.order = clusters.front().leaves;
  return result;
}

}  // namespace sicmir::statistics
