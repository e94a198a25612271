// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "sicmir/train.hpp"

namespace sicmir {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// miRNA k is the mean of genes k and k + 1, plus what its cohort adds, plus noise.
TrainingPairs make_pairs(Index n = 160, Index n_genes = 12, Index n_mirnas = 6) {
  training::Random random(5);
  TrainingPairs pairs;
  for (Index gene = 0; gene < n_genes; ++gene) {
    pairs.panel.genes.emplace_back().symbol = "G" + std::to_string(gene);
  }
  for (Index mirna = 0; mirna < n_mirnas; ++mirna) {
    pairs.mirnas.emplace_back().name = "hsa-miR-" + std::to_string(mirna);
  }
  pairs.mrna.resize(n_genes, n);
  pairs.mirna.resize(n_mirnas, n);
  for (Index i = 0; i < n; ++i) {
    const std::string id = std::to_string(i);
    pairs.samples.push_back(id);
    pairs.patients.push_back(std::to_string(i / 2));
    pairs.cohorts.push_back(i % 4 < 2 ? "A" : "B");
    const float cohort = i % 4 < 2 ? 0.0f : 2.0f;
    for (Index g = 0; g < n_genes; ++g) pairs.mrna(g, i) = 5.0f + 2.0f * random.uniform() + cohort;
    for (Index m = 0; m < n_mirnas; ++m) {
      pairs.mirna(m, i) =
          0.5f * (pairs.mrna(m, i) + pairs.mrna(m + 1, i)) + 0.2f * random.uniform();
    }
  }
  return pairs;
}

TrainOptions small_options() {
  TrainOptions options;
  options.hidden = {32, 16};
  options.epochs = 60;
  options.batch = 16;
  options.dropout = 0.1;
  options.learning_rate = 1e-2;
  options.validation = 0.2;
  options.threads = 2;
  return options;
}

bool same_bits(const std::vector<Layer>& a, const std::vector<Layer>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].index() != b[i].index()) return false;
    if (const auto* linear = std::get_if<Linear>(&a[i])) {
      if (linear->weight != std::get<Linear>(b[i]).weight) return false;
      if (linear->bias != std::get<Linear>(b[i]).bias) return false;
    }
    if (const auto* norm = std::get_if<BatchNorm>(&a[i])) {
      const auto& other = std::get<BatchNorm>(b[i]);
      if (norm->gamma != other.gamma || norm->beta != other.beta || norm->mean != other.mean ||
          norm->variance != other.variance) {
        return false;
      }
    }
  }
  return true;
}

TEST(Train, LearnsWhatIsThereAndSaysSoHonestly) {
  TrainReport report;
  const Model model = train(make_pairs(), small_options(), &report);
  EXPECT_EQ(report.n_samples, 160);
  EXPECT_EQ(report.n_patients, 80);
  EXPECT_EQ(report.n_cohorts, 2);
  EXPECT_GT(report.median_pooled, 0.8);
  EXPECT_GT(report.median_within, 0.6);
  EXPECT_LT(report.median_within, report.median_pooled);
  EXPECT_EQ(model.mirnas.size(), 6U);
  EXPECT_EQ(model.mirnas[0].accuracy.n, 32);  // 16 of 80 patients, two samples each
  EXPECT_TRUE(std::isnan(model.mirnas[0].accuracy.leave_cohort_out));
  EXPECT_EQ(model.gene_mean.size(), 12);
}

TEST(Train, GivesTheSameModelForAnyNumberOfThreads) {
  TrainOptions options = small_options();
  options.epochs = 8;
  std::vector<Model> models;
  for (const int threads : {1, 2, 3}) {
    options.threads = threads;
    models.push_back(train(make_pairs(), options));
  }
  EXPECT_TRUE(same_bits(models[0].members[0].layers, models[1].members[0].layers));
  EXPECT_TRUE(same_bits(models[0].members[0].layers, models[2].members[0].layers));
  EXPECT_EQ(models[0].mirnas[3].accuracy.pooled, models[1].mirnas[3].accuracy.pooled);
  options.seed = 2;
  EXPECT_FALSE(
      same_bits(models[0].members[0].layers, train(make_pairs(), options).members[0].layers));
}

