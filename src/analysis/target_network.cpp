// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "analysis/target_network_tests.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "parallel/thread_pool.hpp"
#include "statistics/centrality.hpp"
#include "statistics/linear_algebra.hpp"
#include "statistics/median.hpp"
#include "statistics/multiple_testing.hpp"
#include "statistics/partial_ranks.hpp"

namespace sicmir {
namespace {

using statistics::RankResiduals;

/// Positions of the profiles of a group, or of all, that are above the floor.
std::vector<Index> members_of(const Profiles& profiles, const std::string& name) {
  std::vector<Index> members;
  for (Index i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[static_cast<std::size_t>(i)];
    if (!profile.below_floor && (name.empty() || profile.group == name)) members.push_back(i);
  }
  return members;
}

const Profile& profile_at(const Profiles& profiles, Index i) {
  return profiles.profiles[static_cast<std::size_t>(i)];
}

std::vector<float> detected_shares(const Profiles& profiles, std::span<const Index> members) {
  std::vector<double> cells(static_cast<std::size_t>(profiles.n_genes()), 0.0);
  double n_cells = 0;
  for (const Index i : members) {
    const Profile& profile = profile_at(profiles, i);
    n_cells += static_cast<double>(profile.n_cells);
    for (std::size_t gene = 0; gene < cells.size(); ++gene) {
      cells[gene] += profile.n_detected[gene];
    }
  }
  std::vector<float> shares(cells.size());
  for (std::size_t gene = 0; gene < shares.size(); ++gene) {
    shares[gene] = n_cells > 0 ? static_cast<float>(cells[gene] / n_cells) : 0.0F;
  }
  return shares;
}

/// Takes the mean of each group out of the values of a network over several groups.
class GroupMeans {
 public:
  GroupMeans(const Profiles& profiles, std::span<const Index> members, bool remove) {
    if (!remove) return;
    std::map<std::string, std::size_t> numbers;
    for (const Index i : members) {
      const std::size_t number = numbers.size();
      groups_.push_back(numbers.try_emplace(profile_at(profiles, i).group, number).first->second);
    }
    sizes_.assign(numbers.size(), 0.0);
    for (const std::size_t group : groups_) sizes_[group] += 1.0;
  }
  /// 1 less than the number of groups: the degrees of freedom that their means take.
  [[nodiscard]] Index n_removed() const {
    return sizes_.empty() ? 0 : static_cast<Index>(sizes_.size()) - 1;
  }
  void remove(std::vector<double>& values) const {
    if (sizes_.empty()) return;
    std::vector<double> means(sizes_.size(), 0.0);
    for (std::size_t i = 0; i < values.size(); ++i) means[groups_[i]] += values[i];
    for (std::size_t group = 0; group < means.size(); ++group) means[group] /= sizes_[group];
    for (std::size_t i = 0; i < values.size(); ++i) {
      // Rounding would break ties among values that equal their group's mean.
      const double rest = values[i] - means[groups_[i]];
      values[i] = std::abs(rest) < 1e-12 * std::abs(values[i]) ? 0.0 : rest;
    }
  }

