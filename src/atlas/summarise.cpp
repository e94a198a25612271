// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/summarise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "analysis/compare.hpp"
#include "analysis/crosstalk.hpp"
#include "analysis/target_network.hpp"
#include "atlas/add.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"

namespace sicmir::atlas {
namespace {

std::int32_t term_position(const std::vector<Term>& terms, const std::string& name) {
  const auto found =
      std::find_if(terms.begin(), terms.end(), [&](const Term& term) { return term.name == name; });
  return found == terms.end() ? none : static_cast<std::int32_t>(found - terms.begin());
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// The profiles of a group, and how many lie below the floor.
struct Members {
  std::vector<Index> above;
  Index n_cells = 0;
  Index n_below = 0;
  std::set<std::string> donors;
};
using GroupKey = std::tuple<std::int32_t, std::int32_t, std::int32_t, std::int32_t>;

std::map<GroupKey, Members> members_of(const Profiles& profiles, const DataSet& set) {
  std::map<std::string, const Sample*> samples;
  for (const Sample& sample : set.samples) samples[sample.name] = &sample;
  std::map<GroupKey, Members> groups;
  for (Index i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[static_cast<std::size_t>(i)];
    const Sample& sample = *samples.at(profile.sample);
    Members& group = groups[{term_position(set.types, profile.group), sample.tissue, sample.disease,
                             sample.condition}];
    group.n_cells += profile.n_cells;
    if (profile.below_floor) {
      ++group.n_below;
      continue;
    }
    group.above.push_back(i);
    if (!profile.donor.empty()) group.donors.insert(profile.donor);
  }
  return groups;
}

}  // namespace

void summarise_groups(const Profiles& profiles, DataSet& set, Summary& summary) {
  const std::map<GroupKey, Members> groups = members_of(profiles, set);
  const Index n_mirnas = profiles.z.rows();
  summary.mean = Matrix::Constant(n_mirnas, static_cast<Index>(groups.size()), not_known);
  summary.sd = summary.mean;
  for (const auto& [key, members] : groups) {
    const auto column = static_cast<Index>(set.groups.size());
    const auto [type, tissue, disease, condition] = key;
    const auto n = static_cast<Index>(members.above.size());
    set.groups.push_back({type, tissue, disease, condition, members.n_cells, n,
                          static_cast<Index>(members.donors.size()), members.n_below});
    if (n == 0) continue;
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(n_mirnas);
    for (const Index i : members.above) sum += profiles.z.col(i).cast<double>();
    const Eigen::VectorXd mean = sum / static_cast<double>(n);
    summary.mean.col(column) = mean.cast<float>();
    if (n < 2) continue;
    Eigen::VectorXd squares = Eigen::VectorXd::Zero(n_mirnas);
    for (const Index i : members.above) {
      squares += (profiles.z.col(i).cast<double>() - mean).cwiseAbs2();
    }
    summary.sd.col(column) = (squares / static_cast<double>(n - 1)).cwiseSqrt().cast<float>();
  }
}

void summarise_markers(const Profiles& profiles, LabelsFrom labels_from, DataSet& set,
                       Summary& summary) {
  MarkerOptions options;
  options.labels_from = labels_from;
  MarkerSet found;
  try {
    found = find_markers(profiles, options);
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    set.left_out.push_back(fmt::format("markers: {}", error.what()));
    return;
  }
  for (const std::string& warning : found.warnings) set.left_out.push_back("markers: " + warning);
  std::vector<std::int32_t> types;
  for (const MarkerGroup& group : found.groups) {
    types.push_back(term_position(set.types, group.name));
  }
  for (std::size_t g = 0; g < found.groups.size(); ++g) {
    TypeMarkers& markers = summary.markers.emplace_back();
    markers.type = types[g];
    for (const Marker& one : found.groups[g].markers) {
      if (std::isnan(one.z)) continue;
      MarkerValue value;
      value.mirna = static_cast<std::int32_t>(one.mirna);
      value.z = static_cast<float>(one.z);
      value.log2rpm = static_cast<float>(one.log2rpm);
      value.p = static_cast<float>(one.p);
      value.fdr = static_cast<float>(one.fdr);
      value.expression = static_cast<float>(one.expression);
      value.tau = static_cast<float>(one.tau);
      value.rival = one.rival < 0 ? none : types[static_cast<std::size_t>(one.rival)];
      value.rival_z = static_cast<float>(one.rival_z);
      value.probability = static_cast<float>(probability_of(one, profiles));
      markers.values.push_back(value);
    }
    if (markers.values.empty()) summary.markers.pop_back();
  }
  std::stable_sort(summary.markers.begin(), summary.markers.end(),
                   [](const auto& a, const auto& b) { return a.type < b.type; });
}

void summarise_contrasts(const Profiles& profiles, const std::string& reference, DataSet& set,
                         Summary& summary) {
  std::vector<std::string> names;
  for (const Term& term : set.conditions) names.push_back(term.name);
  CompareOptions options;
  options.min_difference = 0;  // then t is the estimate over its standard error
  options.reference = reference;
  if (!reference.empty() && std::find(names.begin(), names.end(), reference) == names.end()) {
    throw Error(ExitCode::usage,
                fmt::format("no sample has the condition '{}' of the reference; there are '{}'.{}",
                            reference, joined(names, "', '"), did_you_mean(reference, names)));
  }
  for (const char* word : reference_conditions) {
    for (const std::string& name : names) {
      if (options.reference.empty() && lower(name) == word) options.reference = name;
    }
  }
  if (names.size() < 2) return;  // nothing to compare
  if (options.reference.empty()) {
    set.left_out.push_back(
        fmt::format("contrasts: none of the conditions ('{}') is known to be the reference, and "
                    "none was stated",
                    joined(names, "', '")));
    return;
  }
  Comparison found;
  try {
    found = compare_conditions(profiles, options);
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    set.left_out.push_back(fmt::format("contrasts: {}", error.what()));
    return;
  }
  set.reference_condition = options.reference;
  for (const GroupComparison& group : found.groups) {
    if (!group.why_no_p.empty()) continue;
    Contrast& contrast = summary.contrasts.emplace_back();
    contrast.type = term_position(set.types, group.group);
    contrast.condition = term_position(set.conditions, group.condition);
    contrast.reference = term_position(set.conditions, options.reference);
    contrast.n_condition = group.n_condition;
    contrast.n_reference = group.n_reference;
    contrast.effect.assign(profiles.mirnas.size(), not_known);
    contrast.error.assign(profiles.mirnas.size(), not_known);
    for (const ConditionDifference& one : group.differences) {
      const double error = one.z / one.t;
      if (!std::isfinite(one.z) || !std::isfinite(error) || error <= 0) continue;
      contrast.effect[static_cast<std::size_t>(one.mirna)] = static_cast<float>(one.z);
      contrast.error[static_cast<std::size_t>(one.mirna)] = static_cast<float>(error);
    }
  }
  std::stable_sort(summary.contrasts.begin(), summary.contrasts.end(),
                   [](const Contrast& a, const Contrast& b) {
                     return std::tie(a.type, a.condition) < std::tie(b.type, b.condition);
                   });
}

namespace {

/// Why a part is left out, if that is the data's doing.
template <class Work>
void attempt(const char* what, DataSet& set, Work work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    set.left_out.push_back(fmt::format("{}: {}", what, error.what()));
  }
}

struct RankedEdge {
  bool is_of_hub;
  Edge edge;
};

void add_network(const TargetNetwork& network, const Profiles& profiles, const DataSet& set,
                 std::vector<RankedEdge>& edges) {
  std::set<std::int32_t> hubs;
  for (const NetworkTest& test : network.tests) {
    if (test.is_hub) hubs.insert(test.mirnas.begin(), test.mirnas.end());
  }
  const std::int32_t type = term_position(set.types, network.name);
  for (const NetworkEdge& one : network.edges) {
    if (!std::isfinite(one.correlation) || type == none) continue;
    const std::string& gene =
        profiles.genes.columns.front().ids[static_cast<std::size_t>(one.gene)];
    edges.push_back(
        {hubs.contains(one.mirna), {type, one.mirna, gene, one.correlation, -one.correlation}});
  }
}

void add_edges(const Profiles& profiles, const TargetTable& targets, int threads, DataSet& set,
               Summary& summary) {
  NetworkOptions options;
  options.evidence = best_evidence(targets);
  options.threads = threads;
  const NetworkSet found = build_networks(profiles, targets, options);
  std::vector<RankedEdge> edges;
  for (const TargetNetwork& network : found.networks) {
    if (network.name.empty()) {
      set.left_out.push_back(
          fmt::format("networks: no type has {} samples or more", target_network::fewest_samples));
      return;
    }
    add_network(network, profiles, set, edges);
  }
  std::stable_sort(edges.begin(), edges.end(), [](const RankedEdge& a, const RankedEdge& b) {
    return a.is_of_hub != b.is_of_hub ? a.is_of_hub : a.edge.weight > b.edge.weight;
  });
  edges.resize(std::min(edges.size(), static_cast<std::size_t>(most_edges)));
  for (RankedEdge& one : edges) summary.edges.push_back(std::move(one.edge));
}

void add_triples(const Profiles& profiles, const TargetTable& targets, LabelsFrom labels_from,
                 int threads, const DataSet& set, Summary& summary) {
  CrosstalkOptions options;
  options.labels_from = labels_from;
  options.threads = threads;
  const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
  const TargetEdges edges = target_edges(targets, best_evidence(targets), profiles, in_panel);
  const Crosstalk found = find_crosstalk(profiles, edges.edges, in_panel, options);
  std::vector<const CrosstalkTriple*> order;
  for (const CrosstalkTriple& triple : found.triples) {
    if (triple.score > 0) order.push_back(&triple);
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const CrosstalkTriple* a, const CrosstalkTriple* b) {
                     const double x = std::isnan(a->p) ? 2 : a->p;
                     const double y = std::isnan(b->p) ? 2 : b->p;
                     return x != y ? x < y : a->score > b->score;
                   });
  order.resize(std::min(order.size(), static_cast<std::size_t>(atlas::most_triples)));
  for (const CrosstalkTriple* one : order) {
    const auto type = [&](std::int32_t group) {
      return term_position(set.types, found.groups[static_cast<std::size_t>(group)].name);
    };
    summary.triples.push_back({type(one->sender), type(one->receiver), one->mirna,
                               static_cast<float>(one->score), static_cast<float>(one->p)});
  }
}

}  // namespace

void summarise_targets(const Profiles& profiles, const TargetTable& targets, LabelsFrom labels_from,
                       int threads, DataSet& set, Summary& summary) {
  attempt("networks", set, [&] { add_edges(profiles, targets, threads, set, summary); });
  attempt("cross-talk", set,
          [&] { add_triples(profiles, targets, labels_from, threads, set, summary); });
}

}  // namespace sicmir::atlas