TEST(Fit, TakesMomentsFromTrainingSamplesOnly) {
  TrainingPairs pairs = make_pairs(40);
  std::vector<Index> some;
  std::vector<Index> others;
  for (Index i = 0; i < 40; ++i) (i < 30 ? some : others).push_back(i);
  TrainOptions options = small_options();
  options.epochs = 2;
  const Fit before = fit(pairs, some, others, options);
  pairs.mrna.rightCols(10).array() += 100.0f;
  pairs.mirna.rightCols(10).array() *= 7.0f;
  const Fit after = fit(pairs, some, {}, options);
  EXPECT_TRUE(before.gene_mean == after.gene_mean);
  EXPECT_TRUE(before.gene_sd == after.gene_sd);
  EXPECT_TRUE(before.mirna_mean == after.mirna_mean);
  EXPECT_TRUE(before.mirna_sd == after.mirna_sd);
  const double mean = pairs.mrna.row(3).leftCols(30).cast<double>().mean();
  EXPECT_NEAR(after.gene_mean[3], mean, 1e-12);
  EXPECT_NEAR(
      after.gene_sd[3],
      std::sqrt((pairs.mrna.row(3).leftCols(30).cast<double>().array() - mean).square().mean()),
      1e-12);
}

TEST(Fit, AMaskedTargetHasNoInfluenceOnTheOtherMirnas) {
  TrainingPairs pairs = make_pairs(40);
  std::vector<Index> all;
  for (Index i = 0; i < 40; ++i) all.push_back(i);
  pairs.mirna.row(2).setConstant(nan);
  TrainOptions options = small_options();
  options.epochs = 3;
  const Fit fitted = fit(pairs, all, {}, options);
  EXPECT_EQ(fitted.mirna_sd[2], 0.0);
  EXPECT_TRUE(std::isfinite(fitted.history.back().train_loss));
  const Matrix predicted = predict_samples(pairs, fitted, all);
  EXPECT_TRUE(predicted.row(2).array().isNaN().all());
  EXPECT_TRUE(predicted.row(1).array().isFinite().all());
}

TEST(Fit, JoinsALastBatchOfOneSampleToTheOneBefore) {
  const TrainingPairs pairs = make_pairs(33);  // batches of 16 and 17
  std::vector<Index> all;
  for (Index i = 0; i < 33; ++i) all.push_back(i);
  TrainOptions options = small_options();
  options.epochs = 2;
  EXPECT_NO_THROW((void)fit(pairs, all, {}, options));
}

TEST(Fit, StopsWhenHeldOutLossNoLongerImprovesAndGoesBackToTheBestEpoch) {
  TrainingPairs pairs = make_pairs(60);
  training::Random random(1);
  for (Index i = 0; i < pairs.mirna.size(); ++i) pairs.mirna.data()[i] = random.uniform();
  std::vector<Index> some;
  std::vector<Index> others;
  for (Index i = 0; i < 60; ++i) (i < 40 ? some : others).push_back(i);
  TrainOptions options = small_options();
  options.epochs = 400;
  options.patience = 5;
  const Fit fitted = fit(pairs, some, others, options);
  EXPECT_LT(fitted.history.size(), 400U);
  EXPECT_EQ(static_cast<Index>(fitted.history.size()), fitted.best_epoch + 5);
  for (const EpochReport& epoch : fitted.history) {
    EXPECT_GE(epoch.validation_loss,
              fitted.history[static_cast<std::size_t>(fitted.best_epoch) - 1].validation_loss);
  }
}

