// SPDX-License-Identifier: BSD-3-Clause
#include "base/printable.hpp"

#include <fmt/core.h>

#include "base/text_list.hpp"

namespace sicmir {

namespace {

/// Bytes of the character that `text` begins with; 0 if they are not UTF-8.
std::size_t character_bytes(std::string_view text) {
  for (std::size_t n = 1; n <= 4 && n <= text.size(); ++n) {
    if (is_utf8(text.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F steer terminals, too
      shown += fmt::format("\\x{:02x}", next);
      ++i;
    } else if (const std::size_t n = character_bytes(text.substr(i)); n > 1) {
      shown += text.substr(i, n);
      i += n - 1;
    } else if (n == 0 || (byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace sicmir
