// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "sicmir/error.hpp"
#include "statistics/meta_analysis.hpp"
#include "statistics/multiple_testing.hpp"

namespace sicmir::atlas {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

[[noreturn]] void refuse(const std::string& what, const std::string& name,
                         const std::vector<std::string>& known) {
  throw Error(ExitCode::usage,
              fmt::format("the atlas has no {} '{}'.{}", what, name, did_you_mean(name, known)));
}

/// By name, else by accession, else by name regardless of case.
Index find_mirna(const Catalogue& catalogue, const std::string& name) {
  const std::vector<ProfileMirna>& all = catalogue.mirnas();
  const auto find = [&](auto is_it) -> Index {
    const auto found = std::find_if(all.begin(), all.end(), is_it);
    return found == all.end() ? -1 : found - all.begin();
  };
  for (const Index found :
       {find([&](const ProfileMirna& m) { return m.name == name; }),
        find([&](const ProfileMirna& m) { return !m.mimat.empty() && m.mimat == name; })}) {
    if (found >= 0) return found;
  }
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const ProfileMirna& mirna : all) names.push_back(mirna.name);
  refuse("miRNA", name, names);
}

/// By name, else by ontology id, else by name regardless of case.
std::int32_t find_term(const Catalogue& catalogue, TermKind kind, const std::string& name) {
  const std::vector<Term>& all = catalogue.terms(kind);
  for (const auto& is_it : std::initializer_list<std::function<bool(const Term&)>>{
           [&](const Term& term) { return term.name == name; },
           [&](const Term& term) { return !term.ontology.empty() && term.ontology == name; },
           [&](const Term& term) { return same_but_for_case(term.name, name); }}) {
    const auto found = std::find_if(all.begin(), all.end(), is_it);
    if (found != all.end()) return static_cast<std::int32_t>(found - all.begin());
  }
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Term& term : all) names.push_back(term.name);
  refuse(std::string(term_words.word(kind)), name, names);
}

std::int32_t find_set(const Catalogue& catalogue, const std::string& id) {
  const std::vector<CatalogueSet>& all = catalogue.sets();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].id == id) return static_cast<std::int32_t>(i);
    ids.push_back(all[i].id);
  }
  refuse("data set", id, ids);
}

std::int32_t term_of(const Group& group, TermKind kind) {
  switch (kind) {
    case TermKind::type:
      return group.type;
    case TermKind::tissue:
      return group.tissue;
    case TermKind::disease:
      return group.disease;
    case TermKind::condition:
      break;
  }
  return group.condition;
}

std::string name_of(const Catalogue& catalogue, TermKind kind, std::int32_t position) {
  return position == none ? std::string()
                          : catalogue.terms(kind)[static_cast<std::size_t>(position)].name;
}

/// A filter whose names are known.
class Filter {
 public:
  Filter(const Catalogue& catalogue, const QueryFilter& stated) : min_samples_(stated.min_samples) {
    const auto settle = [&](const std::string& name, TermKind kind) {
      if (!name.empty()) terms_.emplace_back(kind, find_term(catalogue, kind, name));
    };
    settle(stated.type, TermKind::type);
    settle(stated.tissue, TermKind::tissue);
    settle(stated.disease, TermKind::disease);
    settle(stated.condition, TermKind::condition);
    if (!stated.set.empty()) set_ = find_set(catalogue, stated.set);
  }

  [[nodiscard]] bool passes(const CatalogueGroup& group) const {
    return passes_set(group.set) && group.n_samples >= min_samples_ &&
           std::all_of(terms_.begin(), terms_.end(),
                       [&](const auto& one) { return term_of(group, one.first) == one.second; });
  }
  [[nodiscard]] bool passes_set(std::int32_t set) const { return set_ == none || set == set_; }
  [[nodiscard]] bool passes_term(TermKind kind, std::int32_t position) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](const auto& one) {
      return one.first != kind || one.second == position;
    });
  }

 private:
  std::vector<std::pair<TermKind, std::int32_t>> terms_;
  std::int32_t set_ = none;
  Index min_samples_;
};

double log2rpm_of(const ProfileMirna& mirna, double z) {
  // As predictions are limited: there are no fewer than 0 reads.
  return std::isnan(mirna.mean) ? nan : std::max(0.0, mirna.mean + mirna.sd * z);
}

