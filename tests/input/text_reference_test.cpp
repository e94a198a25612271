// SPDX-License-Identifier: BSD-3-Clause
/// Text inputs against pandas and scipy, which Debian's python3 runs.

#include <cmath>
#include <cstring>

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using testing::Cells;
using testing::panel_of;
using testing::read_path;
using testing::ReadOptions;
using testing::TempFolder;

bool run_python(const std::string& script, const std::string& arguments) {
  const std::string command = "PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 " SICMIR_TEST_DATA
                              "/text/" +
                              script + " " + arguments;
  return std::system(command.c_str()) == 0;
}

bool has_python() {
  return std::system("/usr/bin/python3 -c 'import pandas, scipy' 2>/dev/null") == 0;
}

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

template <class T>
std::vector<T> numbers_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<T> numbers(std::filesystem::file_size(path) / sizeof(T));
  file.read(reinterpret_cast<char*>(numbers.data()),
            static_cast<std::streamsize>(numbers.size() * sizeof(T)));
  return numbers;
}

struct Reference {
  explicit Reference(const std::filesystem::path& folder)
      : genes(lines_of(folder / "genes.txt")),
        cells(lines_of(folder / "cells.txt")),
        values(numbers_of<float>(folder / "values.f32")),
        totals(numbers_of<double>(folder / "totals.f64")),
        quartiles(numbers_of<double>(folder / "quartiles.f64")) {}
  std::vector<std::string> genes, cells;
  std::vector<float> values;
  std::vector<double> totals, quartiles;
};

/// Every bit of the values and quartiles; totals up to the order of summation.
void expect_equal(const Cells& cells, const Reference& reference) {
  ASSERT_EQ(cells.names, reference.cells);
  ASSERT_EQ(cells.values.size() * reference.genes.size(), reference.values.size());
  for (std::size_t c = 0; c < cells.values.size(); ++c) {
    const float* expected = &reference.values[c * reference.genes.size()];
    for (std::size_t g = 0; g < reference.genes.size(); ++g) {
      ASSERT_EQ(cells.values[c][g], expected[g]) << cells.names[c] << " " << reference.genes[g];
    }
    ASSERT_NEAR(cells.totals[c], reference.totals[c], 1e-12 * std::abs(reference.totals[c]));
    if (!cells.quartiles.empty()) {
      ASSERT_EQ(cells.quartiles[c], reference.quartiles[c]);
    }
  }
}

TEST(TextReference, EveryFormGivesTheNumbersOfPandasAndScipy) {
  if (!has_python()) GTEST_SKIP() << "/usr/bin/python3 has no pandas and scipy";
  const TempFolder folder;
  ASSERT_TRUE(run_python("make_tables.py", folder.path().string()));
  const Reference reference(folder.path() / "reference");
  const GeneIndex index(panel_of(reference.genes));
  for (const char* form : {"cells.csv", "genes.csv", "genes.tsv.gz", "cells_semicolon.csv",
                           "genes_quoted.csv", "genes_exponents.tsv", "genes_r.txt", "mtx_by_cell",
                           "mtx_by_gene", "mtx_random", "mtx_kallisto"}) {
    for (const Index block : {1, 2, 7, 256, 1000000}) {
      for (const Index quartiles : {0, 1000}) {
        SCOPED_TRACE(form);
        ReadOptions options;
        options.block_cells = block;
        options.source.upper_quartile_up_to = quartiles;
        const Cells cells = read_path((folder.path() / form).string(), index, options);
        expect_equal(cells, reference);
        EXPECT_EQ(cells.quartiles.empty(), quartiles == 0);
      }
    }
  }
}

class SharedText : public ::testing::TestWithParam<const char*> {};

TEST_P(SharedText, EqualsPandasAndScipy) {
  const std::filesystem::path data = SICMIR_PROJECT_DIR "/../shared/data/singlecell";
  if (!std::filesystem::exists(data)) GTEST_SKIP() << "no real data beside the project";
  if (!has_python()) GTEST_SKIP() << "/usr/bin/python3 has no pandas and scipy";
  const TempFolder folder;
  const std::string path = (data / GetParam()).string();
  ASSERT_TRUE(run_python("read_table.py", path + " " + folder.path().string()));
  const Reference reference(folder.path());
  expect_equal(read_path(path, GeneIndex(panel_of(reference.genes), false), {{}, 100, {}}),
               reference);
}

INSTANTIATE_TEST_SUITE_P(Files, SharedText,
                         ::testing::Values("csv/HSMM_fpkm_ensembl_version.tsv.gz",
                                           "csv/seurat_pbmc_raw.txt",
                                           "csv/oligodendroglioma_expression_downsampled.counts."
                                           "matrix.gz",
                                           "mtx/seurat_pbmc_v2", "mtx/scanpy_cr3.0.0",
                                           "mtx/scanpy_cr1.2.0_hg19_chr21"));

TEST(SharedMtx, TotalsOfAWholeTranscriptomeEqualScipys) {
  const std::filesystem::path path =
      SICMIR_PROJECT_DIR "/../shared/data/singlecell/mtx/mouse_visium_cr3";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no real data beside the project";
  if (!has_python()) GTEST_SKIP() << "/usr/bin/python3 has no pandas and scipy";
  const TempFolder folder;
  ASSERT_TRUE(run_python("read_table.py", path.string() + " " + folder.path().string()));
  const Reference reference(folder.path());
  // A mouse: no gene map is made of it; every feature counts and none is in the panel.
  const GeneIndex index(panel_of({"TP53"}));
  const auto source = open_source(path.string(), {}, index);
  FeatureTable features;
  features.columns = {{"made up", std::vector<std::string>(
                                      static_cast<std::size_t>(source->features().size()), "x")}};
  features.columns[0].ids[0] = "TP53";
  const GeneMap map(index, features, {0.1, Duplicates::automatic}, "file");
  source->select(map);
  const Cells cells = testing::read_cells(*source, map, 256);
  EXPECT_EQ(cells.names, reference.cells);
  EXPECT_EQ(cells.totals, reference.totals);
}

}  // namespace
}  // namespace sicmir
