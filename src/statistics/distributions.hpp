// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Tails, densities and quantiles of distributions, and the functions that they are made of.
/// Degrees of freedom are real numbers above 0 and may be infinite. NaN among the arguments gives
/// NaN. Relative error below 1e-11, but near the smallest numbers that double can hold.

namespace sicmir::statistics {

/// P(Z > z) of the standard normal distribution.
[[nodiscard]] double normal_upper_tail(double z);

/// P(T > t) of Student's distribution.
[[nodiscard]] double student_upper_tail(double t, double df);
/// P(|T| > |t|).
[[nodiscard]] double student_two_sided(double t, double df);

/// P(X > x) of chi-squared.
[[nodiscard]] double chi_squared_upper_tail(double x, double df);

/// The F distribution; `f` >= 0, df1 finite.
struct FDistribution {
  double df1, df2;

  [[nodiscard]] double density(double f) const;
  [[nodiscard]] double upper_tail(double f) const;  ///< P(F > f)
  [[nodiscard]] double lower_tail(double f) const;  ///< P(F <= f)
  /// Natural logarithms, also where the tail itself is too small for double.
  [[nodiscard]] double log_upper_tail(double f) const;
  [[nodiscard]] double log_lower_tail(double f) const;
  /// The f that has this tail; `log_tail` < 0.
  [[nodiscard]] double at_log_upper_tail(double log_tail) const;
  [[nodiscard]] double at_log_lower_tail(double log_tail) const;
};

/// Regularised incomplete beta function I_x(a, b); a, b > 0, x in 0 .. 1.
[[nodiscard]] double incomplete_beta(double a, double b, double x);
/// Regularised incomplete gamma functions P(a, x) and Q(a, x); a > 0, x >= 0.
[[nodiscard]] double lower_incomplete_gamma(double a, double x);
[[nodiscard]] double upper_incomplete_gamma(double a, double x);

/// Derivatives of the logarithm of the gamma function; x > 0.
[[nodiscard]] double digamma(double x);
[[nodiscard]] double trigamma(double x);
/// The y > 0 with trigamma(y) = x; x > 0. By Newton's method on 1 / trigamma, which is convex
/// (Smyth 2004, appendix).
[[nodiscard]] double trigamma_inverse(double x);

}  // namespace sicmir::statistics
