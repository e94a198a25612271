// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_meaning.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/joined.hpp"
#include "genes/id_kinds.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

using Words = std::span<const std::string_view>;

bool holds(Words list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Lower case, with one underscore for whatever separates words: "adj.P.Val" is "adj_p_val".
std::string normalised(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0 || c == '%') {
      result += static_cast<char>(std::tolower(u));
    } else if (!result.empty() && result.back() != '_') {
      result += '_';
    }
  }
  while (!result.empty() && result.back() == '_') result.pop_back();
  return result;
}

std::vector<std::string> words_of(const std::string& name) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find('_', start), name.size());
    if (end > start) words.push_back(name.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

/// `word` alone, or as a whole word at the beginning or the end of `name`.
bool begins_or_ends_with(std::string_view name, std::string_view word) {
  if (name == word) return true;
  if (name.size() <= word.size() + 1) return false;
  return (name.starts_with(word) && name[word.size()] == '_') ||
         (name.ends_with(word) && name[name.size() - word.size() - 1] == '_');
}

/// Columns that DESeq2, edgeR, limma, Seurat's FindMarkers and their like write.
bool names_statistic(const std::string& name) {
  static constexpr std::array<std::string_view, 46> known = {
      "basemean",        "log2foldchange",
      "lfcse",           "pvalue",
      "p_value",         "pval",
      "p_val",           "padj",
      "p_adj",           "adj_p_val",
      "adj_pval",        "adj_p_value",
      "p_value_adj",     "p_val_adj",
      "p_adjust",        "pval_adj",
      "pvalue_adj",      "qvalue",
      "q_value",         "qval",
      "logfc",           "log2fc",
      "log_fc",          "log2_fc",
      "foldchange",      "fold_change",
      "avg_log2fc",      "avg_logfc",
      "logcpm",          "aveexpr",
      "svalue",          "s_value",
      "dispersion",      "dispgeneest",
      "dispfit",         "dispmap",
      "dispoutlier",     "betaconv",
      "maxcooks",        "tagwise_dispersion",
      "bonferroni",      "log2_fold_change",
      "log_fold_change", "log2ratio",
      "wald_stat",       "allzero"};
  static constexpr std::array<std::string_view, 14> whole = {
      "fdr",      "lods",    "mean",     "average", "median",  "stdev",       "variance",
      "row_mean", "rowmean", "rowmeans", "basevar", "std_dev", "neg_log10_p", "adjp"};
  if (holds(whole, name)) return true;
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view word) { return begins_or_ends_with(name, word); });
}

/// Statistics only where others are: short names, which samples may have.
bool may_name_statistic(const std::string& name) {
  static constexpr std::array<std::string_view, 25> known = {
      "stat", "t",   "b",  "f",   "lr",    "df",    "rank", "score", "significant",
      "sig",  "lfc", "fc", "avg", "sd",    "std",   "cv",   "max",   "min",
      "var",  "se",  "z",  "w",   "pct_1", "pct_2", "chisq"};
  return holds(known, name);
}

bool all_words_in(const std::vector<std::string>& words, Words vocabulary, Words core) {
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return holds(vocabulary, word);
  }) && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return holds(core, word);
  });
}

/// gene_length_bp, Transcript.length, percentage_gene_gc_content.
bool names_size(const std::string& name) {
  static constexpr std::array<std::string_view, 36> vocabulary = {
      "gene",       "transcript", "exon",      "exons",   "exonic",  "tx",         "cds", "merged",
      "median",     "mean",       "max",       "total",   "union",   "effective",  "eff", "length",
      "lengths",    "len",        "width",     "size",    "sizes",   "bp",         "kb",  "nt",
      "in",         "of",         "gc",        "content", "percent", "percentage", "pct", "bases",
      "genelength", "gccontent",  "efflength", "%gc"};
  static constexpr std::array<std::string_view, 13> core = {
      "length", "lengths",    "len",       "width",     "size", "sizes", "bp",
      "kb",     "genelength", "gccontent", "efflength", "gc",   "%gc"};
  static constexpr std::array<std::string_view, 8> counts = {
      "n_exons",          "exon_count", "exon_number", "n_transcripts",
      "transcript_count", "gc%",        "gene_gc%",    "num_exons"};
  return holds(counts, name) || all_words_in(words_of(name), vocabulary, core);
}

