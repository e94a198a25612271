// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Lists in messages and files.

#include <concepts>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace sicmir {

/// The texts or whole numbers of `range`, with `separator` between them; empty if there are none.
template <std::ranges::input_range Range>
[[nodiscard]] std::string joined(Range&& range, std::string_view separator) {
  std::string text;
  bool is_first = true;
  for (const auto& item : range) {
    if (!is_first) text += separator;
    is_first = false;
    if constexpr (std::convertible_to<decltype(item), std::string_view>) {
      text += std::string_view(item);
    } else {
      static_assert(std::integral<std::remove_cvref_t<decltype(item)>>);
      text += std::to_string(item);
    }
  }
  return text;
}

}  // namespace sicmir
