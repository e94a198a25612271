#pragma once
/// Numbers and fields as text tables hold them. The common short forms are read here, inline;
/// everything else in number_text.cpp.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir {

/// How the fields of a text table are told apart.
struct FieldRules {
  char separator = '\t';  ///< ' ': any run of blanks
  char decimal = '.';     ///< ',' in tables written with a European locale

  [[nodiscard]] bool blanks() const noexcept { return separator == ' '; }
};

/// What a whole field holds.
enum class FieldKind : std::uint8_t { number, missing, text };

/// Reads a field (any quotes and surrounding blanks included). A number is rounded exactly as
/// strtod() does it. Missing values (nothing, NA, N/A, NaN, nan, null, NULL) are NaN, but "nan"
/// and "NaN" count as numbers: programs write them, people do not.
[[nodiscard]] FieldKind read_number(std::string_view field, char decimal, double& value);

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

/// `value` or, without a branch, -`value`.
inline double with_sign(double value, bool negative) noexcept {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) ^
                               (static_cast<std::uint64_t>(negative) << 63U));
}

/// The number that the eight bytes of `digits` (0 .. 9 each, the first digit lowest) stand for:
/// pairs, then fours, then all (Lemire, "Quickly parsing eight digits", 2018).
inline std::uint64_t eight_digits(std::uint64_t digits) noexcept {
  constexpr std::uint64_t every_other_pair = 0x000000ff000000ff;
  constexpr std::uint64_t first_and_third = 100 + (std::uint64_t{1000000} << 32U);
  constexpr std::uint64_t second_and_fourth = 1 + (std::uint64_t{10000} << 32U);
  digits = digits * 10 + (digits >> 8U);
  return ((digits & every_other_pair) * first_and_third +
          ((digits >> 16U) & every_other_pair) * second_and_fourth) >>
         32U;
}
}  // namespace detail

/// Characters that read_word_number() looks at.
inline constexpr std::ptrdiff_t number_word_bytes = 9;

/// Reads a sign and at most seven digits and a decimal point, eight bytes at once and without a
/// branch on how many there are; number_word_bytes must be readable at `at`. Returns where the
/// number ends, or nullptr: it does not end so soon, or is none; see read_short_number(). Exact for
/// the same reason.
[[nodiscard]] inline const char* read_word_number(const char* at, char decimal,
                                                  double& value) noexcept {
  if constexpr (std::endian::native != std::endian::little) return nullptr;
  constexpr std::uint64_t every_byte = 0x0101010101010101;
  // Both words that may be meant: where the next number begins waits for this one to be found.
  std::uint64_t unsigned_word = 0;
  std::uint64_t signed_word = 0;
  std::memcpy(&unsigned_word, at, sizeof unsigned_word);
  std::memcpy(&signed_word, at + 1, sizeof signed_word);
  const bool negative = (unsigned_word & 0xffU) == '-';
  const std::uint64_t word = negative ? signed_word : unsigned_word;
  at += negative ? 1 : 0;
  const std::uint64_t digits = word ^ (every_byte * '0');
  // 0x80 in every byte that holds no digit.
  const std::uint64_t others =
      (((digits & (every_byte * 0x7f)) + every_byte * (0x80 - 10)) | digits) & (every_byte * 0x80);
  if (others == 0) return nullptr;
  const unsigned whole = static_cast<unsigned>(std::countr_zero(others)) / 8U;
  if (at[whole] != decimal) {
    if (whole == 0) return nullptr;
    const std::uint64_t number = detail::eight_digits(digits << (64 - 8 * whole));
    value = detail::with_sign(static_cast<double>(static_cast<std::int64_t>(number)), negative);
    return at + whole;
  }
  const std::uint64_t behind_point = others & (others - 1);
  if (behind_point == 0) return nullptr;
  const unsigned length = static_cast<unsigned>(std::countr_zero(behind_point)) / 8U;
  if (length == 1) return nullptr;
  // The last digit goes to the last byte, and what is before the point one further to close the
  // gap.
  const std::uint64_t shifted = digits << (64 - 8 * length);
  const unsigned point = 8 * (8 - length + whole);
  const std::uint64_t before = (std::uint64_t{1} << point) - 1;
  const std::uint64_t closed =
      (shifted & (~std::uint64_t{0xff} << point)) | ((shifted & before) << 8U);
  value = detail::with_sign(
      static_cast<double>(static_cast<std::int64_t>(detail::eight_digits(closed))) /
          detail::powers_of_ten[length - whole - 1],
      negative);
  return at + length;
}

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
