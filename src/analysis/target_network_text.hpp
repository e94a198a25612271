// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Networks of miRNAs and targets as tables, and in the forms of programs that draw networks.

#include <string>
#include <string_view>

#include "analysis/target_network.hpp"

namespace sicmir {

/// What has to be known beside every network.
inline constexpr std::string_view network_caution =
    "The model learnt relations of mRNA and miRNA from tumours, and a prediction is a function of "
    "the same cells' mRNA. An edge is consistent with repression; it is no proof of it.";

/// "the data set, group means removed", or the group's name.
[[nodiscard]] std::string label_of(const TargetNetwork& network);

/// How genes of profiles are shown: the column of symbols if there is one, and that of Ensembl ids.
class GeneLabels {
 public:
  explicit GeneLabels(const FeatureTable& genes);
  [[nodiscard]] const std::string& name(std::int32_t gene) const;
  [[nodiscard]] const std::string& id(std::int32_t gene) const;  ///< empty: there is none

 private:
  const FeatureColumn* names_;
  const FeatureColumn* ids_ = nullptr;
};

/// TSV, one line per test: numbers with 6 significant digits, "NaN" where there is none.
[[nodiscard]] std::string hubs_tsv(const NetworkSet& set, const Profiles& profiles);
/// TSV, one line per edge of every network.
[[nodiscard]] std::string edges_tsv(const NetworkSet& set, const Profiles& profiles,
                                    const NetworkOptions& options);
/// The tests as JSON, with how they were computed; null where there is no number.
[[nodiscard]] std::string networks_json(const NetworkSet& set, const Profiles& profiles,
                                        const TargetTable& targets, const NetworkOptions& options);

/// GraphML (Brandes et al. 2002, graphml.graphdrawing.org), with all edges.
[[nodiscard]] std::string graphml(const TargetNetwork& network, const Profiles& profiles,
                                  const NetworkOptions& options);
/// Cytoscape's simple interaction format: miRNA, kind of evidence, target.
[[nodiscard]] std::string sif(const TargetNetwork& network, const Profiles& profiles,
                              const NetworkOptions& options);
/// Cytoscape.js JSON, as Cytoscape's .cyjs files hold it.
[[nodiscard]] std::string cytoscape_json(const TargetNetwork& network, const Profiles& profiles,
                                         const NetworkOptions& options);
/// A picture of the `most_edges` strongest edges that are consistent with repression, miRNAs of one
/// set of targets drawn as one.
[[nodiscard]] std::string network_svg(const TargetNetwork& network, const Profiles& profiles,
                                      const NetworkOptions& options, Index most_edges);

}  // namespace sicmir
