// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#include "analysis/input_sums.hpp"
#include "analysis/make_profiles.hpp"
#include "anndata/h5ad_layout.hpp"
#include "base/file_endings.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/suggest.hpp"
#include "base/text_list.hpp"
#include "cells/groups.hpp"
#include "cells/prepared_input.hpp"
#include "pool/pool_cells.hpp"

namespace sicmir {
namespace {

/// What is known of a sample, and where it stands.
struct Trait {
  const char* name;
  std::string Profile::*of;
  std::string ProfileGrouping::*column;
  std::string ProfileGrouping::*word;
};

constexpr std::array traits = {
    Trait{"donor", &Profile::donor, &ProfileGrouping::donor_column, &ProfileGrouping::donor},
    Trait{"condition", &Profile::condition, &ProfileGrouping::condition_column,
          &ProfileGrouping::condition},
    Trait{"tissue", &Profile::tissue, &ProfileGrouping::tissue_column, &ProfileGrouping::tissue}};

bool is_missing_value(std::string_view field) {
  return field.empty() || field == "NA" || field == "NaN" || field == "nan";
}

/// The groups and the sample in one list of columns, the sample first.
GroupingOptions with_sample(const ProfileGrouping& grouping) {
  GroupingOptions all = grouping.groups;
  if (grouping.sample_column.empty()) return all;
  if (!all.groups.empty()) {
    const std::size_t colon = all.groups.rfind(':');
    if (colon == std::string::npos) {
      throw Error(
          ExitCode::usage,
          fmt::format("{}: where samples have a column, the groups need one, too.", all.groups),
          {Remedy::name_group_column});
    }
    all.groups.insert(colon + 1, grouping.sample_column + ",");
  } else {
    all.group_by = grouping.sample_column + "," + all.group_by;
  }
  return all;
}

std::string name_of_sample(const ProfileGrouping& grouping, const std::string& path) {
  if (!grouping.sample.empty()) return grouping.sample;
  if (path == "-") return "stdin";
  std::string name = name_without_endings(path);
  // All matrices of 10x folders are called so.
  if (name != "matrix") return name;
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path().filename();
  return folder.empty() ? name : folder.string();
}

std::vector<std::string> read_column(const h5ad::Table& obs, const std::string& file,
                                     const std::string& name) {
  const h5ad::Column* column = obs.find(name);
  if (column == nullptr || column->kind == h5ad::ColumnKind::unreadable) {
    std::vector<std::string> names;
    for (const h5ad::Column& each : obs.columns()) {
      if (each.kind != h5ad::ColumnKind::unreadable) names.push_back(each.name);
    }
    throw Error(ExitCode::usage, fmt::format("obs of {} has no column '{}'; it has {}.{}", file,
                                             name, names.empty() ? "none" : joined(names, ", "),
                                             did_you_mean(name, names)));
  }
  return obs.read(*column).as_texts();
}

/// Per sample, the one value of a trait among its cells; absent: not known.
std::map<std::string, std::string> values_by_sample(const std::vector<std::string>& values,
                                                    const CellGroups& groups,
                                                    const std::vector<std::string>& samples,
                                                    const Trait& trait, const std::string& column,
                                                    const std::string& file) {
  std::map<std::string, std::string> found;
  for (std::size_t cell = 0; cell < values.size(); ++cell) {
    if (is_missing_value(values[cell])) continue;
    const std::int32_t group = groups.of(static_cast<Index>(cell), {});
    if (group == CellGroups::no_group) continue;
    const std::string& sample = samples[static_cast<std::size_t>(group)];
    const auto [entry, is_new] = found.try_emplace(sample, values[cell]);
    if (is_new || entry->second == values[cell]) continue;
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: sample '{}' has two values in the column '{}' of obs, '{}' and "
                    "'{}', but a sample has one {}. Choose a column of samples that tells them "
                    "apart, or none for the {}.",
                    file, sample, column, entry->second, values[cell], trait.name, trait.name));
  }
  return found;
}

/// Sets donor, condition and tissue of profiles whose groups are numbered by `numbers`.
void set_traits(std::vector<Profile>& profiles, const ProfileGrouping& grouping,
                const CellGroups& groups, const std::vector<std::string>& samples,
                const SourceDescription& input) {
  for (const Trait& trait : traits) {
    const std::string& column = grouping.*trait.column;
    if (column.empty()) {
      for (Profile& profile : profiles) profile.*trait.of = grouping.*trait.word;
      continue;
    }
    if (input.annotations.empty() || !grouping.groups.groups.empty()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: the column '{}' of the {} can be read only where the groups are "
                              "columns of an AnnData file's obs.",
                              input.path, column, trait.name),
                  {Remedy::list_inputs});
    }
    const h5::File file = h5::File::open_read(input.annotations);
    const h5ad::Table obs(file, "obs");
    const auto found = values_by_sample(read_column(obs, input.path, column), groups, samples,
                                        trait, column, input.path);
    for (Profile& profile : profiles) {
      const auto value = found.find(profile.sample);
      if (value != found.end()) profile.*trait.of = value->second;
    }
  }
}

