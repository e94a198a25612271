// SPDX-License-Identifier: BSD-3-Clause
// Expected values: tests/data/network (scripts/make_network_golden.py), or by hand.
#include "statistics/partial_ranks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <sstream>

#include "sicmir/ranks.hpp"

namespace sicmir::statistics {
namespace {

const std::string folder = SICMIR_TEST_DATA "/network/";

struct Observations {
  std::vector<double> x, y, depth, condition;
};

Observations observations() {
  std::ifstream file(folder + "observations.tsv");
  std::string header;
  std::getline(file, header);
  Observations all;
  for (double x = 0, y = 0, depth = 0, condition = 0; file >> x >> y >> depth >> condition;) {
    all.x.push_back(x);
    all.y.push_back(y);
    all.depth.push_back(depth);
    all.condition.push_back(condition);
  }
  return all;
}

std::map<std::string, double> expected() {
  std::ifstream file(folder + "partial.tsv");
  std::map<std::string, double> values;
  for (std::string line; std::getline(file, line);) {
    const auto tab = line.find('\t');
    if (line.starts_with("given")) continue;
    values[line.substr(0, tab)] = std::stod(line.substr(tab + 1));
  }
  return values;
}

double correlation(const RankResiduals& ranks, std::span<const double> x,
                   std::span<const double> y) {
  std::vector<float> a(x.size());
  std::vector<float> b(y.size());
  EXPECT_TRUE(ranks.of(x, a));
  EXPECT_TRUE(ranks.of(y, b));
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

std::vector<double> is_level(const std::vector<double>& condition, double level) {
  std::vector<double> column;
  for (const double value : condition) column.push_back(value == level ? 1.0 : 0.0);
  return column;
}

TEST(RankResiduals, GivePartialSpearmanCorrelations) {
  const Observations all = observations();
  ASSERT_EQ(all.x.size(), 14U);
  const auto values = expected();
  const RankResiduals plain(14, {});
  EXPECT_NEAR(correlation(plain, all.x, all.y), values.at("nothing"), 1e-6);
  std::vector<std::vector<double>> given = {average_ranks(all.depth)};
  EXPECT_NEAR(correlation(RankResiduals(14, given), all.x, all.y), values.at("depth"), 1e-6);
  given.push_back(is_level(all.condition, 1));
  given.push_back(is_level(all.condition, 2));
  const RankResiduals full(14, given);
  EXPECT_NEAR(correlation(full, all.x, all.y), values.at("depth and condition"), 1e-6);
  EXPECT_EQ(full.residual_df(), 10);
}

TEST(RankResiduals, LeaveOutCovariatesThatFollowFromOthers) {
  const std::vector<std::vector<double>> given = {
      {1, 1, 0, 0, 1}, {0, 0, 1, 1, 0}, {3, 3, 3, 3, 3}};
  EXPECT_EQ(RankResiduals(5, given).residual_df(), 3);
}

TEST(RankResiduals, SayWhereNothingIsLeft) {
  std::vector<float> unit(4, 7.0F);
  EXPECT_FALSE(RankResiduals(4, {}).of(std::vector<double>{2, 2, 2, 2}, unit));
  EXPECT_THAT(unit, testing::Each(0.0F));
  const std::vector<std::vector<double>> given = {{0, 0, 1, 1}};
  EXPECT_FALSE(RankResiduals(4, given).of(std::vector<double>{1, 1, 9, 9}, unit));
}

TEST(FisherZ, IsHeldWithinWhatACorrelationCanSay) {
  EXPECT_NEAR(fisher_z(0.5), 0.549306, 1e-6);
  EXPECT_NEAR(fisher_z(-1.0), -4.951719, 1e-6);
}

}  // namespace
}  // namespace sicmir::statistics
