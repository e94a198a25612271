// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where the groups of cells come from.

#include <string>

namespace sicmir {

/// Exactly one of `groups` and `group_by` is given.
struct GroupingOptions {
  /// FILE or FILE:COLUMN[,COLUMN...]: a table with a cell's name and its group in each line. Its
  /// columns are named by its first line; a table of two columns needs no such line.
  std::string groups;
  std::string group_by;  ///< columns of the input's obs, joined by commas
  /// Column of obs with truth values, beside `group_by`: cells where it is false have no group.
  /// Empty: none is left out.
  std::string only_where;
};

}  // namespace sicmir