 private:
  std::vector<std::size_t> groups_;  // per member
  std::vector<double> sizes_;
};

/// What the correlations are given: ranks of the depth, and conditions but the first.
std::vector<std::vector<double>> covariates_of(const Profiles& profiles,
                                               std::span<const Index> members,
                                               const GroupMeans& groups, bool& given_condition) {
  std::vector<std::vector<double>> covariates;
  std::vector<double> depth;
  std::set<std::string> conditions;
  for (const Index i : members) {
    depth.push_back(std::log(std::max(1.0, profile_at(profiles, i).n_counts)));
    conditions.insert(profile_at(profiles, i).condition);
  }
  groups.remove(depth);
  covariates.push_back(average_ranks(depth));
  given_condition = conditions.size() > 1;
  for (auto level = conditions.begin(); level != conditions.end(); ++level) {
    if (level == conditions.begin()) continue;
    std::vector<double>& column = covariates.emplace_back();
    for (const Index i : members) {
      column.push_back(profile_at(profiles, i).condition == *level ? 1.0 : 0.0);
    }
  }
  return covariates;
}

double log_cpm(const Profile& profile, std::size_t gene) {
  return profile.n_counts > 0 ? std::log2(profile.counts[gene] / profile.n_counts * 1e6 + 1.0)
                              : 0.0;
}

/// Residuals of unit length, observations x genes or miRNAs; `varies`: one per column.
struct Residuals {
  Matrix units;
  std::vector<std::uint8_t> varies;
};

template <class Value>
Residuals residuals_of(Index n_columns, std::span<const Index> members, const GroupMeans& groups,
                       const RankResiduals& ranks, ThreadPool& pool, Value value) {
  const auto n = static_cast<Index>(members.size());
  Residuals result{Matrix(n, n_columns),
                   std::vector<std::uint8_t>(static_cast<std::size_t>(n_columns))};
  pool.run(n_columns, [&](Index column, int) {
    std::vector<double> values(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) values[i] = value(column, members[i]);
    groups.remove(values);
    const std::span<float> unit(result.units.col(column).data(), members.size());
    result.varies[static_cast<std::size_t>(column)] = ranks.of(values, unit) ? 1 : 0;
  });
  return result;
}

/// Deciles, 0 .. n_strata - 1, of the values' order.
std::vector<std::int32_t> deciles_of(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::int32_t> deciles(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    deciles[order[i]] = static_cast<std::int32_t>(
        i * static_cast<std::size_t>(target_network::n_strata) / order.size());
  }
  return deciles;
}

class Builder {
 public:
  Builder(const Profiles& profiles, const NetworkOptions& options, ThreadPool& pool,
          std::span<const std::uint8_t> in_panel, const std::string& name)
      : profiles_(profiles),
        options_(options),
        pool_(pool),
        in_panel_(in_panel),
        members_(members_of(profiles, name)),
        groups_(profiles, members_, name.empty()) {
    network_.name = name;
    network_.n_profiles = static_cast<Index>(members_.size());
    for (const Index i : members_) network_.n_cells += profile_at(profiles, i).n_cells;
  }

  TargetNetwork build(std::span<const TargetEdge> pairs) {
    const auto covariates = covariates_of(profiles_, members_, groups_, network_.given_condition);
    const RankResiduals ranks(network_.n_profiles, covariates);
    network_.residual_df = ranks.residual_df() - groups_.n_removed();
    if (network_.residual_df < target_network::fewest_df) refuse();
    choose_targets(pairs);
    correlate(ranks);
    find_expression();
    network_.tests = same_targets();
    target_network::test(network_, matrices_, profiles_, options_, pool_);
    find_centralities();
    return std::move(network_);
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(
        ExitCode::bad_input,
        fmt::format(
            "{}: {} profiles leave {} degrees of freedom beside depth{}{}; "
            "expected {} or more.",
            network_.name.empty() ? "the data set" : fmt::format("group '{}'", network_.name),
            network_.n_profiles, network_.residual_df,
            network_.given_condition ? ", conditions" : "",
            groups_.n_removed() > 0 ? " and the means of groups" : "", target_network::fewest_df));
  }

  /// Pairs whose target is in the universe; genes of the network.
  void choose_targets(std::span<const TargetEdge> pairs) {
    const std::vector<float> shares = detected_shares(profiles_, members_);
    const auto in_universe = [&](std::size_t gene) {
      return in_panel_[gene] == 0 && shares[gene] >= target_network::least_detected;
    };
    for (std::size_t gene = 0; gene < shares.size(); ++gene) {
      network_.n_universe += in_universe(gene) ? 1 : 0;
    }
    std::set<std::int32_t> genes;
    for (const TargetEdge& pair : pairs) {
      if (!in_universe(static_cast<std::size_t>(pair.gene))) {
        ++network_.n_undetected;
        continue;
      }
      network_.edges.push_back({pair.mirna, pair.gene});
      genes.insert(pair.gene);
    }
    matrices_.genes.assign(genes.begin(), genes.end());
    for (const NetworkEdge& edge : network_.edges) {
      network_.detected.push_back(shares[static_cast<std::size_t>(edge.gene)]);
    }
  }

