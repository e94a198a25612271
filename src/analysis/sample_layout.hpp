// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which profile stands where: samples by groups.

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir {

struct SampleLayout {
  std::vector<std::size_t> used;             ///< positions in Profiles::profiles
  std::vector<std::string> samples, groups;  ///< sorted
  std::vector<Index> sample_of, group_of;    ///< per used profile
  std::vector<double> weights;               ///< likewise
  std::vector<std::vector<Index>> at;        ///< sample x group: used profile, or -1
};

/// Lays out those of `profiles` at the positions `used`. All weigh the same.
[[nodiscard]] SampleLayout lay_out_samples(const Profiles& profiles, std::vector<std::size_t> used);

/// Weights by differences::weight_of().
void set_weights(SampleLayout& layout, const Profiles& profiles, double weight_cells);

}  // namespace sicmir
