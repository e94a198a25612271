// SPDX-License-Identifier: BSD-3-Clause
// Expected values by hand, or limma's (tests/data/limma, written by scripts/make_limma_golden.R).
#include "analysis/markers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>

namespace sicmir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Profiles in the order that files have: by sample, then group.
void add(Profiles& profiles, const std::string& sample, const std::string& group,
         const std::vector<float>& z, Index n_cells = 1000) {
  Profile& profile = profiles.profiles.emplace_back();
  profile.sample = sample;
  profile.group = group;
  profile.n_cells = n_cells;
  const auto n = static_cast<Index>(z.size());
  profiles.z.conservativeResize(n, profiles.size());
  profiles.log2rpm.conservativeResize(n, profiles.size());
  for (Index i = 0; i < n; ++i) {
    const float value = z[static_cast<std::size_t>(i)];
    profiles.z(i, profiles.size() - 1) = value;
    profiles.log2rpm(i, profiles.size() - 1) = 2.0F * value + 5.0F;
  }
  while (profiles.mirnas.size() < z.size()) {
    ProfileMirna& mirna = profiles.mirnas.emplace_back();
    mirna.name = "hsa-miR-" + std::to_string(profiles.mirnas.size());
    mirna.mean = 5;
    mirna.sd = 2;
  }
}

const MarkerGroup& group_of(const MarkerSet& set, const std::string& name) {
  for (const MarkerGroup& group : set.groups) {
    if (group.name == name) return group;
  }
  throw std::out_of_range(name);
}

MarkerOptions sorted_cells() {
  MarkerOptions options;
  options.labels_from = LabelsFrom::sorting;
  options.min_difference = 0;
  options.weight_cells = 0;
  return options;
}

/// Three groups in 4 samples; the first miRNA is 3 higher in b than in a, 1 higher than in c.
Profiles three_groups() {
  Profiles profiles;
  const std::vector<float> noise = {0.1F, -0.2F, 0.15F, -0.05F};
  for (int s = 0; s < 4; ++s) {
    const std::string sample = "s" + std::to_string(s + 1);
    const auto level = static_cast<float>(s);  // of the sample
    const float e = noise[static_cast<std::size_t>(s)];
    add(profiles, sample, "a", {level, level});
    add(profiles, sample, "b", {level + 3, level + e});
    add(profiles, sample, "c", {level + 2, level - e});
  }
  return profiles;
}

TEST(FindMarkers, AreSortedByLog2Rpm) {
  Profiles profiles;
  for (int s = 0; s < 4; ++s) {
    const std::string sample = "s" + std::to_string(s + 1);
    add(profiles, sample, "a", {0, 0});
    add(profiles, sample, "b", {1.0F, 1.2F});
  }
  profiles.mirnas[0].sd = 2;  // 2 log2 and 1.2 log2
  profiles.mirnas[1].sd = 1;
  EXPECT_EQ(group_of(find_markers(profiles, sorted_cells()), "b").markers.front().mirna, 0);
  profiles.log2rpm.resize(0, 0);  // without means, by z
  EXPECT_EQ(group_of(find_markers(profiles, sorted_cells()), "b").markers.front().mirna, 1);
}

TEST(FindMarkers, ContrastsAGroupWithTheMeanOfTheOthersOfItsSamples) {
  const MarkerSet set = find_markers(three_groups(), sorted_cells());
  const Marker& marker = group_of(set, "b").markers.front();
  EXPECT_EQ(marker.mirna, 0);
  EXPECT_NEAR(marker.z, 2, 1e-6);        // 3 - (0 + 2) / 2
  EXPECT_NEAR(marker.log2rpm, 4, 1e-6);  // times the sd, 2
  EXPECT_EQ(set.groups[static_cast<std::size_t>(marker.rival)].name, "c");
  EXPECT_NEAR(marker.rival_z, 1, 1e-6);
  EXPECT_EQ(marker.agreement, 1);
  EXPECT_NEAR(marker.expression, 5 + 2 * 4.5, 1e-5);  // levels 0, 1, 2, 3 and 3
  // RPM of the means: a 2^8 - 1, b 2^14 - 1, c 2^12 - 1.
  EXPECT_NEAR(marker.tau, ((1 - 255.0 / 16383) + (1 - 4095.0 / 16383)) / 2, 1e-6);
}

