// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where the groups of cells come from.

#include <string>

namespace sicmir {

/// Exactly one of the two is given.
struct GroupingOptions {
  /// FILE or FILE:COLUMN[,COLUMN...]: a table with a cell's name and its group in each line. Its
  /// columns are named by its first line; a table of two columns needs no such line.
  std::string groups;
  std::string group_by;  ///< columns of the input's obs, joined by commas
};

}  // namespace sicmir