/// Mean, spread and ends of one number per data set.
struct Spread {
  Index n = 0;
  double mean = nan, sd = nan, low = nan, high = nan;
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  spread.n = static_cast<Index>(values.size());
  if (values.empty()) return spread;
  double sum = 0;
  for (const double value : values) sum += value;
  spread.mean = sum / static_cast<double>(values.size());
  spread.low = *std::min_element(values.begin(), values.end());
  spread.high = *std::max_element(values.begin(), values.end());
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.sd = std::sqrt(squares / static_cast<double>(values.size() - 1));
  return spread;
}

/// A sum that becomes a mean.
struct Mean {
  double sum = 0;
  Index n = 0;

  void add(double value) {
    sum += value;
    ++n;
  }
  [[nodiscard]] double value() const { return n == 0 ? nan : sum / static_cast<double>(n); }
};

std::int32_t comparable_of(const Catalogue& catalogue, std::int32_t set) {
  return catalogue.sets()[static_cast<std::size_t>(set)].comparable;
}

/// What is averaged under one name.
struct Ranked {
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
  std::map<std::pair<std::int32_t, std::int32_t>, Ranked> found;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    const std::int32_t name = by_set ? group.set : term_of(group, kind);
    if (!filter.passes(group) || std::isnan(values.mean[g]) || name == none) continue;
    Ranked& one = found[{comparable_of(catalogue, group.set), name}];
    one.by_set[group.set].add(static_cast<double>(values.mean[g]));
    ++one.n_groups;
    one.n_samples += group.n_samples;
    one.n_cells += group.n_cells;
  }
  struct Line {
    std::int32_t part, name;
    Spread spread;
    const Ranked* of;
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

std::vector<Field> marker_line(const Catalogue& catalogue, const CatalogueMarker& marker) {
  const ProfileMirna& mirna = catalogue.mirnas()[static_cast<std::size_t>(marker.mirna)];
  const auto number = [](float value) { return static_cast<double>(value); };
  return {catalogue.sets()[static_cast<std::size_t>(marker.set)].id,
          name_of(catalogue, TermKind::type, marker.type),
          mirna.name,
          mirna.mimat,
          std::int64_t{marker.rank},
          number(marker.z),
          number(marker.log2rpm),
          number(marker.expression),
          number(marker.p),
          number(marker.fdr),
          number(marker.tau),
          name_of(catalogue, TermKind::type, marker.rival),
          number(marker.rival_z),
          number(marker.probability),
          mirna.accuracy.within_cohort};
}

std::vector<std::string> marker_columns() {
  return {"set", "type", "mirna", "mimat", "rank",    "z",           "log2rpm", "expression",
          "p",   "fdr",  "tau",   "rival", "rival_z", "probability", "accuracy"};
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
    if (!filter.passes_set(marker.set) || !filter.passes_term(TermKind::type, marker.type)) {
      continue;
    }
    std::vector<Field> line = marker_line(catalogue, marker);
    line.insert(line.begin(), std::int64_t{comparable_of(catalogue, marker.set)});
    answer.lines.push_back(std::move(line));
  }
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

constexpr const char* what_z_is =
    "z-scores are of log2(RPM + 1) over the training samples; groups of data sets with scale "
    "'dataset' are relative to the other groups of their data set";

void say_scale(Answer& answer, const Catalogue& catalogue) {
  for (const CatalogueSet& set : catalogue.sets()) {
    if (set.scale != "dataset") continue;
    answer.notes.emplace_back(what_z_is);
    return;
  }
}

/// Mean z of each miRNA over the groups of one data set that pass.
struct SetMeans {
  std::vector<double> sums;
  std::vector<Index> counts;

  void add(const std::vector<float>& means) {
    sums.resize(means.size(), 0);
    counts.resize(means.size(), 0);
    for (std::size_t m = 0; m < means.size(); ++m) {
      if (std::isnan(means[m])) continue;
      sums[m] += static_cast<double>(means[m]);
      ++counts[m];
    }
  }
  [[nodiscard]] double mean(std::size_t mirna) const {
    return mirna < counts.size() && counts[mirna] > 0
               ? sums[mirna] / static_cast<double>(counts[mirna])
               : nan;
  }
};

std::map<std::int32_t, SetMeans> means_by_set(const Catalogue& catalogue, TermKind kind,
                                              std::int32_t term, const Filter& filter) {
  std::map<std::int32_t, SetMeans> found;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    if (term_of(group, kind) != term || !filter.passes(group)) continue;
    found[group.set].add(catalogue.of_group(static_cast<Index>(g)).mean);
  }
  return found;
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
    if (!settled.passes_set(set)) continue;
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
        "no data set has markers of this type: it stands beside no other type, "
        "or below the floor");
  }
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
    std::vector<std::int32_t> both;
    for (const auto& [set, means] : of_first) {
      if (comparable_of(catalogue, set) == part && of_second.contains(set)) both.push_back(set);
    }
    const bool is_within = !both.empty();
    std::vector<Line> lines;
    for (std::size_t m = 0; m < catalogue.mirnas().size(); ++m) {
      std::vector<double> differences;
      Mean a;
      Mean b;
      if (is_within) {
        for (const std::int32_t set : both) {
          const double x = of_first.at(set).mean(m);
          const double y = of_second.at(set).mean(m);
          if (std::isnan(x) || std::isnan(y)) continue;
          differences.push_back(x - y);
          a.add(x);
          b.add(y);
        }
      } else {
        const auto add = [&](const std::map<std::int32_t, SetMeans>& of, Mean& mean) {
          for (const auto& [set, means] : of) {
            const double value = means.mean(m);
            if (comparable_of(catalogue, set) == part && !std::isnan(value)) mean.add(value);
          }
        };
        add(of_first, a);
        add(of_second, b);
        if (a.n > 0 && b.n > 0) differences.push_back(a.value() - b.value());
      }
      if (differences.empty()) continue;
      Spread spread = spread_of(differences);
      if (!is_within) spread.low = spread.high = nan;
      lines.push_back(
          {m, spread, a.value(), b.value(), is_within, is_within ? spread.n : a.n + b.n});
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
    if (!settled.passes_set(set) || !settled.passes_term(TermKind::type, edge.type)) continue;
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
  return answer;
}

