// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the columns of a text table are, by their names and by what they hold: samples or
/// statistics about them, genes or measurements of the cell.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/note.hpp"

namespace sicmir {

/// What a column is. Only `values` is read.
enum class ColumnMeaning : std::uint8_t {
  values,      ///< expression: of a sample, or of a gene where cells are lines
  statistic,   ///< of a comparison or over samples: baseMean, padj, mean
  size,        ///< of a gene: length, GC content
  total,       ///< what other columns add up to
  metadata,    ///< of a cell: nCount_RNA, percent.mt, cluster
  annotation,  ///< text
  coordinate,  ///< of a gene: chromosome, start, end
  empty,       ///< no name, no value
};

/// The numbers of a column in the lines that were looked at, one per line; NaN: missing.
struct ColumnSample {
  std::string_view name;
  std::vector<double> numbers;
  std::size_t n_text = 0;

  [[nodiscard]] std::size_t n_numbers() const;
  [[nodiscard]] bool has_fractions() const;
  /// At least half of the numbers that are not zero have fractions.
  [[nodiscard]] bool is_fractional() const;
};

/// Meanings of the columns behind the leading ones. By their names, and by what they hold: text, a
/// sum of the others, fractions among whole numbers. `file`: for messages. Throws Error(bad_input)
/// for a table whose columns are several quantities of each sample, or hold no sample at all.
[[nodiscard]] std::vector<ColumnMeaning> judge_columns(std::span<const ColumnSample> columns,
                                                       bool cells_as_lines, const std::string& file,
                                                       const GeneIndex& genes);

/// What is said about the columns that are left out of table `file`; nullopt, where all are read.
[[nodiscard]] std::optional<Note> describe_left_out(std::span<const ColumnSample> columns,
                                                    std::span<const ColumnMeaning> meanings,
                                                    bool cells_as_lines, const std::string& file);

/// One column of names per entry, one name per line. True for a long table: a line per pair of gene
/// and cell, both of which repeat. Tables that repeat lines of genes alone are not.
[[nodiscard]] bool are_pairs(std::span<const std::string> genes,
                             std::span<const std::string> others);
/// What to do about a long table that is not read, and why it is not.
[[nodiscard]] std::string long_table_message(std::string_view gene, std::string_view other,
                                             std::string_view value, std::string_view why);

}  // namespace sicmir
