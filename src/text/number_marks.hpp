// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Tells decimal marks from thousands separators by all the numbers of a table.

#include <cstddef>
#include <string>
#include <string_view>

#include "text/number_text.hpp"

namespace sicmir {

/// What one mark (a point, a comma or an apostrophe) can and cannot be.
struct MarkEvidence {
  std::string decimal;    ///< a number in which it can only be the decimal mark: 0.123, 12.5
  std::string grouped;    ///< a number in which it can only separate thousands: 1.234.567
  std::string ambiguous;  ///< a number that either would explain: 1.234
  std::size_t n_ambiguous = 0;
};

/// Usage: add() the fields, then ask.
class NumberMarks {
 public:
  /// Quotes and surrounding blanks are ignored; so is what is not a number.
  void add(std::string_view field);

  [[nodiscard]] const MarkEvidence& of(char mark) const;
  /// A whole number of four digits or more that is written without a mark; empty: none was seen.
  [[nodiscard]] const std::string& plain_thousands() const noexcept { return plain_; }
  /// Numbers that were added.
  [[nodiscard]] std::size_t n_numbers() const noexcept { return n_numbers_; }

 private:
  MarkEvidence& at(char mark);
  MarkEvidence point_, comma_, apostrophe_;
  std::string plain_;
  std::size_t n_numbers_ = 0;
};

/// True for digits in groups of three with a mark between them: 1,234 or 1.234.567, but not 0,123.
[[nodiscard]] bool looks_grouped(std::string_view field) noexcept;

/// Takes thousands separators out of a number (`rules.thousands`). False, where a group does not
/// have three digits: then the field is no number.
[[nodiscard]] bool remove_thousands(std::string_view field, const FieldRules& rules,
                                    std::string& number);

}  // namespace sicmir
