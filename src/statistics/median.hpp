// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The middle of a list of numbers.

#include <vector>

namespace sicmir {

/// Median of the finite values, the mean of the two middle ones if their number is even; NaN if
/// there is none.
[[nodiscard]] double median(std::vector<double> values);

/// The same, but always one of the values: the upper of the two middle ones if their number is
/// even. What is decided about inputs goes by it, and outputs record those decisions, so that it
/// must not change.
[[nodiscard]] double upper_median(std::vector<double> values);

}  // namespace sicmir
