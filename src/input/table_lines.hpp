// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The lines of the first stretch of a text table, and the separator that cuts them into fields.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "text/number_text.hpp"

namespace sicmir {

struct TableLine {
  std::uint64_t number;  ///< counted from 1
  std::string_view text;
  std::vector<std::string_view> fields;  ///< of the first lines all, of the others the first ten
};

/// True for lines without a character but blanks and the separators of empty fields, as
/// spreadsheets write them.
[[nodiscard]] bool is_blank_line(std::string_view line) noexcept;

/// Complete lines only, not cut into fields; blank ones are left out. `head`: the table's first
/// bytes; `whole`: that is all of it.
[[nodiscard]] std::vector<TableLine> cut_lines(std::string_view head, bool whole);

/// The number of fields that most lines have; of several, that of the earliest line. `counts`: at
/// least one.
[[nodiscard]] std::size_t usual_count(const std::vector<std::size_t>& counts);

/// The separator and decimal mark under which the fields look most like numbers; nullopt: no
/// separator cuts the first line. `lines`: at least one.
[[nodiscard]] std::optional<FieldRules> find_rules(std::span<const TableLine> lines);

}  // namespace sicmir
