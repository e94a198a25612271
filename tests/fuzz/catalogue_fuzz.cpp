// SPDX-License-Identifier: BSD-3-Clause
/// Catalogues of atlases: all that is read, and every question.
#include <functional>

#include "atlas/catalogue.hpp"
#include "atlas/query.hpp"
#include "fuzz/fuzz_target.hpp"
#include "sicmir/error.hpp"

namespace sicmir::fuzz {
namespace {

/// A question that is refused says nothing of the next.
void ask(const std::function<void()>& question) {
  try {
    question();
  } catch (const Error&) {
  }
}

}  // namespace

void fuzz_one(std::string_view bytes) {
  const atlas::Catalogue all = atlas::Catalogue::open(folder().put("catalogue.sqlite", bytes));
  const auto n_mirnas = static_cast<Index>(all.mirnas().size());
  const auto n_types = static_cast<Index>(all.terms(atlas::TermKind::type).size());
  for (Index m = 0; m < n_mirnas; ++m) {
    const std::string& name = all.mirnas()[static_cast<std::size_t>(m)].name;
    for (const auto& [word, by] : atlas::rank_words.entries) {
      ask([&, by = by] { static_cast<void>(atlas::rank_types(all, name, by, {})); });
    }
  }
  for (Index t = 0; t < n_types; ++t) {
    const std::string& name = all.terms(atlas::TermKind::type)[static_cast<std::size_t>(t)].name;
    ask([&] { static_cast<void>(atlas::markers_of(all, name, {})); });
    ask([&] {
      static_cast<void>(atlas::compare_terms(all, atlas::TermKind::type, name,
                                             all.terms(atlas::TermKind::type).front().name, {}));
    });
  }
  for (const atlas::Term& term : all.terms(atlas::TermKind::condition)) {
    ask([&] { static_cast<void>(atlas::biomarkers(all, term.name, "", {})); });
  }
  ask([&] { static_cast<void>(atlas::mirnas_of_target(all, "PTEN", {})); });
  ask([&] {
    for (std::size_t s = 0; s < all.sets().size(); ++s) {
      static_cast<void>(all.triples(static_cast<Index>(s)));
    }
  });
  ask([&] { static_cast<void>(all.shared_donors()); });
}

}  // namespace sicmir::fuzz
