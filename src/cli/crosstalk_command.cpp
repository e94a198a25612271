// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <memory>

#include "analysis/crosstalk_text.hpp"
#include "analysis/targets.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/difference_options.hpp"
#include "cli/target_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct CrosstalkCommand {
  CommonOptions common;
  CrosstalkOptions options;
  ProfilesOrMatrix cells;
  TestingOptions testing;  ///< without covariates
  TargetInput targets;
  std::string output = "-";
  std::string net, dots, heat;
  TableFormat format = TableFormat::automatic;
  bool all = false;
};

void check(const CrosstalkCommand& command, const ChosenInput& chosen) {
  if (command.options.condition.empty() != command.options.reference.empty()) {
    throw Error(ExitCode::usage,
                "conditions are compared with both --condition and --reference: the former's "
                "cross-talk minus the latter's.");
  }
  const std::array outputs = {NamedOutput{"-o", command.output}, NamedOutput{"--net", command.net},
                              NamedOutput{"--dots", command.dots},
                              NamedOutput{"--heatmap", command.heat}};
  std::vector<std::string> files = chosen.files;
  files.insert(files.end(), {command.targets.targets, command.targets.options.transcripts});
  check_outputs(outputs, files);
  for (const NamedOutput& output : outputs) {
    const bool is_file = !output.path.empty() && output.path != "-";
    if (is_file) (void)OutputFile(output.path);  // found before the work
  }
}

void say(const GeneSetHere& genes) {
  log_info("{} ({}): {} of {} genes{}", genes.name, genes.term, genes.genes.size(), genes.size(),
           genes.not_here.empty() ? "" : "; not found: " + joined(genes.not_here, ", "));
}

void say_controls(const CrosstalkControls& controls, Index n_called) {
  log_info("control, receiver to sender: {} of {} called triples are called that way, too",
           controls.n_reverse, n_called);
  if (controls.n_shuffles == 0) return;
  log_info(
      "control, senders shuffled within samples: {:.1f} triples with p of at most {:.3g} (mean of "
      "{} shuffles, most {}), where the data have {}",
      controls.n_shuffled, controls.cutoff, controls.n_shuffles, controls.most_shuffled,
      controls.n_at_cutoff);
}

void say(const Crosstalk& found, const CrosstalkOptions& options, std::size_t n_listed) {
  for (const std::string& warning : found.warnings) log_warning("{}", warning);
  say(found.ev.biogenesis);
  say(found.ev.risc);
  if (found.n_below_floor > 0) {
    log_info("{} of {} {} below the floor and left out", found.n_below_floor,
             counted(found.n_below_floor + found.n_profiles + found.n_without_condition, "profile"),
             by_number(found.n_below_floor, "is", "are"));
  }
  if (found.n_without_condition > 0) {
    log_info("{} of other conditions {} left out", counted(found.n_without_condition, "profile"),
             by_number(found.n_without_condition, "is", "are"));
  }
  if (options.labels_from == LabelsFrom::clusters) {
    log_info(
        "no p-values: groups found by clustering the same mRNA differ by construction. If they "
        "were sorted or annotated otherwise, say so with --labels-from.");
  } else if (!found.why_no_p.empty()) {
    log_info("no p-values: {}", found.why_no_p);
  } else {
    log_info("{}", weight_words(found.weights));
    log_info("senders: moderated t, {}", prior_words(found.prior));
    log_info(
        "{} triples of sender, receiver and miRNA are called at a false discovery rate of {}, of "
        "{} tested",
        found.n_called, called_fdr, found.n_tests);
    say_controls(found.controls, found.n_called);
  }
  log_info("{}, {}, {}: {}, {} written", counted(found.groups.size(), "group"),
           counted(found.n_samples, "sample"), counted(found.n_mirnas, "miRNA"),
           counted(found.triples.size(), "triple"), n_listed);
  log_info("these pairs are compatible with transfer; nothing here shows that a miRNA travels");
}

