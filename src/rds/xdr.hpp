// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The bytes of a serialisation: words of 32 bits in XDR, the greater byte first, and lengths.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "text/byte_input.hpp"

namespace sicmir::rds {

class XdrBytes {
 public:
  /// `input` stands at the beginning.
  explicit XdrBytes(ByteInput& input) : input_(input) {}

  /// What precedes the first value: format, versions, encoding. Throws Error(bad_input) for others
  /// than versions 2 and 3 in XDR.
  void read_header();

  /// The next bytes, or, with nullptr, passes over them. Throws Error(bad_input) at the end.
  void take(char* out, std::size_t size);
  void pass_over(std::uint64_t size);
  std::uint32_t word();
  std::int32_t integer() { return static_cast<std::int32_t>(word()); }

  /// A vector's length, checked against what the file can hold at `element_bytes` each.
  std::uint64_t length_of(std::uint64_t element_bytes);

  /// Throws Error(bad_input) with the name of the input and the place.
  [[noreturn]] void fail(std::string_view what) const;
  [[noreturn]] void fail_damaged(std::string_view what) const;

 private:
  std::uint64_t length();
  ByteInput& input_;
  std::span<const char> piece_;
  std::uint64_t offset_ = 0;
};

}  // namespace sicmir::rds
