// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Numbers of things in messages: "1 cell", "2 cells".

#include <fmt/core.h>

#include <concepts>
#include <string>
#include <string_view>

namespace sicmir {

/// `one` for a single thing, else `many`: "is", "are".
template <std::integral Number>
[[nodiscard]] std::string_view by_number(Number n, std::string_view one, std::string_view many) {
  return n == 1 ? one : many;
}

/// "1 cell", "2 cells". `many`: the plural, where it is not `one` with an s.
template <std::integral Number>
[[nodiscard]] std::string counted(Number n, std::string_view one, std::string_view many = {}) {
  if (n == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", n, one) : fmt::format("{} {}", n, many);
}

}  // namespace sicmir
