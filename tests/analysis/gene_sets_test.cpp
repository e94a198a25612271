// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/gene_sets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.hpp"

namespace sicmir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

FeatureTable genes() {
  FeatureTable table;
  table.columns = {{"id", {"ENSG1", "ENSG2", "ENSG3"}}, {"symbol", {"A", "B", "C"}}};
  return table;
}

std::string refusal(const std::string& text) {
  const test::Scratch folder;
  test::put(folder / "sets.gmt", text);
  try {
    (void)read_gene_sets(folder / "sets.gmt", genes());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    return error.what();
  }
  return "";
}

TEST(ReadGeneSets, FindsGenesByAnyNameAndOnce) {
  const test::Scratch folder;
  test::put(folder / "sets.gmt", "one\thttp://x\tC\tA\tENSG1\tZZ\t\r\n\ntwo\t\tB\n");
  const GeneSets sets = read_gene_sets(folder / "sets.gmt", genes());
  ASSERT_EQ(sets.sets.size(), 2U);
  EXPECT_EQ(sets.sets[0].name, "one");
  EXPECT_THAT(sets.sets[0].genes, ElementsAre(0, 2));
  EXPECT_THAT(sets.sets[1].genes, ElementsAre(1));
  EXPECT_EQ(sets.n_not_measured, 1);
}

TEST(ReadGeneSets, RefusesWhatIsNoGmt) {
  EXPECT_THAT(refusal("one\tA\n"), HasSubstr("line 1: has 2 fields"));
  EXPECT_THAT(refusal("one\tx\tZ1\tZ2\n"), HasSubstr("names no gene of the profiles in 1 sets"));
  EXPECT_THAT(refusal(""), HasSubstr("names no gene"));
}

// scipy.stats.hypergeom.sf(k - 1, all, marked, drawn)
TEST(HypergeometricUpperTail, IsThatOfScipy) {
  EXPECT_NEAR(hypergeometric_upper_tail(4, 20, 50, 1000), 0.01480884475954448, 1e-12);
  EXPECT_EQ(hypergeometric_upper_tail(0, 20, 50, 1000), 1.0);
  EXPECT_NEAR(hypergeometric_upper_tail(5, 5, 5, 10), 1.0 / 252, 1e-12);
  EXPECT_NEAR(hypergeometric_upper_tail(8, 9, 9, 10), 1.0, 1e-12);
}

}  // namespace
}  // namespace sicmir
