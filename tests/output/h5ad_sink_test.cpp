// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5.hpp"
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
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Table table_of(std::vector<std::string> cells, Index features) {
  Table table;
  table.header.feature_kind = "mirna";
  FeatureAnnotation accession{"accession", std::vector<std::string>{}};
  FeatureAnnotation pooled{"pooled", std::vector<double>{}};
  for (Index f = 0; f < features; ++f) {
    table.header.features.push_back("hsa-miR-" + std::to_string(f));
    std::get<0>(accession.values).push_back("MIMAT" + std::to_string(f));
    std::get<1>(pooled.values)
        .push_back(f == 1 ? std::numeric_limits<double>::quiet_NaN()
                          : 0.25 * static_cast<double>(f));
  }
  table.header.annotations = {accession, pooled};
  table.header.facts = {{"version", "0.0"}, {"decision", "counts \u00e9"}};
  table.cells = std::move(cells);
  table.values.resize(features, static_cast<Index>(table.cells.size()));
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  for (float& value : table.values.reshaped()) value = normal(random);
  return table;
}

Table numbered(Index cells, Index features) {
  std::vector<std::string> names;
  for (Index c = 0; c < cells; ++c) names.push_back("cell" + std::to_string(c));
  return table_of(std::move(names), features);
}

std::vector<std::string> cells_of(const std::string& h5ad) {
  const h5::File file = h5::File::open_read(h5ad);
  const h5ad::Table obs(file, "obs");
  return obs.read(obs.index()).as_texts();
}

/// Writes an output for the cells of `input` (all, or those at `kept`) and carries over.
void carry(const std::string& input, const std::string& output, const std::vector<Index>& kept,
           Index block = 7) {
  const std::vector<std::string> all = cells_of(input);
  std::vector<std::string> names;
  for (const Index cell : kept) names.push_back(all.at(static_cast<std::size_t>(cell)));
  Table table = table_of(kept.empty() ? all : names, 5);
  table.input_cells = kept;
  SinkOptions options;
  options.carry_from = input;
  drive(table, output, options, block);
}

class H5adCarry : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::python_has("anndata")) GTEST_SKIP() << "no anndata in /usr/bin/python3";
    ASSERT_EQ(test::run_python("make_carry_inputs.py", {folder}), 0);
  }
  [[nodiscard]] std::string input(const std::string& name) const {
    return folder / (name + ".h5ad");
  }

  Scratch folder;
  std::string output = folder / "out.h5ad";
};

TEST(H5adSink, WritesWhatAnndataReads) {
  if (!test::python_has("anndata")) GTEST_SKIP() << "no anndata in /usr/bin/python3";
  const Scratch folder;
  test::Checks checks;
  for (const Index cells : {Index{0}, Index{1}, Index{9000}}) {
    const Table table = numbered(cells, 5);
    const std::string name = folder / std::to_string(cells);
    drive(table, name + ".h5ad", {}, 1000);
    drive(table, name + ".csv", {}, 1000);
    checks.add({"header", name + ".h5ad"});
    checks.add({"csv_equals_h5ad", name + ".csv", name + ".h5ad"});
  }
  EXPECT_EQ(checks.run(), 0);
}

TEST(H5adSink, WritesTheSameBytesForAnyBlockSizeAndWhetherTheNumberOfCellsIsKnown) {
  const Scratch folder;
  Table table = numbered(700, 1300);  // chunks of 64 cells
  drive(table, folder / "whole.h5ad", {}, 700);
  const std::string whole = content(folder / "whole.h5ad");
  table.header.n_cells = 700;
  for (const Index block : {1, 7, 64, 256}) {
    drive(table, folder / "blocks.h5ad", {}, block);
    EXPECT_TRUE(content(folder / "blocks.h5ad") == whole) << block;
  }
}

TEST(H5adSink, KeepsDuplicateAndForeignCellNames) {
  if (!test::python_has("anndata")) GTEST_SKIP() << "no anndata in /usr/bin/python3";
  const Scratch folder;
  drive(table_of({"a", "a", "caf\xe9", "\u03b2"}, 3), folder / "out.h5ad", {});
  EXPECT_THAT(cells_of(folder / "out.h5ad"), ElementsAre("a", "a", "caf\u00e9", "\u03b2"));
  EXPECT_EQ(test::run_python("check_sinks.py", {"plain", folder / "out.h5ad"}), 0);
}

TEST(H5adSink, LeavesAnExistingFileAndNothingElseWhenItIsNotFinished) {
  const Scratch folder;
  test::put(folder / "out.h5ad", "old");
  {
    const Table table = numbered(10, 3);
    const auto sink = open_sink(folder / "out.h5ad", {});
    sink->begin(table.header);
    EncodedBlock block;
    block.cells = table.cells;
    sink->encode(table.values, block);
    sink->write(std::move(block));
  }
  EXPECT_EQ(content(folder / "out.h5ad"), "old");
  EXPECT_THAT(entries(folder), ElementsAre("out.h5ad"));
}

