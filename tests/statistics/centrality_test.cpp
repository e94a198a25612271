// SPDX-License-Identifier: BSD-3-Clause
// Expected values: igraph's (tests/data/network, written by scripts/make_network_golden.py).
#include "statistics/centrality.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace sicmir::statistics {
namespace {

const std::string folder = SICMIR_TEST_DATA "/network/";

Graph golden_graph() {
  std::ifstream file(folder + "edges.tsv");
  std::string header;
  std::getline(file, header);
  std::vector<std::pair<std::int32_t, std::int32_t>> edges;
  for (std::int32_t a = 0, b = 0; file >> a >> b;) edges.emplace_back(a, b);
  return {52, edges};
}

std::vector<double> betweenness_of(const Graph& graph) {
  const Betweenness nodes(graph);
  Betweenness::Walk walk(nodes);
  std::vector<double> sums(nodes.n_sums(), 0.0);
  for (Index batch = 0; batch < nodes.n_batches(); ++batch) walk.add(batch, sums);
  return nodes.of_nodes(sums);
}

TEST(Centrality, IsThatOfIgraph) {
  const Graph graph = golden_graph();
  const std::vector<double> between = betweenness_of(graph);
  const std::vector<double> rank = page_rank(graph);
  std::ifstream file(folder + "centrality.tsv");
  std::string header;
  std::getline(file, header);
  int n = 0;
  double expected_between = 0;
  double expected_rank = 0;
  for (std::size_t node = 0; file >> node >> expected_between >> expected_rank; ++n) {
    EXPECT_NEAR(between[node], expected_between, 1e-6 * (1 + expected_between)) << node;
    EXPECT_NEAR(rank[node], expected_rank, 1e-8) << node;
  }
  EXPECT_EQ(n, 52);
}

TEST(Centrality, OfAPathByHand) {
  const std::vector<std::pair<std::int32_t, std::int32_t>> edges = {{0, 1}, {1, 2}, {2, 3}};
  const Graph graph(4, edges);
  EXPECT_EQ(graph.degree(1), 2);
  // 0-2, 0-3 and 0-3, 1-3
  EXPECT_EQ(betweenness_of(graph), (std::vector<double>{0, 2, 2, 0}));
}

TEST(Centrality, OfNodesOfTheSameNeighboursByHand) {
  // A star: each of the three pairs of leaves by its middle. One node is alone.
  const std::vector<std::pair<std::int32_t, std::int32_t>> star = {{0, 1}, {0, 2}, {0, 3}};
  EXPECT_EQ(betweenness_of(Graph(5, star)), (std::vector<double>{3, 0, 0, 0, 0}));
  // Two sources of the same three targets: half of each pair of targets; a third of the pair of
  // sources.
  const std::vector<std::pair<std::int32_t, std::int32_t>> both = {{0, 2}, {0, 3}, {0, 4},
                                                                   {1, 2}, {1, 3}, {1, 4}};
  const std::vector<double> found = betweenness_of(Graph(5, both));
  for (std::size_t node = 0; node < 2; ++node) EXPECT_DOUBLE_EQ(found[node], 1.5);
  for (std::size_t node = 2; node < 5; ++node) EXPECT_DOUBLE_EQ(found[node], 1.0 / 3.0);
}

}  // namespace
}  // namespace sicmir::statistics
