// SPDX-License-Identifier: BSD-3-Clause
#include "evaluate/scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/nan.hpp"

namespace sicmir::evaluation {

namespace {

constexpr Index least_pairs = 3;  // two points lie on a line, whatever they are

struct Sums {
  double xx = 0, yy = 0, xy = 0;
  double mean_x = 0, mean_y = 0;
};

Sums sums_of_squares(std::span<const double> x, std::span<const double> y,
                     std::span<const double> weights, double total) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sums.mean_x += weights[i] * x[i];
    sums.mean_y += weights[i] * y[i];
  }
  sums.mean_x /= total;
  sums.mean_y /= total;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = x[i] - sums.mean_x;
    const double dy = y[i] - sums.mean_y;
    sums.xx += weights[i] * dx * dx;
    sums.yy += weights[i] * dy * dy;
    sums.xy += weights[i] * dx * dy;
  }
  return sums;
}

/// What rounding leaves of a constant is not variation.
bool varies(double squares, double mean, double total) {
  return squares > total * mean * mean * 1e-24;
}

double correlation(std::span<const double> x, std::span<const double> y,
                   std::span<const double> weights, double total) {
  const Sums sums = sums_of_squares(x, y, weights, total);
  if (!varies(sums.xx, sums.mean_x, total) || !varies(sums.yy, sums.mean_y, total)) return nan;
  return std::clamp(sums.xy / std::sqrt(sums.xx) / std::sqrt(sums.yy), -1.0, 1.0);
}

}  // namespace

WeightedScores::WeightedScores(std::span<const double> predicted,
                               std::span<const double> measured) {
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    if (!std::isfinite(predicted[i]) || !std::isfinite(measured[i])) continue;
    pairs_.push_back(i);
    predicted_.values.push_back(predicted[i]);
    measured_.values.push_back(measured[i]);
  }
  weights_.resize(pairs_.size());
  for (Side* side : {&predicted_, &measured_}) {
    side->ranks.resize(pairs_.size());
    side->sorted.resize(pairs_.size());
    std::iota(side->sorted.begin(), side->sorted.end(), std::size_t{0});
    std::stable_sort(
        side->sorted.begin(), side->sorted.end(),
        [side](std::size_t a, std::size_t b) { return side->values[a] < side->values[b]; });
  }
}

void WeightedScores::Side::rank(std::span<const double> weights) {
  double before = 0;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t last = first;
    double weight = 0;
    while (last < sorted.size() && values[sorted[last]] == values[sorted[first]]) {
      weight += weights[sorted[last++]];
    }
    // Ranks before + 1 .. before + weight, of which each has the mean.
    for (; first < last; ++first) ranks[sorted[first]] = before + (weight + 1.0) / 2.0;
    before += weight;
  }
}

Scores WeightedScores::operator()(std::span<const std::uint16_t> weights) {
  Scores scores;
  double residual = 0;
  for (std::size_t i = 0; i < pairs_.size(); ++i) {
    const Index weight = weights[pairs_[i]];
    scores.n += weight;
    weights_[i] = static_cast<double>(weight);
    residual += weights_[i] * std::pow(predicted_.values[i] - measured_.values[i], 2);
  }
  if (scores.n == 0) return scores;
  const auto total = static_cast<double>(scores.n);
  scores.rmse = std::sqrt(residual / total);
  const Sums sums = sums_of_squares(predicted_.values, measured_.values, weights_, total);
  if (varies(sums.yy, sums.mean_y, total)) scores.r2 = 1.0 - residual / sums.yy;
  if (scores.n < least_pairs) return scores;
  scores.pearson = correlation(predicted_.values, measured_.values, weights_, total);
  predicted_.rank(weights_);
  measured_.rank(weights_);
  scores.spearman = correlation(predicted_.ranks, measured_.ranks, weights_, total);
  return scores;
}

Scores score(std::span<const double> predicted, std::span<const double> measured) {
  const std::vector<std::uint16_t> once(predicted.size(), 1);
  return WeightedScores(predicted, measured)(once);
}

}  // namespace sicmir::evaluation