TEST(Train, CrossValidatesEverySampleAndLeavesCohortsOut) {
  TrainOptions options = small_options();
  options.epochs = 20;
  options.cross_validate = 4;
  options.leave_cohort_out = true;
  TrainReport report;
  const Model model = train(make_pairs(), options, &report);
  EXPECT_EQ(model.mirnas[0].accuracy.n, 160);
  EXPECT_GT(report.median_within, 0.5);
  EXPECT_TRUE(std::isfinite(model.mirnas[0].accuracy.leave_cohort_out));
  EXPECT_EQ(report.epochs, static_cast<Index>(report.history.size()));
}

TEST(Train, LeavesOutMirnasThatDoNotVary) {
  TrainingPairs pairs = make_pairs();
  pairs.mirna.row(4).setConstant(1.5f);
  TrainOptions options = small_options();
  options.epochs = 2;
  TrainReport report;
  const Model model = train(pairs, options, &report);
  ASSERT_EQ(model.mirnas.size(), 5U);
  EXPECT_EQ(model.mirnas[4].name, "hsa-miR-5");
  EXPECT_EQ(std::get<Linear>(model.members[0].layers.back()).weight.rows(), 5);
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_EQ(report.warnings[0],
            "1 miRNA(s) do not vary over the training samples and are left out");
}

