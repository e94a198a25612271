// SPDX-License-Identifier: BSD-3-Clause
#include "base/suggest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sicmir {
namespace {

// Distances by hand.
TEST(EditDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("predcit", "predict"), 1U);  // a swap
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);           // 2 if swapped parts could be edited again
  EXPECT_EQ(edit_distance("hsa-mir-21-5p", "hsa-miR-21-5p"), 0U);
}

TEST(Nearest, IsTheFirstOfTheNearOnes) {
  const std::vector<std::string> known = {"predict", "stats", "merge", "merge-stats"};
  EXPECT_EQ(nearest("preditc", known), "predict");
  EXPECT_EQ(nearest("stat", known), "stats");
  EXPECT_EQ(nearest("xyz", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(nearest("aa", std::vector<std::string>{"ab", "ac"}), "ab");
}

TEST(Nearest, IsANameThatGoesOnWithADashRatherThanOneThatIsNearer) {
  const std::vector<std::string> known = {"hsa-miR-217", "hsa-miR-2-5p", "hsa-miR-21-3p",
                                          "hsa-miR-21-5p"};
  EXPECT_EQ(nearest("hsa-mir-21", known), "hsa-miR-21-3p");
  EXPECT_EQ(nearest("hsa-mir-218", known), "hsa-miR-217");
}

TEST(DidYouMean, IsAQuestionOrNothing) {
  const std::vector<std::string> known = {"--layer"};
  EXPECT_EQ(did_you_mean("--laier", known), " Did you mean '--layer'?");
  EXPECT_EQ(did_you_mean("--threads", known), "");
}

}  // namespace
}  // namespace sicmir