namespace {

/// The reference of the contrasts of a condition, if there is but one.
std::int32_t only_reference(const Catalogue& catalogue, std::int32_t condition,
                            const std::string& name) {
  std::set<std::int32_t> references;
  for (const CatalogueContrast& one : catalogue.contrasts()) {
    if (one.condition == condition) references.insert(one.reference);
  }
  if (references.size() == 1) return *references.begin();
  if (references.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("no data set compares '{}' with a reference: that takes 3 samples or "
                            "more of either in one cell type.",
                            name));
  }
  std::vector<std::string> names;
  names.reserve(references.size());
  for (const std::int32_t one : references) {
    names.push_back(name_of(catalogue, TermKind::condition, one));
  }
  throw Error(ExitCode::usage,
              fmt::format("'{}' is compared with several references ('{}'); say which one.", name,
                          joined(names, "', '")));
}

/// Contrasts of one type that can be joined: positions in Catalogue::contrasts().
using Joinable = std::map<std::pair<std::int32_t, std::int32_t>, std::vector<std::size_t>>;

struct Test {
  std::int32_t part, type;
  std::size_t mirna;
  statistics::MetaAnalysis meta;
  Index n_positive = 0;
};

void note_shared_donors(const Catalogue& catalogue, const std::set<std::int32_t>& used,
                        Answer& answer) {
  Index n = 0;
  for (const auto& [donor, sets] : catalogue.shared_donors()) {
    const auto n_used = std::count_if(sets.begin(), sets.end(),
                                      [&](std::int32_t set) { return used.contains(set); });
    if (n_used > 1) ++n;
  }
  if (n == 0) return;
  answer.notes.push_back(fmt::format(
      "{} donors have the same name in several of these data sets; if they are the same persons, "
      "the data sets are not independent and p is too small",
      n));
}

}  // namespace

