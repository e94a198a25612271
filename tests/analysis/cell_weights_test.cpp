// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand, and from data that are made with a k that is known.
#include "analysis/cell_weights.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/random.hpp"

namespace sicmir {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void add(Profiles& profiles, const std::string& sample, const std::string& group,
         const std::vector<double>& z, Index n_cells) {
  Profile& profile = profiles.profiles.emplace_back();
  profile.sample = sample;
  profile.group = group;
  profile.n_cells = n_cells;
  profiles.z.conservativeResize(static_cast<Index>(z.size()), profiles.size());
  for (std::size_t i = 0; i < z.size(); ++i) {
    profiles.z(static_cast<Index>(i), profiles.size() - 1) = static_cast<float>(z[i]);
  }
}

SampleLayout layout_of(const Profiles& profiles) {
  std::vector<std::size_t> used(profiles.profiles.size());
  for (std::size_t i = 0; i < used.size(); ++i) used[i] = i;
  return lay_out_samples(profiles, std::move(used));
}

/// Two samples of two groups, one miRNA: the sum of squares of what sample and group leave is
/// 2 * 2 / 4 = 1, of one degree of freedom; each profile has the leverage 3 / 4.
Profiles two_by_two(const std::vector<Index>& n_cells, double cell_variance) {
  Profiles profiles;
  add(profiles, "s1", "a", {0}, n_cells[0]);
  add(profiles, "s1", "b", {0}, n_cells[1]);
  add(profiles, "s2", "a", {0}, n_cells[2]);
  add(profiles, "s2", "b", {2}, n_cells[3]);
  profiles.mirnas.resize(1);
  profiles.mirnas[0].cell_variance = cell_variance;
  return profiles;
}

TEST(CellWeights, AreThoseByHand) {
  // b = 1 - 20 * (4 / 4) / 100 = 0.8
  const Profiles equal = two_by_two({100, 100, 100, 100}, 20);
  const CellWeights weights = weigh(nan, equal, layout_of(equal));
  EXPECT_NEAR(weights.k, 20 / 0.8, 1e-9);
  EXPECT_EQ(weights.from, WeightsFrom::halves);
  // b = 1 - 20 * (1 / 100 + 2 / 50 + 1 / 20) / 4 = 0.5
  const Profiles unequal = two_by_two({100, 50, 50, 20}, 20);
  EXPECT_NEAR(weigh(nan, unequal, layout_of(unequal)).k, 20 / 0.5, 1e-9);
}

TEST(CellWeights, OfCellsThatExplainAllAreBounded) {
  const Profiles profiles = two_by_two({100, 100, 100, 100}, 200);
  EXPECT_EQ(weigh(nan, profiles, layout_of(profiles)).k, most_weight_cells);
  const Profiles none = two_by_two({100, 100, 100, 100}, 0);
  EXPECT_EQ(weigh(nan, none, layout_of(none)).k, 0);
}

TEST(CellWeights, SayWhereTheyComeFrom) {
  const Profiles old = two_by_two({100, 100, 100, 100}, nan);
  EXPECT_EQ(weigh(nan, old, layout_of(old)).k, 50);
  EXPECT_EQ(weigh(nan, old, layout_of(old)).from, WeightsFrom::no_halves);
  EXPECT_EQ(weigh(7, old, layout_of(old)).k, 7);
  EXPECT_EQ(weigh(7, old, layout_of(old)).from, WeightsFrom::stated);
  Profiles few = two_by_two({100, 100, 100, 100}, 20);
  few.profiles.pop_back();
  few.z.conservativeResize(1, 3);
  EXPECT_EQ(weigh(nan, few, layout_of(few)).k, 50);
  EXPECT_EQ(weigh(nan, few, layout_of(few)).from, WeightsFrom::too_few);
}

TEST(CellWeights, FindTheKThatTheDataWereMadeWith) {
  constexpr int n_mirnas = 400;
  for (const double k : {10.0, 100.0}) {
    training::Random random(3);
    const auto normal = [&] {  // Box and Muller
      const double u = 1.0 - static_cast<double>(random.uniform());
      const double v = static_cast<double>(random.uniform());
      return std::sqrt(-2 * std::log(u)) * std::cos(2 * 3.14159265358979323846 * v);
    };
    Profiles profiles;
    profiles.mirnas.resize(n_mirnas);
    std::vector<double> b;
    for (ProfileMirna& mirna : profiles.mirnas) {
      b.push_back(0.1 + static_cast<double>(random.uniform()));
      mirna.cell_variance = k * b.back();
    }
    for (int s = 0; s < 8; ++s) {
      std::vector<double> of_sample;
      for (int i = 0; i < n_mirnas; ++i) of_sample.push_back(normal());
      for (int g = 0; g < 4; ++g) {
        const Index n_cells = 20 + static_cast<Index>(random.below(400));
        std::vector<double> z;
        for (std::size_t i = 0; i < n_mirnas; ++i) {
          const double variance = b[i] * (1 + k / static_cast<double>(n_cells));
          z.push_back(of_sample[i] + g + std::sqrt(variance) * normal());
        }
        add(profiles, "s" + std::to_string(s), "g" + std::to_string(g), z, n_cells);
      }
    }
    EXPECT_NEAR(weigh(nan, profiles, layout_of(profiles)).k, k, 0.07 * k);
  }
}

}  // namespace
}  // namespace sicmir
