// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The profiles that count, by sample and group; shared by the parts of crosstalk.cpp.

#include <vector>

#include "analysis/sample_layout.hpp"

namespace sicmir::crosstalk {

struct Layout : SampleLayout {
  /// Per sample: 1 of the condition, 0 of the reference, or of all samples if none are compared.
  std::vector<int> side;
  bool compares = false;  ///< conditions

  [[nodiscard]] Index n_used() const noexcept { return static_cast<Index>(used.size()); }
  [[nodiscard]] Index n_groups() const noexcept { return static_cast<Index>(groups.size()); }
  [[nodiscard]] Index profile(std::size_t sample, Index group) const {
    return at[sample][static_cast<std::size_t>(group)];
  }
  [[nodiscard]] int side_of(Index used_profile) const {
    return side[static_cast<std::size_t>(sample_of[static_cast<std::size_t>(used_profile)])];
  }
  /// Positions in Profiles::profiles of the other groups of a profile's sample.
  [[nodiscard]] std::vector<std::size_t> others_of(Index used_profile) const;
};

}  // namespace sicmir::crosstalk
