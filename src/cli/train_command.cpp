// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/train_metrics.hpp"
#include "cli/train_report.hpp"
#include "model/value_words.hpp"
#include "sicmir/train.hpp"
#include "train/mirna_words.hpp"

namespace sicmir::cli {
namespace {

struct TrainCommand {
  CommonOptions common;
  std::vector<std::string> mrna, mirna, mirna_estimated;
  std::vector<std::string> mrna_values = {"auto"};
  std::vector<std::string> mirna_values = {"rpm"};
  std::vector<std::string> mirna_estimated_values = {"log2rpm"};
  std::string output, metrics, report, held_out, manifest, gene_moments;
  bool all_mirna_moments = false;
  PairOptions pairs;
  TrainOptions train;
};

/// The word for file `number`: one word serves all files, else there is one for each.
const std::string& word_for(const std::vector<std::string>& words, std::size_t number,
                            std::size_t n_files, const std::string& option) {
  if (words.size() == 1) return words.front();
  if (words.size() == n_files) return words[number];
  throw Error(ExitCode::usage, fmt::format("{} has {} words for {} files; specify one word for "
                                           "all files or one for each, in the same order.",
                                           option, words.size(), n_files));
}

/// What would make the model unwritable is found before hours of training, not after.
void check_output(const TrainCommand& command) {
  namespace fs = std::filesystem;
  const fs::path path(command.output);
  const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  std::error_code failed;
  if (!fs::is_directory(folder, failed)) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: the directory {} does not exist. Create it first.", command.output,
                            folder.string()));
  }
  if (fs::is_directory(path, failed)) {
    throw Error(ExitCode::not_written,
                fmt::format("{}: is a directory. Specify a file in it.", command.output));
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    throw Error(ExitCode::not_written, fmt::format("{}: the directory {} is not writable.",
                                                   command.output, folder.string()));
  }
  for (const auto* inputs : {&command.mrna, &command.mirna, &command.mirna_estimated}) {
    for (const std::string& input : *inputs) {
      if (fs::equivalent(path, input, failed)) {
        throw Error(ExitCode::usage,
                    fmt::format("{}: is also an input. Specify another file.", command.output));
      }
    }
  }
}

/// Whether an option says what is to be fitted, or how.
bool chose_fit(const Command& sub) {
  constexpr std::array fit = {"--hidden",       "--order",         "--dropout",  "--epochs",
                              "--batch",        "--learning-rate", "--schedule", "--warm-up",
                              "--weight-decay", "--seed",          "--members",  "--ridge",
                              "--kernel",       "--prior",         "--distil",   "--thin",
                              "--mask-genes",   "--validation",    "--patience", "--checkpoint"};
  return std::any_of(sub.options().begin(), sub.options().end(), [&](const Option& option) {
    return option.given() && std::find(fit.begin(), fit.end(), option.name()) != fit.end();
  });
}

/// Few samples are better served by a ridge regression (docs/training.md, "Few samples").
void choose_fit(std::size_t n_samples, TrainOptions& options) {
  constexpr std::size_t few_samples = 500;
  if (n_samples >= few_samples) return;
  options.members = 0;
  options.ridge = 1;
  log_info(
      "{} samples, fewer than {}: a ridge regression is fitted, which is more accurate on so few "
      "(--members 1 fits a network)",
      n_samples, few_samples);
}

