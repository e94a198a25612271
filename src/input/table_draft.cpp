// SPDX-License-Identifier: BSD-3-Clause
#include "input/table_draft.hpp"

#include <fmt/core.h>

#include "sicmir/error.hpp"

namespace sicmir {

void TableDraft::fail(const std::string& what) const {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", file, what));
}

FieldKind TableDraft::kind(const TableLine& line, std::size_t column) const {
  double value = 0;
  if (column >= line.fields.size()) return FieldKind::missing;
  return read_number(line.fields[column], layout.rules, value);
}

bool TableDraft::has_number(const TableLine& line) const {
  for (std::size_t c = 1; c < line.fields.size(); ++c) {
    if (kind(line, c) == FieldKind::number) return true;
  }
  return false;
}

bool TableDraft::is_all_text(const TableLine& line) const {
  for (std::size_t c = 1; c < line.fields.size(); ++c) {
    if (kind(line, c) != FieldKind::text) return false;
  }
  return line.fields.size() > 1;
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string shown(text.substr(0, longest));
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text.size() > longest ? shown + "..." : shown;
}

}  // namespace sicmir
