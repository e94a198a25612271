// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/crosstalk_senders.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/nan.hpp"
#include "statistics/distributions.hpp"

namespace sicmir::crosstalk {
namespace {

/// Samples, then groups of the reference (or all), then those of the condition. Columns that
/// depend on others are no fault: contrasts are asked whether they can be estimated.
struct Columns {
  Index n_samples, n_groups;
  [[nodiscard]] Index of(Index group, int side) const {
    return n_samples + group + (side == 1 ? n_groups : 0);
  }
};

/// Per group and side the first such level that samples link it to; -1: the level does not occur.
std::vector<std::vector<Index>> parts_of(const Layout& layout) {
  std::vector<std::vector<Index>> part(2, std::vector<Index>(layout.groups.size(), -1));
  for (Index i = 0; i < layout.n_used(); ++i) {
    const Index group = layout.group_of[static_cast<std::size_t>(i)];
    part[static_cast<std::size_t>(layout.side_of(i))][static_cast<std::size_t>(group)] = group;
  }
  for (bool changes = true; changes;) {
    changes = false;
    for (std::size_t sample = 0; sample < layout.samples.size(); ++sample) {
      std::vector<Index>& own = part[static_cast<std::size_t>(layout.side[sample])];
      Index first = layout.n_groups();
      for (Index g = 0; g < layout.n_groups(); ++g) {
        if (layout.profile(sample, g) >= 0) {
          first = std::min(first, own[static_cast<std::size_t>(g)]);
        }
      }
      for (Index g = 0; g < layout.n_groups(); ++g) {
        if (layout.profile(sample, g) < 0 || own[static_cast<std::size_t>(g)] == first) continue;
        own[static_cast<std::size_t>(g)] = first;
        changes = true;
      }
    }
  }
  return part;
}

Eigen::MatrixXd design_of(const Layout& layout, const Columns& columns) {
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(
      layout.n_used(), columns.n_samples + columns.n_groups * (layout.compares ? 2 : 1));
  for (Index i = 0; i < layout.n_used(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    design(i, layout.sample_of[at]) = 1.0;
    design(i, columns.of(layout.group_of[at], layout.side_of(i))) = 1.0;
  }
  return design;
}

}  // namespace

Senders::Senders(const Eigen::MatrixXd& y, const Layout& layout) : n_groups_(layout.n_groups()) {
  const Columns columns{static_cast<Index>(layout.samples.size()), n_groups_};
  const Eigen::MatrixXd design = design_of(layout, columns);
  Eigen::MatrixXd contrasts = Eigen::MatrixXd::Zero(design.cols(), n_contrasts(n_groups_));
  const auto parts = parts_of(layout);
  std::vector<bool> is_known(static_cast<std::size_t>(contrasts.cols()), true);
  for (int side = 0; side < (layout.compares ? 2 : 1); ++side) {
    const double sign = layout.compares && side == 0 ? -1.0 : 1.0;
    const std::vector<Index>& part = parts[static_cast<std::size_t>(side)];
    for (Index a = 0; a < n_groups_; ++a) {
      for (Index b = a + 1; b < n_groups_; ++b) {
        contrasts(columns.of(a, side), contrast_of(a, b)) += sign;
        contrasts(columns.of(b, side), contrast_of(a, b)) -= sign;
      }
      std::vector<Index> others;
      for (Index b = 0; b < n_groups_; ++b) {
        const Index of_b = part[static_cast<std::size_t>(b)];
        if (b != a && of_b >= 0 && of_b == part[static_cast<std::size_t>(a)]) others.push_back(b);
      }
      const Index last = contrasts.cols() - n_groups_ + a;
      if (others.empty()) is_known[static_cast<std::size_t>(last)] = false;
      contrasts(columns.of(a, side), last) += sign;
      for (const Index b : others) {
        contrasts(columns.of(b, side), last) -= sign / static_cast<double>(others.size());
      }
    }
  }
  fit_ = statistics::fit_contrasts(y, design, layout.weights, contrasts);
  for (Index k = 0; k < contrasts.cols(); ++k) {
    if (is_known[static_cast<std::size_t>(k)]) continue;
    fit_.estimate.col(k).setConstant(nan);
  }
}

Index Senders::contrast_of(Index a, Index b) const {
  const Index low = std::min(a, b);
  const Index high = std::max(a, b);
  return low * n_groups_ - low * (low + 1) / 2 + (high - low - 1);
}

double Senders::over(Index a, Index b, Index mirna) const {
  const double estimate = fit_.estimate(mirna, contrast_of(a, b));
  return a < b ? estimate : -estimate;
}

double Senders::over_others(Index a, Index mirna) const {
  return fit_.estimate(mirna, fit_.estimate.cols() - n_groups_ + a);
}

bool Senders::moderate(statistics::Moderation moderation, PriorFigures& prior) {
  prior.residual_df = fit_.residual_df.size() > 0 ? fit_.residual_df.maxCoeff() : 0.0;
  if (!(prior.residual_df > 0.0)) return false;
  variances_ = statistics::moderate(fit_.variance, fit_.residual_df, moderation);
  prior.s0 = std::sqrt(variances_.prior_variance);
  prior.d0 = variances_.prior_df;
  return true;
}

double Senders::tail(double estimate, Index contrast, Index mirna, double threshold) const {
  const double error = fit_.unscaled_error(mirna, contrast) * std::sqrt(variances_.variance[mirna]);
  return statistics::student_upper_tail((estimate - threshold) / error, variances_.df[mirna]);
}

double Senders::p(Index a, Index b, Index mirna, double threshold) const {
  const double over_b = over(a, b, mirna);
  const double over_rest = over_others(a, mirna);
  if (std::isnan(over_b) || std::isnan(over_rest)) return nan;
  return std::max(tail(over_b, contrast_of(a, b), mirna, threshold),
                  tail(over_rest, fit_.estimate.cols() - n_groups_ + a, mirna, threshold));
}

}  // namespace sicmir::crosstalk
