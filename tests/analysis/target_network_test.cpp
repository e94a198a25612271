// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "analysis/target_network_text.hpp"
#include "base/random.hpp"

namespace sicmir {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using training::Random;

constexpr int n_mirnas = 230;
constexpr int n_genes = 120;
constexpr int n_planted = 15;

double normal(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum;
}

void add(Profiles& profiles, const std::string& sample, const std::string& group, Random& random) {
  Profile& profile = profiles.profiles.emplace_back();
  profile.sample = sample;
  profile.group = group;
  profile.n_cells = 100;
  profiles.z.conservativeResize(n_mirnas, profiles.size());
  for (Index m = 0; m < n_mirnas; ++m) {
    profiles.z(m, profiles.size() - 1) =
        static_cast<float>(normal(random)) + (m == 0 ? 3.0F : 0.0F);
  }
  for (int g = 0; g < n_genes; ++g) {
    double log = 5 + 0.3 * normal(random);
    if (g < n_planted) log -= 1.5 * (profiles.z(0, profiles.size() - 1) - 3);
    profile.counts.push_back(std::round(100 * std::exp(log)));
    profile.n_detected.push_back(g == 30 ? 5 : 60);  // 5 of 100 cells are too few
  }
  profile.n_counts = std::round(1e7 * std::exp(0.1 * normal(random)));  // most are of other genes
}

/// The first 15 genes go down with miRNA 0.
Profiles planted(int n_samples, const std::vector<std::string>& groups = {"T"}) {
  Profiles profiles;
  Random random(5);
  profiles.mirnas.resize(n_mirnas);
  for (int m = 0; m < n_mirnas; ++m) {
    profiles.mirnas[static_cast<std::size_t>(m)].name = "made-up-" + std::to_string(m);
  }
  profiles.genes.columns.resize(1);
  for (int g = 0; g < n_genes; ++g) {
    profiles.genes.columns[0].ids.push_back("G" + std::to_string(g));
  }
  profiles.in_panel.assign(n_genes, 0);
  profiles.in_panel[31] = 1;
  for (int s = 0; s < n_samples; ++s) {
    for (const std::string& group : groups) add(profiles, "s" + std::to_string(s), group, random);
  }
  return profiles;
}

/// Targets of miRNA 0 are the planted ones and 30 to 32; those of 1 to 9 are drawn at random; 10
/// has those of 9, and 11 only 5.
TargetTable table() {
  TargetTable table;
  for (int g = 0; g < n_genes; ++g) table.genes.emplace_back().symbol = "G" + std::to_string(g);
  const auto put = [&](int mirna, int gene) {
    table.pairs.push_back({mirna, gene, Evidence::strong});
  };
  for (int g = 0; g < n_planted; ++g) put(0, g);
  for (int g = 30; g < 33; ++g) put(0, g);
  for (int m = 1; m < 12; ++m) {
    Random random(static_cast<std::uint64_t>(m == 10 ? 9 : m));
    std::vector<int> genes;
    for (int g = 33; g < n_genes; ++g) genes.push_back(g);
    random.shuffle(genes);
    genes.resize(m == 11 ? 5 : 20);
    for (const int g : genes) put(m, g);
  }
  std::sort(table.pairs.begin(), table.pairs.end());
  return table;
}

NetworkOptions options_of(int threads = 1) {
  NetworkOptions options;
  options.evidence = Evidence::strong;
  options.threads = threads;
  return options;
}

TEST(BuildNetworks, FindsThePlantedHub) {
  const Profiles profiles = planted(14);
  const NetworkSet set = build_networks(profiles, table(), options_of());
  ASSERT_EQ(set.networks.size(), 1U);
  const TargetNetwork& network = set.networks.front();
  EXPECT_EQ(network.name, "T");
  EXPECT_EQ(set.n_in_panel, 1);          // G31
  EXPECT_EQ(network.n_undetected, 1);    // G30
  EXPECT_EQ(network.residual_df, 12);    // 14 less the constant and the depth
  EXPECT_EQ(network.n_universe, 118);    // 120 less those two
  ASSERT_EQ(network.tests.size(), 11U);  // 9 and 10 are one
  const NetworkTest& first = network.tests.front();
  EXPECT_THAT(first.mirnas, ElementsAre(0));
  EXPECT_EQ(first.n_targets, n_planted + 1);
  EXPECT_TRUE(first.is_hub);
  EXPECT_LT(first.mean_z, -1);
  EXPECT_GT(first.share_low, 0.7);
  EXPECT_EQ(first.n_others, n_mirnas - 1);
  EXPECT_NEAR(first.p_others, 1.0 / n_mirnas, 1e-12);
  EXPECT_EQ(first.p, std::max(first.p_others, first.p_rewired));
  EXPECT_NEAR(network.smallest_p, 1.0 / n_mirnas, 1e-12);
  EXPECT_EQ(first.n_rewirings, 1000);
  for (std::size_t t = 1; t < network.tests.size(); ++t) EXPECT_FALSE(network.tests[t].is_hub);
  EXPECT_LT(network.mixing.overlap, 0.9);
}

// 4 steps of the second p, 1 / 230, take 920 graphs: 100, 200, 400, 800, 1,600.
TEST(BuildNetworks, MakeMoreRandomGraphsForWhatStaysExtreme) {
  NetworkOptions options = options_of();
  options.rewirings = 100;
  const NetworkSet set = build_networks(planted(14), table(), options);
  const std::vector<NetworkTest>& tests = set.networks.front().tests;
  EXPECT_EQ(tests.front().n_rewirings, 1600);
  EXPECT_TRUE(tests.front().is_hub);
  EXPECT_EQ(tests[tests.size() - 2].n_rewirings, 100);
  options.most_rewirings = 300;
  EXPECT_EQ(
      build_networks(planted(14), table(), options).networks.front().tests.front().n_rewirings,
      300);
}

TEST(BuildNetworks, TestsSetsOfTargetsOnceAndSmallOnesNot) {
  const NetworkSet set = build_networks(planted(14), table(), options_of());
  std::vector<std::vector<std::int32_t>> tested;
  for (const NetworkTest& test : set.networks.front().tests) {
    tested.push_back(test.mirnas);
    EXPECT_EQ(std::isnan(test.p), test.mirnas.front() == 11);
  }
  EXPECT_THAT(tested, Contains(ElementsAre(9, 10)));
  EXPECT_EQ(set.n_tests, 10);
}

TEST(BuildNetworks, GiveTheSameForAnyNumberOfThreads) {
  const Profiles profiles = planted(14);
  const NetworkSet one = build_networks(profiles, table(), options_of(1));
  const NetworkSet three = build_networks(profiles, table(), options_of(3));
  EXPECT_EQ(hubs_tsv(one, profiles), hubs_tsv(three, profiles));
  EXPECT_EQ(edges_tsv(one, profiles, options_of()), edges_tsv(three, profiles, options_of()));
  NetworkOptions other = options_of();
  other.seed = 2;
  EXPECT_NE(hubs_tsv(one, profiles), hubs_tsv(build_networks(profiles, table(), other), profiles));
}

TEST(BuildNetworks, TakeTheDataSetWhereNoGroupHasTenSamples) {
  Profiles profiles = planted(8, {"B", "T"});
  const NetworkSet set = build_networks(profiles, table(), options_of());
  ASSERT_EQ(set.networks.size(), 1U);
  EXPECT_EQ(label_of(set.networks.front()), "the data set, group means removed");
  EXPECT_EQ(set.networks.front().n_profiles, 16);
  EXPECT_EQ(set.networks.front().residual_df, 13);  // less constant, depth and one group
  // What differs between groups only is no relation within them.
  for (Profile& profile : profiles.profiles) {
    if (profile.group == "B") profile.counts[50] *= 1000;
  }
  NetworkOptions whole = options_of();
  whole.whole = true;
  const NetworkSet again = build_networks(profiles, table(), whole);
  EXPECT_EQ(again.networks.front().edges.size(), set.networks.front().edges.size());
}

TEST(BuildNetworks, ChooseGroupsOfTenSamples) {
  Profiles profiles = planted(12, {"B", "T"});
  for (Profile& profile : profiles.profiles) {
    profile.below_floor = profile.group == "B" && profile.sample > "s3";
  }
  const NetworkSet set = build_networks(profiles, table(), options_of());
  ASSERT_EQ(set.networks.size(), 1U);
  EXPECT_EQ(set.networks.front().name, "T");
  EXPECT_THAT(set.groups_left_out, ElementsAre("B"));
  EXPECT_EQ(set.n_below_floor, 6);
}

std::string refusal(const Profiles& profiles, const NetworkOptions& options, ExitCode code) {
  try {
    (void)build_networks(profiles, table(), options);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "";
}

TEST(BuildNetworks, RefuseWhatCannotBeCorrelated) {
  EXPECT_THAT(refusal(planted(9), options_of(), ExitCode::bad_input),
              HasSubstr("9 profiles are above the floor; expected 10 or more"));
  NetworkOptions options = options_of();
  options.group = "t";
  EXPECT_THAT(refusal(planted(12), options, ExitCode::usage),
              HasSubstr("no group 't'; there are 'T'"));
  options.group = "T";
  EXPECT_THAT(refusal(planted(9), options, ExitCode::bad_input), HasSubstr("needs 10"));
  Profiles without = planted(12);
  without.genes.columns.clear();
  EXPECT_THAT(refusal(without, options_of(), ExitCode::bad_input), HasSubstr("no counts"));
  Profiles conditions = planted(12);
  for (Profile& profile : conditions.profiles) profile.condition = profile.sample;
  EXPECT_THAT(
      refusal(conditions, options_of(), ExitCode::bad_input),
      HasSubstr("group 'T': 12 profiles leave 0 degrees of freedom beside depth, conditions"));
}

TEST(BuildNetworks, GiveNoPWithoutEnoughOtherFamilies) {
  Profiles profiles = planted(14);
  profiles.mirnas.resize(200);
  profiles.z.conservativeResize(200, Eigen::NoChange);
  const NetworkSet set = build_networks(profiles, table(), options_of());
  for (const NetworkTest& test : set.networks.front().tests) {
    EXPECT_TRUE(std::isnan(test.p));
    EXPECT_FALSE(test.is_hub);
  }
  EXPECT_THAT(hubs_tsv(set, profiles), HasSubstr("199 miRNAs of other families, fewer than 200"));
}

}  // namespace
}  // namespace sicmir
