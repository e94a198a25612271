// SPDX-License-Identifier: BSD-3-Clause
#include "text/number_run.hpp"

#ifdef __SSE4_1__
#include <smmintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace sicmir {
namespace {

/// Bytes that are looked at at once: a number and the separator behind it.
constexpr std::size_t window = 16;

/// For a number of so many characters (sign included) with its decimal point at such a place (at
/// its end: without one).
struct Forms {
  using Order = std::array<std::uint8_t, window>;
  using Divisors = std::array<double, window>;
  /// What brings its digits to the end, with zeros before them (PSHUFB).
  alignas(window) std::array<std::array<Order, window>, window> order{};
  /// 10 ^ digits behind the point; negative for numbers with a sign.
  std::array<std::array<Divisors, window>, 2> divisor{};

  constexpr Forms() {
    constexpr std::uint8_t zero = 0x80;
    for (std::size_t length = 0; length < window; ++length) {
      for (std::size_t point = 0; point <= length; ++point) {
        order[length][point].fill(zero);
        std::size_t to = window;
        for (std::size_t from = length; from-- > 0;) {
          if (from != point) order[length][point][--to] = static_cast<std::uint8_t>(from);
        }
        const std::size_t n_decimals = point < length ? length - point - 1 : 0;
        divisor[0][length][point] = detail::powers_of_ten[n_decimals];
        divisor[1][length][point] = -detail::powers_of_ten[n_decimals];
      }
    }
  }
};
constexpr Forms forms;

/// The rules as a register holds them.
class Reader {
 public:
  explicit Reader(const FieldRules& rules)
      : separator_(_mm_set1_epi8(rules.separator)), decimal_(_mm_set1_epi8(rules.decimal)) {
    std::array<char, sizeof zeros_> zeros{};
    for (std::size_t i = 0; i < zeros.size(); ++i) zeros[i] = i % 2 == 0 ? '0' : rules.separator;
    std::memcpy(&zeros_, zeros.data(), sizeof zeros_);
  }

  /// Reads one number, or some zeros; false: `run` stands at something else.
  bool read(NumberRun& run) const {
    if (run.n == 0 || run.end - run.at < static_cast<std::ptrdiff_t>(window)) return false;
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(run.at));
    // Most single-cell values are zeros: four at a time.
    if (_mm_cvtsi128_si64(text) == zeros_ && run.n >= zeros_at_once) {
      std::memset(run.values, 0, zeros_at_once * sizeof *run.values);
      run.at += sizeof zeros_;
      run.values += zeros_at_once;
      run.n -= zeros_at_once;
      return true;
    }
    const auto separators = bytes_in(_mm_cmpeq_epi8(text, separator_));
    const auto points = bytes_in(_mm_cmpeq_epi8(text, decimal_));
    const __m128i digits = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const __m128i is_other = _mm_cmpeq_epi8(_mm_max_epu8(digits, _mm_set1_epi8(10)), digits);
    if (separators == 0) return false;
    // One bit a character of the number: which of them are the sign, the point, no digits.
    const std::uint32_t number = (separators - 1) & ~separators;
    const std::uint32_t sign = *run.at == '-' ? 1 : 0;
    const std::uint32_t point = points & number;
    const std::uint32_t others = bytes_in(is_other) & number;
    const bool no_digit = number == (point | sign);
    if (((others ^ sign ^ point) | (point & (point - 1))) != 0 || no_digit) return false;

    const auto length = static_cast<std::size_t>(std::countr_zero(separators));
    const auto point_at = static_cast<std::size_t>(std::countr_zero(point | separators));
    // One digit a byte, 16 of them; then 8 of two digits, 4 of four, 2 of eight.
    const __m128i order =
        _mm_load_si128(reinterpret_cast<const __m128i*>(forms.order[length][point_at].data()));
    const __m128i ones = _mm_shuffle_epi8(_mm_andnot_si128(is_other, digits), order);
    const __m128i twos = _mm_maddubs_epi16(ones, _mm_set1_epi16(10 + (1 << 8)));
    const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(100 + (1 << 16)));
    const __m128i eights =
        _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(10'000 + (1 << 16)));
    // Below 10^15: no step rounds but the division.
    const __m128d halves = _mm_mul_pd(_mm_cvtepi32_pd(eights), _mm_setr_pd(1e8, 1.0));
    const double whole = _mm_cvtsd_f64(_mm_add_sd(halves, _mm_unpackhi_pd(halves, halves)));
    *run.values = whole / forms.divisor[sign][length][point_at];
    run.at += length + 1;
    ++run.values;
    --run.n;
    return true;
  }

 private:
  static constexpr std::size_t zeros_at_once = 4;

  static std::uint32_t bytes_in(__m128i mask) {
    return static_cast<std::uint32_t>(_mm_movemask_epi8(mask));
  }

  __m128i separator_;
  __m128i decimal_;
  std::int64_t zeros_ = 0;  // "0,0,0,0," with the separator
};

}  // namespace

void read_numbers(NumberRun& run, const FieldRules& rules) {
  const Reader reader(rules);
  NumberRun here = run;
  while (reader.read(here)) {
  }
  run = here;
}

void read_numbers(NumberRun& first, NumberRun& second, const FieldRules& rules) {
  const Reader reader(rules);
  NumberRun a = first;
  NumberRun b = second;
  while (reader.read(a) && reader.read(b)) {
  }
  first = a;
  second = b;
}

}  // namespace sicmir
#else
namespace sicmir {

void read_numbers(NumberRun& /*run*/, const FieldRules& /*rules*/) {}
void read_numbers(NumberRun& /*first*/, NumberRun& /*second*/, const FieldRules& /*rules*/) {}

}  // namespace sicmir
#endif
