// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "analysis/input_sums.hpp"
#include "analysis/make_profiles.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "genes/id_kinds.hpp"

namespace sicmir {
namespace {

/// The ids by which genes are joined: one column per input, all of one kind.
struct Keys {
  std::vector<std::size_t> columns;
  IdKind kind = IdKind::other;
};

std::optional<std::size_t> column_of_kind(const FeatureTable& genes, IdKind kind) {
  constexpr double most = 0.5;
  for (std::size_t i = 0; i < genes.columns.size(); ++i) {
    if (summarise_ids(genes.columns[i].ids).share(kind) > most) return i;
  }
  return std::nullopt;
}

Keys common_keys(const std::vector<InputSums>& inputs) {
  for (const IdKind kind : {IdKind::ensembl_gene, IdKind::upper_case_symbol}) {
    Keys keys{{}, kind};
    for (const InputSums& input : inputs) {
      const std::optional<std::size_t> column = column_of_kind(input.genes, kind);
      if (column) keys.columns.push_back(*column);
    }
    if (keys.columns.size() == inputs.size()) return keys;
  }
  return {std::vector<std::size_t>(inputs.size(), 0), IdKind::other};
}

/// Key and place of each gene; of those that are named alike, the second is another key.
std::unordered_map<std::string, std::size_t> places_of(const FeatureColumn& column, IdKind kind,
                                                       std::vector<std::string>& in_order) {
  std::unordered_map<std::string, std::size_t> places;
  std::unordered_map<std::string, int> seen;
  for (std::size_t at = 0; at < column.ids.size(); ++at) {
    std::string_view id = trim_id(column.ids[at]);
    // Versions tell the release of the annotation; the gene is the same.
    if (kind == IdKind::ensembl_gene) id = id.substr(0, id.find('.'));
    const int number = ++seen[std::string(id)];
    std::string key = fmt::format("{}\t{}", id, number);
    in_order.push_back(key);
    places.emplace(std::move(key), at);
  }
  return places;
}

template <class T>
std::vector<T> chosen(const std::vector<T>& values, const std::vector<std::size_t>& places) {
  std::vector<T> result;
  result.reserve(places.size());
  for (const std::size_t place : places) result.push_back(values[place]);
  return result;
}

void keep_halved(InputSums& input, const std::vector<std::size_t>& places) {
  for (Profile& profile : input.profiles) {
    if (!profile.half.counts.empty()) profile.half.counts = chosen(profile.half.counts, places);
  }
}

/// Only the genes at `places`, in that order.
void keep_genes(InputSums& input, const std::vector<std::size_t>& places) {
  for (FeatureColumn& column : input.genes.columns) column.ids = chosen(column.ids, places);
  for (Profile& profile : input.profiles) {
    profile.counts = chosen(profile.counts, places);
    profile.n_detected = chosen(profile.n_detected, places);
  }
  // Places of the halved genes among those that stay, in the new order.
  std::unordered_map<std::size_t, std::size_t> halved;
  for (std::size_t i = 0; i < input.halved.size(); ++i) {
    halved.emplace(static_cast<std::size_t>(input.halved[i]), i);
  }
  std::vector<std::size_t> kept;
  input.halved.clear();
  for (std::size_t place = 0; place < places.size(); ++place) {
    const auto found = halved.find(places[place]);
    if (found == halved.end()) continue;
    kept.push_back(found->second);
    input.halved.push_back(static_cast<Index>(place));
  }
  keep_halved(input, kept);
}

/// Only the halved genes that all inputs have halved. The inputs have the same genes.
void align_halves(std::vector<InputSums>& inputs) {
  std::vector<Index> common = inputs.front().halved;
  for (const InputSums& input : inputs) {
    std::erase_if(common, [&](Index gene) {
      return !std::binary_search(input.halved.begin(), input.halved.end(), gene);
    });
  }
  for (InputSums& input : inputs) {
    std::vector<std::size_t> kept;
    for (const Index gene : common) {
      const auto found = std::lower_bound(input.halved.begin(), input.halved.end(), gene);
      kept.push_back(static_cast<std::size_t>(found - input.halved.begin()));
    }
    input.halved = common;
    keep_halved(input, kept);
  }
}

/// Reduces every input to the genes that all have, in the order of the first.
void align_genes(std::vector<InputSums>& inputs) {
  const Keys keys = common_keys(inputs);
  std::vector<std::string> order;
  std::vector<std::unordered_map<std::string, std::size_t>> places;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::vector<std::string> own;
    places.push_back(places_of(inputs[i].genes.columns[keys.columns[i]], keys.kind, own));
    if (i == 0) order = std::move(own);
  }
  std::erase_if(order, [&](const std::string& key) {
    return std::any_of(places.begin(), places.end(),
                       [&](const auto& known) { return !known.contains(key); });
  });
  if (order.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} and {} have no gene in common, by Ensembl id, symbol "
                            "or first id; they begin with '{}' and '{}'. Join inputs that name "
                            "their genes in the same way.",
                            inputs.front().input.path, counted(inputs.size() - 1, "other input"),
                            inputs.front().genes.columns.front().ids.front(),
                            inputs.back().genes.columns.front().ids.front()));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    InputSums& input = inputs[i];
    const auto n_before = static_cast<std::size_t>(input.genes.size());
    std::vector<std::size_t> kept;
    kept.reserve(order.size());
    for (const std::string& key : order) kept.push_back(places[i].at(key));
    if (kept.size() < n_before) {
      log_warning(
          "{}: {} of its {} genes are not in all inputs and are left out (they stay in "
          "the number of molecules)",
          input.input.path, n_before - kept.size(), n_before);
    }
    keep_genes(input, kept);
  }
  align_halves(inputs);
}

