#include "sicmir/cell_source.hpp"

#include <utility>

namespace sicmir {
namespace {

struct RawBlock final : RawCells {
  CellBlock block;
};

}  // namespace

bool CellSource::fetch(std::unique_ptr<RawCells>& raw, Index max_cells) {
  if (!raw) raw = std::make_unique<RawBlock>();
  CellBlock& block = static_cast<RawBlock&>(*raw).block;
  const bool more = next(block, max_cells);
  raw->first = block.first;
  raw->n_cells = block.size();
  return more;
}

void CellSource::decode(RawCells& raw, CellBlock& block) const {
  std::swap(block, static_cast<RawBlock&>(raw).block);
}

void CellBlock::clear(Index first_cell) {
  first = first_cell;
  cells.clear();
  offsets.assign(1, 0);
  genes.clear();
  values.clear();
  totals.clear();
  upper_quartiles.clear();
}

void CellSource::seek(Index) {
  throw Error(ExitCode::internal, "this source cannot seek; ask can_seek() first");
}

}  // namespace sicmir
