// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// JSON. Reading and writing it are compiled once, in json.cpp.

#include <istream>
#include <nlohmann/json.hpp>
#include <string>

/// Members are in the order in which they were added.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace sicmir {

using Json = nlohmann::ordered_json;

/// `json` as text without a line end. `indent`: spaces per level, or -1 for all on one line. Bytes
/// that are not UTF-8, such as names in files of another encoding, become U+FFFD.
[[nodiscard]] std::string json_text(const Json& json, int indent = -1);

/// The value that `stream` holds; `is_discarded()` if that is not JSON.
[[nodiscard]] Json read_json(std::istream& stream);

/// `value`; null where it is not known, and the text "Infinity" where it has no bound, which JSON
/// has no number for.
[[nodiscard]] Json json_number(double value);

}  // namespace sicmir
