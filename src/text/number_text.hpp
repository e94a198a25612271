// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Numbers and fields as text tables hold them. The common short forms are read here, inline;
/// everything else in number_text.cpp.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {

/// How the fields of a text table are told apart.
struct FieldRules {
  char separator = '\t';  ///< ' ': any run of blanks
  char decimal = '.';     ///< ',' in tables written with a European locale
  char thousands = '\0';  ///< between groups of three digits; '\0': there are none

  [[nodiscard]] bool blanks() const noexcept { return separator == ' '; }
};

/// What a whole field holds.
enum class FieldKind : std::uint8_t { number, missing, text };

/// Reads a field (any quotes and surrounding blanks included). A number is rounded exactly as
/// strtod() does it. Missing values (nothing, NA, N/A, NaN, nan, null, NULL) are NaN, but "nan"
/// and "NaN" count as numbers: programs write them, people do not.
[[nodiscard]] FieldKind read_number(std::string_view field, char decimal, double& value);

/// The same for a field of a table; thousands separators must leave groups of three digits.
[[nodiscard]] FieldKind read_number(std::string_view field, const FieldRules& rules, double& value);

/// Without surrounding blanks and quotes; doubled quotes become single ones (RFC 4180).
[[nodiscard]] std::string unquoted(std::string_view field);

/// One past the last byte of the field that begins at `at`; separators within quotes belong to the
/// field.
[[nodiscard]] const char* end_of_field(const char* at, const char* end, const FieldRules& rules);

/// The first `most` fields of a line as they stand there, quotes included. With rules.blanks(),
/// blanks around the line do not make fields.
[[nodiscard]] std::vector<std::string_view> split_fields(
    std::string_view line, const FieldRules& rules,
    std::size_t most = std::numeric_limits<std::size_t>::max());

namespace detail {
inline constexpr std::array<double, 23> powers_of_ten = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
}  // namespace detail

/// Reads digits with at most one decimal point at `at`. `end` must be readable and no digit.
/// Returns where the number ends, or nullptr if this is not one of the forms that can be read
/// exactly with one division (Clinger 1990: whole numbers up to 2^53, powers of ten up to 10^22).
[[nodiscard]] inline const char* read_short_number(const char* at, char decimal, double& value) {
  const bool negative = *at == '-';
  if (negative) ++at;
  const auto is_digit = [](char c) { return static_cast<unsigned char>(c - '0') < 10; };
  std::uint64_t digits = 0;
  const char* const whole = at;
  for (; is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
  auto n_digits = at - whole;
  std::ptrdiff_t n_decimals = 0;
  if (*at == decimal) {
    const char* const fraction = ++at;
    for (; is_digit(*at); ++at) digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    n_decimals = at - fraction;
    n_digits += n_decimals;
  }
  constexpr std::ptrdiff_t safe_digits = 19;  // no overflow of 64 bits
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  if (n_digits == 0 || n_digits > safe_digits || digits > exact) return nullptr;
  value = static_cast<double>(static_cast<std::int64_t>(digits));  // signed: one instruction
  if (n_decimals > 0) value /= detail::powers_of_ten[static_cast<std::size_t>(n_decimals)];
  if (negative) value = -value;
  return at;
}

}  // namespace sicmir
