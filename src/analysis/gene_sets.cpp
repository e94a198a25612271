// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/gene_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "analysis/target_network_text.hpp"
#include "base/joined.hpp"
#include "genes/id_kinds.hpp"
#include "statistics/multiple_testing.hpp"
#include "text/line_reader.hpp"
#include "text/list_file.hpp"
#include "text/number_text.hpp"
#include "text/tsv_field.hpp"

namespace sicmir {
namespace {

using tsv::field;

constexpr std::size_t longest_set_line = std::size_t{16} << 20;
constexpr std::size_t most_sets = 200'000;
constexpr std::size_t most_members = 20'000'000;
constexpr std::size_t longest_set_name = 200;

/// Natural logarithms of the factorials up to n.
std::vector<double> log_factorials(Index n) {
  std::vector<double> logs(static_cast<std::size_t>(n) + 1, 0.0);
  for (std::size_t i = 1; i < logs.size(); ++i) {
    logs[i] = logs[i - 1] + std::log(static_cast<double>(i));
  }
  return logs;
}

double upper_tail(Index n_both, Index n_drawn, Index n_marked, Index n_all,
                  const std::vector<double>& logs) {
  const auto choose = [&](Index n, Index k) {
    return logs[static_cast<std::size_t>(n)] - logs[static_cast<std::size_t>(k)] -
           logs[static_cast<std::size_t>(n - k)];
  };
  const Index least = std::max({n_both, Index{0}, n_drawn + n_marked - n_all});
  const Index most = std::min(n_drawn, n_marked);
  double sum = 0;
  for (Index k = most; k >= least; --k) {  // the small ones first
    sum += std::exp(choose(n_marked, k) + choose(n_all - n_marked, n_drawn - k) -
                    choose(n_all, n_drawn));
  }
  return std::min(sum, 1.0);
}

std::vector<std::int32_t> targets_of(const TargetNetwork& network, std::int32_t mirna) {
  std::vector<std::int32_t> targets;
  for (const NetworkEdge& edge : network.edges) {
    if (edge.mirna == mirna) targets.push_back(edge.gene);
  }
  return targets;
}

/// The part of a gene set that is in a universe.
std::vector<GeneSet> within(const GeneSets& sets, std::span<const std::uint8_t> universe,
                            Index& n_small) {
  std::vector<GeneSet> result;
  for (const GeneSet& set : sets.sets) {
    GeneSet part{set.name, {}};
    for (const std::int32_t gene : set.genes) {
      if (universe[static_cast<std::size_t>(gene)] != 0) part.genes.push_back(gene);
    }
    if (static_cast<Index>(part.genes.size()) < fewest_in_set) {
      ++n_small;
    } else {
      result.push_back(std::move(part));
    }
  }
  return result;
}

}  // namespace

GeneSets read_gene_sets(const std::string& path, const FeatureTable& genes) {
  const GeneFinder finder(genes);
  const auto input = open_text(path);
  LineReader reader(*input, longest_set_line);
  GeneSets result;
  std::size_t n_members = 0;
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: line {}: {}", input->name(), reader.number(), what));
  };
  std::string_view line;
  while (reader.next(line)) {
    if (line.empty() || line.front() == '#') continue;
    const auto fields = split_fields(line, FieldRules{});
    if (fields.size() < 3 || trim_id(fields[0]).empty() || fields[0].size() > longest_set_name) {
      refuse(
          fmt::format("has {} fields; expected the name of a set, a description and genes, with "
                      "tabs between them (GMT).",
                      fields.size()));
    }
    GeneSet& set = result.sets.emplace_back();
    set.name = trim_id(fields[0]);
    std::set<std::int32_t> members;
    for (std::size_t i = 2; i < fields.size(); ++i) {
      if (trim_id(fields[i]).empty()) continue;
      const std::int32_t gene = finder.find(fields[i]);
      if (gene < 0) {
        ++result.n_not_measured;
      } else {
        members.insert(gene);
      }
    }
    set.genes.assign(members.begin(), members.end());
    n_members += set.genes.size();
    if (result.sets.size() > most_sets || n_members > most_members) {
      refuse(fmt::format("there are more than {} sets or {} members.", most_sets, most_members));
    }
  }
  if (n_members == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: names no gene of the profiles in {} sets; expected GMT with the "
                            "same symbols or ids as the profiles.",
                            input->name(), result.sets.size()));
  }
  return result;
}

