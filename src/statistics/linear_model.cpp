// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/linear_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/nan.hpp"

namespace sicmir::statistics {

namespace {

constexpr double confounded_below = 1e-7;  // as R's lm.fit
constexpr double estimable_below = 1e-8;
constexpr double rounding = 1e-14;  // residuals below this share of the values are none

/// x = q r; columns of x that depend on earlier ones have no column in q.
struct Decomposition {
  Eigen::MatrixXd q;               // observations x rank, orthonormal
  Eigen::MatrixXd r;               // rank x coefficients
  std::vector<Index> independent;  // columns of x, ascending
};

/// Gram-Schmidt, each column twice, which makes q as orthogonal as Householder's reflections do
/// (Giraud, Langou and Rozloznik 2005).
Decomposition decompose(const Eigen::MatrixXd& x) {
  Decomposition result;
  result.q.resize(x.rows(), std::min(x.rows(), x.cols()));
  result.r = Eigen::MatrixXd::Zero(result.q.cols(), x.cols());
  Index rank = 0;
  for (Index column = 0; column < x.cols(); ++column) {
    Eigen::VectorXd rest = x.col(column);
    const double length = rest.norm();
    for (int pass = 0; pass < 2; ++pass) {
      for (Index i = 0; i < rank; ++i) {
        const double share = result.q.col(i).dot(rest);
        result.r(i, column) += share;
        rest -= share * result.q.col(i);
      }
    }
    const double left = rest.norm();
    if (rank == result.q.cols() || !(left > confounded_below * length)) continue;
    result.r(rank, column) = left;
    result.q.col(rank) = rest / left;
    result.independent.push_back(column);
    ++rank;
  }
  result.q.conservativeResize(Eigen::NoChange, rank);
  result.r.conservativeResize(rank, Eigen::NoChange);
  return result;
}

/// A contrast's estimate is u . (qT y), its unscaled error the length of u. False: not estimable.
bool direction_of(const Decomposition& design, const Eigen::Ref<const Eigen::VectorXd>& contrast,
                  Eigen::VectorXd& u) {
  const auto rank = static_cast<Index>(design.independent.size());
  u.resize(rank);
  for (Index i = 0; i < rank; ++i) {
    const Index column = design.independent[static_cast<std::size_t>(i)];
    double value = contrast[column];
    for (Index j = 0; j < i; ++j) value -= design.r(j, column) * u[j];
    u[i] = value / design.r(i, column);
  }
  const double size = contrast.cwiseAbs().maxCoeff();
  for (Index column = 0; column < contrast.size(); ++column) {
    const double implied = design.r.col(column).dot(u);
    if (std::fabs(implied - contrast[column]) > estimable_below * size) return false;
  }
  return true;
}

std::vector<double> roots_of_weights(std::span<const double> weights, Index n) {
  std::vector<double> roots(static_cast<std::size_t>(n), 1.0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    roots[i] = weights[i] > 0 && std::isfinite(weights[i]) ? std::sqrt(weights[i]) : 0.0;
  }
  return roots;
}

/// The rows of the design that count, times the roots of their weights.
Eigen::MatrixXd weighted_rows(const Eigen::Ref<const Eigen::MatrixXd>& design,
                              std::span<const double> roots, std::span<const Index> rows) {
  Eigen::MatrixXd result(static_cast<Index>(rows.size()), design.cols());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    result.row(static_cast<Index>(i)) =
        design.row(rows[i]) * roots[static_cast<std::size_t>(rows[i])];
  }
  return result;
}

}  // namespace

std::vector<std::string> confounded_coefficients(const Design& design,
                                                 std::span<const double> weights) {
  const std::vector<double> roots = roots_of_weights(weights, design.matrix.rows());
  std::vector<Index> rows;
  for (Index row = 0; row < design.matrix.rows(); ++row) {
    if (roots[static_cast<std::size_t>(row)] > 0) rows.push_back(row);
  }
  const Decomposition parts = decompose(weighted_rows(design.matrix, roots, rows));
  std::vector<std::string> names;
  for (Index column = 0; column < design.matrix.cols(); ++column) {
    if (!std::binary_search(parts.independent.begin(), parts.independent.end(), column)) {
      names.push_back(design.coefficients[static_cast<std::size_t>(column)]);
    }
  }
  return names;
}

