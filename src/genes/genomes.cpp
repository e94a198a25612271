// SPDX-License-Identifier: BSD-3-Clause
#include "genes/genomes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

namespace sicmir {
namespace {

/// The genome in front of an Ensembl gene id: "GRCh38" of "GRCh38_ENSG00000243485"; empty: none.
std::string genome_prefix(const std::string& id) {
  const std::size_t ensembl = id.find("_ENS");
  if (ensembl == std::string::npos || ensembl == 0) return {};
  const std::size_t digits = id.find_first_of("0123456789", ensembl + 4);
  if (digits == std::string::npos || id.size() - digits < 11) return {};
  std::string prefix = id.substr(0, ensembl);
  while (!prefix.empty() && prefix.back() == '_') prefix.pop_back();
  return prefix;
}

/// Takes "GENOME_" with any further underscores (Cell Ranger pads prefixes to one length) off.
void strip_prefix(std::string& id, const std::string& genome) {
  if (id.size() <= genome.size() + 1 || id.compare(0, genome.size(), genome) != 0 ||
      id[genome.size()] != '_') {
    return;
  }
  const std::size_t start = id.find_first_not_of('_', genome.size());
  if (start != std::string::npos) id.erase(0, start);
}

bool counts(const FeatureTable& features, std::size_t feature) {
  return features.counted.empty() || features.counted[feature] != 0;
}

/// Genomes by their prefixes in the first column that has any.
std::vector<std::string> genomes_of_ids(const FeatureTable& features) {
  for (const FeatureColumn& column : features.columns) {
    std::vector<std::string> genomes(column.ids.size());
    bool any = false;
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      if (!counts(features, i)) continue;
      genomes[i] = genome_prefix(column.ids[i]);
      any = any || !genomes[i].empty();
    }
    if (any) return genomes;
  }
  return {};
}

}  // namespace

std::vector<Note> choose_genome(FeatureTable& features, std::span<const std::string> genomes,
                                const std::string& wanted, const std::string& file) {
  const auto n = static_cast<std::size_t>(features.size());
  const auto tally = [&](std::span<const std::string> names) {
    std::map<std::string, Index> found;
    for (std::size_t i = 0; i < n && i < names.size(); ++i) {
      if (counts(features, i) && !names[i].empty()) ++found[names[i]];
    }
    return found;
  };
  // Prefixed ids speak for themselves even where the file states one genome for all.
  std::vector<std::string> of_ids;
  std::map<std::string, Index> found = tally(genomes);
  if (found.size() < 2) {
    of_ids = genomes_of_ids(features);
    // Many different "prefixes" are symbols joined to ids (TP53_ENSG00000141510), not genomes.
    constexpr std::size_t most_genomes = 8;
    if (const auto by_ids = tally(of_ids); !by_ids.empty() && by_ids.size() <= most_genomes) {
      found = by_ids;
      genomes = of_ids;
    }
  }

  std::vector<std::string> names;
  std::string listed;
  for (const auto& [name, n_genes] : found) {
    names.push_back(name);
    listed += fmt::format("{}{} ({} genes)", listed.empty() ? "" : ", ", name, n_genes);
  }
  std::string chosen = wanted;
  if (found.empty()) {
    if (wanted.empty()) return {};
    return {{"genome_not_named",
             fmt::format("the file does not name genomes: the choice of genome {} has no effect.",
                         wanted),
             {{"genome", wanted}}}};
  }
  if (wanted.empty()) {
    if (found.size() > 1) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: contains genes of {} genomes: {}. The human one is probably {}.",
                              file, found.size(), listed, likely_human(names)),
                  {Remedy::choose_genome});
    }
    chosen = names.front();
  } else if (!found.contains(wanted)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: has no genome '{}'; it holds {}.", file, wanted, listed));
  }

  if (found.size() > 1) {
    if (features.counted.empty()) features.counted.assign(n, 1);
    for (std::size_t i = 0; i < n; ++i) {
      if (genomes[i] != chosen) features.counted[i] = 0;
    }
  }
  for (FeatureColumn& column : features.columns) {
    for (std::size_t i = 0; i < n; ++i) {
      if (counts(features, i)) strip_prefix(column.ids[i], chosen);
    }
  }
  return {};
}

std::string likely_human(std::span<const std::string> names) {
  const auto human = std::find_if(names.begin(), names.end(), [](const std::string& name) {
    return name.starts_with("GRCh") || name.starts_with("hg");
  });
  return human == names.end() ? names.front() : *human;
}

}  // namespace sicmir
