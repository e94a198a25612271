// SPDX-License-Identifier: BSD-3-Clause
#include "pool/cell_store.hpp"

#include <gmock/gmock.h>

namespace sicmir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CellBlock three_cells() {
  CellBlock block;
  block.cells = {"first", "", "third"};
  block.offsets = {0, 2, 2, 5};
  block.genes = {1, 70000, 0, 3, 4};
  block.values = {5, 1, 2, 0.5F, 7};
  block.totals = {10, 0, 12.5};
  return block;
}

/// Bytes of memory: none, room for the first cell alone, room for all.
class CellStoreTest : public testing::TestWithParam<std::size_t> {};

TEST_P(CellStoreTest, GivesEachCellByItsPosition) {
  CellStore store(GetParam());
  store.append(three_cells());
  store.append(three_cells());
  ASSERT_EQ(store.size(), 6);
  CellStore::Cell cell;
  store.read(5, cell);
  EXPECT_EQ(cell.name, "third");
  EXPECT_EQ(cell.total, 12.5);
  EXPECT_THAT(cell.genes, ElementsAre(0, 3, 4));
  EXPECT_THAT(cell.values, ElementsAre(2, 0.5F, 7));
  store.read(0, cell);
  EXPECT_EQ(cell.name, "first");
  EXPECT_EQ(cell.total, 10);
  EXPECT_THAT(cell.genes, ElementsAre(1, 70000));
  EXPECT_THAT(cell.values, ElementsAre(5, 1));
  store.read(4, cell);
  EXPECT_EQ(cell.name, "");
  EXPECT_EQ(cell.total, 0);
  EXPECT_THAT(cell.genes, IsEmpty());
  EXPECT_THAT(cell.values, IsEmpty());
}

TEST_P(CellStoreTest, KeepsToItsBound) {
  CellStore store(GetParam());
  store.append(three_cells());
  // 16 bytes, 8 more a value, and the name: 37, 16 and 45.
  EXPECT_EQ(store.bytes_on_disk(), GetParam() < 37 ? 98U : GetParam() < 98 ? 61U : 0U);
}

INSTANTIATE_TEST_SUITE_P(Bounds, CellStoreTest, testing::Values(0, 40, 1000));

}  // namespace
}  // namespace sicmir
