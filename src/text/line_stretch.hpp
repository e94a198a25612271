// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Lines on their way from the thread that reads to one that parses.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {

/// Some consecutive lines with their numbers in the file.
class LineStretch {
 public:
  /// Text that travels together: enough to be worth the way, little beside everything else.
  static constexpr std::size_t enough_bytes = std::size_t{1} << 20;

  void clear() {
    text_.clear();
    lines_.clear();
  }
  void append(std::string_view line, std::uint64_t number) {
    lines_.push_back({text_.size(), line.size(), number});
    text_ += line;
    text_ += '\n';  // what parsers may read behind a line, see LineReader
  }
  [[nodiscard]] bool is_full() const noexcept { return bytes() >= enough_bytes; }
  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }
  [[nodiscard]] std::string_view line(std::size_t i) const {
    return std::string_view(text_).substr(lines_[i].begin, lines_[i].size);
  }
  [[nodiscard]] std::uint64_t number(std::size_t i) const { return lines_[i].number; }

 private:
  struct Line {
    std::size_t begin, size;
    std::uint64_t number;
  };
  std::string text_;
  std::vector<Line> lines_;
};

}  // namespace sicmir
