// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_pairs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "genes/id_kinds.hpp"
#include "input/axis_match.hpp"
#include "input/column_names.hpp"
#include "input/table_meaning.hpp"
#include "sicmir/error.hpp"

namespace sicmir {
namespace {

std::vector<std::string> column_texts(const TableDraft& draft, std::size_t column) {
  std::vector<std::string> texts;
  texts.reserve(draft.lines.size());
  for (const TableLine& line : draft.lines) {
    texts.push_back(column < line.fields.size() ? unquoted(line.fields[column]) : std::string());
  }
  return texts;
}

bool is_all_names(const TableDraft& draft, std::size_t column) {
  bool any_text = false;
  for (const TableLine& line : draft.lines) {
    const FieldKind found = draft.kind(line, column);
    if (found == FieldKind::number) return false;
    any_text = any_text || found == FieldKind::text;
  }
  return any_text;
}

/// Columns that may name what a line is of: of text, or called so.
std::vector<std::size_t> name_columns(const TableDraft& draft) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < draft.layout.n_fields; ++c) {
    const std::string name = normalised_name(draft.layout.header[c]);
    const bool is_called_so = names_entrez(draft.layout.header[c]) || names_sample_column(name);
    if (is_all_names(draft, c) || (is_called_so && !names_value_column(name))) columns.push_back(c);
  }
  return columns;
}

bool may_be_genes(const TableDraft& draft, const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return looks_like_gene_id(text) || draft.genes.find_exact(text);
  });
}

/// The beginning of a long table that is sorted by cell, or a whole one of one sample.
bool lists_one_cell(const TableDraft& draft, const std::vector<std::size_t>& candidates,
                    std::size_t column, const std::vector<std::string>& genes,
                    const std::vector<std::string>& cells) {
  constexpr std::size_t least_lines = 12;
  if (candidates.size() + 1 != draft.layout.n_fields || genes.size() < least_lines) return false;
  std::size_t value = 0;
  while (value < candidates.size() && candidates[value] == value) ++value;
  if (!names_sample_column(normalised_name(draft.layout.header[candidates[column]])) ||
      !names_value_column(normalised_name(draft.layout.header[value]))) {
    return false;
  }
  const std::unordered_set<std::string_view> distinct_cells(cells.begin(), cells.end());
  const std::unordered_set<std::string_view> distinct_genes(genes.begin(), genes.end());
  return distinct_cells.size() == 1 && distinct_genes.size() == genes.size();
}

bool is_no_value(const std::string& header) {
  const std::string name = normalised_name(header);
  return names_statistic(name) || names_size(name) || names_annotation(header);
}

/// Each gene has one text.
bool goes_with(const std::vector<std::string>& genes, const std::vector<std::string>& texts) {
  std::unordered_map<std::string_view, std::string_view> text_of;
  for (std::size_t i = 0; i < std::min(genes.size(), texts.size()); ++i) {
    if (text_of.emplace(genes[i], texts[i]).first->second != texts[i]) return false;
  }
  return true;
}

void take_pairs(TableDraft& draft, const std::vector<std::size_t>& candidates,
                const std::vector<std::vector<std::string>>& texts, std::size_t g, std::size_t s,
                bool may_take) {
  LongColumns pairs;
  pairs.cell = candidates[s];
  std::vector<std::size_t> values;
  std::string why;
  for (std::size_t c = 0; c < draft.layout.n_fields && why.empty(); ++c) {
    if (c == pairs.cell) continue;
    const auto found = std::find(candidates.begin(), candidates.end(), c);
    if (found == candidates.end()) {
      values.push_back(c);
    } else if (goes_with(texts[g], texts[static_cast<std::size_t>(found - candidates.begin())])) {
      pairs.genes.push_back(c);
    } else {
      why = fmt::format("\"{}\" differs between lines of one gene", draft.layout.header[c]);
    }
  }
  const std::string cell = normalised_name(draft.layout.header[pairs.cell]);
  if (!may_take) {
    why = "only as a table of genes";
  } else if (!why.empty()) {
    // the first reason will do
  } else if (!names_sample_column(cell)) {
    why = fmt::format("the name of column \"{}\" does not say that it names samples",
                      draft.layout.header[pairs.cell]);
  } else if (may_be_genes(draft, texts[s]) && draft.genes.coverage(texts[s]) > 0) {
    why = fmt::format("\"{}\" holds names of genes, too", draft.layout.header[pairs.cell]);
  } else if (values.size() != 1) {
    why = fmt::format("there are {} columns of values", values.size());
  } else if (is_no_value(draft.layout.header[values.front()])) {
    why = fmt::format("\"{}\" is no expression value", draft.layout.header[values.front()]);
  }
  if (!why.empty()) {
    draft.fail(long_table_message(draft.layout.header[candidates[g]],
                                  draft.layout.header[pairs.cell], draft.layout.header.back(),
                                  why));
  }
  double number = 0;
  pairs.value = values.front();
  if (read_number(draft.layout.header[pairs.value], draft.layout.rules, number) ==
      FieldKind::number) {
    draft.fail(fmt::format("line {} looks like data, not like a header (\"{}\").",
                           draft.header.number, excerpt(draft.header.text)));
  }
  draft.layout.pairs = std::move(pairs);
}

}  // namespace

void find_pairs(TableDraft& draft, bool may_take) {
  constexpr std::size_t most_fields = 9;
  if (draft.layout.n_fields < 3 || draft.layout.n_fields > most_fields) return;
  const std::vector<std::size_t> candidates = name_columns(draft);
  if (candidates.size() < 2 || candidates.size() == draft.layout.n_fields) return;
  std::vector<std::vector<std::string>> texts;
  texts.reserve(candidates.size());
  for (const std::size_t c : candidates) texts.push_back(column_texts(draft, c));
  // Columns that say that they name samples come first.
  std::vector<std::size_t> order;
  for (const bool is_called_so : {true, false}) {
    for (std::size_t s = 0; s < candidates.size(); ++s) {
      const std::string name = normalised_name(draft.layout.header[candidates[s]]);
      if (names_sample_column(name) == is_called_so) order.push_back(s);
    }
  }
  for (std::size_t g = 0; g < candidates.size(); ++g) {
    if (!may_be_genes(draft, texts[g])) continue;
    for (const std::size_t s : order) {
      if (s == g) continue;
      const bool is_first_cell = lists_one_cell(draft, candidates, s, texts[g], texts[s]);
      if (!is_first_cell && !are_pairs(texts[g], texts[s])) continue;
      take_pairs(draft, candidates, texts, g, s, may_take);
      return;
    }
  }
}

}  // namespace sicmir