ResidualSums residual_sums(const Eigen::Ref<const Eigen::MatrixXd>& y,
                           const Eigen::Ref<const Eigen::MatrixXd>& design) {
  const Decomposition parts = decompose(design);
  ResidualSums sums;
  sums.df = design.rows() - parts.q.cols();
  sums.left = Eigen::VectorXd::Ones(design.rows());
  for (Index i = 0; i < parts.q.cols(); ++i) sums.left -= parts.q.col(i).cwiseAbs2();
  sums.squares.resize(y.rows());
  for (Index row = 0; row < y.rows(); ++row) {
    Eigen::VectorXd rest = y.row(row).transpose();
    for (Index i = 0; i < parts.q.cols(); ++i) {
      rest -= parts.q.col(i).dot(rest) * parts.q.col(i);
    }
    sums.squares[row] = rest.squaredNorm();
  }
  return sums;
}

ContrastFit fit_contrasts(const Eigen::Ref<const Eigen::MatrixXd>& y,
                          const Eigen::Ref<const Eigen::MatrixXd>& design,
                          std::span<const double> weights,
                          const Eigen::Ref<const Eigen::MatrixXd>& contrasts) {
  ContrastFit fit;
  fit.estimate.setConstant(y.rows(), contrasts.cols(), nan);
  fit.unscaled_error = fit.estimate;
  fit.variance.setConstant(y.rows(), nan);
  fit.residual_df.setZero(y.rows());
  const std::vector<double> roots = roots_of_weights(weights, y.cols());

  // MiRNAs that were observed in the same places share a decomposition.
  std::map<std::vector<Index>, std::vector<Index>> mirnas_of;
  for (Index mirna = 0; mirna < y.rows(); ++mirna) {
    std::vector<Index> observed;
    for (Index i = 0; i < y.cols(); ++i) {
      if (roots[static_cast<std::size_t>(i)] > 0 && std::isfinite(y(mirna, i))) {
        observed.push_back(i);
      }
    }
    mirnas_of[std::move(observed)].push_back(mirna);
  }
  for (const auto& [observed, mirnas] : mirnas_of) {
    if (observed.empty()) continue;
    const Decomposition parts = decompose(weighted_rows(design, roots, observed));
    const auto df = static_cast<double>(static_cast<Index>(observed.size()) - parts.q.cols());
    std::vector<Eigen::VectorXd> directions(static_cast<std::size_t>(contrasts.cols()));
    std::vector<bool> estimable(directions.size());
    for (std::size_t k = 0; k < directions.size(); ++k) {
      estimable[k] = direction_of(parts, contrasts.col(static_cast<Index>(k)), directions[k]);
    }
    Eigen::VectorXd values(static_cast<Index>(observed.size()));
    for (const Index mirna : mirnas) {
      for (std::size_t i = 0; i < observed.size(); ++i) {
        values[static_cast<Index>(i)] =
            y(mirna, observed[i]) * roots[static_cast<std::size_t>(observed[i])];
      }
      Eigen::VectorXd effects(parts.q.cols());
      for (Index i = 0; i < effects.size(); ++i) effects[i] = parts.q.col(i).dot(values);
      for (std::size_t k = 0; k < directions.size(); ++k) {
        if (!estimable[k]) continue;
        fit.estimate(mirna, static_cast<Index>(k)) = directions[k].dot(effects);
        fit.unscaled_error(mirna, static_cast<Index>(k)) = directions[k].norm();
      }
      fit.residual_df[mirna] = df;
      if (df > 0) {
        const double size = values.norm();
        for (Index i = 0; i < effects.size(); ++i) values -= effects[i] * parts.q.col(i);
        const double left = values.norm();
        fit.variance[mirna] = left > rounding * size ? left * left / df : 0;
      }
    }
  }
  return fit;
}

}  // namespace sicmir::statistics
