// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Text in XML documents.

#include <string>
#include <string_view>

namespace sicmir {

/// `text` as XML 1.0 holds it between tags or quotes: &, <, >, " and ' become entities, bytes that
/// are not UTF-8 are taken as Latin-1, and characters that XML forbids become U+FFFD.
[[nodiscard]] std::string xml_text(std::string_view text);

}  // namespace sicmir
