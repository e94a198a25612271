// SPDX-License-Identifier: BSD-3-Clause
#include "input/settled_marks.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "sicmir/cell_source.hpp"
#include "sicmir/error.hpp"

namespace sicmir {
namespace {

[[noreturn]] void refuse_marks(const std::string& file, const std::string& what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", file, what),
              {Remedy::specify_number_marks});
}

}  // namespace

void settle_marks(const NumberMarks& marks, char decimal, char thousands, FieldRules& rules,
                  const std::string& file) {
  const auto other_of = [](char mark) { return mark == '.' ? ',' : '.'; };
  if (decimal != '\0') rules.decimal = decimal;
  if (thousands == SourceOptions::no_thousands) return;
  if (thousands != '\0') {
    rules.thousands = thousands;
    if (thousands == rules.decimal) {
      if (decimal != '\0') {
        throw Error(ExitCode::usage, fmt::format("{}: the decimal mark and the thousands separator "
                                                 "cannot both be '{}'.",
                                                 file, thousands));
      }
      rules.decimal = other_of(thousands);
    }
    return;
  }
  const auto is_decimal = [&](char mark) { return !marks.of(mark).decimal.empty(); };
  if (decimal == '\0' && is_decimal('.') != is_decimal(',')) {
    rules.decimal = is_decimal('.') ? '.' : ',';
  }
  if (!marks.of('\'').grouped.empty()) rules.thousands = '\'';
  for (const char mark : {'.', ','}) {
    const MarkEvidence& seen = marks.of(mark);
    if (!seen.grouped.empty()) {
      if (is_decimal(mark) || decimal == mark) {
        refuse_marks(
            file,
            fmt::format("'{}' separates thousands in \"{}\", but not in \"{}\"; both kinds of "
                        "number cannot be read in one table.",
                        mark, seen.grouped,
                        seen.decimal.empty() ? std::string("the decimal mark that was stated")
                                             : seen.decimal));
      }
      rules.thousands = mark;
      rules.decimal = decimal != '\0' ? decimal : other_of(mark);
      return;
    }
    if (seen.ambiguous.empty() || is_decimal(mark) || decimal == mark) continue;
    // The other mark is the decimal one, so that this one separates thousands.
    if (decimal == other_of(mark) || is_decimal(other_of(mark))) {
      rules.thousands = mark;
      rules.decimal = other_of(mark);
      return;
    }
    // 1234 beside 1,234: the mark is a decimal one. So it is where no number lacks it: among counts
    // there are small ones.
    constexpr std::size_t enough = 1000;
    const bool in_each = marks.n_numbers() >= enough && seen.n_ambiguous == marks.n_numbers();
    if (!marks.plain_thousands().empty() || in_each) {
      if (decimal == '\0') rules.decimal = mark;
      continue;
    }
    std::string whole = seen.ambiguous;
    whole.erase(std::remove(whole.begin(), whole.end(), mark), whole.end());
    std::string fraction = seen.ambiguous;
    std::replace(fraction.begin(), fraction.end(), mark, '.');
    refuse_marks(
        file,
        fmt::format("\"{}\" may be {} or {}: no number of the table tells whether '{}' separates "
                    "thousands or is the decimal mark.",
                    seen.ambiguous, whole, fraction, mark));
  }
}

}  // namespace sicmir
