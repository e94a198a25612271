// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>

#include "hdf5/h5.hpp"
#include "sicmir/model.hpp"
#include "support/test_model.hpp"

namespace sicmir {
namespace {

using ::testing::HasSubstr;

class ModelFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("sicmir-model-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "model.h5").string();
    model_ = test::small_model();
    write_model(model_, path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Edits the file through the HDF5 library, as damage or a foreign program would.
  void edit(const std::function<void(hid_t file)>& change) {
    const h5::Lock lock;
    const h5::Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
    ASSERT_TRUE(file);
    change(file.get());
  }
  void overwrite_floats(const std::string& name, float value) {
    edit([&](hid_t file) {
      const h5::Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
      const h5::Handle space(H5Dget_space(dataset.get()));
      const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.get()));
      const std::vector<float> values(count, value);
      ASSERT_GE(
          H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          0);
    });
  }
  void replace_floats(const std::string& name, const std::vector<hsize_t>& extent) {
    edit([&](hid_t file) {
      H5Ldelete(file, name.c_str(), H5P_DEFAULT);
      const h5::Handle space(
          H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr));
      const h5::Handle dataset(H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space.get(),
                                          H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
      ASSERT_TRUE(dataset);
    });
  }
  std::string refusal() {
    try {
      (void)read_model(path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_model);
      EXPECT_THAT(error.what(), HasSubstr(path_));
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path folder_;
  std::string path_;
  Model model_;
};

TEST_F(ModelFile, ReadsBackEverythingThatWasWritten) {
  const Model read = read_model(path_);
  EXPECT_EQ(read.name, "small");
  EXPECT_EQ(read.made_from, "numbers");
  EXPECT_THAT(read.made_by, HasSubstr("sicmir "));
  EXPECT_EQ(read.checksum, model_.checksum);
  EXPECT_EQ(read.checksum.size(), 32u);
  ASSERT_EQ(read.panel.size(), 6);
  EXPECT_EQ(read.panel.genes[1].symbol, "GENE1");
  EXPECT_EQ(read.panel.genes[1].current_symbol, "NOW1");
  EXPECT_EQ(read.panel.genes[1].entrez_id, "1001");
  EXPECT_THAT(read.panel.genes[1].older_ensembl_ids,
              ::testing::ElementsAre("ENSG00000000011", "ENSG00000000021"));
  EXPECT_THAT(read.panel.genes[1].aliases, ::testing::ElementsAre("OLD1"));
  EXPECT_EQ(read.gene_mean, model_.gene_mean);
  EXPECT_EQ(read.gene_sd, model_.gene_sd);
  EXPECT_EQ(read.recipe.factor, 1000.0);
  ASSERT_EQ(read.mirnas.size(), 4u);
  EXPECT_EQ(read.mirnas[2].other_name, "hsa-miR-old");
  EXPECT_EQ(read.mirnas[3].target, "estimated");
  EXPECT_EQ(read.mirnas[3].accuracy.n, 13);
  EXPECT_TRUE(std::isnan(read.mirnas[0].accuracy.leave_cohort_out));
  ASSERT_EQ(read.members[0].layers.size(), 5u);
  EXPECT_EQ(std::get<Linear>(read.members[0].layers[0]).weight,
            std::get<Linear>(model_.members[0].layers[0]).weight);
  EXPECT_EQ(std::get<Linear>(read.members[0].layers[0]).bias.size(), 0);
  EXPECT_EQ(std::get<Linear>(read.members[0].layers[4]).bias,
            std::get<Linear>(model_.members[0].layers[4]).bias);
  EXPECT_EQ(std::get<BatchNorm>(read.members[0].layers[1]).variance,
            std::get<BatchNorm>(model_.members[0].layers[1]).variance);
  EXPECT_EQ(std::get<Dropout>(read.members[0].layers[3]).rate, 0.3);
}

TEST_F(ModelFile, WeightsAreStoredOutputsByInputsAsPyTorchHasThem) {
  const h5::File file = h5::File::open_read(path_);
  const h5::Handle weight = h5::open_dataset(file, file.id(), "members/000/layers/000/weight");
  EXPECT_THAT(h5::shape(file, weight.get()), ::testing::ElementsAre(5u, 6u));
  std::vector<float> stored(30);
  H5Dread(weight.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored.data());
  EXPECT_EQ(stored[6 * 2 + 3], std::get<Linear>(model_.members[0].layers[0]).weight(2, 3));
}

TEST_F(ModelFile, TheSameModelMakesTheSameBytes) {
  const std::string other = (folder_ / "other.h5").string();
  write_model(model_, other);
  const auto bytes = [](const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  EXPECT_TRUE(bytes(path_) == bytes(other));
}

TEST_F(ModelFile, TheCardNeedsNoWeights) {
  const ModelCard card = read_model_card(path_);
  EXPECT_EQ(card.members.at(0), "Linear(6, 5) BatchNorm ReLU Dropout(0.3) Linear(5, 4)");
  EXPECT_EQ(card.n_parameters, 5 * 6 + 2 * 5 + 4 * 5 + 4);
  EXPECT_TRUE(card.model.members.at(0).layers.empty());
  EXPECT_EQ(card.model.mirnas.size(), 4u);
}

TEST_F(ModelFile, AFailedWriteLeavesNothingBehind) {
  Model broken = test::small_model();
  broken.members[0].layers.clear();
  const std::string other = (folder_ / "none.h5").string();
  EXPECT_THROW(write_model(broken, other), Error);
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_THROW(write_model(model_, (folder_ / "missing" / "model.h5").string()), Error);
}

TEST_F(ModelFile, RefusesAFileThatDoesNotExist) {
  path_ = (folder_ / "nowhere.h5").string();
  EXPECT_THAT(refusal(), HasSubstr("cannot be opened"));
}

TEST_F(ModelFile, RefusesAFileThatIsNotHdf5) {
  std::ofstream(path_) << "gene,cell\n";
  EXPECT_THAT(refusal(), HasSubstr("not a sicmir model"));
}

TEST_F(ModelFile, RefusesAFolder) {
  path_ = folder_.string();
  EXPECT_THAT(refusal(), HasSubstr("cannot be opened"));
}

TEST_F(ModelFile, RefusesEveryTruncation) {
  const auto size = std::filesystem::file_size(path_);
  for (const double part : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99}) {
    write_model(model_, path_);
    std::filesystem::resize_file(path_, static_cast<std::uintmax_t>(part * double(size)));
    EXPECT_NE(refusal(), "no error") << part;
  }
}

TEST_F(ModelFile, RefusesANewerFormatAndNamesBothVersions) {
  edit([](hid_t file) {
    const h5::Handle attribute(H5Aopen(file, "format_version", H5P_DEFAULT));
    const std::int64_t newer = 7;
    H5Awrite(attribute.get(), H5T_NATIVE_INT64, &newer);
  });
  EXPECT_THAT(refusal(), HasSubstr("model format 7"));
  EXPECT_THAT(refusal(), HasSubstr("reads up to format 2. Update sicmir."));
}

TEST_F(ModelFile, RefusesHdf5OfAnotherKind) {
  edit([](hid_t file) { H5Adelete(file, "format"); });
  EXPECT_THAT(refusal(), HasSubstr("its attribute 'format' is not 'sicmir-model'"));
}

TEST_F(ModelFile, ReadsWeightsThatAnotherProgramStoredInDeflatedChunks) {
  const std::string name = "members/000/layers/000/weight";
  edit([&](hid_t file) {
    std::vector<float> values(30);
    {
      const h5::Handle old(H5Dopen2(file, name.c_str(), H5P_DEFAULT));
      ASSERT_GE(H5Dread(old.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
                0);
    }
    H5Ldelete(file, name.c_str(), H5P_DEFAULT);
    const std::array<hsize_t, 2> extent{5, 6}, chunk{2, 4};
    const h5::Handle space(H5Screate_simple(2, extent.data(), nullptr));
    const h5::Handle how(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(how.get(), 2, chunk.data());
    H5Pset_deflate(how.get(), 4);
    const h5::Handle fresh(H5Dcreate2(file, name.c_str(), H5T_IEEE_F32LE, space.get(), H5P_DEFAULT,
                                      how.get(), H5P_DEFAULT));
    ASSERT_GE(H5Dwrite(fresh.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
              0);
  });
  const Model found = read_model(path_);
  EXPECT_EQ(std::get<Linear>(found.members.at(0).layers.at(0)).weight,
            std::get<Linear>(model_.members.at(0).layers.at(0)).weight);
}

TEST_F(ModelFile, ReadsLayersOfMoreOutputsThanAreReadAtOnce) {
  for (const bool halves : {false, true}) {
    Matrix wide(150, 6), narrow(4, 150);  // 64 + 64 + 22 outputs
    for (Index i = 0; i < wide.size(); ++i) wide.data()[i] = static_cast<float>(i) / 8.0F;
    for (Index i = 0; i < narrow.size(); ++i) narrow.data()[i] = static_cast<float>(i) / -16.0F;
    model_.float16 = halves;  // which holds all of these
    model_.members.at(0).layers = {Linear{wide, {}}, Relu{}, Linear{narrow, {}}};
    write_model(model_, path_);
    const Model found = read_model(path_);
    EXPECT_EQ(std::get<Linear>(found.members.at(0).layers.at(0)).weight, wide) << halves;
    EXPECT_EQ(std::get<Linear>(found.members.at(0).layers.at(2)).weight, narrow) << halves;
  }
}

TEST_F(ModelFile, RefusesAMissingDataSet) {
  edit([](hid_t file) { H5Ldelete(file, "mirnas/sd", H5P_DEFAULT); });
  EXPECT_THAT(refusal(), HasSubstr("/mirnas: has no data set 'sd'"));
}

TEST_F(ModelFile, RefusesAMissingLayer) {
  edit([](hid_t file) { H5Ldelete(file, "members/000/layers/002", H5P_DEFAULT); });
  EXPECT_THAT(refusal(), HasSubstr("holds '003' where layer '002' was expected"));
}

TEST_F(ModelFile, RefusesAMisshapenWeightBeforeAllocatingIt) {
  replace_floats("members/000/layers/004/weight", {4, hsize_t{1} << 40});
  EXPECT_THAT(refusal(), HasSubstr("5 inputs were expected"));
  replace_floats("members/000/layers/004/weight", {hsize_t{1} << 40, 5});
  EXPECT_THAT(refusal(), HasSubstr("elements but the file stores only"));
}

TEST_F(ModelFile, RefusesABatchNormOfTheWrongWidth) {
  replace_floats("members/000/layers/001/mean", {6});
  EXPECT_THAT(refusal(), HasSubstr("has shape [6]; [5] was expected"));
}

TEST_F(ModelFile, RefusesNanWeights) {
  overwrite_floats("members/000/layers/000/weight", std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(refusal(), HasSubstr("/members/000/layers/000/weight: holds NaN or infinite"));
}

TEST_F(ModelFile, RefusesNegativeVariances) {
  overwrite_floats("members/000/layers/001/variance", -1.0f);
  EXPECT_THAT(refusal(), HasSubstr("holds negative numbers"));
}

TEST_F(ModelFile, RefusesAChangedWeightByItsChecksum) {
  overwrite_floats("members/000/layers/000/weight", 0.5f);
  EXPECT_THAT(refusal(), HasSubstr("checksum"));
}

TEST_F(ModelFile, RefusesDuplicateNames) {
  Model twice = test::small_model();
  twice.mirnas[1].name = twice.mirnas[0].name;
  write_model(twice, path_);
  EXPECT_THAT(refusal(), HasSubstr("/mirnas/name: holds 'hsa-miR-0' twice"));
  twice = test::small_model();
  twice.panel.genes[1].symbol = twice.panel.genes[0].symbol;
  write_model(twice, path_);
  EXPECT_THAT(refusal(), HasSubstr("/genes/symbol: holds 'GENE0' twice"));
}

TEST_F(ModelFile, RefusesOutputsThatDoNotMatchTheNames) {
  Model model = test::small_model();
  model.mirnas.pop_back();
  write_model(model, path_);
  EXPECT_THAT(refusal(), HasSubstr("the last layer has 4 outputs, but /mirnas names 3"));
}

/// Three members, one of them a single linear layer, weights that do not sum to 1 yet.
Model small_ensemble() {
  Model model = test::small_model();
  model.members.push_back(model.members[0]);
  model.members.push_back({2.0, {Linear{Matrix::Constant(4, 6, 0.25F), Eigen::VectorXf::Ones(4)}}});
  for (ModelMirna& mirna : model.mirnas) mirna.interval = {2.5, 0.25};
  model.mirnas[1].interval = {};
  model.platform_offsets["array"] = Eigen::VectorXd::LinSpaced(6, -1.0, 1.0);
  model.rank_profiles["array"] = {{1, 0, 1, 1, 0, 1}, {0.0, 0.5, 0.5, 3.0}};
  return model;
}

TEST_F(ModelFile, ReadsBackAnEnsembleWithItsIntervalsAndQuantiles) {
  Model model = small_ensemble();
  write_model(model, path_);
  const Model read = read_model(path_);
  ASSERT_EQ(read.members.size(), 3U);
  EXPECT_EQ(read.members[0].weight, 0.25);
  EXPECT_EQ(read.members[2].weight, 0.5);
  ASSERT_EQ(read.members[2].layers.size(), 1U);
  EXPECT_EQ(std::get<Linear>(read.members[2].layers[0]).weight, Matrix::Constant(4, 6, 0.25F));
  EXPECT_EQ(read.mirnas[0].interval.factor, 2.5);
  EXPECT_EQ(read.mirnas[0].interval.typical_spread, 0.25);
  EXPECT_FALSE(read.mirnas[1].interval.known());
  EXPECT_TRUE(has_intervals(read));
  ASSERT_TRUE(read.rank_profiles.contains("array"));
  EXPECT_EQ(read.rank_profiles.at("array").genes, model.rank_profiles.at("array").genes);
  EXPECT_EQ(read.rank_profiles.at("array").quantiles, model.rank_profiles.at("array").quantiles);
  EXPECT_EQ(read.checksum, model.checksum);
  const ModelCard card = read_model_card(path_);
  EXPECT_EQ(card.format_version, 2);  // a reader of version 1 would pass the ranks over
  EXPECT_THAT(card.members,
              ::testing::ElementsAre(::testing::HasSubstr("BatchNorm"),
                                     ::testing::HasSubstr("BatchNorm"), "Linear(6, 4)"));
}

TEST_F(ModelFile, Float16TakesHalfTheRoomAndReadsBackAsRounded) {
  model_.float16 = true;
  std::get<Linear>(model_.members[0].layers[0]).weight(0, 0) = 0.1F;
  write_model(model_, path_);
  const Model read = read_model(path_);
  EXPECT_TRUE(read.float16);
  // 0.1 lies between 1638 and 1639 steps of 2^-14; binary16 keeps 11 bits: 1638 x 2^-14.
  EXPECT_EQ(std::get<Linear>(read.members[0].layers[0]).weight(0, 0), 1638.0F / 16384.0F);
  EXPECT_EQ(std::get<Linear>(read.members[0].layers[4]).bias,
            std::get<Linear>(test::small_model().members[0].layers[4]).bias);
  const h5::File file = h5::File::open_read(path_);
  const h5::Handle weight = h5::open_dataset(file, file.id(), "members/000/layers/000/weight");
  EXPECT_EQ(h5::stored_bytes(weight.get()), 60U);
}

TEST_F(ModelFile, RefusesAWeightBeyondFloat16) {
  model_.float16 = true;
  std::get<Linear>(model_.members[0].layers[0]).weight(0, 0) = 1e5F;
  EXPECT_THROW(write_model(model_, path_), Error);
}

TEST_F(ModelFile, RefusesMemberWeightsThatAreNoShares) {
  Model model = small_ensemble();
  const auto set = [&](double value) {
    write_model(model, path_);
    edit([&](hid_t file) {
      const h5::Handle dataset(H5Dopen2(file, "members/002/weight", H5P_DEFAULT));
      H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
    });
    return refusal();
  };
  EXPECT_THAT(set(-0.5), HasSubstr("/members/002/weight: must be one number above 0"));
  EXPECT_THAT(set(0.0), HasSubstr("must be one number above 0"));
  EXPECT_THAT(set(std::nan("")), HasSubstr("must be one number above 0"));
  EXPECT_THAT(set(0.25), HasSubstr("the weights sum to 0.75; 1 was expected"));
}

TEST_F(ModelFile, RefusesAMissingMemberAndNone) {
  Model model = small_ensemble();
  write_model(model, path_);
  edit([](hid_t file) { H5Ldelete(file, "members/001", H5P_DEFAULT); });
  EXPECT_THAT(refusal(), HasSubstr("holds '002' where member '001' was expected"));
  edit([](hid_t file) {
    H5Ldelete(file, "members/000", H5P_DEFAULT);
    H5Ldelete(file, "members/002", H5P_DEFAULT);
  });
  EXPECT_THAT(refusal(), HasSubstr("/members: has 0 members; 1 to 1000 were expected"));
}

TEST_F(ModelFile, WithoutRanksIsOfVersion1) {
  Model model = small_ensemble();
  model.rank_profiles.clear();
  write_model(model, path_);
  EXPECT_EQ(read_model_card(path_).format_version, 1);
}

TEST_F(ModelFile, RefusesDamagedRankProfiles) {
  const auto refusal_of = [&](const RankProfile& profile, const std::string& platform = "array") {
    Model model = small_ensemble();
    model.rank_profiles = {{platform, profile}};
    write_model(model, path_);
    return refusal();
  };
  EXPECT_THAT(refusal_of({{1, 0, 1, 1, 0, 0}, {0.0, 2.0, 1.0}}),
              HasSubstr("falls from 2 to 1 at entry 2"));
  EXPECT_THAT(refusal_of({{1, 1, 0, 0, 0, 0}, {0.0, std::nan("")}}),
              HasSubstr("reference_quantiles: holds NaN or infinite numbers"));
  EXPECT_THAT(refusal_of({{1, 1, 1, 0, 0, 0}, {0.0, 1.0}}),
              HasSubstr("has 2 entries left for the 3 genes of platform 'array'"));
  EXPECT_THAT(refusal_of({{1, 0, 0, 0, 0, 0}, {0.0}}), HasSubstr("2 or more was expected"));
  EXPECT_THAT(refusal_of({{1, 1, 0, 0, 0, 0}, {0.0, 1.0, 2.0}}),
              HasSubstr("reference_quantiles: has 3 entries; 2 were expected"));
  EXPECT_THAT(refusal_of({{1, 2, 0, 0, 0, 0}, {0.0, 1.0}}),
              HasSubstr("rank_genes: holds 2; 0 or 1 was expected"));
  EXPECT_THAT(refusal_of({{1, 1, 0}, {0.0, 1.0}}), HasSubstr("rank_genes"));
  EXPECT_THAT(refusal_of({{1, 1, 0, 0, 0, 0}, {0.0, 1.0}}, "other"),
              HasSubstr("rank_platform: 'other' is none of /harmonisation/platform"));
}

DifferenceCalibration small_calibration() {
  return {.accuracies = {-1.0, 0.5},
          .differences = {0.0, 1.0, 2.0},
          .likely = {0.1, 0.2, 0.3, 0.4, 0.5, std::nan("")},
          .low = {0, 0, 0, 0, 0, 0},
          .high = {1, 1, 1, 1, 1, 1},
          .sign_right = {0.5, 0.6, 0.7, 0.8, 0.9, 1.0},
          .n = {10, 20, 30, 40, 50, 60}};
}

TEST_F(ModelFile, KeepsTheCalibrationOfDifferences) {
  Model model = small_ensemble();
  write_model(model, path_);
  const std::string without = model.checksum;
  model.differences = {{"dataset", small_calibration()}};
  write_model(model, path_);
  EXPECT_NE(model.checksum, without);
  const Model found = read_model(path_);
  ASSERT_EQ(found.differences.size(), 1);
  const DifferenceCalibration& table = found.differences.at("dataset");
  EXPECT_EQ(table.sign_right, small_calibration().sign_right);
  EXPECT_EQ(table.n, small_calibration().n);
  EXPECT_EQ(table.probability(0.4, 0.5), 0.1);
  EXPECT_EQ(table.probability(0.4, -2.0), 0.3);
  EXPECT_EQ(table.probability(0.5, 1.99), 0.5);
  EXPECT_TRUE(std::isnan(table.probability(0.5, 7.0)));
}

TEST_F(ModelFile, RefusesADamagedCalibrationOfDifferences) {
  const auto refusal_of = [&](DifferenceCalibration calibration) {
    Model model = small_ensemble();
    model.differences = {{"dataset", std::move(calibration)}};
    write_model(model, path_);
    return refusal();
  };
  DifferenceCalibration wrong = small_calibration();
  wrong.likely.pop_back();
  EXPECT_THAT(refusal_of(wrong), HasSubstr("/differences/dataset/likely: has 5 entries; 6 were"));
  wrong = small_calibration();
  wrong.differences = {0.0, 2.0, 1.0};
  EXPECT_THAT(refusal_of(wrong), HasSubstr("must be finite and rise"));
  wrong.differences = {0.0, std::nan(""), 1.0};
  EXPECT_THAT(refusal_of(wrong), HasSubstr("must be finite and rise"));
}

TEST_F(ModelFile, RefusesANegativeIntervalFactor) {
  Model model = small_ensemble();
  model.mirnas[0].interval.factor = -1.0;
  write_model(model, path_);
  EXPECT_THAT(refusal(), HasSubstr("interval_factor and typical_spread of hsa-miR-0 are -1"));
}

}  // namespace
}  // namespace sicmir
