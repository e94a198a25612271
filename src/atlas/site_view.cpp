// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/site_view.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace sicmir::atlas {

namespace {

SiteTerms used_terms(const SiteView& view, TermKind kind) {
  const std::vector<Term>& all = view.catalogue.terms(kind);
  std::vector<bool> used(all.size());
  for (Index g = 0; g < view.n_groups(); ++g) {
    const std::int32_t term = term_of(view.group(g), kind);
    if (term >= 0) used[static_cast<std::size_t>(term)] = true;
  }
  SiteTerms result;
  result.position.assign(all.size(), none);
  std::map<std::string, int> names, ids;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!used[i]) continue;
    result.position[i] = static_cast<std::int32_t>(result.of.size());
    result.of.push_back(static_cast<Index>(i));
    result.name.push_back(all[i].name);
    result.term.push_back(all[i].ontology);
    ++names[all[i].name];
    ++ids[all[i].ontology];
  }
  for (std::size_t i = 0; i < result.of.size(); ++i) {
    const std::string& name = result.name[i];
    const std::string& id = result.term[i];
    if (!id.empty() && ids[id] == 1) {
      result.key.push_back(id);
    } else if (names[name] == 1 && !ids.contains(name)) {
      result.key.push_back(name);
    } else {
      result.key.push_back(fmt::format("{} [{}]", name, id));
    }
  }
  return result;
}

}  // namespace

SiteView::SiteView(const Catalogue& from, std::vector<Index> chosen)
    : catalogue(from), mirna_of(std::move(chosen)) {
  if (mirna_of.empty()) {
    for (std::size_t m = 0; m < from.mirnas().size(); ++m) {
      mirna_of.push_back(static_cast<Index>(m));
    }
  }
  mirna_position.assign(from.mirnas().size(), none);
  for (const Index m : mirna_of) {
    mirna_position[static_cast<std::size_t>(m)] = static_cast<std::int32_t>(mirnas.size());
    mirnas.push_back(from.mirnas()[static_cast<std::size_t>(m)]);
  }
  set_position.assign(from.sets().size(), none);
  std::map<std::int32_t, std::int32_t> kinds;
  for (std::size_t s = 0; s < from.sets().size(); ++s) {
    if (from.sets()[s].is_public == PublicPart::no) continue;
    set_position[s] = static_cast<std::int32_t>(sets.size());
    sets.push_back(static_cast<Index>(s));
    kinds.emplace(from.sets()[s].comparable, 0);
  }
  std::int32_t n = 0;
  for (auto& [kind, number] : kinds) number = n++;
  for (const Index s : sets) {
    comparable.push_back(kinds.at(from.sets()[static_cast<std::size_t>(s)].comparable));
  }
  for (std::size_t g = 0; g < from.groups().size(); ++g) {
    const std::int32_t here = set_position[static_cast<std::size_t>(from.groups()[g].set)];
    if (here < 0) continue;
    while (static_cast<std::int32_t>(first_group.size()) <= here) {
      first_group.push_back(static_cast<Index>(groups.size()));
    }
    groups.push_back(static_cast<Index>(g));
  }
  while (first_group.size() <= sets.size()) {
    first_group.push_back(static_cast<Index>(groups.size()));
  }
  for (const TermKind kind :
       {TermKind::type, TermKind::tissue, TermKind::disease, TermKind::condition}) {
    terms[static_cast<std::size_t>(kind)] = used_terms(*this, kind);
  }
}

std::vector<float> SiteView::of_mirnas(const std::vector<float>& values) const {
  std::vector<float> result;
  result.reserve(mirna_of.size());
  for (const Index m : mirna_of) result.push_back(values[static_cast<std::size_t>(m)]);
  return result;
}

SiteMarkers SiteView::here(std::vector<CatalogueMarker> markers) const {
  SiteMarkers result;
  result.reserve(markers.size());
  for (CatalogueMarker& marker : markers) {
    marker.set = set_position[static_cast<std::size_t>(marker.set)];
    marker.type = of(TermKind::type).here(marker.type);
    marker.rival = of(TermKind::type).here(marker.rival);
    marker.mirna = mirna_here(marker.mirna);
    if (marker.set >= 0 && marker.type >= 0 && marker.mirna >= 0) result.push_back(marker);
  }
  return result;
}

}  // namespace sicmir::atlas
