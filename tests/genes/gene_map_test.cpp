// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/gene_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "sicmir/reference_tables.hpp"

namespace sicmir {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::filesystem::path project = SICMIR_PROJECT_DIR;

const GenePanel& landmarks() {
  static const GenePanel panel = read_gene_panel(project / "data/landmarks.tsv");
  return panel;
}

const GeneIndex& landmark_index() {
  static const GeneIndex index(landmarks());
  return index;
}

/// Four genes whose names get in each other's way.
GenePanel small_panel() {
  return {{
      {"OLD1", "NEW1", "ENSG00000000001", "11", {"ENSG00000000101"}, {"ALPHA", "C1orf7"}},
      {"GENE2", "GENE2", "ENSG00000000002", "22", {}, {"BETA"}},
      {"NEW3", "GENE3", "ENSG00000000003", "33", {}, {"GAMMA"}},
      {"GENE4", "NEW3", "ENSG00000000004", "44", {}, {"GENE2"}},
  }};
}

std::string found(const GeneIndex& index, std::string_view id) {
  const auto match = index.find(id);
  if (!match) return "none";
  return index.panel().genes[static_cast<std::size_t>(match->gene)].symbol + " by " +
         std::string(to_string(match->kind));
}

FeatureTable table(std::vector<std::string> ids) {
  return {{{"gene names", std::move(ids)}}, {}};
}

std::vector<std::string> symbols(std::size_t n = 977) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < n; ++i) result.push_back(landmarks().genes[i].symbol);
  return result;
}

template <typename Change>
std::vector<std::string> changed(std::vector<std::string> ids, Change change) {
  std::transform(ids.begin(), ids.end(), ids.begin(), change);
  return ids;
}

std::string to_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string capitalise(const std::string& text) {
  return text.substr(0, 1) + to_lower(text.substr(1));
}

GeneMap map(const FeatureTable& features, const GeneMapOptions& options = {}) {
  return {landmark_index(), features, options, "input.tsv"};
}

std::string refusal(const FeatureTable& features, const GeneMapOptions& options = {}) {
  try {
    static_cast<void>(map(features, options));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("input.tsv"));
    return error.what();
  }
  return "accepted";
}

TEST(GeneIndex, KnowsEveryKindOfId) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, "ENSG00000000001"), "OLD1 by Ensembl id");
  EXPECT_EQ(found(index, "ENSG00000000101"), "OLD1 by older Ensembl id");
  EXPECT_EQ(found(index, "11"), "OLD1 by Entrez id");
  EXPECT_EQ(found(index, "NEW1"), "OLD1 by current symbol");
  EXPECT_EQ(found(index, "OLD1"), "OLD1 by the model's symbol");
  EXPECT_EQ(found(index, "ALPHA"), "OLD1 by alias");
  EXPECT_EQ(found(index, "alpha"), "OLD1 by symbol in another case");
  EXPECT_EQ(found(index, "C1ORF7"), "OLD1 by symbol in another case");
  EXPECT_EQ(found(index, "ENTREZ11"), "none");
  EXPECT_EQ(found(index, ""), "none");
}

TEST(GeneIndex, GivesANameToTheGeneThatBearsItToday) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, "NEW3"), "GENE4 by current symbol");   // and the third gene's older name
  EXPECT_EQ(found(index, "GENE2"), "GENE2 by current symbol");  // and an alias of the fourth
}

TEST(GeneIndex, GivesANameThatTwoGenesClaimAlikeToNeither) {
  GenePanel panel = small_panel();
  panel.genes[1].aliases.emplace_back("ALPHA");
  const GeneIndex index(panel);
  EXPECT_EQ(found(index, "ALPHA"), "none");
  EXPECT_EQ(found(index, "BETA"), "GENE2 by alias");
}

TEST(GeneIndex, DropsVersionsOfEnsemblIds) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, "ENSG00000000001.15"), "OLD1 by Ensembl id");
  EXPECT_EQ(found(index, "ENSG00000000001.15_2"),
            "OLD1 by Ensembl id");  // GENCODE lifted to GRCh37
  EXPECT_EQ(found(index, "ensg00000000001.15"), "OLD1 by symbol in another case");
  EXPECT_EQ(found(index, "ENSG000000000011"), "none");
  EXPECT_EQ(found(index, "ENSMUSG00000000001"), "none");
}

