// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The answer to a question, as a table.

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sicmir::atlas {

/// A text, a whole number, or a number (NaN: not to be had).
using Field = std::variant<std::string, std::int64_t, double>;

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<Field>> lines;                   ///< each as long as `columns`
  std::vector<std::string> notes;                          ///< sentences that belong to the figures
  std::vector<std::pair<std::string, std::string>> about;  ///< the question, for JSON
};

/// Numbers with 6 significant digits, "NaN" where there is none. Tabs and line ends in names become
/// blanks; a name that a spreadsheet would take for a formula (= + - @ in front) gets an apostrophe
/// in front.
/// The same whatever `threads`.
[[nodiscard]] std::string answer_tsv(const Answer& answer, int threads = 1);

/// {"about", "notes", "lines": [{column: value}]}; null where there is no number.
[[nodiscard]] std::string answer_json(const Answer& answer);

}  // namespace sicmir::atlas
