// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Products and factorisations of large matrices, in double. Eigen expands each of them, for the
/// compiler, into about as much code as all the rest of a source: so they are compiled here, once.
/// Results are those of the Eigen expression that each comment names, to the bit.

#include "sicmir/types.hpp"

namespace sicmir::algebra {

using MatrixD = Eigen::MatrixXd;
using View = Eigen::Ref<const MatrixD>;

/// factor * a * b, a * bT and aT * b.
[[nodiscard]] MatrixD product(const View& a, const View& b);
[[nodiscard]] MatrixD product(double factor, const View& a, const View& b);
[[nodiscard]] MatrixD product_with_transposed(const View& a, const View& b);
[[nodiscard]] MatrixD transposed_product(const View& a, const View& b);
/// sum += a * b and difference -= a * b.
void add_product(MatrixD& sum, const View& a, const View& b);
void subtract_product(MatrixD& difference, const View& a, const View& b);

/// factor * x * xT, or factor * xT * x; the upper triangle is 0.
[[nodiscard]] MatrixD lower_outer(const View& x, double factor = 1.0);
[[nodiscard]] MatrixD lower_inner(const View& x, double factor = 1.0);

/// The lower Cholesky factor of a symmetric positive definite matrix (its lower triangle counts).
[[nodiscard]] MatrixD cholesky(const View& system);
/// x of system * x = right, by Cholesky's factorisation; `right`: one system in each column.
[[nodiscard]] MatrixD solve_positive(const View& system, const View& right);
[[nodiscard]] MatrixD inverse_of_positive(const View& system);
/// The inverse of a lower triangular matrix.
[[nodiscard]] MatrixD inverse_of_lower(const View& lower);

/// Of a symmetric matrix (its lower triangle counts): values ascending, vectors in columns.
struct Eigenpairs {
  Eigen::VectorXd values;
  MatrixD vectors;
};
[[nodiscard]] Eigenpairs eigenpairs(const MatrixD& symmetric);

/// a * b in single precision.
[[nodiscard]] Matrix float_product(const Matrix& a, const Matrix& b);

}  // namespace sicmir::algebra
