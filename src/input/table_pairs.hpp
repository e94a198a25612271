// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Long tables, which have a line for each pair of gene and cell.

#include "input/table_draft.hpp"

namespace sicmir {

/// A line per gene and cell is no table of lines and columns. One that tells genes, cells and
/// values apart is taken (TableLayout::pairs) if `may_take`; any other is refused. Nothing is done
/// to other tables. Throws Error(bad_input).
void find_pairs(TableDraft& draft, bool may_take);

}  // namespace sicmir
