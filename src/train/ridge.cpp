// SPDX-License-Identifier: BSD-3-Clause
#include "train/ridge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "statistics/linear_algebra.hpp"

namespace sicmir::training {

namespace {

using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;
using Positions = std::vector<Index>;

/// Centred on weighted means, and each sample scaled by the root of its weight, so that plain ridge
/// on these is weighted ridge on the data.
struct Problem {
  MatrixD x, y;            // genes x samples, targets x samples
  VectorD mean_x, mean_y;  // weighted
};

Problem prepare(const Matrix& x, const Matrix& y, const Positions& targets,
                const Positions& samples, std::span<const double> weights) {
  VectorD weight = VectorD::Ones(static_cast<Index>(samples.size()));
  if (!weights.empty()) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      weight[static_cast<Index>(i)] = weights[static_cast<std::size_t>(samples[i])];
    }
  }
  Problem problem;
  problem.x = x(Eigen::all, samples).cast<double>();
  problem.y = y(targets, samples).cast<double>();
  const double sum = weight.sum();
  const VectorD share = sum > 0.0 ? VectorD(weight / sum) : VectorD(weight);
  problem.mean_x = problem.x * share;
  problem.mean_y = problem.y * share;
  const VectorD root = weight.cwiseSqrt();
  problem.x = (problem.x.colwise() - problem.mean_x) * root.asDiagonal();
  problem.y = (problem.y.colwise() - problem.mean_y) * root.asDiagonal();
  return problem;
}

/// x xT where there are no more genes than samples, else xT x; the lower triangle counts.
MatrixD scatter(const MatrixD& x) {
  return x.cols() < x.rows() ? algebra::lower_inner(x) : algebra::lower_outer(x);
}

/// Squared errors of one held-out fold, added up per candidate.
void add_errors(const Matrix& x, const Matrix& y, const Positions& targets, const Positions& train,
                const Positions& test, std::span<const double> candidates,
                std::span<const double> weights, std::vector<double>& errors) {
  if (train.empty() || test.empty()) return;
  const Problem problem = prepare(x, y, targets, train, weights);
  const bool dual = problem.x.cols() < problem.x.rows();
  const algebra::Eigenpairs eigen = algebra::eigenpairs(scatter(problem.x));
  const MatrixD test_x = x(Eigen::all, test).cast<double>().colwise() - problem.mean_x;
  const MatrixD test_y = y(targets, test).cast<double>().colwise() - problem.mean_y;
  MatrixD left;   // targets x directions
  MatrixD right;  // directions x samples of the fold
  if (dual) {
    left = algebra::product(problem.y, eigen.vectors);
    right =
        algebra::transposed_product(eigen.vectors, algebra::transposed_product(problem.x, test_x));
  } else {
    left = algebra::product(algebra::product_with_transposed(problem.y, problem.x), eigen.vectors);
    right = algebra::transposed_product(eigen.vectors, test_x);
  }
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    const VectorD shrink = (eigen.values.cwiseMax(0.0).array() + candidates[c]).inverse().matrix();
    MatrixD difference = test_y;
    algebra::subtract_product(difference, left, shrink.asDiagonal() * right);
    for (std::size_t i = 0; i < test.size(); ++i) {
      const double weight = weights.empty() ? 1.0 : weights[static_cast<std::size_t>(test[i])];
      errors[c] += weight * difference.col(static_cast<Index>(i)).squaredNorm();
    }
  }
}

}  // namespace

std::vector<TargetGroup> group_targets(const Matrix& y) {
  std::map<std::vector<bool>, Positions> by_pattern;
  std::vector<bool> pattern(static_cast<std::size_t>(y.cols()));
  for (Index target = 0; target < y.rows(); ++target) {
    for (Index sample = 0; sample < y.cols(); ++sample) {
      pattern[static_cast<std::size_t>(sample)] = !std::isnan(y(target, sample));
    }
    by_pattern[pattern].push_back(target);
  }
  std::vector<TargetGroup> groups;
  for (auto& [present, targets] : by_pattern) {
    TargetGroup group{std::move(targets), {}};
    for (std::size_t sample = 0; sample < present.size(); ++sample) {
      if (present[sample]) group.samples.push_back(static_cast<Index>(sample));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

Linear fit_ridge(const Matrix& x, const Matrix& y, double penalty,
                 std::span<const double> weights) {
  if (x.cols() != y.cols() || !(penalty > 0.0) ||
      (!weights.empty() && static_cast<Index>(weights.size()) != x.cols())) {
    throw Error(ExitCode::internal, "a ridge regression whose parts do not fit each other");
  }
  Linear result{Matrix::Zero(y.rows(), x.rows()), Eigen::VectorXf::Zero(y.rows())};
  for (const TargetGroup& group : group_targets(y)) {
    if (group.samples.empty()) continue;
    const Problem problem = prepare(x, y, group.targets, group.samples, weights);
    MatrixD system = scatter(problem.x);
    system.diagonal().array() += penalty;
    const bool dual = problem.x.cols() < problem.x.rows();
    const MatrixD weight =
        dual ? algebra::product(problem.x, algebra::solve_positive(system, problem.y.transpose()))
             : algebra::solve_positive(  // genes x targets
                   system, algebra::product_with_transposed(problem.x, problem.y));
    const VectorD bias = problem.mean_y - weight.transpose() * problem.mean_x;
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
      const auto at = static_cast<Index>(i);
      result.weight.row(group.targets[i]) = weight.col(at).transpose().cast<float>();
      result.bias[group.targets[i]] = static_cast<float>(bias[at]);
    }
  }
  return result;
}

double choose_penalty(const Matrix& x, const Matrix& y, std::span<const Index> fold_of,
                      std::span<const double> candidates, std::span<const double> weights) {
  if (static_cast<Index>(fold_of.size()) != x.cols() || x.cols() != y.cols() ||
      candidates.empty()) {
    throw Error(ExitCode::internal, "a choice of penalty whose parts do not fit each other");
  }
  const std::vector<TargetGroup> groups = group_targets(y);
  const auto size = [](const TargetGroup& group) {
    return group.targets.size() * group.samples.size();
  };
  const TargetGroup& group = *std::max_element(
      groups.begin(), groups.end(),
      [&](const TargetGroup& a, const TargetGroup& b) { return size(a) < size(b); });
  const Index n_folds = *std::max_element(fold_of.begin(), fold_of.end()) + 1;
  std::vector<double> errors(candidates.size(), 0.0);
  for (Index fold = 0; fold < n_folds; ++fold) {
    Positions train;
    Positions test;
    for (const Index sample : group.samples) {
      (fold_of[static_cast<std::size_t>(sample)] == fold ? test : train).push_back(sample);
    }
    add_errors(x, y, group.targets, train, test, candidates, weights, errors);
  }
  std::size_t best = 0;
  for (std::size_t c = 1; c < candidates.size(); ++c) {
    const bool tie = errors[c] == errors[best] && candidates[c] > candidates[best];
    if (errors[c] < errors[best] || tie) best = c;
  }
  return candidates[best];
}

Matrix apply_linear(const Linear& linear, const Matrix& x) {
  Matrix y = algebra::float_product(linear.weight, x);
  if (linear.bias.size() > 0) y.colwise() += linear.bias;
  return y;
}

}  // namespace sicmir::training
