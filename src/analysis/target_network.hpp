// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Networks of predicted miRNAs and measured targets, and the miRNAs whose targets go down with
/// them more than chance has it: hubs.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "analysis/targets.hpp"
#include "base/nan.hpp"

namespace sicmir {

struct NetworkOptions {
  Evidence evidence = Evidence::predicted;
  /// The one group whose network is wanted; empty: every group of enough samples, or, if none has
  /// them, one network of the data set.
  std::string group;
  bool whole = false;                ///< one network of the data set in any case
  Index rewirings = 1'000;           ///< of every network
  Index most_rewirings = 1'000'000;  ///< of those whose tests need finer p-values
  std::uint64_t seed = 1;
  double fdr = 0.05;  ///< of hubs
  int threads = 1;
};

namespace target_network {
inline constexpr Index fewest_samples = 10;      ///< of a network
inline constexpr Index fewest_df = 6;            ///< residual degrees of freedom of a correlation
inline constexpr double least_detected = 0.1;    ///< share of the cells that detect a target
inline constexpr Index fewest_edges = 10;        ///< of a test
inline constexpr Index fewest_others = 200;      ///< miRNAs of other families
inline constexpr double low_correlation = -0.2;  ///< below, an edge is consistent with repression
inline constexpr Index n_strata = 10;            ///< deciles of expression
inline constexpr Index trades = 5;               ///< of every source, from one graph to the next
inline constexpr Index enough_exceedances = 10;  ///< more random graphs are not needed
inline constexpr double finer = 4;               ///< steps of the first p to one of the second
}  // namespace target_network

struct NetworkEdge {
  std::int32_t mirna = 0;  ///< position in Profiles::mirnas
  std::int32_t gene = 0;   ///< position in Profiles::genes
  /// Partial Spearman correlation of prediction and count, given depth and condition.
  float correlation = std::numeric_limits<float>::quiet_NaN();
};

/// miRNAs that have the same targets in the network: what the data can test as one.
struct NetworkTest {
  std::vector<std::int32_t> mirnas;  ///< positions in Profiles::mirnas
  Index n_targets = 0;
  double mean_z = nan;   ///< Fisher's z over all edges
  double share_low = 0;  ///< of edges below target_network::low_correlation
  /// Standard deviations of `mean_z` below the mean that predictions of other families give.
  double score = nan;
  double p_rewired = nan;  ///< against random targets
  Index n_rewirings = 0;
  double p_others = nan;  ///< against other predictions
  Index n_others = 0;
  double p = nan;             ///< the larger of the two
  double fdr = nan;           ///< over all tests of the run
  double expression = 0;      ///< mean predicted log2(RPM + 1), or z where the model knows no means
  bool above_median = false;  ///< `expression`, of that of all miRNAs
  bool is_hub = false;
};

/// Of one miRNA in the graph of all edges; raw, without any null.
struct Centrality {
  std::int32_t mirna = 0;
  Index degree = 0;
  double betweenness = 0;  ///< shortest paths through it, not normalised
  double page_rank = 0;
};

/// How far random graphs are from the one that was found.
struct Mixing {
  double overlap = 1;       ///< share of edges that two random graphs share
  double overlap_long = 1;  ///< the same after ten times as many trades
};

struct TargetNetwork {
  std::string name;      ///< of the group; empty: the data set
  Index n_profiles = 0;  ///< observations
  Index n_cells = 0;
  Index residual_df = 0;  ///< of the correlations
  bool given_condition = false;
  std::vector<NetworkEdge> edges;        ///< sorted by miRNA and gene
  std::vector<float> detected;           ///< per edge: share of the cells that detect the target
  std::vector<NetworkTest> tests;        ///< by p, then mean_z; those without p last
  std::vector<Centrality> centralities;  ///< by miRNA; those with an edge
  Index n_universe = 0;                  ///< genes outside of the panel that enough cells detect
  Index n_undetected = 0;                ///< pairs left out: too few cells detect the target
  Index n_constant = 0;                  ///< pairs left out: miRNA or target does not vary
  Mixing mixing;
  double smallest_p = 1;  ///< that a test can reach
};

struct NetworkSet {
  std::vector<TargetNetwork> networks;  ///< in the order of their names' bytes
  Index n_below_floor = 0;
  Index n_pairs = 0;                         ///< of the kind of evidence
  Index n_in_panel = 0;                      ///< left out: the prediction is made of the target
  Index n_not_measured = 0;                  ///< left out
  Index n_tests = 0;                         ///< over which `fdr` is
  std::vector<std::string> groups_left_out;  ///< that have too few samples
  std::vector<std::string> warnings;
};

/// Per gene: whether it may be a target in the network of `name` (a group, or empty): outside of
/// the panel, and detected in enough cells of its profiles.
[[nodiscard]] std::vector<std::uint8_t> network_universe(const Profiles& profiles,
                                                         const std::string& name);

/// Builds the networks and tests them. Profiles below the floor play no part. The same for any
/// number of threads. Throws Error(bad_input): the profiles hold no counts, or too few of them to
/// correlate anything; Error(usage): no group of this name.
[[nodiscard]] NetworkSet build_networks(const Profiles& profiles, const TargetTable& targets,
                                        const NetworkOptions& options);

}  // namespace sicmir
