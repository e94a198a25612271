// SPDX-License-Identifier: BSD-3-Clause
// Expected values by R 4.2.2 and limma 3.54.1, whose own error is about 1e-13.
#include "statistics/distributions.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace sicmir::statistics {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

void expect_close(double found, double expected) {
  EXPECT_NEAR(found, expected, 1e-11 * std::fabs(expected))
      << "ratio - 1: " << found / expected - 1;
}

TEST(StudentTails, EqualR) {
  expect_close(student_upper_tail(2.5, 3.7), 0.035911011455913376);
  expect_close(student_upper_tail(-0.3, 11.25), 0.61517607968941967);
  expect_close(student_two_sided(-40, 4.5), 6.4495652129210038e-07);
  expect_close(student_two_sided(0.001, 1e4), 0.99920213551905257);
  expect_close(student_two_sided(300, 60.5), 1.0785616737613487e-97);
  EXPECT_EQ(student_two_sided(0, 3), 1);
  EXPECT_EQ(student_two_sided(infinity, 3), 0);
}

TEST(StudentTails, WithInfiniteDfAreNormal) {
  expect_close(student_two_sided(9, infinity), 2.2571768119076816e-19);
  expect_close(normal_upper_tail(6), 9.8658764503769809e-10);
  expect_close(student_upper_tail(-1.2, infinity), 0.88493032977829178);
}

TEST(StudentTails, OfNothingKnownAreNaN) {
  EXPECT_TRUE(std::isnan(student_two_sided(nan, 4)));
  EXPECT_TRUE(std::isnan(student_two_sided(1, nan)));
  EXPECT_TRUE(std::isnan(student_upper_tail(1, 0)));
}

TEST(FDistribution, HasTailsAndDensityOfR) {
  expect_close(FDistribution({4, 7.5}).upper_tail(3.2), 0.080407074520757515);
  expect_close(FDistribution({8, 1.4}).lower_tail(0.02), 5.6242551997742621e-05);
  expect_close(FDistribution({3, infinity}).upper_tail(5), 0.0018166489665723236);
  expect_close(chi_squared_upper_tail(12.3, 4), 0.015254394655769617);
  expect_close(FDistribution({5, 2.25}).density(0.8), 0.39646125230468632);
  expect_close(FDistribution({8, infinity}).density(1.3), 0.51711539338288703);
}

TEST(FDistribution, HasLogarithmsOfTailsTooSmallForDouble) {
  expect_close(FDistribution({8, 400}).log_upper_tail(1e5), -1506.148939963902);
  expect_close(FDistribution({8, 3}).log_lower_tail(1e-90), -824.10677409090363);
  expect_close(FDistribution({8, infinity}).log_upper_tail(900), -3577.2248586468854);
  expect_close(FDistribution({8, infinity}).log_lower_tail(1e-100), -918.66691358348669);
}

TEST(FDistribution, FindsThePlaceOfATail) {
  expect_close(FDistribution({8, 2.3}).at_log_lower_tail(std::log(0.05)), 0.23180494610275965);
  expect_close(FDistribution({8, 2.3}).at_log_upper_tail(std::log(0.1)), 7.4529690717393224);
  expect_close(FDistribution({8, infinity}).at_log_upper_tail(std::log(0.1)), 1.670195767063966);
  expect_close(FDistribution({8, infinity}).at_log_lower_tail(std::log(0.05)), 0.34157959918745767);
  expect_close(FDistribution({8, 400}).at_log_upper_tail(-800), 2879.0433005336317);
  const FDistribution few{8, 3};
  expect_close(few.log_lower_tail(few.at_log_lower_tail(-1000)), -1000);
}

TEST(IncompleteFunctions, EqualR) {
  expect_close(incomplete_beta(2.5, 0.7, 0.3), 0.029814024845250447);
  expect_close(lower_incomplete_gamma(3.2, 1.7), 0.20381860072782312);
  expect_close(upper_incomplete_gamma(3.2, 1.7), 0.7961813992721769);
}

TEST(Polygamma, EqualsR) {
  expect_close(digamma(0.3), -3.5025242222001323);
  expect_close(digamma(12.5), 2.4851956512749123);
  expect_close(trigamma(0.3), 12.245364546107732);
  expect_close(trigamma(12.5), 0.083285224601578348);
}

TEST(TrigammaInverse, EqualsLimma) {
  expect_close(trigamma_inverse(0.05), 20.495835239154601);
  expect_close(trigamma_inverse(3), 0.67547810528137009);
  expect_close(trigamma_inverse(200), 0.070975430067388615);
  EXPECT_TRUE(std::isnan(trigamma_inverse(0)));
}

}  // namespace
}  // namespace sicmir::statistics
