// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/all_lists.hpp"

#include <limits>

#include "base/log.hpp"

namespace sicmir::atlas {
namespace {

/// Figures of several models are nobody's.
void join(ProfileMirna& kept, const ProfileMirna& other) {
  const auto settle = [](double& value, double with) {
    if (value != with) value = std::numeric_limits<double>::quiet_NaN();
  };
  settle(kept.mean, other.mean);
  settle(kept.sd, other.sd);
  settle(kept.accuracy.within_cohort, other.accuracy.within_cohort);
  settle(kept.accuracy.pooled, other.accuracy.pooled);
  settle(kept.accuracy.leave_cohort_out, other.accuracy.leave_cohort_out);
  if (kept.accuracy.n != other.accuracy.n) kept.accuracy.n = 0;
  if (kept.target != other.target) kept.target.clear();
}

}  // namespace

std::vector<std::int32_t> AllTerms::of(TermKind kind, const std::vector<Term>& local) const {
  std::vector<std::int32_t> found;
  found.reserve(local.size());
  for (const Term& term : local) {
    found.push_back(positions.at(static_cast<std::size_t>(kind)).at(term.name));
  }
  return found;
}

AllTerms all_terms(const std::vector<FoundSet>& sets) {
  AllTerms all;
  for (const auto& [word, kind] : term_words.entries) {
    const auto k = static_cast<std::size_t>(kind);
    std::map<std::string, std::string> ids;
    for (const FoundSet& one : sets) {
      for (const Term& term : terms_of(one.set, kind)) {
        std::string& id = ids[term.name];
        if (id.empty()) {
          id = term.ontology;
        } else if (!term.ontology.empty() && term.ontology != id) {
          log_warning("{} '{}' is {} in other data sets, but {} in {}; {} is kept", word, term.name,
                      id, term.ontology, one.set.id, id);
        }
      }
    }
    for (const auto& [name, id] : ids) {
      all.positions.at(k)[name] = static_cast<std::int32_t>(all.terms.at(k).size());
      all.terms.at(k).push_back({name, id});
    }
  }
  return all;
}

std::vector<std::int32_t> AllMirnas::add(const std::vector<ProfileMirna>& local) {
  std::vector<std::int32_t> found;
  found.reserve(local.size());
  for (const ProfileMirna& mirna : local) {
    const auto [entry, is_new] =
        positions_.try_emplace(mirna.name, static_cast<std::int32_t>(all_.size()));
    found.push_back(entry->second);
    if (is_new) {
      all_.push_back(mirna);
    } else {
      join(all_[static_cast<std::size_t>(entry->second)], mirna);
    }
  }
  return found;
}

}  // namespace sicmir::atlas
