// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand, or limma's (tests/data/limma, written by scripts/make_limma_golden.R).
#include "analysis/compare.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

namespace sicmir {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void add(Profiles& profiles, const std::string& sample, const std::string& donor,
         const std::string& condition, const std::vector<float>& z, const std::string& group = "T",
         Index n_cells = 1000) {
  Profile& profile = profiles.profiles.emplace_back();
  profile.sample = sample;
  profile.donor = donor;
  profile.condition = condition;
  profile.group = group;
  profile.n_cells = n_cells;
  const auto n = static_cast<Index>(z.size());
  profiles.z.conservativeResize(n, profiles.size());
  for (Index i = 0; i < n; ++i) {
    profiles.z(i, profiles.size() - 1) = z[static_cast<std::size_t>(i)];
  }
  while (profiles.mirnas.size() < z.size()) {
    ProfileMirna& mirna = profiles.mirnas.emplace_back();
    mirna.name = "hsa-miR-" + std::to_string(profiles.mirnas.size());
    mirna.sd = 2;
  }
}

CompareOptions against_normal() {
  CompareOptions options;
  options.reference = "normal";
  options.min_difference = 0;
  options.weight_cells = 0;
  return options;
}

std::string refusal(const Profiles& profiles, const CompareOptions& options) {
  try {
    (void)compare_conditions(profiles, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// Values of limma's table `name`: per miRNA, in the order of the profiles.
std::vector<std::vector<float>> values_of(const std::string& name) {
  std::ifstream stream(std::string(SICMIR_TEST_DATA) + "/limma/" + name + ".values.tsv");
  std::string line;
  std::getline(stream, line);
  std::vector<std::vector<float>> of_profile;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::string field;
    std::getline(fields, field, '\t');
    for (std::size_t i = 0; std::getline(fields, field, '\t'); ++i) {
      if (of_profile.size() <= i) of_profile.emplace_back();
      of_profile[i].push_back(std::stof(field));
    }
  }
  return of_profile;
}

std::vector<double> expected_of(const std::string& name, const std::string& column) {
  std::ifstream stream(std::string(SICMIR_TEST_DATA) + "/limma/" + name + ".expected.tsv");
  std::string line;
  std::string field;
  std::getline(stream, line);
  std::size_t place = 0;
  std::istringstream names(line);
  for (std::size_t i = 0; std::getline(names, field, '\t'); ++i) {
    if (field == column) place = i;
  }
  std::vector<double> result;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    for (std::size_t i = 0; i <= place; ++i) std::getline(fields, field, '\t');
    result.push_back(std::strtod(field.c_str(), nullptr));
  }
  return result;
}

void expect_limma(const GroupComparison& found, const std::string& name) {
  const std::vector<double> estimate = expected_of(name, "estimate");
  const std::vector<double> p = expected_of(name, "robust_p");
  ASSERT_EQ(found.differences.size(), estimate.size());
  for (const ConditionDifference& one : found.differences) {
    const auto place = static_cast<std::size_t>(one.mirna);
    EXPECT_NEAR(one.z, estimate[place], 1e-5);
    EXPECT_NEAR(one.p, p[place], 1e-4 * p[place]) << "m" << place + 1;
  }
}

TEST(CompareConditions, GivesTheFiguresOfLimma) {
  Profiles profiles;
  const auto values = values_of("two_groups");
  for (std::size_t i = 0; i < 10; ++i) {
    add(profiles, "s" + std::to_string(i), "", i < 5 ? "normal" : "tumour", values[i]);
  }
  const Comparison found = compare_conditions(profiles, against_normal());
  EXPECT_FALSE(found.paired);
  EXPECT_EQ(found.n_tests, 50);
  expect_limma(found.groups.at(0), "two_groups");
}

TEST(CompareConditions, TakesDonorsOfBothConditionsForBlocksAsLimmaDoes) {
  Profiles profiles;
  const auto values = values_of("paired");
  for (std::size_t i = 0; i < 10; ++i) {
    add(profiles, "s" + std::to_string(i), "d" + std::to_string(i % 5), i < 5 ? "normal" : "tumour",
        values[i]);
  }
  const Comparison found = compare_conditions(profiles, against_normal());
  EXPECT_TRUE(found.paired);
  EXPECT_EQ(found.groups.at(0).n_pairs, 5);
  expect_limma(found.groups.at(0), "paired");
}

TEST(CompareConditions, TakesCovariatesIntoAccountAsLimmaDoes) {
  Profiles profiles;
  const auto values = values_of("covariate");
  for (std::size_t i = 0; i < 10; ++i) {
    add(profiles, "s" + std::to_string(i), "", i < 5 ? "normal" : "tumour", values[i]);
  }
  CompareOptions options = against_normal();
  options.covariates.names = {"age"};
  options.covariates.columns = {{31, 45, 62, 58, 40, 39, 66, 71, 28, 55}};
  expect_limma(compare_conditions(profiles, options).groups.at(0), "covariate");
}

/// Three donors a side, one sample each.
Profiles unpaired() {
  Profiles profiles;
  for (int i = 0; i < 6; ++i) {
    const auto value = static_cast<float>(i % 3);
    add(profiles, "s" + std::to_string(i), "d" + std::to_string(i), i < 3 ? "normal" : "tumour",
        {i < 3 ? value : value + 4, value * value});
  }
  return profiles;
}

// Two samples of one donor are one replicate: with (4 + 8) / 2 the tumours are 6, 5 and 6.
TEST(CompareConditions, AveragesSamplesOfOneDonorAndCondition) {
  Profiles profiles = unpaired();
  add(profiles, "s6", "d3", "tumour", {8, 0});
  const Comparison found = compare_conditions(profiles, against_normal());
  EXPECT_EQ(found.n_replicates, 6);
  EXPECT_EQ(found.groups.at(0).n_condition, 3);
  for (const ConditionDifference& one : found.groups[0].differences) {
    if (one.mirna == 0) {
      EXPECT_NEAR(one.z, 17.0 / 3 - 1, 1e-6);
    }
  }
}

TEST(CompareConditions, RefusesDonorsThatArePairedInPart) {
  Profiles profiles = unpaired();
  for (int i = 0; i < 3; ++i) {
    add(profiles, "t" + std::to_string(i), "d" + std::to_string(i), "tumour", {5, 1});
  }
  const std::string why = refusal(profiles, against_normal());
  EXPECT_THAT(why, HasSubstr("3 gave samples of several conditions, 3 of one (donor d3, donor d4"));
  CompareOptions options = against_normal();
  options.drop_unpaired = true;
  const Comparison found = compare_conditions(profiles, options);
  EXPECT_EQ(found.n_unpaired, 3);
  EXPECT_EQ(found.groups.at(0).n_pairs, 3);
}

TEST(CompareConditions, NeedsThreeReplicatesASideForAP) {
  Profiles profiles = unpaired();
  profiles.profiles[5].below_floor = true;
  const Comparison found = compare_conditions(profiles, against_normal());
  EXPECT_EQ(found.groups.at(0).why_no_p, "2 replicates of tumour, fewer than 3");
  EXPECT_TRUE(std::isnan(found.groups[0].differences[0].p));
  EXPECT_FALSE(std::isnan(found.groups[0].differences[0].z));
  EXPECT_THAT(compare_conditions(unpaired(), against_normal()).groups.at(0).why_no_p, IsEmpty());
}

TEST(CompareConditions, RefusesCovariatesThatFollowFromConditionsAndNamesThem) {
  CompareOptions options = against_normal();
  options.covariates.names = {"batch 2"};
  options.covariates.columns = {{0, 0, 0, 1, 1, 1}};
  EXPECT_THAT(refusal(unpaired(), options),
              HasSubstr("'batch 2' cannot be told apart from conditions"));
}

TEST(CompareConditions, NamesTheConditionsThatThereAre) {
  CompareOptions options = against_normal();
  options.reference = "nomal";
  EXPECT_THAT(refusal(unpaired(), options),
              HasSubstr("there are 'normal', 'tumour'. Did you mean 'normal'?"));
}

TEST(CompareConditions, ComparesEachGroupAndEachConditionWithTheReference) {
  Profiles profiles = unpaired();
  for (int i = 0; i < 3; ++i) {
    add(profiles, "u" + std::to_string(i), "e" + std::to_string(i), "benign",
        {static_cast<float>(i) - 2, 1});
    add(profiles, "u" + std::to_string(i), "e" + std::to_string(i), "benign", {1, 1}, "B");
    add(profiles, "v" + std::to_string(i), "f" + std::to_string(i), "normal",
        {static_cast<float>(i), 1}, "B");
  }
  const Comparison found = compare_conditions(profiles, against_normal());
  ASSERT_EQ(found.groups.size(), 3U);
  EXPECT_EQ(found.groups[0].group, "B");
  EXPECT_EQ(found.groups[1].condition, "benign");
  EXPECT_EQ(found.groups[2].condition, "tumour");
  for (const ConditionDifference& one : found.groups[1].differences) {
    if (one.mirna == 0) {
      EXPECT_NEAR(one.z, -2, 1e-6);
    }
  }
}

}  // namespace
}  // namespace sicmir
