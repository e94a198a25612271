// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/covariates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scratch.hpp"

namespace sicmir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Profile> three_profiles() {
  std::vector<Profile> profiles(3);
  profiles[0].sample = profiles[1].sample = "s1";
  profiles[2].sample = "s2";
  profiles[0].group = profiles[2].group = "B";
  profiles[1].group = "T";
  return profiles;
}

std::string refusal(const std::string& table) {
  const test::Scratch folder;
  test::put(folder / "table.tsv", table);
  try {
    (void)read_covariates(folder / "table.tsv", three_profiles());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    return error.what();
  }
  return "";
}

TEST(ReadCovariates, TakesNumbersAsTheyAreAndCategoriesAsColumns) {
  const test::Scratch folder;
  test::put(folder / "table.tsv",
            "age\tsample\tsite\r\n41.5\ts2\tLyon\r\n\r\n60\ts1\tBonn\r\n7\ts9\tKyiv\r\n");
  const Covariates found = read_covariates(folder / "table.tsv", three_profiles());
  EXPECT_THAT(found.names, ElementsAre("age", "site Lyon"));
  EXPECT_THAT(found.columns, ElementsAre(ElementsAre(60, 60, 41.5), ElementsAre(0, 0, 1)));
}

TEST(ReadCovariates, MayDependOnTheGroup) {
  const test::Scratch folder;
  test::put(folder / "table.tsv", "sample\tgroup\tcycling\ns1\tB\t0.1\ns1\tT\t0.2\ns2\tB\t0.3\n");
  EXPECT_THAT(read_covariates(folder / "table.tsv", three_profiles()).columns,
              ElementsAre(ElementsAre(0.1, 0.2, 0.3)));
}

TEST(ReadCovariates, NamesTheLineThatIsWrong) {
  EXPECT_THAT(refusal("id\tage\ns1\t3\n"), HasSubstr("line 1: has the columns id, age"));
  EXPECT_THAT(refusal("sample\ns1\n"), HasSubstr("line 1: names no covariate"));
  EXPECT_THAT(refusal("sample\tage\ns1\t3\n"), HasSubstr("no line for sample 's2'"));
  EXPECT_THAT(refusal("sample\tage\ns1\t3\ns2\n"), HasSubstr("line 3: has 1 fields"));
  EXPECT_THAT(refusal("sample\tage\ns1\t3\ns2\tNA\n"), HasSubstr("line 3: column 'age' is 'NA'"));
  EXPECT_THAT(refusal("sample\tage\ns1\t3\ns2\t1\ns1\t4\n"),
              HasSubstr("line 4: sample 's1' stands already in line 2"));
}

}  // namespace
}  // namespace sicmir
