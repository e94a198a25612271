// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "sicmir/train.hpp"
#include "train/baselines.hpp"
#include "train/held_out.hpp"
#include "train/split.hpp"

namespace sicmir {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

/// `n` samples of patients p0, p0, p1, p1...; two genes, two miRNAs.
TrainingPairs pairs_of(Index n) {
  TrainingPairs pairs;
  pairs.mrna = Matrix::Zero(2, n);
  pairs.mirna = Matrix::Zero(2, n);
  for (Index i = 0; i < n; ++i) {
    pairs.samples.push_back("s" + std::to_string(i));
    pairs.patients.push_back("p" + std::to_string(i / 2));
    pairs.cohorts.push_back(i % 3 == 0 ? "A" : "B");
    pairs.platforms.emplace_back();
  }
  return pairs;
}

std::vector<Index> first(Index n) {
  std::vector<Index> samples;
  for (Index i = 0; i < n; ++i) samples.push_back(i);
  return samples;
}

/// Samples 0 .. 5 of the reference, each with a twin that is lower by 1, 2, 3, 4, 5 and 60.
TrainingPairs with_twins() {
  TrainingPairs pairs = pairs_of(8);
  pairs.platforms[7] = "htseq";
  const float lower[] = {1, 2, 3, 4, 5, 60};
  for (Index i = 0; i < 6; ++i) {
    pairs.mrna(0, i) = 10.0f + static_cast<float>(i);
    pairs.mrna(1, i) = 3.0f;
    Eigen::VectorXf twin(2);
    twin << pairs.mrna(0, i) - lower[i], missing;
    pairs.twins.push_back({i, "htseq", twin});
  }
  return pairs;
}

TEST(PlatformOffsets, AreMedianDifferencesOverSamplesMeasuredOnBoth) {
  const TrainingPairs pairs = with_twins();
  const PlatformOffsets offsets = fit_offsets(pairs, first(8));
  ASSERT_EQ(offsets.size(), 1U);
  EXPECT_DOUBLE_EQ(offsets.at("htseq")[0], 3.5);
  // Nothing to compare for gene 1: the median of the platform's other genes.
  EXPECT_DOUBLE_EQ(offsets.at("htseq")[1], 3.5);
  const TrainingPairs harmonised = add_offsets(pairs, offsets);
  EXPECT_FLOAT_EQ(harmonised.mrna(0, 7), 3.5f);
  EXPECT_EQ(harmonised.mrna.leftCols(7), pairs.mrna.leftCols(7));
}

TEST(PlatformOffsets, DoNotSeeHeldOutSamplesNorTheirTwins) {
  TrainingPairs pairs = with_twins();
  EXPECT_DOUBLE_EQ(fit_offsets(pairs, first(5)).at("htseq")[0], 3.0);
  pairs.mrna.col(6).setConstant(1e6f);
  pairs.twins[5].mrna[0] = -1e6f;
  EXPECT_DOUBLE_EQ(fit_offsets(pairs, first(5)).at("htseq")[0], 3.0);
}

TEST(PlatformOffsets, FallBackOnMediansOfCohorts) {
  TrainingPairs pairs = pairs_of(18);  // A: 0, 3, 6, 9, 12, 15
  for (Index i = 0; i < 18; ++i) {
    const bool array = i >= 9;
    if (array) pairs.platforms[static_cast<std::size_t>(i)] = "array";
    const float of_cohort = i % 3 == 0 ? 5.0f : 9.0f;
    pairs.mrna(0, i) = array ? of_cohort - 7.0f : of_cohort;
    pairs.mrna(1, i) = array ? missing : of_cohort;
  }
  const PlatformOffsets offsets = fit_offsets(pairs, first(18));
  EXPECT_DOUBLE_EQ(offsets.at("array")[0], 7.0);
  EXPECT_TRUE(std::isnan(add_offsets(pairs, offsets).mrna(1, 17)));
}

TEST(PlatformOffsets, AreZeroWithoutAnythingToCompare) {
  TrainingPairs pairs = pairs_of(4);
  pairs.platforms.assign(4, "alone");
  EXPECT_TRUE(fit_offsets(pairs, first(4)).at("alone").isZero());
}

// Samples of a patient come from several files and cohorts; no fold may split them.
TEST(Folds, KeepAllSamplesOfAPatientTogether) {
  TrainingPairs pairs = pairs_of(90);
  for (Index i = 0; i < 90; ++i) {
    pairs.patients[static_cast<std::size_t>(i)] = "p" + std::to_string(i % 40);
    pairs.platforms[static_cast<std::size_t>(i)] = i < 40 ? "" : "other";
  }
  const std::vector<Index> folds = training::deal_folds(pairs, first(90), 5, 1);
  std::map<std::string, std::set<Index>> folds_of;
  for (std::size_t i = 0; i < folds.size(); ++i) folds_of[pairs.patients[i]].insert(folds[i]);
  ASSERT_EQ(folds_of.size(), 40U);
  for (const auto& [patient, own] : folds_of) EXPECT_EQ(own.size(), 1U) << patient;
  EXPECT_EQ(std::set<Index>(folds.begin(), folds.end()).size(), 5U);
}

// The folds that figures come from: three sources, two of which hold other samples of the patients.
TEST(Folds, OfCrossValidationNeverSplitAPatientOfSeveralSources) {
  TrainingPairs pairs = pairs_of(60);
  pairs.mrna = Matrix::Random(2, 60);
  pairs.mirna = Matrix::Random(2, 60);
  pairs.rank_platforms = {"array"};
  for (std::size_t i = 0; i < 60; ++i) {
    pairs.patients[i] = "p" + std::to_string(i % 25);
    pairs.platforms[i] = i < 25 ? "" : i < 50 ? "counts" : "array";
  }
  TrainOptions options;
  options.members = 0;
  options.ridge = 1.0;
  options.cross_validate = 4;
  options.validation = 0;
  const training::HeldOut found = training::cross_validate(pairs, options);
  std::map<std::string, std::set<Index>> folds_of;
  for (std::size_t i = 0; i < 60; ++i) folds_of[pairs.patients[i]].insert(found.fold[i]);
  EXPECT_EQ(folds_of.size(), 25U);
  for (const auto& [patient, folds] : folds_of) EXPECT_EQ(folds.size(), 1U) << patient;
  EXPECT_EQ(std::set<Index>(found.fold.begin(), found.fold.end()), (std::set<Index>{0, 1, 2, 3}));
  EXPECT_TRUE(found.predicted.allFinite());  // every sample once, in whatever source it stands
}

TEST(Baselines, CohortMeansComeFromTrainingSamplesAlone) {
  TrainingPairs pairs = pairs_of(8);  // A: 0, 3, 6
  pairs.mirna.row(0) << 1, 10, 20, 3, 30, 1000, 1000, 1000;
  pairs.mirna.row(1) << missing, 4, 6, missing, 8, 1000, 1000, 1000;
  pairs.cohorts[7] = "C";
  const Matrix found = training::cohort_means(pairs, first(5), std::vector<Index>{5, 6, 7});
  EXPECT_FLOAT_EQ(found(0, 0), 20.0f);         // B: 10, 20, 30
  EXPECT_FLOAT_EQ(found(0, 1), 2.0f);          // A: 1, 3
  EXPECT_FLOAT_EQ(found(0, 2), 64.0f / 5.0f);  // C does not train: all
  EXPECT_FLOAT_EQ(found(1, 1), 6.0f);          // A has no such target: all
}

TEST(Baselines, TheNearestCohortIsTheOneWhoseProfileCorrelates) {
  TrainingPairs pairs;
  pairs.mrna.resize(4, 6);
  // A is high in genes 0 and 1, B in 2 and 3; the last two samples are to be told.
  pairs.mrna << 9, 8, 1, 2, 7, 1,  //
      9, 9, 2, 1, 8, 1,            //
      1, 2, 9, 8, 1, 6,            //
      2, 1, 8, 9, 2, missing;
  pairs.mirna.resize(1, 6);
  pairs.mirna << 1, 3, 11, 13, missing, missing;
  pairs.cohorts = {"A", "A", "B", "B", "X", "X"};
  pairs.samples = pairs.patients = {"a", "b", "c", "d", "e", "f"};
  const Matrix found = training::nearest_cohort_means(pairs, first(4), std::vector<Index>{4, 5});
  EXPECT_FLOAT_EQ(found(0, 0), 2.0f);
  EXPECT_FLOAT_EQ(found(0, 1), 12.0f);
}

TEST(Baselines, ColonAndRectumLeaveTogether) {
  EXPECT_EQ(training::cohort_group("COAD"), training::cohort_group("READ"));
  EXPECT_NE(training::cohort_group("COAD"), training::cohort_group("STAD"));
}

}  // namespace
}  // namespace sicmir
