// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Fields of the tables that the program writes.

#include <string>

namespace sicmir::tsv {

/// Six digits, or "NaN".
[[nodiscard]] std::string number(double value);

/// Names come from files; a tab or a line end in one would shift the columns. Each becomes a blank.
[[nodiscard]] std::string field(std::string text);

}  // namespace sicmir::tsv