TEST(GeneIndex, ReadsIdsJoinedToSymbols) {
  const GeneIndex index(small_panel());
  for (const char* id :
       {"ENSG00000000002_X", "X_ENSG00000000002", "ENSG00000000002|X", "X|ENSG00000000002.4",
        "ENSG00000000002-X", "X (ENSG00000000002)", "gene:ENSG00000000002",
        "GRCh38_ENSG00000000002", "NEW1_ENSG00000000002"}) {
    EXPECT_EQ(found(index, id), "GENE2 by Ensembl id") << id;
  }
  EXPECT_EQ(found(index, "GRCh38_GENE2"), "GENE2 by current symbol");
  EXPECT_EQ(found(index, "hg19_GENE2"), "GENE2 by current symbol");
  EXPECT_EQ(found(index, "GRCh38____GENE2"), "GENE2 by current symbol");
  EXPECT_EQ(found(index, "mm10_GENE2"), "none");
  EXPECT_EQ(found(index, "GENE2_ENSG00000000999"), "none");  // another gene of that name
  EXPECT_EQ(found(index, "ENSG00000000001+ENSG00000000002"), "none");
  EXPECT_EQ(found(index, "DEPRECATED_ENSG00000000002"), "none");
}

TEST(GeneIndex, LetsEntrezWinOverTheSymbolBesideIt) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, "GENE2|11"), "OLD1 by Entrez id");
  EXPECT_EQ(found(index, "?|22"), "GENE2 by Entrez id");
  EXPECT_EQ(found(index, "GENE2 (11)"), "OLD1 by Entrez id");
  EXPECT_EQ(found(index, "GENE2|100130426"), "none");
  EXPECT_EQ(found(index, "?|100130426"), "none");
}

TEST(GeneIndex, IgnoresSurroundingBlanksAndQuotes) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, " GENE2\r"), "GENE2 by current symbol");
  EXPECT_EQ(found(index, "\"GENE2\""), "GENE2 by current symbol");
  EXPECT_EQ(found(index, "'ENSG00000000002.1'"), "GENE2 by Ensembl id");
}

TEST(GeneIndex, FindsNoCopyOnChromosomeY) {
  const GeneIndex index(small_panel());
  EXPECT_EQ(found(index, "ENSG00000000002_PAR_Y"), "none");
  EXPECT_EQ(found(index, "ENSG00000000002.7_PAR_Y"), "none");
  EXPECT_TRUE(is_par_y_copy("ENSG00000002586.20_PAR_Y"));
  EXPECT_TRUE(is_par_y_copy("ENSGR0000002586.20"));
  EXPECT_FALSE(is_par_y_copy("ENSG00000002586.20"));
  EXPECT_FALSE(is_par_y_copy("PARVG"));
}

TEST(GeneIndex, TakesRunningNumbersForPositionsNotForEntrezIds) {
  std::vector<std::string> positions;
  for (int i = 0; i < 30000; ++i) positions.push_back(std::to_string(i));
  EXPECT_EQ(landmark_index().coverage(positions), 0);
  const std::vector<std::string> entrez = {"7157", "5720", "7157"};  // TP53, PSME1
  EXPECT_EQ(landmark_index().coverage(entrez), 2);
}

TEST(Landmarks, ResolveByEveryIdToTheirOwnGene) {
  const auto& genes = landmarks().genes;
  for (std::size_t i = 0; i < genes.size(); ++i) {
    std::vector<std::string> ids = {genes[i].symbol, genes[i].current_symbol, genes[i].ensembl_id,
                                    genes[i].entrez_id, genes[i].symbol + "|" + genes[i].entrez_id};
    ids.insert(ids.end(), genes[i].older_ensembl_ids.begin(), genes[i].older_ensembl_ids.end());
    ids.insert(ids.end(), genes[i].aliases.begin(), genes[i].aliases.end());
    for (const std::string& id : ids) {
      const auto match = landmark_index().find(id);
      ASSERT_TRUE(match) << id;
      EXPECT_EQ(match->gene, static_cast<PanelPosition>(i)) << id;
      EXPECT_NE(match->kind, MatchKind::case_insensitive) << id;
    }
  }
}

