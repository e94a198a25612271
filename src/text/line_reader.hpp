// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Cuts a ByteInput into lines.

#include <cstdint>
#include <string>
#include <string_view>

#include "text/byte_input.hpp"

namespace sicmir {

class LineReader {
 public:
  static constexpr std::size_t longest_line = std::size_t{1} << 30;

  /// `input` outlives the reader; `longest`: bytes of a line.
  explicit LineReader(ByteInput& input, std::size_t longest = longest_line)
      : input_(&input), longest_(longest) {}

  /// The next line without its end (LF or CRLF) and, for the first, without a byte-order mark;
  /// false: no line is left. A last line need not have an end. The view is valid until the next
  /// call, and the byte behind it can be read: it is CR or LF (a sentinel for parsers). A line
  /// beyond `longest` is Error(bad_input).
  bool next(std::string_view& line);
  /// Number of the line delivered last, from 1.
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::size_t memory_bytes() const {
    return carry_.capacity() + input_->memory_bytes();
  }

 private:
  ByteInput* input_;
  std::size_t longest_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::string carry_;  // a line that spans several stretches of bytes
  std::uint64_t number_ = 0;
};

}  // namespace sicmir
