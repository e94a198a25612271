// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the columns of a text table hold: names, values, or what is not read.

#include "input/table_draft.hpp"

namespace sicmir {

/// Finds the columns before the values. Throws Error(bad_input) if no column is left, or if the
/// header is a line of data.
void find_leading_columns(TableDraft& draft);

/// Finds the columns that are no expression values, once it is known which axis holds the genes.
/// Throws Error(bad_input) if the cells have no names, or the columns are quantities of one sample.
void find_value_columns(TableDraft& draft);

}  // namespace sicmir
