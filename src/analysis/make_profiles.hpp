// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From the cells of one or several inputs to profiles: add up, join, predict.

#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/grouping.hpp"
#include "sicmir/pool.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir {

/// Where the sample of each cell, its group and what is known of the sample come from: columns, or
/// words that hold for all cells of an input.
struct ProfileGrouping {
  /// The groups alone, without the sample.
  GroupingOptions groups;
  std::string sample_column;  ///< of obs, or of the table of groups; empty: one sample
  std::string donor_column;   ///< of obs; empty: `donor` holds; likewise the next two
  std::string condition_column;
  std::string tissue_column;
  std::string sample;  ///< without a column: name of the one sample; empty: named after the input
  std::string donor;
  std::string condition;
  std::string tissue;
};

/// Sums of one input.
struct InputSums {
  SourceDescription input;
  /// Genes of the sums. The first column holds the ids that the input begins with; they need not be
  /// unique yet.
  FeatureTable genes;
  std::vector<Profile> profiles;  ///< with counts, without predictions; sorted
  std::vector<Index> halved;      ///< genes of Profile::half: ascending positions in `genes`
  PoolReport report;
  /// As OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Adds the cells up by sample and group, over all genes, in one pass. `cells`: opened with
/// SourceOptions::all_genes. `n_held`: profiles of earlier inputs, to be joined with these; they
/// count where sizes are checked. `halved`: genes that it knows are also added up over half of each
/// profile's cells; nullptr: none. Throws Error(usage) for columns that there are not and values
/// that are no counts, Error(bad_input) for a sample with two donors, conditions or tissues, for
/// more than most_profile_values, and as pool_for_prediction().
[[nodiscard]] InputSums sum_profiles(CellSource& cells, const UnitRecipe& recipe,
                                     const ReadingOptions& options, const ProfileGrouping& grouping,
                                     Index n_held = 0, const GeneIndex* halved = nullptr);

/// Joins inputs into one set, with the genes that all of them have: by Ensembl id where every input
/// has these, else by symbol, else by the first id. Genes named several times are joined in their
/// order. Profiles of one sample and group in several inputs are added up. Throws Error(bad_input)
/// if no gene is common, a sample's donor differs between inputs, or the set is too large.
[[nodiscard]] InputSums join_sums(std::vector<InputSums> inputs);

struct ProfileOptions : ReadingOptions {
  ProfileFloor floor;
};

/// Fewer profiles above the floor cannot be standardised among themselves; where options.scale is
/// automatic, they are compared with the training samples.
inline constexpr Index least_dataset_profiles = 3;

/// Marks the profiles below the floor and predicts all: what `predict` makes of the sums, as if
/// they were cells, with the moments of those at or above the floor (Scale::dataset), or against
/// the training samples (Scale::reference). Throws as predict().
[[nodiscard]] Profiles predict_profiles(InputSums sums, const PreparedModel& model,
                                        const GeneIndex& index, const ProfileOptions& options);

}  // namespace sicmir
