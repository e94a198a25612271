// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Words of other people's files in messages for a terminal.

#include <string>
#include <string_view>

namespace sicmir {

/// `text` with control characters, and bytes that are not UTF-8 (RFC 3629), written as \xNN, so
/// that a name in a file can neither cut a message short nor steer the terminal; tabs and line ends
/// stay.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace sicmir
