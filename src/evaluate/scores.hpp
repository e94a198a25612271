// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Figures of agreement between two series.

#include <span>
#include <vector>

#include "sicmir/evaluate.hpp"

namespace sicmir::evaluation {

/// Over the pairs that are both finite.
[[nodiscard]] Scores score(std::span<const double> predicted, std::span<const double> measured);

/// Two series that can be scored again and again with other weights: what a bootstrap does. Sorting
/// happens once.
class WeightedScores {
 public:
  /// Pairs that are not both finite are passed over.
  WeightedScores(std::span<const double> predicted, std::span<const double> measured);

  /// `weights`: how often each pair was drawn, one per pair given to the constructor.
  [[nodiscard]] Scores operator()(std::span<const std::uint16_t> weights);

 private:
  struct Side {
    std::vector<double> values;       // of the finite pairs
    std::vector<std::size_t> sorted;  // their positions by value
    std::vector<double> ranks;        // scratch
    void rank(std::span<const double> weights);
  };
  std::vector<std::size_t> pairs_;  // the finite pairs' positions in what was given
  std::vector<double> weights_;     // scratch, of the finite pairs
  Side predicted_, measured_;
};

}  // namespace sicmir::evaluation
