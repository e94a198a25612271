// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/json.hpp"

namespace sicmir::cli {

/// The columns of obs of an AnnData file, by name: kind, number of different values, and the values
/// of categories and texts with their numbers of cells, the most frequent first (1,000 at most).
[[nodiscard]] Json describe_obs(const std::string& path);

}  // namespace sicmir::cli
