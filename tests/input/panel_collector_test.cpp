// SPDX-License-Identifier: BSD-3-Clause
#include "input/panel_collector.hpp"

#include <cmath>
#include <limits>

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::panel_of;

/// Features: TP53 (gene 0), OTHER, EGFR (gene 1), a second TP53, a copy on Y, a tag.
class Collector : public ::testing::Test {
 protected:
  GeneMap map(Duplicates duplicates) {
    FeatureTable features;
    features.columns = {
        {"names", {"TP53", "OTHER", "EGFR", "TP53", "ENSG00000002586_PAR_Y", "TAG"}}};
    features.counted = {1, 1, 1, 1, 1, 0};
    return GeneMap(index_, features, {0.1, duplicates}, "file");
  }
  /// Value of TP53 in a cell with the given entries.
  float tp53(Duplicates duplicates, const std::vector<std::pair<Index, double>>& entries) {
    const GeneMap genes = map(duplicates);
    PanelCollector collector(genes, false);
    CellBlock block;
    collector.begin_block(block, 0);
    for (const auto& [feature, value] : entries) collector.add(feature, value);
    collector.end_cell("c");
    return block.genes.empty() || block.genes.front() != 0 ? 0.0f : block.values.front();
  }
  GeneIndex index_{panel_of({"TP53", "EGFR"})};
};

TEST_F(Collector, SortsByPanelPositionAndLeavesZerosOut) {
  const GeneMap genes = map(Duplicates::automatic);
  PanelCollector collector(genes, false);
  CellBlock block;
  collector.begin_block(block, 5);
  collector.add(2, 4.0);
  collector.add(0, 1.0);
  collector.add(1, 10.0);
  collector.end_cell("a");
  collector.add(0, 2.0);
  collector.add(0, -2.0);
  collector.end_cell("b");
  collector.end_cell("c", 17.0);
  EXPECT_EQ(block.first, 5);
  EXPECT_THAT(block.cells, ElementsAre("a", "b", "c"));
  EXPECT_THAT(block.offsets, ElementsAre(0, 2, 2, 2));
  EXPECT_THAT(block.genes, ElementsAre(0, 1));
  EXPECT_THAT(block.values, ElementsAre(1.0f, 4.0f));
  EXPECT_THAT(block.totals, ElementsAre(15.0, 0.0, 17.0));
  EXPECT_THAT(block.upper_quartiles, IsEmpty());
}

TEST_F(Collector, CountsNeitherTagsNorCopiesOnY) {
  const GeneMap genes = map(Duplicates::automatic);
  PanelCollector collector(genes, true);
  CellBlock block;
  collector.begin_block(block, 0);
  collector.add(4, 100.0);
  collector.add(5, 1000.0);
  collector.add(1, 2.0);
  collector.end_cell("a");
  EXPECT_THAT(block.totals, ElementsAre(2.0));
  EXPECT_THAT(block.upper_quartiles, ElementsAre(2.0));
}

TEST_F(Collector, AddsDuplicatesUp) {
  for (const Duplicates rule : {Duplicates::automatic, Duplicates::sum}) {
    EXPECT_EQ(tp53(rule, {{3, 2.0}, {0, 1.0}}), 3.0f);
    EXPECT_EQ(tp53(rule, {{3, 2.0}}), 2.0f);
  }
}

TEST_F(Collector, TakesTheFirstFeatureEvenIfItIsZero) {
  EXPECT_EQ(tp53(Duplicates::first, {{3, 2.0}, {0, 1.0}}), 1.0f);
  EXPECT_EQ(tp53(Duplicates::first, {{3, 2.0}}), 0.0f);
  EXPECT_EQ(tp53(Duplicates::first, {{0, 1.0}, {3, 9.0}, {0, 0.5}}), 1.5f);
}

