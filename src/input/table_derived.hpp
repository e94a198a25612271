// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Columns of a table that were computed of its other columns.

#include <cstddef>
#include <span>
#include <vector>

#include "input/table_meaning.hpp"

namespace sicmir {

/// Finds the column that is the sum of all others that hold values, and makes it a total.
/// `least_lines`: so many must have a sum.
void mark_sums(std::span<const ColumnSample> columns, std::size_t least_lines,
               std::vector<ColumnMeaning>& meanings);

/// Finds columns that are the sum, the mean or the standard deviation (n - 1) of neighbouring
/// columns, as spreadsheets have them for groups of samples, by their numbers alone; where there
/// are some, also columns whose names say so (names_summary). They become totals or statistics.
/// Looks at tables of up to 200 samples.
void mark_summaries(std::span<const ColumnSample> columns, std::vector<ColumnMeaning>& meanings);

}  // namespace sicmir
