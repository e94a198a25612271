// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The one place that decides what the lines and columns of a text table are: a header or data,
/// samples or statistics about them, genes or measurements of the cell.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "text/number_marks.hpp"
#include "text/number_text.hpp"

namespace sicmir {

/// What a column is. Only `values` is read.
enum class ColumnMeaning : std::uint8_t {
  values,      ///< expression: of a sample, or of a gene where cells are lines
  statistic,   ///< of a comparison or over samples: baseMean, padj, mean
  size,        ///< of a gene: length, GC content
  total,       ///< what other columns add up to
  metadata,    ///< of a cell: nCount_RNA, percent.mt, cluster
  annotation,  ///< text
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

/// A sentence about the columns that are left out; empty, where all are read.
[[nodiscard]] std::string describe_left_out(std::span<const ColumnSample> columns,
                                            std::span<const ColumnMeaning> meanings,
                                            bool cells_as_lines);

/// True if the first line of a table or list names its columns: it says "gene", "barcode", "x"...,
/// and is no id itself. `others`: the lines below.
[[nodiscard]] bool is_header_word(std::string_view word);
[[nodiscard]] bool is_list_header(std::string_view first, std::span<const std::string> others);

/// The names of quantities, if a line below the header gives several of each sample (Firehose:
/// raw_counts, median_length_normalized, RPKM); else empty. Both without the leading column.
[[nodiscard]] std::vector<std::string> quantities_below_header(std::span<const std::string> header,
                                                               std::span<const std::string> below);

/// True if the name is that of a quantity of one sample: TPM, expected_count, unstranded.
[[nodiscard]] bool names_quantity(std::string_view name);
/// How much rather a quantity is taken than others: counts before all. 0: not known.
[[nodiscard]] int preference_of_quantity(std::string_view name);

/// Decides the marks of a table's numbers; `rules` hold the separator and the likely decimal mark,
/// `decimal` and `thousands` what the user stated (SourceOptions). Throws Error(bad_input) where
/// the numbers allow both readings.
void settle_marks(const NumberMarks& marks, char decimal, char thousands, FieldRules& rules,
                  const std::string& file);

/// Which of a gene's columns (1 to 3) of STAR's ReadsPerGene.out.tab holds the counts, by their
/// sums over the genes; nullopt: they do not tell.
struct StarStrand {
  std::size_t column;
  std::string_view name;
};
[[nodiscard]] std::optional<StarStrand> choose_star_strand(std::span<const double, 3> sums);

/// The sample's name in the path of such a file: "S1" of S1_ReadsPerGene.out.tab.gz.
[[nodiscard]] std::string star_sample_name(const std::string& path);

/// One column of names per entry, one name per line. True for a long table: a line per pair of gene
/// and cell, both of which repeat. Tables that repeat lines of genes alone are not.
[[nodiscard]] bool are_pairs(std::span<const std::string> genes,
                             std::span<const std::string> others);
/// What to do about a long table.
[[nodiscard]] std::string long_table_message(std::string_view gene, std::string_view other,
                                             std::string_view value);

}  // namespace sicmir
