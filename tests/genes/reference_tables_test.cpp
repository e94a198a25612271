// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/reference_tables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "genes/mirna_names.hpp"

namespace sicmir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::filesystem::path data_folder = std::filesystem::path(SICMIR_PROJECT_DIR) / "data";

const PanelGene& gene(const GenePanel& panel, const std::string& symbol) {
  const auto at = std::find_if(panel.genes.begin(), panel.genes.end(),
                               [&](const PanelGene& g) { return g.symbol == symbol; });
  if (at == panel.genes.end()) throw std::runtime_error("no gene " + symbol);
  return *at;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string write_temporary(const std::string& text) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = ::testing::TempDir() + "reference_tables_" + test->test_suite_name() +
                           "_" + test->name() + ".tsv";
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

template <typename Read>
std::string message_of(Read read, const std::string& text) {
  const std::string path = write_temporary(text);
  try {
    static_cast<void>(read(path));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr(path));
    return error.what();
  }
  return "no error";
}

constexpr auto gene_header =
    "symbol\tcurrent_symbol\tentrez_id\tensembl_id\tolder_ensembl_ids\taliases\n";
constexpr auto mirna_header = "name\taccession\tname_in_v21\tprecursors\twell_predicted\n";

std::string gene_error(const std::string& lines) {
  return message_of([](const auto& path) { return read_gene_panel(path); }, lines);
}

std::string mirna_error(const std::string& lines) {
  return message_of([](const auto& path) { return read_mirna_table(path); }, lines);
}

TEST(Landmarks, AreThePublishedNetworksGenesInItsOrder) {
  const GenePanel panel = read_gene_panel(data_folder / "landmarks.tsv");
  ASSERT_EQ(panel.size(), 977);
  // The published input table begins with these.
  EXPECT_EQ(panel.genes[0].symbol, "PSME1");
  EXPECT_EQ(panel.genes[1].symbol, "CISD1");
  EXPECT_EQ(panel.genes[2].symbol, "SPDEF");
  EXPECT_EQ(panel.genes[3].symbol, "ATF1");
}

TEST(Landmarks, CarryTheIdsOfWellKnownGenes) {
  const GenePanel panel = read_gene_panel(data_folder / "landmarks.tsv");
  EXPECT_EQ(gene(panel, "TP53").ensembl_id, "ENSG00000141510");  // HGNC:11998
  EXPECT_EQ(gene(panel, "TP53").entrez_id, "7157");
  EXPECT_EQ(gene(panel, "EPRS").current_symbol, "EPRS1");
  EXPECT_EQ(gene(panel, "HIST2H2BE").current_symbol, "H2BC21");
  EXPECT_EQ(std::count_if(panel.genes.begin(), panel.genes.end(),
                          [](const PanelGene& g) { return g.symbol != g.current_symbol; }),
            47);
}

TEST(Landmarks, LeaveOutGifAsAnAliasOfMif) {
  const GenePanel panel = read_gene_panel(data_folder / "landmarks.tsv");
  EXPECT_THAT(gene(panel, "MIF").aliases, ElementsAre("GLIF", "MMIF"));
}

TEST(Mirnas, AreThePublishedNetworksOutputsInItsOrder) {
  const auto mirnas = read_mirna_table(data_folder / "mirnas.tsv");
  ASSERT_EQ(mirnas.size(), 1298U);
  EXPECT_EQ(mirnas[0].name, "hsa-miR-4739");
  EXPECT_EQ(mirnas[1].name, "hsa-miR-4740-5p");
  EXPECT_EQ(
      std::count_if(mirnas.begin(), mirnas.end(), [](const auto& m) { return m.well_predicted; }),
      414);
  EXPECT_EQ(std::count_if(mirnas.begin(), mirnas.end(),
                          [](const auto& m) { return !m.v21_name.empty(); }),
            12);
}