bool names_total(const std::string& name) {
  static constexpr std::array<std::string_view, 22> vocabulary = {
      "total",  "totals",  "sum",    "sums",    "row",    "rows",      "grand",   "all",
      "counts", "count",   "reads",  "umis",    "umi",    "of",        "samples", "sample",
      "cells",  "overall", "rowsum", "rowsums", "summed", "expression"};
  static constexpr std::array<std::string_view, 8> core = {
      "total", "totals", "sum", "sums", "rowsum", "rowsums", "overall", "summed"};
  return all_words_in(words_of(name), vocabulary, core);
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// Measurements and labels of cells as Seurat, scanpy and scater call them.
bool names_cell_metadata(const std::string& name) {
  static constexpr std::array<std::string_view, 76> known = {"n_counts",
                                                             "n_genes",
                                                             "n_umi",
                                                             "n_umis",
                                                             "n_reads",
                                                             "n_features",
                                                             "ngene",
                                                             "ngenes",
                                                             "numi",
                                                             "numis",
                                                             "nread",
                                                             "nreads",
                                                             "nfeatures",
                                                             "ncount",
                                                             "ncounts",
                                                             "n_genes_by_counts",
                                                             "n_cells",
                                                             "library_size",
                                                             "libsize",
                                                             "lib_size",
                                                             "size_factor",
                                                             "size_factors",
                                                             "sizefactor",
                                                             "sizefactors",
                                                             "s_score",
                                                             "g2m_score",
                                                             "phase",
                                                             "cc_difference",
                                                             "pseudotime",
                                                             "dpt_pseudotime",
                                                             "detected",
                                                             "mito",
                                                             "mt_frac",
                                                             "mito_frac",
                                                             "frac_mt",
                                                             "percentmito",
                                                             "pmito",
                                                             "percentmt",
                                                             "mitopercent",
                                                             "percent_ribo",
                                                             "age",
                                                             "sex",
                                                             "bmi",
                                                             "batch",
                                                             "donor",
                                                             "sample",
                                                             "patient",
                                                             "condition",
                                                             "treatment",
                                                             "group",
                                                             "replicate",
                                                             "time",
                                                             "timepoint",
                                                             "day",
                                                             "plate",
                                                             "well",
                                                             "array_row",
                                                             "array_col",
                                                             "in_tissue",
                                                             "x",
                                                             "y",
                                                             "x_centroid",
                                                             "y_centroid",
                                                             "cell_type",
                                                             "celltype",
                                                             "orig_ident",
                                                             "label",
                                                             "index",
                                                             "level_0",
                                                             "leiden",
                                                             "louvain",
                                                             "seurat_clusters",
                                                             "cluster",
                                                             "clusters",
                                                             "doublet_score",
                                                             "predicted_doublet"};
  static constexpr std::array<std::string_view, 26> starts = {
      "ncount_",      "nfeature_",       "percent_", "pct_",     "n_counts_", "n_genes_",
      "total_counts", "log1p_",          "log10_",   "subsets_", "altexps_",  "qc_",
      "umap_",        "tsne_",           "x_umap",   "x_tsne",   "x_pca",     "unnamed_",
      "doublet_",     "scrublet",        "leiden_",  "louvain_", "scds_",     "predicted_",
      "pct_counts",   "prediction_score"};
  static constexpr std::array<std::string_view, 4> numbered = {"pc_", "umap", "tsne", "unnamed"};
  if (name.empty() || holds(known, name) || names_total(name)) return true;
  if (name.find("_snn_res") != std::string::npos || name.find("_score") != std::string::npos) {
    return true;
  }
  const auto begins = [&](std::string_view start) { return name.starts_with(start); };
  if (std::any_of(starts.begin(), starts.end(), begins)) return true;
  return std::any_of(numbered.begin(), numbered.end(), [&](std::string_view start) {
    return begins(start) && all_digits(std::string_view(name).substr(start.size()));
  });
}

struct Quantity {
  std::string_view name;
  int preference;
};

/// Quantities of one sample, the longer names first; counts are what the model wants.
constexpr std::array<Quantity, 64> quantities = {{
    {"fpkm_uq_unstrand", 20},
    {"fpkm_unstrand", 20},
    {"tpm_unstrand", 50},
    {"reads_per_million_mirna_mapped", 60},
    {"median_length_normalized", 10},
    {"posterior_mean_count", 70},
    {"reads_per_million", 60},
    {"fpkm_uq_unstranded", 20},
    {"normalized_counts", 40},
    {"normalised_counts", 40},
    {"normalized_count", 40},
    {"normalised_count", 40},
    {"scaled_estimate", 20},
    {"stranded_second", 80},
    {"fpkm_unstranded", 20},
    {"effective_length", 1},
    {"effectivelength", 1},
    {"tpm_unstranded", 50},
    {"stranded_first", 80},
    {"expected_count", 90},
    {"detection_pval", 1},
    {"countsfromabundance", 1},
    {"transcript_id", 1},
    {"cross_mapped", 1},
    {"detection_p", 1},
    {"norm_counts", 40},
    {"read_counts", 90},
    {"raw_counts", 95},
    {"read_count", 90},
    {"est_counts", 90},
    {"unstranded", 95},
    {"avg_signal", 20},
    {"eff_length", 1},
    {"normalized", 40},
    {"normalised", 40},
    {"raw_count", 95},
    {"abundance", 50},
    {"readcount", 90},
    {"rawcounts", 95},
    {"numreads", 90},
    {"coverage", 10},
    {"basemean", 5},
    {"variance", 5},
    {"fpkm_uq", 20},
    {"counts", 95},
    {"isopct", 1},
    {"length", 1},
    {"fpkmuq", 20},
    {"count", 95},
    {"reads", 90},
    {"ntpm", 50},
    {"ptpm", 50},
    {"fpkm", 20},
    {"rpkm", 20},
    {"umis", 95},
    {"rlog", 10},
    {"norm", 40},
    {"tpm", 50},
    {"cpm", 45},
    {"rpm", 60},
    {"raw", 94},
    {"umi", 95},
    {"vst", 10},
    {"fpm", 45},
}};

const Quantity* find_quantity(std::string_view name) {
  const auto* found = std::find_if(quantities.begin(), quantities.end(),
                                   [&](const Quantity& quantity) { return quantity.name == name; });
  return found == quantities.end() ? nullptr : &*found;
}

/// A sample's name and the quantity that stands before or behind it; "" where there is none.
struct NamedQuantity {
  std::string_view quantity;
  std::string sample;
};
NamedQuantity cut_quantity(std::string_view header) {
  const std::string name = normalised(header);
  for (const Quantity& quantity : quantities) {
    const std::size_t n = quantity.name.size();
    if (name.size() < n + 2) continue;
    // "P1_norm" may be a patient's normal tissue.
    const bool may_follow = quantity.name != "norm" && quantity.name != "raw";
    if (name.starts_with(quantity.name) && name[n] == '_') {
      return {quantity.name, name.substr(n + 1)};
    }
    if (may_follow && name.ends_with(quantity.name) && name[name.size() - n - 1] == '_') {
      return {quantity.name, name.substr(0, name.size() - n - 1)};
    }
  }
  return {"", name};
}

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", file, what));
}

