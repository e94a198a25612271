// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// One input cut into parts for many machines.

#include <span>
#include <string>

#include "sicmir/types.hpp"

namespace sicmir {

/// Part `number` of `of`, counted from 1.
struct Shard {
  Index number = 1;
  Index of = 1;
};

/// The cells of a shard: neighbours, without gap or overlap between shards, each beginning at the
/// edge of a block of GeneMoments, so that block sums of shards are block sums of the whole. Where
/// there are more shards than blocks some are empty.
[[nodiscard]] CellRange cells_of(const Shard& shard, Index n_cells);

/// A file that holds a part of something made of an input's cells.
struct PartRange {
  std::string path;
  CellRange cells;
  Index n_input_cells = 0;
};

/// `parts`: sorted by their cells. Throws Error(bad_input), naming files and cells, unless they
/// belong to inputs of the same size and cover it without gap and overlap.
void check_cover(std::span<const PartRange> parts);

}  // namespace sicmir
