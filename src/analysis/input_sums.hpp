// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the sums of one input and of several share.

#include <string>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir::sums {

/// By sample, then by group.
void sort(std::vector<Profile>& profiles);

/// Throws Error(bad_input) if so many profiles would take more memory than is allowed. `input`: for
/// the message.
void check_size(Index n_profiles, Index n_genes, const std::string& input);

}  // namespace sicmir::sums