void run(CrosstalkCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check(command, chosen);
  CrosstalkOptions& options = command.options;
  options.threads = thread_count(command.common.threads);
  if (command.testing.not_robust) options.moderation = statistics::Moderation::plain;
  const Profiles profiles = take_profiles(command.cells, chosen, command.common).profiles;
  if (!command.testing.mirnas.empty()) {
    options.mirnas = mirna_positions(mirna_list(command.testing.mirnas), profiles.mirnas,
                                     command.cells.name(), "--mirnas");
  }
  const TargetTable table = read_target_table(command.targets, profiles);
  const Evidence evidence = evidence_of(command.targets, table);
  CrosstalkContext context{profiles, options, table.source, evidence};
  const Crosstalk found = with_name(command.cells, [&] {
    const std::vector<std::uint8_t> in_panel = panel_genes(profiles);
    const TargetEdges edges = target_edges(table, evidence, profiles, in_panel);
    log_info(
        "{} {} pairs are used; {} whose target is among the model's genes (circular) and {} not "
        "measured are not",
        edges.edges.size(), to_string(evidence), edges.n_in_panel, edges.n_not_measured);
    context.n_pairs = static_cast<Index>(edges.edges.size());
    context.n_in_panel = edges.n_in_panel;
    context.n_not_measured = edges.n_not_measured;
    return find_crosstalk(profiles, edges.edges, in_panel, options);
  });
  const std::vector<std::size_t> listed = listed_triples(found, command.all);
  say(found, options, listed.size());
  write_text(command.output, wants_json(command.format, command.output)
                                 ? crosstalk_json(found, context, listed)
                                 : crosstalk_tsv(found, context, listed));
  if (!command.net.empty()) write_text(command.net, crosstalk_net_tsv(found));
  if (!command.dots.empty()) write_text(command.dots, crosstalk_dots_svg(found, context));
  if (!command.heat.empty()) write_text(command.heat, crosstalk_heat_svg(found, context));
}

void bind_own_targets(Command& sub, CrosstalkCommand& command) {
  bind_targets(sub, command.targets);
  sub.add_option("--min-targets", command.options.min_targets,
                 "Fewest targets of a miRNA that the other groups express [default: 10]")
      .value_name("N")
      .range(Index{3}, Index{100'000})
      .group("Targets");
  bind_mirnas(sub, command.testing);
}

void bind_tests(Command& sub, CrosstalkCommand& command) {
  CrosstalkOptions& options = command.options;
  const std::string testing = "Testing";
  bind_labels_from(sub, options.labels_from);
  sub.add_option("--condition", options.condition,
                 "Condition whose cross-talk is compared with that of --reference")
      .value_name("CONDITION")
      .main();
  sub.add_option("--reference", options.reference, "Condition that --condition is compared with")
      .value_name("CONDITION")
      .main();
  sub.add_option("--min-excess", options.min_excess,
                 "Test whether the sender exceeds by more than this, in z-scores [default: 1]")
      .value_name("Z")
      .range(0.0, 1000.0)
      .main();
  bind_weighting(sub, command.testing, options.weight_cells);
  sub.add_option("--shuffles", options.n_shuffles,
                 "Shuffles of the senders, as a control [default: 20]")
      .value_name("N")
      .range(Index{0}, Index{10'000})
      .group(testing);
  sub.add_option("--seed", options.seed, "Seed of the shuffles [default: 1]").group(testing);
}

}  // namespace

void bind_crosstalk(Command& sub) {
  const auto owned = std::make_shared<CrosstalkCommand>();
  CrosstalkCommand& command = *owned;
  command.cells.condition_option = "--condition-column";  // --condition names one of them
  bind_profiles_or_matrix(sub, command.cells, ".h5mu");
  bind_own_targets(sub, command);
  bind_tests(sub, command);
  const std::string writing = "Writing";
  sub.add_option("-o,--output", command.output, "Table of triples [default: standard output]")
      .value_name("FILE")
      .main();
  sub.add_flag("--all", command.all,
               "Write all triples, not only those whose excesses and deficit are above 0")
      .group(writing);
  sub.add_option("--net", command.net, "TSV of what each group sends and receives")
      .value_name("FILE")
      .group(writing);
  sub.add_option("--dots", command.dots, "Dot plot of the strongest triples (SVG)")
      .value_name("FILE")
      .group(writing);
  sub.add_option("--heatmap", command.heat, "Heat map of senders and receivers (SVG)")
      .value_name("FILE")
      .group(writing);
  bind_format(sub, command.format);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Finds miRNAs that are predicted high in one group and whose targets are low in another "
      "group of the same samples. Such pairs are compatible with transfer in extracellular "
      "vesicles; nothing here shows that a miRNA travels. Samples are the replicates.");
  sub.add_example(
      "sicmir crosstalk profiles.h5mu --labels-from annotation --dots dots.svg -o crosstalk.tsv",
      "Compatible pairs of annotated cell types, with p-values and a picture");
}

}  // namespace sicmir::cli
