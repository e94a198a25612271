// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/excerpt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sicmir::atlas {
namespace {

std::vector<Index> divided(const std::vector<Index>& sizes, Index most) {
  return shares(sizes, most);
}

TEST(Excerpt, SharesAreInProportion) {
  // One each, then 7 of 97: 49 * 7 / 97 = 3.54, 29 * 7 / 97 = 2.09, 19 * 7 / 97 = 1.37.
  EXPECT_EQ(divided({50, 30, 20}, 10), (std::vector<Index>{5, 3, 2}));
  EXPECT_EQ(divided({80, 80, 80}, 30), (std::vector<Index>{10, 10, 10}));
  EXPECT_EQ(divided({1'000'000, 3, 0}, 10), (std::vector<Index>{9, 1, 0})) << "a rare one stays";
  EXPECT_EQ(divided({5, 5, 5}, 4), (std::vector<Index>{2, 1, 1})) << "of equal ones, the first";
}

TEST(Excerpt, MoreGroupsThanCells) {
  // 2 of 9 cells: 2 * 2 / 9 = 0.44, 5 * 2 / 9 = 1.11, 2 * 2 / 9 = 0.44.
  EXPECT_EQ(divided({2, 5, 2}, 2), (std::vector<Index>{1, 1, 0}));
}

TEST(Excerpt, AllOfFew) {
  EXPECT_EQ(divided({2, 0, 3}, 5), (std::vector<Index>{2, 0, 3}));
  EXPECT_EQ(divided({2, 0, 3}, 100), (std::vector<Index>{2, 0, 3}));
  EXPECT_EQ(divided({}, 3), std::vector<Index>{});
}

TEST(Excerpt, SharesOfManyCellsDoNotOverflow) {
  const std::vector<Index> found = divided({2'000'000'000, 1'000'000'000}, 1'500'000'000);
  EXPECT_EQ(found[0] + found[1], 1'500'000'000);
  EXPECT_NEAR(static_cast<double>(found[0]), 1e9, 1);
}

TEST(Excerpt, DrawsEveryCellAboutAsOften) {
  std::vector<std::int32_t> groups(30, 0);
  std::fill(groups.begin() + 20, groups.end(), 1);
  std::map<Index, int> times;
  constexpr int n_draws = 3000;
  for (int seed = 0; seed < n_draws; ++seed) {
    const std::vector<Index> drawn = drawn_cells(groups, 6, static_cast<std::uint64_t>(seed), 7);
    ASSERT_EQ(drawn.size(), 6U);
    ASSERT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    ASSERT_EQ(std::set<Index>(drawn.begin(), drawn.end()).size(), 6U);
    ASSERT_EQ(std::count_if(drawn.begin(), drawn.end(), [](Index i) { return i < 20; }), 4);
    for (const Index cell : drawn) ++times[cell];
  }
  // A fifth of the draws; 5 standard deviations of a binomial of 3000 are 110.
  for (Index cell = 0; cell < 30; ++cell) EXPECT_NEAR(times[cell], n_draws / 5, 110) << cell;
}

TEST(Excerpt, SetsAreDrawnEachForItself) {
  const std::vector<std::int32_t> groups(1000, 0);
  EXPECT_EQ(drawn_cells(groups, 10, 1, 7), drawn_cells(groups, 10, 1, 7));
  EXPECT_NE(drawn_cells(groups, 10, 1, 7), drawn_cells(groups, 10, 1, 8));
  EXPECT_NE(drawn_cells(groups, 10, 1, 7), drawn_cells(groups, 10, 2, 7));
}

}  // namespace
}  // namespace sicmir::atlas
