#include "train/kernel_ridge.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

#include "train/ridge.hpp"

namespace sicmir::training {

namespace {

using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;

constexpr double huber_limit = 3.0;

MatrixD centred(const Matrix& x) {
  const MatrixD values = x.cast<double>();
  return values.colwise() - values.rowwise().mean();
}

/// a . b / genes for all pairs of samples.
MatrixD products(const MatrixD& x) {
  MatrixD result = MatrixD::Zero(x.cols(), x.cols());
  result.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose(),
                                                    1.0 / static_cast<double>(x.rows()));
  result.triangularView<Eigen::StrictlyUpper>() = result.transpose();
  return result;
}

}  // namespace

std::vector<Layer> fit_kernel_ridge(const Matrix& x, const Matrix& y, double penalty,
                                    std::span<const double> weights) {
  const Index n = x.cols();
  if (y.cols() != n || !(penalty > 0.0) ||
      (!weights.empty() && static_cast<Index>(weights.size()) != n)) {
    throw Error(ExitCode::internal, "a kernel regression whose parts do not fit each other");
  }
  const MatrixD values = centred(x);
  const MatrixD kernel = (products(values).array() + 1.0).square() / 2.0;
  VectorD weight = VectorD::Ones(n);
  for (std::size_t i = 0; i < weights.size(); ++i) weight[static_cast<Index>(i)] = weights[i];

  Linear output{Matrix::Zero(y.rows(), n), Eigen::VectorXf::Zero(y.rows())};
  for (const TargetGroup& group : group_targets(y)) {
    if (group.samples.empty()) continue;
    const VectorD own = weight(group.samples);
    const MatrixD target = y(group.targets, group.samples).cast<double>();
    const VectorD mean = target * own / own.sum();
    MatrixD system = kernel(group.samples, group.samples);
    system.diagonal() += penalty * own.cwiseInverse();
    const MatrixD alpha = Eigen::LLT<MatrixD>(system).solve((target.colwise() - mean).transpose());
    for (std::size_t i = 0; i < group.targets.size(); ++i) {
      const auto at = static_cast<Index>(i);
      output.bias[group.targets[i]] = static_cast<float>(mean[at]);
      for (std::size_t j = 0; j < group.samples.size(); ++j) {
        output.weight(group.targets[i], group.samples[j]) =
            static_cast<float>(alpha(static_cast<Index>(j), at));
      }
    }
  }

  // 1 + x_i . (z - mean) / genes: the mean moves into the bias.
  const VectorD mean = x.cast<double>().rowwise().mean();
  const MatrixD directions = values.transpose() / static_cast<double>(x.rows());
  Linear hidden{directions.cast<float>(),
                (1.0 - (directions * mean).array()).matrix().cast<float>()};
  return {std::move(hidden), Huber{huber_limit}, std::move(output)};
}

MatrixD ridge_without_groups(const Matrix& x, const Matrix& y, double penalty,
                             std::span<const Index> group_of) {
  const Index n = x.cols();
  MatrixD system = products(centred(x));
  system.diagonal().array() += penalty;
  const MatrixD inverse = Eigen::LLT<MatrixD>(system).solve(MatrixD::Identity(n, n));
  const MatrixD target = y.cast<double>();
  const VectorD mean = target.rowwise().mean();
  const MatrixD alpha = (target.colwise() - mean) * inverse;  // targets x samples
  MatrixD result = target;
  const Index n_groups = *std::max_element(group_of.begin(), group_of.end()) + 1;
  for (Index group = 0; group < n_groups; ++group) {
    std::vector<Index> own;
    for (Index i = 0; i < n; ++i) {
      if (group_of[static_cast<std::size_t>(i)] == group) own.push_back(i);
    }
    if (own.empty()) continue;
    const MatrixD block = inverse(own, own);
    const MatrixD error = block.llt().solve(alpha(Eigen::all, own).transpose()).transpose();
    result(Eigen::all, own) = target(Eigen::all, own) - error;
  }
  return result;
}

}  // namespace sicmir::training
