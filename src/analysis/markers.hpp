// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Markers: what tells each group from the other groups of the same samples.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/cell_weights.hpp"
#include "analysis/differences.hpp"
#include "base/nan.hpp"

namespace sicmir {

/// Where the groups come from. Groups that were found by clustering the very mRNA that is tested
/// differ by construction: they get no p-values.
enum class LabelsFrom : std::uint8_t {
  clusters,    ///< of the same cells' mRNA
  annotation,  ///< by an expert or another data set
  sorting,     ///< before sequencing: flow cytometry, dissection
};

[[nodiscard]] std::string_view to_string(LabelsFrom labels);

struct MarkerOptions : DifferenceOptions {
  LabelsFrom labels_from = LabelsFrom::clusters;
};

/// Of one miRNA in one group.
struct Marker : Difference {
  double expression = nan;  ///< mean log2(RPM + 1) in the group
  double tau = nan;         ///< Yanai's, of the mean RPM of all groups
  Index rival = -1;         ///< the group that is hardest to tell from, as a position; -1: none
  double rival_z = nan;     ///< difference to it, in z
  /// Over cells (cell_view.hpp), for description; NaN where only profiles are known.
  double auc = nan;
  double auc_error = nan;
};

struct MarkerGroup {
  std::string name;
  Index n_samples = 0;                           ///< in which it stands beside a comparator
  Index n_cells = 0;                             ///< of its profiles that count
  std::vector<std::string> comparators;          ///< whose equal mean it is compared with
  std::vector<std::string> comparators_missing;  ///< groups that no chain of samples links to it
  std::string why_no_p;                          ///< empty: there are p-values
  /// One per chosen miRNA; by `rival_z`, or `z` without a rival, in log2(RPM + 1) where the model
  /// knows it, falling; NaN last.
  std::vector<Marker> markers;
};

struct MarkerSet {
  CellWeights weights;
  std::vector<MarkerGroup> groups;  ///< in the order of their names' bytes
  PriorFigures prior;
  Index n_samples = 0;
  Index n_profiles = 0;     ///< that count
  Index n_below_floor = 0;  ///< left out
  Index n_tests = 0;        ///< over which `fdr` is
  std::vector<std::string> warnings;
};

/// Fits y ~ sample + group (+ covariates) to the z-scores of the profiles at or above the floor,
/// and contrasts each group with the equal mean of the groups that samples link it to. The rival of
/// a miRNA is the group, present together with this one in 3 samples or more, to which the
/// difference is smallest. p-values need labels that were not found by clustering, and 3 samples in
/// which the group stands beside another. Throws Error(bad_input): no two groups in one sample; a
/// covariate that follows from samples and groups.
[[nodiscard]] MarkerSet find_markers(const Profiles& profiles, const MarkerOptions& options);

}  // namespace sicmir