constexpr std::string_view state_marks =
    "Specify --decimal point or comma, or --thousands point, comma or none.";

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
  fail(file, fmt::format("its columns hold several quantities of each of {} samples ({}), which "
                         "would be taken for samples of their own. Keep the columns of one "
                         "quantity, best of the counts.",
                         n_several, joined(shown, ", ")));
}

/// True if in every line the column is the sum of the other columns that still count.
bool is_sum_of_others(std::span<const ColumnSample> columns, std::size_t which,
                      std::span<const double> sums, std::span<const std::uint8_t> complete) {
  constexpr double tolerance = 1e-6;
  constexpr std::size_t least_lines = 5;
  std::size_t n = 0;
  const std::vector<double>& own = columns[which].numbers;
  for (std::size_t line = 0; line < own.size() && line < sums.size(); ++line) {
    if (complete[line] == 0 || std::isnan(own[line])) continue;
    const double others = sums[line] - own[line];
    if (std::fabs(others - own[line]) > tolerance * std::fmax(1.0, std::fabs(others))) return false;
    n += own[line] != 0.0 ? 1 : 0;
  }
  return n >= least_lines;
}

void mark_sums(std::span<const ColumnSample> columns, std::vector<ColumnMeaning>& meanings) {
  constexpr std::ptrdiff_t least_columns = 3;
  if (std::count(meanings.begin(), meanings.end(), ColumnMeaning::values) < least_columns) return;
  std::size_t n_lines = 0;
  for (const ColumnSample& column : columns) n_lines = std::max(n_lines, column.numbers.size());
  std::vector<double> sums(n_lines, 0.0);
  std::vector<std::uint8_t> complete(n_lines, 1);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] != ColumnMeaning::values) continue;
    for (std::size_t line = 0; line < n_lines; ++line) {
      const std::vector<double>& own = columns[c].numbers;
      if (line >= own.size() || std::isnan(own[line])) {
        complete[line] = 0;
      } else {
        sums[line] += own[line];
      }
    }
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] == ColumnMeaning::values && is_sum_of_others(columns, c, sums, complete)) {
      meanings[c] = ColumnMeaning::total;
      return;  // a second one would be its copy
    }
  }
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
    fail(file,
         fmt::format("{} of its columns hold whole numbers, but \"{}\" holds fractions. It cannot "
                     "be a {} in the same unit. Take it out of the table.",
                     n_whole, columns[c].name, cells_as_lines ? "gene" : "sample"));
  }
}

