// SPDX-License-Identifier: BSD-3-Clause
/// Damaged, lying and foreign HDF5 files are refused with a sentence, never with a crash.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

#include "cells/decide.hpp"
#include "support/h5_fixture.hpp"

namespace sicmir {
namespace {

using test::Fixtures;
using test::open_and_select;
using test::panel_of;
using test::read_cells;
using test::table;
using testing::HasSubstr;
using testing::StartsWith;

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(H5Damaged, EveryFaultIsRefusedByName) {
  const Fixtures fixtures("make_h5_damaged.py");
  const GeneIndex index(panel_of({{"TP53", "ENSG00000141510", "7157"},
                                  {"MYC", "ENSG00000136997", "4609"},
                                  {"EGFR", "ENSG00000146648", "1956"}}));
  const auto list = table(fixtures / "damaged.tsv");
  ASSERT_GT(list.size(), 70u);
  const long before = peak_kilobytes();
  for (const auto& line : list) {
    SCOPED_TRACE(line.at(0));
    const std::string path = fixtures / line.at(0);
    SourceOptions options;
    options.layer = line.at(1);
    options.genome = line.at(2);
    std::string said;
    try {
      auto opened = open_and_select(path, options, index);
      read_cells(*opened.source, index.panel_size(), 5);
      ADD_FAILURE() << "was not refused";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      said = error.what();
      EXPECT_THAT(said, HasSubstr(line.at(3)));
      EXPECT_THAT(said, StartsWith(path + ": "));
    }
    // A source that has failed may be asked again, by other threads.
    for (const int threads : {1, 3}) {
      try {
        auto opened = open_and_select(path, options, index);
        (void)take_sample(*opened.source, 1, threads);
        ADD_FAILURE() << "was not refused by " << threads << " threads";
      } catch (const Error& error) {
        EXPECT_EQ(error.what(), said) << threads << " threads";
      }
    }
  }
  // What the files claim is thousands of times more.
  EXPECT_LT(peak_kilobytes() - before, 400 * 1024);
}

}  // namespace
}  // namespace sicmir
