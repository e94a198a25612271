// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/moderated.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <numeric>
#include <vector>

#include "base/nan.hpp"
#include "sicmir/error.hpp"
#include "sicmir/ranks.hpp"
#include "statistics/distributions.hpp"
#include "statistics/median.hpp"

namespace sicmir::statistics {

namespace {

using Series = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

// Shares of the smallest and the largest variances that the robust way draws in.
constexpr double lower_share = 0.05;
constexpr double upper_share = 0.1;
constexpr std::size_t fewest_for_robust = 10;  // below, both shares are less than one miRNA

/// Variances are `scale` times an F variable of (df, df2) degrees of freedom.
struct Prior {
  double scale = nan;
  double df2 = nan;
  Series df2_of;  // robust: one per variance
  Index n_floored = 0;
};

double mean(const Series& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// By the moments of log variances (Smyth 2004, section 6.2).
Prior fit_prior(Series x, const Series& df) {
  Prior prior;
  if (x.size() == 1) {
    prior.scale = x[0];
    prior.df2 = 0;
    return prior;
  }
  const double middle = median(x);
  const double floor = 1e-5 * (middle == 0 ? 1.0 : middle);
  Series e(x.size());
  double within = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] < floor) {
      x[i] = floor;
      ++prior.n_floored;
    }
    e[i] = std::log(x[i]) - digamma(df[i] / 2) + std::log(df[i] / 2);
    within += trigamma(df[i] / 2);
  }
  const double middle_e = mean(e);
  double between = 0;
  for (const double value : e) between += (value - middle_e) * (value - middle_e);
  between = between / static_cast<double>(e.size() - 1) - within / static_cast<double>(e.size());
  if (between > 0) {
    prior.df2 = 2 * trigamma_inverse(between);
    prior.scale = std::exp(middle_e + digamma(prior.df2 / 2) - std::log(prior.df2 / 2));
  } else {
    prior.df2 = infinity;
    prior.scale = mean(x);
  }
  return prior;
}

/// Gauss-Legendre quadrature on 0 .. 1.
struct Quadrature {
  Series nodes, weights;

  explicit Quadrature(int n) : nodes(static_cast<std::size_t>(n)), weights(nodes.size()) {
    for (int k = 0; k < n; ++k) {
      double x = std::cos(std::numbers::pi * (n - k - 0.25) / (n + 0.5));
      double slope = 0;
      for (int step = 0; step < 100; ++step) {
        double before = 1;
        double value = x;
        for (int degree = 2; degree <= n; ++degree) {
          const double next = ((2 * degree - 1) * x * value - (degree - 1) * before) / degree;
          before = value;
          value = next;
        }
        slope = n * (x * value - before) / (x * x - 1);
        const double change = value / slope;
        x -= change;
        if (std::fabs(change) < 1e-16) break;
      }
      nodes[static_cast<std::size_t>(k)] = (1 + x) / 2;
      weights[static_cast<std::size_t>(k)] = 1 / ((1 - x * x) * slope * slope);
    }
  }
};

struct Moments {
  double mean, variance;
};

/// Of the logarithm of an F variable whose tails are drawn in to their quantiles. The integral is
/// over f / (1 + f), with 128 nodes as in limma.
Moments winsorised_moments(const FDistribution& distribution) {
  static const Quadrature rule(128);
  const double low = distribution.at_log_lower_tail(std::log(lower_share));
  const double high = distribution.at_log_upper_tail(std::log(upper_share));
  const double first = low / (1 + low);
  const double width = high / (1 + high) - first;
  Series z(rule.nodes.size());
  Series mass(rule.nodes.size());
  Moments moments{.mean = std::log(low) * lower_share + std::log(high) * upper_share,
                  .variance = 0};
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double node = first + width * rule.nodes[i];
    const double f = node / (1 - node);
    z[i] = std::log(f);
    mass[i] = width * rule.weights[i] * distribution.density(f) / ((1 - node) * (1 - node));
    moments.mean += mass[i] * z[i];
  }
  const auto square = [&](double value) { return (value - moments.mean) * (value - moments.mean); };
  moments.variance = square(std::log(low)) * lower_share + square(std::log(high)) * upper_share;
  for (std::size_t i = 0; i < z.size(); ++i) moments.variance += mass[i] * square(z[i]);
  return moments;
}

