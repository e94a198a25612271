// SPDX-License-Identifier: BSD-3-Clause
#include "pool/draws.hpp"

#include <algorithm>

namespace sicmir {
namespace {

constexpr Index cells_of_a_draw = 100;  // one draw for so many cells
constexpr double drawn_share = 0.8;

/// FNV-1a, 64 bits.
std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) {
    hash ^= static_cast<std::uint64_t>(static_cast<unsigned char>(c));
    hash *= 0x100000001B3u;
  }
  return hash;
}

}  // namespace

Index draws_of(Index n_cells, const PoolOptions& options) noexcept {
  const Index published = (n_cells + cells_of_a_draw - 1) / cells_of_a_draw;
  return options.all_draws ? published : std::min(published, options.max_draws);
}

Index cells_per_draw(Index n_cells) noexcept {
  // In double, as Python computes it.
  const auto drawn = static_cast<Index>(drawn_share * static_cast<double>(n_cells));
  return std::min(n_cells, std::max(drawn, Index{1}));
}

Draw::Draw(std::uint64_t seed, std::string_view group, Index number, Index n_cells)
    : size_(cells_per_draw(n_cells)),
      selection_(size_, n_cells,
                 training::key(seed, training::Purpose::bootstrap, hash_of(group),
                               static_cast<std::uint64_t>(number))) {}

}  // namespace sicmir
