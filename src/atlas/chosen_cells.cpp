// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/chosen_cells.hpp"

#include <algorithm>
#include <utility>

namespace sicmir::atlas {
namespace {

class ChosenRaw final : public RawCells {
 public:
  std::unique_ptr<RawCells> inner;
};

/// Of a block, the cells at `places`; in place.
void keep(CellBlock& block, std::span<const Index> places, Index first) {
  CellBlock kept;
  kept.clear(first);
  for (const Index place : places) {
    const auto cell = static_cast<std::size_t>(place);
    const auto from = static_cast<std::ptrdiff_t>(block.offsets[cell]);
    const auto to = static_cast<std::ptrdiff_t>(block.offsets[cell + 1]);
    kept.cells.push_back(std::move(block.cells[cell]));
    kept.genes.insert(kept.genes.end(), block.genes.begin() + from, block.genes.begin() + to);
    kept.values.insert(kept.values.end(), block.values.begin() + from, block.values.begin() + to);
    kept.offsets.push_back(static_cast<Index>(kept.genes.size()));
    kept.totals.push_back(block.totals[cell]);
    if (!block.upper_quartiles.empty()) kept.upper_quartiles.push_back(block.upper_quartiles[cell]);
  }
  block = std::move(kept);
}

}  // namespace

bool ChosenCells::fetch(std::unique_ptr<RawCells>& raw, Index max_cells) {
  if (raw == nullptr) raw = std::make_unique<ChosenRaw>();
  auto& mine = static_cast<ChosenRaw&>(*raw);
  while (next_ < chosen_.size() && source_->fetch(mine.inner, max_cells)) {
    const Index end = mine.inner->first + mine.inner->n_cells;
    const auto after = static_cast<std::size_t>(
        std::lower_bound(chosen_.begin() + static_cast<std::ptrdiff_t>(next_), chosen_.end(), end) -
        chosen_.begin());
    if (after == next_) continue;
    mine.first = static_cast<Index>(next_);
    mine.n_cells = static_cast<Index>(after - next_);
    next_ = after;
    return true;
  }
  return false;
}

void ChosenCells::decode(RawCells& raw, CellBlock& block) const {
  auto& mine = static_cast<ChosenRaw&>(raw);
  const Index first = mine.inner->first;
  source_->decode(*mine.inner, block);
  std::vector<Index> places;
  places.reserve(static_cast<std::size_t>(mine.n_cells));
  for (Index i = 0; i < mine.n_cells; ++i) {
    places.push_back(chosen_[static_cast<std::size_t>(mine.first + i)] - first);
  }
  keep(block, places, mine.first);
}

void ChosenCells::seek(Index cell) {
  next_ = static_cast<std::size_t>(cell);
  source_->seek(next_ < chosen_.size() ? chosen_[next_] : source_->n_cells().value_or(0));
}

}  // namespace sicmir::atlas
