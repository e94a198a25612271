// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Adds a data set to an atlas.

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "analysis/make_profiles.hpp"
#include "analysis/markers.hpp"
#include "atlas/atlas_folder.hpp"
#include "atlas/data_set.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/prepared_model.hpp"
#include "sicmir/reading.hpp"

namespace sicmir::atlas {

/// Ontology ids by kind ("type", "tissue", "disease", "condition") and name.
using TermTable = std::map<std::pair<std::string, std::string>, std::string>;

/// Reads lines `kind<TAB>name<TAB>id`. Throws Error(usage).
[[nodiscard]] TermTable read_term_table(const std::string& path);

/// What a data set is made of and called.
struct AddRequest {
  std::string id;
  std::string input;  ///< path of what `sicmir profile` reads, but no pipe
  std::string title, citation, url;
  PublicPart is_public = PublicPart::summary;
  std::string table;          ///< of cells and what is known of them, instead of obs; empty: obs
  std::string type_column;    ///< of obs, or of the table: the cell types
  std::string sample_column;  ///< of obs; empty: one sample, named after the id
  std::string donor_column;   ///< of obs; empty: not known; likewise the next two
  std::string sex_column;
  std::string condition_column;  ///< what contrasts are made of; empty: the disease
  std::string tissue;            ///< column of obs, or what all cells have; likewise the next
  std::string disease;
  std::string map;        ///< of obsm; empty: chosen
  std::string reference;  ///< condition that others are compared with; empty: "normal" ...
  LabelsFrom labels_from = LabelsFrom::clusters;
};

struct AddOptions {
  ReadingOptions reading;  ///< scale and platform are those of the profiles
  SourceOptions source;
  ProfileFloor floor;
  TermTable terms;
  bool with_targets = false;  ///< also networks and cross-talk
  std::string targets;        ///< table of targets; empty: the bundled one
  bool resume = false;  ///< finished data sets are passed over; what was left behind is taken over
};

/// Conditions that are taken for the reference, in this order, regardless of case.
inline constexpr std::array reference_conditions = {"normal", "healthy", "control"};

/// Makes `folder`/data/sets/ID, and touches nothing else. False: it was there, and resume was set.
/// Throws Error(usage): an id that is taken, or being added; columns that there are not;
/// Error(bad_input), Error(bad_model), Error(not_written).
bool add_data_set(const AtlasFolder& folder, const AddRequest& request, const AddOptions& options,
                  const PreparedModel& model, const GeneIndex& index);

}  // namespace sicmir::atlas
