// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/catalogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>

#include "atlas/check.hpp"
#include "atlas/index.hpp"
#include "atlas/query.hpp"
#include "atlas/small_atlas.hpp"
#include "sicmir/error.hpp"
#include "support/message_of.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;
using sicmir::test::content;
using sicmir::test::message_of;
using sicmir::test::put;
using sicmir::test::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;

class SmallAtlas : public testing::Test {
 protected:
  /// A copy of one that was indexed.
  SmallAtlas() : folder_(scratch_ / "A") {
    static const Scratch original;
    static const AtlasFolder indexed = [] {
      AtlasFolder folder = test::small_atlas(original);
      build_index(folder, {});
      return folder;
    }();
    test::copy(indexed, folder_);
  }

  [[nodiscard]] Catalogue open() const { return Catalogue::open(folder_.catalogue()); }

  /// Changes the catalogue behind the program's back.
  void execute(const std::string& sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(folder_.catalogue().c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
    sqlite3_close(handle);
  }

  /// What a reader of everything says.
  [[nodiscard]] std::string reading() const {
    return message_of([&] {
      const Catalogue all = open();
      for (Index i = 0; i < static_cast<Index>(all.groups().size()); ++i) (void)all.of_group(i);
      for (Index i = 0; i < static_cast<Index>(all.mirnas().size()); ++i) {
        (void)all.of_mirna(i);
        (void)all.markers_of_mirna(i);
      }
      for (Index s = 0; s < static_cast<Index>(all.sets().size()); ++s) {
        for (Index t = 0; t < static_cast<Index>(all.terms(TermKind::type).size()); ++t) {
          (void)all.markers_of_type(s, t);
        }
        (void)all.edges(s);
        (void)all.triples(s);
      }
      for (Index i = 0; i < static_cast<Index>(all.contrasts().size()); ++i) {
        (void)all.of_contrast(i);
      }
      (void)all.edges_of_target("PTEN");
      (void)all.shared_donors();
    });
  }

  Scratch scratch_;
  AtlasFolder folder_;
};

TEST_F(SmallAtlas, HoldsWhatTheSetsHold) {
  const Catalogue all = open();
  ASSERT_EQ(all.sets().size(), 2U);
  EXPECT_EQ(all.sets()[0].id, "liver");
  EXPECT_EQ(all.sets()[0].is_public, PublicPart::cells);
  EXPECT_EQ(all.sets()[1].comparable, 0);
  std::vector<std::string> types;
  for (const Term& term : all.terms(TermKind::type)) types.push_back(term.name);
  EXPECT_THAT(types, ElementsAre("B", "T", "endothelium"));
  ASSERT_EQ(all.groups().size(), 6U);
  EXPECT_EQ(all.groups()[3].set, 1);
  EXPECT_EQ(all.groups()[3].type, 1) << "T comes before endothelium";
  EXPECT_EQ(all.groups()[3].n_below_floor, 1);
  EXPECT_THAT(all.of_group(4).mean, ElementsAre(3.0F, 3.25F, 3.5F));
  EXPECT_THAT(all.of_mirna(1).mean, ElementsAre(0.25F, 1.25F, 2.25F, 2.25F, 3.25F, 4.25F));
  EXPECT_TRUE(std::isnan(all.of_mirna(0).sd[2]));
  EXPECT_EQ(all.mirnas()[1].accuracy.pooled, 0.75);
  EXPECT_TRUE(std::isnan(all.mirnas()[2].mean));
}

TEST_F(SmallAtlas, HasMarkersEachWay) {
  const Catalogue all = open();
  const auto of_b = all.markers_of_type(0, 0);
  ASSERT_EQ(of_b.size(), 2U);
  EXPECT_EQ(of_b[0].mirna, 1);
  EXPECT_EQ(of_b[0].rank, 1);
  EXPECT_EQ(of_b[1].rank, 2);
  EXPECT_EQ(of_b[0].rival, 1);
  EXPECT_TRUE(all.markers_of_type(0, 2).empty()) << "liver has no endothelium";
  const auto of_mir21 = all.markers_of_mirna(1);
  ASSERT_EQ(of_mir21.size(), 2U);
  EXPECT_EQ(of_mir21[0].set, 1) << "5 in lung's T cells, 3 in liver's B cells";
  EXPECT_EQ(of_mir21[0].z, 5.0F);
  EXPECT_EQ(of_mir21[1].set, 0);
}

TEST_F(SmallAtlas, HasContrastsEdgesTriplesAndSharedDonors) {
  const Catalogue all = open();
  ASSERT_EQ(all.contrasts().size(), 2U);
  EXPECT_EQ(all.contrasts()[1].n_reference, 4);
  EXPECT_EQ(all.of_contrast(1).effect[0], 2.0F);
  EXPECT_TRUE(std::isnan(all.of_contrast(0).error[2]));
  EXPECT_EQ(all.edges(0)[0].target, "PTEN");
  EXPECT_EQ(all.triples(1)[0].receiver, 2);
  EXPECT_EQ(all.edges_of_target("PTEN").size(), 2U);
  const auto donors = all.shared_donors();
  ASSERT_EQ(donors.size(), 1U);
  EXPECT_EQ(donors[0].first, "d1");
  EXPECT_THAT(donors[0].second, ElementsAre(0, 1));
}

TEST_F(SmallAtlas, SameSetsMakeTheSameBytes) {
  const std::string first = content(folder_.catalogue());
  fs::remove(folder_.catalogue());
  build_index(folder_, {});
  EXPECT_EQ(content(folder_.catalogue()), first);
}

TEST_F(SmallAtlas, MixedSetsAreRefusedByNameOrKeptApart) {
  DataSet other = test::small_set("kidney", "B", "kidney");
  other.comparability.scale = "reference";
  test::put_set(folder_, other, test::small_summary(0));
  const std::string what = message_of([&] { build_index(folder_, {}); });
  EXPECT_THAT(what, HasSubstr("scale reference, no table of targets, format 1: kidney"));
  EXPECT_THAT(what, HasSubstr("scale dataset, no table of targets, format 1: liver, lung"));
  IndexOptions options;
  options.allow_mixed = true;
  EXPECT_EQ(build_index(folder_, options).n_comparable, 2);
  const Catalogue all = open();
  const Answer answer = rank_types(all, "hsa-miR-1-3p", RankBy::type, {});
  // kidney comes first, and is ranked for itself.
  EXPECT_EQ(answer.lines.size(), 5U);
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[0][0]), 0);
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[2][0]), 1);
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[2][1]), 1) << "ranks begin anew";
}

