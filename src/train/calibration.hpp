// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From the spread of an ensemble to intervals that hold what they state.

#include <span>
#include <string>
#include <vector>

#include "sicmir/model.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

struct Calibration {
  std::vector<Interval> intervals;  ///< per miRNA; not known() where they did not hold
  double coverage = 0;  ///< of stated 90 % intervals, on patients that did not calibrate; or NaN
};

/// 90 % intervals from held-out samples, by split conformal prediction with the spread as scale
/// (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, J Am Stat Assoc 113:1094). predicted,
/// spread, measured: mirnas x samples in z-scores, NaN where there is none; `patients`: one per
/// sample. To see what they hold, intervals of one half of the patients are tried on the other,
/// both ways round; a miRNA whose intervals hold less than 85 or more than 95 % there, or which has
/// fewer than 40 samples, gets none.
[[nodiscard]] Calibration calibrate(const Matrix& predicted, const Matrix& spread,
                                    const Matrix& measured, std::span<const std::string> patients);

}  // namespace sicmir::training
