// SPDX-License-Identifier: BSD-3-Clause
#include "cli/remedies.hpp"

namespace sicmir::cli {

std::string sentence_of(Remedy remedy) {
  switch (remedy) {
    case Remedy::allow_missing_genes:
      return "To accept fewer genes, lower --min-panel; missing genes count as average.";
    case Remedy::calibrated_model:
      return "Leave out --uncertainty, or use another --model.";
    case Remedy::choose_genome:
      return "Choose the human genome with --genome.";
    case Remedy::choose_layer:
      return "Choose another matrix with --layer.";
    case Remedy::choose_learning_rate:
      return "Use a lower --learning-rate.";
    case Remedy::choose_map:
      return "Leave --map out, or convert the input to .h5ad with the coordinates in obsm.";
    case Remedy::choose_model:
      return "Specify a model with --model or $SICMIR_MODEL.";
    case Remedy::choose_orientation:
      return "Specify --orientation genes (one gene per line) or --orientation cells (one cell per "
             "line).";
    case Remedy::choose_output_format:
      return "Use another file ending, or specify --output-format.";
    case Remedy::choose_platform:
      return "Choose another --platform, or leave it out.";
    case Remedy::choose_precision:
      return "Leave out --precision, or run on such a processor.";
    case Remedy::choose_set_id:
      return "Choose another --id, or remove it first with `sicmir atlas remove`.";
    case Remedy::drop_unpaired:
      return "To leave the latter out, use --drop-unpaired. To compare all as independent, make "
             "the profiles without donors.";
    case Remedy::fewer_folds:
      return "Give more samples, or lower --cross-validate.";
    case Remedy::fewer_mirnas:
      return "Choose miRNAs with --mirnas, or join groups.";
    case Remedy::force_scale:
      return "To continue anyway, use --force-scale.";
    case Remedy::give_cell_table:
      return "State a table of cells that does: --groups FILE, whose columns --group-by, --sample "
             "and the others then name.";
    case Remedy::give_moments:
      return "Measure the whole data set with `sicmir stats` (shards: join them with `sicmir "
             "merge-stats`) and specify its --moments FILE.";
    case Remedy::handle_duplicates:
      return "Specify --duplicates sum, first or max.";
    case Remedy::handle_empty_cells:
      return "Specify the filtered matrix, or --empty-cells skip (leave them out) or nan (predict "
             "NaN).";
    case Remedy::keep_kinds_apart:
      return "Add them with one model and one --scale, or keep them apart with --allow-mixed.";
    case Remedy::keep_cohorts:
      return "Name the cohorts with --samples, or leave out --leave-cohort-out.";
    case Remedy::list_inputs:
      return "State it in a list of inputs (--inputs), or read an AnnData file with --group-by.";
    case Remedy::lower_floor:
      return "Lower --min-cells and --min-counts, or sum up more cells.";
    case Remedy::lower_min_targets:
      return "Lower --min-targets.";
    case Remedy::merge_moments:
      return "Add up the parts with `sicmir merge-stats`.";
    case Remedy::name_condition:
      return "Name its column with --condition in `sicmir profile`.";
    case Remedy::name_group_column:
      return "Name the column of the groups, too: --groups FILE:COLUMN.";
    case Remedy::name_groups:
      return "Specify the groups with --groups FILE[:COLUMN] or --group-by COLUMN.";
    case Remedy::other_checkpoint:
      return "Remove it, or name another --checkpoint.";
    case Remedy::pool_cells:
      return "Pool the cells first (--pool).";
    case Remedy::pool_mean:
      return "Use --pool mean.";
    case Remedy::pool_sum:
      return "Use --pool sum.";
    case Remedy::skip_broken_files:
      return "Fetch them again (gdc-client continues where it stopped), or leave their samples out "
             "with --skip-broken.";
    case Remedy::specify_layer_order:
      return "Specify --order: bn-relu (Linear, BatchNorm, ReLU) or relu-bn (Linear, ReLU, "
             "BatchNorm) for all hidden layers, or one word for each, e.g. bn-relu,relu-bn (the "
             "authors' released script).";
    case Remedy::specify_log_base:
      return "Check --log-base.";
    case Remedy::specify_mirna_values:
      return "Specify what the miRNA values are with --mirna-values log2rpm, rpm or counts.";
    case Remedy::specify_number_marks:
      return "Specify --decimal point or comma, or --thousands point, comma or none.";
    case Remedy::specify_values:
      return "Specify what the values are with --values counts, linear, log or zscore.";
    case Remedy::start_again:
      return "Specify the same options, or leave out --resume to start again.";
    case Remedy::take_over:
      return "If that has ended, take over what it left with --resume.";
    case Remedy::tell_samples_apart:
      return "Name a column with --sample that tells them apart.";
    case Remedy::train_without_prior:
      return "Leave out --prior, or give more tables.";
    case Remedy::train_without_validation:
      return "Give more samples, or specify --validation 0.";
    case Remedy::use_dataset_scale:
      return "Use --scale dataset.";
    case Remedy::use_no_scale:
      return "To use z-scores as they are, specify --scale none.";
    case Remedy::use_reference_scale:
      return "Use --scale reference.";
  }
  return {};
}

std::string message_of(const Error& error) {
  std::string message = error.what();
  for (const Remedy remedy : error.remedies()) {
    if (!message.ends_with('\n')) message += ' ';
    message += sentence_of(remedy);
  }
  return message;
}

}  // namespace sicmir::cli
