// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/sample_layout.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "analysis/differences.hpp"

namespace sicmir {
namespace {

Index place_in(const std::vector<std::string>& sorted, const std::string& name) {
  return std::lower_bound(sorted.begin(), sorted.end(), name) - sorted.begin();
}

}  // namespace

SampleLayout lay_out_samples(const Profiles& profiles, std::vector<std::size_t> used) {
  SampleLayout layout;
  layout.used = std::move(used);
  std::set<std::string> samples;
  std::set<std::string> groups;
  for (const std::size_t i : layout.used) {
    samples.insert(profiles.profiles[i].sample);
    groups.insert(profiles.profiles[i].group);
  }
  layout.samples.assign(samples.begin(), samples.end());
  layout.groups.assign(groups.begin(), groups.end());
  layout.at.assign(samples.size(), std::vector<Index>(groups.size(), -1));
  for (std::size_t i = 0; i < layout.used.size(); ++i) {
    const Profile& profile = profiles.profiles[layout.used[i]];
    const Index sample = place_in(layout.samples, profile.sample);
    const Index group = place_in(layout.groups, profile.group);
    layout.sample_of.push_back(sample);
    layout.group_of.push_back(group);
    layout.weights.push_back(1.0);
    layout.at[static_cast<std::size_t>(sample)][static_cast<std::size_t>(group)] =
        static_cast<Index>(i);
  }
  return layout;
}

void set_weights(SampleLayout& layout, const Profiles& profiles, double weight_cells) {
  for (std::size_t i = 0; i < layout.used.size(); ++i) {
    const auto n_cells = static_cast<double>(profiles.profiles[layout.used[i]].n_cells);
    layout.weights[i] = differences::weight_of(n_cells, weight_cells);
  }
}

}  // namespace sicmir
