// SPDX-License-Identifier: BSD-3-Clause
#include "input/gene_major_store.hpp"

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using ::testing::ElementsAre;
using testing::panel_of;

class Store : public ::testing::Test {
 protected:
  Store() {
    FeatureTable features;
    features.columns = {{"names", {"TP53", "OTHER", "EGFR"}}};
    map_.emplace(index_, features, GeneMapOptions{0.1, Duplicates::automatic}, "file");
    // TP53: 1 0 3 0, EGFR: 0 5 6 0 in two parts, OTHER counts in the totals only.
    store_.begin_feature(0, true, true);
    store_.add(2, 3.0);
    store_.add(0, 1.0);
    store_.end_feature();
    store_.begin_feature(1, false, true);
    for (Index c = 0; c < 4; ++c) store_.add(c, 10.0);
    store_.end_feature();
    store_.begin_feature(2, true, false);
    store_.add(1, 2.0);
    store_.end_feature();
    store_.begin_feature(2, true, true);
    store_.add(1, 3.0);
    store_.add(2, 6.0);
    store_.end_feature();
    store_.add_to_total(3, 0.5);
  }
  CellBlock cells(Index first, Index count) {
    PanelCollector collector(*map_, false);
    CellBlock block;
    store_.fill(block, first, count, names_, collector, reader_);
    return block;
  }
  GeneIndex index_{panel_of({"TP53", "EGFR"})};
  std::optional<GeneMap> map_;
  std::vector<std::string> names_{"a", "b", "c", "d"};
  GeneMajorStore store_{4, "file"};
  GeneMajorStore::Reader reader_;
};

TEST_F(Store, ServesCellsWithTheirTotals) {
  const CellBlock block = cells(0, 4);
  EXPECT_THAT(block.cells, ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(block.offsets, ElementsAre(0, 1, 2, 4, 4));
  EXPECT_THAT(block.genes, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(block.values, ElementsAre(1, 5, 3, 6));
  EXPECT_THAT(block.totals, ElementsAre(11, 13, 19, 10.5));
}

TEST_F(Store, TakesWholeFeaturesAsItTakesSingleValues) {
  GeneMajorStore whole(4, "file");
  whole.add_feature(0, true, true, std::vector{1.0, 0.0, 3.0, 0.0});
  whole.add_feature(1, false, true, std::vector{10.0, 12.0, 10.0, 10.5});
  whole.add_feature(2, true, false, std::vector{0.0, 5.0, 6.0, 0.0});
  PanelCollector collector(*map_, false);
  CellBlock block;
  GeneMajorStore::Reader reader;
  whole.fill(block, 0, 4, names_, collector, reader);
  EXPECT_THAT(block.offsets, ElementsAre(0, 1, 2, 4, 4));
  EXPECT_THAT(block.values, ElementsAre(1, 5, 3, 6));
  EXPECT_THAT(block.totals, ElementsAre(11, 12, 13, 10.5));
}

TEST_F(Store, ServesManyCellsAtOnce) {
  constexpr Index n = 200;
  GeneMajorStore many(n, "file");
  std::vector<double> first(n), second(n);
  std::vector<std::string> names(n);
  for (std::size_t cell = 0; cell < n; ++cell) {
    names[cell] = std::to_string(cell);
    first[cell] = static_cast<double>(cell + 1);
    second[cell] = cell % 3 == 0 ? 0.5 : 0.0;
  }
  many.add_feature(0, true, true, first);
  many.add_feature(2, true, true, second);
  PanelCollector collector(*map_, false);
  CellBlock block;
  GeneMajorStore::Reader reader;
  many.fill(block, 30, 150, names, collector, reader);
  ASSERT_EQ(block.size(), 150);
  std::size_t at = 0;
  for (std::size_t cell = 30; cell < 180; ++cell) {
    EXPECT_EQ(block.cells[cell - 30], names[cell]);
    EXPECT_EQ(block.genes[at], 0);
    EXPECT_EQ(block.values[at++], static_cast<float>(cell + 1));
    if (cell % 3 != 0) continue;
    EXPECT_EQ(block.genes[at], 1);
    EXPECT_EQ(block.values[at++], 0.5F);
  }
  EXPECT_EQ(at, block.values.size());
}

TEST_F(Store, ServesBlocksInAnyOrder) {
  EXPECT_THAT(cells(2, 2).values, ElementsAre(3, 6));
  EXPECT_THAT(cells(0, 1).values, ElementsAre(1));
  EXPECT_THAT(cells(1, 1).values, ElementsAre(5));
  EXPECT_THAT(cells(1, 2).values, ElementsAre(5, 3, 6));
  EXPECT_THAT(cells(3, 1).values, ::testing::IsEmpty());
  EXPECT_EQ(cells(3, 1).first, 3);
  EXPECT_EQ(cells(4, 0).size(), 0);
}

TEST_F(Store, ReadersDoNotDisturbEachOther) {
  PanelCollector collector(*map_, false);
  GeneMajorStore::Reader even, odd;
  std::vector<float> values;
  for (Index cell = 0; cell < 4; ++cell) {
    CellBlock block;
    store_.fill(block, cell, 1, names_, collector, cell % 2 == 0 ? even : odd);
    values.insert(values.end(), block.values.begin(), block.values.end());
  }
  EXPECT_THAT(values, ElementsAre(1, 5, 3, 6));
}

TEST_F(Store, CountsWhatItHolds) {
  const std::size_t before = store_.bytes();
  store_.begin_feature(0, true, false);
  for (int i = 0; i < 100000; ++i) store_.add(0, 1.0);
  store_.end_feature();
  EXPECT_GE(store_.bytes(), before + 8 * 99000);
}

TEST(GeneMajorStore, RefusesMoreCellsThanItCanNumber) {
  EXPECT_THAT(testing::message_of([] { GeneMajorStore(Index{1} << 32, "file"); }),
              ::testing::StartsWith("3 file: "));
}

}  // namespace
}  // namespace sicmir
