// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/shard.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sicmir/moments.hpp"
#include "sicmir/normalize.hpp"

namespace sicmir {

CellRange cells_of(const Shard& shard, Index n_cells) {
  const Index n_blocks = (n_cells + GeneMoments::block_cells - 1) / GeneMoments::block_cells;
  const auto edge = [&](Index shards_before) {
    // Whole blocks first, so that no product overflows.
    const Index block =
        n_blocks / shard.of * shards_before + n_blocks % shard.of * shards_before / shard.of;
    return std::min(block * GeneMoments::block_cells, n_cells);
  };
  return {edge(shard.number - 1), edge(shard.number)};
}

void check_cover(std::span<const PartRange> parts) {
  const Index n_cells = parts.front().n_input_cells;
  Index next = 0;
  const PartRange* before = nullptr;
  for (const PartRange& part : parts) {
    if (part.n_input_cells != n_cells) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: a part of {} cells, but {} is a part of {}; these are not parts "
                              "of one input.",
                              part.path, part.n_input_cells, parts.front().path, n_cells));
    }
    if (part.cells.size() == 0) continue;
    if (part.cells.first > next) {
      throw Error(ExitCode::bad_input,
                  fmt::format("cells {} to {} of {} are in no part: a part before {} is missing. "
                              "Run its shard again and specify all parts.",
                              next, part.cells.first, n_cells, part.path));
    }
    if (part.cells.first < next) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{} and {} both hold cell {}; specify each part once, all of them "
                              "from the same number of shards.",
                              before->path, part.path, part.cells.first));
    }
    next = part.cells.last;
    before = &part;
  }
  if (next < n_cells) {
    throw Error(ExitCode::bad_input,
                fmt::format("cells {} to {} of {} are in no part: the last part is missing. Run "
                            "its shard again and specify all parts.",
                            next, n_cells, n_cells));
  }
}

}  // namespace sicmir
