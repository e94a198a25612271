// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"
#include "base/joined.hpp"

namespace sicmir::atlas {
Answer markers_of(const Catalogue& catalogue, const std::string& type, const QueryFilter& filter) {
  const std::int32_t wanted = find_term(catalogue, TermKind::type, type);
  const Filter settled(catalogue, filter);
  struct Joined {
    Mean z, log2rpm, rival_z, probability;
    std::int32_t best_rank = 0;
    std::vector<std::string> sets;
  };
  std::map<std::pair<std::int32_t, std::int32_t>, Joined> found;
  std::map<std::int32_t, std::int64_t> n_sets;
  Answer answer;
  for (std::size_t s = 0; s < catalogue.sets().size(); ++s) {
    const auto set = static_cast<std::int32_t>(s);
    if (!settled.passes_part(set, wanted)) continue;
    const std::vector<CatalogueMarker> markers =
        catalogue.markers_of_type(static_cast<Index>(s), wanted);
    if (markers.empty()) continue;
    const std::int32_t part = comparable_of(catalogue, set);
    ++n_sets[part];
    for (const CatalogueMarker& marker : markers) {
      if (!filter.set.empty()) answer.lines.push_back(marker_line(catalogue, marker));
      Joined& one = found[{part, marker.mirna}];
      const auto add = [](Mean& mean, float value) {
        if (!std::isnan(value)) mean.add(static_cast<double>(value));
      };
      add(one.z, marker.z);
      add(one.log2rpm, marker.log2rpm);
      add(one.rival_z, marker.rival_z);
      add(one.probability, marker.probability);
      one.best_rank = one.best_rank == 0 ? marker.rank : std::min(one.best_rank, marker.rank);
      one.sets.push_back(catalogue.sets()[s].id);
    }
  }
  answer.about.emplace_back("type", name_of(catalogue, TermKind::type, wanted));
  if (n_sets.empty()) {
    answer.notes.emplace_back(
        "no data set that fits has markers of this type: it stands beside no other type, "
        "or below the floor");
  }
  say_whole_sets(answer, settled, "markers");
  if (!filter.set.empty()) {
    answer.columns = marker_columns();
    return answer;
  }
  using Entry = std::pair<const std::pair<std::int32_t, std::int32_t>, Joined>;
  std::vector<const Entry*> order;
  order.reserve(found.size());
  for (const Entry& entry : found) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    if (a->first.first != b->first.first) return a->first.first < b->first.first;
    if (a->second.sets.size() != b->second.sets.size()) {
      return a->second.sets.size() > b->second.sets.size();
    }
    return a->second.z.value() > b->second.z.value();
  });
  answer.columns = {"comparable", "rank",      "mirna",   "mimat",   "n_sets",
                    "of_sets",    "mean_z",    "log2rpm", "rival_z", "probability",
                    "accuracy",   "best_rank", "sets"};
  std::map<std::int32_t, std::int64_t> ranks;
  for (const Entry* entry : order) {
    const auto [part, mirna] = entry->first;
    const Joined& one = entry->second;
    const ProfileMirna& about = catalogue.mirnas()[static_cast<std::size_t>(mirna)];
    answer.lines.push_back({std::int64_t{part}, ++ranks[part], about.name, about.mimat,
                            static_cast<std::int64_t>(one.sets.size()), n_sets[part], one.z.value(),
                            one.log2rpm.value(), one.rival_z.value(), one.probability.value(),
                            about.accuracy.within_cohort, std::int64_t{one.best_rank},
                            joined(one.sets, ",")});
  }
  answer.notes.push_back(fmt::format(
      "a miRNA counts in a data set where it is among the {} best markers of the type; predictions "
      "follow from the same cells' mRNA",
      most_markers));
  return answer;
}

}  // namespace sicmir::atlas
