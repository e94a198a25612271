// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/centrality.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sicmir::statistics {

Graph::Graph(Index n_nodes, std::span<const std::pair<std::int32_t, std::int32_t>> edges)
    : starts_(static_cast<std::size_t>(n_nodes) + 1, 0), neighbours_(2 * edges.size()) {
  for (const auto& [a, b] : edges) {
    ++starts_[static_cast<std::size_t>(a) + 1];
    ++starts_[static_cast<std::size_t>(b) + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  std::vector<std::size_t> next(starts_.begin(), starts_.end() - 1);
  for (const auto& [a, b] : edges) {
    neighbours_[next[static_cast<std::size_t>(a)]++] = b;
    neighbours_[next[static_cast<std::size_t>(b)]++] = a;
  }
}

std::span<const std::int32_t> Graph::neighbours(Index node) const {
  const auto place = static_cast<std::size_t>(node);
  return std::span(neighbours_).subspan(starts_[place], starts_[place + 1] - starts_[place]);
}

Betweenness::Betweenness(const Graph& graph)
    : graph_(&graph),
      distance_(static_cast<std::size_t>(graph.n_nodes()), -1),
      n_paths_(distance_.size(), 0.0),
      dependency_(distance_.size(), 0.0) {
  order_.reserve(distance_.size());
}

void Betweenness::add(Index source, std::span<double> sums) {
  order_.clear();
  order_.push_back(static_cast<std::int32_t>(source));
  distance_[static_cast<std::size_t>(source)] = 0;
  n_paths_[static_cast<std::size_t>(source)] = 1.0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto node = static_cast<std::size_t>(order_[i]);
    const std::int32_t next = distance_[node] + 1;
    for (const std::int32_t neighbour : graph_->neighbours(order_[i])) {
      const auto place = static_cast<std::size_t>(neighbour);
      if (distance_[place] < 0) {
        distance_[place] = next;
        order_.push_back(neighbour);
      }
      if (distance_[place] == next) n_paths_[place] += n_paths_[node];
    }
  }
  for (std::size_t i = order_.size(); i-- > 1;) {
    const auto node = static_cast<std::size_t>(order_[i]);
    const double share = (1.0 + dependency_[node]) / n_paths_[node];
    const std::int32_t before = distance_[node] - 1;
    for (const std::int32_t neighbour : graph_->neighbours(order_[i])) {
      const auto place = static_cast<std::size_t>(neighbour);
      if (distance_[place] == before) dependency_[place] += n_paths_[place] * share;
    }
    sums[node] += dependency_[node];
  }
  for (const std::int32_t node : order_) {
    const auto place = static_cast<std::size_t>(node);
    distance_[place] = -1;
    n_paths_[place] = 0.0;
    dependency_[place] = 0.0;
  }
}

std::vector<double> page_rank(const Graph& graph) {
  constexpr double damping = 0.85;
  constexpr double close_enough = 1e-12;
  constexpr int most_steps = 1000;
  const auto n = static_cast<std::size_t>(graph.n_nodes());
  std::vector<double> rank(n, 1.0 / static_cast<double>(n));
  std::vector<double> given(n);
  for (int step = 0; step < most_steps; ++step) {
    double of_lonely = 0.0;  // nodes without edges give to all
    for (std::size_t i = 0; i < n; ++i) {
      const Index degree = graph.degree(static_cast<Index>(i));
      given[i] = degree == 0 ? 0.0 : rank[i] / static_cast<double>(degree);
      if (degree == 0) of_lonely += rank[i];
    }
    const double base = (1.0 - damping + damping * of_lonely) / static_cast<double>(n);
    double change = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0.0;
      for (const std::int32_t neighbour : graph.neighbours(static_cast<Index>(i))) {
        sum += given[static_cast<std::size_t>(neighbour)];
      }
      const double next = base + damping * sum;
      change += std::abs(next - rank[i]);
      rank[i] = next;
    }
    if (change < close_enough) break;
  }
  return rank;
}

}  // namespace sicmir::statistics
