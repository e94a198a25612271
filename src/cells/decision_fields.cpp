// SPDX-License-Identifier: BSD-3-Clause
#include "cells/decision_fields.hpp"

#include <cmath>
#include <string>

#include "model/value_words.hpp"

namespace sicmir {
namespace {

constexpr EnumWords<WarningKind, 6> warning_words = {{{
    {"expected_counts", WarningKind::expected_counts},
    {"few_cells", WarningKind::few_cells},
    {"few_genes", WarningKind::few_genes},
    {"not_scaled", WarningKind::not_scaled},
    {"shallow_cells", WarningKind::shallow_cells},
    {"unequal_totals", WarningKind::unequal_totals},
}}};

constexpr EnumWords<LinesAre, 3> lines_words = {
    {{{"genes", LinesAre::genes}, {"cells", LinesAre::cells}, {"pairs", LinesAre::pairs}}}};

std::string text(std::string_view word) {
  return std::string(word);
}

}  // namespace

std::vector<Field> values_fields(const Decision& decision) {
  if (decision.values == Values::automatic) return {};
  const SampledValues& sampled = decision.sampled;
  std::vector<Field> fields = {
      {"values/taken_as", text(values_words.word(decision.values))},
      {"values/by", text(values_reason_words.word(decision.values_by))},
      {"values/sampled_cells", decision.sampled_cells},
      {"values/whole_numbers", FieldValue(sampled.all_whole)},
      {"values/negative", FieldValue(sampled.any_negative)},
      {"values/maximum", sampled.maximum},
  };
  if (std::isfinite(sampled.median_total)) {
    fields.emplace_back("values/median_total", sampled.median_total);
  }
  return fields;
}

std::vector<Field> scale_fields(const Decision& decision, const std::string& platform) {
  if (decision.scale == Scale::automatic) return {};
  std::vector<Field> fields = {
      {"scale/taken", text(scale_words.word(decision.scale))},
      {"scale/by", text(scale_reason_words.word(decision.scale_by))},
  };
  if (decision.log_base > 0) fields.emplace_back("scale/log_base", decision.log_base);
  if (!platform.empty()) fields.emplace_back("scale/platform", platform);
  return fields;
}

Note note_of(const DecisionWarning& warning) {
  return {warning_words.word(warning.kind), warning.text, warning.fields};
}

std::vector<Note> notes_of(const SourceDescription& source, const GeneMapReport& genes,
                           const Decision& decision) {
  std::vector<Note> notes = source.warnings;
  notes.insert(notes.end(), genes.warnings.begin(), genes.warnings.end());
  for (const DecisionWarning& warning : decision.warnings) notes.push_back(note_of(warning));
  return notes;
}

std::string_view to_string(LinesAre lines) noexcept {
  return lines_words.word(lines);
}

}  // namespace sicmir
