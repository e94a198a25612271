// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using ::testing::AllOf;
using testing::Cells;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::gzip;
using ::testing::HasSubstr;
using testing::message_of;
using testing::panel_of;
using testing::read_path;
using testing::ReadOptions;
using ::testing::StartsWith;
using testing::TempFolder;
using Values = std::vector<float>;

constexpr Index block_sizes[] = {1, 2, 7, 256, 1000000};
constexpr const char* banner = "%%MatrixMarket matrix coordinate real general\n";
constexpr const char* genes_v2 = "ENSG1\tTP53\nENSG2\tOTHER\nENSG3\tEGFR\nENSG4\tLAST\n";
constexpr const char* three_cells = "AAA-1\nCCC-1\nGGG-1\n";

/// Genes TP53 OTHER EGFR LAST; cells AAA-1 (1 4 0 0), CCC-1 (none), GGG-1 (3 0 2.5 0).
constexpr const char* by_cell = "4 3 4\n1 1 1\n2 1 4\n1 3 3\n3 3 2.5\n";
constexpr const char* by_gene = "4 3 4\n1 1 1\n1 3 3\n2 1 4\n3 3 2.5\n";
constexpr const char* in_no_order = "4 3 4\n3 3 2.5\n2 1 4\n1 3 3\n1 1 1\n";

class Mtx : public ::testing::Test {
 protected:
  void write_folder(const std::string& matrix, const std::string& genes = genes_v2,
                    const std::string& cells = three_cells) {
    folder_.write("matrix.mtx", matrix);
    folder_.write("genes.tsv", genes);
    folder_.write("barcodes.tsv", cells);
  }
  Cells read(const ReadOptions& options = {}) {
    return read_path(folder_.path().string(), index_, options);
  }
  std::string error(const ReadOptions& options = {}) {
    return message_of([&] { (void)read(options); });
  }
  void expect_usual(const Cells& cells) {
    EXPECT_THAT(cells.names, ElementsAre("AAA-1", "CCC-1", "GGG-1"));
    EXPECT_THAT(cells.values, ElementsAre(Values{1, 0}, Values{0, 0}, Values{3, 2.5}));
    EXPECT_THAT(cells.totals, ElementsAre(5.0, 0.0, 5.5));
  }

  TempFolder folder_;
  GeneIndex index_{panel_of({"TP53", "EGFR"})};
};

TEST_F(Mtx, ReadsEveryOrderOfEntriesInEveryBlockSize) {
  for (const char* entries : {by_cell, by_gene, in_no_order}) {
    write_folder(std::string(banner) + entries);
    for (const Index block : block_sizes) {
      ReadOptions options;
      options.block_cells = block;
      expect_usual(read(options));
    }
  }
}

TEST_F(Mtx, ReadsV3FoldersAndCountsGeneExpressionOnly) {
  folder_.write("matrix.mtx.gz",
                gzip(std::string(banner) + "5 3 5\n1 1 1\n2 1 4\n5 1 100\n1 3 3\n3 3 2.5\n"));
  folder_.write("features.tsv.gz",
                gzip("ENSG1\tTP53\tGene Expression\nENSG2\tOTHER\tGene Expression\n"
                     "ENSG3\tEGFR\tGene Expression\nENSG4\tLAST\tGene Expression\n"
                     "CD3\tCD3\tAntibody Capture\n"));
  folder_.write("barcodes.tsv.gz", gzip(three_cells));
  expect_usual(read());
  const auto source = open_source(folder_.path().string(), {}, index_);
  EXPECT_EQ(source->features().columns[0].name, "column 1 of features.tsv.gz");
  EXPECT_EQ(source->features().columns[1].name, "column 2 of features.tsv.gz");
  EXPECT_EQ(source->features().columns.size(), 2u);
  EXPECT_THAT(source->features().counted, ElementsAre(1, 1, 1, 1, 0));
  EXPECT_EQ(source->n_cells(), 3);
}

TEST_F(Mtx, RefusesAFolderWithoutGeneExpression) {
  folder_.write("matrix.mtx", std::string(banner) + "1 1 1\n1 1 1\n");
  folder_.write("features.tsv", "chr1:1-2\tchr1:1-2\tPeaks\n");
  folder_.write("barcodes.tsv", "A\n");
  ReadOptions options;
  options.source.orientation = Orientation::genes_as_lines;
  EXPECT_THAT(error(options), HasSubstr("no feature of type Gene Expression (only Peaks)"));
}

TEST_F(Mtx, ReadsStarsoloAndOneColumnGeneLists) {
  folder_.write("matrix.mtx", std::string(banner) + by_cell);
  folder_.write("barcodes.tsv", three_cells);
  folder_.write("features.tsv", "TP53\nOTHER\nEGFR\nLAST\n");
  expect_usual(read());
}