Answer biomarkers(const Catalogue& catalogue, const std::string& condition,
                  const std::string& reference, const QueryFilter& filter) {
  const std::int32_t wanted = find_term(catalogue, TermKind::condition, condition);
  const std::int32_t against = reference.empty()
                                   ? only_reference(catalogue, wanted, condition)
                                   : find_term(catalogue, TermKind::condition, reference);
  const Filter settled(catalogue, filter);
  Joinable joinable;
  for (std::size_t i = 0; i < catalogue.contrasts().size(); ++i) {
    const CatalogueContrast& one = catalogue.contrasts()[i];
    if (one.condition != wanted || one.reference != against || !settled.passes_set(one.set) ||
        !settled.passes_term(TermKind::type, one.type)) {
      continue;
    }
    joinable[{comparable_of(catalogue, one.set), one.type}].push_back(i);
  }
  Answer answer;
  answer.about = {{"condition", name_of(catalogue, TermKind::condition, wanted)},
                  {"reference", name_of(catalogue, TermKind::condition, against)}};
  std::vector<Test> tests;
  std::set<std::int32_t> used;
  std::vector<std::string> single;
  for (const auto& [key, contrasts] : joinable) {
    if (contrasts.size() < 2) {
      single.push_back(name_of(catalogue, TermKind::type, key.second));
      continue;
    }
    std::vector<ContrastValues> values;
    for (const std::size_t i : contrasts) {
      values.push_back(catalogue.of_contrast(static_cast<Index>(i)));
      used.insert(catalogue.contrasts()[i].set);
    }
    for (std::size_t m = 0; m < catalogue.mirnas().size(); ++m) {
      std::vector<double> effects;
      std::vector<double> variances;
      for (const ContrastValues& one : values) {
        const auto effect = static_cast<double>(one.effect[m]);
        const auto error = static_cast<double>(one.error[m]);
        if (!std::isfinite(effect) || !(error > 0)) continue;
        effects.push_back(effect);
        variances.push_back(error * error);
      }
      if (effects.size() < 2) continue;
      Test test = {key.first, key.second, m, statistics::random_effects(effects, variances), 0};
      test.n_positive =
          std::count_if(effects.begin(), effects.end(), [](double effect) { return effect > 0; });
      tests.push_back(test);
    }
  }
  std::vector<double> p;
  p.reserve(tests.size());
  for (const Test& test : tests) p.push_back(test.meta.p);
  const std::vector<double> fdr = statistics::benjamini_hochberg(p);
  std::vector<std::size_t> order(tests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (tests[a].part != tests[b].part) return tests[a].part < tests[b].part;
    return p[a] < p[b];
  });
  answer.columns = {"comparable",    "rank",           "type",    "mirna",     "mimat",
                    "effect_z",      "error",          "low",     "high",      "p",
                    "fdr",           "tau2",           "tau2_dl", "effect_dl", "i2",
                    "predicted_low", "predicted_high", "n_sets",  "n_sets_up", "log2rpm",
                    "accuracy"};
  std::map<std::int32_t, std::int64_t> ranks;
  for (const std::size_t i : order) {
    const Test& test = tests[i];
    const statistics::MetaAnalysis& meta = test.meta;
    const ProfileMirna& mirna = catalogue.mirnas()[test.mirna];
    answer.lines.push_back({std::int64_t{test.part},
                            ++ranks[test.part],
                            name_of(catalogue, TermKind::type, test.type),
                            mirna.name,
                            mirna.mimat,
                            meta.effect,
                            meta.error,
                            meta.low,
                            meta.high,
                            meta.p,
                            fdr[i],
                            meta.tau2,
                            meta.tau2_dl,
                            meta.effect_dl,
                            meta.i2,
                            meta.predicted_low,
                            meta.predicted_high,
                            std::int64_t{meta.n_studies},
                            std::int64_t{test.n_positive},
                            meta.effect * mirna.sd,
                            mirna.accuracy.within_cohort});
  }
  if (!single.empty()) {
    answer.notes.push_back(
        fmt::format("in one data set alone, and left out: {}", joined(single, ", ")));
  }
  note_shared_donors(catalogue, used, answer);
  answer.notes.push_back(
      fmt::format("random effects (Paule-Mandel, Hartung-Knapp with a factor of at least 1) over "
                  "data sets of 3 "
                  "samples or more a side; false discovery rate over {} tests",
                  tests.size()));
  return answer;
}

namespace {

std::string fact(const Profiles& profiles, std::string_view key) {
  for (const auto& [name, value] : profiles.facts) {
    if (name == key) return value.substr(0, value.find(' '));
  }
  return {};
}

/// Pearson's, over the positions where both are numbers; NaN: fewer than 3, or no spread.
double correlation(const std::vector<double>& a, const std::vector<float>& b) {
  double n = 0, sum_a = 0, sum_b = 0;
  const auto is_known = [&](std::size_t i) { return !std::isnan(a[i]) && !std::isnan(b[i]); };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_known(i)) continue;
    n += 1;
    sum_a += a[i];
    sum_b += static_cast<double>(b[i]);
  }
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!is_known(i)) continue;
    const double x = a[i] - sum_a / n;
    const double y = static_cast<double>(b[i]) - sum_b / n;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return n >= 3 && aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : nan;
}

