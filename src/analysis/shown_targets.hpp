// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A target of each miRNA, to look at beside it.

#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "analysis/targets.hpp"

namespace sicmir {

struct ShownGene {
  std::string id;    ///< as the input calls it
  std::string name;  ///< to show
  std::string note;  ///< "predicted target of hsa-miR-21-5p"; may be empty
};

/// For each of `mirnas` (positions in the profiles), one of its targets in `table` (for
/// the profiles' miRNAs; of the best evidence that it has) that the input has and the model's panel
/// does not, for inside the panel the relation would be circular: of those detected in a tenth of
/// all cells the one whose mRNA, log2(counts per million + 1) of the groups' sums, varies most
/// between groups. The direction of that plays no part in the choice. Each gene once, with all
/// miRNAs that it was chosen for. Empty without counts.
[[nodiscard]] std::vector<ShownGene> shown_targets(const Profiles& profiles,
                                                   const TargetTable& table,
                                                   const std::vector<Index>& mirnas);

}  // namespace sicmir
