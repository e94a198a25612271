// SPDX-License-Identifier: BSD-3-Clause

#include <array>
#include <memory>

#include "analysis/cell_view.hpp"
#include "analysis/difference_text.hpp"
#include "analysis/export_markers.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/difference_options.hpp"
#include "cli/profile_options.hpp"
#include "cli/progress.hpp"
#include "parallel/threads.hpp"
#include "text/byte_input.hpp"

namespace sicmir::cli {
namespace {

/// `profiles` of DifferenceCommand stays empty: INPUT may be either.
struct MarkersCommand : DifferenceCommand {
  ProfileInput cells;
  MarkerOptions options;
  std::string export_h5ad;
  bool auc = false;

  [[nodiscard]] const std::string& input() const {
    return cells.inputs.empty() ? cells.input.input : cells.inputs;
  }
};

void say(const MarkerSet& set, const MarkerOptions& options) {
  for (const std::string& warning : set.warnings) log_warning("{}", warning);
  if (set.n_below_floor > 0) {
    log_info("{} of {} profiles are below the floor and left out", set.n_below_floor,
             set.n_below_floor + set.n_profiles);
  }
  if (options.labels_from == LabelsFrom::clusters) {
    log_info(
        "no p-values: groups found by clustering the same mRNA differ by construction. If they "
        "were sorted or annotated otherwise, say so with --labels-from.");
  } else {
    for (const MarkerGroup& group : set.groups) {
      if (!group.why_no_p.empty()) log_info("{}: no p-values: {}", group.name, group.why_no_p);
    }
    if (set.n_tests > 0) {
      log_info("moderated t: {}; false discovery rate over {} tests, all miRNAs and groups",
               words(set.prior), set.n_tests);
    }
  }
  log_info("{} groups in {} samples compared; predictions follow from the same cells' mRNA",
           set.groups.size(), set.n_samples);
}

/// A matrix comes with its groups; profiles have theirs.
bool is_matrix(const MarkersCommand& command) {
  const GroupingOptions& groups = command.cells.grouping.groups;
  return !command.cells.inputs.empty() || !groups.group_by.empty() || !groups.groups.empty();
}

void check(const MarkersCommand& command, const std::vector<std::string>& read) {
  const bool needs_cells = command.auc || !command.export_h5ad.empty();
  if (needs_cells && (!is_matrix(command) || !command.cells.inputs.empty())) {
    throw Error(ExitCode::usage,
                fmt::format("{} needs the matrix of one input, with its groups (--group-by); "
                            "profiles hold no cells.",
                            command.auc ? "--auc" : "--export-h5ad"));
  }
  check_outputs(std::array{NamedOutput{"-o", command.output},
                           NamedOutput{"--export-h5ad", command.export_h5ad}},
                read);
  if (command.output != "-") (void)OutputFile(command.output);  // found before the work
  if (command.export_h5ad.empty()) return;
  if (OutputFile(command.export_h5ad).is_direct()) {
    throw Error(ExitCode::usage,
                fmt::format("--export-h5ad {}: HDF5 cannot be written to a pipe. Specify a regular "
                            "file.",
                            command.export_h5ad));
  }
}

/// Predicts every cell once more, by itself.
void set_aucs(const MarkersCommand& command, const PreparedModel& model, const GeneIndex& index,
              const Profiles& profiles, MarkerSet& set) {
  SourceOptions opening = command.cells.input.source;
  opening.threads = command.common.threads;
  const std::unique_ptr<CellSource> source = open_source(command.input(), opening, index);
  CellViewOptions options;
  static_cast<ReadingOptions&>(options) = command.cells.input.reading;
  options.threads = thread_count(command.common.threads);
  options.most_cells = 0;
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  add_aucs(view_cells(*source, model, index, command.cells.grouping.groups, profiles, options),
           profiles, set);
  progress.clear();
}

void run(MarkersCommand& command) {
  std::vector<ListedInput> inputs;
  if (is_matrix(command)) inputs = inputs_of(command.cells);
  if (command.input().empty()) {
    throw Error(ExitCode::usage, "INPUT is required. Run with --help for more.");
  }
  std::vector<std::string> read = files_read(command.cells, inputs);
  read.push_back(command.covariates);
  read.push_back(command.input());
  check(command, read);
  std::unique_ptr<PreparedModel> model;
  std::unique_ptr<GeneIndex> index;
  Profiles profiles;
  std::vector<SourceDescription> sources;
  if (is_matrix(command)) {
    if (command.auc && is_read_once(command.input())) {
      throw Error(ExitCode::usage, "--auc reads the input twice, which a pipe cannot do.");
    }
    model = std::make_unique<PreparedModel>(read_model(find_model(command.cells.input.model)));
    index = std::make_unique<GeneIndex>(model->card().panel);
    profiles = make_profiles(command.cells, inputs, command.common, *model, *index, &sources);
  } else {
    profiles = read_profiles(command.input());
  }
  if (!command.export_h5ad.empty() && !sources.front().is_h5ad) {
    throw Error(ExitCode::usage,
                fmt::format("--export-h5ad: {} is {}; only AnnData files can be copied with their "
                            "markers.",
                            command.input(), sources.front().format));
  }
  settle_testing(command, profiles, command.input(), command.options);
  MarkerSet set;
  try {
    set = find_markers(profiles, command.options);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", command.input(), error.what()));
  }
  say(set, command.options);
  if (command.auc) set_aucs(command, *model, *index, profiles, set);
  if (!command.export_h5ad.empty()) {
    export_markers(set, profiles, command.options, command.cells.grouping.groups.group_by,
                   command.input(), command.export_h5ad);
  }
  write_table(command, wants_json(command) ? markers_json(set, profiles, command.options)
                                           : markers_tsv(set, profiles));
}

}  // namespace

void bind_markers(Command& sub) {
  const auto owned = std::make_shared<MarkersCommand>();
  MarkersCommand& command = *owned;
  bind_profile_input(sub, command.cells);
  sub.option("INPUT").also(
      "Or the profiles that `sicmir profile` writes, .h5mu or .h5ad, which need no other option.");
  bind_testing(sub, command, command.options);
  bind_labels_from(sub, command.options.labels_from);
  sub.add_flag("--auc", command.auc,
               "Also the AUC over cells of each miRNA and group, for description; predicts every "
               "cell")
      .group("Testing");
  bind_table(sub, command);
  sub.add_option("--export-h5ad", command.export_h5ad,
                 "Also write a copy of the input, an AnnData file, with the markers in "
                 "uns[\"rank_genes_groups\"], for scanpy")
      .value_name("FILE")
      .group("Writing");
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Compares each group with the equal mean of the other groups of the same samples. Samples "
      "are the replicates; cells are not.");
  sub.add_example("sicmir markers profiles.h5mu --labels-from sorting -o markers.tsv",
                  "Markers of sorted cell types, with p-values");
  sub.add_example(
      "sicmir markers cells.h5ad --group-by cell_type --sample sample --export-h5ad marked.h5ad -o "
      "markers.tsv",
      "Straight from a matrix, also for scanpy");
}

}  // namespace sicmir::cli
