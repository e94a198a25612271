#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <memory>

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
    throw Error(ExitCode::bad_input, fmt::format("{}: is no folder. Give the one that gdc-client "
                                                 "filled (its option -d).",
                                                 command.assemble.folder));
  }
  const AssembleReport report = assemble(command.assemble);
  for (const std::string& warning : report.warnings) spdlog::warn("{}", warning);
  spdlog::info("{} samples ({} normal) of {} patients in {} cohort(s) written to {}",
               report.n_samples, report.n_normal, report.n_patients, report.n_cohorts,
               fmt::join(report.outputs, ", "));
}

}  // namespace

void add_assemble(CLI::App& app) {
  CLI::App& sub = *app.add_subcommand(
      "assemble", "Make tables for train out of a download from the Genomic Data Commons");
  const auto owned = std::make_shared<AssembleCommand>();
  AssembleOptions& options = owned->assemble;
  sub.add_option("--gdc", options.folder, "Folder that gdc-client filled: FILE_ID/FILE_NAME")
      ->required()
      ->type_name("DIR");
  sub.add_option("--sample-sheet", options.sample_sheets,
                 "Sample sheets of the portal's cart (gdc_sample_sheet.*.tsv)")
      ->required()
      ->type_name("FILE");
  sub.add_option("-o,--output", options.prefix,
                 "Prefix of the outputs: PREFIX.mrna.tsv.gz, .mirna.tsv.gz, .stemloop.tsv.gz, "
                 ".samples.tsv")
      ->required()
      ->type_name("PREFIX");
  add_choice<GdcWorkflow>(sub, "--workflow", options.workflow,
                          {{"auto", GdcWorkflow::automatic},
                           {"star", GdcWorkflow::star},
                           {"fpkm-uq", GdcWorkflow::fpkm_uq},
                           {"fpkm", GdcWorkflow::fpkm},
                           {"htseq", GdcWorkflow::htseq}},
                          "mRNA files to use: star, fpkm-uq, fpkm, htseq, or auto, the first of "
                          "these that there is [default: auto]");
  sub.add_option("--column", options.column, "Column of STAR's files [default: tpm_unstranded]")
      ->type_name("NAME");
  sub.add_flag("--all-genes", options.all_genes, "Write every gene, not the model's 977 only");
  sub.add_flag("--skip-broken", options.skip_broken,
               "Leave out samples whose files are missing or damaged");
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
}

}  // namespace sicmir::cli
