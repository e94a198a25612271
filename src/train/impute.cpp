// SPDX-License-Identifier: BSD-3-Clause
#include "train/impute.hpp"

#include <cmath>
#include <map>
#include <numeric>

#include "statistics/linear_algebra.hpp"

namespace sicmir::training {

namespace {

using Eigen::MatrixXd;

constexpr double ridge = 0.2;  // in z-scores: what a gene's covariance with itself counts more
constexpr double most = 0.8;   // of the genes
constexpr std::size_t fewest_samples = 20;

}  // namespace

bool has_most_genes(const Eigen::Ref<const Eigen::VectorXf>& genes) {
  const auto n_missing = static_cast<double>(genes.array().isNaN().count());
  return n_missing <= (1.0 - most) * static_cast<double>(genes.size());
}

Imputer::Imputer(const Matrix& z) {
  std::vector<Index> whole;
  for (Index sample = 0; sample < z.cols(); ++sample) {
    if (has_most_genes(z.col(sample))) whole.push_back(sample);
  }
  if (whole.size() < fewest_samples) return;
  learnt_ = true;
  MatrixXd values = z(Eigen::all, whole).cast<double>();
  mean_ = Eigen::VectorXd::Zero(z.rows());
  for (Index gene = 0; gene < z.rows(); ++gene) {
    double sum = 0.0;
    double n = 0.0;
    for (const double value : values.row(gene)) {
      if (std::isnan(value)) continue;
      sum += value;
      n += 1.0;
    }
    if (n > 0.0) mean_[gene] = sum / n;
    for (double& value : values.row(gene)) {
      value = std::isnan(value) ? 0.0 : value - mean_[gene];
    }
  }
  covariance_ = algebra::lower_outer(values, 1.0 / static_cast<double>(whole.size()));
  covariance_.triangularView<Eigen::StrictlyUpper>() = covariance_.transpose();
  covariance_.diagonal().array() += ridge;
  precision_ = algebra::inverse_of_positive(covariance_);
}

void Imputer::fill(Matrix& z) const {
  std::map<std::vector<Index>, std::vector<Index>> samples_by_missing;
  for (Index sample = 0; sample < z.cols(); ++sample) {
    std::vector<Index> missing;
    for (Index gene = 0; gene < z.rows(); ++gene) {
      if (std::isnan(z(gene, sample))) missing.push_back(gene);
    }
    if (!missing.empty()) samples_by_missing[missing].push_back(sample);
  }
  for (const auto& [missing, samples] : samples_by_missing) fill_alike(samples, missing, z);
}

void Imputer::fill_alike(const std::vector<Index>& samples, const std::vector<Index>& missing,
                         Matrix& z) const {
  if (!learnt_) {
    z(missing, samples).setZero();
    return;
  }
  std::vector<Index> known;
  std::size_t next = 0;
  for (Index gene = 0; gene < z.rows(); ++gene) {
    if (next < missing.size() && missing[next] == gene) {
      ++next;
    } else {
      known.push_back(gene);
    }
  }
  const Eigen::VectorXd mean = mean_(missing);
  MatrixXd filled = mean.replicate(1, static_cast<Index>(samples.size()));
  if (!known.empty()) {
    const Eigen::VectorXd known_mean = mean_(known);
    const MatrixXd around = z(known, samples).cast<double>().colwise() - known_mean;
    // The same conditional mean from the smaller of two systems.
    if (missing.size() < known.size()) {
      const MatrixXd own = precision_(missing, missing);
      filled -= algebra::solve_positive(
          own, algebra::product(MatrixXd(precision_(missing, known)), around));
    } else {
      const MatrixXd own = covariance_(known, known);
      filled += algebra::product(MatrixXd(covariance_(missing, known)),
                                 algebra::solve_positive(own, around));
    }
  }
  z(missing, samples) = filled.cast<float>();
}

}  // namespace sicmir::training
