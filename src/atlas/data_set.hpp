// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What a data set of an atlas says of itself: its set.json.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/enum_words.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// What of a data set `site/` may show.
enum class PublicPart : std::uint8_t {
  no,       ///< nothing, its id included
  summary,  ///< groups, markers and the like; no cells
  cells,    ///< also its map, with the group and the miRNAs of each cell; never their names
};
inline constexpr EnumWords<PublicPart, 3> public_words = {
    {{{"no", PublicPart::no}, {"summary", PublicPart::summary}, {"cells", PublicPart::cells}}}};

/// A cell type, tissue, disease or condition.
struct Term {
  std::string name;      ///< as the data set gives it
  std::string ontology;  ///< "CL:0000182", "UBERON:0002107", "MONDO:0005061"; empty: not known

  bool operator==(const Term&) const = default;
};

/// Position that means: not known.
inline constexpr std::int32_t none = -1;

struct Sample {
  std::string name;            ///< private; the public site numbers samples
  std::string donor;           ///< private; likewise
  std::string sex;             ///< as given; may be empty
  std::int32_t tissue = none;  ///< position in DataSet::tissues; likewise the next two
  std::int32_t disease = none;
  std::int32_t condition = none;
  Index n_cells = 0;
};

/// The cells of one type in samples of one tissue, disease and condition: what means are made over.
struct Group {
  std::int32_t type = 0;       ///< position in DataSet::types
  std::int32_t tissue = none;  ///< position in DataSet::tissues; likewise the next two
  std::int32_t disease = none;
  std::int32_t condition = none;
  Index n_cells = 0;    ///< of all its profiles
  Index n_samples = 0;  ///< profiles at or above the floor: what the means are over
  Index n_donors = 0;   ///< of those; 0: not known
  Index n_below_floor = 0;
};

/// What must be equal in all data sets that are compared.
struct Comparability {
  std::string model;       ///< checksum
  std::string model_name;  ///< for messages
  std::string scale;       ///< "dataset" or "reference"
  std::string targets;     ///< checksum of the table of targets; empty: none was used
  int format = 0;          ///< format_version

  bool operator==(const Comparability&) const = default;
};

struct DataSet {
  std::string id, title, citation, url;  ///< all but the id may be empty
  PublicPart is_public = PublicPart::summary;
  Index n_cells = 0;        ///< that are in cells.h5
  Index n_not_primary = 0;  ///< left out: obs says is_primary_data = False
  std::vector<Term> types, tissues, diseases, conditions;  ///< each sorted by name (bytes)
  std::vector<Sample> samples;                             ///< sorted by name
  std::vector<Group> groups;          ///< sorted by the four positions, unknown ones first
  std::string reference_condition;    ///< of the contrasts; empty: there are none
  std::vector<std::string> left_out;  ///< what could not be computed, and why, in sentences

  Comparability comparability;
  std::string version;         ///< of the program
  std::string input;           ///< private: its path as it was given
  std::string input_checksum;  ///< XXH3-128 of its bytes
  std::uint64_t input_bytes = 0;
  std::vector<std::pair<std::string, std::string>> options;  ///< as stated, but for paths
  std::vector<std::pair<std::string, std::string>> facts;    ///< Profiles::facts
};

/// The first word of a fact of profiles or predictions, without the reason behind it; empty: there
/// is no such fact.
[[nodiscard]] std::string fact_of(const std::vector<std::pair<std::string, std::string>>& facts,
                                  std::string_view key);

[[nodiscard]] std::string data_set_json(const DataSet& set);

/// Reads the set.json in `folder`. Throws Error(bad_input) that names the file, the place in it,
/// what was found and what was expected; every position is within its list.
[[nodiscard]] DataSet read_data_set(const std::filesystem::path& folder);

}  // namespace sicmir::atlas