/// Per group of the profiles: mean z of the catalogue's miRNAs; NaN: the profiles lack it.
std::map<std::string, std::vector<double>> means_of(const Profiles& profiles,
                                                    const Catalogue& catalogue) {
  std::map<std::string, Index> rows;
  for (std::size_t m = 0; m < profiles.mirnas.size(); ++m) {
    rows[profiles.mirnas[m].name] = static_cast<Index>(m);
  }
  std::map<std::string, std::vector<Index>> members;
  for (Index i = 0; i < profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[static_cast<std::size_t>(i)];
    if (!profile.below_floor) members[profile.group].push_back(i);
  }
  std::map<std::string, std::vector<double>> means;
  for (const auto& [group, columns] : members) {
    std::vector<double>& list = means[group];
    for (const ProfileMirna& mirna : catalogue.mirnas()) {
      const auto row = rows.find(mirna.name);
      Mean mean;
      for (const Index column : columns) {
        if (row != rows.end()) mean.add(static_cast<double>(profiles.z(row->second, column)));
      }
      list.push_back(mean.value());
    }
  }
  return means;
}

}  // namespace

Answer nearest_groups(const Catalogue& catalogue, const Profiles& profiles, const std::string& path,
                      const QueryFilter& filter) {
  const std::string model = fact(profiles, "model_checksum");
  const std::string scale = fact(profiles, "scale");
  std::vector<bool> is_comparable;
  for (const CatalogueSet& set : catalogue.sets()) {
    is_comparable.push_back(set.model == model && set.scale == scale);
  }
  if (std::none_of(is_comparable.begin(), is_comparable.end(), [](bool is) { return is; })) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: was predicted by the model {} on the scale '{}', but no data set "
                            "of the atlas was (the first, {}: model {}, scale '{}'). Make the "
                            "profiles anew with that model and scale.",
                            path, model, scale, catalogue.sets().front().id,
                            catalogue.sets().front().model, catalogue.sets().front().scale));
  }
  const Filter settled(catalogue, filter);
  const auto means = means_of(profiles, catalogue);
  struct Line {
    std::string group;
    std::size_t of;
    double correlation;
  };
  std::vector<Line> lines;
  for (std::size_t g = 0; g < catalogue.groups().size(); ++g) {
    const CatalogueGroup& group = catalogue.groups()[g];
    if (!is_comparable[static_cast<std::size_t>(group.set)] || !settled.passes(group)) continue;
    const MeanAndSpread values = catalogue.of_group(static_cast<Index>(g));
    for (const auto& [name, list] : means) {
      const double r = correlation(list, values.mean);
      if (!std::isnan(r)) lines.push_back({name, g, r});
    }
  }
  std::stable_sort(lines.begin(), lines.end(), [](const Line& a, const Line& b) {
    return a.group != b.group ? a.group < b.group : a.correlation > b.correlation;
  });
  Answer answer;
  answer.columns = {"group",  "rank",    "type",      "type_id",   "correlation", "set",
                    "tissue", "disease", "condition", "n_samples", "n_cells"};
  answer.about = {{"like", path}};
  std::map<std::string, std::int64_t> ranks;
  for (const Line& line : lines) {
    const CatalogueGroup& group = catalogue.groups()[line.of];
    const Term& type = catalogue.terms(TermKind::type)[static_cast<std::size_t>(group.type)];
    answer.lines.push_back({line.group, ++ranks[line.group], type.name, type.ontology,
                            line.correlation,
                            catalogue.sets()[static_cast<std::size_t>(group.set)].id,
                            name_of(catalogue, TermKind::tissue, group.tissue),
                            name_of(catalogue, TermKind::disease, group.disease),
                            name_of(catalogue, TermKind::condition, group.condition),
                            std::int64_t{group.n_samples}, std::int64_t{group.n_cells}});
  }
  say_scale(answer, catalogue);
  return answer;
}

void keep_first(Answer& answer, Index n) {
  if (n <= 0 || answer.columns.empty()) return;
  // A part ends where the column in front changes; answers about one data set have no parts.
  const bool has_parts =
      answer.columns.front() == "comparable" || answer.columns.front() == "group";
  std::vector<std::vector<Field>> kept;
  Index in_part = 0;
  for (std::vector<Field>& line : answer.lines) {
    const bool is_new = !kept.empty() && has_parts && kept.back().front() != line.front();
    in_part = is_new ? 0 : in_part;
    if (in_part++ < n) kept.push_back(std::move(line));
  }
  answer.lines = std::move(kept);
}

}  // namespace sicmir::atlas