// With a group missing from a sample the sample's level would bias plain means; the fit does not.
TEST(FindMarkers, ComparesWithinSamples) {
  Profiles profiles;
  for (int s = 0; s < 5; ++s) {
    const std::string sample = "s" + std::to_string(s + 1);
    const auto level = static_cast<float>(10 * s);
    add(profiles, sample, "a", {level, 0.1F * level});
    if (s < 3) add(profiles, sample, "b", {level + 1, 0});
    add(profiles, sample, "c", {level - 1, 0});
  }
  const MarkerSet set = find_markers(profiles, sorted_cells());
  const Marker* first = &group_of(set, "b").markers.front();
  if (first->mirna != 0) ++first;
  EXPECT_NEAR(first->z, 1.5, 1e-5);  // 1 - (0 - 1) / 2
  EXPECT_EQ(group_of(set, "b").n_samples, 3);
}

TEST(FindMarkers, GivesNoPToClusters) {
  MarkerOptions options = sorted_cells();
  options.labels_from = LabelsFrom::clusters;
  const MarkerSet set = find_markers(three_groups(), options);
  const MarkerGroup& group = group_of(set, "b");
  EXPECT_THAT(group.why_no_p, HasSubstr("clustering"));
  EXPECT_TRUE(std::isnan(group.markers.front().p));
  EXPECT_NEAR(group.markers.front().z, 2, 1e-6);
  EXPECT_EQ(set.n_tests, 0);
}

TEST(FindMarkers, NeedsThreeSamplesBesideAnotherGroupForAP) {
  Profiles profiles = three_groups();
  for (Profile& profile : profiles.profiles) {
    if (profile.group == "c" && profile.sample >= "s3") profile.below_floor = true;
  }
  const MarkerSet set = find_markers(profiles, sorted_cells());
  EXPECT_EQ(set.n_below_floor, 2);
  EXPECT_EQ(group_of(set, "c").why_no_p, "beside others in 2 samples, fewer than 3");
  EXPECT_TRUE(std::isnan(group_of(set, "c").markers[0].p));
  EXPECT_FALSE(std::isnan(group_of(set, "c").markers[0].z));
  EXPECT_THAT(group_of(set, "b").why_no_p, IsEmpty());
  EXPECT_FALSE(std::isnan(group_of(set, "b").markers[0].p));
  EXPECT_EQ(set.n_tests, 4);
  // c stands beside b in 2 samples only, and is no rival.
  EXPECT_EQ(set.groups[static_cast<std::size_t>(group_of(set, "b").markers[0].rival)].name, "a");
}

TEST(FindMarkers, ComparesOnlyGroupsThatSamplesLink) {
  Profiles profiles;
  for (int s = 0; s < 3; ++s) {
    add(profiles, "s" + std::to_string(s), "a", {0});
    add(profiles, "s" + std::to_string(s), "b", {static_cast<float>(s)});
  }
  for (int s = 3; s < 6; ++s) {
    add(profiles, "s" + std::to_string(s), "c", {7});
    add(profiles, "s" + std::to_string(s), "d", {9});
  }
  add(profiles, "s9", "e", {3});
  const MarkerSet set = find_markers(profiles, sorted_cells());
  EXPECT_THAT(group_of(set, "b").comparators, ElementsAre("a"));
  EXPECT_THAT(group_of(set, "b").comparators_missing, ElementsAre("c", "d", "e"));
  EXPECT_NEAR(group_of(set, "b").markers[0].z, 1, 1e-6);
  EXPECT_NEAR(group_of(set, "d").markers[0].z, 2, 1e-6);
  EXPECT_TRUE(std::isnan(group_of(set, "e").markers[0].z));
  EXPECT_EQ(group_of(set, "e").why_no_p, "stands in no sample beside another group");
}

TEST(FindMarkers, RefusesCovariatesThatFollowFromSamplesAndNamesThem) {
  MarkerOptions options = sorted_cells();
  options.covariates.names = {"age"};
  options.covariates.columns.emplace_back();
  for (int s = 0; s < 4; ++s) {
    for (int g = 0; g < 3; ++g) options.covariates.columns[0].push_back(40 + 7 * s);
  }
  try {
    (void)find_markers(three_groups(), options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("'age' cannot be told apart from samples"));
  }
}

