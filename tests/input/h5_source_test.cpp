// SPDX-License-Identifier: BSD-3-Clause
/// Every HDF5 layout gives the values that numpy computed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>

#include "genes/genomes.hpp"
#include "input/h5_matrix_source.hpp"
#include "support/h5_fixture.hpp"

namespace sicmir {
namespace {

using test::Cell;
using test::Fixtures;
using test::open_and_select;
using test::panel_of;
using test::read_cells;
using test::table;
using testing::ElementsAre;
using testing::HasSubstr;

class H5Layouts : public testing::Test {
 protected:
  static void SetUpTestSuite() { fixtures_ = std::make_unique<Fixtures>("make_h5ad_layouts.py"); }
  static void TearDownTestSuite() { fixtures_.reset(); }
  static inline std::unique_ptr<Fixtures> fixtures_;

  GeneIndex index_{panel_of(table(*fixtures_ / "panel.tsv"))};

  std::vector<Cell> expected(const std::string& name) const {
    std::vector<Cell> cells;
    for (const auto& line : table(*fixtures_ / ("expected_" + name + ".tsv"))) {
      Cell cell{line.at(0), std::stod(line.at(1)), 0, {}};
      for (std::size_t i = 2; i < line.size(); ++i) cell.values.push_back(std::stof(line[i]));
      cells.push_back(std::move(cell));
    }
    return cells;
  }

