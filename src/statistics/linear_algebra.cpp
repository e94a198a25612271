// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/linear_algebra.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

namespace sicmir::algebra {

MatrixD product(const View& a, const View& b) {
  return a * b;
}
MatrixD product(double factor, const View& a, const View& b) {
  return factor * a * b;
}
MatrixD product_with_transposed(const View& a, const View& b) {
  return a * b.transpose();
}
MatrixD transposed_product(const View& a, const View& b) {
  return a.transpose() * b;
}

void add_product(MatrixD& sum, const View& a, const View& b) {
  sum.noalias() += a * b;
}
void subtract_product(MatrixD& difference, const View& a, const View& b) {
  difference.noalias() -= a * b;
}

MatrixD lower_outer(const View& x, double factor) {
  MatrixD result = MatrixD::Zero(x.rows(), x.rows());
  result.selfadjointView<Eigen::Lower>().rankUpdate(x, factor);
  return result;
}

MatrixD lower_inner(const View& x, double factor) {
  MatrixD result = MatrixD::Zero(x.cols(), x.cols());
  result.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose(), factor);
  return result;
}

MatrixD cholesky(const View& system) {
  return Eigen::LLT<MatrixD>(system).matrixL();
}

MatrixD solve_positive(const View& system, const View& right) {
  return Eigen::LLT<MatrixD>(system).solve(right);
}

MatrixD inverse_of_positive(const View& system) {
  const Index n = system.rows();
  return Eigen::LLT<MatrixD>(system).solve(MatrixD::Identity(n, n));
}

MatrixD inverse_of_lower(const View& lower) {
  const Index n = lower.rows();
  return lower.triangularView<Eigen::Lower>().solve(MatrixD::Identity(n, n));
}

Eigenpairs eigenpairs(const MatrixD& symmetric) {
  const Eigen::SelfAdjointEigenSolver<MatrixD> solver(symmetric);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

Matrix float_product(const Matrix& a, const Matrix& b) {
  return a * b;
}

}  // namespace sicmir::algebra
