// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The catalogue of an atlas, read: data/catalogue.sqlite (schema: docs/atlas-format.md). `query`
/// and the site see data sets through it alone.

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/profiles.hpp"
#include "atlas/data_set.hpp"
#include "atlas/summary.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// Kinds of terms, each numbered for itself over the whole atlas.
enum class TermKind : std::uint8_t { type, tissue, disease, condition };
inline constexpr EnumWords<TermKind, 4> term_words = {{{{"type", TermKind::type},
                                                        {"tissue", TermKind::tissue},
                                                        {"disease", TermKind::disease},
                                                        {"condition", TermKind::condition}}}};

/// The term of a kind that a group has, or `none`.
[[nodiscard]] inline std::int32_t term_of(const Group& group, TermKind kind) {
  constexpr std::array terms = {&Group::type, &Group::tissue, &Group::disease, &Group::condition};
  return group.*terms.at(static_cast<std::size_t>(kind));
}

/// The terms of a kind that a data set has.
[[nodiscard]] inline const std::vector<Term>& terms_of(const DataSet& set, TermKind kind) {
  constexpr std::array lists = {&DataSet::types, &DataSet::tissues, &DataSet::diseases,
                                &DataSet::conditions};
  return set.*lists.at(static_cast<std::size_t>(kind));
}

/// A data set, as the catalogue has it. Positions of Sample point to Catalogue::terms().
struct CatalogueSet {
  std::string id, title, citation, url;
  PublicPart is_public = PublicPart::summary;
  /// Data sets of one number may be compared with each other; from 0. All have 0 unless the index
  /// was made with sets mixed.
  std::int32_t comparable = 0;
  Index n_cells = 0;
  Index n_samples = 0;
  Index n_donors = 0;  ///< 0: not known
  std::string reference_condition;
  std::string scale;  ///< "dataset" or "reference"
  std::string model;  ///< checksum; likewise its name
  std::string model_name;
  std::string version;  ///< of the program that added it
  std::string input;    ///< private: path
  std::string input_checksum;
  std::string seal;  ///< checksum of its checksums.json
};

/// A group of a data set; its terms are positions in Catalogue::terms() of each kind.
struct CatalogueGroup : Group {
  std::int32_t set = 0;  ///< position in Catalogue::sets()
};

/// Per miRNA of a group, or per group of a miRNA. float16 in the file.
struct MeanAndSpread {
  std::vector<float> mean;  ///< z-score; NaN: no profile at or above the floor
  std::vector<float> sd;    ///< over samples; NaN below 2
};

/// A marker of one type in one set. Positions of `type` and `rival`: Catalogue::terms().
struct CatalogueMarker : MarkerValue {
  std::int32_t set = 0;
  std::int32_t type = 0;
  std::int32_t rank = 0;  ///< among the miRNAs of this type and set, from 1
};

/// A contrast without its values; positions: Catalogue::terms().
struct CatalogueContrast {
  std::int32_t set = 0, type = 0, condition = 0, reference = 0;
  Index n_condition = 0, n_reference = 0;
};

/// Of a contrast, per miRNA. float32 in the file.
struct ContrastValues {
  std::vector<float> effect, error;
};

inline constexpr Index most_markers = 100;

/// An open catalogue: read-only, immutable, nothing in its schema trusted. Small tables are read
/// and checked by open(); the others when asked for. Every function throws Error(bad_input) that
/// names the file and what is wrong, and never returns positions outside the lists or lists of
/// other lengths than stated.
class Catalogue {
 public:
  /// `file`: AtlasFolder::catalogue(), or one that is being made.
  [[nodiscard]] static Catalogue open(const std::filesystem::path& file);
  /// Copies share what was read.
  Catalogue(const Catalogue&);
  Catalogue& operator=(const Catalogue&);
  Catalogue(Catalogue&&) noexcept;
  Catalogue& operator=(Catalogue&&) noexcept;
  ~Catalogue();

  [[nodiscard]] const std::vector<CatalogueSet>& sets() const noexcept;        ///< by id
  [[nodiscard]] const std::vector<ProfileMirna>& mirnas() const noexcept;      ///< of the model
  [[nodiscard]] const std::vector<Term>& terms(TermKind kind) const noexcept;  ///< by name
  [[nodiscard]] const std::vector<CatalogueGroup>& groups() const noexcept;  ///< by set, then terms
  [[nodiscard]] const std::vector<CatalogueContrast>& contrasts() const noexcept;

  [[nodiscard]] MeanAndSpread of_group(Index group) const;  ///< one value per miRNA
  /// The means of many groups, each handed to `take` with its position in `groups`, which rise;
  /// with several threads, in any order and several at once.
  void means_of(
      std::span<const Index> groups, int threads,
      const std::function<void(std::size_t at, const std::vector<float>& means)>& take) const;
  [[nodiscard]] MeanAndSpread of_mirna(Index mirna) const;  ///< one value per group
  /// At most most_markers, best first; empty: there are none.
  [[nodiscard]] std::vector<CatalogueMarker> markers_of_type(Index set, Index type) const;
  /// Over all sets, the types that this miRNA marks best; at most most_markers.
  [[nodiscard]] std::vector<CatalogueMarker> markers_of_mirna(Index mirna) const;
  [[nodiscard]] ContrastValues of_contrast(Index contrast) const;
  /// Of one set; types are positions in terms(TermKind::type).
  [[nodiscard]] std::vector<Edge> edges(Index set) const;
  [[nodiscard]] std::vector<Triple> triples(Index set) const;
  /// Donors whose name stands in several data sets, and these; they may be one person. Private.
  [[nodiscard]] std::vector<std::pair<std::string, std::vector<std::int32_t>>> shared_donors()
      const;
  /// Edges to a gene in all sets, each with its set.
  [[nodiscard]] std::vector<std::pair<std::int32_t, Edge>> edges_of_target(
      const std::string& gene) const;

 private:
  struct Parts;
  explicit Catalogue(std::shared_ptr<const Parts> parts);
  std::shared_ptr<const Parts> parts_;
};

}  // namespace sicmir::atlas
