// SPDX-License-Identifier: BSD-3-Clause
#include "cells/spool.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace sicmir {
namespace {

CellBlock block_of(Index first, Index n_cells) {
  CellBlock block;
  block.clear(first);
  for (Index cell = 0; cell < n_cells; ++cell) {
    const Index position = first + cell;
    for (PanelPosition gene = 0; gene < position % 4; ++gene) {
      block.genes.push_back(gene * 300);
      block.values.push_back(static_cast<float>(position) + 0.25f * static_cast<float>(gene));
    }
    block.offsets.push_back(static_cast<Index>(block.genes.size()));
    block.cells.push_back("cell" + std::string(static_cast<std::size_t>(position % 3), 'x'));
    block.totals.push_back(static_cast<double>(position) * 1.5);
  }
  return block;
}

void expect_equal(const CellBlock& found, const CellBlock& expected) {
  EXPECT_EQ(found.first, expected.first);
  EXPECT_EQ(found.cells, expected.cells);
  EXPECT_EQ(found.offsets, expected.offsets);
  EXPECT_EQ(found.genes, expected.genes);
  EXPECT_EQ(found.values, expected.values);
  EXPECT_EQ(found.totals, expected.totals);
}

TEST(Spool, GivesBackWhatItGotFromMemoryAndFromDisk) {
  for (const std::size_t memory_bound : {std::size_t{0}, std::size_t{500}, std::size_t{1} << 20}) {
    Spool spool(memory_bound);
    for (Index i = 0; i < 20; ++i) spool.append(Spool::pack(block_of(i * 7, 7)));
    EXPECT_LE(spool.bytes_in_memory(), memory_bound);
    EXPECT_EQ(spool.bytes_on_disk() == 0, memory_bound >= 10000);
    CellBlock block;
    for (Index i = 0; i < 20; ++i) {
      ASSERT_TRUE(spool.next(block));
      expect_equal(block, block_of(i * 7, 7));
    }
    EXPECT_FALSE(spool.next(block));
    EXPECT_TRUE(block.empty());
  }
}

}  // namespace
}  // namespace sicmir