TEST_F(Collector, TakesTheLargestFeature) {
  EXPECT_EQ(tp53(Duplicates::max, {{3, 2.0}, {0, 1.0}}), 2.0f);
  EXPECT_EQ(tp53(Duplicates::max, {{0, 1.0}, {0, 1.5}, {3, 2.0}}), 2.5f);
  EXPECT_EQ(tp53(Duplicates::max, {{0, -1.0}, {3, -2.0}}), -1.0f);
  // The other feature is not stored: zero.
  EXPECT_EQ(tp53(Duplicates::max, {{3, -2.0}}), 0.0f);
}

TEST_F(Collector, KeepsNaNUnderEveryRule) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Duplicates rule : {Duplicates::automatic, Duplicates::sum, Duplicates::max}) {
    EXPECT_TRUE(std::isnan(tp53(rule, {{0, nan}}))) << static_cast<int>(rule);
    EXPECT_TRUE(std::isnan(tp53(rule, {{0, nan}, {3, 1.0}}))) << static_cast<int>(rule);
    EXPECT_TRUE(std::isnan(tp53(rule, {{0, 1.0}, {3, nan}}))) << static_cast<int>(rule);
  }
  EXPECT_TRUE(std::isnan(tp53(Duplicates::first, {{0, nan}, {3, 1.0}})));
}

TEST_F(Collector, RoundsValuesToFloatBeforeItAddsThem) {
  // As gene-major inputs must, which are held as float: the layout cannot change a bit.
  const double a = 0.1;
  const double b = 0.7;
  const auto expected = static_cast<float>(static_cast<double>(static_cast<float>(a)) +
                                           static_cast<double>(static_cast<float>(b)));
  EXPECT_EQ(tp53(Duplicates::sum, {{0, a}, {3, b}}), expected);
}

double quartile_of(const std::vector<double>& values) {
  FeatureTable features;
  features.columns = {{"names", {"TP53"}}};
  for (std::size_t i = 1; i < values.size(); ++i) {
    features.columns[0].ids.push_back("G" + std::to_string(i) + "x");
  }
  const GeneIndex index(panel_of({"TP53"}));
  const GeneMap map(index, features, {0.1, Duplicates::automatic}, "file");
  PanelCollector collector(map, true);
  CellBlock block;
  collector.begin_block(block, 0);
  for (std::size_t i = values.size(); i-- > 0;) collector.add(static_cast<Index>(i), values[i]);
  collector.end_cell("c");
  return block.upper_quartiles.front();
}

TEST_F(Collector, FindsTheUpperQuartileAsNumpysInvertedCdf) {
  // numpy.quantile(values[values != 0], 0.75, method="inverted_cdf")
  EXPECT_EQ(quartile_of({1}), 1.0);
  EXPECT_EQ(quartile_of({1, 2}), 2.0);
  EXPECT_EQ(quartile_of({1, 2, 3}), 3.0);
  EXPECT_EQ(quartile_of({1, 2, 3, 4}), 3.0);
  EXPECT_EQ(quartile_of({5, 4, 3, 2, 1}), 4.0);
  EXPECT_EQ(quartile_of({8, 1, 7, 2, 6, 3, 5, 4}), 6.0);
  EXPECT_EQ(quartile_of({0, 1, 0, 2, 0, 3, 0, 4, 0}), 3.0);
  EXPECT_EQ(quartile_of({0, 0}), 0.0);
  EXPECT_EQ(quartile_of({1, 2, 3, 4, std::numeric_limits<double>::quiet_NaN()}), 3.0);
}

TEST_F(Collector, AddsPiecesOfAFeatureUpBeforeTheQuartile) {
  const GeneMap genes = map(Duplicates::automatic);
  PanelCollector collector(genes, true);
  CellBlock block;
  collector.begin_block(block, 0);
  collector.add(0, 1.0);
  collector.add(1, 5.0);
  collector.add(0, 9.0);
  collector.end_cell("a");
  EXPECT_THAT(block.upper_quartiles, ElementsAre(10.0));
}

}  // namespace
}  // namespace sicmir
