// SPDX-License-Identifier: BSD-3-Clause
#include "train/kernel_ridge.hpp"

#include <algorithm>

#include "statistics/linear_algebra.hpp"
#include "train/ridge.hpp"

namespace sicmir::training {

namespace {

using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;

// Chosen on held-out cohorts and patients (docs/accuracy.md).
constexpr double least_variance = 0.01;  // of the mean one

Index n_groups(std::span<const Index> group_of) {
  return group_of.empty() ? 0 : *std::max_element(group_of.begin(), group_of.end()) + 1;
}

std::vector<Index> members_of(std::span<const Index> group_of, Index group) {
  std::vector<Index> members;
  for (std::size_t i = 0; i < group_of.size(); ++i) {
    if (group_of[i] == group) members.push_back(static_cast<Index>(i));
  }
  return members;
}

/// Each column less the mean of its cohort's columns.
void centre_within(MatrixD& values, std::span<const Index> cohort_of) {
  for (Index cohort = 0; cohort < n_groups(cohort_of); ++cohort) {
    const std::vector<Index> own = members_of(cohort_of, cohort);
    if (own.empty()) continue;
    const VectorD mean = values(Eigen::all, own).rowwise().mean();
    for (const Index sample : own) values.col(sample) -= mean;
  }
}

}  // namespace

VectorD gene_weights(const KernelData& data) {
  const std::vector<TargetGroup> groups = group_targets(data.y);
  const auto largest = std::max_element(
      groups.begin(), groups.end(), [](const TargetGroup& a, const TargetGroup& b) {
        return a.targets.size() * a.samples.size() < b.targets.size() * b.samples.size();
      });
  VectorD equal = VectorD::Ones(data.x.rows());
  if (largest == groups.end() || largest->samples.empty()) return equal;
  std::vector<Index> cohort_of;
  for (const Index sample : largest->samples) {
    cohort_of.push_back(data.cohort_of[static_cast<std::size_t>(sample)]);
  }
  const auto n = static_cast<double>(cohort_of.size());
  MatrixD x = data.x(Eigen::all, largest->samples).cast<double>();
  const VectorD mean = x.rowwise().mean();
  const VectorD variance = (x.colwise() - mean).array().square().rowwise().sum() / n;
  centre_within(x, cohort_of);
  MatrixD y = data.y(largest->targets, largest->samples).cast<double>();
  centre_within(y, cohort_of);
  const VectorD within = x.array().square().rowwise().sum() / n;
  const VectorD target_within = y.array().square().rowwise().sum() / n;
  const auto inverse = [](double value) { return value > 0.0 ? 1.0 / value : 0.0; };
  const MatrixD covariance = algebra::product_with_transposed(x, y) / n;
  const VectorD squared_correlation =
      (covariance.array().square().matrix() * target_within.unaryExpr(inverse))
          .cwiseProduct(within.unaryExpr(inverse)) /
      static_cast<double>(largest->targets.size());
  const double floor = least_variance * within.mean();
  if (!(floor > 0.0)) return equal;
  VectorD weights = squared_correlation.array().sqrt() / (within.array() + floor);
  const double total = weights.dot(variance);
  if (!(total > 0.0)) return equal;
  weights *= variance.sum() / total;
  return weights;
}

KernelRidge::KernelRidge(const KernelData& data, double penalty) {
  const Matrix& x = data.x;
  const Matrix& y = data.y;
  const Index n = x.cols();
  if (y.cols() != n || !(penalty > 0.0) || static_cast<Index>(data.cohort_of.size()) != n ||
      (!data.weights.empty() && static_cast<Index>(data.weights.size()) != n) ||
      (!data.level_variances.empty() && static_cast<Index>(data.level_variances.size()) != n)) {
    throw Error(ExitCode::internal, "a kernel regression whose parts do not fit each other");
  }
  const MatrixD values = x.cast<double>();
  mean_ = values.rowwise().mean();
  const VectorD root = gene_weights(data).cwiseSqrt();
  const MatrixD scaled = root.asDiagonal() * (values.colwise() - mean_);
  kernel_ = algebra::lower_inner(scaled, 1.0 / static_cast<double>(x.rows()));
  kernel_.triangularView<Eigen::StrictlyUpper>() = kernel_.transpose();
  kernel_ = ((kernel_.array() + 1.0).square() / 2.0).matrix().eval();
  directions_ = scaled.transpose() * root.asDiagonal() / static_cast<double>(x.rows());

  VectorD weight = VectorD::Ones(n);
  for (std::size_t i = 0; i < data.weights.size(); ++i) {
    weight[static_cast<Index>(i)] = data.weights[i];
  }
  system_ = kernel_;
  system_.diagonal() += penalty * weight.cwiseInverse();
  for (Index cohort = 0; cohort < n_groups(data.cohort_of); ++cohort) {
    const std::vector<Index> own = members_of(data.cohort_of, cohort);
    if (own.empty()) continue;
    const auto first = static_cast<std::size_t>(own.front());
    system_(own, own).array() +=
        data.level_variances.empty() ? usual_level_variance : data.level_variances[first];
  }

  alpha_ = MatrixD::Zero(y.rows(), n);
  constant_ = VectorD::Zero(y.rows());
  for (const TargetGroup& group : group_targets(y)) {
    if (group.samples.empty()) continue;
    const VectorD own = weight(group.samples);
    const MatrixD target = y(group.targets, group.samples).cast<double>();
    const VectorD mean = target * own / own.sum();
    const MatrixD system = system_(group.samples, group.samples);
    alpha_(group.targets, group.samples) =
        algebra::solve_positive(system, (target.colwise() - mean).transpose()).transpose();
    constant_(group.targets) = mean;
  }
}

std::vector<Layer> KernelRidge::square_layers() const {
  const VectorD at_zero = -directions_ * mean_;
  return {Linear{directions_.cast<float>(), at_zero.cast<float>()}, Huber{most_squared}};
}

Linear KernelRidge::line(const MatrixD& weight, const VectorD& constant) const {
  const MatrixD slope = algebra::product(weight, directions_);
  const VectorD at_zero = constant + weight.rowwise().sum() / 2.0 - slope * mean_;
  return {slope.cast<float>(), at_zero.cast<float>()};
}

MatrixD KernelRidge::without_groups(std::span<const Index> targets,
                                    std::span<const Index> group_of) const {
  const Index n = kernel_.rows();
  const MatrixD inverse = algebra::inverse_of_positive(system_);
  const MatrixD alpha = alpha_(targets, Eigen::all).transpose();  // samples x targets
  MatrixD result(static_cast<Index>(targets.size()), n);
  for (Index group = 0; group < n_groups(group_of); ++group) {
    const std::vector<Index> own = members_of(group_of, group);
    if (own.empty()) continue;
    // Refitted without them: their alpha is 0.
    const MatrixD block = inverse(own, own);
    const MatrixD left_out = algebra::solve_positive(block, MatrixD(alpha(own, Eigen::all)));
    MatrixD refitted = alpha;
    algebra::subtract_product(refitted, MatrixD(inverse(Eigen::all, own)), left_out);
    result(Eigen::all, own) =
        algebra::product(MatrixD(kernel_(own, Eigen::all)), refitted).transpose();
  }
  result.colwise() += constant_(targets);
  return result;
}

}  // namespace sicmir::training
