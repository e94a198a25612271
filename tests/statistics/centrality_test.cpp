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

TEST(Centrality, IsThatOfIgraph) {
  const Graph graph = golden_graph();
  std::vector<double> between(52, 0.0);
  Betweenness betweenness(graph);
  for (Index source = 0; source < 52; ++source) betweenness.add(source, between);
  const std::vector<double> rank = page_rank(graph);
  std::ifstream file(folder + "centrality.tsv");
  std::string header;
  std::getline(file, header);
  int n = 0;
  double expected_between = 0;
  double expected_rank = 0;
  for (std::size_t node = 0; file >> node >> expected_between >> expected_rank; ++n) {
    EXPECT_NEAR(between[node] / 2, expected_between, 1e-6 * (1 + expected_between)) << node;
    EXPECT_NEAR(rank[node], expected_rank, 1e-8) << node;
  }
  EXPECT_EQ(n, 52);
}

TEST(Centrality, OfAPathByHand) {
  const std::vector<std::pair<std::int32_t, std::int32_t>> edges = {{0, 1}, {1, 2}, {2, 3}};
  const Graph graph(4, edges);
  EXPECT_EQ(graph.degree(1), 2);
  std::vector<double> between(4, 0.0);
  Betweenness betweenness(graph);
  for (Index source = 0; source < 4; ++source) betweenness.add(source, between);
  EXPECT_EQ(between, (std::vector<double>{0, 4, 4, 0}));  // twice 2: 0-2, 0-3 and 0-3, 1-3
}

}  // namespace
}  // namespace sicmir::statistics