std::vector<std::pair<std::string, std::string>> facts_of(const ProfileGrouping& grouping) {
  std::vector<std::pair<std::string, std::string>> facts;
  const auto state = [&](const char* name, const std::string& value) {
    if (!value.empty()) facts.emplace_back(name, value);
  };
  state("group_by", grouping.groups.group_by);
  state("sample_column", grouping.sample_column);
  state("donor_column", grouping.donor_column);
  state("condition_column", grouping.condition_column);
  state("tissue_column", grouping.tissue_column);
  return facts;
}

FeatureTable table_of(OutputHeader header) {
  FeatureTable genes;
  genes.columns.push_back({"_index", std::move(header.features)});
  for (FeatureAnnotation& annotation : header.annotations) {
    genes.columns.push_back({annotation.name, std::move(std::get<0>(annotation.values))});
  }
  return genes;
}

/// Of the features, those that were selected; in place.
template <class T>
void keep_present(std::vector<T>& values, std::span<const std::uint8_t> present) {
  std::size_t to = 0;
  for (std::size_t at = 0; at < values.size(); ++at) {
    if (present[at] != 0) values[to++] = values[at];
  }
  values.resize(to);
}

/// Of the features that were selected, those that `index` knows by any of their names.
std::vector<Index> known_genes(const FeatureTable& features, std::span<const std::uint8_t> present,
                               const GeneIndex& index) {
  std::vector<Index> known;
  for (std::size_t at = 0; at < present.size(); ++at) {
    const bool is_known =
        present[at] != 0 && std::any_of(features.columns.begin(), features.columns.end(),
                                        [&](const FeatureColumn& column) {
                                          return index.find(column.ids[at]).has_value();
                                        });
    if (is_known) known.push_back(static_cast<Index>(at));
  }
  return known;
}

/// `positions`: ascending, of selected features.
std::vector<Index> places_among_present(const std::vector<Index>& positions,
                                        std::span<const std::uint8_t> present) {
  std::vector<Index> places;
  Index n_before = 0;
  std::size_t at = 0;
  for (const Index position : positions) {
    for (; at < static_cast<std::size_t>(position); ++at) n_before += present[at] != 0 ? 1 : 0;
    places.push_back(n_before);
  }
  return places;
}

}  // namespace

InputSums sum_profiles(CellSource& cells, const UnitRecipe& recipe, const ReadingOptions& options,
                       const ProfileGrouping& grouping, Index n_held, const GeneIndex* halved) {
  InputSums result;
  result.input = cells.description();
  PoolOptions pool;
  static_cast<GroupingOptions&>(pool) = with_sample(grouping);
  pool.method = PoolMethod::sum;
  pool.count_detected = true;
  ReadingOptions of_cells = reading_of_cells(options);
  check_pooling(of_cells, pool);

  // Everything that can be wrong with groups and samples is found before the cells are read.
  const CellGroups groups = CellGroups::open(pool, result.input);
  const bool has_samples = !grouping.sample_column.empty();
  std::vector<std::string> samples;
  std::vector<Profile> profiles;  // one per group
  for (const CellGroup& group : groups.groups()) {
    Profile& profile = profiles.emplace_back();
    // Files hold UTF-8; the name of a profile is made of the same words.
    profile.sample =
        as_utf8(has_samples ? group.fields.front() : name_of_sample(grouping, result.input.path));
    profile.group = as_utf8(joined(std::span(group.fields).subspan(has_samples ? 1 : 0), "|"));
    samples.push_back(profile.sample);
  }
  if (!has_samples && grouping.sample.empty()) {
    log_info("{}: no column of samples was named, so all of its cells are one sample, '{}'",
             result.input.path, name_of_sample(grouping, result.input.path));
  }
  set_traits(profiles, grouping, groups, samples, result.input);

  PreparedInput input(cells, AllGenes{}, of_cells);
  OutputHeader header = header_of_all_genes(cells.features(), input.genes());
  const auto n_genes = static_cast<Index>(header.features.size());
  sums::check_size(n_held + static_cast<Index>(profiles.size()), n_genes, result.input.path);
  const Decision& decision = input.decide(recipe);
  if (decision.values != Values::counts) {
    throw Error(ExitCode::usage,
                fmt::format("{}: profiles are sums of counts, but the values were taken to be {} "
                            "({}).",
                            result.input.path, to_string(decision.values), decision.values_reason),
                {Remedy::choose_layer, Remedy::specify_values});
  }
  if (halved != nullptr) {
    pool.halved = known_genes(cells.features(), input.genes().present(), *halved);
    result.halved = places_among_present(pool.halved, input.genes().present());
  }
  PooledCells pooled = pool_cells(input, recipe, pool);
  for (const PoolSums::Pool& sum : pooled.sums.pools()) {
    Profile& profile = profiles[static_cast<std::size_t>(sum.group)];
    profile.n_cells = sum.n_cells;
    profile.n_counts = pooled.sums.total(sum);
    profile.counts = pooled.sums.take_sums(sum);
    profile.n_detected = pooled.sums.take_detected(sum);
    PoolSums::Half half = pooled.sums.take_half(sum);
    profile.half = {half.n_cells, half.total, std::move(half.sums)};
    keep_present(profile.counts, input.genes().present());
    keep_present(profile.n_detected, input.genes().present());
    result.profiles.push_back(std::move(profile));
  }
  sums::sort(result.profiles);
  result.genes = table_of(std::move(header));
  result.report = pooled.report;
  result.facts = facts_of(grouping);
  return result;
}

}  // namespace sicmir
