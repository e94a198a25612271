// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <memory>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/table_output.hpp"
#include "evaluate/evaluation_text.hpp"
#include "sicmir/evaluate.hpp"

namespace sicmir::cli {
namespace {

struct EvaluateCommand {
  CommonOptions common;
  std::string predicted, measured;
  std::string mirnas;
  std::string output = "-";
  std::string per_sample;
  std::string json;
  EvaluateOptions evaluate;
};

std::string interval_words(const MedianInterval& interval) {
  std::string text = fmt::format("{:.3f}", interval.median);
  if (!std::isnan(interval.low)) {
    text += fmt::format(" (95 % interval {:.3f} to {:.3f})", interval.low, interval.high);
  }
  return text;
}

void say(const std::string& what, const MedianScores& mirnas, const MedianScores& samples) {
  log_info("{}: median Pearson per miRNA {}, Spearman {}", what, interval_words(mirnas.pearson),
           interval_words(mirnas.spearman));
  log_info("{}: median Pearson per sample {}, Spearman {}", what, interval_words(samples.pearson),
           interval_words(samples.spearman));
}

void run(EvaluateCommand& command) {
  const std::array outputs = {NamedOutput{"-o", command.output},
                              NamedOutput{"--per-sample", command.per_sample},
                              NamedOutput{"--json", command.json}};
  check_outputs(outputs, std::array{command.predicted, command.measured});
  for (const std::string* output : {&command.output, &command.per_sample, &command.json}) {
    if (output->empty() || *output == "-") continue;
    (void)OutputFile(*output);  // a place that cannot be written is found before the work
  }
  EvaluateOptions options = command.evaluate;
  options.threads = command.common.threads;
  if (!command.mirnas.empty()) options.mirnas = mirna_list(command.mirnas);
  const Evaluation evaluation = evaluate(command.predicted, command.measured, options);
  for (const std::string& warning : evaluation.warnings) log_warning("{}", warning);
  log_info("{} of {} and {} compared", counted(evaluation.samples.size(), "sample"),
           counted(evaluation.n_patients, "patient"), counted(evaluation.mirnas.size(), "miRNA"));
  if (evaluation.cohorts.empty()) {
    log_info(
        "without --samples there are no within-cohort figures; pooled ones mostly measure tissue");
  } else {
    say("within cohorts", evaluation.mirnas_within, evaluation.samples_within);
    for (const auto& [name, cohort] : evaluation.cohorts) {
      log_info("cohort {}: {}, median Pearson per miRNA {:.3f}", name,
               counted(cohort.n_samples, "sample"), cohort.pearson.median);
    }
  }
  say("pooled", evaluation.mirnas_pooled, evaluation.samples_pooled);
  if (!command.per_sample.empty()) {
    write_text(command.per_sample, evaluation::samples_tsv(evaluation));
  }
  if (!command.json.empty()) write_text(command.json, evaluation::to_json(evaluation));
  write_text(command.output, evaluation::mirnas_tsv(evaluation));
}

}  // namespace

void bind_evaluate(Command& sub) {
  const auto owned = std::make_shared<EvaluateCommand>();
  EvaluateCommand& command = *owned;
  sub.add_option("PREDICTED", command.predicted, "Output of predict: text or .h5ad").required();
  sub.add_option("MEASURED", command.measured,
                 "Measured expression of the same samples, in any format that predict reads")
      .required();
  sub.add_option(
         "--samples", command.evaluate.samples,
         "TSV with the columns sample, cohort and optionally patient: adds scores within cohorts")
      .value_name("FILE")
      .main();
  sub.add_choice<MeasuredValues>(
         "--measured-values", command.evaluate.measured_values,
         {{"same", MeasuredValues::as_they_are}, {"rpm", MeasuredValues::rpm}},
         "Values of MEASURED: same (on the scale of PREDICTED, or its logarithms) or rpm, "
         "converted to log2(RPM + 1) [default: same]")
      .main();
  sub.add_option("-m,--model", command.evaluate.model,
                 "Convert MEASURED, log2(RPM + 1), to z-scores with the means and sds of this "
                 "model, so that RMSE, R2 and scores per sample are on one scale")
      .value_name("FILE")
      .main();
  sub.add_option("--mirnas", command.mirnas,
                 "Only these miRNAs: names or accessions, separated by commas, or a file of them")
      .value_name("LIST");
  sub.add_option(
         "--bootstrap", command.evaluate.bootstrap,
         "Bootstrap draws of patients for the 95 % intervals of medians; 0: none [default: 500]")
      .range(Index{0}, Index{100000});
  sub.add_option("--seed", command.evaluate.seed, "Seed of these draws [default: 1]");
  const std::string writing = "Writing";
  sub.add_option("-o,--output", command.output, "Table of miRNAs (TSV) [default: standard output]")
      .value_name("FILE")
      .main();
  sub.add_option("--per-sample", command.per_sample, "Table of samples (TSV)")
      .value_name("FILE")
      .group(writing);
  sub.add_option("--json", command.json, "All results, with medians and intervals (JSON)")
      .value_name("FILE")
      .group(writing);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Computes correlations per miRNA and per sample, pooled and within cohorts, with intervals "
      "by bootstrap over patients.");
  sub.add_example(
      "sicmir evaluate predicted.csv measured.tsv --samples samples.tsv -o accuracy.tsv",
      "Compare within cohorts");
}

}  // namespace sicmir::cli
