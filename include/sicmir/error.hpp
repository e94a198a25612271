// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Errors: a fact for the user, an exit code, and what can be done about it.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sicmir {

/// Exit codes of the program. A closed downstream pipe ends with 141 (128 + SIGPIPE), as in a
/// shell.
enum class ExitCode : int {
  done = 0,
  internal = 1,
  usage = 2,
  bad_input = 3,
  bad_model = 4,
  not_written = 5,
};

/// A setting that would mend an error. The library states facts and names the setting; how it is
/// spelled (an option, a function's argument) is the caller's to say: cli/remedies.cpp has the
/// sentences of the command line.
enum class Remedy : std::uint8_t {
  allow_missing_genes,       ///< a lower GeneMapOptions::min_panel
  calibrated_model,          ///< no uncertainty, or a model that holds intervals
  choose_genome,             ///< SourceOptions::genome
  choose_layer,              ///< SourceOptions::layer
  choose_learning_rate,      ///< a lower TrainOptions::learning_rate
  choose_map,                ///< AddRequest::map, or none
  choose_model,              ///< another model file
  choose_orientation,        ///< SourceOptions::orientation
  choose_output_format,      ///< SinkOptions::format
  choose_platform,           ///< ReadingOptions::platform
  choose_precision,          ///< Precision::float32
  choose_set_id,             ///< another AddRequest::id
  drop_unpaired,             ///< CompareOptions::drop_unpaired
  fewer_folds,               ///< a lower TrainOptions::cross_validate
  fewer_mirnas,              ///< a list of miRNAs
  force_scale,               ///< ReadingOptions::force_scale
  give_cell_table,           ///< AddRequest::table
  give_moments,              ///< ReadingOptions::moments, of the whole data set
  handle_duplicates,         ///< GeneMapOptions::duplicates
  handle_empty_cells,        ///< ReadingOptions::empty_cells
  keep_cohorts,              ///< no TrainOptions::leave_cohort_out
  keep_kinds_apart,          ///< IndexOptions::allow_mixed
  list_inputs,               ///< a list of inputs that states what is known of their samples
  lower_floor,               ///< lower ProfileOptions::min_cells and min_counts
  lower_min_targets,         ///< a lower min_targets
  merge_moments,             ///< merge_moments(), of the moments of parts
  name_condition,            ///< ProfileGrouping::condition_column
  name_group_column,         ///< a column of the table of groups
  name_groups,               ///< GroupingOptions::groups or group_by
  other_checkpoint,          ///< another TrainOptions::checkpoint
  pool_cells,                ///< pool cells before they are predicted
  pool_mean,                 ///< PoolMethod::mean
  pool_sum,                  ///< PoolMethod::sum
  skip_broken_files,         ///< AssembleOptions::skip_broken
  specify_layer_order,       ///< the order of layers in a hidden layer
  specify_log_base,          ///< ReadingOptions::log_base
  specify_mirna_values,      ///< MirnaFile::values
  specify_number_marks,      ///< SourceOptions::decimal or thousands
  specify_values,            ///< ReadingOptions::values
  start_again,               ///< no TrainOptions::resume
  take_over,                 ///< AddOptions::resume, IndexOptions::resume
  tell_samples_apart,        ///< AddRequest::sample_column
  train_without_prior,       ///< TrainOptions::prior of 0
  train_without_validation,  ///< TrainOptions::validation of 0
  use_dataset_scale,         ///< Scale::dataset
  use_no_scale,              ///< Scale::none
  use_reference_scale,       ///< Scale::reference
};

/// An error with sentences for the user: which file, where in it, what was found, what was
/// expected. What to do about it is in the sentences, too, or in `remedies`.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message, std::vector<Remedy> remedies = {})
      : std::runtime_error(message), code_(code), remedies_(std::move(remedies)) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }
  [[nodiscard]] const std::vector<Remedy>& remedies() const noexcept { return remedies_; }

 private:
  ExitCode code_;
  std::vector<Remedy> remedies_;
};

}  // namespace sicmir