TEST_F(Mtx, ReadsTheMatrixPathAndBothKindsOfGeoPrefix) {
  for (const char* middle : {"GSM1_x_", "GSM1_x."}) {
    const TempFolder geo;
    const std::string prefix = middle;
    geo.write(prefix + "matrix.mtx.gz", gzip(std::string(banner) + by_cell));
    geo.write(prefix + "genes.tsv.gz", gzip(genes_v2));
    geo.write(prefix + "barcodes.tsv", three_cells);
    geo.write("GSM2_y_genes.tsv", "wrong\n");
    geo.write("GSM2_y_barcodes.tsv", "wrong\n");
    expect_usual(read_path((geo.path() / (prefix + "matrix.mtx.gz")).string(), index_));
    expect_usual(read_path((geo.path() / "GSM1_x").string(), index_));
    expect_usual(read_path(geo.path().string(), index_));
  }
}

constexpr const char* cells_by_genes = "3 4 4\n1 1 1\n1 2 4\n3 1 3\n3 3 2.5\n";

TEST_F(Mtx, ReadsKallisto) {
  folder_.write("cells_x_genes.mtx", std::string(banner) + cells_by_genes);
  folder_.write("cells_x_genes.genes.txt", "ENSG1\nENSG2\nENSG3\nENSG4\n");
  folder_.write("cells_x_genes.genes.names.txt", "TP53\nOTHER\nEGFR\nLAST\n");
  folder_.write("cells_x_genes.barcodes.txt", three_cells);
  expect_usual(read());
}

TEST_F(Mtx, ReadsAlevin) {
  folder_.write("quants_mat.mtx.gz", gzip(std::string(banner) + cells_by_genes));
  folder_.write("quants_mat_cols.txt", "TP53\nOTHER\nEGFR\nLAST\n");
  folder_.write("quants_mat_rows.txt", three_cells);
  expect_usual(read());
}

TEST_F(Mtx, AddsSplicedAndAmbiguousOfAlevinFry) {
  folder_.write("quants_mat.mtx",
                std::string(banner) + "1 6 6\n1 1 1\n1 2 2\n1 3 10\n1 4 20\n1 5 100\n1 6 200\n");
  folder_.write("quants_mat_cols.txt", "TP53\nEGFR\nTP53-U\nEGFR-U\nTP53-A\nEGFR-A\n");
  folder_.write("quants_mat_rows.txt", "AAA\n");
  const Cells cells = read();
  EXPECT_THAT(cells.values, ElementsAre(Values{101, 202}));
  EXPECT_THAT(cells.totals, ElementsAre(303.0));
}

TEST_F(Mtx, AsksForTheOrientationOfASquareMatrix) {
  write_folder(std::string(banner) + "3 3 2\n2 1 7\n1 3 5\n", "TP53\nOTHER\nEGFR\n");
  EXPECT_THAT(error(), AllOf(StartsWith("3 "), HasSubstr("sides cannot be told apart")));
  ReadOptions options;
  options.source.orientation = Orientation::genes_as_lines;
  EXPECT_THAT(read(options).values, ElementsAre(Values{0, 0}, Values{0, 0}, Values{5, 0}));
  options.source.orientation = Orientation::cells_as_lines;
  EXPECT_THAT(read(options).values, ElementsAre(Values{0, 5}, Values{7, 0}, Values{0, 0}));
}

TEST_F(Mtx, RefusesAnOrientationThatDoesNotFit) {
  write_folder(std::string(banner) + by_cell);
  ReadOptions options;
  options.source.orientation = Orientation::cells_as_lines;
  EXPECT_THAT(error(options), HasSubstr("4 x 3 with 4 genes and 3 cells"));
}

TEST_F(Mtx, RefusesListsThatDoNotFit) {
  write_folder(std::string(banner) + by_cell, "a\nb\n");
  EXPECT_THAT(error(), AllOf(HasSubstr("4 x 3"), HasSubstr("2 genes"), HasSubstr("3 cells")));
}

TEST_F(Mtx, TakesAListWithAHeader) {
  write_folder(std::string(banner) + by_cell, std::string("id\tsymbol\n") + genes_v2,
               std::string("x\n") + three_cells);
  expect_usual(read());
}

TEST_F(Mtx, NamesTheMissingListAndTheNamesTried) {
  const std::string path = folder_.write("GSM1_x_matrix.mtx", std::string(banner) + by_cell);
  EXPECT_THAT(message_of([&] { (void)read_path(path, index_); }),
              AllOf(HasSubstr("list of its genes"), HasSubstr("GSM1_x_features.tsv"),
                    HasSubstr("GSM1_x_genes.tsv")));
  folder_.write("GSM1_x_genes.tsv", genes_v2);
  EXPECT_THAT(message_of([&] { (void)read_path(path, index_); }),
              AllOf(HasSubstr("list of its cells"), HasSubstr("GSM1_x_barcodes.tsv")));
}

