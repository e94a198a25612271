// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Tables and pictures that commands write: how they are named on the command line, and written.

#include <cstdint>
#include <string>

#include "cli/parser.hpp"

namespace sicmir::cli {

enum class TableFormat : std::uint8_t { automatic, tsv, json };

/// Adds --format.
void bind_format(Command& sub, TableFormat& format);

/// Whether a table goes to `output` as JSON: if chosen, or by the ending.
[[nodiscard]] bool wants_json(TableFormat format, const std::string& output);

/// Writes a whole file. Throws Error(not_written).
void write_text(const std::string& path, const std::string& text);

}  // namespace sicmir::cli
