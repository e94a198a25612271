// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The words of an enum, spelled once for options, files and messages.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sicmir {

/// In the order in which options list them.
template <typename Value, std::size_t N>
struct EnumWords {
  std::array<std::pair<std::string_view, Value>, N> entries;

  /// Empty for a value that has no word.
  [[nodiscard]] constexpr std::string_view word(Value value) const noexcept {
    for (const auto& [word, meaning] : entries) {
      if (meaning == value) return word;
    }
    return {};
  }
  /// nullopt for what is no word of the enum.
  [[nodiscard]] constexpr std::optional<Value> parse(std::string_view text) const noexcept {
    for (const auto& [word, meaning] : entries) {
      if (word == text) return meaning;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<std::string> choices() const {
    std::vector<std::string> words;
    for (const auto& entry : entries) words.emplace_back(entry.first);
    return words;
  }
};

}  // namespace sicmir
