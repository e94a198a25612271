// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Lists that people write: sample sheets, groups of cells, names of miRNAs. They come from
/// spreadsheets and editors of all systems.

#include <memory>
#include <string>
#include <vector>

#include "text/byte_input.hpp"

namespace sicmir {

/// Opens a text file (or "-"); UTF-16 with a byte-order mark becomes UTF-8 on the way. LineReader
/// takes off the mark of UTF-8 and the line ends of Windows. Throws Error(bad_input).
[[nodiscard]] std::unique_ptr<ByteInput> open_text(const std::string& path);

/// All lines of such a file, without their ends.
[[nodiscard]] std::vector<std::string> read_text_lines(const std::string& path);

/// What stands between the tabs of a line: one field more than there are tabs.
[[nodiscard]] std::vector<std::string> tab_fields(const std::string& line);

}  // namespace sicmir
