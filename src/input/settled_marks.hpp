// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which mark of a table's numbers is the decimal one, and which separates thousands.

#include <string>

#include "text/number_marks.hpp"
#include "text/number_text.hpp"

namespace sicmir {

/// Decides the marks of a table's numbers; `rules` hold the separator and the likely decimal mark,
/// `decimal` and `thousands` what the user stated (SourceOptions). Throws Error(bad_input) where
/// the numbers allow both readings, Error(usage) where both marks are stated to be the same.
void settle_marks(const NumberMarks& marks, char decimal, char thousands, FieldRules& rules,
                  const std::string& file);

}  // namespace sicmir
