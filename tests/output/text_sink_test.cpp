// SPDX-License-Identifier: BSD-3-Clause
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/output_file.hpp"
#include "output/cell_spool.hpp"
#include "sicmir/matrix_sink.hpp"
#include "support/scratch.hpp"
#include "support/sink_driver.hpp"

namespace sicmir {
namespace {

using test::content;
using test::drive;
using test::entries;
using test::Scratch;
using test::Table;
using testing::HasSubstr;
using testing::IsEmpty;

std::string inflated(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  std::string text;
  std::vector<char> buffer(1 << 16);
  for (int n = 0; (n = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  EXPECT_EQ(gzclose(file), Z_OK);
  return text;
}

Table small() {
  Table table;
  table.header.feature_kind = "mirna";
  table.header.features = {"hsa-let-7a-5p", "hsa-miR-21-5p"};
  table.cells = {"c1", "c2", "c3"};
  table.values.resize(2, 3);
  table.values << 0.5F, -1.25F, 3.0F, 0.1F, std::numeric_limits<float>::quiet_NaN(),
      -std::numeric_limits<float>::infinity();
  return table;
}

Table random_table(Index features, Index cells) {
  Table table;
  table.header.feature_kind = "mirna";
  for (Index f = 0; f < features; ++f) table.header.features.push_back("f" + std::to_string(f));
  for (Index c = 0; c < cells; ++c) table.cells.push_back("cell" + std::to_string(c));
  table.values.resize(features, cells);
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  for (float& value : table.values.reshaped()) value = normal(random);
  return table;
}

TEST(TextSink, WritesACellALineUnderTheNamesOfTheFeatures) {
  const Scratch folder;
  drive(small(), folder / "out.tsv", {});
  EXPECT_EQ(content(folder / "out.tsv"),
            "cell\thsa-let-7a-5p\thsa-miR-21-5p\n"
            "c1\t0.5\t0.1\n"
            "c2\t-1.25\tNaN\n"
            "c3\t3\t-inf\n");
}

TEST(TextSink, WritesAFeatureALineWhenTransposed) {
  const Scratch folder;
  SinkOptions options;
  options.features_as_lines = true;
  drive(small(), folder / "out.csv", options);
  EXPECT_EQ(content(folder / "out.csv"),
            "mirna,c1,c2,c3\n"
            "hsa-let-7a-5p,0.5,-1.25,3\n"
            "hsa-miR-21-5p,0.1,NaN,-inf\n");
}

TEST(TextSink, QuotesNamesAsRfc4180Says) {
  const Scratch folder;
  Table table = small();
  table.cells = {"a,b", "say \"x\"", "two\nlines"};
  table.header.features[0] = "f,1";
  drive(table, folder / "out.csv", {});
  EXPECT_EQ(content(folder / "out.csv"),
            "cell,\"f,1\",hsa-miR-21-5p\n"
            "\"a,b\",0.5,0.1\n"
            "\"say \"\"x\"\"\",-1.25,NaN\n"
            "\"two\nlines\",3,-inf\n");
  drive(table, folder / "out.tsv", {});
  EXPECT_THAT(content(folder / "out.tsv"), HasSubstr("\na,b\t0.5"));
}

TEST(TextSink, WritesNoMoreDigitsThanAskedFor) {
  const Scratch folder;
  Table table = small();
  table.values(0, 0) = 1.0F / 3;
  SinkOptions options;
  options.digits = 3;
  drive(table, folder / "out.tsv", options);
  EXPECT_THAT(content(folder / "out.tsv"), HasSubstr("c1\t0.333\t0.1\n"));
}

TEST(TextSink, WritesTheSameBytesForAnyBlockSize) {
  const Scratch folder;
  const Table table = random_table(61, 700);
  for (const bool turned : {false, true}) {
    SinkOptions options;
    options.features_as_lines = turned;
    for (const std::string ending : {".tsv", ".tsv.gz"}) {
      drive(table, folder / ("whole" + ending), options, 700);
      for (const Index block : {1, 7, 256}) {
        drive(table, folder / ("blocks" + ending), options, block);
        EXPECT_EQ(content(folder / ("blocks" + ending)), content(folder / ("whole" + ending)))
            << ending << " " << block << " " << turned;
      }
    }
  }
}

TEST(TextSink, CompressesIntoMembersThatHoldTheVeryText) {
  const Scratch folder;
  const Table table = random_table(200, 1500);  // 3 MB of text
  drive(table, folder / "out.csv", {}, 100);
  drive(table, folder / "out.csv.gz", {}, 100);
  const std::string text = content(folder / "out.csv");
  ASSERT_GT(text.size(), std::size_t{3} << 20);
  EXPECT_EQ(inflated(folder / "out.csv.gz"), text);
  const std::string packed = content(folder / "out.csv.gz");
  EXPECT_LT(packed.size(), text.size() * 6 / 10);
  // RFC 1952: flags (byte 3) and time (4 to 7) are zero: no name, no time.
  EXPECT_EQ(packed.substr(0, 8), std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
}

TEST(TextSink, WritesAHeaderEvenWithoutCells) {
  const Scratch folder;
  Table table = random_table(2, 0);
  drive(table, folder / "out.tsv.gz", {});
  EXPECT_EQ(inflated(folder / "out.tsv.gz"), "cell\tf0\tf1\n");
  SinkOptions options;
  options.features_as_lines = true;
  drive(table, folder / "out.tsv", options);
  EXPECT_EQ(content(folder / "out.tsv"), "mirna\nf0\nf1\n");
}

TEST(TextSink, LeavesNothingWhenItIsNotFinished) {
  const Scratch folder;
  {
    const auto sink = open_sink(folder / "out.tsv", {});
    EXPECT_THAT(entries(folder), IsEmpty());
    sink->begin(small().header);
    EXPECT_EQ(entries(folder).size(), 1u);
  }
  EXPECT_THAT(entries(folder), IsEmpty());
}

TEST(TextSink, ReportsAFullDiskAndLeavesNothing) {
  const Scratch folder;
  const Table table = random_table(200, 1500);
  const test::FileSizeLimit limit(1 << 20);
  for (const std::string name : {"out.tsv", "out.tsv.gz"}) {
    try {
      drive(table, folder / name, {}, 100);
      FAIL() << "a lost byte was not noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::not_written);
      EXPECT_THAT(error.what(), HasSubstr(name + ": cannot be written: File too large"));
    }
    EXPECT_THAT(entries(folder), IsEmpty());
  }
}

TEST(TextSink, WritesToStandardOutputWithoutClosingIt) {
  const Scratch folder;
  const int saved = dup(STDOUT_FILENO);
  const int file = open((folder / "stdout").c_str(), O_WRONLY | O_CREAT, 0600);
  dup2(file, STDOUT_FILENO);
  drive(small(), "-", {});
  const bool still_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(file);
  EXPECT_TRUE(still_open);
  EXPECT_THAT(content(folder / "stdout"), testing::StartsWith("cell\thsa-let-7a-5p"));
}

TEST(TextSink, IsReadBackToTheSameFloatsByPandas) {
  if (!test::python_has("pandas")) GTEST_SKIP() << "no pandas in /usr/bin/python3";
  const Scratch folder;
  const Table table = random_table(30, 40);
  drive(table, folder / "out.csv.gz", {}, 7);
  drive(table, folder / "out.h5ad", {}, 7);
  EXPECT_EQ(test::run_python("check_sinks.py",
                             {"csv_equals_h5ad", folder / "out.csv.gz", folder / "out.h5ad"}),
            0);
}

TEST(CellSpool, GivesTheSameFromMemoryAndFromItsFile) {
  const Index features = 300;
  const Index cells = 30000;  // 9,000,000 values: three pieces
  std::vector<float> cell(static_cast<std::size_t>(features));
  for (const std::size_t memory : {std::size_t{0}, std::size_t{20} << 20, std::size_t{1} << 30}) {
    CellSpool spool(features, memory);
    for (Index c = 0; c < cells; ++c) {
      for (Index f = 0; f < features; ++f) {
        cell[static_cast<std::size_t>(f)] = static_cast<float>(c * features + f);
      }
      spool.append(cell);
    }
    ASSERT_EQ(spool.n_cells(), cells);
    std::vector<float> out;
    for (const Index first : {Index{0}, Index{123}, features - 2}) {
      spool.read(first, 2, out);
      ASSERT_EQ(out.size(), static_cast<std::size_t>(2 * cells));
      for (Index f = 0; f < 2; ++f) {
        for (Index c = 0; c < cells; ++c) {
          ASSERT_EQ(out[static_cast<std::size_t>(f * cells + c)],
                    static_cast<float>(c * features + first + f));
        }
      }
    }
  }
}

TEST(OutputFormat, IsSaidByTheEnding) {
  const auto of = [](const char* path) {
    return resolve_output_format(path, OutputFormat::automatic);
  };
  EXPECT_EQ(of("a.csv"), OutputFormat::csv);
  EXPECT_EQ(of("a.b/c.TXT"), OutputFormat::tsv);
  EXPECT_EQ(of("a.csv.gz"), OutputFormat::csv_gz);
  EXPECT_EQ(of("a.txt.gz"), OutputFormat::tsv_gz);
  EXPECT_EQ(of("a.tsv.gz"), OutputFormat::tsv_gz);
  EXPECT_EQ(of("a.h5ad"), OutputFormat::h5ad);
  EXPECT_EQ(of("-"), OutputFormat::tsv);
  EXPECT_EQ(of("/dev/null"), OutputFormat::tsv);
  EXPECT_EQ(of("/dev/fd/1"), OutputFormat::tsv);
  EXPECT_EQ(resolve_output_format("a.xlsx", OutputFormat::csv), OutputFormat::csv);
  for (const char* unknown : {"a.xlsx", "a", "a.gz", "csv"}) {
    try {
      (void)of(unknown);
      FAIL() << unknown;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.remedies(), ::testing::ElementsAre(Remedy::choose_output_format));
    }
  }
}

TEST(OpenSink, RefusesH5adWhereOnlyAStreamCanGo) {
  for (const char* path : {"-", "/dev/null", "/dev/stdout"}) {
    SinkOptions options;
    options.format = OutputFormat::h5ad;
    try {
      (void)open_sink(path, options);
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr("no fixed order"));
    }
  }
}

TEST(OpenSink, RefusesATransposedH5ad) {
  const Scratch folder;
  SinkOptions options;
  options.features_as_lines = true;
  try {
    (void)open_sink(folder / "a.h5ad", options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
}

TEST(OpenSink, FindsAMissingFolderBeforeAnyWork) {
  const Scratch folder;
  for (const std::string name : {"no/a.h5ad", "no/a.tsv"}) {
    try {
      (void)open_sink(folder / name, {});
      FAIL() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::not_written);
      EXPECT_THAT(error.what(), HasSubstr("does not exist. Create it"));
    }
  }
}

}  // namespace
}  // namespace sicmir
