#include "sicmir/cell_source.hpp"

namespace sicmir {

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