TEST_F(Mtx, SaysWhatItLookedForInAFolder) {
  EXPECT_THAT(error(), AllOf(StartsWith("3 "), HasSubstr("matrix.mtx"), HasSubstr(".gz")));
  folder_.write("raw/matrix.mtx.gz", "");
  EXPECT_THAT(error(), AllOf(HasSubstr("Did you mean \""), HasSubstr("/raw\"?")));
  folder_.write("a.mtx", "");
  folder_.write("b.mtx.gz", "");
  EXPECT_THAT(error(), HasSubstr("2 matrices (a.mtx, b.mtx.gz)"));
}

TEST_F(Mtx, ReadsPatternsIntegersAndComments) {
  write_folder("%%MatrixMarket matrix coordinate pattern general\n% a comment\n\n2 2 2\n1 1\n2 2\n",
               "TP53\nEGFR\n", "A\nB\n");
  ReadOptions options;
  options.source.orientation = Orientation::genes_as_lines;
  EXPECT_THAT(read(options).values, ElementsAre(Values{1, 0}, Values{0, 1}));
  write_folder(
      "%%matrixmarket MATRIX Coordinate Integer General\r\n%x\r\n4 3 2\r\n1 1 7\r\n1 3 1e1",
      genes_v2);
  EXPECT_THAT(read().values, ElementsAre(Values{7, 0}, Values{0, 0}, Values{10, 0}));
}

TEST_F(Mtx, AddsRepeatedEntriesUp) {
  write_folder(std::string(banner) + "4 3 3\n1 1 1\n1 1 2\n2 1 4\n");
  EXPECT_THAT(read().totals, ElementsAre(7.0, 0.0, 0.0));
  EXPECT_EQ(read().values[0], (Values{3, 0}));
}

TEST_F(Mtx, DeliversUpperQuartiles) {
  ReadOptions options;
  options.source.upper_quartile_up_to = 3;
  for (const char* entries : {by_cell, by_gene, in_no_order}) {
    write_folder(std::string(banner) + entries);
    EXPECT_THAT(read(options).quartiles, ElementsAre(4, 0, 3));
  }
}

TEST_F(Mtx, ReadsAMatrixWithoutEntries) {
  write_folder(std::string(banner) + "4 3 0\n");
  EXPECT_THAT(read().totals, ElementsAre(0.0, 0.0, 0.0));
  write_folder(std::string(banner) + "4 3 0\n1 1 1\n");
  EXPECT_THAT(error(), HasSubstr("declares 0 entries, but there are 1"));
}

TEST_F(Mtx, RefusesDamagedMatricesSayingWhereAndWhat) {
  struct Case {
    std::string matrix, expected;
  };
  const std::string b = banner;
  const Case cases[] = {
      {"%%MatrixMarket matrix array real general\n2 2\n", "\"array\""},
      {"%%MatrixMarket matrix coordinate complex general\n2 2 0\n", "\"complex\""},
      {"%%MatrixMarket matrix coordinate real symmetric\n2 2 0\n", "\"symmetric\""},
      {"%%MatrixMarket vector coordinate real general\n2 2 0\n", "is not the banner"},
      {b, "ends before its size line"},
      {b + "4 3\n1 1 1\n", "is not a size line"},
      {b + "4 3 x\n1 1 1\n", "is not a size line"},
      {b + "-4 3 1\n1 1 1\n", "is not a size line"},
      {b + "4 3 99999999999999999999\n1 1 1\n", "is not a size line"},
      {b + "4 3 1000000000000\n1 1 1\n", "cannot hold as many"},
      {b + "4 3 4\n1 1 1\n2 1 4\n1 3 3\n", "after 3 of the 4 entries that line 2 declares"},
      {b + "4 3 2\n1 1 1\n2 1 4\n1 3 3\n2 3 3\n", "declares 2 entries, but there are 4"},
      {b + "4 3 1\n5 1 1\n", "line 3: the entry (5, 1) lies outside"},
      {b + "4 3 1\n1 4 1\n", "line 3: the entry (1, 4) lies outside"},
      {b + "4 3 1\n0 1 1\n", "line 3: the entry (0, 1) lies outside"},
      {b + "4 3 1\n1 1\n", "line 3: \"1 1\" is not an entry"},
      {b + "4 3 1\n1 1 x\n", "is not an entry"},
      {b + "4 3 1\n1 1 1 1\n", "is not an entry"},
      {b + "4 3 1\n1.5 1 1\n", "is not an entry"},
      {b + "4 3 1\n-1 1 1\n", "is not an entry"},
      {b + "4 3 1\n99999999999999999999 1 1\n", "is not an entry"},
  };
  for (const Case& c : cases) {
    write_folder(c.matrix);
    EXPECT_THAT(error(), AllOf(StartsWith("3 "), HasSubstr("matrix.mtx: "), HasSubstr(c.expected)))
        << c.matrix;
  }
}

