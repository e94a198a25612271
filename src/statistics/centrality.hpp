// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How central the nodes of a graph are.

#include <array>
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
  /// In the order of the edges.
  [[nodiscard]] std::span<const std::int32_t> neighbours(Index node) const;
  [[nodiscard]] Index degree(Index node) const {
    return static_cast<Index>(neighbours(node).size());
  }

 private:
  std::vector<std::size_t> starts_;
  std::vector<std::int32_t> neighbours_;
};

/// Betweenness, not normalised, as igraph has it, by the sums of Brandes 2001,
/// doi:10.1080/0022250X.2001.9990249. Nodes of the same neighbours, such as the miRNAs of one seed,
/// are one node of the walk that counts as many times, and the walk starts from several at once:
/// `batch_size` sources keep their numbers side by side.
class Betweenness {
 public:
  static constexpr std::size_t batch_size = 8;

  explicit Betweenness(const Graph& graph);

  /// Batches of sources; nodes of the same neighbours are one source.
  [[nodiscard]] Index n_batches() const noexcept;
  /// Nodes that differ in their neighbours: the length of sums.
  [[nodiscard]] std::size_t n_sums() const noexcept { return sizes_.size(); }

  /// What one thread works in.
  class Walk {
   public:
    explicit Walk(const Betweenness& nodes);
    /// Adds to `sums` (n_sums() of them) what the shortest paths from the sources of `batch` depend
    /// on.
    void add(Index batch, std::span<double> sums);

   private:
    using Lanes = std::array<double, batch_size>;  // one number for each source

    void start(Index batch);
    bool advance();
    void return_from(std::size_t level);
    void add_equals();
    void take_sums(std::span<double> sums);
    std::vector<std::int32_t>& level_at(std::size_t level);

    const Betweenness* nodes_;
    std::size_t n_levels_ = 0;
    std::vector<std::vector<std::int32_t>> levels_;  // nodes that some source reaches in so many
    std::vector<Lanes> distance_;                    // far_away: not reached
    std::vector<Lanes> n_paths_;
    std::vector<Lanes>
        passed_;               // to the neighbours: paths on the way out, dependency on the way in
    std::vector<Lanes> sums_;  // of what neighbours pass
    std::vector<std::uint8_t> is_touched_;
    std::vector<std::int32_t> touched_;
    std::array<std::int32_t, batch_size> sources_{};
    std::size_t n_sources_ = 0;
    std::size_t n_left_ = 0;  // nodes that sources have not reached
  };

  /// From the sums over all batches to betweenness, one per node of the graph.
  [[nodiscard]] std::vector<double> of_nodes(std::span<const double> sums) const;

 private:
  [[nodiscard]] std::span<const std::int32_t> neighbours(std::size_t node) const {
    return std::span(neighbours_).subspan(starts_[node], starts_[node + 1] - starts_[node]);
  }

  std::vector<std::int32_t> class_of_;  // per node of the graph; -1: has no neighbours
  std::vector<double> sizes_;           // per class
  std::vector<std::size_t> starts_;
  std::vector<std::int32_t> neighbours_;
};

/// PageRank (Brin and Page 1998) with damping 0.85 of the undirected graph; sums to 1. By iteration
/// until the changes add up to less than 1e-12.
[[nodiscard]] std::vector<double> page_rank(const Graph& graph);

}  // namespace sicmir::statistics