TEST(Mirnas, CarryAccessionsOlderNamesAndPrecursors) {
  const auto mirnas = read_mirna_table(data_folder / "mirnas.tsv");
  const auto find = [&](const std::string& name) {
    return *std::find_if(mirnas.begin(), mirnas.end(),
                         [&](const auto& m) { return m.name == name; });
  };
  EXPECT_EQ(find("hsa-miR-21-5p").accession, "MIMAT0000076");
  EXPECT_EQ(find("hsa-miR-375-3p").v21_name, "hsa-miR-375");
  EXPECT_THAT(find("hsa-let-7a-3p").precursors, ElementsAre("hsa-let-7a-1", "hsa-let-7a-3"));
}

TEST(Mirnas, AreFoundByNameAccessionAndV21NameButNeverAcrossCase) {
  const auto mirnas = read_mirna_table(data_folder / "mirnas.tsv");
  const GeneIndex index(mirna_panel(mirnas), false);
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    const auto position = static_cast<PanelPosition>(i);
    ASSERT_TRUE(index.find(mirnas[i].name)) << mirnas[i].name;
    EXPECT_EQ(index.find(mirnas[i].name)->gene, position);
    ASSERT_TRUE(index.find(mirnas[i].accession)) << mirnas[i].accession;
    EXPECT_EQ(index.find(mirnas[i].accession)->gene, position);
    if (!mirnas[i].v21_name.empty()) {
      ASSERT_TRUE(index.find(mirnas[i].v21_name)) << mirnas[i].v21_name;
      EXPECT_EQ(index.find(mirnas[i].v21_name)->gene, position);
    }
  }
  ASSERT_TRUE(index.find("hsa-miR-21-5p|MIMAT0000076"));
  EXPECT_FALSE(index.find("hsa-mir-21"));
  EXPECT_FALSE(index.find("hsa-mir-21-5p"));
}

TEST(Tables, HoldNoByteOrderMarkNoStrayBlankAndOnlyLineFeeds) {
  for (const char* name : {"landmarks.tsv", "mirnas.tsv"}) {
    const std::string bytes = bytes_of(data_folder / name);
    ASSERT_FALSE(bytes.empty()) << name;
    EXPECT_TRUE(bytes.ends_with('\n')) << name;
    EXPECT_EQ(bytes.find('\r'), std::string::npos) << name;
    EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > 0; })) << name;
    for (const char* stray : {" \t", "\t ", " \n", "\n ", "| ", " |", "\"", "||", "|\t", "\t|"}) {
      EXPECT_EQ(bytes.find(stray), std::string::npos) << name << " holds '" << stray << "'";
    }
  }
}

TEST(ReadGenePanel, TakesByteOrderMarkCrLfAndOtherColumnOrders) {
  const std::string path = write_temporary(
      "\xEF\xBB\xBF"
      "aliases\tsymbol\tnote\tensembl_id\told\tcurrent_symbol\tentrez_id\tolder_ensembl_ids\r\n"
      "A1|A2\tA\tx\tENSG00000000001\t\t\t1\tENSG00000000002|ENSG00000000003\r\n");
  const GenePanel panel = read_gene_panel(path);
  ASSERT_EQ(panel.size(), 1);
  EXPECT_EQ(panel.genes[0].symbol, "A");
  EXPECT_EQ(panel.genes[0].current_symbol, "A");
  EXPECT_THAT(panel.genes[0].aliases, ElementsAre("A1", "A2"));
  EXPECT_THAT(panel.genes[0].older_ensembl_ids, ElementsAre("ENSG00000000002", "ENSG00000000003"));
}

