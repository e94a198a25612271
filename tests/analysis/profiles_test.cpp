// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/profiles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "analysis/make_profiles.hpp"
#include "hdf5/h5.hpp"
#include "support/scratch.hpp"

namespace sicmir {
namespace {

using h5::Handle;
using test::content;
using test::entries;
using test::put;
using test::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// 5 profiles of 3 genes and 2 miRNAs, with numbers by hand.
Profiles small_profiles() {
  Profiles all;
  all.genes.columns = {{"_index", {"TP53", "ACTB", "x y"}},
                       {"gene_ids", {"ENSG00000141510", "ENSG00000075624", ""}}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  all.in_panel = {1, 0, 0};
  all.mirnas = {{"hsa-miR-21-5p", "MIMAT0000076", "measured", 12.5, 1.25, {0.5, 0.25, nan, 40}},
                {"hsa-miR-155-5p", "", "estimated", nan, nan, {nan, nan, nan, 0}}};
  for (int i = 0; i < 5; ++i) {
    Profile& profile = all.profiles.emplace_back();
    profile.sample = i < 3 ? "s1" : "s2 \u00e9";
    profile.group = std::string(1, static_cast<char>('a' + i)) + "|cell";
    profile.donor = i < 3 ? "d1" : "";
    profile.n_cells = 40 + i;
    profile.n_counts = 9'007'199'254'740'991.0 - i;  // 2^53 - 1
    profile.below_floor = i == 2;
    profile.n_panel_genes = 2;
    profile.median_z = -0.5 * i;
    profile.iqr_z = 1.0 + i;
    profile.counts = {1e15 + i, 0.0, 0.5 * i};
    profile.n_detected = {40 + i, 0, i};
  }
  all.z.resize(2, 5);
  all.z << -1.0F, 0.0F, 1.0F, 2.0F, 3.5F, 0.25F, 0.5F, 0.75F, 1.0F, 1e-20F;
  all.log2rpm = all.z.array() * 2.0F + 10.0F;
  all.floor = {41, 100.0};
  all.facts = {{"min_cells", "41"}, {"min_counts", "100"}, {"model", "small \u00e9"}};
  return all;
}

void expect_equal(const Profile& a, const Profile& b) {
  EXPECT_EQ(a.name(), b.name());
  EXPECT_EQ(a.sample, b.sample);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.donor, b.donor);
  EXPECT_EQ(a.condition, b.condition);
  EXPECT_EQ(a.tissue, b.tissue);
  EXPECT_EQ(a.n_cells, b.n_cells);
  EXPECT_EQ(a.n_counts, b.n_counts);
  EXPECT_EQ(a.below_floor, b.below_floor);
  EXPECT_EQ(a.n_panel_genes, b.n_panel_genes);
  EXPECT_EQ(a.median_z, b.median_z);
  EXPECT_EQ(a.iqr_z, b.iqr_z);
}

void expect_same_number(double a, double b) {
  EXPECT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << a << " and " << b;
}

TEST(Profiles, AreReadAsTheyWereWritten) {
  const Scratch folder;
  const Profiles written = small_profiles();
  write_profiles(written, folder / "p.h5mu", 2);
  EXPECT_THAT(entries(folder), ElementsAre("p.h5mu"));
  EXPECT_TRUE(is_profiles_file(folder / "p.h5mu"));
  const Profiles read = read_profiles(folder / "p.h5mu");
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < written.profiles.size(); ++i) {
    expect_equal(read.profiles[i], written.profiles[i]);
    EXPECT_EQ(read.profiles[i].counts, written.profiles[i].counts);
    EXPECT_EQ(read.profiles[i].n_detected, written.profiles[i].n_detected);
  }
  ASSERT_EQ(read.genes.columns.size(), 2U);
  EXPECT_EQ(read.genes.columns[0].ids, written.genes.columns[0].ids);
  EXPECT_EQ(read.in_panel, written.in_panel);
  EXPECT_EQ(read.genes.columns[1].name, "gene_ids");
  EXPECT_EQ(read.genes.columns[1].ids, written.genes.columns[1].ids);
  ASSERT_EQ(read.mirnas.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const ProfileMirna& a = read.mirnas[i];
    const ProfileMirna& b = written.mirnas[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.mimat, b.mimat);
    EXPECT_EQ(a.target, b.target);
    expect_same_number(a.mean, b.mean);
    expect_same_number(a.sd, b.sd);
    expect_same_number(a.accuracy.pooled, b.accuracy.pooled);
    expect_same_number(a.accuracy.within_cohort, b.accuracy.within_cohort);
    expect_same_number(a.accuracy.leave_cohort_out, b.accuracy.leave_cohort_out);
    EXPECT_EQ(a.accuracy.n, b.accuracy.n);
  }
  EXPECT_EQ(read.z, written.z);
  EXPECT_EQ(read.log2rpm, written.log2rpm);
  EXPECT_EQ(read.floor.min_cells, 41);
  EXPECT_EQ(read.floor.min_counts, 100.0);
  EXPECT_EQ(read.facts, written.facts);
}

TEST(Profiles, OfTheirMirnasAloneAreReadWithoutCounts) {
  const Scratch folder;
  Profiles written = small_profiles();
  written.log2rpm.resize(0, 0);  // a model without means
  write_profile_mirnas(written, folder / "p.h5ad", 1);
  const Profiles read = read_profiles(folder / "p.h5ad");
  EXPECT_FALSE(read.has_counts());
  EXPECT_FALSE(read.has_log2rpm());
  EXPECT_EQ(read.z, written.z);
  for (std::size_t i = 0; i < written.profiles.size(); ++i) {
    expect_equal(read.profiles[i], written.profiles[i]);
    EXPECT_THAT(read.profiles[i].counts, IsEmpty());
  }
}

TEST(Profiles, AreTheSameBytesWhateverTheThreads) {
  const Scratch folder;
  // More than one chunk of 512 KB: 3 lines of 30,000 genes.
  Profiles large = small_profiles();
  large.genes.columns.pop_back();
  large.genes.columns[0].ids.clear();
  large.in_panel.clear();
  for (int i = 0; i < 30'000; ++i) large.genes.columns[0].ids.push_back("G" + std::to_string(i));
  for (Profile& profile : large.profiles) {
    profile.counts.assign(30'000, 3.0);
    profile.n_detected.assign(30'000, 2);
    profile.counts[7] = static_cast<double>(profile.n_cells);
  }
  write_profiles(large, folder / "one.h5mu", 1);
  write_profiles(large, folder / "four.h5mu", 4);
  EXPECT_EQ(content(folder / "one.h5mu"), content(folder / "four.h5mu"));
  const Profiles read = read_profiles(folder / "four.h5mu");
  for (std::size_t i = 0; i < large.profiles.size(); ++i) {
    EXPECT_EQ(read.profiles[i].counts, large.profiles[i].counts);
  }
}

TEST(Profiles, ThatCannotBeWrittenLeaveNothing) {
  const Scratch folder;
  const test::FileSizeLimit limit(4000);
  try {
    write_profiles(small_profiles(), folder / "p.h5mu", 1);
    FAIL() << "written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::not_written);
  }
  EXPECT_THAT(entries(folder), IsEmpty());
}

/// Changes a file by HDF5 itself.
void edit(const std::string& path, const std::function<void(hid_t)>& change) {
  const h5::Lock lock;
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
  ASSERT_TRUE(file);
  change(file.get());
}

void put_doubles(hid_t file, const char* name, std::vector<hsize_t> extent,
                 const std::vector<double>& values) {
  H5Ldelete(file, name, H5P_DEFAULT);
  const Handle space(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
  const Handle dataset(H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space.get(), H5P_DEFAULT,
                                  H5P_DEFAULT, H5P_DEFAULT));
  if (!values.empty()) {
    H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  }
}

void put_text(hid_t file, const char* name, const char* text) {
  H5Ldelete(file, name, H5P_DEFAULT);
  const Handle type(H5Tcopy(H5T_C_S1));
  H5Tset_size(type.get(), H5T_VARIABLE);
  const Handle space(H5Screate(H5S_SCALAR));
  const Handle dataset(
      H5Dcreate2(file, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
           static_cast<const void*>(&text));
}

void set_value(hid_t file, const char* name, hsize_t line, hsize_t column, double value) {
  const Handle dataset(H5Dopen2(file, name, H5P_DEFAULT));
  const Handle space(H5Dget_space(dataset.get()));
  const std::array<hsize_t, 2> at = {line, column};
  H5Sselect_elements(space.get(), H5S_SELECT_SET, 1, at.data());
  const hsize_t one = 1;
  const Handle memory(H5Screate_simple(1, &one, nullptr));
  H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, memory.get(), space.get(), H5P_DEFAULT, &value);
}

void swap_texts(hid_t file, const char* name, std::vector<const char*> texts) {
  const Handle dataset(H5Dopen2(file, name, H5P_DEFAULT));
  const Handle type(H5Dget_type(dataset.get()));
  H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT,
           static_cast<const void*>(texts.data()));
}

struct Damage {
  const char* name;
  std::function<void(hid_t)> change;
  const char* words;  ///< of the message, and where in the file
};

class Damaged : public testing::TestWithParam<Damage> {};

TEST_P(Damaged, IsRefusedInWords) {
  const Scratch folder;
  const std::string path = folder / "p.h5mu";
  write_profiles(small_profiles(), path, 1);
  edit(path, GetParam().change);
  try {
    (void)read_profiles(path);
    FAIL() << "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(path));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().words));
  }
}

constexpr double infinity = std::numeric_limits<double>::infinity();

const std::vector<Damage> damages = {
    {"NoMark", [](hid_t file) { H5Ldelete(file, "uns/sicmir/profiles", H5P_DEFAULT); },
     "is no file of profiles"},
    {"LaterVersion", [](hid_t file) { put_text(file, "uns/sicmir/profiles", "9"); },
     "is '9', a version that this program does not know"},
    {"NoCounts", [](hid_t file) { H5Ldelete(file, "mod/rna/X", H5P_DEFAULT); },
     "mod/rna/X: is no dense matrix"},
    {"OtherShape",
     [](hid_t file) {
       put_doubles(file, "mod/rna/X", {5, 2}, {});
     },
     "mod/rna/X: has the shape 5 x 2; expected 5 profiles x 3 features"},
    {"ImmenseShape",
     [](hid_t file) {
       put_doubles(file, "mod/rna/X", {hsize_t{1} << 40, hsize_t{1} << 20}, {});
     },
     "mod/rna/X"},
    {"ImmenseColumn",
     [](hid_t file) { put_doubles(file, "mod/mirna/obs/median_z", {hsize_t{1} << 40}, {}); },
     "median_z"},
    {"InfiniteZ", [](hid_t file) { set_value(file, "mod/mirna/X", 3, 1, infinity); },
     "mod/mirna/X: profile 4 ('s2 \u00e9|d|cell'), feature 2: is inf"},
    {"NegativeCount", [](hid_t file) { set_value(file, "mod/rna/X", 1, 2, -1.0); },
     "mod/rna/X: profile 2 ('s1|b|cell'), feature 3: is -1"},
    {"MoreDetectedThanCells",
     [](hid_t file) { set_value(file, "mod/rna/layers/n_detected", 0, 1, 41.0); },
     "mod/rna/layers/n_detected: profile 1 ('s1|a|cell'), feature 2: is 41"},
    {"MirnaTwice",
     [](hid_t file) {
       swap_texts(file, "mod/mirna/var/_index", {"hsa-miR-21-5p", "hsa-miR-21-5p"});
     },
     "names 'hsa-miR-21-5p' twice"},
    {"OtherProfilesInOtherModality",
     [](hid_t file) {
       swap_texts(file, "mod/rna/obs/_index", {"a", "b", "c", "d", "e"});
     },
     "mod/rna/obs: lists other profiles than mod/mirna/obs"},
    {"NameOfOtherSample",
     [](hid_t file) {
       swap_texts(file, "mod/mirna/obs/sample", {"s9", "s1", "s1", "s2", "s2"});
     },
     "line 1 ('s1|a|cell'): its sample and group are 's9' and 'a|cell'"},
    {"TextForNumbers",
     [](hid_t file) {
       H5Ldelete(file, "mod/mirna/obs/n_cells", H5P_DEFAULT);
       H5Lcreate_hard(file, "mod/mirna/obs/group", file, "mod/mirna/obs/n_cells", H5P_DEFAULT,
                      H5P_DEFAULT);
     },
     "mod/mirna/obs/n_cells: holds another kind of values"},
    {"ChunkOfGarbage",
     [](hid_t file) {
       const Handle dataset(H5Dopen2(file, "mod/rna/X", H5P_DEFAULT));
       const std::array<hsize_t, 2> corner = {0, 0};
       const std::string garbage(60, '\x5a');
       H5Dwrite_chunk(dataset.get(), H5P_DEFAULT, 0, corner.data(), garbage.size(), garbage.data());
     },
     "mod/rna/X: a chunk of 60 bytes cannot be inflated"},
    {"LinkToAnotherFile",
     [](hid_t file) {
       H5Ldelete(file, "mod/mirna/X", H5P_DEFAULT);
       H5Lcreate_external("/etc/passwd", "/X", file, "mod/mirna/X", H5P_DEFAULT, H5P_DEFAULT);
     },
     "mod/mirna/X"},
    {"FloorInWords", [](hid_t file) { put_text(file, "uns/sicmir/min_cells", "many"); },
     "uns/sicmir/min_cells: is 'many'"},
};

INSTANTIATE_TEST_SUITE_P(Profiles, Damaged, testing::ValuesIn(damages),
                         [](const auto& damage) { return std::string(damage.param.name); });

TEST(Profiles, CutShortAreRefused) {
  const Scratch folder;
  write_profiles(small_profiles(), folder / "whole.h5mu", 1);
  const std::string whole = content(folder / "whole.h5mu");
  for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{600}}) {
    put(folder / "cut.h5mu", whole.substr(0, size));
    EXPECT_THROW((void)read_profiles(folder / "cut.h5mu"), Error) << size;
    EXPECT_FALSE(is_profiles_file(folder / "cut.h5mu")) << size;
  }
  put(folder / "text.h5mu", "MuData but no HDF5");
  EXPECT_THROW((void)read_profiles(folder / "text.h5mu"), Error);
  EXPECT_FALSE(is_profiles_file(folder / "missing.h5mu"));
}

InputSums sums_of(const std::string& path, std::vector<std::string> genes) {
  InputSums sums;
  sums.input.path = path;
  sums.genes.columns = {{"_index", std::move(genes)}};
  return sums;
}

TEST(JoinSums, KeepsTheGenesOfAllInputsInTheOrderOfTheFirst) {
  InputSums first = sums_of("a", {"G1", "G2", "G2", "G3"});
  first.profiles.resize(1);
  first.profiles[0] = {"s1", "t", {}, {},           {},           3, 20.0, false,
                       0,    0,   0,  {1, 2, 3, 4}, {1, 1, 2, 2}, {}};
  InputSums second = sums_of("b", {"G3", "G2", "G4", "G1", "G2"});
  second.profiles.resize(1);
  second.profiles[0] = {
      "s0", "t", {}, {}, {}, 5, 99.0, false, 0, 0, 0, {10, 20, 30, 40, 50}, {1, 2, 3, 4, 5}, {}};
  std::vector<InputSums> inputs;
  inputs.push_back(std::move(first));
  inputs.push_back(std::move(second));
  const InputSums joined = join_sums(std::move(inputs));
  EXPECT_THAT(joined.genes.columns[0].ids, ElementsAre("G1", "G2", "G2", "G3"));
  ASSERT_EQ(joined.profiles.size(), 2U);
  EXPECT_EQ(joined.profiles[0].sample, "s0");
  EXPECT_THAT(joined.profiles[0].counts, ElementsAre(40, 20, 50, 10));
  EXPECT_THAT(joined.profiles[0].n_detected, ElementsAre(4, 2, 5, 1));
  EXPECT_EQ(joined.profiles[0].n_counts, 99.0);
  EXPECT_THAT(joined.profiles[1].counts, ElementsAre(1, 2, 3, 4));
}

TEST(JoinSums, AddsHalvesUpOverTheGenesThatAllHalved) {
  InputSums first = sums_of("a", {"G1", "G2", "G3", "G4"});
  first.halved = {0, 1, 3};  // G1, G2, G4
  first.profiles.resize(1);
  first.profiles[0] = {"s1",
                       "t",
                       {},
                       {},
                       {},
                       3,
                       20.0,
                       false,
                       0,
                       0,
                       0,
                       {4, 4, 4, 4},
                       {1, 1, 1, 1},
                       {1, 7.0, {1, 2, 3}}};
  InputSums second = sums_of("b", {"G4", "G3", "G2", "G1"});
  second.halved = {0, 2};  // G4, G2
  second.profiles.resize(1);
  second.profiles[0] = {"s1",
                        "t",
                        {},
                        {},
                        {},
                        5,
                        30.0,
                        false,
                        0,
                        0,
                        0,
                        {9, 9, 9, 9},
                        {1, 1, 1, 1},
                        {2, 11.0, {10, 20}}};
  std::vector<InputSums> inputs;
  inputs.push_back(std::move(first));
  inputs.push_back(std::move(second));
  const InputSums joined = join_sums(std::move(inputs));
  EXPECT_THAT(joined.halved, ElementsAre(1, 3));  // G2, G4
  ASSERT_EQ(joined.profiles.size(), 1U);
  const ProfileHalf& half = joined.profiles[0].half;
  EXPECT_EQ(half.n_cells, 3);
  EXPECT_EQ(half.n_counts, 18.0);
  EXPECT_THAT(half.counts, ElementsAre(2 + 20, 3 + 10));
}

TEST(JoinSums, RefusesInputsWithoutACommonGene) {
  std::vector<InputSums> inputs;
  inputs.push_back(sums_of("a", {"G1"}));
  inputs.push_back(sums_of("b", {"H1"}));
  try {
    (void)join_sums(std::move(inputs));
    FAIL() << "joined";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("no gene in common"));
  }
}

}  // namespace
}  // namespace sicmir
