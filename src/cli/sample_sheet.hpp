// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The list of `predict --inputs`: paths alone, or a sample sheet with options for each input.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sicmir::cli {

struct BatchItem {
  std::string id;            ///< names the output
  std::string path;          ///< of the input, as it stands in the list
  std::size_t line = 0;      ///< of the list, from 1
  std::size_t position = 0;  ///< among the inputs of the list, from 1
  /// Options that its line gives, by their long names ("--layer"), in the order of the columns.
  std::vector<std::pair<std::string, std::string>> options;
};

/// Columns of a sheet that are options of predict, and their options: "log_base", "--log-base".
[[nodiscard]] std::span<const std::pair<std::string_view, std::string_view>> sheet_options();

/// Reads a list. With a header, which is a first line with a field "path", it is a sheet: its
/// fields are separated by tabs, or by commas if the header has no tab (RFC 4180, without line
/// ends in fields). Its columns are id, path, those of sheet_options(), and sample, donor,
/// condition and tissue (those of `sicmir profile`), which are passed over, as are columns whose
/// names begin with #. Empty fields give nothing. Without a header, lines are `id<TAB>path` or
/// `path`. An input without an id is named after its file or folder, without endings. Empty lines
/// and lines that begin with # do not count.
///
/// Throws Error(usage), naming list and line, for a list that cannot be read, is not text or is
/// empty, for unknown columns, too many fields, ids that cannot name a file, and ids that stand
/// there twice.
[[nodiscard]] std::vector<BatchItem> read_sample_sheet(const std::string& list);

}  // namespace sicmir::cli
