// SPDX-License-Identifier: BSD-3-Clause
// Against scipy and numpy: scripts/make_rank_golden.py writes tests/data/train/ranks.json.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "base/json.hpp"
#include "sicmir/ranks.hpp"
#include "sicmir/train.hpp"

namespace sicmir {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

Eigen::VectorXf sample_of(const Json& list) {
  Eigen::VectorXf values(static_cast<Index>(list.size()));
  for (std::size_t i = 0; i < list.size(); ++i) {
    values[static_cast<Index>(i)] = list[i].is_null() ? missing : list[i].get<float>();
  }
  return values;
}

std::vector<Index> first(Index n) {
  std::vector<Index> samples;
  for (Index i = 0; i < n; ++i) samples.push_back(i);
  return samples;
}

/// The reference's samples, then those of a platform that goes by ranks; two miRNAs.
struct Ranks : ::testing::Test {
  Ranks() {
    std::ifstream file(SICMIR_TEST_DATA "/train/ranks.json");
    expected = read_json(file);
    n_reference = static_cast<Index>(expected["reference"].size());
    const auto n = n_reference + static_cast<Index>(expected["platform"].size());
    pairs.mrna.resize(static_cast<Index>(expected["genes"].size()), n);
    pairs.mirna = Matrix::Zero(2, n);
    for (Index i = 0; i < n; ++i) {
      const bool is_reference = i < n_reference;
      const auto at = static_cast<std::size_t>(is_reference ? i : i - n_reference);
      pairs.mrna.col(i) = sample_of(expected[is_reference ? "reference" : "platform"][at]);
      pairs.samples.push_back("s" + std::to_string(i));
      pairs.patients.push_back("p" + std::to_string(i));
      pairs.cohorts.emplace_back("A");
      pairs.platforms.emplace_back(is_reference ? "" : "array");
    }
    pairs.rank_platforms = {"array"};
  }
  Json expected;
  TrainingPairs pairs;
  Index n_reference = 0;
};

TEST_F(Ranks, TiesShareTheMeanOfTheirRanks) {
  EXPECT_EQ(average_ranks(expected["ties"].get<std::vector<double>>()),
            expected["ranks"].get<std::vector<double>>());
  EXPECT_TRUE(average_ranks({}).empty());
}

TEST_F(Ranks, StandForTheMeanSortedValuesOfTheReference) {
  const auto profiles = fit_rank_profiles(pairs, first(pairs.size()));
  ASSERT_EQ(profiles.size(), 1U);
  const RankProfile& profile = profiles.at("array");
  EXPECT_EQ(profile.genes, expected["genes"].get<std::vector<std::uint8_t>>());
  const auto quantiles = expected["quantiles"].get<std::vector<double>>();
  ASSERT_EQ(profile.quantiles.size(), quantiles.size());
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    EXPECT_NEAR(profile.quantiles[i], quantiles[i], 1e-12) << i;
  }
  const TrainingPairs mapped = harmonise(pairs, {profiles, {}});
  EXPECT_TRUE(
      (mapped.mrna.leftCols(n_reference).array() == pairs.mrna.leftCols(n_reference).array() ||
       pairs.mrna.leftCols(n_reference).array().isNaN())
          .all());
  for (std::size_t i = 0; i < expected["mapped"].size(); ++i) {
    const Eigen::VectorXf wanted = sample_of(expected["mapped"][i]);
    for (Index gene = 0; gene < wanted.size(); ++gene) {
      const float found = mapped.mrna(gene, n_reference + static_cast<Index>(i));
      if (std::isnan(wanted[gene])) {
        EXPECT_TRUE(std::isnan(found)) << i << ", " << gene;
      } else {
        EXPECT_FLOAT_EQ(found, wanted[gene]) << i << ", " << gene;
      }
    }
  }
}

TEST_F(Ranks, AreThoseOfTwinsToo) {
  pairs.twins.push_back({0, "array", pairs.mrna.col(n_reference + 1)});
  const Harmonisation found = fit_harmonisation(pairs, first(pairs.size()));
  const TrainingPairs mapped = harmonise(pairs, found);
  const Eigen::VectorXf twin = mapped.twins[0].mrna;
  const Eigen::VectorXf own = mapped.mrna.col(n_reference + 1);
  EXPECT_TRUE((twin.array() == own.array() || own.array().isNaN()).all());
}

// The offset follows the ranks: after both, medians over the cohort are the reference's.
TEST_F(Ranks, AreFollowedByAnOffsetPerGene) {
  const TrainingPairs mapped = harmonise(pairs, fit_harmonisation(pairs, first(pairs.size())));
  const auto median_of = [&](Index gene, Index begin, Index end) {
    std::vector<float> values;
    for (Index i = begin; i < end; ++i) {
      if (!std::isnan(mapped.mrna(gene, i))) values.push_back(mapped.mrna(gene, i));
    }
    std::sort(values.begin(), values.end());
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2.0f;
  };
  for (const Index gene : {1, 2, 6, 10}) {
    EXPECT_NEAR(median_of(gene, 0, n_reference), median_of(gene, n_reference, pairs.size()), 1e-5)
        << gene;
  }
}

TEST_F(Ranks, DoNotSeeHeldOutSamples) {
  std::vector<Index> train = first(pairs.size());
  train.erase(train.begin() + 4);  // of the reference
  train.pop_back();                // of the platform
  const RankProfile before = fit_rank_profiles(pairs, train).at("array");
  pairs.mrna.col(4).setConstant(1e6f);
  pairs.mrna.col(pairs.size() - 1).setConstant(1e6f);
  pairs.twins.push_back({4, "array", Eigen::VectorXf::Constant(pairs.mrna.rows(), 7.0f)});
  const RankProfile after = fit_rank_profiles(pairs, train).at("array");
  EXPECT_EQ(before.genes, after.genes);
  EXPECT_EQ(before.quantiles, after.quantiles);
  EXPECT_NE(fit_rank_profiles(pairs, first(pairs.size())).at("array").quantiles, before.quantiles);
}

TEST_F(Ranks, OfAPlatformThatDoesNotTrainTakeAllGenesOfTheReference) {
  const RankProfile profile = fit_rank_profiles(pairs, first(n_reference)).at("array");
  EXPECT_EQ(std::count(profile.genes.begin(), profile.genes.end(), 1), 14);
}

TEST_F(Ranks, NeedAReference) {
  EXPECT_THAT(
      [&] {
        (void)fit_rank_profiles(pairs, std::vector<Index>{n_reference, n_reference + 1});
      },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("no training sample of the reference")));
}

}  // namespace
}  // namespace sicmir
