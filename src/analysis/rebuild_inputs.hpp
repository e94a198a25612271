// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the network received of profiles that a file holds.

#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir {

struct RebuiltInputs {
  Matrix values;  ///< genes of the panel x profiles: standardised
  Scale scale = Scale::dataset;
  std::string platform;               ///< whose offsets were added; empty: none
  std::vector<std::string> constant;  ///< panel genes that the input has, but that do not vary
  std::vector<std::string> missing;   ///< panel genes that the input lacks
};

/// Standardises the counts of `profiles` as they were when they were predicted. Predicts them again
/// and compares with the z-scores of the file. `path`: of the file, for messages. Throws
/// Error(bad_input) if the file holds no counts, Error(bad_model) if it was made by another model,
/// Error(bad_input) if a z-score differs by more than 0.001.
[[nodiscard]] RebuiltInputs rebuild_inputs(const Profiles& profiles, const PreparedModel& model,
                                           const GeneIndex& index, const std::string& path,
                                           int threads);

}  // namespace sicmir
