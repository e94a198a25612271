// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_columns.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/nan.hpp"
#include "genes/id_kinds.hpp"
#include "input/axis_match.hpp"
#include "input/column_names.hpp"
#include "input/table_meaning.hpp"

namespace sicmir {
namespace {

void take_leading_columns(TableDraft& draft) {
  draft.layout.leading = {LeadingColumn::names};
  const auto n_coordinates = std::count_if(
      draft.layout.header.begin(), draft.layout.header.end(),
      [](const std::string& name) { return names_coordinate(normalised_name(name)); });
  for (std::size_t c = 1; c < std::min(draft.layout.n_fields, most_leading_columns); ++c) {
    const std::string& name = draft.layout.header[c];
    const bool is_gene = draft.genes.find_exact(name).has_value();
    bool any_text = false;
    bool any_number = false;
    for (const TableLine& line : draft.lines) {
      const FieldKind found = draft.kind(line, c);
      any_text = any_text || found == FieldKind::text;
      any_number = any_number || found == FieldKind::number;
    }
    const bool may_be_sample = names_coordinate(normalised_name(name)) && n_coordinates < 2;
    if (names_annotation(name) && !is_gene && !may_be_sample) {
      draft.layout.leading.push_back(LeadingColumn::other);
    } else if ((any_text && !any_number) || (names_entrez(name) && !is_gene)) {
      draft.layout.leading.push_back(LeadingColumn::names);
    } else {
      break;
    }
  }
  if (draft.layout.n_value_fields() > 0) return;
  const std::size_t c = std::min<std::size_t>(1, draft.layout.n_fields - 1);
  draft.fail(fmt::format(
      "there is no column of numbers; line {}, column {} holds \"{}\". Expected a "
      "table of expression values with genes and cells on its sides.",
      draft.lines.empty() ? draft.header.number : draft.lines.front().number, c + 1,
      draft.lines.empty()
          ? draft.layout.header[c]
          : excerpt(
                draft.lines.front().fields[std::min(c, draft.lines.front().fields.size() - 1)])));
}

/// True if most lines begin with names of the same kind.
bool is_named_as_lines(const TableDraft& draft, std::string_view name) {
  const IdKind kind = guess_id_kind(name).kind;
  const auto n = std::count_if(draft.lines.begin(), draft.lines.end(), [&](const TableLine& line) {
    return guess_id_kind(unquoted(line.fields.front())).kind == kind;
  });
  return static_cast<std::size_t>(n) * 2 > draft.lines.size();
}

/// A table without a header would lose its first gene and take numbers for sample names.
void check_header_is_no_data(const TableDraft& draft) {
  const std::string& first = draft.layout.header.front();
  if (first.empty() || draft.lines.empty()) return;
  bool fractions = false;
  bool repeat = false;
  std::unordered_set<std::string_view> seen;
  for (std::size_t c = draft.layout.leading.size(); c < draft.header.fields.size(); ++c) {
    double value = 0;
    const FieldKind kind = read_number(draft.header.fields[c], draft.layout.rules, value);
    if (kind == FieldKind::text) return;
    if (kind == FieldKind::missing) continue;
    repeat = repeat || !seen.insert(draft.header.fields[c]).second;
    fractions =
        fractions ||
        value != static_cast<double>(static_cast<std::int64_t>(std::clamp(value, -1e15, 1e15)));
  }
  if (seen.empty()) return;
  const bool is_gene =
      draft.genes.find(first) || looks_like_gene_id(first) || is_summary_line(first);
  if (is_gene ||
      (!is_header_word(first) && (fractions || repeat || is_named_as_lines(draft, first)))) {
    draft.fail(
        fmt::format("line {} looks like data, not like a header (\"{}\"). Put a line with the "
                    "names of the samples above it.",
                    draft.header.number, excerpt(draft.header.text)));
  }
}

/// pandas without its index: the first column is a gene, not the cells' names.
void check_cells_have_names(const TableDraft& draft) {
  const std::string& first = draft.layout.header.front();
  if (!draft.layout.cells_as_lines || first.empty()) return;
  std::unordered_set<std::string_view> distinct;
  for (const TableLine& line : draft.lines) {
    if (draft.kind(line, 0) == FieldKind::text) return;
    distinct.insert(line.fields.front());
  }
  const bool repeat = distinct.size() < draft.lines.size();
  if (!draft.genes.find_exact(first) && !(repeat && !is_header_word(first))) return;
  draft.fail(
      fmt::format("cells are lines, but they have no names: the first column is the gene {}. "
                  "Write the table with its index (a first column of cell names).",
                  first));
}

/// Where the first column numbers the lines, another of different texts names the cells.
void find_names_of_cells(TableDraft& draft) {
  if (!draft.layout.cells_as_lines || draft.lines.size() < 2) return;
  double first = 0;
  for (std::size_t i = 0; i < draft.lines.size(); ++i) {
    double number = 0;
    if (read_number(draft.lines[i].fields.front(), draft.layout.rules, number) !=
        FieldKind::number) {
      return;
    }
    if (i == 0) first = number;
    if ((first != 0.0 && first != 1.0) || number != first + static_cast<double>(i)) return;
  }
  for (std::size_t c = 1; c < draft.layout.leading.size(); ++c) {
    if (draft.layout.leading[c] != LeadingColumn::names) continue;
    std::unordered_set<std::string_view> distinct;
    for (const TableLine& line : draft.lines) {
      if (c < line.fields.size() && draft.kind(line, c) == FieldKind::text) {
        distinct.insert(line.fields[c]);
      }
    }
    if (distinct.size() != draft.lines.size()) continue;
    draft.layout.name_column = c;
    return;
  }
}

void check_columns_are_samples(const TableDraft& draft) {
  if (draft.layout.cells_as_lines) return;
  std::size_t n = 0;
  std::size_t best = 0;
  int preference = 0;
  for (std::size_t c = draft.layout.leading.size(); c < draft.layout.n_fields; ++c) {
    if (!names_quantity(draft.layout.header[c])) continue;
    ++n;
    if (preference_of_quantity(draft.layout.header[c]) <= preference) continue;
    preference = preference_of_quantity(draft.layout.header[c]);
    best = c;
  }
  if (n < 2 || n + 2 < draft.layout.n_value_fields()) return;
  draft.fail(
      fmt::format("its columns are quantities of one sample (\"{}\" and others), not samples. "
                  "Keep the names and one quantity, e.g. `cut -f 1,{}`, and call the column by "
                  "the sample's name.",
                  draft.layout.header[best], best + 1));
}

/// Two tables side by side: a second column of genes, in another order, with values behind it.
void check_no_second_genes(const TableDraft& draft, std::span<const ColumnSample> columns) {
  if (draft.layout.cells_as_lines) return;
  const std::size_t n_leading = draft.layout.leading.size();
  for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
    if (columns[c].n_text <= columns[c].n_numbers()) continue;
    const bool values_follow =
        std::any_of(columns.begin() + static_cast<std::ptrdiff_t>(c) + 1, columns.end(),
                    [](const ColumnSample& each) { return each.n_numbers() > each.n_text; });
    if (!values_follow) return;
    std::size_t n_lines = 0;
    std::size_t n_other = 0;
    std::unordered_set<std::string> distinct;
    for (const TableLine& line : draft.lines) {
      if (line.fields.size() < draft.layout.n_fields) continue;
      ++n_lines;
      const std::string name = unquoted(line.fields[n_leading + c]);
      const std::string gene = unquoted(line.fields.front());
      distinct.insert(name);
      const IdKind kind = guess_id_kind(name).kind;
      n_other += kind != IdKind::other && kind == guess_id_kind(gene).kind && name != gene ? 1 : 0;
    }
    if (distinct.size() * 2 < n_lines || n_other * 2 < n_lines) continue;
    draft.fail(
        fmt::format("column {} (\"{}\") names genes again, others than the first column does in "
                    "the same line, so these are two tables side by side. Keep one.",
                    n_leading + c + 1, columns[c].name));
  }
}

void judge_value_columns(TableDraft& draft) {
  const std::size_t n_leading = draft.layout.leading.size();
  std::vector<ColumnSample> columns(draft.layout.n_value_fields());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns[i].name = draft.layout.header[n_leading + i];
  }
  for (const TableLine& line : draft.lines) {
    if (line.fields.size() < draft.layout.n_fields) continue;  // not cut into all its fields
    for (std::size_t i = 0; i < columns.size(); ++i) {
      double value = nan;
      const FieldKind found = read_number(line.fields[n_leading + i], draft.layout.rules, value);
      columns[i].n_text += found == FieldKind::text ? 1 : 0;
      columns[i].numbers.push_back(found == FieldKind::number ? value : nan);
    }
  }
  check_no_second_genes(draft, columns);
  const std::vector<ColumnMeaning> meanings =
      judge_columns(columns, draft.layout.cells_as_lines, draft.file, draft.genes);
  std::optional<Note> left_out =
      describe_left_out(columns, meanings, draft.layout.cells_as_lines, draft.file);
  if (!left_out) return;
  draft.layout.left_out.resize(columns.size());
  std::transform(meanings.begin(), meanings.end(), draft.layout.left_out.begin(),
                 [](ColumnMeaning meaning) { return meaning == ColumnMeaning::values ? 0 : 1; });
  draft.layout.warnings.push_back(std::move(*left_out));
}

}  // namespace

void find_leading_columns(TableDraft& draft) {
  take_leading_columns(draft);
  check_header_is_no_data(draft);
}

void find_value_columns(TableDraft& draft) {
  check_cells_have_names(draft);
  find_names_of_cells(draft);
  check_columns_are_samples(draft);
  judge_value_columns(draft);
}

}  // namespace sicmir
