// SPDX-License-Identifier: BSD-3-Clause
#include "cells/prepared_input.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"

namespace sicmir {
namespace {

constexpr std::size_t names_shown = 10;

std::string some(const std::vector<std::string>& names) {
  const std::span<const std::string> shown(names.data(), std::min(names_shown, names.size()));
  return fmt::format(
      "{}{}", joined(shown, ", "),
      names.size() > shown.size() ? fmt::format(" and {} more", names.size() - shown.size()) : "");
}

GeneSelection select_panel(CellSource& source, const GeneIndex& index,
                           const GeneMapOptions& options, GeneMapReport& report) {
  const GeneMap map(index, source.features(), options, source.description().path);
  report = map.report();
  return map;
}

/// The first name of each feature.
GenePanel names_of(const FeatureTable& features) {
  GenePanel names;
  for (const std::string& id : features.columns.front().ids) {
    names.genes.push_back({id, id, "", "", {}, {}});
  }
  return names;
}

GeneSelection select_all(const CellSource& source) {
  GeneSelection genes = GeneSelection::all(source.features());
  const bool has_any = std::any_of(genes.present().begin(), genes.present().end(),
                                   [](std::uint8_t present) { return present != 0; });
  if (has_any) return genes;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: none of the {} features is a gene.", source.description().path,
                          source.features().size()));
}

}  // namespace

Index upper_quartiles_needed(const ReadingOptions& options) {
  switch (options.scale) {
    case Scale::reference:
      return std::numeric_limits<Index>::max();
    case Scale::automatic:
      return most_bulk_samples;  // as many as may be compared with the reference
    default:
      return 0;
  }
}

PreparedInput::PreparedInput(CellSource& source, const GeneIndex& index,
                             const ReadingOptions& options)
    : source_(source),
      options_(options),
      names_(&index.panel()),
      genes_(select_panel(source, index, options.genes, gene_report_)) {
  source_.select(genes_);
}

PreparedInput::PreparedInput(CellSource& source, AllGenes /*all*/, const ReadingOptions& options)
    : source_(source),
      options_(options),
      all_names_(names_of(source.features())),
      names_(&all_names_),
      genes_(select_all(source)) {
  source_.select(genes_);
}

const Sample& PreparedInput::take_sample() {
  if (!sample_) sample_ = sicmir::take_sample(source_, options_.block_cells, options_.threads);
  return *sample_;
}

const Decision& PreparedInput::decide(const UnitRecipe& recipe) {
  decision_ = sicmir::decide(take_sample(), source_, genes_, options_);
  recipe_ = recipe;
  normaliser_.emplace(decision_.values, decision_.scale, recipe_, decision_.log_base, *names_,
                      file(), decision_.values_from);
  return decision_;
}

void PreparedInput::use_reference(double log_base, ScaleReason by, std::string reason) {
  decision_.scale = Scale::reference;
  decision_.scale_by = by;
  decision_.scale_reason = std::move(reason);
  decision_.log_base = log_base;
  normaliser_.emplace(decision_.values, decision_.scale, recipe_, decision_.log_base, *names_,
                      file(), decision_.values_from);
}

void PreparedInput::keep_dataset(ScaleReason by, std::string reason) {
  decision_.scale_by = by;
  decision_.scale_reason = std::move(reason);
}

void PreparedInput::compare_by_ranks(const RankProfile& ranks) {
  normaliser_.emplace(decision_.values, decision_.scale, recipe_, decision_.log_base, *names_,
                      file(), decision_.values_from, ranks);
}

void PreparedInput::check_sample() const {
  EmptyTally empties;
  for (const CellBlock& block : sample_->blocks) {
    normaliser_->check(block);
    empties.add(block);
  }
  if (!empties_matter()) return;
  const bool are_all = sample_->is_all && empties.n == sample_->n_cells;
  if (options_.empty_cells == EmptyCells::error ||
      (are_all && decision_.scale == Scale::dataset && options_.moments.empty())) {
    empties.judge(file(), sample_->n_cells);
  }
}

CellStream PreparedInput::stream() {
  return {source_, std::move(*sample_), options_.block_cells, range_of(options_, source_)};
}

CellStream PreparedInput::stream_again() {
  source_.seek(0);
  return {source_, Sample{}, options_.block_cells, std::nullopt};
}

void log_genes(const GeneMapReport& report) {
  log_info("genes: {} of {} found by {}", report.n_found, report.n_panel, report.column);
  for (std::size_t kind = 0; kind < n_match_kinds; ++kind) {
    if (report.by_kind[kind] == 0) continue;
    log_debug("  {} by {}", report.by_kind[kind], to_string(static_cast<MatchKind>(kind)));
  }
  if (!report.missing.empty()) {
    const bool one = report.missing.size() == 1;
    log_warning("{} gene{} of the model {} not in the input and count{} as average: {}",
                report.missing.size(), one ? "" : "s", one ? "is" : "are", one ? "s" : "",
                some(report.missing));
  }
  if (!report.duplicated.empty()) {
    const bool one = report.duplicated.size() == 1;
    log_warning("{} gene{} occur{} more than once in the input: {}", report.duplicated.size(),
                one ? "" : "s", one ? "s" : "", some(report.duplicated));
  }
  for (const Note& warning : report.warnings) log_warning("{}", warning.text);
}

void log_decision(const Decision& decision) {
  log_info("values: {} ({}; {} sampled)", to_string(decision.values), decision.values_reason,
           counted(decision.sampled_cells, "cell"));
  log_info("scale: {} ({})", to_string(decision.scale), decision.scale_reason);
  for (const DecisionWarning& warning : decision.warnings) log_warning("{}", warning.text);
}

}  // namespace sicmir
