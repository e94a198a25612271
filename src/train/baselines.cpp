// SPDX-License-Identifier: BSD-3-Clause
#include "train/baselines.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "base/nan.hpp"
#include "statistics/accuracy.hpp"
#include "train/prepare.hpp"

namespace sicmir::training {

namespace {

/// Mean of some columns of a matrix per line, NaN left out; NaN where nothing is left.
Eigen::VectorXd mean_of(const Matrix& values, std::span<const Index> columns) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(values.rows());
  Eigen::VectorXd n = Eigen::VectorXd::Zero(values.rows());
  for (const Index column : columns) {
    for (Index line = 0; line < values.rows(); ++line) {
      const float value = values(line, column);
      if (std::isnan(value)) continue;
      sum[line] += static_cast<double>(value);
      n[line] += 1;
    }
  }
  return (n.array() > 0).select(sum.array() / n.array(), nan).matrix();
}

std::map<std::string, std::vector<Index>> by_cohort(const TrainingPairs& pairs,
                                                    std::span<const Index> samples) {
  std::map<std::string, std::vector<Index>> result;
  for (const Index sample : samples) {
    result[pairs.cohorts[static_cast<std::size_t>(sample)]].push_back(sample);
  }
  return result;
}

}  // namespace

std::string cohort_group(std::string_view cohort) {
  for (const std::string_view colorectal : {"COAD", "READ", "TCGA-COAD", "TCGA-READ"}) {
    if (cohort == colorectal) return "COAD+READ";
  }
  return std::string(cohort);
}

Matrix cohort_means(const TrainingPairs& pairs, std::span<const Index> train,
                    std::span<const Index> test) {
  const Eigen::VectorXd of_all = mean_of(pairs.mirna, train);
  std::map<std::string, Eigen::VectorXd> means;
  for (const auto& [cohort, samples] : by_cohort(pairs, train)) {
    const Eigen::VectorXd mean = mean_of(pairs.mirna, samples);
    means[cohort] = mean.array().isNaN().select(of_all, mean);
  }
  Matrix result(pairs.mirna.rows(), static_cast<Index>(test.size()));
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto found = means.find(pairs.cohorts[static_cast<std::size_t>(test[i])]);
    result.col(static_cast<Index>(i)) =
        (found == means.end() ? of_all : found->second).cast<float>();
  }
  return result;
}

Matrix nearest_cohort_means(const TrainingPairs& pairs, std::span<const Index> train,
                            std::span<const Index> test) {
  const Moments scale = moments(pairs.mrna, train, {}, {});
  const Eigen::VectorXd of_all = mean_of(pairs.mirna, train);
  struct Profile {
    std::vector<double> genes;
    Eigen::VectorXd mirnas;
  };
  std::vector<Profile> profiles;
  for (const auto& [cohort, samples] : by_cohort(pairs, train)) {
    const Eigen::VectorXd genes = mean_of(pairs.mrna, samples);
    const Eigen::VectorXd mirnas = mean_of(pairs.mirna, samples);
    Profile& profile = profiles.emplace_back();
    for (Index gene = 0; gene < genes.size(); ++gene) {
      const double sd = scale.sd[gene];
      profile.genes.push_back(sd > 0 ? (genes[gene] - scale.mean[gene]) / sd : nan);
    }
    profile.mirnas = mirnas.array().isNaN().select(of_all, mirnas);
  }
  Matrix result(pairs.mirna.rows(), static_cast<Index>(test.size()));
  std::vector<double> z(static_cast<std::size_t>(pairs.mrna.rows()));
  for (std::size_t i = 0; i < test.size(); ++i) {
    for (std::size_t gene = 0; gene < z.size(); ++gene) {
      const auto at = static_cast<Index>(gene);
      const auto value = static_cast<double>(pairs.mrna(at, test[i]));
      z[gene] = scale.sd[at] > 0 ? (value - scale.mean[at]) / scale.sd[at] : nan;
    }
    double best = -std::numeric_limits<double>::infinity();
    const Eigen::VectorXd* nearest = &of_all;
    for (const Profile& profile : profiles) {
      const double r = pearson(z, profile.genes);
      if (!(r > best)) continue;
      best = r;
      nearest = &profile.mirnas;
    }
    result.col(static_cast<Index>(i)) = nearest->cast<float>();
  }
  return result;
}

Matrix ridge_alone(const TrainingPairs& pairs, std::span<const Index> train,
                   std::span<const Index> test, const TrainOptions& options) {
  TrainOptions own = options;
  own.members = 0;
  own.ridge = 1.0;
  own.kernel = 0.0;
  own.prior = 0.0;
  own.checkpoint.clear();
  own.resume = false;
  own.on_epoch = nullptr;
  own.stop_after = 0;
  return predict_samples(pairs, fit(pairs, train, {}, own), test);
}

}  // namespace sicmir::training
