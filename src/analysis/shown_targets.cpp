// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/shown_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/targets.hpp"

namespace sicmir {
namespace {

/// Counts of all cells of a group.
struct GroupSum {
  std::vector<double> counts;
  double total = 0;
};

/// Per gene, the variance between groups of log2(counts per million + 1).
std::vector<double> variances_between_groups(const Profiles& profiles) {
  std::map<std::string, GroupSum> groups;
  const auto n_genes = static_cast<std::size_t>(profiles.n_genes());
  for (const Profile& profile : profiles.profiles) {
    GroupSum& sum = groups[profile.group];
    sum.counts.resize(n_genes, 0);
    for (std::size_t gene = 0; gene < n_genes; ++gene) sum.counts[gene] += profile.counts[gene];
    sum.total += profile.n_counts;
  }
  std::vector<double> variances(n_genes, 0);
  for (std::size_t gene = 0; gene < n_genes; ++gene) {
    double sum = 0;
    double squares = 0;
    for (const auto& [name, group] : groups) {
      const double value = std::log2(1e6 * group.counts[gene] / std::max(group.total, 1.0) + 1);
      sum += value;
      squares += value * value;
    }
    const auto n = static_cast<double>(groups.size());
    variances[gene] = squares / n - sum / n * (sum / n);
  }
  return variances;
}

/// Per gene, the share of cells that it is detected in.
std::vector<double> detection(const Profiles& profiles) {
  std::vector<double> shares(static_cast<std::size_t>(profiles.n_genes()), 0);
  double n_cells = 0;
  for (const Profile& profile : profiles.profiles) {
    n_cells += static_cast<double>(profile.n_cells);
    for (std::size_t gene = 0; gene < shares.size(); ++gene) {
      shares[gene] += profile.n_detected[gene];
    }
  }
  for (double& share : shares) share /= std::max(n_cells, 1.0);
  return shares;
}

}  // namespace

std::vector<ShownGene> shown_targets(const Profiles& profiles, const TargetTable& table,
                                     const std::vector<Index>& mirnas) {
  std::vector<ShownGene> shown;
  if (!profiles.has_counts()) return shown;
  constexpr double least_share = 0.1;
  const Evidence evidence = best_evidence(table);
  const GeneFinder finder(profiles.genes);
  const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
  const std::vector<double> variances = variances_between_groups(profiles);
  const std::vector<double> shares = detection(profiles);
  struct Best {
    std::int32_t gene = -1;
    std::string symbol;
  };
  std::vector<Best> best(profiles.mirnas.size());
  for (const TargetPair& pair : table.pairs) {
    if (pair.evidence != evidence) continue;
    const TargetGene& target = table.genes[static_cast<std::size_t>(pair.gene)];
    const std::int32_t gene = finder.find(target);
    if (gene < 0) continue;
    const auto at = static_cast<std::size_t>(gene);
    if (in_panel[at] != 0 || shares[at] < least_share) continue;
    Best& one = best[static_cast<std::size_t>(pair.mirna)];
    const bool is_better =
        one.gene < 0 || variances[at] > variances[static_cast<std::size_t>(one.gene)];
    if (is_better) one = {gene, target.symbol};
  }
  std::map<std::int32_t, std::size_t> places;
  for (const Index mirna : mirnas) {
    const Best& one = best[static_cast<std::size_t>(mirna)];
    if (one.gene < 0) continue;
    const std::string& name = profiles.mirnas[static_cast<std::size_t>(mirna)].name;
    const auto [place, is_new] = places.try_emplace(one.gene, shown.size());
    if (!is_new) {
      shown[place->second].note += ", " + name;
      continue;
    }
    const std::string& id = profiles.genes.columns.front().ids[static_cast<std::size_t>(one.gene)];
    shown.push_back(
        {id, one.symbol.empty() ? id : one.symbol,
         fmt::format("{}target of {}", evidence == Evidence::predicted ? "predicted " : "", name)});
  }
  return shown;
}

}  // namespace sicmir
