#include "train/kernel_ridge.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

#include "train/ridge.hpp"

namespace sicmir::training {

namespace {

using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;

constexpr double huber_limit = 2.0;

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

std::vector<std::vector<Layer>> fit_kernel_ridge(const Matrix& x, const Matrix& y, double penalty,
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

  MatrixD alpha = MatrixD::Zero(y.rows(), n);
  VectorD constant = VectorD::Zero(y.rows());
  for (const TargetGroup& group : group_targets(y)) {
    if (group.samples.empty()) continue;
    const VectorD own = weight(group.samples);
    const MatrixD target = y(group.targets, group.samples).cast<double>();
    const VectorD mean = target * own / own.sum();
    MatrixD system = kernel(group.samples, group.samples);
    system.diagonal() += penalty * own.cwiseInverse();
    alpha(group.targets, group.samples) =
        Eigen::LLT<MatrixD>(system).solve((target.colwise() - mean).transpose()).transpose();
    constant(group.targets) = mean;
  }

  // 1/2 + p + p^2/2 with p = x_i . (z - mean) / genes: the mean moves into the biases.
  const VectorD mean = x.cast<double>().rowwise().mean();
  const MatrixD directions = values.transpose() / static_cast<double>(x.rows());
  const MatrixD slope = alpha * directions;
  constant += alpha.rowwise().sum() / 2.0 - slope * mean;
  const VectorD at_zero = -directions * mean;
  return {{Linear{directions.cast<float>(), at_zero.cast<float>()}, Huber{huber_limit},
           Linear{alpha.cast<float>(), Eigen::VectorXf::Zero(y.rows())}},
          {Linear{slope.cast<float>(), constant.cast<float>()}}};
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