TEST_F(SmallAtlas, RemovedSetsGoWithTheNextIndex) {
  mark_removed(folder_, "liver");
  EXPECT_EQ(open().sets().size(), 2U) << "not yet";
  EXPECT_EQ(build_index(folder_, {}).n_removed, 1);
  EXPECT_EQ(open().sets().size(), 1U);
  EXPECT_FALSE(fs::exists(folder_.set("liver")));
  EXPECT_THAT(message_of([&] { mark_removed(folder_, "lun"); }, ExitCode::usage),
              HasSubstr("Did you mean 'lung'?"));
}

TEST_F(SmallAtlas, WritesTheSiteFromTheNewCatalogue) {
  IndexOptions options;
  std::size_t n_sets = 0;
  options.write_site = [&](const AtlasFolder&, const Catalogue& catalogue, int) {
    n_sets = catalogue.sets().size();
  };
  build_index(folder_, options);
  EXPECT_EQ(n_sets, 2U);
}

TEST_F(SmallAtlas, ADamagedSummaryIsNotIndexed) {
  const fs::path file = folder_.set("lung") / set_files::summary;
  std::string bytes = content(file);
  bytes[bytes.size() / 2] ^= 1;
  put(file, bytes);
  EXPECT_THAT(message_of([&] { build_index(folder_, {}); }), HasSubstr("lung/summary.h5: has"));
}

// Questions, with answers by hand.

