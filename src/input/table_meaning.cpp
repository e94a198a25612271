// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_meaning.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_set>

#include "base/enum_words.hpp"
#include "base/joined.hpp"
#include "genes/id_kinds.hpp"
#include "input/column_names.hpp"
#include "input/table_derived.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

[[noreturn]] void refuse_table(const std::string& file, const std::string& what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", file, what));
}

void refuse_several_quantities(std::span<const ColumnSample> columns, const std::string& file) {
  constexpr std::size_t most_columns = 20000;
  if (columns.size() < 2 || columns.size() > most_columns) return;
  std::map<std::string, std::set<std::string_view>> of_sample;
  std::map<std::string_view, std::size_t> times;
  std::map<std::string_view, std::string_view> example;
  for (const ColumnSample& column : columns) {
    const NamedQuantity named = cut_quantity(column.name);
    of_sample[named.sample].insert(named.quantity);
    ++times[named.quantity];
    example.emplace(named.quantity, column.name);
  }
  std::size_t n_several = 0;
  std::set<std::string_view> found;
  for (const auto& [sample, own] : of_sample) {
    if (own.size() < 2) continue;
    ++n_several;
    found.insert(own.begin(), own.end());
  }
  if (n_several == 0 || n_several * 2 < of_sample.size()) return;
  std::vector<std::string> shown;
  shown.reserve(found.size());
  for (const std::string_view quantity : found) {
    shown.push_back(fmt::format("\"{}\"", example[quantity]));
  }
  refuse_table(file,
               fmt::format("its columns hold several quantities of each of {} samples ({}), which "
                           "would be taken for samples of their own. Keep the columns of one "
                           "quantity, best of the counts.",
                           n_several, joined(shown, ", ")));
}

/// Lengths are never 0, and GC content is at most 100 %.
bool may_be_size(const ColumnSample& column, const std::string& name) {
  constexpr double percent = 100.0;
  const bool is_share = name.find("gc") != std::string::npos;
  if (is_share && std::any_of(column.numbers.begin(), column.numbers.end(),
                              [](double number) { return number > percent; })) {
    return false;
  }
  return column.n_numbers() > 0 &&
         std::all_of(column.numbers.begin(), column.numbers.end(),
                     [](double number) { return std::isnan(number) || number > 0.0; });
}

/// Where most columns hold whole numbers only, one of fractions is no count.
void mark_fractions(std::span<const ColumnSample> columns, bool cells_as_lines,
                    const std::string& file, const GeneIndex& genes,
                    std::vector<ColumnMeaning>& meanings) {
  // Logarithms of counts hold many zeros and ones.
  constexpr double least_count = 3.0;
  constexpr std::size_t least_whole = 3;
  std::size_t n_whole = 0;
  std::size_t n_some = 0;
  std::vector<std::size_t> fractional;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] != ColumnMeaning::values) continue;
    if (columns[c].is_fractional()) {
      fractional.push_back(c);
    } else if (columns[c].has_fractions()) {
      ++n_some;
    } else if (std::any_of(columns[c].numbers.begin(), columns[c].numbers.end(),
                           [](double number) { return number >= least_count; })) {
      ++n_whole;
    }
  }
  const std::size_t n_other = fractional.size() + n_some;
  if (fractional.empty() || n_whole < least_whole || n_other * 3 > n_whole) return;
  for (const std::size_t c : fractional) {
    if (cells_as_lines && !genes.find(columns[c].name)) {
      meanings[c] = ColumnMeaning::metadata;
      continue;
    }
    refuse_table(
        file,
        fmt::format("{} of its columns hold whole numbers, but \"{}\" holds fractions. It cannot "
                    "be a {} in the same unit. Take it out of the table.",
                    n_whole, columns[c].name, cells_as_lines ? "gene" : "sample"));
  }
}

/// One column called "start" may be a sample; two of a gene's place are none.
void mark_coordinates(std::span<const ColumnSample> columns, std::vector<ColumnMeaning>& meanings) {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (names_coordinate(normalised_name(columns[c].name))) found.push_back(c);
  }
  if (found.size() < 2) return;
  for (const std::size_t c : found) meanings[c] = ColumnMeaning::coordinate;
}

void mark_empty(std::span<const ColumnSample> columns, std::vector<ColumnMeaning>& meanings) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const bool has_name = columns[c].name.find_first_not_of(' ') != std::string_view::npos;
    if (!has_name && columns[c].n_text == 0 && columns[c].n_numbers() == 0) {
      meanings[c] = ColumnMeaning::empty;
    }
  }
}