/// As R's quantile of type 7: linear between the order statistics.
double quantile(const Series& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// The root of a function between two points where its signs differ, to the last digits.
template <class Function>
double root_between(Function f, double a, double f_a, double b, double f_b) {
  for (int i = 0; i < 200 && std::fabs(b - a) > 4e-16 * std::fabs(b); ++i) {
    // Two steps of the secant, then a halving, which bounds their number.
    double middle = i % 3 == 2 ? (a + b) / 2 : b - f_b * (b - a) / (f_b - f_a);
    if (!(middle > std::min(a, b) && middle < std::max(a, b))) middle = (a + b) / 2;
    if (middle == a || middle == b) break;
    const double value = f(middle);
    if (value == 0) return middle;
    if ((value > 0) == (f_b > 0)) {
      b = middle;
      f_b = value;
    } else {
      a = middle;
      f_a = value;
    }
  }
  return (a + b) / 2;
}

/// Brings variances of fewer degrees of freedom to the most, at the same tail probability.
double to_common_df(Series& x, const Series& df, const Prior& prior) {
  const double most = *std::max_element(df.begin(), df.end());
  const FDistribution wanted{.df1 = most, .df2 = prior.df2};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(df[i] < most - 1e-14)) continue;
    const double f = x[i] / prior.scale;
    const FDistribution own{.df1 = df[i], .df2 = prior.df2};
    const double upper = own.log_upper_tail(f);
    const double lower = own.log_lower_tail(f);
    x[i] = prior.scale *
           (upper < lower ? wanted.at_log_upper_tail(upper) : wanted.at_log_lower_tail(lower));
  }
  return most;
}

std::vector<std::size_t> ascending(const Series& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return order;
}

void make_increasing(Series& values, std::span<const std::size_t> order) {
  double largest = -infinity;
  for (const std::size_t i : order) values[i] = largest = std::max(largest, values[i]);
}

/// Prior df of each variance: that of all, or less if its tail is smaller than its rank explains.
/// `f`: variances over the prior's scale.
Series shrunk_df(const Series& f, const FDistribution& distribution) {
  const std::size_t n = f.size();
  Series log_tail(n);
  for (std::size_t i = 0; i < n; ++i) {
    log_tail[i] = std::isinf(distribution.df2) ? std::log(distribution.upper_tail(f[i]))
                                               : distribution.log_upper_tail(f[i]);
  }
  const Series ranks = average_ranks(f);
  Series log_not_outlier(n);
  bool any = false;
  for (std::size_t i = 0; i < n; ++i) {
    const auto count = static_cast<double>(n);
    log_not_outlier[i] =
        std::min(log_tail[i] - (std::log(count - ranks[i] + 0.5) - std::log(count)), 0.0);
    any = any || log_not_outlier[i] < 0;
  }
  Series result(n, distribution.df2);
  if (!any) return result;
  const std::vector<std::size_t> order = ascending(log_tail);
  if (std::isinf(distribution.df2)) {
    for (std::size_t i = 0; i < n; ++i) {
      if (log_not_outlier[i] < 0) {
        result[i] = std::exp(log_not_outlier[i]) * static_cast<double>(n) * distribution.df1;
      }
    }
    make_increasing(result, order);
    return result;
  }
  // The d0 that would make the largest variance the median of the largest.
  const double smallest = log_tail[order.front()];
  double of_outlier = 0;
  if (!std::isinf(smallest)) {
    of_outlier = std::log(0.5) / smallest * distribution.df2;
    const double largest_f = *std::max_element(f.begin(), f.end());
    of_outlier *=
        std::log(0.5) / FDistribution{distribution.df1, of_outlier}.log_upper_tail(largest_f);
  }
  for (std::size_t i = 0; i < n; ++i) {
    result[i] = std::exp(log_not_outlier[i]) * distribution.df2 -
                std::expm1(log_not_outlier[i]) * of_outlier;
  }
  // The most extreme ones together, where their mean is lowest; after them it never falls.
  double sum = 0;
  double lowest = infinity;
  std::size_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += result[order[i]];
    const double so_far = sum / static_cast<double>(i + 1);
    if (so_far < lowest) {
      lowest = so_far;
      last = i;
    }
  }
  for (std::size_t i = 0; i <= last; ++i) result[order[i]] = lowest;
  make_increasing(result, order);
  return result;
}

