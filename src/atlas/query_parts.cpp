// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/query_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "base/suggest.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

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

constexpr const char* what_z_is =
    "z-scores are of log2(RPM + 1) over the training samples; groups of data sets with scale "
    "'dataset' are relative to the other groups of their data set";

}  // namespace

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

std::string name_of(const Catalogue& catalogue, TermKind kind, std::int32_t position) {
  return position == none ? std::string()
                          : catalogue.terms(kind)[static_cast<std::size_t>(position)].name;
}

std::int32_t comparable_of(const Catalogue& catalogue, std::int32_t set) {
  return catalogue.sets()[static_cast<std::size_t>(set)].comparable;
}

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

std::vector<std::string> marker_columns() {
  return {"set", "type", "mirna", "mimat", "rank",    "z",           "log2rpm", "expression",
          "p",   "fdr",  "tau",   "rival", "rival_z", "probability", "accuracy"};
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

void say_whole_sets(Answer& answer, const Filter& filter, const std::string& what) {
  if (!filter.narrows()) return;
  answer.notes.push_back(fmt::format(
      "{} are of whole data sets: of those in which a group of the type fits, with all other "
      "groups of the type in them",
      what));
}

void say_scale(Answer& answer, const Catalogue& catalogue) {
  for (const CatalogueSet& set : catalogue.sets()) {
    if (set.scale != "dataset") continue;
    answer.notes.emplace_back(what_z_is);
    return;
  }
}

void keep_first(Answer& answer, Index n) {
  if (n <= 0 || answer.columns.empty()) return;
  // A part ends where the column in front changes; answers about one data set have no parts.
  const bool has_parts =
      answer.columns.front() == "comparable" || answer.columns.front() == "group";
  Index in_part = 0;
  std::optional<Field> part;
  answer.lines.keep_first(static_cast<std::size_t>(n), [&](const Lines::Line& line) {
    if (has_parts && part && *part != line.front()) in_part = 0;
    part = line.front();
    return in_part++ < n;
  });
}

}  // namespace sicmir::atlas
