// SPDX-License-Identifier: BSD-3-Clause
// Expected values by R's p.adjust.
#include "statistics/multiple_testing.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::statistics {
namespace {

TEST(BenjaminiHochberg, EqualsRAndPassesOverMissingTests) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> found =
      benjamini_hochberg(std::vector<double>{0.01, 0.8, nan, 0.02, 0.02, 0.5, 0.04});
  const std::vector<double> expected = {0.04, 0.8, nan, 0.04, 0.04, 0.6, 0.06};
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i == 2) {
      EXPECT_TRUE(std::isnan(found[i]));
    } else {
      EXPECT_NEAR(found[i], expected[i], 1e-15);
    }
  }
}

TEST(BenjaminiHochberg, OfNothingIsNothing) {
  EXPECT_TRUE(benjamini_hochberg({}).empty());
}

}  // namespace
}  // namespace sicmir::statistics