/// What must be one word per sample.
struct SettledTrait {
  const char* name;
  std::string Profile::*of;
};
constexpr std::array settled_traits = {SettledTrait{"donors", &Profile::donor},
                                       SettledTrait{"conditions", &Profile::condition},
                                       SettledTrait{"tissues", &Profile::tissue}};

/// Fills what one input knows of a sample and another does not.
void settle_traits(std::vector<Profile>& profiles) {
  for (const SettledTrait& trait : settled_traits) {
    std::unordered_map<std::string, std::string> known;
    for (const Profile& profile : profiles) {
      const std::string& value = profile.*trait.of;
      if (value.empty()) continue;
      const auto [entry, is_new] = known.try_emplace(profile.sample, value);
      if (is_new || entry->second == value) continue;
      throw Error(ExitCode::bad_input,
                  fmt::format("sample '{}' stands in several inputs, with two {}: '{}' and '{}'. "
                              "Give different samples different names.",
                              profile.sample, trait.name, entry->second, value));
    }
    for (Profile& profile : profiles) {
      const auto found = known.find(profile.sample);
      if (found != known.end()) profile.*trait.of = found->second;
    }
  }
}

void add_to(Profile& sum, const Profile& more) {
  sum.n_cells += more.n_cells;
  sum.n_counts += more.n_counts;
  for (std::size_t gene = 0; gene < sum.counts.size(); ++gene) {
    sum.counts[gene] += more.counts[gene];
    sum.n_detected[gene] += more.n_detected[gene];
  }
  sum.half.n_cells += more.half.n_cells;
  sum.half.n_counts += more.half.n_counts;
  for (std::size_t gene = 0; gene < sum.half.counts.size(); ++gene) {
    sum.half.counts[gene] += more.half.counts[gene];
  }
}

/// Adds up what stands in several inputs under one sample and group. `profiles`: sorted.
void merge_equal(std::vector<Profile>& profiles) {
  std::vector<Profile> merged;
  Index n_merged = 0;
  for (Profile& profile : profiles) {
    if (!merged.empty() && merged.back().sample == profile.sample &&
        merged.back().group == profile.group) {
      add_to(merged.back(), profile);
      ++n_merged;
    } else {
      merged.push_back(std::move(profile));
    }
  }
  if (n_merged > 0) {
    log_info(
        "{} profiles stand in several inputs under the same sample and group, and were "
        "added up",
        n_merged);
  }
  profiles = std::move(merged);
}

/// Names are fields joined by '|', which may stand in a field, too.
void check_names(const std::vector<Profile>& profiles) {
  std::unordered_map<std::string, const Profile*> names;
  for (const Profile& profile : profiles) {
    if (names.try_emplace(profile.name(), &profile).second) continue;
    throw Error(ExitCode::bad_input,
                fmt::format("two profiles would be named '{}', because names of samples or groups "
                            "contain '|'. Rename them.",
                            profile.name()));
  }
}

}  // namespace

void sums::sort(std::vector<Profile>& profiles) {
  std::stable_sort(profiles.begin(), profiles.end(), [](const Profile& a, const Profile& b) {
    return std::tie(a.sample, a.group) < std::tie(b.sample, b.group);
  });
}

void sums::check_size(Index n_profiles, Index n_genes, const std::string& input) {
  if (n_genes == 0 || n_profiles <= most_profile_values / n_genes) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {} profiles of {} genes are too many; profiles are held in memory, "
                          "and at most {} of so many genes fit into 600 MB. Is this the right "
                          "column for the groups, and for the samples? Otherwise profile parts of "
                          "the data set.",
                          input, n_profiles, n_genes, most_profile_values / n_genes));
}

InputSums join_sums(std::vector<InputSums> inputs) {
  if (inputs.size() > 1) align_genes(inputs);
  InputSums joined = std::move(inputs.front());
  const std::string first = joined.input.path;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    InputSums& more = inputs[i];
    std::move(more.profiles.begin(), more.profiles.end(), std::back_inserter(joined.profiles));
    joined.report.n_cells += more.report.n_cells;
    joined.report.n_pooled += more.report.n_pooled;
    joined.report.n_without_group += more.report.n_without_group;
    joined.report.n_empty += more.report.n_empty;
    more = {};
  }
  if (inputs.size() > 1) {
    joined.input.path = fmt::format("{} inputs ({}, ...)", inputs.size(), first);
    joined.input.matrix.clear();
    joined.facts.emplace_back("n_inputs", fmt::format("{}", inputs.size()));
    settle_traits(joined.profiles);
    sums::sort(joined.profiles);
    merge_equal(joined.profiles);
  }
  check_names(joined.profiles);
  return joined;
}

}  // namespace sicmir
