// SPDX-License-Identifier: BSD-3-Clause
#include "cli/report_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "analysis/crosstalk_text.hpp"
#include "analysis/target_network_text.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/nan.hpp"
#include "cli/remedies.hpp"

namespace sicmir::cli {
namespace {

/// The strongest tests of a network, each with its lowest correlations.
PageLinks strongest_links(const TargetNetwork& network, const Profiles& profiles) {
  constexpr std::size_t most_mirnas = 12;
  constexpr std::size_t most_targets = 4;
  PageLinks picture;
  const GeneLabels labels(profiles.genes);
  std::map<std::int32_t, std::size_t> places;
  for (const NetworkTest& test : network.tests) {
    if (picture.left.size() == most_mirnas) break;
    std::vector<NetworkEdge> edges;
    for (const NetworkEdge& edge : network.edges) {
      if (edge.mirna == test.mirnas.front() && edge.correlation < 0) edges.push_back(edge);
    }
    std::stable_sort(edges.begin(), edges.end(), [](const NetworkEdge& a, const NetworkEdge& b) {
      return a.correlation < b.correlation;
    });
    if (edges.empty()) continue;
    edges.resize(std::min(edges.size(), most_targets));
    const std::string& name = profiles.mirnas[static_cast<std::size_t>(test.mirnas.front())].name;
    picture.left.push_back(fmt::format("{}{}{}", test.is_hub ? "★ " : "", name,
                                       test.mirnas.size() > 1 ? " and its family" : ""));
    for (const NetworkEdge& edge : edges) {
      const auto [place, is_new] = places.try_emplace(edge.gene, picture.right.size());
      if (is_new) picture.right.push_back(labels.name(edge.gene));
      picture.links.push_back(
          {picture.left.size() - 1, place->second, static_cast<double>(edge.correlation)});
    }
  }
  return picture;
}

PageGrid sent_and_received(const Crosstalk& found, bool is_tested) {
  PageGrid grid;
  grid.what = is_tested ? "miRNAs called" : "sum of scores";
  for (const CrosstalkGroup& group : found.groups) grid.names.push_back(group.name);
  grid.values.assign(found.groups.size(), std::vector<double>(found.groups.size(), 0));
  for (std::size_t i = 0; i < grid.values.size(); ++i) {
    grid.values[i][i] = nan;
  }
  for (const CrosstalkTriple& triple : found.triples) {
    double& value = grid.values[static_cast<std::size_t>(triple.sender)]
                               [static_cast<std::size_t>(triple.receiver)];
    value += is_tested ? (triple.fdr <= called_fdr ? 1 : 0) : std::max(triple.score, 0.0);
  }
  return grid;
}

PagePart not_run(const char* command, const Error& error) {
  log_warning("{} was not run: {}", command, message_of(error));
  return {fmt::format("Not run: {}", message_of(error)), {}, {}, {}};
}

std::string words_of(const Profiles& profiles, const NetworkSet& set, const TargetTable& targets,
                     const NetworkOptions& options) {
  Index n_hubs = 0;
  for (const TargetNetwork& network : set.networks) {
    for (const NetworkTest& test : network.tests) n_hubs += test.is_hub ? 1 : 0;
  }
  const TargetNetwork& first = set.networks.front();
  std::string text = fmt::format(
      "Targets: {}, evidence {}. Partial Spearman correlations of predicted miRNAs and measured "
      "targets outside of the model's genes, over samples. Network{}: {}. {} tests, {} hubs at a "
      "false discovery rate of {:g}; p is the larger of two, against {} or more rewired graphs and "
      "against predictions of other families. ",
      targets.source, to_string(options.evidence), set.networks.size() == 1 ? "" : "s",
      set.networks.size() == 1 ? label_of(first) : fmt::format("{} groups", set.networks.size()),
      set.n_tests, n_hubs, options.fdr, options.rewirings);
  (void)profiles;
  return text + std::string(network_caution);
}

}  // namespace

PagePart network_part(const Profiles& profiles, const TargetTable& targets,
                      const PartOptions& options) {
  NetworkOptions network;
  network.evidence = best_evidence(targets);
  network.seed = options.seed;
  network.threads = options.threads;
  NetworkSet set;
  try {
    set = build_networks(profiles, targets, network);
  } catch (const Error& error) {
    return not_run("network", error);
  }
  for (const std::string& warning : set.warnings) log_warning("{}", warning);
  PagePart part;
  part.words = words_of(profiles, set, targets, network);
  part.tables = {{"miRNAs and the tests of their targets", "hubs.tsv", hubs_tsv(set, profiles)},
                 {"Edges", "edges.tsv", edges_tsv(set, profiles, network)}};
  part.links = strongest_links(set.networks.front(), profiles);
  return part;
}

PagePart crosstalk_part(const Profiles& profiles, const TargetTable& targets,
                        const PartOptions& options) {
  CrosstalkOptions crosstalk;
  crosstalk.labels_from = options.labels_from;
  crosstalk.seed = options.seed;
  crosstalk.threads = options.threads;
  const Evidence evidence = best_evidence(targets);
  CrosstalkContext context{profiles, crosstalk, targets.source, evidence};
  Crosstalk found;
  try {
    const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
    const TargetEdges edges = target_edges(targets, evidence, profiles, in_panel);
    context.n_pairs = static_cast<Index>(edges.edges.size());
    context.n_in_panel = edges.n_in_panel;
    context.n_not_measured = edges.n_not_measured;
    found = find_crosstalk(profiles, edges.edges, in_panel, crosstalk);
  } catch (const Error& error) {
    return not_run("crosstalk", error);
  }
  for (const std::string& warning : found.warnings) log_warning("{}", warning);
  const bool is_tested = found.why_no_p.empty() && found.n_tests > 0;
  PagePart part;
  part.words = fmt::format(
      "Compatible sender-receiver pairs: a miRNA that is predicted high in one group and whose "
      "targets ({}, evidence {}) are low in another group of the same samples. {} Nothing here "
      "shows that a miRNA travels.",
      targets.source, to_string(evidence),
      is_tested ? fmt::format("{} of {} triples are called at a false discovery rate of {:g}; with "
                              "senders shuffled, {:.1f} on average.",
                              found.n_called, found.n_tests, called_fdr, found.controls.n_shuffled)
                : fmt::format("No p-values: {}.",
                              found.why_no_p.empty() ? "nothing could be tested" : found.why_no_p));
  part.tables = {
      {"Triples of sender, receiver and miRNA", "crosstalk.tsv",
       crosstalk_tsv(found, context, listed_triples(found, false))},
      {"What each group sends and receives", "crosstalk_net.tsv", crosstalk_net_tsv(found)}};
  part.grid = sent_and_received(found, is_tested);
  return part;
}

}  // namespace sicmir::cli
