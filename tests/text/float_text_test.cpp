// SPDX-License-Identifier: BSD-3-Clause
#include "text/float_text.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace sicmir::float_text {
namespace {

std::string text_of(float value) {
  std::array<char, max_length> buffer{};
  return {buffer.data(), shortest(buffer.data(), value)};
}

std::string text_of(float value, int digits) {
  std::array<char, max_length> buffer{};
  return {buffer.data(), with_digits(buffer.data(), value, digits)};
}

std::string library_text(float value) {
  std::array<char, max_length> buffer{};
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr};
}

std::string library_text(float value, int digits) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*g", digits, static_cast<double>(value));
  return buffer.data();
}

TEST(FloatText, WritesTheShortestTextThatReadsBack) {
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(-0.3F), "-0.3");
  EXPECT_EQ(text_of(1.0F / 3), "0.33333334");
  EXPECT_EQ(text_of(1.0F), "1");
  EXPECT_EQ(text_of(-12.5F), "-12.5");
  EXPECT_EQ(text_of(9999.999F), "9999.999");
  EXPECT_EQ(text_of(0.001F), "0.001");
  EXPECT_EQ(text_of(1e-5F), "1e-05");
  EXPECT_EQ(text_of(100000.0F), "1e+05");
  EXPECT_EQ(text_of(0.0F), "0");
  EXPECT_EQ(text_of(-0.0F), "-0");
}

TEST(FloatText, NamesWhatIsNoNumberSoThatPandasAndRReadIt) {
  EXPECT_EQ(text_of(std::numeric_limits<float>::quiet_NaN()), "NaN");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::quiet_NaN()), "NaN");
  EXPECT_EQ(text_of(std::numeric_limits<float>::infinity()), "inf");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity()), "-inf");
  EXPECT_EQ(text_of(std::numeric_limits<float>::quiet_NaN(), 4), "NaN");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity(), 4), "-inf");
}

/// A prime step visits every binade; the full range was compared once: all 196,105,734 floats from
/// 0.0009 to 10,001.
TEST(FloatText, AgreesWithTheLibraryOverAllMagnitudes) {
  for (std::uint64_t bits = 0; bits < 0x7f800000u; bits += 1009) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    ASSERT_EQ(text_of(value), library_text(value)) << bits;
    ASSERT_EQ(std::strtof(text_of(-value).c_str(), nullptr), -value) << bits;
  }
}

TEST(FloatText, AgreesWithTheLibraryAroundPowersOfTwoAndTen) {
  for (int exponent = -14; exponent <= 16; ++exponent) {
    for (const double base : {std::ldexp(1.0, exponent), std::pow(10.0, exponent / 3)}) {
      float value = static_cast<float>(base);
      for (int i = 0; i < 40; ++i) value = std::nextafter(value, 0.0F);
      for (int i = 0; i < 80; ++i, value = std::nextafter(value, 1e9F)) {
        ASSERT_EQ(text_of(value), library_text(value));
        for (int digits = 1; digits <= 9; ++digits) {
          ASSERT_EQ(text_of(value, digits), library_text(value, digits)) << digits;
        }
      }
    }
  }
}

TEST(FloatText, RoundsToTheDigitsAskedForAsPrintfDoes) {
  EXPECT_EQ(text_of(1234.5F, 3), "1.23e+03");
  EXPECT_EQ(text_of(0.5F, 3), "0.5");
  EXPECT_EQ(text_of(2.5F, 1), "2");
  EXPECT_EQ(text_of(999.96F, 4), "1000");
  EXPECT_EQ(text_of(0.0F, 3), "0");
  for (std::uint64_t bits = 1; bits < 0x7f800000u; bits += 100003) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    for (const int digits : {1, 2, 4, 6, 9, 17}) {
      ASSERT_EQ(text_of(value, digits), library_text(value, digits)) << bits;
    }
  }
}

}  // namespace
}  // namespace sicmir::float_text
