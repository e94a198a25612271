// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Moderated t statistics: variances of many miRNAs, few observations each, lend each other
/// strength. The figures are those of limma 3.54 (squeezeVar, eBayes, treat).

#include <Eigen/Core>
#include <span>

#include "sicmir/types.hpp"
#include "statistics/linear_model.hpp"

namespace sicmir::statistics {

/// Of n miRNAs.
struct ModeratedVariances {
  double prior_variance = 0;  ///< s0^2
  double prior_df = 0;        ///< d0, perhaps infinite; 0: nothing could be learnt
  /// d0 of each miRNA: smaller than `prior_df` for outliers of the robust way, else the same.
  Eigen::VectorXd prior_df_of;
  Eigen::VectorXd variance;  ///< (d0 s0^2 + d s^2) / (d0 + d)
  /// d0 + d, but at most the sum of all d.
  Eigen::VectorXd df;
  Index n_floored = 0;  ///< variances of zero or nearly so, raised before s0 and d0 were fitted
};

enum class Moderation : std::uint8_t {
  plain,   ///< Smyth 2004, doi:10.2202/1544-6115.1027
  robust,  ///< Phipson et al. 2016, doi:10.1214/16-AOAS920: outliers do not blur the others
};

/// `variance`: residual variances, NaN where df is 0; `df`: residual degrees of freedom. Throws
/// Error(bad_input) if no miRNA has a residual degree of freedom, or, if robust, most variances are
/// zero.
[[nodiscard]] ModeratedVariances moderate(const Eigen::Ref<const Eigen::VectorXd>& variance,
                                          const Eigen::Ref<const Eigen::VectorXd>& df,
                                          Moderation moderation);

/// Per miRNA x contrast; NaN where the contrast is not estimable.
struct ModeratedTests {
  Eigen::MatrixXd t;
  Eigen::MatrixXd p;  ///< two-sided
};

/// Tests |effect| > `threshold` (in the unit of the estimates) against |effect| <= threshold:
/// `treat`, McCarthy and Smyth 2009, doi:10.1093/bioinformatics/btp053. With 0 the usual two-sided
/// test. t is measured from the threshold, 0 for estimates within.
[[nodiscard]] ModeratedTests test_contrasts(const ContrastFit& fit,
                                            const ModeratedVariances& variances,
                                            double threshold = 0);

}  // namespace sicmir::statistics