TEST_F(SmallAtlas, RanksTypesByTheMeanOverSets) {
  const Answer answer = rank_types(open(), "MIMAT0000416", RankBy::type, {});
  // Liver: B 0 and 1, T 2. Lung: T 2 and 3, endothelium 4.
  ASSERT_EQ(answer.lines.size(), 3U);
  EXPECT_EQ(std::get<std::string>(answer.lines[0][2]), "endothelium");
  EXPECT_EQ(std::get<double>(answer.lines[0][4]), 4);
  EXPECT_EQ(std::get<std::string>(answer.lines[1][2]), "T");
  EXPECT_EQ(std::get<double>(answer.lines[1][4]), 2.25) << "of 2 and 2.5";
  EXPECT_NEAR(std::get<double>(answer.lines[1][5]), 0.25 * std::sqrt(2.0), 1e-12);
  EXPECT_EQ(std::get<double>(answer.lines[1][6]), 2);
  EXPECT_EQ(std::get<double>(answer.lines[1][7]), 2.5);
  EXPECT_EQ(std::get<double>(answer.lines[1][8]), 5 + 2 * 2.25) << "log2(RPM + 1)";
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[1][9]), 2);
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[1][11]), 1 + 3 + 2);
}

TEST_F(SmallAtlas, RanksOnlyGroupsThatPassTheFilter) {
  QueryFilter filter;
  filter.disease = "PATO:0000461";
  filter.min_samples = 2;
  const Answer answer = rank_types(open(), "hsa-miR-1-3p", RankBy::group, filter);
  ASSERT_EQ(answer.lines.size(), 2U);
  EXPECT_EQ(std::get<std::string>(answer.lines[0][2]), "lung");
  EXPECT_EQ(std::get<double>(answer.lines[0][8]), 3);
  filter.tissue = "Liver";
  EXPECT_EQ(rank_types(open(), "hsa-miR-1-3p", RankBy::set, filter).lines.size(), 1U);
}

TEST_F(SmallAtlas, JoinsMarkersOverSets) {
  const Answer answer = markers_of(open(), "T", {});
  // In liver miR-155 (2); in lung miR-21 (5) and miR-1 (3).
  ASSERT_EQ(answer.lines.size(), 3U);
  EXPECT_EQ(std::get<std::string>(answer.lines[0][2]), "hsa-miR-21-5p");
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[0][4]), 1);
  EXPECT_EQ(std::get<std::int64_t>(answer.lines[0][5]), 2);
  EXPECT_EQ(std::get<double>(answer.lines[0][6]), 5);
  EXPECT_EQ(std::get<std::string>(answer.lines[2][2]), "hsa-miR-155-5p");
}

TEST_F(SmallAtlas, ComparesTypesWithinSets) {
  const Answer answer = compare_terms(open(), TermKind::type, "T", "B", {});
  // Liver alone has both: T 2, B 0.5 (of 0 and 1).
  ASSERT_EQ(answer.lines.size(), 3U);
  for (const auto& line : answer.lines) {
    EXPECT_EQ(std::get<double>(line[4]), 1.5);
    EXPECT_EQ(std::get<std::string>(line[12]), "yes");
  }
  const Answer between = compare_terms(open(), TermKind::type, "endothelium", "B", {});
  EXPECT_EQ(std::get<double>(between.lines[0][4]), 3.5) << "4 - 0.5";
  EXPECT_EQ(std::get<std::string>(between.lines[0][12]), "no");
  EXPECT_THAT(between.notes, testing::Contains(HasSubstr("no data set has both")));
  EXPECT_THAT(message_of([&] { (void)compare_terms(open(), TermKind::type, "T", "t", {}); },
                         ExitCode::usage),
              HasSubstr("are the same type"));
}

TEST_F(SmallAtlas, FindsTheMirnasOfATarget) {
  const Answer answer = mirnas_of_target(open(), "PTEN", {});
  ASSERT_EQ(answer.lines.size(), 2U);
  EXPECT_EQ(std::get<std::string>(answer.lines[0][3]), "hsa-miR-21-5p");
  EXPECT_THAT(mirnas_of_target(open(), "X", {}).notes, testing::Contains(HasSubstr("no network")));
}

