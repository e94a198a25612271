// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/answer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

namespace sicmir::atlas {
namespace {

/// As the C library prints it.
std::string by_printf(double number) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), "%.6g", number);
  return {text.data(), static_cast<std::size_t>(n)};
}

std::string written(double number) {
  const std::string text = answer_tsv({{"x"}, {{number}}, {}, {}});
  return text.substr(2, text.size() - 3);
}

TEST(Answer, NumbersAreThoseOfPrintf) {
  for (const double number : {0.0,
                              -0.0,
                              1.0,
                              -1.0,
                              0.1,
                              0.5,
                              10.0,
                              123456.0,
                              123456.5,
                              123457.5,
                              999999.0,
                              999999.4,
                              999999.5,
                              999999.6,
                              1e6,
                              1e-4,
                              0.00099999949,
                              0.00099999951,
                              9.99995e-5,
                              9.999995e-5,
                              1.000005,
                              1.000015,
                              2.5,
                              0.1234565,
                              1e300,
                              1e-300,
                              5e-324,
                              std::nextafter(0.1, 0.0),
                              std::nextafter(1e-4, 0.0),
                              std::nextafter(1e6, 0.0),
                              std::nextafter(1e5, 0.0),
                              std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(written(number), by_printf(number));
    EXPECT_EQ(written(-number), by_printf(-number));
  }
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(Answer, ManyNumbersAreThoseOfPrintf) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> exponent(-8, 8);
  std::uniform_real_distribution<double> digits(-10, 10);
  for (int i = 0; i < 200'000; ++i) {
    const double number = digits(random) * std::pow(10, exponent(random));
    ASSERT_EQ(written(number), by_printf(number));
    // As float32 and with seven digits, the last a 5: exact ties and what is beside them.
    const auto narrow = static_cast<double>(static_cast<float>(number));
    ASSERT_EQ(written(narrow), by_printf(narrow));
    const double tie = (std::floor(std::fabs(number)) * 10 + 5) / 16;
    ASSERT_EQ(written(tie), by_printf(tie));
  }
}

TEST(Answer, TextsAreNoFormulasAndStayInTheirFields) {
  EXPECT_EQ(answer_tsv({{"a", "b"}, {{std::string("=1+1"), std::string("a\tb\nc")}}, {}, {}}),
            "a\tb\n'=1+1\ta b c\n");
}

}  // namespace
}  // namespace sicmir::atlas
