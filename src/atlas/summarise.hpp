// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From the profiles of a data set to its summary. Everything is computed by the analysis; here it
/// is put in its place.

#include <string>

#include "analysis/markers.hpp"
#include "analysis/profiles.hpp"
#include "analysis/targets.hpp"
#include "atlas/data_set.hpp"
#include "atlas/summary.hpp"

namespace sicmir::atlas {

/// Fills set.groups (terms and samples are known) and the means and spreads of `summary`.
void summarise_groups(const Profiles& profiles, DataSet& set, Summary& summary);

/// Fills the markers; where there can be none, says why in set.left_out.
void summarise_markers(const Profiles& profiles, LabelsFrom labels_from, DataSet& set,
                       Summary& summary);

/// Fills the contrasts and set.reference_condition: `reference`, or the first of
/// reference_conditions that the set has. Throws Error(usage) if a stated one is not there.
void summarise_contrasts(const Profiles& profiles, const std::string& reference, DataSet& set,
                         Summary& summary);

/// Fills the edges, from the networks of the types that have samples enough, and the cross-talk
/// between types; where there can be none, says why in set.left_out. Of several, hubs' edges come
/// first, then the lowest correlations; triples by p, then score. `targets`: for profiles.mirnas.
void summarise_targets(const Profiles& profiles, const TargetTable& targets, LabelsFrom labels_from,
                       int threads, DataSet& set, Summary& summary);

}  // namespace sicmir::atlas