TEST_F(SmallAtlas, BiomarkersJoinContrastsOfOneType) {
  // The contrasts are of B in liver and T in lung: nothing can be joined.
  const Answer none_joined = biomarkers(open(), "cirrhosis", "", {});
  EXPECT_TRUE(none_joined.lines.empty());
  EXPECT_THAT(none_joined.notes, testing::Contains(HasSubstr("in one data set alone")));
  // A third set with B: effects 0 and 1 of miR-1 with the error 0.5.
  test::put_set(folder_, test::small_set("gut", "B", "gut"), test::small_summary(1));
  build_index(folder_, {});
  const Answer answer = biomarkers(open(), "MONDO:1", "normal", {});
  ASSERT_EQ(answer.lines.size(), 2U) << "miR-155 has no effects";
  // miR-21: 1 and 1 with the error 0.25: t is sqrt(2) / 0.25 with 1 degree of freedom.
  EXPECT_EQ(std::get<std::string>(answer.lines[0][3]), "hsa-miR-21-5p");
  EXPECT_NEAR(std::get<double>(answer.lines[0][5]), 1, 1e-12);
  EXPECT_NEAR(std::get<double>(answer.lines[0][6]), 0.25 / std::sqrt(2.0), 1e-9);
  const double p = 1 - 2 * std::atan(4 * std::sqrt(2.0)) / M_PI;  // Student's t with 1 is Cauchy's
  EXPECT_NEAR(std::get<double>(answer.lines[0][9]), p, 1e-9);
  EXPECT_NEAR(std::get<double>(answer.lines[0][10]), 2 * p, 1e-9) << "of 2 tests";
  // miR-1: Q = 2 with n - 1 = 1; both tau2 are 0.5^2 (Q - 1 over 4): 0.25; q* = 1.
  EXPECT_NEAR(std::get<double>(answer.lines[1][5]), 0.5, 1e-12);
  EXPECT_NEAR(std::get<double>(answer.lines[1][11]), 0.25, 1e-9);
  EXPECT_NEAR(std::get<double>(answer.lines[1][12]), 0.25, 1e-9);
  EXPECT_THAT(answer.notes, testing::Contains(HasSubstr("1 donors have the same name")));
}

TEST_F(SmallAtlas, FindsTheGroupsThatProfilesAreLike) {
  Profiles profiles;
  profiles.facts = {{"model_checksum", "checksum"}, {"scale", "dataset (as stated)"}};
  profiles.mirnas = test::small_summary(0).mirnas;
  profiles.profiles.resize(1);
  profiles.profiles[0].group = "mine";
  profiles.z.resize(3, 1);
  profiles.z << 1, 1.25F, 1.5F;
  const Answer answer = nearest_groups(open(), profiles, "mine.h5mu", {});
  ASSERT_EQ(answer.lines.size(), 6U);
  EXPECT_NEAR(std::get<double>(answer.lines[0][4]), 1, 1e-6) << "all groups rise alike";
  profiles.facts[0].second = "another";
  EXPECT_THAT(message_of([&] { (void)nearest_groups(open(), profiles, "mine.h5mu", {}); }),
              HasSubstr("mine.h5mu: was predicted by the model another"));
}

TEST_F(SmallAtlas, NamesThatAreNotThereAreToldWithTheNearest) {
  EXPECT_THAT(message_of([&] { (void)rank_types(open(), "hsa-miR-21", RankBy::type, {}); },
                         ExitCode::usage),
              HasSubstr("Did you mean 'hsa-miR-21-5p'?"));
  EXPECT_THAT(message_of([&] { (void)markers_of(open(), "endotelium", {}); }, ExitCode::usage),
              HasSubstr("Did you mean 'endothelium'?"));
}

TEST(Answers, NamesNeverBecomeFormulasOrLines) {
  Answer answer;
  answer.columns = {"name", "n", "z"};
  answer.lines = {{std::string("=1+1"), std::int64_t{-3}, std::nan("")},
                  {std::string("a\tb\nc"), std::int64_t{1}, -0.5}};
  EXPECT_EQ(answer_tsv(answer), "name\tn\tz\n'=1+1\t-3\tNaN\na b c\t1\t-0.5\n");
  EXPECT_THAT(answer_json(answer), HasSubstr("\"z\": null"));
}

// Fifteen damages: each is refused in words, whichever question is asked.

