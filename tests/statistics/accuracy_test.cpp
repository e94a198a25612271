// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/accuracy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::training {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
const std::vector<double> x = {1.5, 2.25, -0.5, 4, 3.5, 0.25};
const std::vector<double> y = {2, 1.75, 0.5, 3, 5, -1.0};

Matrix line(const std::vector<double>& values) {
  Matrix result(1, static_cast<Index>(values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    result(0, static_cast<Index>(i)) = static_cast<float>(values[i]);
  }
  return result;
}

// Expected values by scipy.stats.pearsonr.
TEST(Pearson, EqualsScipy) {
  EXPECT_NEAR(pearson(x, y), 0.8387280150332519, 1e-12);
}

TEST(Accuracies, GivePooledAndWithinCohortFiguresAsScipyDoes) {
  const auto found =
      accuracies(line(x), line(y), std::vector<std::string>{"A", "A", "A", "B", "B", "B"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NEAR(found[0].pooled, 0.8387280150332519, 1e-7);
  EXPECT_NEAR(found[0].within_cohort, 0.844526939681548, 1e-7);
  EXPECT_EQ(found[0].n, 6);
}

TEST(Accuracies, PassOverMissingTargets) {
  Matrix measured = line(y);
  measured(0, 1) = nan;
  const auto found = accuracies(line(x), measured, std::vector<std::string>(6, "A"));
  EXPECT_NEAR(found[0].pooled, 0.8481669486926109, 1e-7);
  EXPECT_NEAR(found[0].within_cohort, 0.8481669486926109, 1e-7);
  EXPECT_EQ(found[0].n, 5);
}

// The mean of the cohort alone gives a high pooled figure, and nothing within.
TEST(Accuracies, WithinCohortIsBlindToDifferencesBetweenCohorts) {
  const auto found = accuracies(line({1, 1, 1, 9, 9, 9}), line({0, 1, 2, 10, 11, 12}),
                                std::vector<std::string>{"A", "A", "A", "B", "B", "B"});
  EXPECT_GT(found[0].pooled, 0.95);
  EXPECT_TRUE(std::isnan(found[0].within_cohort));
}

// By hand: deviations -1, 0, 1 and -2, -1, 3.
TEST(Pearson, IsKnownFromThreePairsOn) {
  EXPECT_NEAR(pearson(std::vector{0.0, 1.0, 2.0}, std::vector{0.0, 1.0, 5.0}), 5 / std::sqrt(28.0),
              1e-15);
}

// By hand: deviations -1, 1, -0.5, 0.5 and -2, 2, 0.5, -0.5; the cohort of one counts only above.
TEST(Accuracies, CountCohortsFromTwoSamplesOn) {
  const auto found = accuracies(line({0, 2, 10, 11, 5}), line({0, 4, 20, 19, -7}),
                                std::vector<std::string>{"A", "A", "B", "B", "C"});
  EXPECT_NEAR(found[0].within_cohort, 3.5 / std::sqrt(2.5 * 8.5), 1e-7);
  EXPECT_EQ(found[0].n, 5);
}

TEST(Pearson, IsNaNForTwoPairsAndForConstants) {
  EXPECT_TRUE(std::isnan(pearson(std::vector{1.0, 2.0}, std::vector{1.0, 3.0})));
  EXPECT_TRUE(
      std::isnan(pearson(std::vector(9, 0.1), std::vector{1., 2., 3., 4., 5., 6., 7., 8., 9.})));
}

}  // namespace
}  // namespace sicmir::training
