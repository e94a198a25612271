// SPDX-License-Identifier: BSD-3-Clause
// GeneSelection::all(): every gene of the file at its own position, from each kind of text reader.
// Values are those written into the files.
#include <string>

#include "support/source_testing.hpp"

namespace sicmir {
namespace {

using testing::Cells;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;
using testing::panel_of;
using testing::read_cells;
using testing::TempFolder;
using Values = std::vector<float>;

class AllGenes : public ::testing::Test {
 protected:
  Cells read(const std::string& path, Orientation orientation, bool opened_for_all,
             Index block_cells) {
    SourceOptions options;
    options.orientation = orientation;
    options.all_genes = opened_for_all;
    const auto source = open_source(path, options, index_);
    const GeneSelection genes = GeneSelection::all(source->features());
    source->select(genes);
    return read_cells(*source, genes, block_cells);
  }

  TempFolder folder_;
  GeneIndex index_{panel_of({"TP53", "EGFR"})};
};

// OTHER occurs twice: these are two features. The last two count nowhere.
constexpr const char* genes_as_lines =
    "gene,c1,c2\nTP53,1,0\nOTHER,4,1\nOTHER,2,0\nEGFR,0,2.5\nENSG00000002586.20_PAR_Y,7,7\n"
    "__no_feature,9,9\n";
constexpr const char* cells_as_lines =
    "cell,TP53,OTHER,OTHER,EGFR,ENSG00000002586.20_PAR_Y,__no_feature\nc1,1,4,2,0,7,9\n"
    "c2,0,1,0,2.5,7,9\n";

TEST_F(AllGenes, HaveTheirOwnPositionsInTablesOfBothOrientations) {
  const std::string by_gene = folder_.write("genes.csv", genes_as_lines);
  const std::string by_cell = folder_.write("cells.csv", cells_as_lines);
  for (const Index block_cells : {1, 2, 100}) {
    for (const Cells& cells : {read(by_gene, Orientation::genes_as_lines, true, block_cells),
                               read(by_cell, Orientation::cells_as_lines, true, block_cells)}) {
      EXPECT_THAT(cells.names, ElementsAre("c1", "c2"));
      EXPECT_THAT(cells.values, ElementsAre(Values{1, 4, 2, 0, 0, 0}, Values{0, 1, 0, 2.5, 0, 0}));
      EXPECT_THAT(cells.totals, ElementsAre(7.0, 3.5));
      EXPECT_THAT(cells.quartiles, IsEmpty());
    }
  }
}

TEST_F(AllGenes, ComeFromMatrixMarketInBothOrders) {
  folder_.write("genes.tsv", "ENSG1\tTP53\nENSG2\tOTHER\nENSG3\tEGFR\n");
  folder_.write("barcodes.tsv", "AAA-1\nCCC-1\n");
  for (const char* entries :
       {"3 2 4\n1 1 1\n2 1 4\n2 2 3\n3 2 2.5\n", "3 2 4\n3 2 2.5\n2 2 3\n2 1 4\n1 1 1\n"}) {
    folder_.write("matrix.mtx",
                  std::string("%%MatrixMarket matrix coordinate real general\n") + entries);
    const Cells cells = read(folder_.path().string(), Orientation::automatic, false, 2);
    EXPECT_THAT(cells.values, ElementsAre(Values{1, 4, 0}, Values{0, 3, 2.5}));
    EXPECT_THAT(cells.totals, ElementsAre(5.0, 5.5));
  }
}

TEST_F(AllGenes, AreNotInATableThatKeptThePanelAlone) {
  const std::string path = folder_.write("genes.csv", genes_as_lines);
  EXPECT_THAT(message_of([&] { (void)read(path, Orientation::genes_as_lines, false, 2); }),
              HasSubstr("opened for some"));
}

TEST_F(AllGenes, SelectionNamesWhatIsThere) {
  FeatureTable features;
  features.columns.push_back({"name", {"A", "A", "B"}});
  features.counted = {1, 1, 0};
  const GeneSelection genes = GeneSelection::all(features);
  EXPECT_TRUE(genes.is_all());
  EXPECT_EQ(genes.size(), 3);
  EXPECT_THAT(genes.positions(), ElementsAre(0, 1, GeneMap::ignored));
  EXPECT_THAT(genes.present(), ElementsAre(1, 1, 0));
  EXPECT_THAT(genes.duplicated(), IsEmpty());
}

}  // namespace
}  // namespace sicmir