std::string message_of(const TrainingPairs& pairs, const TrainOptions& options) {
  try {
    (void)train(pairs, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Fit, TakesGivenMomentsWhereTheyAreKnown) {
  const TrainingPairs pairs = make_pairs(40);
  std::vector<Index> all(40);
  for (Index i = 0; i < 40; ++i) all[static_cast<std::size_t>(i)] = i;
  TrainOptions options = small_options();
  options.epochs = 1;
  const Fit own = fit(pairs, all, {}, options);
  options.gene_mean = Eigen::VectorXd::Constant(12, 3.0);
  options.gene_sd = Eigen::VectorXd::Constant(12, 2.5);
  options.gene_mean[4] = std::numeric_limits<double>::quiet_NaN();
  options.mirna_mean = Eigen::VectorXd::Constant(6, 1.5);
  options.mirna_sd = Eigen::VectorXd::Constant(6, 4.0);
  const Fit given = fit(pairs, all, {}, options);
  EXPECT_EQ(given.gene_mean[0], 3.0);
  EXPECT_EQ(given.gene_sd[11], 2.5);
  EXPECT_EQ(given.gene_mean[4], own.gene_mean[4]);
  EXPECT_EQ(given.gene_sd[4], own.gene_sd[4]);
  EXPECT_EQ(given.mirna_mean[5], 1.5);
  EXPECT_EQ(given.mirna_sd[0], 4.0);
}

TEST(Fit, MembersDifferAndTheEnsembleIsTheirMean) {
  const TrainingPairs pairs = make_pairs(80);
  std::vector<Index> some;
  for (Index i = 0; i < 60; ++i) some.push_back(i);
  TrainOptions options = small_options();
  options.epochs = 4;
  const Fit first = fit(pairs, some, {}, options);
  options.members = 2;
  options.ridge = 0.5;
  const Fit both = fit(pairs, some, {}, options);
  ASSERT_EQ(both.members.size(), 3U);
  EXPECT_TRUE(same_bits(both.members[0].layers, first.members[0].layers));
  EXPECT_FALSE(same_bits(both.members[0].layers, both.members[1].layers));
  EXPECT_EQ(both.members[0].weight, 0.25);
  EXPECT_EQ(both.members[2].weight, 0.5);
  EXPECT_EQ(both.members[2].layers.size(), 1U);
  EXPECT_GT(both.penalty, 0.0);
  const std::vector<Index> others = {60, 70, 79};
  Matrix spread;
  const Matrix predicted = predict_samples(pairs, both, others, &spread);
  Matrix mean = Matrix::Zero(6, 3);
  for (const Member& member : both.members) {
    Fit one = both;
    one.members = {member};
    mean += static_cast<float>(member.weight) * predict_samples(pairs, one, others);
  }
  EXPECT_LT((mean - predicted).cwiseAbs().maxCoeff(), 1e-5F);
  EXPECT_GT(spread.minCoeff(), 0.0F);
}

TEST(Fit, AugmentationChangesTheFitAndNotItsRepeatability) {
  const TrainingPairs pairs = make_pairs(60);
  std::vector<Index> all(60);
  for (Index i = 0; i < 60; ++i) all[static_cast<std::size_t>(i)] = i;
  TrainOptions options = small_options();
  options.epochs = 2;
  const Fit plain = fit(pairs, all, {}, options);
  for (const bool thin : {false, true}) {
    TrainOptions changed = options;
    (thin ? changed.thin : changed.mask_genes) = 0.5;
    const Fit once = fit(pairs, all, {}, changed);
    changed.threads = 1;
    const Fit again = fit(pairs, all, {}, changed);
    EXPECT_TRUE(same_bits(once.members[0].layers, again.members[0].layers)) << thin;
    EXPECT_FALSE(same_bits(once.members[0].layers, plain.members[0].layers)) << thin;
  }
}

TEST(Fit, ASampleOfWeightZeroTeachesTheRidgeNothing) {
  TrainingPairs pairs = make_pairs(60);
  std::vector<Index> all(60);
  std::vector<Index> most;
  for (Index i = 0; i < 60; ++i) {
    all[static_cast<std::size_t>(i)] = i;
    if (i >= 10) most.push_back(i);
  }
  TrainOptions options = small_options();
  options.members = 0;
  options.ridge = 1.0;
  options.penalties = {10.0};
  const Fit without = fit(pairs, most, {}, options);
  options.gene_mean = without.gene_mean;
  options.gene_sd = without.gene_sd;
  options.mirna_mean = without.mirna_mean;
  options.mirna_sd = without.mirna_sd;
  pairs.weights.assign(60, 1.0);
  std::fill_n(pairs.weights.begin(), 10, 0.0);
  pairs.mirna.leftCols(10).array() += 100.0F;
  const Fit with = fit(pairs, all, {}, options);
  const Matrix difference = std::get<Linear>(with.members[0].layers[0]).weight -
                            std::get<Linear>(without.members[0].layers[0]).weight;
  EXPECT_LT(difference.cwiseAbs().maxCoeff(), 1e-5F);
}

TEST(Train, SaysThatTheFitDivergedAndWhatToDo) {
  TrainOptions options = small_options();
  options.learning_rate = 1e30;
  options.cosine = false;
  const std::string message = message_of(make_pairs(), options);
  EXPECT_NE(message.find("diverged at the learning rate 1e+30"), std::string::npos) << message;
}

TEST(Train, RefusesConstantTargets) {
  TrainingPairs pairs = make_pairs();
  pairs.mirna.setConstant(2.0f);
  EXPECT_NE(message_of(pairs, small_options()).find("there is nothing to learn"),
            std::string::npos);
}

TEST(Train, RefusesTooFewPatientsForTheFolds) {
  TrainOptions options = small_options();
  options.cross_validate = 5;
  const std::string message = message_of(make_pairs(20), options);  // 10 patients
  EXPECT_NE(message.find("10 patients with paired samples are too few for 5 folds"),
            std::string::npos)
      << message;
}

TEST(Train, WarnsOfACohortOfOnePatient) {
  TrainingPairs pairs = make_pairs();
  pairs.cohorts[0] = pairs.cohorts[1] = "C";
  TrainOptions options = small_options();
  options.epochs = 1;
  TrainReport report;
  (void)train(pairs, options, &report);
  ASSERT_EQ(report.warnings.size(), 1U);
  EXPECT_EQ(
      report.warnings[0],
      "cohort C has one patient: its accuracy within the cohort cannot be measured. Give more "
      "of its samples, or name a larger cohort with --samples");
}

}  // namespace
}  // namespace sicmir
