// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Long text tables: a line for each pair of gene and cell.

#include <memory>

#include "input/table_layout.hpp"
#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"

namespace sicmir {

/// Reads the table whole and makes it wide. Pairs that are not listed are 0. `layout`: with pairs;
/// `description`: of the file as it is. Holds 12 bytes for each value of a gene of the panel (of
/// any gene, if all are wanted), at most 2^25 of them. Throws Error(bad_input), naming the line,
/// for lines of other fields and text for numbers; for pairs that are listed twice, for negative
/// values where pairs are missing, and for tables beyond the limit.
[[nodiscard]] std::unique_ptr<CellSource> open_long_source(std::unique_ptr<ByteInput> input,
                                                           TableLayout layout,
                                                           SourceDescription description,
                                                           const SourceOptions& options,
                                                           const GeneIndex& genes);

}  // namespace sicmir