TEST(ReadGenePanel, NamesLineAndFaultOfABrokenTable) {
  const std::string header = gene_header;
  EXPECT_THAT(gene_error(""), HasSubstr("empty"));
  EXPECT_THAT(gene_error("symbol\n"), HasSubstr("no column \"current_symbol\""));
  EXPECT_THAT(gene_error(header), HasSubstr("no gene"));
  EXPECT_THAT(gene_error(header + "A\tA\t1\n"), HasSubstr("line 2: 3 fields"));
  EXPECT_THAT(gene_error(header + "A\tA\t1\t\t\t\n\tB\t2\t\t\t\n"), HasSubstr("line 3"));
  EXPECT_THAT(gene_error(header + "A\tA\t1\t\t\t\nA\tB\t2\t\t\t\n"),
              HasSubstr("line 3: symbol \"A\" again; line 2"));
  EXPECT_THAT(gene_error(header + "A\tA\tx1\t\t\t\n"), HasSubstr("Entrez"));
  EXPECT_THAT(gene_error(header + "A\tA\t1\tENSG00000000001.3\t\t\n"),
              HasSubstr("ENSG00000000001.3"));
  EXPECT_THAT(gene_error(header + "A\tA\t1\tENSG00000000001\t\t\nB\tB\t2\t\tENSG00000000001\t\n"),
              HasSubstr("Ensembl id \"ENSG00000000001\" again"));
}

TEST(ReadMirnaTable, NamesLineAndFaultOfABrokenTable) {
  const std::string header = mirna_header;
  EXPECT_THAT(mirna_error(header), HasSubstr("no miRNA"));
  EXPECT_THAT(mirna_error(header + "a\tMIMAT1\t\tp\t0\n"), HasSubstr("MIMAT and 7 digits"));
  EXPECT_THAT(mirna_error(header + "a\tMIMAT0000001\t\tp\tyes\n"), HasSubstr("expected 0 or 1"));
  EXPECT_THAT(mirna_error(header + "a\tMIMAT0000001\t\t\t0\n"), HasSubstr("no precursor"));
  EXPECT_THAT(mirna_error(header + "a\tMIMAT0000001\t\tp\t0\nb\tMIMAT0000001\t\tp\t0\n"),
              HasSubstr("line 3: accession"));
}

TEST(FindDataFile, FindsTheSourceTreeAndObeysTheVariable) {
  ASSERT_EQ(unsetenv("SICMIR_DATA"), 0);
  EXPECT_EQ(find_data_file("landmarks.tsv"), data_folder / "landmarks.tsv");
  const std::filesystem::path folder = ::testing::TempDir();
  std::ofstream(folder / "own.tsv") << "x\n";
  ASSERT_EQ(setenv("SICMIR_DATA", folder.c_str(), 1), 0);
  EXPECT_EQ(find_data_file("own.tsv"), folder / "own.tsv");
  EXPECT_THROW(static_cast<void>(find_data_file("landmarks.tsv")), Error);
  ASSERT_EQ(unsetenv("SICMIR_DATA"), 0);
}

const ReferenceMirna& mirna_of(const std::vector<ReferenceMirna>& mirnas, const std::string& name) {
  const auto at = std::find_if(mirnas.begin(), mirnas.end(),
                               [&](const ReferenceMirna& mirna) { return mirna.name == name; });
  if (at == mirnas.end()) throw std::runtime_error("no miRNA " + name);
  return *at;
}

// By hand, from papers of the time and miRBase's entries: the star is not always the 3p arm.
TEST(OldNames, OfMirbase17BelongToTheArmsTheyMeantThen) {
  const std::vector<ReferenceMirna> mirnas = reference_mirnas();
  EXPECT_THAT(mirna_of(mirnas, "hsa-miR-21-5p").old_names, ElementsAre("hsa-miR-21"));
  EXPECT_THAT(mirna_of(mirnas, "hsa-miR-21-3p").old_names, ElementsAre("hsa-miR-21*"));
  EXPECT_THAT(mirna_of(mirnas, "hsa-miR-126-3p").old_names, ElementsAre("hsa-miR-126"));
  EXPECT_THAT(mirna_of(mirnas, "hsa-miR-126-5p").old_names, ElementsAre("hsa-miR-126*"));
  EXPECT_THAT(mirna_of(mirnas, "hsa-miR-144-5p").old_names, ElementsAre("hsa-miR-144*"));
  EXPECT_THAT(mirna_of(mirnas, "hsa-let-7a-5p").old_names, ElementsAre("hsa-let-7a"));
  // The stem-loop bears the same name.
  EXPECT_TRUE(mirna_of(mirnas, "hsa-let-7b-5p").old_names.empty());
  std::size_t n = 0;
  for (const ReferenceMirna& mirna : mirnas) n += mirna.old_names.size();
  EXPECT_EQ(n, 387U);
}