TEST(Landmarks, DoNotTakeGifForMif) {
  EXPECT_EQ(found(landmark_index(), "MIF"), "MIF by current symbol");
  EXPECT_EQ(found(landmark_index(), "GIF"), "none");
  EXPECT_EQ(found(landmark_index(), "Gif"), "none");
}

TEST(Landmarks, RenamedSinceTheModelWasTrainedAreFoundByEitherName) {
  const std::map<std::string, std::string> renamed = {
      {"EPRS1", "EPRS"},  {"BLTP2", "KIAA0100"}, {"H2BC21", "HIST2H2BE"}, {"GFUS", "TSTA3"},
      {"AARS1", "AARS"},  {"SKIC2", "SKIV2L"},   {"H2AZ2", "H2AFV"},      {"H2BC12", "HIST1H2BK"},
      {"SKIC8", "WDR61"}, {"GARRE1", "KIAA0355"}};
  for (const auto& [now, then] : renamed) {
    EXPECT_EQ(found(landmark_index(), now), then + " by current symbol");
    EXPECT_EQ(found(landmark_index(), then), then + " by the model's symbol");
  }
}

TEST(GeneMap, PlacesFeaturesInPanelOrder) {
  std::vector<std::string> ids = symbols();
  std::reverse(ids.begin(), ids.end());
  ids.insert(ids.begin(), "NOT_A_GENE");
  const GeneMap genes = map(table(ids));
  EXPECT_EQ(genes.positions()[0], GeneMap::total_only);
  EXPECT_EQ(genes.positions()[1], 976);
  EXPECT_EQ(genes.positions()[977], 0);
  EXPECT_EQ(genes.report().n_found, 977);
  EXPECT_EQ(genes.report().n_features, 978);
  EXPECT_THAT(genes.report().missing, IsEmpty());
  EXPECT_FALSE(genes.has_duplicates());
}

TEST(GeneMap, TakesTheColumnThatCoversMostAndNamesIt) {
  std::vector<std::string> ids;
  for (const PanelGene& gene : landmarks().genes) ids.push_back(gene.ensembl_id);
  std::vector<std::string> poor = symbols();
  std::fill(poor.begin(), poor.begin() + 100, "NA");
  const GeneMap best = map({{{"poor", poor}, {"gene_ids", ids}, {"same", ids}}, {}});
  EXPECT_EQ(best.report().column, "gene_ids");
  EXPECT_EQ(best.report().by_kind[0], 977);
  EXPECT_EQ(map({{{"first", symbols()}, {"second", ids}}, {}}).report().column, "first");
}

TEST(GeneMap, ReportsMissingGenesByName) {
  std::vector<std::string> ids = symbols();
  ids.erase(ids.begin(), ids.begin() + 2);
  const GeneMap genes = map(table(ids));
  EXPECT_THAT(genes.report().missing, ElementsAre("PSME1", "CISD1"));
  EXPECT_EQ(genes.present()[0], 0);
  EXPECT_EQ(genes.present()[2], 1);
}

TEST(GeneMap, DropsAnAliasWhereTheSymbolIsThere) {
  std::vector<std::string> ids = symbols();
  ids.insert(ids.begin(), "JARID1B");  // KDM5B's older symbol
  const GeneMap genes = map(table(ids));
  EXPECT_EQ(genes.positions()[0], GeneMap::total_only);
  EXPECT_FALSE(genes.has_duplicates());
  *std::find(ids.begin(), ids.end(), "KDM5B") = "X";
  const GeneMap alone = map(table(ids));
  EXPECT_GE(alone.positions()[0], 0);
  EXPECT_EQ(alone.report().by_kind[static_cast<std::size_t>(MatchKind::alias)], 1);
}

TEST(GeneMap, ReportsSeveralFeaturesOfOneKindAsDuplicates) {
  std::vector<std::string> ids = symbols();
  ids.emplace_back("SPDEF");
  const GeneMap genes = map(table(ids));
  EXPECT_THAT(genes.report().duplicated, ElementsAre("SPDEF"));
  EXPECT_EQ(genes.positions()[2], 2);
  EXPECT_EQ(genes.positions()[977], 2);
}