struct Damage {
  const char* name;
  const char* sql;
  const char* what;
};

class DamagedCatalogue : public SmallAtlas, public testing::WithParamInterface<Damage> {};

TEST_P(DamagedCatalogue, IsRefused) {
  EXPECT_EQ(reading(), "");
  execute(GetParam().sql);
  EXPECT_THAT(reading(), HasSubstr(GetParam().what));
}

constexpr Damage damages[] = {
    {"AnotherProgramsFile", "PRAGMA application_id = 7", "no catalogue of an atlas"},
    {"AnotherVersion", "PRAGMA user_version = 99", "has the version 99"},
    {"AMissingTable", "DROP TABLE triples", "is none of its tables"},
    {"AnAddedTable", "CREATE TABLE more(x)", "'more' is none of its tables"},
    {"AViewInPlaceOfATable",
     "ALTER TABLE terms RENAME TO hidden; CREATE VIEW terms AS SELECT * FROM hidden",
     "is none of its tables"},
    {"ATrigger", "CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM terms; END",
     "'t' is none of its tables"},
    {"AGapInTheNumbersOfSets", "UPDATE sets SET id = 5 WHERE id = 1", "is 5; expected 1 to 1"},
    {"AnIdThatIsAPath", "UPDATE sets SET name = '../../etc' WHERE id = 0", "is no id"},
    {"AGroupOfNoSet", "UPDATE groups SET dataset = 2 WHERE id = 5", "is 2; expected 0 to 1"},
    {"ATextForANumber", "UPDATE groups SET n_cells = 'many' WHERE id = 0", "is no whole number"},
    {"MeansThatAreCutShort", "UPDATE group_means SET mean = x'0000' WHERE id = 0",
     "has 2 bytes; expected 6"},
    {"MeansThatAreTooLong", "UPDATE mirna_values SET sd = zeroblob(100000000) WHERE id = 0",
     "has 100000000 bytes"},
    {"AMarkerOfNoMirna",
     "UPDATE type_markers SET markers = "
     "x'000000000000000000000000ffffff7f00000000000000000000"
     "0000000000000000000000000000000000000000000000000000'",
     "points to what is not there"},
    {"MarkersThatAreCutShort", "UPDATE type_markers SET markers = zeroblob(51)",
     "a list of markers is cut short"},
    {"AContrastWithANegativeError",
     "UPDATE contrast_values SET error = x'0000803f0000803f000080bf' WHERE id = 0", "cannot be"},
    {"ANameThatIsNotUtf8", "UPDATE terms SET name = CAST(x'ff' AS TEXT) WHERE id = 0",
     "is not UTF-8"},
    {"AMissingLine", "DELETE FROM mirna_values WHERE id = 1", "has no line 1"}};

INSTANTIATE_TEST_SUITE_P(All, DamagedCatalogue, testing::ValuesIn(damages),
                         [](const auto& one) { return one.param.name; });

TEST_F(SmallAtlas, FilesThatAreNoDatabaseAreRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("SQLite format 3"), std::string(100'000, '\x01'),
        content(folder_.catalogue()).substr(0, 5000)}) {
    put(folder_.catalogue(), bytes);
    EXPECT_THAT(reading(), HasSubstr("sicmir atlas index"));
  }
  fs::remove(folder_.catalogue());
  EXPECT_THAT(reading(), HasSubstr("No such file"));
}

TEST_F(SmallAtlas, CheckFindsWhatDiffers) {
  const auto found = [&] {
    std::string all;
    for (const Finding& one : check_atlas(folder_).damages) {
      all += one.where.substr(folder_.root().string().size()) + ": " + one.what + "\n";
    }
    return all;
  };
  // The profiles of this atlas are none.
  EXPECT_THAT(found(), HasSubstr("/data/sets/liver/profiles.h5mu: "));
  fs::remove(folder_.set("liver") / set_files::cells);
  EXPECT_THAT(found(), HasSubstr("/data/sets/liver/cells.h5: is missing"));
  put(folder_.set("lung") / "notes.txt", "x");
  EXPECT_THAT(found(), HasSubstr("notes.txt: does not belong"));
}

}  // namespace
}  // namespace sicmir::atlas
