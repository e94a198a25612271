// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

/// Mean z of each miRNA over the groups of one data set that pass.
struct SetMeans {
  std::vector<double> sums;
  std::vector<std::int32_t> counts;

  void add(const std::vector<float>& means) {
    sums.resize(means.size(), 0);
    counts.resize(means.size(), 0);
    for (std::size_t m = 0; m < means.size(); ++m) {
      const bool is_known = means[m] == means[m];  // vectorised; false for NaN
      sums[m] += is_known ? static_cast<double>(means[m]) : 0.0;
      counts[m] += is_known ? 1 : 0;
    }
  }
  /// NaN: no group has a value.
  [[nodiscard]] double mean(std::size_t mirna) const {
    return sums[mirna] / static_cast<double>(counts[mirna]);
  }
};

std::map<std::int32_t, SetMeans> means_by_set(const Catalogue& catalogue, TermKind kind,
                                              std::int32_t term, const Filter& filter) {
  const std::vector<CatalogueGroup>& all = catalogue.groups();
  std::vector<Index> wanted;
  for (std::size_t g = 0; g < all.size(); ++g) {
    if (term_of(all[g], kind) == term && filter.passes(all[g])) {
      wanted.push_back(static_cast<Index>(g));
    }
  }
  std::map<std::int32_t, SetMeans> found;
  catalogue.means_of(wanted, 1, [&](std::size_t at, const std::vector<float>& means) {
    found[all[static_cast<std::size_t>(wanted[at])].set].add(means);
  });
  return found;
}

}  // namespace

Answer compare_terms(const Catalogue& catalogue, TermKind kind, const std::string& name,
                     const std::string& other, const QueryFilter& filter) {
  const std::int32_t first = find_term(catalogue, kind, name);
  const std::int32_t second = find_term(catalogue, kind, other);
  if (first == second) {
    throw Error(ExitCode::usage,
                fmt::format("'{}' and '{}' are the same {}.", name, other, term_words.word(kind)));
  }
  const Filter settled(catalogue, filter);
  const auto of_first = means_by_set(catalogue, kind, first, settled);
  const auto of_second = means_by_set(catalogue, kind, second, settled);
  Answer answer;
  answer.columns = {"comparable",   "rank",       "mirna",       "mimat",   "difference_z",
                    "sd_over_sets", "lowest_set", "highest_set", "log2rpm", "mean_z",
                    "mean_z_other", "n_sets",     "within_sets", "accuracy"};
  std::set<std::int32_t> parts;
  for (const auto& [set, means] : of_first) parts.insert(comparable_of(catalogue, set));
  bool any_between = false;
  struct Line {
    std::size_t mirna;
    Spread spread;
    double first, second;
    bool is_within;
    Index n_sets;
  };
  for (const std::int32_t part : parts) {
    std::vector<std::pair<const SetMeans*, const SetMeans*>> both;
    for (const auto& [set, means] : of_first) {
      const auto other_means = of_second.find(set);
      if (comparable_of(catalogue, set) == part && other_means != of_second.end()) {
        both.emplace_back(&means, &other_means->second);
      }
    }
    const bool is_within = !both.empty();
    std::vector<Line> lines;
    // Some miRNAs at a time, so that what is read of a set is used before it leaves the cache.
    constexpr std::size_t per_block = 16;
    const std::size_t n_mirnas = catalogue.mirnas().size();
    struct Differences {
      std::vector<double> values;
      Mean first, second;
    };
    std::array<Differences, per_block> block;
    for (std::size_t start = 0; start < n_mirnas; start += per_block) {
      const std::size_t n = std::min(per_block, n_mirnas - start);
      for (Differences& one : block) one = {};
      const auto add = [&](const std::map<std::int32_t, SetMeans>& of, Mean Differences::*mean) {
        for (const auto& [set, means] : of) {
          if (comparable_of(catalogue, set) != part) continue;
          for (std::size_t k = 0; k < n; ++k) {
            const double value = means.mean(start + k);
            if (!std::isnan(value)) (block.at(k).*mean).add(value);
          }
        }
      };
      if (is_within) {
        for (const auto& [means, other_means] : both) {
          for (std::size_t k = 0; k < n; ++k) {
            const double x = means->mean(start + k);
            const double y = other_means->mean(start + k);
            if (std::isnan(x) || std::isnan(y)) continue;
            block.at(k).values.push_back(x - y);
            block.at(k).first.add(x);
            block.at(k).second.add(y);
          }
        }
      } else {
        add(of_first, &Differences::first);
        add(of_second, &Differences::second);
      }
      for (std::size_t k = 0; k < n; ++k) {
        Differences& one = block.at(k);
        const Mean& a = one.first;
        const Mean& b = one.second;
        if (!is_within && a.n > 0 && b.n > 0) one.values.push_back(a.value() - b.value());
        if (one.values.empty()) continue;
        Spread spread = spread_of(one.values);
        if (!is_within) spread.low = spread.high = nan;
        lines.push_back(
            {start + k, spread, a.value(), b.value(), is_within, is_within ? spread.n : a.n + b.n});
      }
    }
    any_between = any_between || (!is_within && !lines.empty());
    std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
      return std::fabs(a.spread.mean) > std::fabs(b.spread.mean);
    });
    std::int64_t rank = 0;
    for (const Line& line : lines) {
      const ProfileMirna& mirna = catalogue.mirnas()[line.mirna];
      answer.lines.push_back({std::int64_t{part}, ++rank, mirna.name, mirna.mimat, line.spread.mean,
                              line.spread.sd, line.spread.low, line.spread.high,
                              line.spread.mean * mirna.sd, line.first, line.second,
                              std::int64_t{line.n_sets}, std::string(line.is_within ? "yes" : "no"),
                              mirna.accuracy.within_cohort});
    }
  }
  const std::string word(term_words.word(kind));
  answer.about = {{word, name_of(catalogue, kind, first)},
                  {"other", name_of(catalogue, kind, second)}};
  if (any_between) {
    answer.notes.emplace_back(
        "no data set has both: these differences are between data sets, and whatever else differs "
        "between them is in the figures");
  }
  answer.notes.emplace_back(
      "differences of group means, without a test; for tests across data sets ask for biomarkers");
  return answer;
}

}  // namespace sicmir::atlas
