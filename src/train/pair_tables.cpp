// SPDX-License-Identifier: BSD-3-Clause
#include "train/pair_tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/joined.hpp"
#include "base/log.hpp"
#include "cells/prepared_input.hpp"
#include "genes/mirna_names.hpp"
#include "genes/sample_ids.hpp"
#include "sicmir/cell_source.hpp"

namespace sicmir::training {

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr Index block_samples = 256;

/// Takes whole samples from blocks; of a sample that comes again, the first counts.
class Collector {
 public:
  Collector(Table& table, std::string file) : table_(table), file_(std::move(file)) {}

  void add(const CellBlock& block, std::size_t cell) {
    std::string key = sample_key(block.cells[cell]);
    if (!seen_.emplace(key, table_.samples.size()).second) {
      if (n_repeated_++ == 0) first_repeated_ = block.cells[cell];
      return;
    }
    std::vector<float> values(table_.present.size(), missing);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (table_.present[i] != 0) values[i] = 0.0f;
    }
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      values[static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)])] =
          block.values[static_cast<std::size_t>(i)];
    }
    table_.samples.push_back(std::move(key));
    table_.values.push_back(std::move(values));
  }

  void finish() const {
    if (n_repeated_ == 0) return;
    log_warning("{}: {} column(s) repeat a sample (the first: '{}'); the first of each counts",
                file_, n_repeated_, first_repeated_);
  }

 private:
  Table& table_;
  std::string file_;
  std::unordered_map<std::string, std::size_t> seen_;
  Index n_repeated_ = 0;
  std::string first_repeated_;
};

/// Opens a file and finds the panel in it.
struct Opened {
  Opened(const std::string& path, const SourceOptions& opening, const GeneIndex& index,
         const ReadingOptions& reading)
      : source(open_source(path, opening, index)), input(*source, index, reading) {
    for (const Note& warning : source->description().warnings) log_warning("{}", warning.text);
    for (const Note& warning : input.gene_report().warnings) log_warning("{}", warning.text);
  }
  std::unique_ptr<CellSource> source;
  PreparedInput input;
};

ReadingOptions reading(double min_panel, Duplicates duplicates) {
  ReadingOptions options;
  options.genes = {.min_panel = min_panel, .duplicates = duplicates};
  options.block_cells = block_samples;
  return options;
}

bool may_be_negative(const ExpressionFile& file) {
  return file.prepared != Prepared::normalised && file.values != Values::counts &&
         file.values != Values::linear;
}

/// Values that need no normalisation: logarithms at most.
Table read_prepared(const ExpressionFile& file, const GeneIndex& index, double min_panel) {
  Opened opened(file.path, {}, index, reading(min_panel, Duplicates::first));
  Table table;
  table.present.assign(opened.input.genes().present().begin(),
                       opened.input.genes().present().end());
  Collector collector(table, file.path);
  CellBlock block;
  while (opened.source->next(block, block_samples)) {
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
      for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
        float& value = block.values[static_cast<std::size_t>(i)];
        if (std::isinf(value) || (value < 0.0f && !may_be_negative(file))) {
          throw Error(
              ExitCode::bad_input,
              fmt::format("{}: sample '{}': found {}, which values that are {} cannot hold. "
                          "Correct it, or what the manifest says of the file.",
                          file.path, block.cells[cell], value,
                          file.prepared == Prepared::normalised ? "normalised"
                          : may_be_negative(file)               ? "logarithms"
                                                                : "counts or linear"));
        }
        if (file.harmonise == Harmonise::ranks) continue;
        if (file.prepared == Prepared::normalised) {
          value = static_cast<float>(std::log2(static_cast<double>(value) + 1.0));
        } else if (file.prepared == Prepared::log_normalised && value < 0.0f) {
          value = 0.0f;
        }
      }
      collector.add(block, cell);
    }
  }
  collector.finish();
  log_info("{}: {} samples, {} of {} genes, {}", file.path, table.samples.size(),
           opened.input.gene_report().n_found, opened.input.gene_report().n_panel,
           file.harmonise == Harmonise::ranks ? "whose order alone counts" : "values as prepared");
  return table;
}

}  // namespace

