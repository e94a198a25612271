// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "atlas/query.hpp"
#include "atlas/query_parts.hpp"
#include "base/joined.hpp"
#include "parallel/thread_pool.hpp"
#include "sicmir/error.hpp"
#include "statistics/meta_analysis.hpp"
#include "statistics/multiple_testing.hpp"

namespace sicmir::atlas {
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
  std::int32_t part = 0, type = 0;
  std::size_t mirna = 0;
  statistics::MetaAnalysis meta;
  Index n_positive = 0;
};

struct Place {
  std::int32_t part;
  double p;
  std::size_t at;
};

/// All tests, in the order of the answer.
struct Ranked {
  Catalogue catalogue;
  std::vector<Test> tests;
  std::vector<double> fdr;
  std::vector<Place> order;

  /// `rank` counts from 0, from the place `first` on.
  [[nodiscard]] Lines::Line line(std::size_t first, std::size_t rank) const {
    const std::size_t at = order[first + rank].at;
    const Test& test = tests[at];
    const statistics::MetaAnalysis& meta = test.meta;
    const ProfileMirna& mirna = catalogue.mirnas()[test.mirna];
    return line_with(std::int64_t{test.part}, static_cast<std::int64_t>(rank) + 1,
                     name_of(catalogue, TermKind::type, test.type), mirna.name, mirna.mimat,
                     meta.effect, meta.error, meta.low, meta.high, meta.p, fdr[at], meta.tau2,
                     meta.tau2_dl, meta.effect_dl, meta.i2, meta.predicted_low, meta.predicted_high,
                     std::int64_t{meta.n_studies}, std::int64_t{test.n_positive},
                     meta.effect * mirna.sd, mirna.accuracy.within_cohort);
  }
};

/// The tests of one cell type: of each miRNA with two data sets or more.
void add_tests(const std::vector<ContrastValues>& values, std::int32_t part, std::int32_t type,
               ThreadPool& pool, std::vector<Test>& tests) {
  const std::size_t n_mirnas = values.front().effect.size();
  std::vector<Test> own(n_mirnas);
  constexpr std::size_t per_task = 64;
  pool.run(static_cast<Index>((n_mirnas + per_task - 1) / per_task), [&](Index task, int) {
    statistics::RandomEffects random_effects;
    std::vector<double> effects;
    std::vector<double> variances;
    const std::size_t first = static_cast<std::size_t>(task) * per_task;
    for (std::size_t m = first; m < std::min(first + per_task, n_mirnas); ++m) {
      effects.clear();
      variances.clear();
      for (const ContrastValues& one : values) {
        const auto effect = static_cast<double>(one.effect[m]);
        const auto error = static_cast<double>(one.error[m]);
        if (!std::isfinite(effect) || !(error > 0)) continue;
        effects.push_back(effect);
        variances.push_back(error * error);
      }
      if (effects.size() < 2) continue;
      own[m] = {part, type, m, random_effects(effects, variances), 0};
      own[m].n_positive =
          std::count_if(effects.begin(), effects.end(), [](double effect) { return effect > 0; });
    }
  });
  for (const Test& test : own) {
    if (test.meta.n_studies >= 2) tests.push_back(test);
  }
}

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
                  const std::string& reference, const QueryFilter& filter, int threads) {
  const std::int32_t wanted = find_term(catalogue, TermKind::condition, condition);
  const std::int32_t against = reference.empty()
                                   ? only_reference(catalogue, wanted, condition)
                                   : find_term(catalogue, TermKind::condition, reference);
  const Filter settled(catalogue, filter);
  Joinable joinable;
  for (std::size_t i = 0; i < catalogue.contrasts().size(); ++i) {
    const CatalogueContrast& one = catalogue.contrasts()[i];
    if (one.condition != wanted || one.reference != against ||
        !settled.passes_part(one.set, one.type)) {
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
  ThreadPool pool(std::max(1, threads));
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
    add_tests(values, key.first, key.second, pool, tests);
  }
  std::vector<double> p;
  p.reserve(tests.size());
  for (const Test& test : tests) p.push_back(test.meta.p);
  const std::vector<double> fdr = statistics::benjamini_hochberg(p);
  std::vector<Place> order(tests.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = {tests[i].part, p[i], i};
  std::sort(order.begin(), order.end(), [](const Place& a, const Place& b) {
    return std::tie(a.part, a.p, a.at) < std::tie(b.part, b.p, b.at);
  });
  answer.columns = {"comparable",    "rank",           "type",    "mirna",     "mimat",
                    "effect_z",      "error",          "low",     "high",      "p",
                    "fdr",           "tau2",           "tau2_dl", "effect_dl", "i2",
                    "predicted_low", "predicted_high", "n_sets",  "n_sets_up", "log2rpm",
                    "accuracy"};
  const auto ranked =
      std::make_shared<const Ranked>(Ranked{catalogue, std::move(tests), fdr, std::move(order)});
  for (std::size_t first = 0; first < ranked->order.size();) {
    std::size_t end = first;
    const std::int32_t part = ranked->order[first].part;
    while (end < ranked->order.size() && ranked->order[end].part == part) ++end;
    answer.lines.add(end - first,
                     [ranked, first](std::size_t rank) { return ranked->line(first, rank); });
    first = end;
  }
  if (!single.empty()) {
    answer.notes.push_back(
        fmt::format("in one data set alone, and left out: {}", joined(single, ", ")));
  }
  note_shared_donors(catalogue, used, answer);
  say_whole_sets(answer, settled, "contrasts");
  answer.notes.push_back(
      fmt::format("random effects (Paule-Mandel, Hartung-Knapp with a factor of at least 1) over "
                  "data sets of 3 "
                  "samples or more a side; false discovery rate over {} tests",
                  fdr.size()));
  return answer;
}

}  // namespace sicmir::atlas
