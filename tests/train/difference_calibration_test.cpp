// SPDX-License-Identifier: BSD-3-Clause
#include "train/difference_calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::training {
namespace {

constexpr Index n = 120;

/// 120 patients in one cohort, predictions 0.7 log2 apart; the first miRNA's truth rises along with
/// them, the second's falls, the third's is the same in all.
class Differences : public testing::Test {
 protected:
  Differences() : predicted(3, n) {
    pairs.mirna.resize(3, n);
    for (Index i = 0; i < n; ++i) {
      pairs.samples.push_back("s" + std::to_string(i));
      pairs.patients.push_back("p" + std::to_string(i));
      pairs.cohorts.emplace_back("cells");
      pairs.differences.emplace_back("dataset");
      predicted.col(i).setConstant(0.7F * static_cast<float>(i));
      pairs.mirna(0, i) = 2.0F * static_cast<float>(i);
      pairs.mirna(1, i) = -2.0F * static_cast<float>(i);
      pairs.mirna(2, i) = 5.0F;
    }
  }

  TrainingPairs pairs;
  Matrix predicted;
};

// Pairs of samples i and i + k are 0.6 k apart, and there are 120 - k of them: the bins from 0.5,
// 1, 1.5, 2 and 3 log2 hold k = 1, 2, 3, 4 and 5 to 119.
TEST_F(Differences, CountsByHand) {
  const auto found = calibrate_differences(pairs, predicted, {0.6, 0.4, 0.1}, 1);
  ASSERT_EQ(found.size(), 1);
  const DifferenceCalibration& table = found.at("dataset");
  ASSERT_EQ(table.accuracies.size(), 3);
  ASSERT_EQ(table.differences.size(), 7);
  const std::vector<double> wanted = {0, 0, 119, 118, 0, 233, 6670};
  for (std::size_t bin = 0; bin < 7; ++bin) {
    for (std::size_t accuracy = 0; accuracy < 3; ++accuracy) {
      EXPECT_EQ(table.n[accuracy * 7 + bin], wanted[bin]) << accuracy << ' ' << bin;
    }
  }
  EXPECT_EQ(table.probability(0.6, 0.7), 1.0);           // right
  EXPECT_EQ(table.probability(0.9, -9.0), 1.0);          // its direction does not matter
  EXPECT_EQ(table.probability(0.4, 0.7), 0.0);           // wrong
  EXPECT_EQ(table.probability(-0.2, 4.0), 0.0);          // no difference in truth
  EXPECT_TRUE(std::isnan(table.probability(0.6, 0.1)));  // no pair
  EXPECT_TRUE(std::isnan(table.probability(std::nan(""), 1.0)));
  EXPECT_EQ(table.sign_right[2 * 7 + 3], 1.0);
  EXPECT_EQ(table.sign_right[1 * 7 + 3], 0.0);
  EXPECT_TRUE(std::isnan(table.sign_right[0 * 7 + 3]));
  EXPECT_EQ(table.low[2 * 7 + 3], 1.0);
  EXPECT_EQ(table.high[1 * 7 + 3], 0.0);
}

TEST_F(Differences, OneAndTheSamePatientIsNotCompared) {
  pairs.patients[1] = pairs.patients[0];
  const auto found = calibrate_differences(pairs, predicted, {0.6, 0.6, 0.6}, 1);
  EXPECT_EQ(found.at("dataset").n[2 * 7 + 2], 3 * 118);
}

TEST_F(Differences, SamplesOfDifferentCohortsAndUnmarkedOnesAreNotCompared) {
  for (std::size_t i = 0; i < 60; ++i) pairs.cohorts[i] = "others";
  pairs.differences[119].clear();
  const auto found = calibrate_differences(pairs, predicted, {0.6, 0.6, 0.6}, 1);
  EXPECT_EQ(found.at("dataset").n[2 * 7 + 2], 3 * (59 + 58));
  pairs.differences.assign(n, "");
  EXPECT_TRUE(calibrate_differences(pairs, predicted, {0.6, 0.6, 0.6}, 1).empty());
}

TEST_F(Differences, IntervalsComeFromResampledPatients) {
  for (Index i = 0; i < n; ++i) {
    if (i % 3 == 0) pairs.mirna(0, i) = -pairs.mirna(0, i);
  }
  const auto found = calibrate_differences(pairs, predicted, {0.6, 0.1, 0.1}, 1);
  const DifferenceCalibration& table = found.at("dataset");
  const std::size_t last = 2 * 7 + 6;
  EXPECT_LT(table.low[last], table.likely[last]);
  EXPECT_GT(table.high[last], table.likely[last]);
  EXPECT_LT(table.high[last] - table.low[last], 0.5);
}

}  // namespace
}  // namespace sicmir::training
