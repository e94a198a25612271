// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The endings of all files that sicmir reads.

#include <span>
#include <string>
#include <string_view>

namespace sicmir {

/// Of tables, matrices, archives and compression, each with its dot.
[[nodiscard]] std::span<const std::string_view> file_endings();

/// The name of a file or folder without its directory and all known endings:
/// "data/a.b.tsv.gz" is "a.b". A name that is nothing but an ending stays.
[[nodiscard]] std::string name_without_endings(const std::string& path);

}  // namespace sicmir
