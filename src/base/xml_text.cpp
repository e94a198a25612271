// SPDX-License-Identifier: BSD-3-Clause
#include "base/xml_text.hpp"

#include "base/text_list.hpp"

namespace sicmir {

std::string xml_text(std::string_view text) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string result;
  const std::string utf8 = as_utf8(text);
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const char c = utf8[i];
    const std::string_view rest = std::string_view(utf8).substr(i);
    const bool is_control =
        static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
    if (c == '&') {
      result += "&amp;";
    } else if (c == '<') {
      result += "&lt;";
    } else if (c == '>') {
      result += "&gt;";
    } else if (c == '"') {
      result += "&quot;";
    } else if (c == '\'') {
      result += "&#39;";
    } else if (is_control) {
      result += replacement;
    } else if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      result += replacement;
      i += 2;
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace sicmir
