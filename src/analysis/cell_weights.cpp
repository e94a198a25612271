// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/cell_weights.hpp"

#include <algorithm>
#include <cmath>

namespace sicmir {

std::string_view to_string(WeightsFrom from) {
  switch (from) {
    case WeightsFrom::stated:
      return "stated";
    case WeightsFrom::halves:
      return "split halves of the cells";
    case WeightsFrom::no_halves:
      return "default: the profiles hold no halves of their cells";
    case WeightsFrom::too_few:
      return "default: too few profiles to estimate it";
  }
  return "";
}

CellWeights weigh(double stated, const Profiles& profiles, std::span<const WeighedFit> fits) {
  if (!std::isnan(stated)) return {stated, WeightsFrom::stated};
  double of_cells = 0;
  double between = 0;
  double residual_df = 0;
  bool has_halves = false;
  for (const WeighedFit& fit : fits) {
    const statistics::ResidualSums residuals = statistics::residual_sums(fit.y, fit.design);
    if (residuals.df == 0) continue;
    double noise = 0;  // per unit of c
    for (std::size_t i = 0; i < fit.n_cells.size(); ++i) {
      noise += residuals.left[static_cast<Index>(i)] / fit.n_cells[i];
    }
    const auto df = static_cast<double>(residuals.df);
    residual_df += df;
    for (Index mirna = 0; mirna < fit.y.rows(); ++mirna) {
      const double c = profiles.mirnas[static_cast<std::size_t>(mirna)].cell_variance;
      if (!std::isfinite(c) || !std::isfinite(residuals.squares[mirna])) continue;
      has_halves = true;
      of_cells += df * c;
      between += residuals.squares[mirna] - c * noise;
    }
  }
  if (!(residual_df > 0)) return {default_weight_cells, WeightsFrom::too_few};
  if (!has_halves) return {default_weight_cells, WeightsFrom::no_halves};
  if (!(of_cells > 0)) return {0, WeightsFrom::halves};
  const bool all_is_cells = !(between * most_weight_cells > of_cells);
  return {all_is_cells ? most_weight_cells : of_cells / between, WeightsFrom::halves};
}

CellWeights weigh(double stated, const Profiles& profiles, const SampleLayout& layout) {
  if (!std::isnan(stated)) return {stated, WeightsFrom::stated};
  const auto n = static_cast<Index>(layout.used.size());
  const auto n_samples = static_cast<Index>(layout.samples.size());
  WeighedFit fit;
  fit.y.resize(profiles.z.rows(), n);
  fit.design = Eigen::MatrixXd::Zero(n, n_samples + static_cast<Index>(layout.groups.size()));
  for (Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    fit.y.col(i) = profiles.z.col(static_cast<Index>(layout.used[at])).cast<double>();
    fit.design(i, layout.sample_of[at]) = 1;
    fit.design(i, n_samples + layout.group_of[at]) = 1;
    fit.n_cells.push_back(static_cast<double>(profiles.profiles[layout.used[at]].n_cells));
  }
  return weigh(stated, profiles, {&fit, 1});
}

}  // namespace sicmir
