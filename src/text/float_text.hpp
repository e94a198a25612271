// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Numbers as text, exactly as std::to_chars writes them and faster for everyday magnitudes.

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace sicmir::float_text {

/// Room that the longest text needs: "-1.17549435e-38", or with 17 digits.
inline constexpr std::size_t max_length = 32;

namespace detail {

inline constexpr std::array<std::uint64_t, 13> powers_of_ten = {
    1,        10,        100,        1000,        10000,        100000,       1000000,
    10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000};

/// Decimals after which two neighbouring floats with unit in the last place 2^-n always differ:
/// the smallest d with 10^-d <= 2^-n.
inline constexpr std::array<std::uint8_t, 35> decimals_for = [] {
  std::array<std::uint8_t, 35> table{};
  for (std::size_t n = 0; n < table.size(); ++n) {
    std::uint8_t d = 0;
    while (powers_of_ten[d] < (std::uint64_t{1} << n)) ++d;
    table[n] = d;
  }
  return table;
}();

inline constexpr auto two_digits = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

/// Writes exactly `count` digits of `value`.
inline void write_digits(char* out, std::uint32_t value, int count) noexcept {
  while (count >= 2) {
    count -= 2;
    const std::uint32_t rest = value / 100;
    std::memcpy(out + count, two_digits.data() + static_cast<std::size_t>(2 * (value - rest * 100)),
                2);
    value = rest;
  }
  if (count == 1) *out = static_cast<char>('0' + value);
}

inline int digits_of(std::uint32_t value) noexcept {
  // floor(log10) from floor(log2), corrected by one comparison.
  const int guess = static_cast<int>(std::bit_width(value | 1u)) * 1233 >> 12;
  return guess + (value >= powers_of_ten[static_cast<std::size_t>(guess)] ? 1 : 0);
}

/// `value` / 2^n, to the nearest whole number, ties to even.
inline std::uint32_t rounded_shift(std::uint64_t value, int n) noexcept {
  const std::uint64_t half = std::uint64_t{1} << (n - 1);
  const std::uint64_t odd = (value >> n) & 1u;
  return static_cast<std::uint32_t>((value + half - 1 + odd) >> n);
}

/// `value` / 10^decimals in positional notation.
inline char* write_fixed(char* out, std::uint32_t value, int decimals) noexcept {
  const int digits = digits_of(value);
  if (decimals == 0) {
    write_digits(out, value, digits);
    return out + digits;
  }
  if (digits > decimals) {
    // All digits one place to the right, then the whole part back to the left of the point.
    write_digits(out + 1, value, digits);
    const int whole = digits - decimals;
    std::memmove(out, out + 1, static_cast<std::size_t>(whole));
    out[whole] = '.';
    return out + digits + 1;
  }
  std::memcpy(out, "0.000000000000", 14);
  write_digits(out + 2 + decimals - digits, value, digits);
  return out + 2 + decimals;
}

}  // namespace detail

/// The shortest text that reads back as the same float, as std::to_chars(float): positional or
/// scientific notation, whichever is shorter. NaN: "NaN" (read by pandas and R); "inf", "-inf".
/// `out` has room for max_length characters; returns the end.
inline char* shortest(char* out, float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  // Between 0.001 and 10,000 positional notation is never longer than scientific, and everything
  // below fits into 64 bits. Beyond: the library.
  constexpr auto low = std::bit_cast<std::uint32_t>(0.001F);
  constexpr auto high = std::bit_cast<std::uint32_t>(10000.0F);
  if (magnitude < low || magnitude >= high) {
    if (magnitude == 0) {
      if (bits != 0) *out++ = '-';
      *out++ = '0';
      return out;
    }
    if (magnitude > 0x7f800000u) {
      std::memcpy(out, "NaN", 3);
      return out + 3;
    }
    return std::to_chars(out, out + max_length, value).ptr;
  }
  *out = '-';
  out += bits >> 31;

  // value = m / 2^n. The decimals that read back as this float are those between the midpoints to
  // its neighbours: [low_end, high_end] / 2^(n+2), where the ends count if m is even (ties go to
  // even). Below a power of two the neighbour is half as far.
  const std::uint32_t fraction = magnitude & 0x7fffffu;
  const std::uint64_t m = fraction | 0x800000u;
  const int n = 150 - static_cast<int>(magnitude >> 23);  // 10 .. 33
  const int shift = n + 2;
  int decimals = detail::decimals_for[static_cast<std::size_t>(n)];
  const std::uint64_t power = detail::powers_of_ten[static_cast<std::size_t>(decimals)];
  const std::uint64_t low_end = (4 * m - (fraction == 0 ? 1 : 2)) * power;
  const std::uint64_t high_end = (4 * m + 2) * power;
  const std::uint64_t open = m & 1u;
  // Whole numbers D with D / 10^decimals in the interval: first <= D <= last.
  auto first = static_cast<std::uint32_t>(((low_end + open - 1) >> shift) + 1);
  auto last = static_cast<std::uint32_t>((high_end - open) >> shift);
  // Fewer decimals as long as a multiple of ten is in the interval.
  while (decimals > 0) {
    const std::uint32_t fewer_first = (first + 9) / 10;
    const std::uint32_t fewer_last = last / 10;
    if (fewer_first > fewer_last) break;
    first = fewer_first;
    last = fewer_last;
    --decimals;
  }
  // Of those, the one nearest to the value.
  const std::uint64_t scaled = m * detail::powers_of_ten[static_cast<std::size_t>(decimals)];
  std::uint32_t nearest = detail::rounded_shift(scaled, n);
  nearest = nearest < first ? first : nearest > last ? last : nearest;
  return detail::write_fixed(out, nearest, decimals);
}

/// At most `digits` (1 .. 17) significant digits, correctly rounded, as printf's %.{digits}g.
inline char* with_digits(char* out, float value, int digits) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    std::memcpy(out, "NaN", 3);
    return out + 3;
  }
  constexpr auto low = std::bit_cast<std::uint32_t>(0.001F);
  constexpr auto high = std::bit_cast<std::uint32_t>(10000.0F);
  const auto library = [&] {
    return std::to_chars(out, out + max_length, value, std::chars_format::general, digits).ptr;
  };
  if (magnitude < low || magnitude >= high || digits > 8) return library();
  // Decimal exponent; in double, because the float nearest to 0.01 is less than 0.01.
  const double size = std::bit_cast<float>(magnitude);
  const int exponent = size >= 1.0 ? (size >= 10.0) + (size >= 100.0) + (size >= 1000.0)
                                   : -1 - (size < 0.1) - (size < 0.01);
  if (exponent >= digits) return library();
  int decimals = digits - 1 - exponent;
  const std::uint64_t m = (magnitude & 0x7fffffu) | 0x800000u;
  const int n = 150 - static_cast<int>(magnitude >> 23);
  const std::uint64_t scaled = m * detail::powers_of_ten[static_cast<std::size_t>(decimals)];
  std::uint32_t rounded = detail::rounded_shift(scaled, n);
  if (rounded >= detail::powers_of_ten[static_cast<std::size_t>(digits)]) return library();
  while (decimals > 0 && rounded % 10 == 0) {
    rounded /= 10;
    --decimals;
  }
  *out = '-';
  out += bits >> 31;
  return detail::write_fixed(out, rounded, decimals);
}

}  // namespace sicmir::float_text
