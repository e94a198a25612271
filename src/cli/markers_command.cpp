// SPDX-License-Identifier: BSD-3-Clause

#include <memory>

#include "analysis/difference_text.hpp"
#include "base/log.hpp"
#include "cli/difference_options.hpp"

namespace sicmir::cli {
namespace {

struct MarkersCommand : DifferenceCommand {
  MarkerOptions options;
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

void run(MarkersCommand& command) {
  const Profiles profiles = read_inputs(command, command.options);
  MarkerSet set;
  try {
    set = find_markers(profiles, command.options);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", command.profiles, error.what()));
  }
  say(set, command.options);
  write_table(command, wants_json(command) ? markers_json(set, profiles, command.options)
                                           : markers_tsv(set, profiles));
}

}  // namespace

void bind_markers(Command& sub) {
  const auto owned = std::make_shared<MarkersCommand>();
  MarkersCommand& command = *owned;
  bind_differences(sub, command, command.options);
  bind_labels_from(sub, command.options.labels_from);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Compares each group with the equal mean of the other groups of the same samples. Samples "
      "are the replicates; cells are not.");
  sub.add_example("sicmir markers profiles.h5mu --labels-from sorting -o markers.tsv",
                  "Markers of sorted cell types, with p-values");
}

}  // namespace sicmir::cli
