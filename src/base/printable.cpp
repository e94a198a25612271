// SPDX-License-Identifier: BSD-3-Clause
#include "base/printable.hpp"

#include <spdlog/fmt/fmt.h>

namespace sicmir {

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : '\0');
    if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F steer terminals, too
      shown += fmt::format("\\x{:02x}", next);
      ++i;
    } else if ((byte < ' ' && byte != '\t' && byte != '\n') || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace sicmir
