// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/summarise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "analysis/compare.hpp"
#include "atlas/add.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"

namespace sicmir::atlas {
namespace {

std::int32_t position_of(const std::vector<Term>& terms, const std::string& name) {
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
    Members& group = groups[{position_of(set.types, profile.group), sample.tissue, sample.disease,
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
    types.push_back(position_of(set.types, group.name));
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
                fmt::format("--reference {}: no sample has this condition; there are '{}'.{}",
                            reference, joined(names, "', '"), did_you_mean(reference, names)));
  }
  for (const char* word : reference_conditions) {
    for (const std::string& name : names) {
      if (options.reference.empty() && lower(name) == word) options.reference = name;
    }
  }
  if (names.size() < 2) return;  // nothing to compare
  if (options.reference.empty()) {
    set.left_out.push_back(fmt::format(
        "contrasts: none of the conditions ('{}') is known to be the reference; state it with "
        "--reference",
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
    contrast.type = position_of(set.types, group.group);
    contrast.condition = position_of(set.conditions, group.condition);
    contrast.reference = position_of(set.conditions, options.reference);
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

}  // namespace sicmir::atlas
