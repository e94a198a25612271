// SPDX-License-Identifier: BSD-3-Clause
// The only source that includes Boost.Math: it costs the compiler many seconds.
#include "statistics/distributions.hpp"

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>

#include "base/nan.hpp"

namespace sicmir::statistics {

namespace {

namespace math = boost::math;
using math::policies::policy;

/// In double throughout, and without exceptions: NaN or infinity where a result does not exist.
using Policy = policy<math::policies::promote_double<false>,
                      math::policies::domain_error<math::policies::ignore_error>,
                      math::policies::pole_error<math::policies::ignore_error>,
                      math::policies::overflow_error<math::policies::ignore_error>,
                      math::policies::underflow_error<math::policies::ignore_error>,
                      math::policies::denorm_error<math::policies::ignore_error>,
                      math::policies::evaluation_error<math::policies::ignore_error>>;
constexpr Policy quiet;

/// Below, tails lose digits on the way to zero.
constexpr double smallest_tail = 1e-290;
constexpr int most_terms = 1'000'000;  // of a series

/// log I_x(a, b) by its power series, for what is too small for double (DLMF 8.17.8).
double log_incomplete_beta(double a, double b, double x) {
  double term = 1;
  double sum = 1;
  for (int k = 0; term > sum * 1e-17 && k < most_terms; ++k) {
    term *= x * (a + b + k) / (a + 1 + k);
    sum += term;
  }
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  return a * std::log(x) + b * std::log1p(-x) - std::log(a) - log_beta + std::log(sum);
}

/// The place, by its logarithm, where a monotonic function has a value; to the last digit or so.
template <class Function>
double bisect_log(Function value_at, double wanted, bool falls) {
  double low = -745;
  double high = 709;
  for (int i = 0; i < 200 && high - low > 1e-16 * std::fmax(1.0, std::fabs(low)); ++i) {
    const double middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    const bool is_left = (value_at(std::exp(middle)) > wanted) == falls;
    (is_left ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

}  // namespace

double normal_upper_tail(double z) {
  return std::erfc(z / std::sqrt(2.0)) / 2;
}

double student_upper_tail(double t, double df) {
  if (std::isnan(t) || std::isnan(df)) return nan;
  const double outer = student_two_sided(t, df) / 2;
  return t >= 0 ? outer : 1 - outer;
}

double student_two_sided(double t, double df) {
  if (std::isnan(t) || !(df > 0)) return nan;
  if (std::isinf(t)) return 0;
  if (std::isinf(df)) return std::erfc(std::fabs(t) / std::sqrt(2.0));
  const double square = t * t;
  // I_x(df / 2, 1 / 2) at x = df / (df + t^2), by whichever of x and 1 - x is smaller.
  if (square > df) return incomplete_beta(df / 2, 0.5, df / (df + square));
  return math::ibetac(0.5, df / 2, square / (df + square), quiet);
}

double chi_squared_upper_tail(double x, double df) {
  return upper_incomplete_gamma(df / 2, x / 2);
}

double FDistribution::density(double f) const {
  if (!(f > 0)) return std::isnan(f) ? nan : 0;
  // As a power of the gamma or beta density, so that nothing overflows.
  if (std::isinf(df2)) {
    return math::gamma_p_derivative(df1 / 2, f * df1 / 2, quiet) * df1 / 2;
  }
  const double sum = df2 + df1 * f;
  return math::ibeta_derivative(df1 / 2, df2 / 2, df1 * f / sum, quiet) * df1 * df2 / (sum * sum);
}

double FDistribution::upper_tail(double f) const {
  if (std::isinf(df2)) return chi_squared_upper_tail(f * df1, df1);
  const double product = df1 * f;
  if (std::isinf(product)) return 0;
  if (product > df2) return incomplete_beta(df2 / 2, df1 / 2, df2 / (df2 + product));
  return math::ibetac(df1 / 2, df2 / 2, product / (df2 + product), quiet);
}

double FDistribution::lower_tail(double f) const {
  if (std::isinf(df2)) return lower_incomplete_gamma(df1 / 2, f * df1 / 2);
  const double product = df1 * f;
  if (std::isinf(product)) return 1;
  if (product > df2) return math::ibetac(df2 / 2, df1 / 2, df2 / (df2 + product), quiet);
  return incomplete_beta(df1 / 2, df2 / 2, product / (df2 + product));
}

double FDistribution::log_upper_tail(double f) const {
  const double tail = upper_tail(f);
  if (!(tail < smallest_tail) || std::isinf(f)) return std::log(tail);
  if (!std::isinf(df2)) return log_incomplete_beta(df2 / 2, df1 / 2, df2 / (df2 + df1 * f));
  // Q(a, x) for x far above a: x^(a - 1) e^-x / Gamma(a) times a sum that begins with 1.
  const double a = df1 / 2;
  const double x = f * df1 / 2;
  double term = 1;
  double sum = 1;
  for (int k = 1; k < most_terms; ++k) {
    const double next = term * (a - k) / x;
    if (std::fabs(next) >= std::fabs(term) || std::fabs(next) < 1e-17) break;
    term = next;
    sum += term;
  }
  return (a - 1) * std::log(x) - x - std::lgamma(a) + std::log(sum);
}

double FDistribution::log_lower_tail(double f) const {
  const double tail = lower_tail(f);
  if (!(tail < smallest_tail) || !(f > 0)) return std::log(tail);
  if (!std::isinf(df2)) {
    return log_incomplete_beta(df1 / 2, df2 / 2, df1 * f / (df2 + df1 * f));
  }
  // P(a, x) = x^a e^-x / Gamma(a + 1) times (1 + x / (a + 1) + ...).
  const double a = df1 / 2;
  const double x = f * df1 / 2;
  double term = 1;
  double sum = 1;
  for (int k = 1; term > sum * 1e-17 && k < most_terms; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return a * std::log(x) - x - std::lgamma(a + 1) + std::log(sum);
}

double FDistribution::at_log_upper_tail(double log_tail) const {
  const double tail = std::exp(log_tail);
  if (tail < smallest_tail) {
    return bisect_log([&](double f) { return log_upper_tail(f); }, log_tail, true);
  }
  if (std::isinf(df2)) return 2 / df1 * math::gamma_q_inv(df1 / 2, tail, quiet);
  double rest = 0;  // 1 - x, with all its digits
  const double x = math::ibetac_inv(df1 / 2, df2 / 2, tail, &rest, quiet);
  return df2 * x / (df1 * rest);
}

double FDistribution::at_log_lower_tail(double log_tail) const {
  const double tail = std::exp(log_tail);
  if (tail < smallest_tail) {
    return bisect_log([&](double f) { return log_lower_tail(f); }, log_tail, false);
  }
  if (std::isinf(df2)) return 2 / df1 * math::gamma_p_inv(df1 / 2, tail, quiet);
  double rest = 0;
  const double x = math::ibeta_inv(df1 / 2, df2 / 2, tail, &rest, quiet);
  return df2 * x / (df1 * rest);
}

double incomplete_beta(double a, double b, double x) {
  if (std::isnan(a) || std::isnan(b) || std::isnan(x)) return nan;
  return math::ibeta(a, b, x, quiet);
}

double lower_incomplete_gamma(double a, double x) {
  if (std::isnan(a) || std::isnan(x)) return nan;
  if (std::isinf(x)) return 1;
  return math::gamma_p(a, x, quiet);
}

double upper_incomplete_gamma(double a, double x) {
  if (std::isnan(a) || std::isnan(x)) return nan;
  if (std::isinf(x)) return 0;
  return math::gamma_q(a, x, quiet);
}

double digamma(double x) {
  return std::isnan(x) ? nan : math::digamma(x, quiet);
}

double trigamma(double x) {
  return std::isnan(x) ? nan : math::trigamma(x, quiet);
}

double trigamma_inverse(double x) {
  if (std::isnan(x) || x <= 0) return nan;
  if (x > 1e7) return 1 / std::sqrt(x);
  if (x < 1e-6) return 1 / x;
  double y = 0.5 + 1 / x;
  for (int i = 0; i < 50; ++i) {
    const double value = trigamma(y);
    const double step = value * (1 - value / x) / math::polygamma(2, y, quiet);
    y += step;
    if (-step / y < 1e-8) break;
  }
  return y;
}

}  // namespace sicmir::statistics
