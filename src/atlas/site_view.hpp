// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What of a catalogue is public, numbered anew without gaps.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "atlas/catalogue.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// Terms of one kind that public sets have.
struct SiteTerms {
  std::vector<Index> of;               ///< positions in the catalogue
  std::vector<std::int32_t> position;  ///< per term of the catalogue: position here, or `none`
  std::vector<std::string> name, term;
  std::vector<std::string> key;  ///< in addresses: the ontology's id if it is this term's alone

  [[nodiscard]] Index size() const { return static_cast<Index>(of.size()); }
  [[nodiscard]] std::int32_t here(std::int32_t in_catalogue) const {
    return in_catalogue < 0 ? none : position[static_cast<std::size_t>(in_catalogue)];
  }
};

/// Markers of public sets; set, type and rival are positions of the site.
using SiteMarkers = std::vector<CatalogueMarker>;

struct SiteView {
  /// `chosen`: positions of miRNAs in the catalogue, rising; empty: all.
  explicit SiteView(const Catalogue& from, std::vector<Index> chosen = {});

  const Catalogue& catalogue;
  std::vector<Index> sets;                 ///< positions in the catalogue
  std::vector<std::int32_t> set_position;  ///< per set of the catalogue
  std::vector<Index> groups;               ///< positions in the catalogue, by set
  std::vector<Index> first_group;          ///< per set, and the end: positions in `groups`
  std::array<SiteTerms, 4> terms;          ///< by TermKind
  std::vector<std::int32_t> comparable;    ///< per set: from 0 without gaps
  std::vector<ProfileMirna> mirnas;
  std::vector<Index> mirna_of;               ///< positions in the catalogue, rising
  std::vector<std::int32_t> mirna_position;  ///< per miRNA of the catalogue: position here, or none

  [[nodiscard]] const SiteTerms& of(TermKind kind) const {
    return terms[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const CatalogueGroup& group(Index g) const {
    return catalogue.groups()[static_cast<std::size_t>(groups[static_cast<std::size_t>(g)])];
  }
  [[nodiscard]] const CatalogueSet& set(Index s) const {
    return catalogue.sets()[static_cast<std::size_t>(sets[static_cast<std::size_t>(s)])];
  }
  [[nodiscard]] Index n_sets() const { return static_cast<Index>(sets.size()); }
  [[nodiscard]] Index n_groups() const { return static_cast<Index>(groups.size()); }
  [[nodiscard]] Index n_mirnas() const { return static_cast<Index>(mirnas.size()); }
  [[nodiscard]] std::int32_t mirna_here(std::int32_t in_catalogue) const {
    return mirna_position[static_cast<std::size_t>(in_catalogue)];
  }
  /// Of one value per miRNA of the catalogue, those that are here.
  [[nodiscard]] std::vector<float> of_mirnas(const std::vector<float>& values) const;

  /// Leaves out the markers of sets and miRNAs that are not here and numbers the others anew.
  [[nodiscard]] SiteMarkers here(std::vector<CatalogueMarker> markers) const;
};

}  // namespace sicmir::atlas
