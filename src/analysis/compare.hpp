// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Differences between conditions, within each group. Donors, or samples without a donor, are the
/// replicates.

#include <string>
#include <vector>

#include "analysis/cell_weights.hpp"
#include "analysis/differences.hpp"
#include "base/nan.hpp"

namespace sicmir {

struct CompareOptions : DifferenceOptions {
  std::string reference;  ///< the condition that the others are compared with
  bool drop_unpaired =
      false;  ///< leave donors out who have but one condition where others have more
};

struct ConditionDifference : Difference {
  double expression = nan;  ///< mean log2(RPM + 1), condition
  double expression_reference = nan;
};

/// One condition against the reference in one group.
struct GroupComparison {
  std::string group, condition;
  Index n_condition = 0;  ///< replicates: donors, or samples without a donor
  Index n_reference = 0;
  Index n_pairs = 0;  ///< donors with both, where donors are blocks
  PriorFigures prior;
  std::string why_no_p;  ///< empty: there are p-values
  /// One per chosen miRNA; by p, then by the size of `z`, falling; NaN last.
  std::vector<ConditionDifference> differences;
};

struct Comparison {
  CellWeights weights;
  std::vector<GroupComparison> groups;  ///< in the order of the bytes of group, then condition
  bool paired = false;                  ///< donors are blocks: they gave several conditions each
  Index n_replicates = 0;               ///< donors, or samples without a donor
  Index n_profiles = 0;                 ///< that count
  Index n_below_floor = 0;              ///< left out; the next two likewise
  Index n_without_condition = 0;
  Index n_unpaired = 0;  ///< donors
  Index n_tests = 0;     ///< over which `fdr` is
};

/// Per group, fits y ~ condition (+ donor) (+ covariates) to the z-scores of the profiles at or
/// above the floor. Samples of one donor and condition are averaged first, by their weights. If
/// every donor gave one condition, donors are independent; if every donor gave several, they are
/// blocks; anything between is refused. Throws Error(usage): no such reference; Error(bad_input):
/// fewer than two conditions, some donors in several conditions and others in one, a covariate that
/// follows from conditions and donors.
[[nodiscard]] Comparison compare_conditions(const Profiles& profiles,
                                            const CompareOptions& options);

}  // namespace sicmir
