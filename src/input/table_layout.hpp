// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the first stretch of a text table tells about the rest: separator, header, leading columns
/// of names, and which axis holds the genes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "genes/feature_kinds.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "text/number_text.hpp"

namespace sicmir {

/// Use of a column that stands before the numbers.
enum class LeadingColumn : std::uint8_t {
  names,  ///< of what the lines are: genes or cells
  other,  ///< coordinates, lengths, annotation: passed over
};

/// The fields of a long table, which has a line for each pair of gene and cell.
struct LongColumns {
  std::vector<std::size_t> genes;  ///< names of the gene; the first tells genes apart
  std::size_t cell = 0;
  std::size_t value = 0;
};

struct TableLayout {
  FieldRules rules;
  std::uint64_t header_line = 0;       ///< counted from 1
  std::uint64_t first_data_line = 0;   ///< likewise
  std::size_t n_fields = 0;            ///< of a data line
  bool trailing_separator = false;     ///< data lines end with one that opens no field
  std::vector<std::string> header;     ///< one name per field; R's missing corner is ""
  std::vector<LeadingColumn> leading;  ///< at least one; values are in the fields behind them
  std::size_t name_column = 0;         ///< among them; what names the cells, where they are lines
  std::vector<std::uint8_t> left_out;  ///< per field behind them, 1: not read; empty: all are
  char comment = '\0';                 ///< lines that begin with it are passed over
  bool cells_as_lines = false;
  std::optional<LongColumns> pairs;  ///< of a long table; what follows then tells nothing
  std::vector<Note> warnings;
  bool uncertain = false;  ///< more of the table may tell what it is

  /// Fields behind the leading ones.
  [[nodiscard]] std::size_t n_value_fields() const { return n_fields - leading.size(); }
  /// Those of them that are read.
  [[nodiscard]] std::size_t n_values() const;
  /// Their names.
  [[nodiscard]] std::vector<std::string> value_names() const;
};

struct TableOptions {
  Orientation orientation = Orientation::automatic;
  char decimal = '\0';      ///< as in SourceOptions
  char thousands = '\0';    ///< likewise
  bool take_pairs = false;  ///< the caller reads TableLayout::pairs; else long tables are refused
};

/// `head`: the table's first bytes, decompressed; `whole`: that is all of it. `file`: for messages.
/// Throws Error(bad_input) if this is no table of numbers, or if genes and cells cannot be told
/// apart.
[[nodiscard]] TableLayout find_layout(std::string_view head, bool whole, const std::string& file,
                                      const TableOptions& options, const GeneIndex& genes);

}  // namespace sicmir
