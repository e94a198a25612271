// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which targets are low in a group: the receiving side of cross-talk.

#include <span>
#include <string>
#include <vector>

#include "analysis/crosstalk_layout.hpp"
#include "analysis/differences.hpp"
#include "analysis/targets.hpp"

namespace sicmir::crosstalk {

struct ReceiverOptions {
  double weight_cells = 50;
  statistics::Moderation moderation = statistics::Moderation::robust;
  Index min_targets = 10;
  bool has_p = true;
  int threads = 1;
};

/// Deficits of the targets of each miRNA in one group; all per line of Receivers::mirnas.
struct Receiver {
  Index n_genes = 0;                    ///< measured, off the panel, detected in the other groups
  std::vector<std::int32_t> n_targets;  ///< among those
  /// Targets' expression elsewhere minus here, log2, less that of genes that are expressed alike:
  /// mean over the samples; between conditions: its difference. NaN below min_targets.
  Eigen::VectorXd deficit;
  Eigen::VectorXd p_samples;  ///< deficit > 0, over samples
  Eigen::VectorXd p_sets;     ///< more than matched sets of genes
  PriorFigures prior;
  /// Median and spread of the standardised deficits of all target sets; 0 and 1 if there are fewer
  /// than 30 sets.
  double sets_median = 0, sets_spread = 1;
};

struct Receivers {
  std::vector<Index> mirnas;     ///< positions in Profiles::mirnas of those that have targets
  std::vector<Receiver> groups;  ///< as Layout::groups
  Eigen::MatrixXd deficits;      ///< mirnas x used profiles: of single samples; NaN: not known
};

/// log2 of counts per million, with half a count added to each gene and one to the total (Law et
/// al. 2014, doi:10.1186/gb-2014-15-2-r29): genes x used profiles.
[[nodiscard]] Matrix log_expression(const Profiles& profiles, const Layout& layout);

/// `edges`: sorted, targets outside of the panel. `in_panel`: per gene of the profiles.
[[nodiscard]] Receivers find_receivers(const Profiles& profiles, const Layout& layout,
                                       const Matrix& expression, std::span<const TargetEdge> edges,
                                       std::span<const std::uint8_t> in_panel,
                                       const ReceiverOptions& options);

}  // namespace sicmir::crosstalk
