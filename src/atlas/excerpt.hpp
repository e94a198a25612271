// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Some of a data set's cells, so that a small web host can show its map.

#include <cstdint>
#include <span>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// How many cells of each group are drawn: `most` in all, in proportion to `sizes` by the largest
/// remainder (Hamilton's method; of equal remainders, the first). If there are no more groups than
/// `most`, each that has cells keeps one, and the rest is divided in proportion to what is left of
/// them. `most` at least the sum of `sizes`: all.
[[nodiscard]] std::vector<Index> shares(std::span<const Index> sizes, Index most);

/// Positions of `most` cells, rising: of each group its share, every choice of that many being as
/// likely as any other. `groups`: per cell the number of its group, from 0. Equal arguments draw
/// equal cells, on every machine.
[[nodiscard]] std::vector<Index> drawn_cells(std::span<const std::int32_t> groups, Index most,
                                             std::uint64_t seed, std::uint64_t set);

}  // namespace sicmir::atlas