void judge_gene_lines(std::span<const ColumnSample> columns, const std::string& file,
                      std::vector<ColumnMeaning>& meanings) {
  bool any_statistic = false;
  mark_coordinates(columns, meanings);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] != ColumnMeaning::values) continue;
    const std::string name = normalised_name(columns[c].name);
    if (names_statistic(name)) {
      meanings[c] = ColumnMeaning::statistic;
      any_statistic = true;
    } else if (names_size(name) && may_be_size(columns[c], name)) {
      meanings[c] = ColumnMeaning::size;
    } else if (names_total(name)) {
      meanings[c] = ColumnMeaning::total;
    } else if (columns[c].n_text > columns[c].n_numbers()) {
      meanings[c] = ColumnMeaning::annotation;
    }
  }
  for (std::size_t c = 0; c < columns.size() && any_statistic; ++c) {
    if (may_name_statistic(normalised_name(columns[c].name))) {
      meanings[c] = ColumnMeaning::statistic;
    }
  }
  const auto n_values = std::count(meanings.begin(), meanings.end(), ColumnMeaning::values);
  // A single sample may be called Total.
  const auto n_totals = std::count(meanings.begin(), meanings.end(), ColumnMeaning::total);
  if (n_values == 0 && n_totals > 0 && !any_statistic) {
    std::replace(meanings.begin(), meanings.end(), ColumnMeaning::total, ColumnMeaning::values);
  } else if (n_values == 0 && any_statistic) {
    refuse_table(
        file,
        fmt::format("its columns are statistics of genes (\"{}\" and others), not samples. Give "
                    "the table of counts that they were computed from.",
                    columns.front().name));
  } else if (n_values == 0) {
    refuse_table(file,
                 fmt::format("there is no column of a sample in it; \"{}\" is none. Expected a "
                             "column of expression values for each sample.",
                             columns.front().name));
  }
}

void judge_cell_lines(std::span<const ColumnSample> columns, const GeneIndex& genes,
                      std::vector<ColumnMeaning>& meanings) {
  std::size_t n_lower = 0;
  for (const ColumnSample& column : columns) {
    n_lower += guess_id_kind(column.name).kind == IdKind::lower_case_symbol ? 1 : 0;
  }
  const bool lower_is_odd = n_lower * 5 < columns.size();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::string_view name = columns[c].name;
    if (meanings[c] != ColumnMeaning::values) continue;
    if (is_own_column(name) || genes.find_exact(name)) continue;
    constexpr std::size_t least_letters = 3;
    if (names_cell_metadata(normalised_name(name)) ||
        (lower_is_odd && name.size() >= least_letters &&
         guess_id_kind(name).kind == IdKind::lower_case_symbol)) {
      meanings[c] = ColumnMeaning::metadata;
    } else if (columns[c].n_text > columns[c].n_numbers()) {
      meanings[c] = ColumnMeaning::annotation;
    }
  }
}

constexpr EnumWords<ColumnMeaning, 8> meaning_words = {{{
    {"values", ColumnMeaning::values},
    {"statistic", ColumnMeaning::statistic},
    {"size", ColumnMeaning::size},
    {"total", ColumnMeaning::total},
    {"metadata", ColumnMeaning::metadata},
    {"annotation", ColumnMeaning::annotation},
    {"coordinate", ColumnMeaning::coordinate},
    {"empty", ColumnMeaning::empty},
}}};

std::string_view plural_of(ColumnMeaning meaning) {
  switch (meaning) {
    case ColumnMeaning::statistic:
      return "statistics";
    case ColumnMeaning::size:
      return "lengths or GC content";
    case ColumnMeaning::total:
      return "totals of other columns";
    case ColumnMeaning::metadata:
      return "metadata of cells";
    case ColumnMeaning::annotation:
      return "text";
    case ColumnMeaning::coordinate:
      return "places in the genome";
    case ColumnMeaning::empty:
      return "without a name or values";
    case ColumnMeaning::values:
      break;
  }
  return "values";
}

}  // namespace

std::size_t ColumnSample::n_numbers() const {
  return static_cast<std::size_t>(
      std::count_if(numbers.begin(), numbers.end(), [](double x) { return !std::isnan(x); }));
}

bool ColumnSample::has_fractions() const {
  return std::any_of(numbers.begin(), numbers.end(),
                     [](double x) { return !std::isnan(x) && x != std::floor(x); });
}

