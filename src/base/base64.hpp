// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Bytes as text (RFC 4648, section 4).

#include <cstdint>
#include <span>
#include <string>

namespace sicmir {

[[nodiscard]] inline std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = bytes.size() - i;
    const std::uint32_t three = (std::uint32_t{bytes[i]} << 16) |
                                (n > 1 ? std::uint32_t{bytes[i + 1]} << 8 : 0U) |
                                (n > 2 ? std::uint32_t{bytes[i + 2]} : 0U);
    text += digits[three >> 18];
    text += digits[(three >> 12) & 63];
    text += n > 1 ? digits[(three >> 6) & 63] : '=';
    text += n > 2 ? digits[three & 63] : '=';
  }
  return text;
}

}  // namespace sicmir
