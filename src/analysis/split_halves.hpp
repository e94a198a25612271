// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the number of cells does to predictions, from two halves of the cells of each profile.

#include <vector>

#include "analysis/profiles.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir {

/// Fewest profiles with two halves that say anything.
inline constexpr Index fewest_split_profiles = 3;

/// Sets ProfileMirna::cell_variance from the halves of the profiles at or above the floor, which
/// are predicted as the whole profiles were, and standardised with the same moments.
///
/// Let c be the variance of a miRNA's z that one cell brings, so that a sum of n cells has c / n.
/// Halves of n1 and n2 cells differ by d with the variance c (1 / n1 + 1 / n2), whatever sample and
/// group they are of; so c is estimated by the mean of d^2 / (1 / n1 + 1 / n2) over the profiles.
/// (The network is not linear; near a profile it is taken to be.)
///
/// Only the genes of the panel were halved (`halved`: their positions); others, which may matter to
/// the unit, are taken to be divided as all molecules are. `profiles` are predicted, with their
/// facts. Returns the number of profiles; below fewest_split_profiles nothing is set.
Index set_cell_variances(Profiles& profiles, const std::vector<Index>& halved,
                         const PreparedModel& model, const GeneIndex& index, int threads);

}  // namespace sicmir
