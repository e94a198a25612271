// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/mirna_kin.hpp"
#include "cli/report_sections.hpp"
#include "statistics/linkage.hpp"

namespace sicmir::cli::page {
namespace {

const Marker& marker_of(const MarkerGroup& group, Index mirna) {
  static const Marker none;
  const auto found = std::find_if(group.markers.begin(), group.markers.end(),
                                  [&](const Marker& one) { return one.mirna == mirna; });
  return found == group.markers.end() ? none : *found;
}

Json merges_json(const statistics::Linkage& linkage) {
  Json list = Json::array();
  for (const statistics::Merge& merge : linkage.merges) {
    list.push_back(Json::array({merge.a, merge.b, number(merge.distance)}));
  }
  return list;
}

}  // namespace

Json dots_json(const PageContent& content, const Profiles& profiles, const MarkerSet& markers,
               const std::vector<Group>& groups) {
  const std::size_t n_groups = std::min(markers.groups.size(), most_dot_groups);
  const auto n_mirnas = static_cast<Index>(content.mirnas.size());
  Eigen::MatrixXd difference(n_mirnas, static_cast<Index>(n_groups));
  Json json;
  json["mirnas"] = json["groups"] = json["difference"] = json["expression"] = Json::array();
  for (std::size_t g = 0; g < n_groups; ++g) {
    json["groups"].push_back(place_of(groups, markers.groups[g].name));
  }
  for (Index i = 0; i < n_mirnas; ++i) {
    const Index mirna = content.mirnas[static_cast<std::size_t>(i)];
    json["mirnas"].push_back(profiles.mirnas[static_cast<std::size_t>(mirna)].name);
    Json differences = Json::array();
    Json expressions = Json::array();
    for (std::size_t g = 0; g < n_groups; ++g) {
      const Marker& one = marker_of(markers.groups[g], mirna);
      difference(i, static_cast<Index>(g)) = one.z;
      differences.push_back(number(one.z));
      expressions.push_back(number(one.expression));
    }
    json["difference"].push_back(std::move(differences));
    json["expression"].push_back(std::move(expressions));
  }
  const statistics::Linkage of_groups = statistics::average_linkage(difference);
  const statistics::Linkage of_mirnas = statistics::average_linkage(difference.transpose());
  json["group_order"] = of_groups.order;
  json["mirna_order"] = of_mirnas.order;
  json["group_merges"] = merges_json(of_groups);
  json["mirna_merges"] = merges_json(of_mirnas);
  json["has_expression"] = profiles.has_log2rpm();
  std::string about =
      "The miRNAs are the first marker of each group, then the second of each, and so on; of the "
      "arms of one hairpin only the first. Groups and miRNAs are ordered by average linkage of "
      "the Euclidean distances between their differences.";
  if (markers.groups.size() > n_groups) {
    about += fmt::format(" The first {} of {} groups are drawn.", n_groups, markers.groups.size());
  }
  json["about"] = std::move(about);
  return json;
}

}  // namespace sicmir::cli::page

namespace sicmir::cli {

std::vector<Index> leading_mirnas(const MarkerSet& markers, const Profiles& profiles,
                                  std::size_t most) {
  const MirnaKin kin;
  std::vector<Index> chosen;
  std::set<std::string> hairpins;
  std::size_t longest = 0;
  for (const MarkerGroup& group : markers.groups) {
    longest = std::max(longest, group.markers.size());
  }
  for (std::size_t rank = 0; rank < longest; ++rank) {
    for (const MarkerGroup& group : markers.groups) {
      if (chosen.size() == most) return chosen;
      if (rank >= group.markers.size() || !(group.markers[rank].z > 0)) continue;
      const Index mirna = group.markers[rank].mirna;
      const std::vector<std::string>& loops =
          kin.stem_loops(profiles.mirnas[static_cast<std::size_t>(mirna)]);
      const bool is_known = std::find(chosen.begin(), chosen.end(), mirna) != chosen.end() ||
                            std::any_of(loops.begin(), loops.end(), [&](const std::string& loop) {
                              return hairpins.contains(loop);
                            });
      if (is_known) continue;
      chosen.push_back(mirna);
      hairpins.insert(loops.begin(), loops.end());
    }
  }
  return chosen;
}

}  // namespace sicmir::cli