bool ColumnSample::is_fractional() const {
  std::size_t n_fractions = 0;
  std::size_t n_not_zero = 0;
  for (const double x : numbers) {
    if (std::isnan(x) || x == 0.0) continue;
    ++n_not_zero;
    n_fractions += x != std::floor(x) ? 1 : 0;
  }
  constexpr std::size_t least = 2;
  return n_fractions >= least && n_fractions * 2 >= n_not_zero;
}

std::vector<ColumnMeaning> judge_columns(std::span<const ColumnSample> columns, bool cells_as_lines,
                                         const std::string& file, const GeneIndex& genes) {
  std::vector<ColumnMeaning> meanings(columns.size(), ColumnMeaning::values);
  if (columns.empty()) return meanings;
  mark_empty(columns, meanings);
  if (cells_as_lines) {
    judge_cell_lines(columns, genes, meanings);
    constexpr std::size_t least_cells = 2;  // each with hundreds of genes
    constexpr std::size_t least_genes = 100;
    if (columns.size() >= least_genes) mark_sums(columns, least_cells, meanings);
  } else {
    refuse_several_quantities(columns, file);
    judge_gene_lines(columns, file, meanings);
    constexpr std::size_t least_genes = 5;
    mark_sums(columns, least_genes, meanings);
    mark_summaries(columns, meanings);
  }
  mark_fractions(columns, cells_as_lines, file, genes, meanings);
  return meanings;
}

std::optional<Note> describe_left_out(std::span<const ColumnSample> columns,
                                      std::span<const ColumnMeaning> meanings, bool cells_as_lines,
                                      const std::string& file) {
  constexpr std::size_t most_shown = 6;
  std::map<ColumnMeaning, std::vector<std::string>> by_meaning;
  std::vector<std::string> left_out;
  std::vector<std::string> words;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] == ColumnMeaning::values) continue;
    by_meaning[meanings[c]].emplace_back(columns[c].name);
    left_out.emplace_back(columns[c].name);
    words.emplace_back(meaning_words.word(meanings[c]));
  }
  const std::size_t n = left_out.size();
  if (n == 0) return std::nullopt;
  std::vector<std::string> parts;
  for (const auto& [meaning, names] : by_meaning) {
    if (meaning == ColumnMeaning::empty) {
      parts.emplace_back(plural_of(meaning));
      continue;
    }
    const std::span<const std::string> shown(names.data(), std::min(names.size(), most_shown));
    parts.push_back(fmt::format("{} ({}{})", plural_of(meaning), joined(shown, ", "),
                                shown.size() < names.size() ? ", ..." : ""));
  }
  return Note{
      "columns_left_out",
      fmt::format("{}: {} column{} no {} and {} left out: {}.", file, n, n == 1 ? " is" : "s are",
                  cells_as_lines ? "gene" : "sample", n == 1 ? "is" : "are", joined(parts, "; ")),
      {{"columns", std::move(left_out)}, {"meanings", std::move(words)}}};
}

bool are_pairs(std::span<const std::string> genes, std::span<const std::string> others) {
  constexpr std::size_t least_lines = 12;
  const std::size_t n = std::min(genes.size(), others.size());
  if (n < least_lines) return false;
  std::unordered_set<std::string_view> distinct_genes(genes.begin(), genes.end());
  std::unordered_set<std::string_view> distinct_others(others.begin(), others.end());
  if (distinct_genes.size() * 3 > n * 2 || distinct_others.size() * 3 > n * 2 ||
      distinct_others.size() < 2 || distinct_genes.size() < 2) {
    return false;
  }
  std::unordered_set<std::string> pairs;
  for (std::size_t i = 0; i < n; ++i) pairs.insert(genes[i] + '\t' + others[i]);
  // A name that goes with one gene describes it.
  return pairs.size() * 20 >= n * 19 && pairs.size() > distinct_genes.size() * 5 / 4;
}

std::string long_table_message(std::string_view gene, std::string_view other,
                               std::string_view value, std::string_view why) {
  return fmt::format(
      "this is a long table: each line holds one pair of \"{0}\" and \"{1}\", so that both repeat. "
      "It is read only if one column names the genes, one the samples and one holds the values, "
      "but {3}. Make it wide, one line per gene and one column per {1}; in Python: "
      "df.pivot(index=\"{0}\", "
      "columns=\"{1}\", values=\"{2}\").fillna(0); in R: tidyr::pivot_wider(names_from = \"{1}\", "
      "values_from = \"{2}\", values_fill = 0).",
      gene, other, value, why);
}

}  // namespace sicmir
