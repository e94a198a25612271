// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What is known so far of a text table whose layout is being found, and the beginning of the table
/// itself. Internal to find_layout(), whose stages hand it on.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "input/table_layout.hpp"
#include "input/table_lines.hpp"

namespace sicmir {

struct TableDraft {
  const std::string& file;  ///< for messages
  const GeneIndex& genes;
  TableLayout layout{};
  TableLine header{};              ///< once found; no longer among `lines`
  std::size_t n_counted = 0;       ///< lines that are cut into all their fields
  std::vector<TableLine> lines{};  ///< of the table's beginning

  [[noreturn]] void fail(const std::string& what) const;
  /// What a field holds; one that the line lacks, or that was not cut off, is missing.
  [[nodiscard]] FieldKind kind(const TableLine& line, std::size_t column) const;
  /// Behind the first field.
  [[nodiscard]] bool has_number(const TableLine& line) const;
  [[nodiscard]] bool is_all_text(const TableLine& line) const;
};

/// Leading columns are looked for among so many fields; most lines are cut no further.
inline constexpr std::size_t most_leading_columns = 10;

/// The beginning of a line, to be shown.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace sicmir
