// SPDX-License-Identifier: BSD-3-Clause
#include "statistics/partial_ranks.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sicmir/ranks.hpp"

namespace sicmir::statistics {
namespace {

constexpr double nothing_left = 1e-9;  // of the squared length

double squared_length(const std::vector<double>& values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

}  // namespace

RankResiduals::RankResiduals(Index n_observations, std::span<const std::vector<double>> covariates)
    : n_(n_observations) {
  const auto n = static_cast<std::size_t>(n_observations);
  basis_.emplace_back(n, 1.0 / std::sqrt(static_cast<double>(n_observations)));
  for (const std::vector<double>& covariate : covariates) {
    std::vector<double> values = covariate;
    const double before = squared_length(values);
    const double left = project_out(values);
    if (!(left > nothing_left * before)) continue;
    for (double& value : values) value /= std::sqrt(left);
    basis_.push_back(std::move(values));
  }
}

double RankResiduals::project_out(std::vector<double>& values) const {
  // Twice is enough for orthogonality to rounding (Giraud et al. 2005).
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::vector<double>& direction : basis_) {
      const double share = std::inner_product(values.begin(), values.end(), direction.begin(), 0.0);
      for (std::size_t i = 0; i < values.size(); ++i) values[i] -= share * direction[i];
    }
  }
  return squared_length(values);
}

bool RankResiduals::of(std::span<const double> values, std::span<float> unit) const {
  std::vector<double> ranks = average_ranks(values);
  const double before = squared_length(ranks);
  const double left = project_out(ranks);
  if (!(left > nothing_left * before)) {
    std::fill(unit.begin(), unit.end(), 0.0F);
    return false;
  }
  const double length = std::sqrt(left);
  for (std::size_t i = 0; i < ranks.size(); ++i) unit[i] = static_cast<float>(ranks[i] / length);
  return true;
}

double fisher_z(double correlation) {
  constexpr double most = 0.9999;
  return std::atanh(std::clamp(correlation, -most, most));
}

}  // namespace sicmir::statistics
