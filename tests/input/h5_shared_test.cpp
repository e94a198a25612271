// SPDX-License-Identifier: BSD-3-Clause
/// Real files of other projects, where ../shared stands beside the checkout.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "support/h5_fixture.hpp"

namespace sicmir {
namespace {

using test::Cell;
using test::open_and_select;
using test::panel_of;
using test::read_cells;
using test::table;
using testing::HasSubstr;

const std::string shared = std::string(SICMIR_PROJECT_DIR) + "/../shared";
const std::string files = shared + "/data/singlecell/";

class RealFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(files)) GTEST_SKIP() << "needs " << files;
    std::vector<std::vector<std::string>> genes;
    for (const auto& line : table(shared + "/reference/landmarks.tsv")) {
      if (line.at(0) != "symbol_sicmir") genes.push_back({line[0], line.at(5), line.at(2)});
    }
    index_ = std::make_unique<GeneIndex>(panel_of(genes));
  }

  std::vector<Cell> cells(const std::string& file, const std::string& layer = "auto",
                          const std::string& genome = "") {
    SourceOptions options;
    options.layer = layer;
    options.genome = genome;
    auto opened = open_and_select(files + file, options, *index_);
    matrix_ = opened.source->description().matrix;
    return read_cells(*opened.source, index_->panel_size(), 97);
  }

  /// Runs Python lines that print one number per cell.
  static std::vector<double> numbers(const std::string& program) {
    const test::Scratch folder;
    test::put(folder / "p.py", program);
    const std::string out = folder / "out";
    EXPECT_EQ(
        std::system(
            ("/usr/bin/python3 -W ignore '" + (folder / "p.py") + "' > '" + out + "'").c_str()),
        0);
    std::vector<double> values;
    for (const auto& line : table(out)) values.push_back(std::stod(line.at(0)));
    return values;
  }

  static void expect_totals(const std::vector<Cell>& got, const std::vector<double>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    ASSERT_GT(got.size(), 0u);
    for (std::size_t c = 0; c < got.size(); ++c) {
      ASSERT_NEAR(got[c].total, wanted[c], 1e-9 * std::abs(wanted[c])) << c;
    }
  }

  std::unique_ptr<GeneIndex> index_;
  std::string matrix_;
};

TEST_F(RealFiles, TenxTotalsEqualThoseOfTheMatrixMarketTwin) {
  // This panel's one mouse match is an accident; GeneMap refuses mouse, so totals come from a
  // source whose genes are selected by the mouse ids themselves.
  SourceOptions options;
  auto source = open_h5_source(files + "tenx_h5/mouse_visium_cr3_full.h5", options, *index_);
  PanelGene gene;
  gene.symbol = gene.current_symbol = "Sox17";
  gene.ensembl_id = source->features().columns.front().ids.at(5);
  const GeneIndex index(GenePanel{{gene}});
  FeatureTable features;
  features.columns.push_back(
      {"made up", std::vector<std::string>(source->features().columns.front().ids.size(), "x")});
  features.columns.front().ids[5] = "Sox17";
  GeneMapOptions map_options;
  map_options.min_panel = 0;
  const GeneMap map(index, features, map_options, "test");
  source->select(map);
  const auto got = read_cells(*source, 1, 256);
  const std::string folder = files + "mtx/mouse_visium_cr3/matrix.mtx.gz";
  expect_totals(got, numbers("import scipy.io, gzip\n"
                             "for t in scipy.io.mmread(gzip.open('" +
                             folder + "')).tocsc().sum(0).tolist()[0]: print(t)\n"));
}

