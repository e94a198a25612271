// SPDX-License-Identifier: BSD-3-Clause
#include "rds/xdr.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "sicmir/error.hpp"

namespace sicmir::rds {

void XdrBytes::fail(std::string_view what) const {
  throw Error(ExitCode::bad_input, fmt::format("{}: byte {} of the decompressed R object: {}",
                                               input_.name(), offset_, what));
}

void XdrBytes::fail_damaged(std::string_view what) const {
  fail(fmt::format("{}; the file is damaged.", what));
}

void XdrBytes::take(char* out, std::size_t size) {
  while (size > 0) {
    if (piece_.empty()) {
      piece_ = input_.next();
      if (piece_.empty()) {
        fail("the object ends too early. Was the file copied or downloaded completely?");
      }
    }
    const std::size_t count = std::min(size, piece_.size());
    if (out != nullptr) {
      std::memcpy(out, piece_.data(), count);
      out += count;
    }
    piece_ = piece_.subspan(count);
    offset_ += count;
    size -= count;
  }
}

void XdrBytes::pass_over(std::uint64_t size) {
  constexpr std::uint64_t at_once = std::uint64_t{1} << 30;
  for (; size > at_once; size -= at_once) take(nullptr, at_once);
  take(nullptr, static_cast<std::size_t>(size));
}

std::uint32_t XdrBytes::word() {
  std::array<unsigned char, 4> bytes{};
  take(reinterpret_cast<char*>(bytes.data()), bytes.size());
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
         std::uint32_t{bytes[2]} << 8U | bytes[3];
}

std::uint64_t XdrBytes::length() {
  const std::int32_t given = integer();
  if (given >= 0) return static_cast<std::uint64_t>(given);
  if (given != -1) fail_damaged(fmt::format("a vector claims {} elements", given));
  const std::uint64_t upper = word();
  const std::uint64_t lower = word();
  constexpr std::uint64_t most = std::uint64_t{1} << 52U;  // R_XLEN_T_MAX
  const std::uint64_t both = upper << 32U | lower;
  if (both > most) fail_damaged(fmt::format("a vector claims {} elements", both));
  return both;
}

std::uint64_t XdrBytes::length_of(std::uint64_t element_bytes) {
  const std::uint64_t count = length();
  const auto most = input_.most_bytes();
  constexpr std::uint64_t most_of_any = std::uint64_t{1} << 40U;
  if (count > most.value_or(most_of_any) / element_bytes + 1) {
    fail_damaged(fmt::format("a vector claims {} elements, more than the file can hold", count));
  }
  return count;
}

void XdrBytes::read_header() {
  std::array<char, 2> magic{};
  take(magic.data(), magic.size());
  if (magic[0] != 'X' || magic[1] != '\n') {
    fail(magic[0] == 'A' ? "it was saved as text (ascii = TRUE). Save it again with "
                           "saveRDS(object, file)."
                         : "it was saved in the binary form of one machine (xdr = FALSE). Save "
                           "it again with saveRDS(object, file).");
  }
  const std::int32_t version = integer();
  (void)word();  // the version of R that wrote it
  (void)word();  // the oldest that reads it
  if (version != 2 && version != 3) {
    fail(
        fmt::format("this is version {} of R's serialisation; 2 and 3 are read. Save it again "
                    "with saveRDS(object, file, version = 3).",
                    version));
  }
  if (version == 3) {
    const std::int32_t size = integer();
    constexpr std::int32_t most = 63;  // R_CODESET_MAX
    if (size < 0 || size > most) fail_damaged("the name of its encoding has a wrong length");
    std::string encoding(static_cast<std::size_t>(size), '\0');
    take(encoding.data(), encoding.size());
  }
}

}  // namespace sicmir::rds
