// SPDX-License-Identifier: BSD-3-Clause
// Values worked out by hand.
#include "statistics/median.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Median, IsTheMeanOfTheTwoMiddleValuesOfAnEvenNumber) {
  EXPECT_DOUBLE_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_DOUBLE_EQ(median({0.25, 0.75}), 0.5);
  EXPECT_DOUBLE_EQ(upper_median({4, 1, 2, 3}), 3);
}

TEST(Median, IsTheMiddleOfAnOddNumber) {
  EXPECT_DOUBLE_EQ(median({9, -7, 1, 2, 100}), 2);
  EXPECT_DOUBLE_EQ(upper_median({9, -7, 1, 2, 100}), 2);
}

TEST(Median, IsOfTheFiniteValues) {
  EXPECT_DOUBLE_EQ(median({3, nan, 1, infinity, 2, -infinity}), 2);
  EXPECT_DOUBLE_EQ(upper_median({3, nan, 1, infinity}), 3);
  EXPECT_TRUE(std::isnan(median({nan})));
  EXPECT_TRUE(std::isnan(upper_median({})));
}

}  // namespace
}  // namespace sicmir
