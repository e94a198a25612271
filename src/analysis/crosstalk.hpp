// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Compatible sender-receiver pairs: a miRNA that is predicted high in one group and whose targets
/// are low in another group of the same sample, as would be seen if it travelled there in
/// extracellular vesicles. Nothing here shows that it does.

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/cell_weights.hpp"
#include "analysis/differences.hpp"
#include "analysis/ev_genes.hpp"
#include "analysis/markers.hpp"
#include "analysis/targets.hpp"
#include "base/nan.hpp"

namespace sicmir {

struct CrosstalkOptions {
  double min_excess = 1.0;    ///< z: p of the sender is of an excess larger than this (`treat`)
  double weight_cells = nan;  ///< as in DifferenceOptions
  statistics::Moderation moderation = statistics::Moderation::robust;
  LabelsFrom labels_from = LabelsFrom::clusters;
  std::vector<Index> mirnas;  ///< to be tested; empty: all that have targets
  Index min_targets = 10;     ///< fewest targets off the panel that the other groups express
  Index n_shuffles = 20;      ///< of the senders, as a control
  std::uint64_t seed = 1;
  std::string condition;  ///< whose cross-talk is compared with that of `reference`; empty: none is
  std::string reference;
  int threads = 1;
};

/// miRNA m from group a to group b. Where conditions are compared, excesses, deficit and score are
/// those of the condition minus those of the reference. NaN: not to be had.
struct CrosstalkTriple {
  std::int32_t sender = 0, receiver = 0;  ///< positions in Crosstalk::groups
  std::int32_t mirna = 0;                 ///< position in Profiles::mirnas
  std::int32_t n_targets = 0;
  /// Mean over the samples of V(a) x excess x R(b) x deficit, the latter two at least 0.
  double score = 0;
  double score_reference = nan;  ///< where compared
  double over_receiver = 0;      ///< z
  double over_others = 0;        ///< z: over the equal mean of the other groups
  double deficit = 0;            ///< log2: of the targets in b, less that of matched sets of genes
  double p_sender = nan;         ///< the larger of both excesses'
  double p_samples = nan;        ///< of the deficit, over samples
  double p_sets = nan;           ///< of the deficit, over gene sets
  double p = nan;                ///< the largest of the three
  double fdr = nan;
  /// Share of the samples with both groups in which excess and deficit are above 0.
  double agreement = nan;
};

struct CrosstalkGroup {
  std::string name;
  Index n_samples = 0;
  double ev_rank = 0;    ///< V: mean over the samples, in 0 .. 1
  double risc_rank = 0;  ///< R: likewise
  Index n_genes = 0;     ///< off the panel, detected in the other groups: among which targets are
  PriorFigures prior;    ///< of the deficits
  double sets_median = 0, sets_spread = 1;  ///< of the target sets' standardised deficits
  double out = 0, in = 0;                   ///< sums of the scores of its triples
  Index n_out = 0, n_in = 0;                ///< called at called_fdr
};

/// What was seen where nothing should be.
struct CrosstalkControls {
  double cutoff = 0;      ///< the largest p that is called; 0.05 if none is
  Index n_at_cutoff = 0;  ///< triples with at most that p
  Index n_reverse = 0;    ///< of those that are called: b to a, called too
  Index n_shuffles = 0;
  double n_shuffled = 0;    ///< mean number of triples at the cutoff, senders shuffled
  Index most_shuffled = 0;  ///< of one shuffle
};

struct Crosstalk {
  CellWeights weights;
  std::vector<CrosstalkGroup> groups;  ///< in the order of their names' bytes
  /// All that can be had; by sender, receiver, miRNA.
  std::vector<CrosstalkTriple> triples;
  PriorFigures prior;  ///< of the senders
  Index n_samples = 0, n_profiles = 0, n_below_floor = 0;
  Index n_without_condition = 0;  ///< profiles, where conditions are compared
  Index n_mirnas = 0;             ///< with enough targets somewhere, of those that are tested
  Index n_tests = 0;              ///< over which fdr is
  Index n_called = 0;
  EvGenes ev;
  std::string why_no_p;  ///< empty: there are p-values
  CrosstalkControls controls;
  std::vector<std::string> warnings;
};

inline constexpr double called_fdr = 0.05;
/// More triples are refused: they would take more than 600 MB.
inline constexpr Index most_triples = 3'000'000;

/// `edges`: of target_edges(), sorted; `in_panel`: of panel_genes(). Throws Error(bad_input): no
/// counts, too few genes of vesicles or RISC, no two groups in one sample, no miRNA with targets;
/// Error(usage): no such condition, too many triples.
[[nodiscard]] Crosstalk find_crosstalk(const Profiles& profiles,
                                       const std::vector<TargetEdge>& edges,
                                       const std::vector<std::uint8_t>& in_panel,
                                       const CrosstalkOptions& options);

}  // namespace sicmir
