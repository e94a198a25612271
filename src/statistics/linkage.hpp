// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Hierarchical clustering of a few items.

#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::statistics {

/// One step: two clusters become one. Items are 0 .. n - 1; the cluster of step s is n + s.
struct Merge {
  Index a = 0, b = 0;   ///< a < b
  double distance = 0;  ///< mean Euclidean distance between the items of the two
};

struct Linkage {
  std::vector<Merge> merges;  ///< n - 1, distances rising
  std::vector<Index> order;   ///< items as the leaves of the tree, from left to right
};

/// Average linkage (UPGMA; Sokal and Michener 1958) of Euclidean distances. `items`: values x
/// items; NaN counts as 0. Of equal distances, the pair with the smallest numbers is merged first;
/// within a merge, the cluster whose smallest item comes first is on the left. Time grows with the
/// cube of the number of items.
[[nodiscard]] Linkage average_linkage(const Eigen::Ref<const Eigen::MatrixXd>& items);

}  // namespace sicmir::statistics