TEST(GeneMap, IgnoresCopiesOnChromosomeYEvenWhereAnotherColumnNamesThem) {
  std::vector<std::string> names = symbols();
  std::vector<std::string> ids(names.size(), "x");
  names.emplace_back("SPDEF");
  ids.emplace_back("ENSG00000124664.3_PAR_Y");
  const GeneMap genes = map({{{"id", ids}, {"name", names}}, {}});
  EXPECT_EQ(genes.positions()[977], GeneMap::ignored);
  EXPECT_FALSE(genes.has_duplicates());
}

TEST(GeneMap, IgnoresWhatIsNotGeneExpression) {
  FeatureTable features = table(symbols());
  features.columns[0].ids.emplace_back("SPDEF");  // an antibody of the same name
  features.counted.assign(978, 1);
  features.counted[977] = 0;
  const GeneMap genes = map(features);
  EXPECT_EQ(genes.positions()[977], GeneMap::ignored);
  EXPECT_FALSE(genes.has_duplicates());
  features.counted.assign(978, 0);
  EXPECT_THAT(refusal(features), HasSubstr("none of the 978 features"));
}

TEST(GeneMap, WarnsOfTwinsThatAToolMadeUnique) {
  std::vector<std::string> ids = symbols();
  ids.insert(ids.end(), {"SPDEF-1", "PSME1.1", "HLA-DRB5", "AC004.1"});
  const GeneMap genes = map(table(ids));
  EXPECT_EQ(genes.positions()[977], GeneMap::total_only);
  ASSERT_EQ(genes.report().warnings.size(), 1U);
  EXPECT_THAT(genes.report().warnings[0].text,
              AllOf(HasSubstr("2 features"), HasSubstr("SPDEF-1"), HasSubstr("PSME1.1"),
                    Not(HasSubstr("AC004")), Not(HasSubstr("HLA"))));
}

TEST(GeneMap, FillsAMinorityWithoutRegardToCase) {
  std::vector<std::string> ids = symbols();
  for (std::size_t i = 0; i < 20; ++i) ids[i] = capitalise(ids[i]);
  const GeneMap genes = map(table(ids));
  EXPECT_EQ(genes.report().n_found, 977);
  EXPECT_EQ(genes.report().by_kind[static_cast<std::size_t>(MatchKind::case_insensitive)], 20);
}

TEST(GeneMap, RefusesMouseSymbolsAsMouse) {
  std::vector<std::string> ids = changed(symbols(), capitalise);
  for (std::size_t i = 0; i < 60; ++i) ids[i] = "Gm" + std::to_string(1000 + i);
  const std::string message = refusal(table(ids), {.min_panel = 0.0});
  EXPECT_THAT(message, AllOf(HasSubstr("genes of mouse (or rat)"), HasSubstr("orthologues"),
                             HasSubstr("without regard to case")));
}

TEST(GeneMap, RefusesALowerCasedHumanFileAndNamesTheRemedy) {
  EXPECT_THAT(
      refusal(table(changed(symbols(), to_lower)), {.min_panel = 0.0}),
      AllOf(HasSubstr("names are in lower case"), HasSubstr("upper"), Not(HasSubstr("mouse"))));
}

TEST(GeneMap, RefusesEnsemblIdsOfOtherSpeciesByName) {
  const std::map<std::string, std::string> species = {
      {"ENSMUSG000000%05zu", "mouse"},
      {"ENSRNOG000000%05zu", "rat"},
      {"ENSDARG000000%05zu", "zebrafish"},
      {"ENSMFAG000000%05zu", "crab-eating macaque"},
      {"ENSMMUG000000%05zu", "rhesus macaque"},
      {"ENSSSCG000000%05zu.2", "pig"},
      {"ENSGALG000000%05zu", "chicken"},
      {"FBgn00%05zu", "fly"},
      {"WBGene000%05zu", "worm"},
      {"mm10_ENSMUSG000000%05zu", "mouse"},
      {"ENSXYZG000000%05zu", "a species other than human"}};
  for (const auto& [form, name] : species) {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < 2000; ++i) {
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), form.c_str(), i);
      ids.emplace_back(text.data());
    }
    EXPECT_THAT(refusal(table(ids)),
                AllOf(HasSubstr("genes of " + name), HasSubstr("orthologues")));
    // Upper-cased mouse symbols beside mouse ids do not make the file human...
    ids.resize(977);
    EXPECT_THAT(refusal({{{"id", ids}, {"name", symbols()}}, {}}), HasSubstr("genes of " + name));
    // ...but human Ensembl ids do.
    std::vector<std::string> human;
    for (const PanelGene& gene : landmarks().genes) human.push_back(gene.ensembl_id);
    EXPECT_EQ(refusal({{{"id", human}, {"orthologue", ids}}, {}}), "accepted");
  }
}

