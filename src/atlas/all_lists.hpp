// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the data sets of an atlas name, joined and numbered.

#include <array>
#include <map>
#include <string>
#include <vector>

#include "atlas/catalogue.hpp"

namespace sicmir::atlas {

/// A finished data set before its summary is read.
struct FoundSet {
  DataSet set;
  std::string seal;
  std::int32_t comparable = 0;
};

/// Terms of all sets, each kind sorted by name, and where each stands.
struct AllTerms {
  std::array<std::vector<Term>, term_words.entries.size()> terms;
  std::array<std::map<std::string, std::int32_t>, term_words.entries.size()> positions;

  /// Positions of a set's terms.
  [[nodiscard]] std::vector<std::int32_t> of(TermKind kind, const std::vector<Term>& local) const;
};

/// Warns of ontology ids that differ between sets.
[[nodiscard]] AllTerms all_terms(const std::vector<FoundSet>& sets);

/// miRNAs of all sets: those of the first, then those of others that it does not have.
class AllMirnas {
 public:
  /// Positions of a set's miRNAs.
  std::vector<std::int32_t> add(const std::vector<ProfileMirna>& local);
  [[nodiscard]] const std::vector<ProfileMirna>& all() const { return all_; }

 private:
  std::vector<ProfileMirna> all_;
  std::map<std::string, std::int32_t> positions_;
};

}  // namespace sicmir::atlas
