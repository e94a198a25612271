// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Weighted least squares of many miRNAs on one design, and contrasts of its coefficients.

#include <Eigen/Core>
#include <span>
#include <string>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// Observations (profiles) x coefficients.
struct Design {
  Eigen::MatrixXd matrix;
  std::vector<std::string> coefficients;  ///< names, one per column
};

/// Names of the coefficients that cannot be told apart from those before them: columns that are,
/// but for 1e-7 of their length, sums of multiples of columns further left. `weights` as for
/// fit_contrasts(). Empty: the design has full rank.
[[nodiscard]] std::vector<std::string> confounded_coefficients(const Design& design,
                                                               std::span<const double> weights);

/// Per miRNA (row) and contrast (column).
struct ContrastFit {
  Eigen::MatrixXd estimate;  ///< in the unit of y; NaN: not estimable from what was observed
  /// The estimate's standard error where the residual variance (of weight 1) is 1; else NaN.
  Eigen::MatrixXd unscaled_error;
  Eigen::VectorXd variance;     ///< residual, of an observation of weight 1; NaN without df
  Eigen::VectorXd residual_df;  ///< observations minus the rank of their design
};

/// Fits each row of `y` (miRNAs x observations) to the design: y_i = x_i b + e_i, var(e_i) =
/// s^2 / w_i. NaN in y is left out, for that miRNA; so are observations whose weight is not
/// positive. `weights`: one per observation; empty: all 1. `contrasts`: coefficients x contrasts.
/// With designs of full rank and complete rows these are the figures of limma's lmFit and
/// contrasts.fit. For rows with NaN the errors of contrasts are exact, where contrasts.fit
/// approximates. A contrast is estimable if it is a sum of multiples of observed rows of the
/// design, to 1e-8.
[[nodiscard]] ContrastFit fit_contrasts(const Eigen::Ref<const Eigen::MatrixXd>& y,
                                        const Eigen::Ref<const Eigen::MatrixXd>& design,
                                        std::span<const double> weights,
                                        const Eigen::Ref<const Eigen::MatrixXd>& contrasts);

/// What a design leaves of responses, all observations weighing the same.
struct ResidualSums {
  Eigen::VectorXd squares;  ///< per row of y: sum of squared residuals; NaN where y has one
  Eigen::VectorXd left;     ///< per observation: 1 less its leverage
  Index df = 0;             ///< observations minus the rank of the design
};
[[nodiscard]] ResidualSums residual_sums(const Eigen::Ref<const Eigen::MatrixXd>& y,
                                         const Eigen::Ref<const Eigen::MatrixXd>& design);

}  // namespace sicmir::statistics
