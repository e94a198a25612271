// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <filesystem>
#include <memory>

#include "assemble/workflow_words.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "sicmir/assemble.hpp"

namespace sicmir::cli {
namespace {

struct AssembleCommand {
  CommonOptions common;
  AssembleOptions assemble;
};

void run(AssembleCommand& command) {
  if (!std::filesystem::is_directory(command.assemble.folder)) {
    throw Error(ExitCode::bad_input, fmt::format("{}: is not a directory. Specify the one that "
                                                 "gdc-client filled (its option -d).",
                                                 command.assemble.folder));
  }
  const AssembleReport report = assemble(command.assemble);
  for (const std::string& warning : report.warnings) log_warning("{}", warning);
  log_info("{} ({} normal) of {} in {} written to {}", counted(report.n_samples, "sample"),
           report.n_normal, counted(report.n_patients, "patient"),
           counted(report.n_cohorts, "cohort"), joined(report.outputs, ", "));
}

}  // namespace

void bind_assemble(Command& sub) {
  const auto owned = std::make_shared<AssembleCommand>();
  AssembleOptions& options = owned->assemble;
  sub.add_option("--gdc", options.folder, "Directory that gdc-client filled: FILE_ID/FILE_NAME")
      .required()
      .value_name("DIR")
      .main();
  sub.add_option("--sample-sheet", options.sample_sheets,
                 "Sample sheets of the portal's cart (gdc_sample_sheet.*.tsv)")
      .required()
      .value_name("FILE")
      .main();
  sub.add_option("-o,--output", options.prefix,
                 "Prefix of the outputs: PREFIX.mrna.tsv.gz, .mirna.tsv.gz, .stemloop.tsv.gz, "
                 ".samples.tsv")
      .required()
      .value_name("PREFIX")
      .main();
  sub.add_choice("--workflow", options.workflow, workflow_words,
                 "mRNA files to use: star, fpkm-uq, fpkm, htseq, or auto, the first "
                 "of these that is present [default: auto]");
  sub.add_option("--column", options.column, "Column of the STAR files [default: tpm_unstranded]")
      .value_name("NAME");
  sub.add_flag("--all-genes", options.all_genes, "Write all genes, not only the 977 of the model");
  sub.add_flag("--skip-broken", options.skip_broken,
               "Leave out samples whose files are missing or damaged");
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe(
      "Pairs the mRNA and miRNA files that gdc-client downloaded, and writes one table of each.");
  sub.add_example("sicmir assemble --gdc downloads --sample-sheet gdc_sample_sheet.tsv -o tcga",
                  "Make tcga.mrna.tsv.gz, tcga.mirna.tsv.gz and others");
}

}  // namespace sicmir::cli
