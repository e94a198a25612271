// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/half.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::atlas {
namespace {

TEST(Half, HasTheBitsThatNumpyGives) {
  EXPECT_EQ(half_of(0.0F), 0x0000);
  EXPECT_EQ(half_of(-0.0F), 0x8000);
  EXPECT_EQ(half_of(1.0F), 0x3c00);
  EXPECT_EQ(half_of(-2.0F), 0xc000);
  EXPECT_EQ(half_of(1.0F / 3.0F), 0x3555);
  EXPECT_EQ(half_of(65504.0F), 0x7bff);
  EXPECT_EQ(half_of(65519.0F), 0x7bff);
  EXPECT_EQ(half_of(65520.0F), 0x7c00);
  EXPECT_EQ(half_of(6.0e-8F), 0x0001);
  EXPECT_EQ(half_of(0x1p-25F), 0x0000) << "a tie goes to even";
  EXPECT_EQ(half_of(0x1.8p-24F), 0x0002) << "likewise";
  EXPECT_EQ(half_of(1.00048828125F), 0x3c00) << "1 + 2^-11";
  EXPECT_EQ(half_of(1.00146484375F), 0x3c02) << "1 + 3 * 2^-11";
  EXPECT_EQ(half_of(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(half_of(std::numeric_limits<float>::quiet_NaN()), 0x7e00);
}

TEST(Half, EveryNumberIsReadAndWrittenBack) {
  for (std::uint32_t bits = 0; bits < 0x10000U; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_of(half);
    if ((half & 0x7fffU) > 0x7c00U) {
      EXPECT_TRUE(std::isnan(value));
    } else {
      ASSERT_EQ(half_of(value), half) << value;
    }
  }
}

}  // namespace
}  // namespace sicmir::atlas
