// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"

namespace sicmir::atlas {
Answer mirnas_of_target(const Catalogue& catalogue, const std::string& gene,
                        const QueryFilter& filter) {
  const Filter settled(catalogue, filter);
  Answer answer;
  answer.columns = {"comparable", "set",         "type",   "mirna",
                    "mimat",      "correlation", "weight", "accuracy"};
  answer.about = {{"target", gene}};
  auto edges = catalogue.edges_of_target(gene);
  std::stable_sort(edges.begin(), edges.end(), [&](const auto& a, const auto& b) {
    const std::int32_t x = comparable_of(catalogue, a.first);
    const std::int32_t y = comparable_of(catalogue, b.first);
    return x != y ? x < y : a.second.weight > b.second.weight;
  });
  for (const auto& [set, edge] : edges) {
    if (!settled.passes_part(set, edge.type)) continue;
    const ProfileMirna& mirna = catalogue.mirnas()[static_cast<std::size_t>(edge.mirna)];
    answer.lines.push_back({std::int64_t{comparable_of(catalogue, set)},
                            catalogue.sets()[static_cast<std::size_t>(set)].id,
                            name_of(catalogue, TermKind::type, edge.type), mirna.name, mirna.mimat,
                            static_cast<double>(edge.correlation), static_cast<double>(edge.weight),
                            mirna.accuracy.within_cohort});
  }
  if (answer.lines.empty()) {
    answer.notes.push_back(fmt::format(
        "no network of a data set has an edge to '{}'; networks keep their {} strongest edges",
        gene, most_edges));
  }
  say_whole_sets(answer, settled, "networks");
  return answer;
}

}  // namespace sicmir::atlas
