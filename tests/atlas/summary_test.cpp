// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>

#include "atlas/cell_values.hpp"
#include "atlas/small_atlas.hpp"
#include "hdf5/h5.hpp"
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

class FolderOfASet : public testing::Test {
 protected:
  /// A copy.
  FolderOfASet() : folder_(scratch_ / "A"), place_(folder_.set("liver")) {
    static const Scratch original;
    static const AtlasFolder made = test::small_atlas(original);
    test::copy(made, folder_);
  }

  void replace(const std::string& text, const std::string& by) {
    std::string json = content(place_ / set_files::description);
    ASSERT_NE(json.find(text), std::string::npos) << text;
    json.replace(json.find(text), text.size(), by);
    put(place_ / set_files::description, json);
  }
  /// Replaces a data set of an HDF5 file by one of doubles.
  void put_doubles(const char* file, const char* name, std::vector<hsize_t> extent,
                   const std::vector<double>& values) {
    const h5::Lock lock;
    const h5::Handle in(H5Fopen((place_ / file).c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    H5Ldelete(in.get(), name, H5P_DEFAULT);
    if (extent.empty()) return;
    const h5::Handle space(
        H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
    const h5::Handle dataset(H5Dcreate2(in.get(), name, H5T_IEEE_F64LE, space.get(), H5P_DEFAULT,
                                        H5P_DEFAULT, H5P_DEFAULT));
    if (!values.empty()) {
      H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    }
  }
  std::string description() {
    return message_of([&] { (void)read_data_set(place_); });
  }
  std::string summary() {
    return message_of([&] { (void)read_summary(place_, set()); });
  }
  std::string cells() {
    return message_of([&] {
      const CellValues cells(place_, 2, 2, 3);
      (void)cells.map();
      (void)cells.types();
      (void)cells.samples();
      (void)cells.names();
      (void)cells.bytes(0, 3);
    });
  }
  static DataSet set() { return test::small_set("liver", "B", "liver"); }

  Scratch scratch_;
  AtlasFolder folder_;
  fs::path place_;
};

TEST_F(FolderOfASet, DescriptionIsReadAsItWasWritten) {
  const DataSet found = read_data_set(place_);
  EXPECT_EQ(data_set_json(found), data_set_json(set()));
  EXPECT_EQ(found.types[0].name, "B");
  EXPECT_EQ(found.samples[1].donor, "liver-d2");
  EXPECT_EQ(found.groups[0].n_below_floor, 1);
}

TEST_F(FolderOfASet, SummaryIsReadAsItWasWritten) {
  const Summary expected = test::small_summary(0);
  const Summary found = read_summary(place_, set());
  EXPECT_EQ(found.mean, expected.mean);
  EXPECT_TRUE(std::isnan(found.sd(0, 2)));
  EXPECT_EQ(found.sd(1, 2), 0.5F);
  ASSERT_EQ(found.markers.size(), 2U);
  EXPECT_EQ(found.markers[0].values[0].mirna, 1);
  EXPECT_EQ(found.markers[0].values[0].z, 3.0F);
  EXPECT_TRUE(std::isnan(found.markers[0].values[0].p));
  ASSERT_EQ(found.contrasts.size(), 1U);
  EXPECT_EQ(found.contrasts[0].error[1], 0.25F);
  EXPECT_EQ(found.edges[0].target, "PTEN");
  EXPECT_EQ(found.triples[0].receiver, 1);
  EXPECT_EQ(found.mirnas[1].accuracy.within_cohort, 0.5);
}

TEST_F(FolderOfASet, CellsAreReadAsTheyWereWritten) {
  const CellValues cells(place_, 2, 2, 3);
  EXPECT_EQ(cells.n_cells(), 5);
  EXPECT_EQ(cells.map_name(), "X_umap");
  EXPECT_THAT(cells.map(), ElementsAre(0, 0, 1, -1, 2, -2, 3, -3, 4, -4));
  EXPECT_THAT(cells.types(), ElementsAre(-1, 0, 1, -1, 0));
  EXPECT_THAT(cells.samples(), ElementsAre(0, 1, 0, 1, 0));
  EXPECT_EQ(cells.names()[4], "cell4");
  // 0 to 4 in 254 steps: 1 is 63.5, which rounds to 64; the value of a byte errs by half a step.
  EXPECT_THAT(cells.bytes(0, 1), ElementsAre(0, 64, 127, 191, 254));
  EXPECT_NEAR(cells.ranges()[0].value(64), 1.0, 4.0 / 508 + 1e-6);
  EXPECT_THAT(cells.bytes(1, 2), ElementsAre(254, 191, missing_byte, 64, 0, 0, 0, 0, 0, 0));
  EXPECT_EQ(cells.ranges()[2].value(0), 7.0F) << "all alike";
}

TEST_F(FolderOfASet, EqualContentsMakeEqualBytes) {
  const std::string first = content(place_ / set_files::summary);
  const std::string cells = content(place_ / set_files::cells);
  test::put_set(folder_, set(), test::small_summary(0));
  EXPECT_EQ(content(place_ / set_files::summary), first);
  EXPECT_EQ(content(place_ / set_files::cells), cells);
}

// Damaged contents: each is refused with the file, the place and what was expected.

TEST_F(FolderOfASet, DescriptionThatIsNoJson) {
  put(place_ / set_files::description, "{\"format\": 1,");
  EXPECT_THAT(description(), HasSubstr("is no JSON object"));
}

TEST_F(FolderOfASet, DescriptionOfAnotherVersion) {
  replace("\"format\": 1", "\"format\": 7");
  EXPECT_THAT(description(), HasSubstr("/format: is 7"));
}

TEST_F(FolderOfASet, DescriptionOfAnotherSet) {
  replace("\"id\": \"liver\"", "\"id\": \"../x\"");
  EXPECT_THAT(description(), HasSubstr("the folder is named 'liver'"));
}

TEST_F(FolderOfASet, DescriptionThatPointsBeyondItsLists) {
  replace("\"type\": 1", "\"type\": 2");
  EXPECT_THAT(description(), HasSubstr("/groups[2]/type: is 2; expected 0 to 1"));
}

TEST_F(FolderOfASet, DescriptionWithTheSameTypeTwice) {
  replace("\"name\": \"T\"", "\"name\": \"B\"");
  EXPECT_THAT(description(), HasSubstr("/types[1]"));
}

TEST_F(FolderOfASet, DescriptionWithANumberForAText) {
  replace("\"title\": \"Set liver\"", "\"title\": 12");
  EXPECT_THAT(description(), HasSubstr("/title: is no text"));
}

TEST_F(FolderOfASet, DescriptionThatIsPublicInNoWord) {
  replace("\"public\": \"cells\"", "\"public\": \"all\"");
  EXPECT_THAT(description(), HasSubstr("expected no, summary, cells"));
}

TEST_F(FolderOfASet, SummaryThatIsCutShort) {
  const std::string bytes = content(place_ / set_files::summary);
  put(place_ / set_files::summary, bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(summary(), HasSubstr("summary.h5"));
}

TEST_F(FolderOfASet, SummaryWithoutMeans) {
  put_doubles(set_files::summary, "groups/mean", {}, {});
  EXPECT_THAT(summary(), HasSubstr("groups/mean: is missing"));
}

TEST_F(FolderOfASet, SummaryOfMoreGroupsThanTheDescription) {
  put_doubles(set_files::summary, "groups/mean", {4, 3}, std::vector<double>(12, 0));
  EXPECT_THAT(summary(), HasSubstr("has the shape 4 x 3; expected 3 x 3"));
}

TEST_F(FolderOfASet, SummaryThatClaimsMoreThanItHolds) {
  put_doubles(set_files::summary, "markers/type", {hsize_t{1} << 40}, {});
  EXPECT_THAT(summary(), HasSubstr("markers/type: has 1099511627776 entries"));
}

TEST_F(FolderOfASet, SummaryWithAnInfiniteMean) {
  std::vector<double> values(9, 0);
  values[4] = std::numeric_limits<double>::infinity();
  put_doubles(set_files::summary, "groups/mean", {3, 3}, values);
  EXPECT_THAT(summary(), HasSubstr("groups/mean: number 5 is inf"));
}

TEST_F(FolderOfASet, SummaryWithRealsForPositions) {
  put_doubles(set_files::summary, "edges/type", {1}, {0});
  EXPECT_THAT(summary(), HasSubstr("edges/type: holds another kind of values"));
}

TEST_F(FolderOfASet, CellsWithALowAboveTheHigh) {
  put_doubles(set_files::cells, "low", {3}, {9, 0, 0});
  EXPECT_THAT(cells(), HasSubstr("the range of miRNA 1 is 9 to 4"));
}

TEST_F(FolderOfASet, CellsWithAMapOfOtherCells) {
  put_doubles(set_files::cells, "map", {4, 2}, std::vector<double>(8, 0));
  EXPECT_THAT(cells(), HasSubstr("map"));
}

TEST_F(FolderOfASet, CellsWhoseValuesAreNoBytes) {
  put_doubles(set_files::cells, "mirnas", {3, 5}, std::vector<double>(15, 0));
  EXPECT_THAT(cells(), HasSubstr("mirnas: is no matrix of 3 x 5 bytes"));
}

}  // namespace
}  // namespace sicmir::atlas