Table read_mrna_table(const ExpressionFile& file, const GeneIndex& index, double min_panel,
                      const UnitRecipe& recipe) {
  if (file.prepared != Prepared::no || file.harmonise == Harmonise::ranks) {
    return read_prepared(file, index, min_panel);
  }
  ReadingOptions options = reading(min_panel, Duplicates::automatic);
  options.values = file.values;
  options.scale = Scale::reference;
  options.log_base = 2.0;
  SourceOptions opening;
  opening.upper_quartile_up_to = upper_quartiles_needed(options);
  Opened opened(file.path, opening, index, options);
  const Decision& decision = opened.input.decide(recipe);
  for (const DecisionWarning& warning : decision.warnings) {
    log_warning("{}: {}", file.path, warning.text);
  }
  if (decision.values == Values::zscore) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: its values are z-scores ({}); training needs expression: counts, "
                            "linear values or logarithms of them.",
                            file.path, decision.values_reason));
  }
  Table table;
  table.present.assign(opened.input.genes().present().begin(),
                       opened.input.genes().present().end());
  Collector collector(table, file.path);
  CellStream cells = opened.input.stream();
  CellBlock block;
  Index n_empty = 0;
  while (cells.next(block)) {
    opened.input.normaliser().apply(block);
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
      if (block.upper_quartiles[cell] > 0.0) {
        collector.add(block, cell);
      } else {
        ++n_empty;
      }
    }
  }
  collector.finish();
  if (n_empty > 0) {
    log_warning("{}: {} sample(s) without any expressed gene are left out", file.path, n_empty);
  }
  log_info("{}: {} samples, {} of {} genes, values {} ({})", file.path, table.samples.size(),
           opened.input.gene_report().n_found, opened.input.gene_report().n_panel,
           to_string(decision.values), decision.values_reason);
  if (!opened.input.gene_report().missing.empty()) {
    log_info("{}: without {}", file.path, joined(opened.input.gene_report().missing, ", "));
  }
  return table;
}

namespace {

GenePanel panel_with_precursors(const std::vector<ReferenceMirna>& mirnas,
                                std::vector<std::string>& precursors,
                                std::vector<std::vector<std::size_t>>& precursors_of) {
  GenePanel panel = mirna_panel(mirnas);
  std::unordered_map<std::string, std::size_t> numbers;
  for (const ReferenceMirna& mirna : mirnas) {
    std::vector<std::size_t>& own = precursors_of.emplace_back();
    for (const std::string& name : mirna.precursors) {
      const auto [found, is_new] = numbers.emplace(name, precursors.size());
      if (is_new) {
        precursors.push_back(name);
        panel.genes.push_back({.symbol = name,
                               .current_symbol = name,
                               .ensembl_id = {},
                               .entrez_id = {},
                               .older_ensembl_ids = {},
                               .aliases = {}});
      }
      own.push_back(found->second);
    }
  }
  return panel;
}

const char* description(MirnaValues values) {
  switch (values) {
    case MirnaValues::rpm:
      return "reads per million";
    case MirnaValues::counts:
      return "read counts";
    case MirnaValues::log2rpm:
      break;
  }
  return "log2(RPM + 1)";
}

/// Refuses what the stated unit cannot hold; counts become RPM.
void check_unit(CellBlock& block, const MirnaFile& file, const GenePanel& panel) {
  const bool is_linear = file.values != MirnaValues::log2rpm;
  for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const float value = block.values[at];
      if (!std::isinf(value) && !(is_linear && value < 0.0f)) continue;
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: sample '{}', {}: found {}, but the values were said to be "
                              "{}. Correct the value.",
                              file.path, block.cells[cell],
                              panel.genes[static_cast<std::size_t>(block.genes[at])].symbol, value,
                              description(file.values)),
                  {Remedy::specify_mirna_values});
    }
    if (file.values != MirnaValues::counts) continue;
    const double total = block.totals[cell];
    if (!(total > 0.0)) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: sample '{}': its read counts add up to {}, so there is nothing "
                              "to divide them by. Remove the sample, or correct its values.",
                              file.path, block.cells[cell], total));
    }
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      float& value = block.values[static_cast<std::size_t>(i)];
      value = static_cast<float>(static_cast<double>(value) * 1e6 / total);
    }
  }
}

/// What tells reads per million from counts and logarithms.
struct UnitFacts {
  double largest_total = 0;
  double least_total = HUGE_VAL;
  float largest = 0;
  bool all_whole = true;

  void add(const CellBlock& block) {
    for (const float value : block.values) {
      if (std::isnan(value)) continue;
      largest = std::max(largest, value);
      all_whole = all_whole && value == std::floor(value);
    }
    for (const double total : block.totals) {
      if (!(total > 0.0)) continue;  // NaN, too
      largest_total = std::max(largest_total, total);
      least_total = std::min(least_total, total);
    }
  }

  /// `n_mirnas`: of the table. The values of a few say nothing about all.
  void check_rpm(const std::string& file, Index n_mirnas) const {
    constexpr Index fewest = 100;
    constexpr double million = 1e6;
    constexpr double rounding = 0.05;
    constexpr float largest_log = 20.0f;  // of a million reads in a million
    if (n_mirnas < fewest || largest_total <= 0.0) return;
    if (largest <= largest_log && !all_whole) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: no value is above {:.4g} and many have fractions, so these look "
                              "like log2(RPM + 1), but they were said to be reads per million.",
                              file, largest),
                  {Remedy::specify_mirna_values});
    }
    const bool are_millions =
        least_total > (1.0 - rounding) * million && largest_total < (1.0 + rounding) * million;
    const bool differ = largest_total - least_total > rounding * largest_total;
    if (all_whole && !are_millions && (differ || largest_total > (1.0 + rounding) * million)) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: the values are whole numbers and the samples' sums range from "
                      "{:.0f} to {:.0f}, so these look like read counts, but they were said "
                      "to be reads per million.",
                      file, least_total, largest_total),
          {Remedy::specify_mirna_values});
    }
  }
};