TEST(GeneMap, SpeaksOfGenomesWhereTwoSpeciesAreMixed) {
  std::vector<std::string> ids;
  for (const PanelGene& gene : landmarks().genes) {
    ids.push_back("GRCh38_" + gene.ensembl_id);
    ids.push_back("mm10___ENSMUSG" + gene.ensembl_id.substr(4));
  }
  EXPECT_THAT(refusal(table(ids)), AllOf(HasSubstr("two genomes"), HasSubstr("mouse")));
  FeatureTable chosen = table(ids);
  for (std::size_t i = 0; i < ids.size(); ++i) chosen.counted.push_back(i % 2 == 0 ? 1 : 0);
  EXPECT_EQ(map(chosen).report().n_found, 977);
  std::vector<std::string> by_symbol = symbols();
  for (const std::string& symbol : symbols()) by_symbol.push_back("mm10_" + capitalise(symbol));
  EXPECT_THAT(refusal(table(by_symbol)), HasSubstr("two genomes"));
}

// Ensembl names a macaque's gene by the human symbol where it has one, else by its id.
TEST(GeneMap, DoesNotCallAMacaqueAMixture) {
  std::vector<std::string> ids = symbols();
  for (int i = 0; i < 900; ++i) ids.push_back("ENSMMUG00000000" + std::to_string(100 + i));
  EXPECT_THAT(refusal(table(ids)), AllOf(HasSubstr("genes of rhesus macaque alone"),
                                         HasSubstr("orthologues"), Not(HasSubstr("a mixture"))));
}

TEST(GeneMap, SaysWhatKindOfIdsItSawAndWhatToDo) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases = {
      {{"202763_at", "209310_s_at", "AFFX-BioB-5_at", "207500_at"},
       {"probe ids", "202763_at", "Map the probes"}},
      {{"A_23_P26810", "A_24_P192994", "A_23_P10"}, {"probe ids", "A_23_P26810"}},
      {{"ILMN_1779356", "ILMN_1669117", "ILMN_2"}, {"probe ids", "ILMN_1669117"}},
      {{"ENST00000269305.9", "ENST00000420246", "ENST00000455263"},
       {"transcript ids", "ENST00000420246", "Sum"}},
      {{"NM_000546.6", "NR_176326", "NM_001126112"}, {"transcript ids", "NM_000546.6"}},
      {{"ENSP00000269305", "ENSP00000391127", "NP_000537"}, {"protein ids"}},
      {{"0", "1", "2", "3"}, {"running numbers", "positions", "lost"}},
      {{"1", "2", "3", "4"}, {"running numbers"}},
      {{"chr1:100-200", "chr1:300-400", "chrX:5-9"}, {"regions", "peaks"}},
      {{"Actb", "Gapdh", "mt-Co1", "Gm1234"}, {"mouse (or rat)", "orthologues"}},
      {{"hsa-mir-21", "hsa-mir-155", "hsa-let-7a-1"}, {"stem-loops"}},
      {{"CD3D", "CD3E", "TP53"}, {"gene symbols", "1 of the model's 977", "only 3 features"}},
      {{"Gene1", "gene_2", "V3"}, {"made-up names", "simulations"}},
      {{"(a)", "#b", "~c"}, {"no known kind", "(a), #b, ~c"}},
  };
  for (const auto& [ids, words] : cases) {
    const std::string message = refusal(table(ids));
    for (const std::string& word : words) EXPECT_THAT(message, HasSubstr(word));
    EXPECT_THAT(message, HasSubstr("80 % are needed"));
    EXPECT_THAT(message, HasSubstr("gene names"));
  }
}

