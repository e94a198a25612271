// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Tables and pictures that commands write: how they are named on the command line, and written.

#include <cstdint>
#include <deque>
#include <string>

#include "base/output_file.hpp"
#include "cli/parser.hpp"

namespace sicmir::cli {

enum class TableFormat : std::uint8_t { automatic, tsv, json };

/// Adds --format.
void bind_format(Command& sub, TableFormat& format);

/// Whether a table goes to `output` as JSON: if chosen, or by the ending.
[[nodiscard]] bool wants_json(TableFormat format, const std::string& output);

/// Several files that belong together: all get their names, or none does. (A file that was there
/// before stays as it was if writing fails; once names are given, it is replaced.)
class TextFiles {
 public:
  /// Writes a whole file under a temporary name. Throws Error(not_written).
  void add(const std::string& path, const std::string& text);
  /// Gives all their names, in order. Throws Error(not_written); then those that were not there
  /// before are not there.
  void commit();

 private:
  std::deque<OutputFile> files_;
};

/// Writes a whole file. Throws Error(not_written).
void write_text(const std::string& path, const std::string& text);

}  // namespace sicmir::cli
