// SPDX-License-Identifier: BSD-3-Clause
// Distances worked out by hand; tests/cli/test_report.py compares with SciPy.
#include "statistics/linkage.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace sicmir::statistics {
namespace {

// Points on a line: 10, 0, 1, 14. First 0 and 1 (distance 1), then 10 and 14 (4), then both: mean
// of 10, 9, 14 and 13, which is 11.5.
TEST(Linkage, AveragesDistances) {
  Eigen::MatrixXd items(1, 4);
  items << 10, 0, 1, 14;
  const Linkage linkage = average_linkage(items);
  ASSERT_EQ(linkage.merges.size(), 3u);
  EXPECT_EQ(linkage.merges[0].a, 1);
  EXPECT_EQ(linkage.merges[0].b, 2);
  EXPECT_DOUBLE_EQ(linkage.merges[0].distance, 1);
  EXPECT_EQ(linkage.merges[1].a, 0);
  EXPECT_EQ(linkage.merges[1].b, 3);
  EXPECT_DOUBLE_EQ(linkage.merges[1].distance, 4);
  EXPECT_EQ(linkage.merges[2].a, 4);
  EXPECT_EQ(linkage.merges[2].b, 5);
  EXPECT_DOUBLE_EQ(linkage.merges[2].distance, 11.5);
  EXPECT_EQ(linkage.order, (std::vector<Index>{0, 3, 1, 2}));
}

// 0, 2 and 5: the cluster of two weighs twice when a third joins: (5 + 3) / 2 = 4; then 20 is 20,
// 18 and 15 away, 53 / 3 on average.
TEST(Linkage, WeighsClustersByTheirSize) {
  Eigen::MatrixXd items(1, 4);
  items << 0, 2, 5, 20;
  const Linkage linkage = average_linkage(items);
  ASSERT_EQ(linkage.merges.size(), 3u);
  EXPECT_DOUBLE_EQ(linkage.merges[1].distance, 4);
  EXPECT_DOUBLE_EQ(linkage.merges[2].distance, 53.0 / 3);
}

TEST(Linkage, TakesMissingValuesForZeroAndTiesInOrder) {
  Eigen::MatrixXd items(2, 3);
  items << 0, std::numeric_limits<double>::quiet_NaN(), 0, 1, 1, 1;
  const Linkage linkage = average_linkage(items);
  ASSERT_EQ(linkage.merges.size(), 2u);
  EXPECT_EQ(linkage.merges[0].a, 0);
  EXPECT_EQ(linkage.merges[0].b, 1);
  EXPECT_DOUBLE_EQ(linkage.merges[1].distance, 0);
  EXPECT_EQ(linkage.order, (std::vector<Index>{0, 1, 2}));
}

TEST(Linkage, TakesFewItems) {
  EXPECT_TRUE(average_linkage(Eigen::MatrixXd(2, 0)).order.empty());
  EXPECT_EQ(average_linkage(Eigen::MatrixXd::Zero(2, 1)).order, (std::vector<Index>{0}));
}

}  // namespace
}  // namespace sicmir::statistics
