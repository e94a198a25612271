// SPDX-License-Identifier: BSD-3-Clause
#include "pool/draws.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace sicmir {
namespace {

std::vector<Index> members(std::uint64_t seed, const char* group, Index number, Index n_cells) {
  Draw draw(seed, group, number, n_cells);
  std::vector<Index> taken;
  for (Index cell = 0; cell < n_cells; ++cell) {
    if (draw.takes_next()) taken.push_back(cell);
  }
  EXPECT_FALSE(draw.takes_next()) << "behind the last cell";
  return taken;
}

TEST(PoolDraws, HaveIntOfFourFifthsOfTheCells) {
  for (const Index n : {1, 2, 3, 4, 5, 9, 10, 99, 100, 101, 1000, 12345}) {
    // Python: max(1, int(0.8 * n)); 4 n / 5 is exact in integers.
    const Index expected = n == 1 ? 1 : 4 * n / 5;
    EXPECT_EQ(cells_per_draw(n), expected);
    EXPECT_EQ(static_cast<Index>(members(1, "group", 1, n).size()), expected) << n << " cells";
  }
}

TEST(PoolDraws, AreOneForEveryHundredCellsUpToTheMost) {
  PoolOptions options;
  EXPECT_EQ(draws_of(0, options), 0);
  EXPECT_EQ(draws_of(1, options), 1);
  EXPECT_EQ(draws_of(100, options), 1);
  EXPECT_EQ(draws_of(101, options), 2);
  EXPECT_EQ(draws_of(1'000'000, options), 100);
  options.all_draws = true;
  EXPECT_EQ(draws_of(1'000'000, options), 10'000);
}

TEST(PoolDraws, DependOnSeedGroupAndNumberAlone) {
  const auto first = members(1, "T cell", 1, 500);
  EXPECT_EQ(first, members(1, "T cell", 1, 500));
  EXPECT_NE(first, members(2, "T cell", 1, 500));
  EXPECT_NE(first, members(1, "B cell", 1, 500));
  EXPECT_NE(first, members(1, "T cell", 2, 500));
}

TEST(PoolDraws, TakeEachSetOfCellsAsOften) {
  // 4 of 5 cells: five sets, by the cell that is left out. Chi-square with 4 degrees of freedom is
  // above 23.5 once in 10,000.
  std::vector<int> left_out(5, 0);
  constexpr int n_draws = 5000;
  for (int i = 1; i <= n_draws; ++i) {
    const auto taken = members(3, "five", i, 5);
    const std::set<Index> all = {0, 1, 2, 3, 4};
    ASSERT_EQ(taken.size(), 4U);
    for (const Index cell : all) {
      if (!std::set<Index>(taken.begin(), taken.end()).contains(cell)) {
        ++left_out[static_cast<std::size_t>(cell)];
      }
    }
  }
  double chi_square = 0;
  for (const int n : left_out) {
    const double difference = n - n_draws / 5.0;
    chi_square += difference * difference / (n_draws / 5.0);
  }
  EXPECT_LT(chi_square, 23.5);
}

}  // namespace
}  // namespace sicmir