TEST_F(Mtx, ChoosesAGenome) {
  const std::string features =
      "GRCh38_ENSG00000000001\tGRCh38_TP53\tGene "
      "Expression\nmm10___ENSMUSG00000000002\tmm10___Trp53\tGene Expression\n"
      "GRCh38_ENSG00000000003\tGRCh38_EGFR\tGene "
      "Expression\nmm10___ENSMUSG00000000004\tmm10___Egfr\tGene Expression\n";
  folder_.write("matrix.mtx", std::string(banner) + by_cell);
  folder_.write("features.tsv", features);
  folder_.write("barcodes.tsv", three_cells);
  EXPECT_THAT(error(),
              AllOf(HasSubstr("GRCh38 (2 genes), mm10 (2 genes)"), HasSubstr("probably GRCh38")));
  ReadOptions options;
  options.source.genome = "GRCh38";
  const Cells cells = read(options);
  EXPECT_THAT(cells.values, ElementsAre(Values{1, 0}, Values{0, 0}, Values{3, 2.5}));
  EXPECT_THAT(cells.totals, ElementsAre(1.0, 0.0, 5.5));
  options.source.genome = "hg19";
  EXPECT_THAT(error(options), HasSubstr("no genome 'hg19'"));
}

/// More entries than are read ahead to find the order.
std::string many_entries(bool sorted_by_cell, Index n_genes, Index n_cells,
                         const std::string& last_line) {
  std::string text = std::string(banner) + std::to_string(n_genes) + " " + std::to_string(n_cells) +
                     " " + std::to_string(n_genes * n_cells + (last_line.empty() ? 0 : 1)) + "\n";
  for (Index i = 0; i < (sorted_by_cell ? n_cells : n_genes); ++i) {
    for (Index j = 0; j < (sorted_by_cell ? n_genes : n_cells); ++j) {
      const Index gene = sorted_by_cell ? j : i;
      const Index cell = sorted_by_cell ? i : j;
      text += std::to_string(gene + 1) + " " + std::to_string(cell + 1) + " " +
              std::to_string(gene + cell % 10) + "\n";
    }
  }
  return text + last_line;
}

TEST_F(Mtx, StreamsByCellAndGathersByGeneToTheSameNumbers) {
  constexpr Index n_genes = 2;
  constexpr Index n_cells = 90000;
  std::string cells;
  for (Index c = 0; c < n_cells; ++c) cells += "c" + std::to_string(c) + "\n";
  for (const bool sorted_by_cell : {true, false}) {
    write_folder(many_entries(sorted_by_cell, n_genes, n_cells, ""), "TP53\nEGFR\n", cells);
    EXPECT_EQ(open_source(folder_.path().string(), {}, index_)->description().gene_major,
              !sorted_by_cell);
    ReadOptions options;
    options.block_cells = 1000;
    const Cells read_back = read(options);
    ASSERT_EQ(read_back.names.size(), static_cast<std::size_t>(n_cells));
    for (std::size_t c = 0; c < read_back.names.size(); ++c) {
      const auto tens = static_cast<float>(c % 10);
      ASSERT_EQ(read_back.values[c], (Values{tens, tens + 1}));
      ASSERT_EQ(read_back.totals[c], static_cast<double>(2 * tens + 1));
    }
  }
}

TEST_F(Mtx, RefusesAStreamThatBreaksItsOrder) {
  constexpr Index n_cells = 40000;
  std::string cells;
  for (Index c = 0; c < n_cells; ++c) cells += "c" + std::to_string(c) + "\n";
  write_folder(many_entries(true, 2, n_cells, "1 5 1\n"), "TP53\nEGFR\n", cells);
  EXPECT_THAT(error(), AllOf(StartsWith("3 "), HasSubstr("line 80003: an entry of cell 5 after"),
                             HasSubstr("sort")));
}

TEST_F(Mtx, CannotComeThroughAPipe) {
  const std::string path = folder_.write("m.mtx", std::string(banner) + by_cell);
  std::FILE* saved = ::freopen(path.c_str(), "r", stdin);
  ASSERT_NE(saved, nullptr);
  EXPECT_THAT(message_of([&] { (void)open_source("-", {}, index_); }),
              AllOf(StartsWith("3 standard input"), HasSubstr("pipe")));
}

}  // namespace
}  // namespace sicmir