/// The sum over the precursors that the file has; NaN if one of them is missing in the sample.
float sum_of_precursors(const std::vector<float>& values, const std::vector<std::uint8_t>& present,
                        const std::vector<std::size_t>& precursors, std::size_t first,
                        bool is_linear) {
  double sum = 0;
  for (const std::size_t precursor : precursors) {
    const std::size_t at = first + precursor;
    if (present[at] == 0) continue;
    const auto value = static_cast<double>(values[at]);
    sum += is_linear ? value : std::exp2(value) - 1.0;
  }
  return static_cast<float>(std::log2(sum + 1.0));
}

}  // namespace

MirnaNames::MirnaNames(const std::vector<ReferenceMirna>& reference)
    : mirnas(reference),
      index(panel_with_precursors(reference, precursors, precursors_of), false) {}

Table read_mirna_table(const MirnaFile& file, const MirnaNames& names) {
  Opened opened(file.path, {}, names.index, reading(0.0, Duplicates::first));
  if (opened.input.gene_report().n_found == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: none of its names is a miRNA of the table of miRNAs; expected are "
                            "mature names as hsa-miR-21-5p, accessions as MIMAT0000076 or "
                            "stem-loops as hsa-mir-21.",
                            file.path));
  }
  check_case_of_mirnas(file.path, opened.source->features().columns.front().ids);
  log_older_names(file.path, opened.source->features().columns.front().ids, names.index);
  const std::size_t n_mirnas = names.mirnas.size();
  Table raw;
  raw.present.assign(opened.input.genes().present().begin(), opened.input.genes().present().end());
  Collector collector(raw, file.path);
  UnitFacts facts;
  CellBlock block;
  while (opened.source->next(block, block_samples)) {
    facts.add(block);
    check_unit(block, file, names.index.panel());
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) collector.add(block, cell);
  }
  collector.finish();
  if (file.values == MirnaValues::rpm) {
    facts.check_rpm(file.path, opened.input.gene_report().n_found);
  }

  const bool is_linear = file.values != MirnaValues::log2rpm;
  Table table;
  table.samples = std::move(raw.samples);
  table.present.assign(n_mirnas, 0);
  table.estimated.assign(n_mirnas, file.estimated ? 1 : 0);
  std::vector<std::uint8_t> from_stemloops(n_mirnas, 0);
  Index n_mature = 0;
  Index n_stemloop = 0;
  for (std::size_t i = 0; i < n_mirnas; ++i) {
    const bool has_precursor =
        std::any_of(names.precursors_of[i].begin(), names.precursors_of[i].end(),
                    [&](std::size_t precursor) { return raw.present[n_mirnas + precursor] != 0; });
    from_stemloops[i] = raw.present[i] == 0 && has_precursor ? 1 : 0;
    table.present[i] = raw.present[i] != 0 || has_precursor ? 1 : 0;
    if (from_stemloops[i] != 0) table.estimated[i] = 1;
    n_mature += raw.present[i] != 0 ? 1 : 0;
    n_stemloop += from_stemloops[i] != 0 ? 1 : 0;
  }
  float largest = 0;
  for (const std::vector<float>& values : raw.values) {
    std::vector<float>& logs = table.values.emplace_back(n_mirnas, missing);
    for (std::size_t i = 0; i < n_mirnas; ++i) {
      if (table.present[i] == 0) continue;
      if (from_stemloops[i] != 0) {
        logs[i] =
            sum_of_precursors(values, raw.present, names.precursors_of[i], n_mirnas, is_linear);
      } else {
        logs[i] = is_linear ? static_cast<float>(std::log2(static_cast<double>(values[i]) + 1.0))
                            : values[i];
      }
      if (logs[i] > largest) largest = logs[i];  // false for NaN
    }
  }
  // A million reads in a million are 20 on this scale.
  if (largest > 20.0f) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: the largest value is {} as log2(RPM + 1), where 20 is the most "
                            "that can be.",
                            file.path, largest),
                {Remedy::specify_mirna_values});
  }
  log_info("{}: {} samples, {} miRNAs{}{}", file.path, table.samples.size(), n_mature + n_stemloop,
           file.estimated ? ", estimated" : "",
           n_stemloop > 0
               ? fmt::format(", {} of them estimated by the sum of their stem-loops", n_stemloop)
               : "");
  return table;
}

}  // namespace sicmir::training
