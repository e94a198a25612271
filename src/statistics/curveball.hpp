// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Random bipartite graphs of given degrees.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// A bipartite graph of sources and targets whose targets are divided into strata. Global
/// curveball trades (Strona et al. 2014, doi:10.1038/ncomms5114; Carstens, Berger and Strona 2018,
/// doi:10.1007/978-3-319-72150-7_25) pair all sources at random; each pair shuffles, within each
/// stratum, the targets that only one of the two has. Every source keeps its number of targets in
/// each stratum, every target its number of sources. Trades are reversible and tend to the uniform
/// distribution over all such graphs.
class StratifiedGraph {
 public:
  using Edge = std::pair<std::int32_t, std::int32_t>;  ///< source, target

  /// `edges`: each once. `stratum`: 0 .. n_strata - 1, per target.
  StratifiedGraph(Index n_sources, std::span<const std::int32_t> stratum, Index n_strata,
                  std::span<const Edge> edges);

  /// `n` global trades.
  void trade(Index n, training::Random& random);

  /// Takes over the edges of a graph of the same degrees in each stratum.
  void set_edges_of(const StratifiedGraph& other);

  /// The targets of a source, in no particular order.
  [[nodiscard]] std::span<const std::int32_t> targets_of(Index source) const;
  [[nodiscard]] Index n_edges() const noexcept { return static_cast<Index>(targets_.size()); }

  /// Share of the edges that `other`, a graph of the same degrees, has, too.
  [[nodiscard]] double overlap(const StratifiedGraph& other) const;

 private:
  void trade_pair(std::span<std::int32_t> a, std::span<std::int32_t> b, training::Random& random);

  std::size_t n_sources_;
  std::size_t n_strata_;
  std::vector<std::size_t> starts_;  // of each source's targets in each stratum
  std::vector<std::int32_t> targets_;
  std::vector<std::uint32_t> marks_;  // per target
  std::uint32_t last_mark_ = 0;
  std::vector<std::uint32_t> order_;  // of sources
};

}  // namespace sicmir::statistics
