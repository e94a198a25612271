// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// GCT files (Broad Institute, GenePattern; LINCS), as tables that the reader of tables
/// understands.

#include <memory>
#include <string_view>

#include "sicmir/gene_map.hpp"
#include "text/byte_input.hpp"

namespace sicmir {

/// True for the first bytes of a GCT file of version 1.2 or 1.3.
[[nodiscard]] bool is_gct(std::string_view head) noexcept;

/// The same file as a table with genes as lines: a header, and lines of a gene's name and its
/// values. Of the columns in front of the values that one stays which names the most genes of the
/// panel (id, Description, pr_gene_symbol...). What goes leaves empty lines, so that messages count
/// lines as the file has them. Throws Error(bad_input), also while it is read, if the file does not
/// have the lines that it claims.
[[nodiscard]] std::unique_ptr<ByteInput> gct_as_table(std::unique_ptr<ByteInput> input,
                                                      const GeneIndex& genes);

}  // namespace sicmir
