// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"

namespace sicmir::atlas {
namespace {

double log2rpm_of(const ProfileMirna& mirna, double z) {
  // As predictions are limited: there are no fewer than 0 reads.
  return std::isnan(mirna.mean) ? nan : std::max(0.0, mirna.mean + mirna.sd * z);
}

/// What is averaged under one name.
struct RankedName {
  std::map<std::int32_t, Mean> by_set;
  Index n_groups = 0, n_samples = 0, n_cells = 0;
};

Answer ranked_groups(const Catalogue& catalogue, Index mirna, const Filter& filter) {
  const MeanAndSpread values = catalogue.of_mirna(mirna);
  const ProfileMirna& about = catalogue.mirnas()[static_cast<std::size_t>(mirna)];
  std::vector<std::size_t> order;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    if (filter.passes(catalogue.groups()[g]) && !std::isnan(values.mean[g])) order.push_back(g);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto part = [&](std::size_t g) {
      return comparable_of(catalogue, catalogue.groups()[g].set);
    };
    return part(a) != part(b) ? part(a) < part(b) : values.mean[a] > values.mean[b];
  });
  Answer answer;
  answer.columns = {"comparable", "rank",   "set",  "type",    "type_id",   "tissue",   "disease",
                    "condition",  "mean_z", "sd_z", "log2rpm", "n_samples", "n_donors", "n_cells"};
  std::map<std::int32_t, std::int64_t> ranks;
  for (const std::size_t g : order) {
    const CatalogueGroup& group = catalogue.groups()[g];
    const std::int32_t part = comparable_of(catalogue, group.set);
    const Term& type = catalogue.terms(TermKind::type)[static_cast<std::size_t>(group.type)];
    answer.lines.push_back({std::int64_t{part}, ++ranks[part],
                            catalogue.sets()[static_cast<std::size_t>(group.set)].id, type.name,
                            type.ontology, name_of(catalogue, TermKind::tissue, group.tissue),
                            name_of(catalogue, TermKind::disease, group.disease),
                            name_of(catalogue, TermKind::condition, group.condition),
                            static_cast<double>(values.mean[g]), static_cast<double>(values.sd[g]),
                            log2rpm_of(about, static_cast<double>(values.mean[g])),
                            std::int64_t{group.n_samples}, std::int64_t{group.n_donors},
                            std::int64_t{group.n_cells}});
  }
  return answer;
}

Answer ranked_names(const Catalogue& catalogue, Index mirna, RankBy by, const Filter& filter) {
  const MeanAndSpread values = catalogue.of_mirna(mirna);
  const ProfileMirna& about = catalogue.mirnas()[static_cast<std::size_t>(mirna)];
  const bool by_set = by == RankBy::set;
  const TermKind kind = by == RankBy::tissue      ? TermKind::tissue
                        : by == RankBy::disease   ? TermKind::disease
                        : by == RankBy::condition ? TermKind::condition
                                                  : TermKind::type;
  std::map<std::pair<std::int32_t, std::int32_t>, RankedName> found;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    const std::int32_t name = by_set ? group.set : term_of(group, kind);
    if (!filter.passes(group) || std::isnan(values.mean[g]) || name == none) continue;
    RankedName& one = found[{comparable_of(catalogue, group.set), name}];
    one.by_set[group.set].add(static_cast<double>(values.mean[g]));
    ++one.n_groups;
    one.n_samples += group.n_samples;
    one.n_cells += group.n_cells;
  }
  struct Line {
    std::int32_t part, name;
    Spread spread;
    const RankedName* of;
  };
  std::vector<Line> lines;
  for (const auto& [key, one] : found) {
    std::vector<double> means;
    for (const auto& [set, mean] : one.by_set) means.push_back(mean.value());
    lines.push_back({key.first, key.second, spread_of(means), &one});
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.part != b.part ? a.part < b.part : a.spread.mean > b.spread.mean;
  });
  Answer answer;
  answer.columns = {"comparable", "rank",        std::string(rank_words.word(by)),
                    "ontology",   "mean_z",      "sd_over_sets",
                    "lowest_set", "highest_set", "log2rpm",
                    "n_sets",     "n_groups",    "n_samples",
                    "n_cells"};
  std::map<std::int32_t, std::int64_t> ranks;
  for (const Line& line : lines) {
    const auto at = static_cast<std::size_t>(line.name);
    const Term term = by_set ? Term{catalogue.sets()[at].id, {}} : catalogue.terms(kind)[at];
    answer.lines.push_back({std::int64_t{line.part}, ++ranks[line.part], term.name, term.ontology,
                            line.spread.mean, line.spread.sd, line.spread.low, line.spread.high,
                            log2rpm_of(about, line.spread.mean), std::int64_t{line.spread.n},
                            std::int64_t{line.of->n_groups}, std::int64_t{line.of->n_samples},
                            std::int64_t{line.of->n_cells}});
  }
  return answer;
}

Answer marked_types(const Catalogue& catalogue, Index mirna, const Filter& filter) {
  Answer answer;
  answer.columns = marker_columns();
  answer.columns.insert(answer.columns.begin(), "comparable");
  std::vector<CatalogueMarker> markers = catalogue.markers_of_mirna(mirna);
  std::stable_sort(markers.begin(), markers.end(), [&](const auto& a, const auto& b) {
    return comparable_of(catalogue, a.set) < comparable_of(catalogue, b.set);
  });
  for (const CatalogueMarker& marker : markers) {
    if (!filter.passes_part(marker.set, marker.type)) continue;
    std::vector<Field> line = marker_line(catalogue, marker);
    line.insert(line.begin(), std::int64_t{comparable_of(catalogue, marker.set)});
    answer.lines.push_back(std::move(line));
  }
  say_whole_sets(answer, filter, "markers");
  return answer;
}

void say_of(Answer& answer, const ProfileMirna& mirna) {
  answer.about.emplace_back("mirna", mirna.name);
  answer.about.emplace_back("mimat", mirna.mimat);
  answer.notes.push_back(
      std::isnan(mirna.accuracy.within_cohort)
          ? fmt::format("{}: predicted, not measured; how well is not known", mirna.name)
          : fmt::format("{}: predicted, not measured; within cohorts, predictions of held-out "
                        "samples correlate with measurements by {:.2f}",
                        mirna.name, mirna.accuracy.within_cohort));
}

}  // namespace

Answer rank_types(const Catalogue& catalogue, const std::string& mirna, RankBy by,
                  const QueryFilter& filter) {
  const Index found = find_mirna(catalogue, mirna);
  const Filter settled(catalogue, filter);
  Answer answer = by == RankBy::group    ? ranked_groups(catalogue, found, settled)
                  : by == RankBy::marker ? marked_types(catalogue, found, settled)
                                         : ranked_names(catalogue, found, by, settled);
  say_of(answer, catalogue.mirnas()[static_cast<std::size_t>(found)]);
  say_scale(answer, catalogue);
  return answer;
}

}  // namespace sicmir::atlas