  [[nodiscard]] std::size_t place_of(std::int32_t gene) const {
    const auto found = std::lower_bound(matrices_.genes.begin(), matrices_.genes.end(), gene);
    return static_cast<std::size_t>(found - matrices_.genes.begin());
  }

  /// Correlations of all miRNAs with all genes of the network, and of the edges.
  void correlate(const RankResiduals& ranks) {
    const auto n_genes = static_cast<Index>(matrices_.genes.size());
    const Residuals genes =
        residuals_of(n_genes, members_, groups_, ranks, pool_, [&](Index column, Index profile) {
          return log_cpm(
              profile_at(profiles_, profile),
              static_cast<std::size_t>(matrices_.genes[static_cast<std::size_t>(column)]));
        });
    const Residuals mirnas =
        residuals_of(static_cast<Index>(profiles_.mirnas.size()), members_, groups_, ranks, pool_,
                     [&](Index column, Index profile) { return profiles_.z(column, profile); });
    matrices_.varies = mirnas.varies;
    drop_constant(mirnas, genes);
    Matrix& z = matrices_.z;
    z = algebra::float_product(mirnas.units.transpose(), genes.units);
    for (NetworkEdge& edge : network_.edges) {
      edge.correlation =
          std::clamp(z(edge.mirna, static_cast<Index>(place_of(edge.gene))), -1.0F, 1.0F);
    }
    pool_.run(n_genes, [&](Index column, int) {
      for (Index i = 0; i < z.rows(); ++i) {
        z(i, column) = static_cast<float>(statistics::fisher_z(z(i, column)));
      }
    });
  }

  void drop_constant(const Residuals& mirnas, const Residuals& genes) {
    std::vector<NetworkEdge> kept;
    std::vector<float> detected;
    for (std::size_t i = 0; i < network_.edges.size(); ++i) {
      const NetworkEdge& edge = network_.edges[i];
      if (mirnas.varies[static_cast<std::size_t>(edge.mirna)] == 0 ||
          genes.varies[place_of(edge.gene)] == 0) {
        ++network_.n_constant;
        continue;
      }
      kept.push_back(edge);
      detected.push_back(network_.detected[i]);
    }
    network_.edges = std::move(kept);
    network_.detected = std::move(detected);
  }

  void find_expression() {
    const Matrix& values = profiles_.has_log2rpm() ? profiles_.log2rpm : profiles_.z;
    matrices_.expression.assign(profiles_.mirnas.size(), 0.0);
    for (const Index i : members_) {
      for (std::size_t m = 0; m < matrices_.expression.size(); ++m) {
        matrices_.expression[m] += values(static_cast<Index>(m), i);
      }
    }
    for (double& value : matrices_.expression) value /= static_cast<double>(members_.size());
    std::vector<double> means(matrices_.genes.size(), 0.0);
    for (const Index i : members_) {
      for (std::size_t g = 0; g < means.size(); ++g) {
        means[g] += log_cpm(profile_at(profiles_, i), static_cast<std::size_t>(matrices_.genes[g]));
      }
    }
    matrices_.strata = deciles_of(means);
  }

  /// One test per set of targets, in the order of first miRNAs.
  std::vector<NetworkTest> same_targets() {
    std::map<std::vector<std::int32_t>, std::size_t> numbers;
    std::vector<NetworkTest> tests;
    const std::vector<NetworkEdge>& edges = network_.edges;
    for (std::size_t first = 0; first < edges.size();) {
      std::vector<std::int32_t> targets;
      std::size_t last = first;
      for (; last < edges.size() && edges[last].mirna == edges[first].mirna; ++last) {
        targets.push_back(static_cast<std::int32_t>(place_of(edges[last].gene)));
      }
      const std::size_t next = tests.size();
      const auto [place, is_new] = numbers.try_emplace(targets, next);
      if (is_new) {
        tests.emplace_back().n_targets = static_cast<Index>(targets.size());
        matrices_.targets.push_back(std::move(targets));
      }
      tests[place->second].mirnas.push_back(edges[first].mirna);
      first = last;
    }
    return tests;
  }