void judge_gene_lines(std::span<const ColumnSample> columns, const std::string& file,
                      std::vector<ColumnMeaning>& meanings) {
  bool any_statistic = false;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::string name = normalised(columns[c].name);
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
    if (may_name_statistic(normalised(columns[c].name))) meanings[c] = ColumnMeaning::statistic;
  }
  const auto n_values = std::count(meanings.begin(), meanings.end(), ColumnMeaning::values);
  // A single sample may be called Total.
  const auto n_totals = std::count(meanings.begin(), meanings.end(), ColumnMeaning::total);
  if (n_values == 0 && n_totals > 0 && !any_statistic) {
    std::replace(meanings.begin(), meanings.end(), ColumnMeaning::total, ColumnMeaning::values);
  } else if (n_values == 0 && any_statistic) {
    fail(file,
         fmt::format("its columns are statistics of genes (\"{}\" and others), not samples. Give "
                     "the table of counts that they were computed from.",
                     columns.front().name));
  } else if (n_values == 0) {
    fail(file, fmt::format("there is no column of a sample in it; \"{}\" is none. Expected a "
                           "column of expression values for each sample.",
                           columns.front().name));
  }
}

bool is_own_column(std::string_view name) {
  return name == "total_of_all_genes" || name == "upper_quartile_of_all_genes";
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
    if (is_own_column(name) || genes.find_exact(name)) continue;
    constexpr std::size_t least_letters = 3;
    if (names_cell_metadata(normalised(name)) ||
        (lower_is_odd && name.size() >= least_letters &&
         guess_id_kind(name).kind == IdKind::lower_case_symbol)) {
      meanings[c] = ColumnMeaning::metadata;
    } else if (columns[c].n_text > columns[c].n_numbers()) {
      meanings[c] = ColumnMeaning::annotation;
    }
  }
}

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
  if (cells_as_lines) {
    judge_cell_lines(columns, genes, meanings);
  } else {
    refuse_several_quantities(columns, file);
    judge_gene_lines(columns, file, meanings);
    mark_sums(columns, meanings);
  }
  mark_fractions(columns, cells_as_lines, file, genes, meanings);
  return meanings;
}