void run(const Command& sub, TrainCommand& command) {
  check_output(command);
  PairOptions& pairs = command.pairs;
  for (std::size_t i = 0; i < command.mrna.size(); ++i) {
    const std::string& word =
        word_for(command.mrna_values, i, command.mrna.size(), "--mrna-values");
    pairs.mrna.push_back({command.mrna[i], *values_words.parse(word)});
  }
  const auto add_mirna = [&](const std::vector<std::string>& files,
                             const std::vector<std::string>& words, const std::string& option,
                             bool estimated) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      const std::string& word = word_for(words, i, files.size(), option);
      pairs.mirna.push_back({files[i], *mirna_values_words.parse(word), estimated});
    }
  };
  add_mirna(command.mirna, command.mirna_values, "--mirna-values", false);
  add_mirna(command.mirna_estimated, command.mirna_estimated_values, "--mirna-estimated-values",
            true);
  if (!command.manifest.empty()) read_manifest(command.manifest, pairs);
  if (pairs.mrna.empty()) {
    throw Error(ExitCode::usage, "no mRNA table: specify --mrna FILE, or a manifest with --pairs.");
  }
  if (pairs.mirna.empty()) {
    throw Error(ExitCode::usage,
                "no miRNA table: specify --mirna FILE, --mirna-estimated FILE, or both.");
  }
  TrainOptions& options = command.train;
  options.threads = command.common.threads;
  if (options.resume && options.checkpoint.empty()) {
    throw Error(ExitCode::usage,
                "--resume: specify the file to resume from with --checkpoint FILE.");
  }
  if (!options.checkpoint.empty()) {
    (void)OutputFile(options.checkpoint);
    if (!options.resume) remove_checkpoints(options.checkpoint);
  }
  OutputFile metrics(command.metrics.empty() ? metrics_path(command.output) : command.metrics);
  std::optional<OutputFile> held_out;
  if (!command.report.empty()) check_train_report(command.report);
  if (!command.held_out.empty()) {
    if (options.cross_validate < 2 && !options.leave_cohort_out) {
      throw Error(ExitCode::usage,
                  "--held-out: nobody is held out for it. Also specify --cross-validate FOLDS, "
                  "--leave-cohort-out, or both.");
    }
    held_out.emplace(command.held_out);
  }
  std::vector<EpochLine> epochs;
  options.on_epoch = [&](const std::string& label, const EpochReport& report) {
    epochs.push_back({label, report});
  };

  TrainReport report;
  const TrainingPairs data = read_pairs(pairs);
  if (!chose_fit(sub)) choose_fit(data.samples.size(), options);
  if (!command.gene_moments.empty()) {
    std::tie(options.gene_mean, options.gene_sd) =
        read_gene_moments(command.gene_moments, data.panel);
  }
  if (command.all_mirna_moments) {
    options.mirna_mean = data.all_mirna_mean;
    options.mirna_sd = data.all_mirna_sd;
  }
  Model model = train(data, options, &report);
  write_metrics(metrics, epochs);
  if (held_out) write_held_out(*held_out, data, report);
  write_model(model, command.output);
  metrics.commit();
  if (held_out) held_out->commit();
  if (!command.report.empty()) {
    write_train_report(command.report, model, report, epochs, sub.command_line());
  }
  if (!options.checkpoint.empty()) remove_checkpoints(options.checkpoint);
  log_info("model of {} genes and {} miRNAs written to {}, checksum {}", model.panel.size(),
           model.mirnas.size(), command.output, model.checksum);
}

void bind_data(Command& sub, TrainCommand& command) {
  sub.add_option("--mrna", command.mrna,
                 "Tables of mRNA expression of samples, in any format that predict reads")
      .value_name("FILE")
      .main();
  sub.add_option(
         "--mrna-values", command.mrna_values,
         "What they contain: counts, linear (TPM, FPKM, RSEM), log (base 2) or auto; one word "
         "for all files or one for each [default: auto]")
      .words({"auto", "counts", "linear", "log"})
      .value_name("WORD");
  sub.add_option("--mirna", command.mirna,
                 "Tables of measured mature miRNA expression (names or MIMAT accessions)")
      .value_name("FILE")
      .main();
  sub.add_option(
         "--mirna-values", command.mirna_values,
         "What they contain: rpm, log2rpm, log2(RPM + 1), or counts of reads [default: rpm]")
      .words(mirna_values_words.choices())
      .value_name("WORD");
  sub.add_option(
         "--mirna-estimated", command.mirna_estimated,
         "Tables of estimated mature miRNA expression; used where nothing was measured, and "
         "the model says so")
      .value_name("FILE");
  sub.add_option("--mirna-estimated-values", command.mirna_estimated_values,
                 "What they contain: rpm, log2rpm or counts [default: log2rpm]")
      .words(mirna_values_words.choices())
      .value_name("WORD");
  sub.add_option(
         "--pairs", command.manifest,
         "Manifest of tables (TSV): mrna, mrna_values, mirna, mirna_values, cohort, weight, "
         "platform, harmonise and more; see docs/training-data.md")
      .value_name("FILE");
  sub.add_option("--gene-moments", command.gene_moments,
                 "TSV of gene, mean and sd, log2(normalised + 1), for standardising; genes not in "
                 "it are standardised by the training samples")
      .value_name("FILE");
  sub.add_flag("--estimated-first", command.pairs.estimated_first,
               "Use the estimate where a target was both measured and estimated");
  sub.add_choice<bool>(
      "--mirna-moments", command.all_mirna_moments, {{"paired", false}, {"all", true}},
      "miRNAs are standardised by the paired training samples or by all samples of "
      "the miRNA tables [default: paired]");
  sub.add_option(
         "--samples", command.pairs.samples,
         "TSV with the columns sample, cohort and optionally patient [default: each mRNA file "
         "is a cohort]")
      .value_name("FILE")
      .main();
  sub.add_option("--min-panel", command.pairs.min_panel,
                 "Fraction of the 977 genes that each mRNA file must contain [default: 0.8]")
      .range(0.0, 1.0);
  sub.add_option("--min-targets", command.pairs.min_targets,
                 "Leave out miRNAs measured in fewer samples [default: 10]")
      .range(Index{2}, Index{1} << 40);
  sub.add_option("-o,--output", command.output, "Model file to write (HDF5)")
      .required()
      .value_name("FILE")
      .main();
  sub.add_option("--metrics", command.metrics,
                 "TSV of losses and accuracies after each epoch [default: NAME.metrics.tsv next to "
                 "the model]")
      .value_name("FILE");
  sub.add_option("--report", command.report,
                 "Also write an HTML page: learning curves, accuracy per miRNA and per cohort")
      .value_name("FILE")
      .main();
  sub.add_option("--name", command.train.name, "Name of the model [default: sicmir]");
}