/// Whatever the limit, the failing write is another: of X, of a table, or when HDF5 closes.
TEST(H5adSink, ReportsAFileThatMayNotGrowWhereverThatHappensAndLeavesNothing) {
  const Scratch folder;
  const Table table = numbered(300, 400);
  drive(table, folder / "whole.h5ad", {}, 50);
  const auto size = static_cast<rlim_t>(std::filesystem::file_size(folder / "whole.h5ad"));
  std::filesystem::remove(folder / "whole.h5ad");
  for (rlim_t limit = 100; limit < size; limit += size / 23) {
    const test::FileSizeLimit limited(limit);
    try {
      drive(table, folder / "out.h5ad", {}, 50);
      FAIL() << "a lost byte was not noticed at " << limit << " of " << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::not_written);
      EXPECT_THAT(error.what(), HasSubstr("out.h5ad: cannot be written: File too large")) << limit;
    }
    EXPECT_THAT(entries(folder), IsEmpty()) << limit;
  }
  drive(table, folder / "out.h5ad", {}, 50);
  EXPECT_THAT(entries(folder), ElementsAre("out.h5ad"));
}

TEST(H5adSink, ReportsAFullDiskWithTheSystemsReason) {
  const Scratch folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "no small file system can be mounted here";
  }
  for (const std::string name : {"/out.h5ad", "/out.tsv", "/out.csv.gz"}) {
    try {
      drive(numbered(3000, 400), disk + name, {}, 50);
      ADD_FAILURE() << "a lost byte was not noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::not_written);
      EXPECT_THAT(error.what(), HasSubstr("No space left on device"));
    }
    EXPECT_THAT(entries(disk), IsEmpty());
  }
  umount(disk.c_str());
}

TEST_F(H5adCarry, CarriesEveryLayoutOver) {
  test::Checks checks;
  for (const std::string name : {"modern", "old_0_7", "old_0_5"}) {
    const std::string written = folder / (name + "-out.h5ad");
    carry(input(name), written, {});
    checks.add({"carried", input(name), written});
  }
  EXPECT_EQ(checks.run(), 0);
}

TEST_F(H5adCarry, KeepsOnlyTheCellsThatWereNotSkipped) {
  const std::vector<Index> kept = {0, 1, 2, 5, 9, 10, 21};
  test::Checks checks;
  for (const std::string name : {"modern", "old_0_7", "old_0_5"}) {
    const std::string written = folder / (name + "-out.h5ad");
    carry(input(name), written, kept, 3);
    std::vector<std::string> check = {"carried", input(name), written};
    for (const Index cell : kept) check.push_back(std::to_string(cell));
    checks.add(check);
  }
  EXPECT_EQ(checks.run(), 0);
}

TEST_F(H5adCarry, WritesTheSameBytesAgain) {
  carry(input("modern"), output, {});
  carry(input("modern"), folder / "again.h5ad", {}, 23);
  EXPECT_TRUE(content(output) == content(folder / "again.h5ad"));
}

TEST_F(H5adCarry, RewritesWhatOnlyNewerAnndataKnows) {
  carry(input("newer"), output, {});
  EXPECT_EQ(test::run_python("check_sinks.py", {"newer", output}), 0);
}

TEST_F(H5adCarry, RefusesWhatLeavesTheFileOrGoesInCirclesAndKeepsTheRest) {
  carry(input("hostile"), output, {});
  EXPECT_EQ(test::run_python("check_sinks.py", {"hostile", output}), 0);
}

TEST_F(H5adCarry, CarriesNothingFromAFileOfOtherCells) {
  Table table = numbered(40, 3);  // more than the input has
  SinkOptions options;
  options.carry_from = input("modern");
  drive(table, output, options);
  options.carry_from = folder / "absent.h5ad";
  drive(table, folder / "second.h5ad", options);
  test::Checks checks;
  checks.add({"plain", output});
  checks.add({"plain", folder / "second.h5ad"});
  EXPECT_EQ(checks.run(), 0);
}

/// A damaged input is no reason to lose the predictions: here one that was cut, or holds a hole.
/// (Damage in HDF5's own tables can crash HDF5 1.10.8 itself.)
TEST_F(H5adCarry, SurvivesDamagedInputs) {
  const std::string whole = content(input("modern"));
  const std::vector<std::string> cells = cells_of(input("modern"));
  SinkOptions options;
  options.carry_from = folder / "damaged.h5ad";
  for (std::size_t part = 0; part < 16; ++part) {
    const std::size_t cut = whole.size() * part / 16;
    std::string hole = whole;
    hole.replace(cut, 3000, std::string(std::min<std::size_t>(3000, whole.size() - cut), '\0'));
    for (const std::string& bytes : {whole.substr(0, cut), hole}) {
      test::put(options.carry_from.file, bytes);
      drive(table_of(cells, 3), output, options, 10);
      EXPECT_EQ(cells_of(output), cells);
    }
  }
}

/// The real files beside the checkout, where they are.
TEST(H5adCarryOfRealFiles, EqualsTheOriginalAsAnndataReadsIt) {
  const std::filesystem::path shared =
      std::filesystem::path(SICMIR_PROJECT_DIR) / "../shared/data/singlecell/h5ad";
  if (!std::filesystem::exists(shared)) GTEST_SKIP() << "../shared is not here";
  if (!test::python_has("anndata")) GTEST_SKIP() << "no anndata in /usr/bin/python3";
  const Scratch folder;
  test::Checks checks;
  for (const auto& entry : std::filesystem::directory_iterator(shared)) {
    if (entry.path().extension() != ".h5ad") continue;
    const std::string input = entry.path().string();
    const std::string whole = folder / ("whole-" + entry.path().filename().string());
    const std::string two = folder / ("two-" + entry.path().filename().string());
    carry(input, whole, {}, 100);
    carry(input, two, {0, 1}, 100);
    checks.add({"carried", input, whole});
    checks.add({"carried", input, two, "0", "1"});
  }
  EXPECT_EQ(checks.run(), 0);
}

}  // namespace
}  // namespace sicmir