TEST(FindMarkers, RefusesSamplesOfOneGroupEach) {
  Profiles profiles;
  add(profiles, "s1", "a", {1});
  add(profiles, "s2", "b", {2});
  EXPECT_THROW((void)find_markers(profiles, sorted_cells()), Error);
}

TEST(FindMarkers, WarnsOfDonorsWithSeveralSamples) {
  Profiles profiles = three_groups();
  for (Profile& profile : profiles.profiles) profile.donor = profile.sample < "s3" ? "d1" : "d2";
  EXPECT_THAT(find_markers(profiles, sorted_cells()).warnings,
              ElementsAre(HasSubstr("2 of 2 donors gave several samples")));
  EXPECT_THAT(find_markers(three_groups(), sorted_cells()).warnings, IsEmpty());
}

/// Rows of a golden table: the first column names them.
std::map<std::string, std::map<std::string, double>> golden(const std::string& file,
                                                            std::vector<std::string>& names) {
  std::ifstream stream(std::string(SICMIR_TEST_DATA) + "/limma/" + file);
  std::string line;
  std::string field;
  std::getline(stream, line);
  for (std::istringstream fields(line); std::getline(fields, field, '\t');) names.push_back(field);
  std::map<std::string, std::map<std::string, double>> rows;
  while (std::getline(stream, line)) {
    std::istringstream fields(line);
    std::string row;
    std::getline(fields, row, '\t');
    for (std::size_t i = 1; i < names.size(); ++i) {
      std::getline(fields, field, '\t');
      rows[row][names[i]] = field == "NA" ? nan : std::strtod(field.c_str(), nullptr);
    }
  }
  return rows;
}

// limma's table "markers": four groups in six samples, two profiles missing, weights n / (n + 50),
// group 2 against the mean of the others. Only z is kept in float: 1e-5.
TEST(FindMarkers, GivesTheFiguresOfLimma) {
  std::vector<std::string> coefficients;
  auto design = golden("markers.design.tsv", coefficients);
  std::vector<std::string> names;
  auto values = golden("markers.values.tsv", names);
  names.clear();
  auto expected = golden("markers.expected.tsv", names);
  struct Place {
    int sample = 1, group = 1;
    Index n_cells = 0;
    std::string name;
  };
  std::vector<Place> places;
  for (auto& [name, row] : design) {
    if (name == "contrast") continue;
    Place place;
    place.name = name;
    for (int k = 2; k <= 6; ++k) {
      if (row["sample" + std::to_string(k)] == 1) place.sample = k;
      if (k <= 4 && row["group" + std::to_string(k)] == 1) place.group = k;
    }
    place.n_cells = std::lround(50 * row["weight"] / (1 - row["weight"]));
    places.push_back(place);
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return std::pair(a.sample, a.group) < std::pair(b.sample, b.group);
  });
  Profiles profiles;
  for (const Place& place : places) {
    std::vector<float> z;
    for (int m = 1; m <= 50; ++m) {
      z.push_back(static_cast<float>(values["m" + std::to_string(m)][place.name]));
    }
    add(profiles, "sample" + std::to_string(place.sample), "group" + std::to_string(place.group), z,
        place.n_cells);
  }
  MarkerOptions options = sorted_cells();
  options.weight_cells = 50;
  const MarkerSet robust = find_markers(profiles, options);
  options.min_difference = 0.25;
  const MarkerSet treat = find_markers(profiles, options);
  EXPECT_NEAR(robust.prior.s0, std::sqrt(expected["m1"]["robust_prior_variance"]), 1e-5);
  for (const Marker& marker : group_of(robust, "group2").markers) {
    auto& row = expected["m" + std::to_string(marker.mirna + 1)];
    EXPECT_NEAR(marker.z, row["estimate"], 1e-5);
    EXPECT_NEAR(marker.t, row["robust_t"], 1e-5 * std::fabs(row["robust_t"]) + 1e-5);
    EXPECT_NEAR(marker.p, row["robust_p"], 1e-4 * row["robust_p"]);
  }
  for (const Marker& marker : group_of(treat, "group2").markers) {
    auto& row = expected["m" + std::to_string(marker.mirna + 1)];
    EXPECT_NEAR(marker.p, row["robust_treat_p"], 1e-4 * row["robust_treat_p"]);
  }
}

}  // namespace
}  // namespace sicmir
