// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "input/axis_match.hpp"
#include "input/table_columns.hpp"
#include "input/table_draft.hpp"
#include "input/table_header.hpp"
#include "input/table_pairs.hpp"
#include "sicmir/types.hpp"

namespace sicmir {
namespace {

std::vector<std::string> line_names(const TableDraft& draft) {
  // The column of names that matches best speaks for the lines.
  std::vector<std::string> best;
  Index best_coverage = -1;
  for (std::size_t c = 0; c < draft.layout.leading.size(); ++c) {
    if (draft.layout.leading[c] != LeadingColumn::names) continue;
    std::vector<std::string> names;
    for (const TableLine& line : draft.lines) {
      if (c < line.fields.size()) names.push_back(unquoted(line.fields[c]));
    }
    const Index coverage = draft.genes.coverage(names);
    if (coverage > best_coverage) {
      best_coverage = coverage;
      best = std::move(names);
    }
  }
  return best;
}

void find_orientation(TableDraft& draft, Orientation orientation) {
  if (orientation != Orientation::automatic) {
    draft.layout.cells_as_lines = orientation == Orientation::cells_as_lines;
    return;
  }
  const auto values = static_cast<std::ptrdiff_t>(draft.layout.leading.size());
  const std::vector<std::string> names = line_names(draft);
  const AxisMatch in_header =
      match_axis({draft.layout.header.begin() + values, draft.layout.header.end()}, draft.genes);
  const AxisMatch in_lines = match_axis(names, draft.genes);
  const auto decide = [&](Index header, Index lines) {
    const bool for_header = clearly_better(header, in_header.n_names, lines, in_lines.n_names);
    const bool for_lines = clearly_better(lines, in_lines.n_names, header, in_header.n_names);
    draft.layout.cells_as_lines = for_header;
    return for_header != for_lines;
  };
  if (decide(in_header.n_exact, in_lines.n_exact)) return;
  if (in_header.n_exact > 0 && in_lines.n_exact > 0) {
    draft.fail(
        fmt::format("genes of the panel stand in the header ({} of {} names) and at the "
                    "beginning of lines ({} of the first {}).",
                    in_header.n_exact, in_header.n_names, in_lines.n_exact, in_lines.n_names),
        {Remedy::choose_orientation});
  }
  const bool guessed = decide(in_header.n_any_case, in_lines.n_any_case) ||
                       decide(in_header.n_gene_like, in_lines.n_gene_like);
  if (!guessed) draft.layout.cells_as_lines = false;  // the custom of most tables
  const std::string lines = draft.layout.cells_as_lines ? "cells" : "genes";
  draft.layout.warnings.push_back(
      {"orientation_guessed",
       fmt::format(
           "{}: neither the header nor the first {} a gene of the panel; taken as a table "
           "with {} as lines. --orientation says otherwise.",
           draft.file,
           in_lines.n_names == 1 ? "line names" : fmt::format("{} lines name", in_lines.n_names),
           lines),
       {{"lines_are", lines}}});
  draft.layout.uncertain = true;
}

}  // namespace

TableLayout find_layout(std::string_view head, bool whole, const std::string& file,
                        const TableOptions& options, const GeneIndex& genes) {
  TableDraft draft{file, genes};
  if (!read_header(draft, head, whole, options)) return std::move(draft.layout);
  find_pairs(draft, options.take_pairs);
  if (draft.layout.pairs) return std::move(draft.layout);
  find_leading_columns(draft);
  find_orientation(draft, options.orientation);
  find_value_columns(draft);
  return std::move(draft.layout);
}

std::size_t TableLayout::n_values() const {
  return n_value_fields() -
         static_cast<std::size_t>(std::count(left_out.begin(), left_out.end(), 1));
}

std::vector<std::string> TableLayout::value_names() const {
  std::vector<std::string> names;
  names.reserve(n_value_fields());
  for (std::size_t i = 0; i < n_value_fields(); ++i) {
    if (left_out.empty() || left_out[i] == 0) names.push_back(header[leading.size() + i]);
  }
  return names;
}

}  // namespace sicmir