TEST(GeneMap, ObeysTheMinimumOfThePanel) {
  EXPECT_THAT(refusal(table(symbols(781))), HasSubstr("only 781"));
  EXPECT_EQ(refusal(table(symbols(782))), "accepted");  // 0.8 * 977 = 781.6
  std::vector<std::string> filtered = symbols(747);
  for (int i = 0; i < 9500; ++i) filtered.push_back("LINC" + std::to_string(10000 + i));
  EXPECT_THAT(refusal(table(filtered)),
              AllOf(HasSubstr("only 747"), HasSubstr("only 10247 features, so genes of low")));
  EXPECT_EQ(refusal(table(symbols(1)), {.min_panel = 0.0}), "accepted");
  EXPECT_THAT(refusal(table({"x", "y", "z"}), {.min_panel = 0.0}), HasSubstr("only 0"));
}

TEST(GeneMap, RefusesATableWithoutFeatures) {
  EXPECT_THAT(refusal(table({})), HasSubstr("0 features"));
  EXPECT_THAT(refusal({}), HasSubstr("0 features"));
}

TEST(GeneMap, ServesMirnasToo) {
  const auto mirnas = read_mirna_table(project / "data/mirnas.tsv");
  const GeneIndex index(mirna_panel(mirnas), false);
  const GeneMap mapped(index, table({"hsa-miR-375", "MIMAT0000076", "hsa-mir-21"}),
                       {.min_panel = 0.0}, "mirna.tsv");
  EXPECT_EQ(mapped.report().n_found, 2);
  try {
    const GeneMap refused(index, table({"hsa-mir-375", "hsa-mir-21"}), {}, "mirna.tsv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("1298 miRNAs"), HasSubstr("stem-loops")));
  }
}

TEST(DescribeIds, NamesKindAndExamples) {
  EXPECT_EQ(describe_ids(std::vector<std::string>{"ENSMUSG00000051951", "ENSMUSG00000025900", "x"}),
            "gene ids of mouse, e.g. ENSMUSG00000051951, ENSMUSG00000025900");
}

/// Runs the Python reader of ids, which shares no code with sicmir.
FeatureTable read_ids(const std::filesystem::path& file) {
  const std::string command = "/usr/bin/python3 -W ignore '" +
                              (project / "tests/data/extract_ids.py").string() + "' '" +
                              file.string() + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;) {
    text.append(buffer.data(), n);
  }
  std::istringstream lines(text);
  FeatureTable features;
  bool header = true;
  for (std::string line; std::getline(lines, line); header = false) {
    std::istringstream fields(line + "\t");
    std::size_t column = 0;
    for (std::string field; std::getline(fields, field, '\t'); ++column) {
      if (header) {
        features.columns.push_back({field, {}});
      } else {
        features.columns.at(column).ids.push_back(field);
      }
    }
  }
  return features;
}

TEST(RealFiles, GiveTheCoverageOfTheirManifest) {
  const auto folder = project / "../shared/data/singlecell";
  std::ifstream manifest(folder / "MANIFEST.tsv");
  if (!manifest) GTEST_SKIP() << "../shared/data/singlecell is not there";
  std::string line;
  std::getline(manifest, line);
  int n_files = 0;
  while (std::getline(manifest, line)) {
    std::istringstream stream(line);
    std::vector<std::string> fields;
    for (std::string field; std::getline(stream, field, '\t');) fields.push_back(field);
    const FeatureTable features = read_ids(folder / fields.at(0));
    SCOPED_TRACE(fields.at(0));
    ++n_files;
    std::string outcome;
    Index n_found = 0;
    try {
      const GeneMap genes(landmark_index(), features, {.min_panel = 0.001}, fields.at(0));
      n_found = genes.report().n_found;
      outcome = "accepted by " + genes.report().column;
    } catch (const Error& error) {
      outcome = error.what();
    }
    std::printf("%s: %d found; %s\n", fields[0].c_str(), static_cast<int>(n_found),
                outcome.c_str());
    if (fields[3] == "mouse") {
      EXPECT_THAT(outcome, HasSubstr("mouse"));
    } else {
      EXPECT_EQ(n_found, std::stoi(fields[8])) << outcome;
    }
  }
  EXPECT_GT(n_files, 15);
}

}  // namespace
}  // namespace sicmir
