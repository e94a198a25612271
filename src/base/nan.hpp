// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A figure that is not known.

#include <limits>

namespace sicmir {

inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace sicmir