  void find_centralities() {
    const auto n_mirnas = static_cast<std::int32_t>(profiles_.mirnas.size());
    std::vector<std::pair<std::int32_t, std::int32_t>> edges;
    for (const NetworkEdge& edge : network_.edges) {
      edges.emplace_back(edge.mirna, n_mirnas + static_cast<std::int32_t>(place_of(edge.gene)));
    }
    // Nodes without edges are no part of the graph.
    std::vector<std::int32_t> number(static_cast<std::size_t>(n_mirnas) + matrices_.genes.size(),
                                     -1);
    for (const auto& [a, b] : edges) {
      number[static_cast<std::size_t>(a)] = number[static_cast<std::size_t>(b)] = 0;
    }
    std::int32_t n_nodes = 0;
    for (std::int32_t& one : number) {
      if (one == 0) one = n_nodes++;
    }
    for (auto& [a, b] : edges) {
      a = number[static_cast<std::size_t>(a)];
      b = number[static_cast<std::size_t>(b)];
    }
    if (n_nodes == 0) return;
    const statistics::Graph graph(n_nodes, edges);
    const std::vector<double> between = betweenness_of(graph);
    const std::vector<double> rank = statistics::page_rank(graph);
    for (std::int32_t mirna = 0; mirna < n_mirnas; ++mirna) {
      const std::int32_t node = number[static_cast<std::size_t>(mirna)];
      if (node < 0) continue;
      network_.centralities.push_back({mirna, graph.degree(node),
                                       between[static_cast<std::size_t>(node)],
                                       rank[static_cast<std::size_t>(node)]});
    }
  }

  std::vector<double> betweenness_of(const statistics::Graph& graph) {
    // Sums are taken in the order of these stretches, whichever thread has made them.
    constexpr Index stretch = 16;
    const statistics::Betweenness nodes(graph);
    const Index n_stretches = (nodes.n_batches() + stretch - 1) / stretch;
    std::vector<std::vector<double>> parts(static_cast<std::size_t>(n_stretches));
    std::vector<statistics::Betweenness::Walk> walks(static_cast<std::size_t>(pool_.size()),
                                                     statistics::Betweenness::Walk(nodes));
    pool_.run(n_stretches, [&](Index number, int worker) {
      std::vector<double>& part = parts[static_cast<std::size_t>(number)];
      part.assign(nodes.n_sums(), 0.0);
      const Index last = std::min(nodes.n_batches(), (number + 1) * stretch);
      for (Index batch = number * stretch; batch < last; ++batch) {
        walks[static_cast<std::size_t>(worker)].add(batch, part);
      }
    });
    std::vector<double> sums(nodes.n_sums(), 0.0);
    for (const std::vector<double>& part : parts) {
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += part[i];
    }
    return nodes.of_nodes(sums);
  }

