// SPDX-License-Identifier: BSD-3-Clause
// Numbers worked out by hand; tests/cli/test_report.py compares whole views with other programs.
#include "analysis/cell_view.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace sicmir::cell_view {
namespace {

using Sizes = std::vector<Index>;

TEST(Quotas, AreAllCellsWhereTheyFit) {
  EXPECT_EQ(quotas({10, 0, 30}, 40), (Sizes{10, 0, 30}));
}

// 200 of each group or all of it, and of the 500 that are left a share for each in proportion to
// what it has besides: 9,800 and 800, so 9,800 / 10,600 * 550 = 508.49, rounded down.
TEST(Quotas, GiveSmallGroupsTheirCells) {
  EXPECT_EQ(quotas({10'000, 50, 1'000}, 1'000), (Sizes{200 + 508, 50, 200 + 41}));
}

TEST(Quotas, NeverExceedTheLimit) {
  for (const Index most : {1, 7, 90, 1'000}) {
    const Sizes found = quotas({500, 3, 80, 4'000, 120}, most);
    EXPECT_LE(std::accumulate(found.begin(), found.end(), Index{0}), most);
  }
}

// Bins of the group: 1, 1, 0; of the others: 2, 0, 2. The group's first value ties with 2 of 4, its
// second is above 2 of 4: (1 + 0 ties halved) = (2 * 0.5 + 2) / 8 = 0.375, +- 2 / 2 / 8.
TEST(Auc, CountsTiesHalf) {
  const CellAuc found = auc_of({1, 1, 0}, {2, 0, 2});
  EXPECT_DOUBLE_EQ(found.auc, 0.375);
  EXPECT_DOUBLE_EQ(found.error, 0.125);
}

TEST(Auc, IsOneAboveAndZeroBelow) {
  EXPECT_DOUBLE_EQ(auc_of({0, 0, 5}, {3, 1, 0}).auc, 1);
  EXPECT_DOUBLE_EQ(auc_of({5, 0, 0}, {0, 1, 3}).auc, 0);
  EXPECT_DOUBLE_EQ(auc_of({5, 0, 0}, {0, 1, 3}).error, 0);
}

TEST(Auc, IsMissingWithoutCells) {
  EXPECT_TRUE(std::isnan(auc_of({0, 0}, {1, 2}).auc));
  EXPECT_TRUE(std::isnan(auc_of({1, 2}, {0, 0}).auc));
}

}  // namespace
}  // namespace sicmir::cell_view