double hypergeometric_upper_tail(Index n_both, Index n_drawn, Index n_marked, Index n_all) {
  return upper_tail(n_both, n_drawn, n_marked, n_all, log_factorials(n_all));
}

EnrichmentSet enrich(const NetworkSet& networks, const Profiles& profiles, const GeneSets& sets,
                     std::span<const Index> mirnas) {
  EnrichmentSet result;
  std::vector<double> p;
  std::vector<std::size_t> places;  // in `p`, of what is found
  const std::set<Index> wanted(mirnas.begin(), mirnas.end());
  const std::vector<double> logs = log_factorials(profiles.n_genes());
  for (const TargetNetwork& network : networks.networks) {
    const std::vector<std::uint8_t> universe = network_universe(profiles, network.name);
    const std::vector<GeneSet> parts = within(sets, universe, result.n_small);
    for (const NetworkTest& test : network.tests) {
      const bool is_wanted = std::any_of(test.mirnas.begin(), test.mirnas.end(),
                                         [&](std::int32_t m) { return wanted.contains(m); });
      if (!is_wanted) continue;
      const std::vector<std::int32_t> targets = targets_of(network, test.mirnas.front());
      for (const GeneSet& set : parts) {
        Enrichment one;
        std::set_intersection(targets.begin(), targets.end(), set.genes.begin(), set.genes.end(),
                              std::back_inserter(one.overlap));
        one.network = label_of(network);
        one.mirnas = test.mirnas;
        one.gene_set = set.name;
        one.n_universe = network.n_universe;
        one.n_set = static_cast<Index>(set.genes.size());
        one.n_targets = static_cast<Index>(targets.size());
        one.p = upper_tail(static_cast<Index>(one.overlap.size()), one.n_targets, one.n_set,
                           one.n_universe, logs);
        p.push_back(one.p);
        if (one.overlap.empty()) continue;
        places.push_back(p.size() - 1);
        result.found.push_back(std::move(one));
      }
    }
  }
  result.n_tests = static_cast<Index>(p.size());
  const std::vector<double> adjusted = statistics::benjamini_hochberg(p);
  for (std::size_t i = 0; i < places.size(); ++i) result.found[i].fdr = adjusted[places[i]];
  std::stable_sort(result.found.begin(), result.found.end(),
                   [](const Enrichment& a, const Enrichment& b) {
                     return a.network != b.network ? a.network < b.network : a.p < b.p;
                   });
  return result;
}

std::string enrichment_tsv(const EnrichmentSet& set, const Profiles& profiles) {
  const GeneLabels labels(profiles.genes);
  std::string text =
      "network\tmirnas\tgene_set\tn_universe\tn_targets\tn_set\tn_both\texpected\tfold\tp\tfdr\t"
      "targets\n";
  for (const Enrichment& one : set.found) {
    std::vector<std::string> names;
    for (const std::int32_t mirna : one.mirnas) {
      names.push_back(profiles.mirnas[static_cast<std::size_t>(mirna)].name);
    }
    std::vector<std::string> targets;
    for (const std::int32_t gene : one.overlap) targets.push_back(labels.name(gene));
    const double expected = static_cast<double>(one.n_targets) * static_cast<double>(one.n_set) /
                            static_cast<double>(one.n_universe);
    fmt::format_to(std::back_inserter(text),
                   "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.6g}\t{:.6g}\t{:.6g}\t{:.6g}\t{}\n",
                   field(one.network), field(joined(names, ",")), field(one.gene_set),
                   one.n_universe, one.n_targets, one.n_set, one.overlap.size(), expected,
                   static_cast<double>(one.overlap.size()) / expected, one.p, one.fdr,
                   field(joined(targets, ",")));
  }
  return text;
}

}  // namespace sicmir
