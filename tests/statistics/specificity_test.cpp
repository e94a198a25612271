// SPDX-License-Identifier: BSD-3-Clause
// Values worked out by hand.
#include "statistics/specificity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace sicmir::statistics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using Counts = std::vector<std::uint64_t>;

TEST(Tau, IsOneInOneGroupAndZeroEverywhere) {
  EXPECT_DOUBLE_EQ(tau(std::vector<double>{0, 0, 8}), 1);
  EXPECT_DOUBLE_EQ(tau(std::vector<double>{3, 3, 3, 3}), 0);
}

// The example of Yanai et al. 2005, below their formula: 0 8 0 0 0 2 0 2 0 0 0 0 gives 0.95.
TEST(Tau, EqualsThePublishedExample) {
  EXPECT_NEAR(tau(std::vector<double>{0, 8, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0}), 0.95, 0.005);
}

TEST(Tau, PassesOverMissingGroups) {
  EXPECT_DOUBLE_EQ(tau(std::vector<double>{1, nan, 4}), 0.75);
  EXPECT_TRUE(std::isnan(tau(std::vector<double>{4, nan})));
  EXPECT_TRUE(std::isnan(tau(std::vector<double>{0, 0})));
}

// Group 1 1 2 against 0 1: of 6 pairs 4 are won and 2 tied.
TEST(AucOfHistograms, CountsPairsAndTies) {
  const Auc auc = auc_of_histograms(Counts{0, 2, 1}, Counts{1, 1, 0});
  EXPECT_DOUBLE_EQ(auc.value, 5.0 / 6.0);
  EXPECT_DOUBLE_EQ(auc.error, 1.0 / 6.0);
}

TEST(AucOfHistograms, IsCertainWhereNoBinIsShared) {
  const Auc auc = auc_of_histograms(Counts{0, 5}, Counts{9, 0});
  EXPECT_DOUBLE_EQ(auc.value, 1);
  EXPECT_DOUBLE_EQ(auc.error, 0);
}

TEST(AucOfHistograms, NeedsCellsOnBothSidesAndEqualBins) {
  EXPECT_TRUE(std::isnan(auc_of_histograms(Counts{0, 0}, Counts{1, 1}).value));
  EXPECT_THROW((void)auc_of_histograms(Counts{1}, Counts{1, 1}), std::invalid_argument);
}

}  // namespace
}  // namespace sicmir::statistics