void bind_network(Command& sub, TrainCommand& command) {
  const std::string group = "Network";
  TrainOptions& options = command.train;
  sub.add_option("--hidden", options.hidden, "Widths of the hidden layers [default: 1024,1024]")
      .separator(',')
      .range(Index{1}, Index{1} << 20)
      .main();
  sub.add_choice<LayerOrder>(
         "--order", options.order,
         {{"bn-relu", LayerOrder::bn_relu},
          {"relu-bn", LayerOrder::relu_bn},
          {"published", LayerOrder::published},
          {"relu", LayerOrder::relu}},
         "Batch norm and ReLU in a hidden layer: bn-relu, relu-bn, published (the first layer "
         "bn-relu, then relu-bn), or relu (no batch norm) [default: published]")
      .group(group);
  sub.add_option("--dropout", options.dropout, "Dropout rate, from 0 to below 1 [default: 0.3]")
      .group(group);
}

void bind_fit(Command& sub, TrainCommand& command) {
  const std::string group = "Fit";
  TrainOptions& options = command.train;
  sub.add_option("--epochs", options.epochs, "Maximum number of epochs [default: 100]")
      .range(Index{1}, Index{1} << 40)
      .group(group);
  sub.add_option("--batch", options.batch, "Samples per step [default: 64]")
      .range(Index{2}, Index{1} << 20)
      .group(group);
  sub.add_option("--learning-rate", options.learning_rate,
                 "Learning rate of AdamW [default: 0.001]")
      .group(group);
  sub.add_choice<bool>("--schedule", options.cosine, {{"cosine", true}, {"constant", false}},
                       "Learning rate schedule: cosine (to zero) or constant [default: cosine]")
      .group(group);
  sub.add_option("--warm-up", options.warmup_epochs,
                 "Epochs in which the learning rate rises [default: 0]")
      .range(Index{0}, Index{1} << 40)
      .group(group);
  sub.add_option("--weight-decay", options.weight_decay,
                 "Weight decay of AdamW, on weights only [default: 0.01]")
      .group(group);
  sub.add_option("--seed", options.seed, "Same seed, same model, whatever the threads [default: 1]")
      .group(group);

  sub.add_option("--members", options.members,
                 "Networks in the ensemble, whose predictions are averaged; 0: ridge only "
                 "[default: 1; 0 for "
                 "fewer than 500 samples if no option says how to fit]")
      .range(Index{0}, Index{1000})
      .main();
  sub.add_option("--ridge", options.ridge,
                 "Share of a ridge regression in the ensemble, 0 to 1 [default: 0]")
      .group(group);
  sub.add_option("--kernel", options.kernel,
                 "Share of a quadratic kernel regression in the ensemble, 0 to 1 [default: 0]")
      .group(group);
  sub.add_option("--prior", options.prior,
                 "Share of a kernel regression shrunk towards the profiles of all samples of the "
                 "miRNA tables, 0 to 1 [default: 0]")
      .group(group);
  sub.add_option("--kernel-penalty", options.kernel_penalty,
                 "Penalty of the kernel regression [default: 0.7]")
      .group(group);
  sub.add_option("--prior-profiles", options.prior_profiles,
                 "Maximum number of profiles kept in the model for its prior [default: 10000]")
      .range(Index{50}, Index{1} << 20)
      .group(group);
  sub.add_option("--distil", options.distil,
                 "Steps in which one network (--hidden, ReLU) is fitted to the predictions of all "
                 "members, to take their place; thousands are needed [default: none]")
      .range(Index{0}, Index{1} << 40)
      .value_name("STEPS")
      .group(group);
  sub.add_option("--distil-folds", options.distil_folds,
                 "Folds of --cross-validate that are distilled, too; in the others, accuracies are "
                 "those of the members [default: all]")
      .range(Index{0}, Index{1000})
      .value_name("FOLDS")
      .group(group);
  sub.add_option("--mask-genes", options.mask_genes,
                 "Hide this fraction of the genes, chosen anew in each step [default: 0]")
      .group(group);
  sub.add_option(
         "--thin", options.thin,
         "Thin this fraction of the samples to few counts, chosen anew in each step [default: 0]")
      .group(group);
  sub.add_option("--thin-counts", options.thin_counts,
                 "Counts over the panel that a thinned sample keeps [default: 2000]")
      .group(group);
  sub.add_choice<bool>("--weights", options.float16, {{"float32", false}, {"float16", true}},
                       "Storage of the weights: float32 or float16 [default: float32]")
      .group(group);
  sub.add_option("--checkpoint", options.checkpoint,
                 "Save the state of the fit to this file, to resume from; removed at the end")
      .value_name("FILE")
      .group(group);
  sub.add_option("--checkpoint-every", options.checkpoint_every,
                 "Epochs between checkpoints [default: 5]")
      .range(Index{1}, Index{1} << 40)
      .group(group);
  sub.add_flag("--resume", options.resume,
               "Resume from the checkpoint, if there is one; requires the same data and options")
      .group(group);

  const std::string judging = "Held-out patients";
  sub.add_option("--validation", options.validation,
                 "Fraction of the patients held out for early stopping [default: 0.1]")
      .group(judging);
  sub.add_option("--patience", options.patience,
                 "Stop after this many epochs without a lower held-out loss [default: 20]")
      .range(Index{1}, Index{1} << 40)
      .group(judging);
  sub.add_option("--cross-validate", options.cross_validate,
                 "Folds by patient for the model's accuracies; the model itself is then fitted on "
                 "all samples [default: none]")
      .range(Index{2}, Index{1000})
      .value_name("FOLDS")
      .main();
  sub.add_option("--held-out", command.held_out,
                 "TSV of what models said of samples that they had not seen, with the folds of "
                 "--cross-validate and --leave-cohort-out")
      .value_name("FILE")
      .group(judging);
  sub.add_flag("--no-baselines", options.baselines,
               "Do not score ridge regression and means of cohorts on the same folds")
      .sets_false()
      .group(judging);
  sub.add_flag("--leave-cohort-out", options.leave_cohort_out,
               "Also train without each cohort once, for accuracies in unseen cohorts")
      .group(judging);
}

}  // namespace

void bind_train(Command& sub) {
  const auto owned = std::make_shared<TrainCommand>();
  bind_data(sub, *owned);
  bind_network(sub, *owned);
  bind_fit(sub, *owned);
  bind_common(sub, owned->common);
  on_run(sub, owned->common, [owned, &sub] { run(sub, *owned); });
  sub.describe(
      "Fits an ensemble of networks and regressions to samples in which both mRNA and miRNA were "
      "measured, and measures its accuracy on held-out patients.");
  sub.add_example(
      "sicmir train --mrna mrna.tsv --mirna mirna.tsv --samples samples.tsv -o model.h5",
      "Fit a model to one pair of tables");
}

}  // namespace sicmir::cli
