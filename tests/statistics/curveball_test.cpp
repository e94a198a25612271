// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/curveball.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sicmir::statistics {
namespace {

using training::Random;

std::vector<StratifiedGraph::Edge> random_edges(int n_sources, int n_targets, int percent) {
  Random random(3);
  std::vector<StratifiedGraph::Edge> edges;
  for (int s = 0; s < n_sources; ++s) {
    for (int t = 0; t < n_targets; ++t) {
      if (static_cast<int>(random.below(100)) < percent) edges.emplace_back(s, t);
    }
  }
  return edges;
}

/// Per source and stratum, and per target, the number of edges.
using Degrees = std::pair<std::map<std::pair<int, int>, int>, std::map<int, int>>;
Degrees degrees(const StratifiedGraph& graph, int n_sources,
                const std::vector<std::int32_t>& stratum) {
  Degrees found;
  for (int s = 0; s < n_sources; ++s) {
    std::set<std::int32_t> seen;
    for (const std::int32_t target : graph.targets_of(s)) {
      EXPECT_TRUE(seen.insert(target).second) << "an edge twice";
      ++found.first[{s, stratum[static_cast<std::size_t>(target)]}];
      ++found.second[target];
    }
  }
  return found;
}

TEST(StratifiedGraph, KeepsDegreesWithinStrataAndMixes) {
  const auto edges = random_edges(31, 90, 20);  // an odd number: one source rests in each trade
  std::vector<std::int32_t> stratum;
  for (int t = 0; t < 90; ++t) stratum.push_back(t % 4);
  const StratifiedGraph found(31, stratum, 4, edges);
  StratifiedGraph graph = found;
  EXPECT_EQ(graph.overlap(found), 1.0);
  Random random(9);
  graph.trade(20, random);
  EXPECT_EQ(degrees(graph, 31, stratum), degrees(found, 31, stratum));
  EXPECT_EQ(graph.n_edges(), static_cast<Index>(edges.size()));
  EXPECT_LT(graph.overlap(found), 0.45);
}

// 3 sources of 1 target each and 3 targets of 1 source each: the 6 permutations, each as often.
TEST(StratifiedGraph, IsUniformOverAllGraphs) {
  const std::vector<StratifiedGraph::Edge> edges = {{0, 0}, {1, 1}, {2, 2}};
  const std::vector<std::int32_t> one_stratum = {0, 0, 0};
  StratifiedGraph graph(3, one_stratum, 1, edges);
  Random random(1);
  std::map<std::vector<std::int32_t>, int> seen;
  constexpr int n = 12'000;
  for (int i = 0; i < n; ++i) {
    graph.trade(4, random);
    ++seen[{graph.targets_of(0)[0], graph.targets_of(1)[0], graph.targets_of(2)[0]}];
  }
  EXPECT_EQ(seen.size(), 6U);
  double chi_squared = 0;
  for (const auto& [graph_found, times] : seen) {
    chi_squared += (times - n / 6.0) * (times - n / 6.0) / (n / 6.0);
  }
  EXPECT_LT(chi_squared, 20.5);  // p = 0.001 at 5 degrees of freedom
}

// All 2 x 2 pairs of sources with margins that allow 5 graphs: sources of 2, 1 and 1, targets of 2,
// 1 and 1, without double edges.
TEST(StratifiedGraph, IsUniformWhereGraphsDifferInTheirNeighbours) {
  const std::vector<StratifiedGraph::Edge> edges = {{0, 0}, {0, 1}, {1, 0}, {2, 2}};
  const std::vector<std::int32_t> one_stratum = {0, 0, 0};
  StratifiedGraph graph(3, one_stratum, 1, edges);
  Random random(2);
  std::map<std::vector<std::int32_t>, int> seen;
  constexpr int n = 15'000;
  for (int i = 0; i < n; ++i) {
    graph.trade(6, random);
    std::vector<std::int32_t> key(graph.targets_of(0).begin(), graph.targets_of(0).end());
    std::sort(key.begin(), key.end());
    key.push_back(graph.targets_of(1)[0]);
    key.push_back(graph.targets_of(2)[0]);
    ++seen[key];
  }
  // {0,1} leaves 0 and 2 for the others, {0,2} leaves 0 and 1, {1,2} leaves 0 and 0.
  EXPECT_EQ(seen.size(), 5U);
  double chi_squared = 0;
  for (const auto& [graph_found, times] : seen) {
    chi_squared += (times - n / 5.0) * (times - n / 5.0) / (n / 5.0);
  }
  EXPECT_LT(chi_squared, 18.5);  // p = 0.001 at 4 degrees of freedom
}

TEST(StratifiedGraph, NeverTradesAcrossStrata) {
  const std::vector<StratifiedGraph::Edge> edges = {{0, 0}, {1, 1}};
  const std::vector<std::int32_t> two_strata = {0, 1};
  StratifiedGraph graph(2, two_strata, 2, edges);
  Random random(4);
  graph.trade(50, random);
  EXPECT_EQ(graph.targets_of(0)[0], 0);
  EXPECT_EQ(graph.targets_of(1)[0], 1);
}

}  // namespace
}  // namespace sicmir::statistics