  static void expect_equal(const std::vector<Cell>& got, const std::vector<Cell>& wanted) {
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t c = 0; c < got.size(); ++c) {
      ASSERT_EQ(got[c].name, wanted[c].name);
      ASSERT_EQ(got[c].total, wanted[c].total) << got[c].name;
      ASSERT_EQ(got[c].values, wanted[c].values) << got[c].name;
    }
  }
};

TEST_F(H5Layouts, EveryLayoutGivesTheSameCellsAtAnyBlockSize) {
  const auto manifest = table(*fixtures_ / "manifest.tsv");
  ASSERT_GT(manifest.size(), 90u);
  for (const auto& line : manifest) {
    const std::string& file = line.at(0);
    SCOPED_TRACE(file + ", layer " + line.at(1) + ", genome " + line.at(2));
    SourceOptions options;
    options.layer = line.at(1);
    options.genome = line.at(2);
    const std::vector<Cell> wanted = expected(line.at(3));
    for (const Index block_size : {1, 7, 256}) {
      auto opened = open_and_select(*fixtures_ / file, options, index_);
      EXPECT_EQ(opened.source->description().matrix, line.at(4));
      EXPECT_EQ(opened.source->description().gene_major, line.at(5) == "1");
      EXPECT_EQ(opened.source->n_cells(), 23);
      EXPECT_GT(opened.source->memory_bytes(), 0u);
      expect_equal(read_cells(*opened.source, index_.panel_size(), block_size), wanted);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_F(H5Layouts, SeekGivesTheCellsFromThere) {
  for (const char* file : {"csr_chunks0.h5ad", "csc_chunks0.h5ad", "dense_chunks_7x9.h5ad",
                           "dense_f4.h5ad", "tenx_v3.h5", "v0.5.h5ad"}) {
    SCOPED_TRACE(file);
    SourceOptions options;
    auto opened = open_and_select(*fixtures_ / file, options, index_);
    ASSERT_TRUE(opened.source->can_seek());
    const auto all = read_cells(*opened.source, index_.panel_size(), 4);
    for (const Index start : {19, 3, 0, 22, 11}) {
      opened.source->seek(start);
      const auto part = read_cells(*opened.source, index_.panel_size(), 3, 4);
      const Index end = std::min<Index>(start + 4, 23);
      expect_equal(part, {all.begin() + start, all.begin() + end});
    }
    opened.source->seek(23);
    CellBlock block;
    EXPECT_FALSE(opened.source->next(block, 5));
    EXPECT_TRUE(block.empty());
  }
}

TEST_F(H5Layouts, EveryOrderDeliversTheSameUpperQuartiles) {
  // Cell 0 by hand: the smallest value that is at least as large as 75 % of the non-zero ones.
  std::vector<std::vector<Cell>> found;
  for (const char* file : {"csr_f4.h5ad", "csc_gzip", "dense_f4.h5ad", "csr_repeated.h5ad"}) {
    SCOPED_TRACE(file);
    const std::string name = std::string(file) == "csc_gzip" ? "v0.8_csc_gzip.h5ad" : file;
    SourceOptions options;
    options.upper_quartile_up_to = 23;
    auto opened = open_and_select(*fixtures_ / name, options, index_);
    found.push_back(read_cells(*opened.source, index_.panel_size(), 7));
    ASSERT_EQ(found.back().size(), 23u);
    EXPECT_GT(found.back()[0].upper_quartile, 0);
    EXPECT_EQ(found.back()[4].upper_quartile, 0);  // the empty cell
    for (std::size_t c = 0; c < 23; ++c) {
      EXPECT_EQ(found.back()[c].upper_quartile, found.front()[c].upper_quartile) << c;
    }
  }
  SourceOptions options;
  options.upper_quartile_up_to = 22;  // one cell fewer than there are
  auto opened = open_and_select(*fixtures_ / "csr_f4.h5ad", options, index_);
  CellBlock block;
  ASSERT_TRUE(opened.source->next(block, 30));
  EXPECT_TRUE(block.upper_quartiles.empty());
}

TEST_F(H5Layouts, DescribesWhatItTookAndWhy) {
  const auto describe = [&](const std::string& file, const std::string& layer = "auto") {
    SourceOptions options;
    options.layer = layer;
    return open_h5_source(*fixtures_ / file, options, index_)->description();
  };
  const SourceDescription layers = describe("v0.8_layers.h5ad");
  EXPECT_EQ(layers.format, "AnnData h5ad");
  EXPECT_TRUE(layers.is_h5ad);
  EXPECT_EQ(layers.path, *fixtures_ / "v0.8_layers.h5ad");
  EXPECT_EQ(layers.storage, "CSR float32, int32 indices");
  EXPECT_THAT(layers.matrix_reason, HasSubstr("counts"));
  EXPECT_THAT(layers.other_matrices,
              ElementsAre("X", "raw/X", "layers/scale.data", "layers/spliced"));
  EXPECT_EQ(describe("v0.8_layers.h5ad", "X").matrix_reason, "");
  EXPECT_THAT(describe("v0.8_variable_genes.h5ad").matrix_reason, HasSubstr("covers 20"));
  EXPECT_THAT(describe("v0.5.h5ad").matrix_reason, HasSubstr("negative"));
  EXPECT_EQ(describe("v0.8_csr_lzf.h5ad").storage, "CSR float32, int32 indices, LZF");
  EXPECT_EQ(describe("dense_chunks_7x9.h5ad").storage,
            "dense float32, chunks of 7 cells x 9 genes, shuffle, LZF");
  const SourceDescription tenx = describe("tenx_v3.h5");
  EXPECT_EQ(tenx.format, "10x HDF5 v3");
  EXPECT_EQ(tenx.storage, "CSC (genes x cells) int32, int64 indices, shuffle, gzip");
  EXPECT_FALSE(tenx.is_h5ad);
  EXPECT_EQ(describe("tenx_v2.h5").format, "10x HDF5 v2");
}

TEST(Genomes, SymbolsJoinedToIdsAreNoGenomes) {
  FeatureTable features;
  features.columns.push_back({"id", {}});
  for (int i = 0; i < 20; ++i) {
    features.columns[0].ids.push_back("GENE" + std::to_string(i) + "_ENSG00000141" +
                                      std::to_string(500 + i));
  }
  const FeatureTable before = features;
  EXPECT_THAT(choose_genome(features, {}, "", "file"), testing::IsEmpty());
  EXPECT_EQ(features.columns[0].ids, before.columns[0].ids);
  EXPECT_TRUE(features.counted.empty());
}

TEST(Genomes, PaddedPrefixesAreTakenOffWhole) {
  FeatureTable features;
  features.columns.push_back(
      {"id", {"hg19_ENSG00000141510", "mm10___ENSMUSG00000059552", "hg19_ENSG00000136997"}});
  features.columns.push_back({"name", {"hg19_TP53", "mm10___Trp53", "hg19_MYC"}});
  FeatureTable mouse = features;
  EXPECT_THAT(choose_genome(features, {}, "hg19", "file"), testing::IsEmpty());
  EXPECT_THAT(features.columns[1].ids, ElementsAre("TP53", "mm10___Trp53", "MYC"));
  EXPECT_THAT(features.counted, ElementsAre(1, 0, 1));
  EXPECT_THAT(choose_genome(mouse, {}, "mm10", "file"), testing::IsEmpty());
  EXPECT_EQ(mouse.columns[0].ids[1], "ENSMUSG00000059552");
}

TEST_F(H5Layouts, NamesTheColumnThatMatched) {
  const auto column = [&](const std::string& file, const std::string& genome = "") {
    SourceOptions options;
    options.genome = genome;
    return open_and_select(*fixtures_ / file, options, index_).map->report().column;
  };
  EXPECT_EQ(column("v0.6.h5ad"), "var/gene_symbols");
  EXPECT_EQ(column("v0.7_reference.h5ad"), "var/feature_name");
  EXPECT_EQ(column("nullable_texts.h5ad"), "var/feature_name");
  EXPECT_EQ(column("entrez_integers.h5ad"), "var/entrezgene_id");
  EXPECT_EQ(column("csr_f4.h5ad"), "var/_index");
  EXPECT_EQ(column("cellbender_v2.h5"), "gene_names");
}

TEST_F(H5Layouts, PassesNaNAndInfinityOn) {
  test::Scratch folder;
  const std::string path = folder / "nan.h5ad";
  const std::string script =
      "import sys; sys.path.insert(0, '" SICMIR_TEST_DATA
      "'); "
      "from h5_fixture_common import *; x = COUNTS.astype(np.float32); "
      "x[2, SYMBOLS.index('TP53')] = np.nan; x[3, SYMBOLS.index('MYC')] = np.inf; "
      "h = basic('" +
      std::string(folder) +
      "', 'nan.h5ad'); array(h, 'X', x); "
      "sparse(h, 'layers/s', csr(x), x.shape); h.close()";
  ASSERT_EQ(
      std::system(("PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c \"" + script + "\"").c_str()), 0);
  const auto tp53 = static_cast<std::size_t>(index_.find("TP53")->gene);
  const auto myc = static_cast<std::size_t>(index_.find("MYC")->gene);
  for (const char* layer : {"X", "layers/s"}) {
    SourceOptions options;
    options.layer = layer;
    auto opened = open_and_select(path, options, index_);
    const auto cells = read_cells(*opened.source, index_.panel_size(), 7);
    ASSERT_EQ(cells.size(), 23u);
    EXPECT_TRUE(std::isnan(cells[2].values[tp53])) << layer;
    EXPECT_TRUE(std::isnan(cells[2].total)) << layer;
    EXPECT_TRUE(std::isinf(cells[3].values[myc])) << layer;
  }
}

TEST_F(H5Layouts, ReadsAFileThatAnotherProcessHoldsOpenForWriting) {
  // h5py takes HDF5's lock; a reader that asked for one too would be refused.
  const std::string path = *fixtures_ / "csr_f4.h5ad";
  const std::string ready = *fixtures_ / "ready";
  const std::string go_on = *fixtures_ / "go_on";
  const std::string script = "import h5py, os, time; h = h5py.File('" + path + "', 'r+'); open('" +
                             ready +
                             "', 'w').close(); "
                             "[time.sleep(0.02) for _ in range(1000) if not os.path.exists('" +
                             go_on + "')]";
  ASSERT_EQ(std::system(("/usr/bin/python3 -c \"" + script + "\" &").c_str()), 0);
  for (int i = 0; i < 1000 && !std::filesystem::exists(ready); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ASSERT_TRUE(std::filesystem::exists(ready));
  EXPECT_NO_THROW({
    auto opened = open_and_select(path, SourceOptions{}, index_);
    EXPECT_EQ(read_cells(*opened.source, index_.panel_size(), 7).size(), 23u);
  });
  test::put(go_on, "");
}

}  // namespace
}  // namespace sicmir