std::string describe_left_out(std::span<const ColumnSample> columns,
                              std::span<const ColumnMeaning> meanings, bool cells_as_lines) {
  constexpr std::size_t most_shown = 6;
  std::map<ColumnMeaning, std::vector<std::string>> by_meaning;
  std::size_t n = 0;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (meanings[c] == ColumnMeaning::values) continue;
    by_meaning[meanings[c]].emplace_back(columns[c].name);
    ++n;
  }
  if (n == 0) return {};
  std::vector<std::string> parts;
  for (const auto& [meaning, names] : by_meaning) {
    const std::span<const std::string> shown(names.data(), std::min(names.size(), most_shown));
    parts.push_back(fmt::format("{} ({}{})", plural_of(meaning), joined(shown, ", "),
                                shown.size() < names.size() ? ", ..." : ""));
  }
  return fmt::format("{} column{} no {} and {} left out: {}", n, n == 1 ? " is" : "s are",
                     cells_as_lines ? "gene" : "sample", n == 1 ? "is" : "are",
                     joined(parts, "; "));
}

bool is_header_word(std::string_view word) {
  static constexpr std::array<std::string_view, 24> known = {"",
                                                             "x",
                                                             "v1",
                                                             "v2",
                                                             "v3",
                                                             "geneid",
                                                             "geneids",
                                                             "genename",
                                                             "genenames",
                                                             "genesymbol",
                                                             "cellid",
                                                             "cellname",
                                                             "cellbarcode",
                                                             "sampleid",
                                                             "samplename",
                                                             "ensemblid",
                                                             "ensemblgeneid",
                                                             "featureid",
                                                             "rownames",
                                                             "colnames",
                                                             "symbols",
                                                             "locus",
                                                             "unnamed_0",
                                                             "geneidentifier"};
  static constexpr std::array<std::string_view, 48> words_of_headers = {
      "gene",          "genes",      "id",       "ids",    "name",     "names",
      "symbol",        "barcode",    "barcodes", "cell",   "cells",    "sample",
      "samples",       "feature",    "features", "type",   "ensembl",  "entrez",
      "hgnc",          "stable",     "version",  "refseq", "mirna",    "mirnas",
      "transcript",    "accession",  "number",   "index",  "label",    "ref",
      "hybridization", "official",   "approved", "ncbi",   "probe",    "set",
      "target",        "tracking",   "row",      "column", "obs",      "var",
      "identifier",    "annotation", "tissue",   "level",  "external", "input"};
  const std::string name = normalised(word);
  if (holds(known, name)) return true;
  const std::vector<std::string> words = words_of(name);
  // sample_1 and cell_17 are names.
  return !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& each) {
    return holds(words_of_headers, each);
  });
}

bool is_list_header(std::string_view first, std::span<const std::string> others) {
  // pandas calls a column without a name 0.
  if (first == "0") return std::none_of(others.begin(), others.end(), all_digits);
  return is_header_word(first) &&
         (first.empty() || std::find(others.begin(), others.end(), first) == others.end());
}

std::vector<std::string> quantities_below_header(std::span<const std::string> header,
                                                 std::span<const std::string> below) {
  std::set<std::string> distinct(below.begin(), below.end());
  if (distinct.size() < 2 || below.size() != header.size()) return {};
  std::size_t n_known = 0;
  for (const std::string& word : distinct) {
    n_known += find_quantity(normalised(word)) != nullptr ? 1 : 0;
  }
  std::map<std::string_view, std::size_t> times;
  for (const std::string& name : header) ++times[name];
  const bool all_repeat = std::all_of(
      times.begin(), times.end(), [&](const auto& each) { return each.second == distinct.size(); });
  if (n_known < 2 && !all_repeat) return {};
  return {distinct.begin(), distinct.end()};
}

bool names_quantity(std::string_view name) {
  return find_quantity(normalised(name)) != nullptr;
}

int preference_of_quantity(std::string_view name) {
  const Quantity* quantity = find_quantity(normalised(name));
  return quantity == nullptr ? 0 : quantity->preference;
}

