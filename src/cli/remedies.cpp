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
    case Remedy::choose_model:
      return "Specify a model with --model or $SICMIR_MODEL.";
    case Remedy::choose_orientation:
      return "Specify --orientation genes (one gene per line) or --orientation cells (one cell per "
             "line).";
    case Remedy::choose_output_format:
      return "Use another file ending, or specify --output-format.";
    case Remedy::choose_platform:
      return "Choose another --platform, or leave it out.";
    case Remedy::force_scale:
      return "To continue anyway, use --force-scale.";
    case Remedy::give_moments:
      return "Measure the whole data set with `sicmir stats` (shards: join them with `sicmir "
             "merge-stats`) and specify its --moments FILE.";
    case Remedy::handle_duplicates:
      return "Specify --duplicates sum, first or max.";
    case Remedy::handle_empty_cells:
      return "Specify the filtered matrix, or --empty-cells skip (leave them out) or nan (predict "
             "NaN).";
    case Remedy::merge_moments:
      return "Add up the parts with `sicmir merge-stats`.";
    case Remedy::name_groups:
      return "Specify the groups with --groups FILE[:COLUMN] or --group-by COLUMN.";
    case Remedy::pool_cells:
      return "Pool the cells first (--pool).";
    case Remedy::pool_mean:
      return "Use --pool mean.";
    case Remedy::pool_sum:
      return "Use --pool sum.";
    case Remedy::specify_log_base:
      return "Check --log-base.";
    case Remedy::specify_values:
      return "Specify what the values are with --values counts, linear, log or zscore.";
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
  for (const Remedy remedy : error.remedies()) message += " " + sentence_of(remedy);
  return message;
}

}  // namespace sicmir::cli
