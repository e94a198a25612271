// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Sets of genes that people bring, and whether the targets of a miRNA are among them more often
/// than chance has it.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/target_network.hpp"

namespace sicmir {

struct GeneSet {
  std::string name;
  std::vector<std::int32_t> genes;  ///< positions in Profiles::genes, ascending, each once
};

struct GeneSets {
  std::vector<GeneSet> sets;  ///< in the order of the file
  Index n_not_measured = 0;   ///< members that the profiles do not have
};

/// Reads GMT (Broad Institute, "GSEA data formats"): name, description and genes, with tabs between
/// them; plain or gzip. Throws Error(bad_input) that names the line.
[[nodiscard]] GeneSets read_gene_sets(const std::string& path, const FeatureTable& genes);

struct Enrichment {
  std::string network;
  std::vector<std::int32_t> mirnas;  ///< of one set of targets
  std::string gene_set;
  Index n_universe = 0;  ///< detected genes outside of the panel
  Index n_set = 0;       ///< of the gene set, in the universe
  Index n_targets = 0;
  std::vector<std::int32_t> overlap;  ///< targets in the set; positions in Profiles::genes
  double p = 1;                       ///< hypergeometric, at least as many
  double fdr = 1;  ///< Benjamini and Hochberg, over all sets and miRNAs of the run
};

struct EnrichmentSet {
  std::vector<Enrichment> found;  ///< with at least one target in the set; by p within networks
  Index n_tests = 0;
  Index n_small = 0;  ///< sets passed over: fewer than fewest_in_set genes in a universe
};
inline constexpr Index fewest_in_set = 5;

/// Tests the targets of every set of targets that one of `mirnas` has, in every network, against
/// all gene sets. The universe are the network's: genes that enough cells detect, outside of the
/// panel.
[[nodiscard]] EnrichmentSet enrich(const NetworkSet& networks, const Profiles& profiles,
                                   const GeneSets& sets, std::span<const Index> mirnas);

/// TSV, one line per miRNA (or miRNAs of one set of targets) and gene set.
[[nodiscard]] std::string enrichment_tsv(const EnrichmentSet& set, const Profiles& profiles);

/// P(X >= n_both) where n_drawn of n_all are drawn without replacement, and n_marked of them are
/// marked.
[[nodiscard]] double hypergeometric_upper_tail(Index n_both, Index n_drawn, Index n_marked,
                                               Index n_all);

}  // namespace sicmir
