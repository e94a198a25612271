// SPDX-License-Identifier: BSD-3-Clause

#include <array>
#include <memory>

#include "analysis/difference_text.hpp"
#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/difference_options.hpp"

namespace sicmir::cli {
namespace {

struct CompareCommand : DifferenceCommand {
  CompareOptions options;
};

void say(const Comparison& comparison) {
  if (comparison.n_below_floor > 0) {
    log_info("{} {} below the floor and left out", counted(comparison.n_below_floor, "profile"),
             by_number(comparison.n_below_floor, "is", "are"));
  }
  if (comparison.n_without_condition > 0) {
    log_warning("{} without a condition {} left out",
                counted(comparison.n_without_condition, "profile"),
                by_number(comparison.n_without_condition, "is", "are"));
  }
  if (comparison.n_unpaired > 0) {
    log_info("{} of one condition {} left out", counted(comparison.n_unpaired, "donor"),
             by_number(comparison.n_unpaired, "is", "are"));
  }
  log_info("{} ({})", counted(comparison.n_replicates, "replicate"),
           comparison.paired ? "donors, paired: each gave several conditions"
                             : "donors, or samples without a donor, of one condition each");
  log_info("{}", weight_words(comparison.weights));
  for (const GroupComparison& group : comparison.groups) {
    if (!group.why_no_p.empty()) {
      log_info("{}, {}: no p-values: {}", group.group, group.condition, group.why_no_p);
    } else {
      log_info("{}, {}: {}", group.group, group.condition, prior_words(group.prior));
    }
  }
  if (comparison.n_tests > 0) {
    log_info("false discovery rate over {}, all miRNAs, groups and conditions",
             counted(comparison.n_tests, "test"));
  }
}

void run(CompareCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check_outputs(std::array{NamedOutput{"-o", command.output}}, files_read(command, chosen));
  if (command.output != "-") (void)OutputFile(command.output);  // found before the work
  const Profiles profiles = take_profiles(command.cells, chosen, command.common).profiles;
  settle_testing(command, profiles, command.cells.name(), command.options);
  const Comparison comparison =
      with_name(command.cells, [&] { return compare_conditions(profiles, command.options); });
  say(comparison);
  write_text(command.output, wants_json(command.format, command.output)
                                 ? comparison_json(comparison, profiles, command.options)
                                 : comparison_tsv(comparison, profiles, command.options));
}

}  // namespace

void bind_compare(Command& sub) {
  const auto owned = std::make_shared<CompareCommand>();
  CompareCommand& command = *owned;
  bind_profiles_or_matrix(sub, command.cells, ".h5mu or .h5ad");
  bind_testing(sub, command, command.options);
  sub.add_option("--reference", command.options.reference,
                 "Condition that the others are compared with, e.g. normal")
      .value_name("CONDITION")
      .required()
      .main();
  sub.add_flag("--drop-unpaired", command.options.drop_unpaired,
               "Leave out donors of one condition where others gave several")
      .group("Testing");
  bind_table(sub, command);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Compares conditions within each group. Donors (samples, where no donor is known) are the "
      "replicates; donors who gave several conditions are blocks.");
  sub.add_example("sicmir compare profiles.h5mu --reference normal -o tumour_against_normal.tsv",
                  "What differs in each cell type");
  sub.add_example(
      "sicmir compare cells.h5ad --group-by cell_type --sample sample --condition disease "
      "--reference normal -o differences.tsv",
      "Straight from a matrix");
}

}  // namespace sicmir::cli
