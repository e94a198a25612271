// SPDX-License-Identifier: BSD-3-Clause

#include <array>
#include <memory>

#include "analysis/cell_view.hpp"
#include "analysis/difference_text.hpp"
#include "analysis/export_markers.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/difference_options.hpp"
#include "cli/progress.hpp"
#include "parallel/threads.hpp"
#include "text/byte_input.hpp"

namespace sicmir::cli {
namespace {

struct MarkersCommand : DifferenceCommand {
  MarkerOptions options;
  std::string export_h5ad;
  bool auc = false;
};

void say(const MarkerSet& set, const MarkerOptions& options) {
  for (const std::string& warning : set.warnings) log_warning("{}", warning);
  if (set.n_below_floor > 0) {
    log_info("{} of {} {} below the floor and left out", set.n_below_floor,
             counted(set.n_below_floor + set.n_profiles, "profile"),
             by_number(set.n_below_floor, "is", "are"));
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
      log_info("{}", weight_words(set.weights));
      log_info("moderated t: {}; false discovery rate over {}, all miRNAs and groups",
               prior_words(set.prior), counted(set.n_tests, "test"));
    }
  }
  log_info("{} in {} compared; predictions follow from the same cells' mRNA",
           counted(set.groups.size(), "group"), counted(set.n_samples, "sample"));
}

void check(const MarkersCommand& command, const ChosenInput& chosen) {
  const bool needs_cells = command.auc || !command.export_h5ad.empty();
  if (needs_cells && (!chosen.is_matrix || !command.cells.inputs.empty())) {
    throw Error(ExitCode::usage,
                fmt::format("{} needs the matrix of one input, with its groups (--group-by); "
                            "profiles hold no cells.",
                            command.auc ? "--auc" : "--export-h5ad"));
  }
  if (command.auc && is_read_once(command.cells.name())) {
    throw Error(ExitCode::usage, "--auc reads the input twice, which a pipe cannot do.");
  }
  check_outputs(std::array{NamedOutput{"-o", command.output},
                           NamedOutput{"--export-h5ad", command.export_h5ad}},
                files_read(command, chosen));
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
void set_aucs(const MarkersCommand& command, const TakenProfiles& taken, MarkerSet& set) {
  SourceOptions opening = command.cells.input.source;
  opening.threads = command.common.threads;
  const std::unique_ptr<CellSource> source =
      open_source(command.cells.name(), opening, *taken.index);
  CellViewOptions options;
  static_cast<ReadingOptions&>(options) = command.cells.input.reading;
  options.threads = thread_count(command.common.threads);
  options.most_cells = 0;
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  add_aucs(view_cells(*source, *taken.model, *taken.index, command.cells.grouping.groups,
                      taken.profiles, options),
           taken.profiles, set);
  progress.clear();
}

void run(MarkersCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check(command, chosen);
  const TakenProfiles taken = take_profiles(command.cells, chosen, command.common);
  const Profiles& profiles = taken.profiles;
  if (!command.export_h5ad.empty() && !taken.sources.front().is_h5ad) {
    throw Error(ExitCode::usage,
                fmt::format("--export-h5ad: {} is {}; only AnnData files can be copied with their "
                            "markers.",
                            command.cells.name(), taken.sources.front().format));
  }
  settle_testing(command, profiles, command.cells.name(), command.options);
  MarkerSet set = with_name(command.cells, [&] { return find_markers(profiles, command.options); });
  say(set, command.options);
  if (command.auc) set_aucs(command, taken, set);
  if (!command.export_h5ad.empty()) {
    export_markers(set, profiles, command.options, command.cells.grouping.groups.group_by,
                   command.cells.name(), command.export_h5ad);
  }
  write_text(command.output, wants_json(command.format, command.output)
                                 ? markers_json(set, profiles, command.options)
                                 : markers_tsv(set, profiles));
}

}  // namespace

void bind_markers(Command& sub) {
  const auto owned = std::make_shared<MarkersCommand>();
  MarkersCommand& command = *owned;
  bind_profiles_or_matrix(sub, command.cells, ".h5mu or .h5ad");
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
