// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Pages that the program writes: a file of the room web, and what takes the place of its marks.

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.hpp"

namespace sicmir::cli {

/// `html` with each mark, e.g. /*DATA*/, replaced by its text, in the order in which they stand in
/// the page. What was put in is not searched again, so that no text can bring marks of its own.
[[nodiscard]] std::string fill_page(
    std::string_view html, std::span<const std::pair<std::string_view, std::string_view>> texts);

/// JSON inside a script: every < is written as \u003c, so that neither "</script>" nor "<!--" can
/// end it or change how it is read. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_in_page(const Json& json);

/// A source of a content security policy: 'sha256-...' of 64 hexadecimal digits (CSP level 3,
/// 2.3.1).
[[nodiscard]] std::string policy_source(std::string_view sha256);

}  // namespace sicmir::cli