  const Profiles& profiles_;
  const NetworkOptions& options_;
  ThreadPool& pool_;
  std::span<const std::uint8_t> in_panel_;
  std::vector<Index> members_;
  GroupMeans groups_;
  TargetNetwork network_;
  target_network::Matrices matrices_;
};

void check_counts(const Profiles& profiles) {
  if (profiles.has_counts()) return;
  throw Error(ExitCode::bad_input,
              "the profiles hold predictions, but no counts of genes to correlate them with. Use "
              "the .h5mu that `sicmir profile` writes.");
}

/// Names of the networks to be built; empty: the data set.
std::vector<std::string> choose_networks(const Profiles& profiles, const NetworkOptions& options,
                                         NetworkSet& set) {
  std::map<std::string, Index> sizes;
  for (const Profile& profile : profiles.profiles) {
    sizes[profile.group] += profile.below_floor ? 0 : 1;
    set.n_below_floor += profile.below_floor ? 1 : 0;
  }
  if (!options.group.empty()) {
    const auto found = sizes.find(options.group);
    if (found == sizes.end()) {
      std::vector<std::string> names;
      names.reserve(sizes.size());
      for (const auto& [name, size] : sizes) names.push_back(name);
      throw Error(ExitCode::usage,
                  fmt::format("no group '{}'; there are '{}'.{}", options.group,
                              joined(names, "', '"), did_you_mean(options.group, names)));
    }
    if (found->second < target_network::fewest_samples) {
      throw Error(ExitCode::bad_input,
                  fmt::format("group '{}' has {} samples above the floor; a network of its own "
                              "needs {}.",
                              options.group, found->second, target_network::fewest_samples));
    }
    return {options.group};
  }
  std::vector<std::string> names;
  for (const auto& [name, size] : sizes) {
    if (!options.whole && size >= target_network::fewest_samples) names.push_back(name);
  }
  for (const auto& [name, size] : sizes) {
    if (!names.empty() && size < target_network::fewest_samples) {
      set.groups_left_out.push_back(name);
    }
  }
  if (!names.empty()) return names;
  const Index n_profiles = profiles.size() - set.n_below_floor;
  if (n_profiles < target_network::fewest_samples) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} profiles are above the floor; expected {} or more, to correlate "
                            "anything over them.",
                            n_profiles, target_network::fewest_samples));
  }
  return {std::string()};
}

/// FDR over all tests of the run, and what is a hub by it.
void judge(NetworkSet& set, const NetworkOptions& options) {
  std::vector<double> p;
  for (const TargetNetwork& network : set.networks) {
    for (const NetworkTest& test : network.tests) {
      p.push_back(test.p);
      set.n_tests += std::isnan(test.p) ? 0 : 1;
    }
  }
  const std::vector<double> adjusted = statistics::benjamini_hochberg(p);
  std::size_t next = 0;
  for (TargetNetwork& network : set.networks) {
    for (NetworkTest& test : network.tests) {
      test.fdr = adjusted[next++];
      test.is_hub = test.fdr <= options.fdr && test.above_median;
    }
    std::stable_sort(network.tests.begin(), network.tests.end(),
                     [](const NetworkTest& a, const NetworkTest& b) {
                       if (std::isnan(a.p) != std::isnan(b.p)) return std::isnan(b.p);
                       if (!std::isnan(a.p) && a.p != b.p) return a.p < b.p;
                       return a.mean_z < b.mean_z;
                     });
  }
}

}  // namespace

std::vector<std::uint8_t> network_universe(const Profiles& profiles, const std::string& name) {
  const std::vector<Index> members = members_of(profiles, name);
  const std::vector<float> shares = detected_shares(profiles, members);
  std::vector<std::uint8_t> universe = panel_genes(profiles);
  for (std::size_t gene = 0; gene < universe.size(); ++gene) {
    universe[gene] = universe[gene] == 0 && shares[gene] >= target_network::least_detected ? 1 : 0;
  }
  return universe;
}

NetworkSet build_networks(const Profiles& profiles, const TargetTable& targets,
                          const NetworkOptions& options) {
  check_counts(profiles);
  NetworkSet set;
  const std::vector<std::string> names = choose_networks(profiles, options, set);
  const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
  const TargetEdges pairs = target_edges(targets, options.evidence, profiles, in_panel);
  set.n_in_panel = pairs.n_in_panel;
  set.n_not_measured = pairs.n_not_measured;
  set.n_pairs = static_cast<Index>(pairs.edges.size()) + pairs.n_in_panel + pairs.n_not_measured;
  ThreadPool pool(std::max(options.threads, 1));
  for (const std::string& name : names) {
    set.networks.push_back(Builder(profiles, options, pool, in_panel, name).build(pairs.edges));
  }
  judge(set, options);
  return set;
}

}  // namespace sicmir
