// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Random draws of a group's cells without replacement, decided while the cells pass by.

#include <cstdint>
#include <string_view>

#include "base/random.hpp"
#include "sicmir/pool.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// ceil(n_cells / 100), as published, but no more than the options allow.
[[nodiscard]] Index draws_of(Index n_cells, const PoolOptions& options) noexcept;
/// int(0.8 n_cells), as published, but at least 1: the published program draws nothing from a group
/// of one cell, and its mean is NaN.
[[nodiscard]] Index cells_per_draw(Index n_cells) noexcept;

/// One draw. Cell after cell of the group it says whether the cell is in; each set of `size` cells
/// is equally likely. The random numbers are hashes of seed, group, draw and the cell's rank in its
/// group; nothing else plays a part.
class Draw {
 public:
  /// `number`: of the draw in its group, from 1.
  Draw(std::uint64_t seed, std::string_view group, Index number, Index n_cells);
  /// Whether the group's next cell is drawn. False behind the last of `n_cells`.
  [[nodiscard]] bool takes_next() noexcept { return selection_.takes_next(); }
  /// Cells that a complete pass over the group draws.
  [[nodiscard]] Index size() const noexcept { return size_; }

 private:
  Index size_;
  training::Selection selection_;
};

}  // namespace sicmir