void settle_marks(const NumberMarks& marks, char decimal, char thousands, FieldRules& rules,
                  const std::string& file) {
  const auto other_of = [](char mark) { return mark == '.' ? ',' : '.'; };
  if (decimal != '\0') rules.decimal = decimal;
  if (thousands == SourceOptions::no_thousands) return;
  if (thousands != '\0') {
    rules.thousands = thousands;
    if (thousands == rules.decimal) {
      if (decimal != '\0') {
        throw Error(ExitCode::usage, fmt::format("{}: the decimal mark and the thousands separator "
                                                 "cannot both be '{}'.",
                                                 file, thousands));
      }
      rules.decimal = other_of(thousands);
    }
    return;
  }
  const auto is_decimal = [&](char mark) { return !marks.of(mark).decimal.empty(); };
  if (decimal == '\0' && is_decimal('.') != is_decimal(',')) {
    rules.decimal = is_decimal('.') ? '.' : ',';
  }
  if (!marks.of('\'').grouped.empty()) rules.thousands = '\'';
  for (const char mark : {'.', ','}) {
    const MarkEvidence& seen = marks.of(mark);
    if (!seen.grouped.empty()) {
      if (is_decimal(mark) || decimal == mark) {
        fail(file,
             fmt::format("'{}' separates thousands in \"{}\", but not in \"{}\"; both kinds of "
                         "number cannot be read in one table. {}",
                         mark, seen.grouped,
                         seen.decimal.empty() ? std::string("the decimal mark that was stated")
                                              : seen.decimal,
                         state_marks));
      }
      rules.thousands = mark;
      rules.decimal = decimal != '\0' ? decimal : other_of(mark);
      return;
    }
    if (seen.ambiguous.empty() || is_decimal(mark) || decimal == mark) continue;
    // The other mark is the decimal one, so that this one separates thousands.
    if (decimal == other_of(mark) || is_decimal(other_of(mark))) {
      rules.thousands = mark;
      rules.decimal = other_of(mark);
      return;
    }
    if (!marks.plain_thousands().empty()) {  // 1234 beside 1,234: the mark is a decimal one
      if (decimal == '\0') rules.decimal = mark;
      continue;
    }
    std::string whole = seen.ambiguous;
    whole.erase(std::remove(whole.begin(), whole.end(), mark), whole.end());
    std::string fraction = seen.ambiguous;
    std::replace(fraction.begin(), fraction.end(), mark, '.');
    fail(file,
         fmt::format("\"{}\" may be {} or {}: no number of the table tells whether '{}' separates "
                     "thousands or is the decimal mark. {}",
                     seen.ambiguous, whole, fraction, mark, state_marks));
  }
}

std::optional<StarStrand> choose_star_strand(std::span<const double, 3> sums) {
  const double stranded = sums[1] + sums[2];
  if (stranded <= 0.0) return std::nullopt;
  constexpr double clear = 0.8;
  constexpr double even = 0.6;
  const double first = sums[1] / stranded;
  if (first >= clear) return StarStrand{2, "first strand (column 3)"};
  if (first <= 1.0 - clear) return StarStrand{3, "second strand (column 4)"};
  if (first <= even && first >= 1.0 - even) return StarStrand{1, "unstranded (column 2)"};
  return std::nullopt;
}

std::string star_sample_name(const std::string& path) {
  const std::filesystem::path whole(path);
  std::string name = whole.filename().string();
  const auto at = name.find("ReadsPerGene");
  if (at != std::string::npos) {
    name.resize(at);
  } else {
    name = whole.stem().string();
  }
  while (!name.empty() && (name.back() == '_' || name.back() == '.' || name.back() == '-')) {
    name.pop_back();
  }
  if (name.empty()) name = whole.parent_path().filename().string();
  return name.empty() || name == "." ? "sample" : name;
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
                               std::string_view value) {
  return fmt::format(
      "this is a long table: each line holds one pair of \"{0}\" and \"{1}\", so that both repeat. "
      "Make it wide, one line per gene and one column per {1}; in Python: df.pivot(index=\"{0}\", "
      "columns=\"{1}\", values=\"{2}\").fillna(0); in R: tidyr::pivot_wider(names_from = \"{1}\", "
      "values_from = \"{2}\", values_fill = 0).",
      gene, other, value);
}

}  // namespace sicmir
