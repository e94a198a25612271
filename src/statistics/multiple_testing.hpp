// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Many tests at once.

#include <span>
#include <vector>

namespace sicmir::statistics {

/// Adjusted p of Benjamini and Hochberg 1995: the smallest false discovery rate at which each test
/// is called. NaN stays NaN and does not count as a test.
[[nodiscard]] std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace sicmir::statistics
