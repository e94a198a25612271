// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How central the nodes of a graph are.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// An undirected graph without loops and multiple edges.
class Graph {
 public:
  Graph(Index n_nodes, std::span<const std::pair<std::int32_t, std::int32_t>> edges);

  [[nodiscard]] Index n_nodes() const noexcept { return static_cast<Index>(starts_.size()) - 1; }
  [[nodiscard]] std::span<const std::int32_t> neighbours(Index node) const;
  [[nodiscard]] Index degree(Index node) const {
    return static_cast<Index>(neighbours(node).size());
  }

 private:
  std::vector<std::size_t> starts_;
  std::vector<std::int32_t> neighbours_;
};

/// Brandes 2001, doi:10.1080/0022250X.2001.9990249: adds to `sums` (one per node) what the
/// shortest paths from `source` depend on each node. Summed over all sources and halved, that is
/// betweenness, not normalised, as igraph has it.
class Betweenness {
 public:
  explicit Betweenness(const Graph& graph);
  void add(Index source, std::span<double> sums);

 private:
  const Graph* graph_;
  std::vector<std::int32_t> order_;     // of nodes, as they are reached
  std::vector<std::int32_t> distance_;  // -1: not reached
  std::vector<double> n_paths_;
  std::vector<double> dependency_;
};

/// PageRank (Brin and Page 1998) with damping 0.85 of the undirected graph; sums to 1. By iteration
/// until the changes add up to less than 1e-12.
[[nodiscard]] std::vector<double> page_rank(const Graph& graph);

}  // namespace sicmir::statistics