/// Phipson et al. 2016: the moments are those of winsorised log variances.
Prior fit_prior_robustly(Series x, const Series& df) {
  const std::size_t n = x.size();
  if (n <= 2) {
    Prior prior = fit_prior(x, df);
    prior.df2_of.assign(n, prior.df2);
    return prior;
  }
  const double middle = median(x);
  if (!(middle > 0)) {
    throw Error(ExitCode::bad_input,
                "most miRNAs do not vary at all between the samples, so that no variance can be "
                "estimated. Are the samples copies of each other?");
  }
  Index n_floored = 0;
  for (double& value : x) {
    if (value < middle * 1e-12) {
      value = middle * 1e-12;
      ++n_floored;
    }
  }
  Prior prior = fit_prior(x, df);
  prior.n_floored = std::max(n_floored, prior.n_floored);
  prior.df2_of.assign(n, prior.df2);
  if (n < fewest_for_robust) return prior;

  const double df1 = to_common_df(x, df, prior);
  Series z(n);
  std::transform(x.begin(), x.end(), z.begin(), [](double value) { return std::log(value); });
  Series sorted = z;
  std::sort(sorted.begin(), sorted.end());
  const auto trimmed = static_cast<std::size_t>(static_cast<double>(n) * upper_share);
  const double centre = mean(Series(sorted.begin() + static_cast<std::ptrdiff_t>(trimmed),
                                    sorted.end() - static_cast<std::ptrdiff_t>(trimmed)));
  for (double& value : sorted) value -= centre;
  const double low = quantile(sorted, lower_share);
  const double high = quantile(sorted, 1 - upper_share);
  Series drawn_in = z;
  for (double& value : drawn_in) value = std::clamp(value - centre, low, high);
  const double mean_seen = mean(drawn_in);
  double variance_seen = 0;
  for (const double value : drawn_in) variance_seen += (value - mean_seen) * (value - mean_seen);
  variance_seen /= static_cast<double>(n - 1);

  // df2 is sought as x = df2 / (1 + df2), between the plain estimate and infinity.
  const auto excess = [&](double at) {
    return std::log(variance_seen / winsorised_moments({df1, at / (1 - at)}).variance);
  };
  const double at_infinity = std::log(variance_seen / winsorised_moments({df1, infinity}).variance);
  if (at_infinity <= 0) {
    prior.df2 = infinity;
  } else if (std::isinf(prior.df2)) {
    return prior;
  } else {
    const double plain = prior.df2 / (1 + prior.df2);
    const double at_plain = excess(plain);
    if (at_plain < 0) {
      const double root = root_between(excess, plain, at_plain, 1, at_infinity);
      prior.df2 = root / (1 - root);
    }
  }
  const FDistribution distribution{.df1 = df1, .df2 = prior.df2};
  const double log_scale = centre + mean_seen - winsorised_moments(distribution).mean;
  prior.scale = std::exp(log_scale);
  Series f(n);
  std::transform(z.begin(), z.end(), f.begin(),
                 [&](double value) { return std::exp(value - log_scale); });
  prior.df2_of = shrunk_df(f, distribution);
  return prior;
}

}  // namespace

ModeratedVariances moderate(const Eigen::Ref<const Eigen::VectorXd>& variance,
                            const Eigen::Ref<const Eigen::VectorXd>& df, Moderation moderation) {
  Series x;
  Series df_of_x;
  std::vector<Index> places;
  double sum_df = 0;
  for (Index i = 0; i < variance.size(); ++i) {
    sum_df += df[i];
    if (!(df[i] > 0) || !std::isfinite(variance[i])) continue;
    x.push_back(std::max(variance[i], 0.0));
    df_of_x.push_back(df[i]);
    places.push_back(i);
  }
  if (x.empty()) {
    throw Error(ExitCode::bad_input,
                "no miRNA has a residual degree of freedom: there are as many coefficients as "
                "profiles.");
  }
  const Prior prior =
      moderation == Moderation::robust ? fit_prior_robustly(x, df_of_x) : fit_prior(x, df_of_x);
  ModeratedVariances result;
  result.prior_variance = prior.scale;
  result.prior_df = prior.df2;
  result.n_floored = prior.n_floored;
  result.prior_df_of.setConstant(variance.size(), prior.df2);
  for (std::size_t i = 0; i < prior.df2_of.size(); ++i) {
    result.prior_df_of[places[i]] = prior.df2_of[i];
  }
  result.variance.setConstant(variance.size(), prior.scale);
  result.df.resize(variance.size());
  for (Index i = 0; i < variance.size(); ++i) {
    const double d0 = result.prior_df_of[i];
    result.df[i] = std::min(df[i] + d0, sum_df);
    if (std::isinf(d0) || !(df[i] > 0)) continue;
    result.variance[i] = (df[i] * variance[i] + d0 * prior.scale) / (df[i] + d0);
  }
  return result;
}

ModeratedTests test_contrasts(const ContrastFit& fit, const ModeratedVariances& variances,
                              double threshold) {
  ModeratedTests tests;
  tests.t.setConstant(fit.estimate.rows(), fit.estimate.cols(), nan);
  tests.p = tests.t;
  for (Index k = 0; k < fit.estimate.cols(); ++k) {
    for (Index mirna = 0; mirna < fit.estimate.rows(); ++mirna) {
      const double estimate = fit.estimate(mirna, k);
      if (std::isnan(estimate)) continue;
      const double error = fit.unscaled_error(mirna, k) * std::sqrt(variances.variance[mirna]);
      const double df = variances.df[mirna];
      const double beyond = (std::fabs(estimate) - threshold) / error;
      tests.t(mirna, k) = std::copysign(std::max(beyond, 0.0), estimate);
      tests.p(mirna, k) =
          threshold == 0 ? student_two_sided(beyond, df)
                         : student_upper_tail(beyond, df) +
                               student_upper_tail((std::fabs(estimate) + threshold) / error, df);
    }
  }
  return tests;
}

}  // namespace sicmir::statistics