TEST_F(RealFiles, Archive05AndTodaysFileHoldTheSameRawValues) {
  const auto old_cells = cells("h5ad/pbmc68k_reduced.anndata0.5_archive.h5ad");
  EXPECT_EQ(matrix_, "raw/X");
  const auto new_cells = cells("h5ad/pbmc68k_reduced.scanpy_latest.h5ad");
  EXPECT_EQ(matrix_, "raw/X");
  ASSERT_EQ(old_cells.size(), 700u);
  ASSERT_EQ(new_cells.size(), 700u);
  for (std::size_t c = 0; c < 700; ++c) {
    ASSERT_EQ(old_cells[c].name, new_cells[c].name);
    ASSERT_EQ(old_cells[c].total, new_cells[c].total);
    ASSERT_EQ(old_cells[c].values, new_cells[c].values);
  }
  expect_totals(new_cells, numbers("import anndata\n"
                                   "a = anndata.read_h5ad('" +
                                   files +
                                   "h5ad/pbmc68k_reduced.scanpy_latest.h5ad').raw.X.astype('f8')\n"
                                   "for t in a.sum(1).A1: print(repr(float(t)))\n"));
}

TEST_F(RealFiles, LzfChunksHoldWhatH5pyReads) {
  const auto got = cells("h5ad/scvi_pbmc_10k_protein_v3.h5ad");
  EXPECT_EQ(matrix_, "X");
  const std::string path = files + "h5ad/scvi_pbmc_10k_protein_v3.h5ad";
  expect_totals(got, numbers("import h5py, numpy\n"
                             "for t in h5py.File('" +
                             path + "')['X'][:].astype('f8').sum(1): print(repr(float(t)))\n"));
  const auto gene = static_cast<std::size_t>(index_->find("CDK4")->gene);
  const auto values = numbers(
      "import anndata\n"
      "for v in anndata.read_h5ad('" +
      path + "')[:, 'CDK4'].X.ravel(): print(repr(float(v)))\n");
  for (std::size_t c = 0; c < got.size(); ++c) {
    EXPECT_EQ(static_cast<double>(got[c].values[gene]), values[c]);
  }
}

TEST_F(RealFiles, EveryFileIsReadOrRefusedWithItsReason) {
  // File -> matrix taken, or (after "!") a part of the refusal.
  const std::map<std::string, std::string> wanted = {
      {"h5ad/anndata_archive_v0.7.0.h5ad", "raw/X"},
      {"h5ad/anndata_archive_v0.11.4.h5ad", "!X is absent"},
      {"h5ad/cellxgene_schema_example_valid.h5ad", "raw/X"},
      {"h5ad/pbmc68k_reduced.anndata0.5_archive.h5ad", "raw/X"},
      {"h5ad/pbmc68k_reduced.scanpy_latest.h5ad", "raw/X"},
      {"h5ad/scvi_pbmc_10k_protein_v3.h5ad", "X"},
      {"h5ad/t-cells.h5ad", "layers/raw_counts"},
      {"h5ad/zellkonverter_example_anndata.h5ad", "layers/counts"},
      {"tenx_h5/mouse_visium_cr3_full.h5", ""},
      {"tenx_h5/scanpy_cr1.2.0_multiple_genomes.h5", "!another_genome, hg19_chr21"},
      {"tenx_h5/scanpy_cr3.0.0_filtered_feature_bc_matrix.h5", ""},
      {"tenx_h5/scanpy_visium2.1.0_raw_probe_bc_matrix.h5", ""},
      {"loom/SCENIC_expr_mat_small.loom", "matrix"},
      {"loom/SCENIC_expr_mat_tiny.loom", "matrix"},
  };
  for (const auto& [file, outcome] : wanted) {
    SCOPED_TRACE(file);
    try {
      const auto source = open_h5_source(files + file, SourceOptions{}, *index_);
      EXPECT_EQ(source->description().matrix, outcome);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input);
      ASSERT_TRUE(outcome.starts_with("!")) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(outcome.substr(1)));
    }
  }
  const auto chr21 = cells("tenx_h5/scanpy_cr1.2.0_multiple_genomes.h5", "auto", "hg19_chr21");
  EXPECT_EQ(chr21.size(), 12u);
}

}  // namespace
}  // namespace sicmir
