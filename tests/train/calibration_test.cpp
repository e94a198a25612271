// SPDX-License-Identifier: BSD-3-Clause
#include "train/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace sicmir::training {
namespace {

struct Drawn {
  Matrix predicted, spread, measured;
  std::vector<std::string> patients;
};

/// Errors with a standard deviation of `ratio` times the spread.
Drawn draw(Index n, unsigned seed, float ratio) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Drawn drawn{Matrix(3, n), Matrix(3, n), Matrix(3, n), {}};
  for (Index i = 0; i < n; ++i) {
    drawn.patients.push_back("patient " + std::to_string(i / 2));
    for (Index mirna = 0; mirna < 3; ++mirna) {
      drawn.predicted(mirna, i) = normal(generator);
      drawn.spread(mirna, i) = 0.1F + 0.2F * std::fabs(normal(generator));
      drawn.measured(mirna, i) =
          drawn.predicted(mirna, i) + ratio * drawn.spread(mirna, i) * normal(generator);
    }
  }
  return drawn;
}

TEST(Calibration, IntervalsHoldNinetyPercentOfNewSamples) {
  const Drawn old = draw(2000, 1, 3.0F);
  const Calibration found = calibrate(old.predicted, old.spread, old.measured, old.patients);
  EXPECT_NEAR(found.coverage, 0.9, 0.02);
  const Drawn fresh = draw(2000, 2, 3.0F);
  for (Index mirna = 0; mirna < 3; ++mirna) {
    const Interval& interval = found.intervals[static_cast<std::size_t>(mirna)];
    ASSERT_TRUE(interval.known());
    int held = 0;
    for (Index i = 0; i < 2000; ++i) {
      const float error = std::fabs(fresh.predicted(mirna, i) - fresh.measured(mirna, i));
      const auto spread = static_cast<double>(fresh.spread(mirna, i));
      held += static_cast<double>(error) <= interval.half_width(spread) ? 1 : 0;
    }
    EXPECT_GT(held, 1750);
    EXPECT_LT(held, 1850);
  }
}

TEST(Calibration, IsTheConformalQuantileByHand) {
  // 40 samples of equal spread: each half-width is factor x sqrt(2) x spread, and the factor is the
  // 37th smallest error over that, since ceil(0.9 x 41) = 37.
  Matrix predicted = Matrix::Zero(1, 40);
  const Matrix spread = Matrix::Constant(1, 40, 0.5F);
  Matrix measured(1, 40);
  std::vector<std::string> patients;
  for (Index i = 0; i < 40; ++i) {
    measured(0, i) = static_cast<float>((i * 7) % 40 + 1) / 10.0F;
    patients.push_back(std::to_string(i));
  }
  const Calibration found = calibrate(predicted, spread, measured, patients);
  ASSERT_TRUE(found.intervals[0].known());
  EXPECT_NEAR(found.intervals[0].half_width(0.5), 3.7, 1e-6);
}

TEST(Calibration, WithoutSpreadAllIntervalsAreAsWideAsTheQuantileOfTheErrors) {
  Matrix measured(1, 40);
  std::vector<std::string> patients;
  for (Index i = 0; i < 40; ++i) {
    measured(0, i) = static_cast<float>((i * 7) % 40 + 1) / 10.0F;
    patients.push_back(std::to_string(i));
  }
  const Calibration found = calibrate(Matrix::Zero(1, 40), Matrix::Zero(1, 40), measured, patients);
  ASSERT_TRUE(found.intervals[0].known());
  EXPECT_NEAR(found.intervals[0].half_width(0.0), 3.7, 1e-6);  // the 37th of 40, as above
}

TEST(Calibration, OffersNothingWithoutEnoughSamples) {
  const Drawn few = draw(39, 3, 3.0F);
  EXPECT_FALSE(
      calibrate(few.predicted, few.spread, few.measured, few.patients).intervals[0].known());
}

}  // namespace
}  // namespace sicmir::training