// What a slip in the table would break: a starred name and the plain one are two arms of one
// stem-loop, and both bear its number.
TEST(OldNames, OfAPairAreTheTwoArmsOfOneStemLoop) {
  std::map<std::string, const ReferenceMirna*> by_name;
  const std::vector<ReferenceMirna> mirnas = reference_mirnas();
  for (const ReferenceMirna& mirna : mirnas) {
    for (const std::string& name : mirna.old_names) by_name.emplace(name, &mirna);
  }
  std::size_t n_pairs = 0;
  for (const auto& [name, mirna] : by_name) {
    if (!name.ends_with('*')) continue;
    const auto plain = by_name.find(name.substr(0, name.size() - 1));
    if (plain == by_name.end()) continue;
    ++n_pairs;
    const std::string arms = mirna->name.substr(mirna->name.size() - 2) +
                             plain->second->name.substr(plain->second->name.size() - 2);
    EXPECT_TRUE(arms == "5p3p" || arms == "3p5p") << name;
    EXPECT_TRUE(std::any_of(mirna->precursors.begin(), mirna->precursors.end(),
                            [&](const std::string& stem_loop) {
                              const auto& others = plain->second->precursors;
                              return std::find(others.begin(), others.end(), stem_loop) !=
                                     others.end();
                            }))
        << name;
  }
  EXPECT_GT(n_pairs, 100U);
}

TEST(OldNames, AreChecked) {
  const auto error = [](const std::string& lines) {
    return message_of(
        [](const auto& path) {
          std::vector<ReferenceMirna> mirnas = read_mirna_table(data_folder / "mirnas.tsv");
          add_old_names(path, mirnas);
          return mirnas;
        },
        "name\taccession\n" + lines);
  };
  EXPECT_THAT(error("hsa-miR-21\tMIMAT9999999\n"), HasSubstr("no miRNA has the accession"));
  EXPECT_THAT(error("hsa-let-7b\tMIMAT0000063\n"), HasSubstr("is a current name or a stem-loop"));
  EXPECT_THAT(error("hsa-miR-21\tMIMAT0000076\nhsa-miR-21\tMIMAT0000076\n"), HasSubstr("again"));
}

TEST(OldNames, ThatSayNoArmHaveTwoMeanings) {
  const std::vector<std::string> known = {"hsa-miR-455-5p", "hsa-miR-455-3p", "hsa-miR-7-5p",
                                          "hsa-miR-7-1-3p", "hsa-miR-7-2-3p", "hsa-miR-77-3p",
                                          "hsa-miR-320a"};
  EXPECT_THAT(possible_arms("hsa-miR-455", known), ElementsAre("hsa-miR-455-5p", "hsa-miR-455-3p"));
  EXPECT_THAT(possible_arms("hsa-miR-7*", known),
              ElementsAre("hsa-miR-7-5p", "hsa-miR-7-1-3p", "hsa-miR-7-2-3p"));
  EXPECT_TRUE(possible_arms("hsa-miR-455-5p", known).empty());
  EXPECT_TRUE(possible_arms("hsa-miR-320", known).empty());
  EXPECT_TRUE(possible_arms("hsa-miR-9999", known).empty());
  EXPECT_TRUE(possible_arms("", known).empty());
}

}  // namespace
}  // namespace sicmir
