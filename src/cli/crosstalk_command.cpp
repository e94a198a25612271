// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <memory>

#include "analysis/crosstalk_text.hpp"
#include "analysis/targets.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/difference_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

enum class EvidenceChoice : std::uint8_t { best, strong, weak, predicted };

struct CrosstalkCommand {
  CommonOptions common;
  CrosstalkOptions options;
  ProfilesOrMatrix cells;
  std::string targets;
  TargetOptions target_options;
  std::string mirnas;
  std::string output = "-";
  std::string net, dots, heat;
  EvidenceChoice evidence = EvidenceChoice::best;
  TableFormat format = TableFormat::automatic;
  bool not_robust = false;
  bool all = false;
};

void write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return;
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

bool wants_json(const CrosstalkCommand& command) {
  if (command.format != TableFormat::automatic) return command.format == TableFormat::json;
  return command.output.ends_with(".json");
}

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
  files.insert(files.end(), {command.targets, command.target_options.transcripts});
  check_outputs(outputs, files);
  for (const NamedOutput& output : outputs) {
    const bool is_file = !output.path.empty() && output.path != "-";
    if (is_file) (void)OutputFile(output.path);  // found before the work
  }
}

Evidence evidence_of(const CrosstalkCommand& command, const TargetTable& table) {
  switch (command.evidence) {
    case EvidenceChoice::strong:
      return Evidence::strong;
    case EvidenceChoice::weak:
      return Evidence::weak;
    case EvidenceChoice::predicted:
      return Evidence::predicted;
    case EvidenceChoice::best:
      break;
  }
  return best_evidence(table);
}

TargetTable targets_of(const CrosstalkCommand& command, const Profiles& profiles) {
  TargetTable table;
  if (command.targets.empty()) {
    table = bundled_targets(profiles.mirnas);
  } else {
    table = read_targets(command.targets, profiles.mirnas, command.target_options);
  }
  for (const std::string& sentence : describe(table)) {
    log_info("targets: {}", sentence);
  }
  return table;
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
    log_info("{} of {} profiles are below the floor and left out", found.n_below_floor,
             found.n_below_floor + found.n_profiles + found.n_without_condition);
  }
  if (found.n_without_condition > 0) {
    log_info("{} profiles of other conditions are left out", found.n_without_condition);
  }
  if (options.labels_from == LabelsFrom::clusters) {
    log_info(
        "no p-values: groups found by clustering the same mRNA differ by construction. If they "
        "were sorted or annotated otherwise, say so with --labels-from.");
  } else if (!found.why_no_p.empty()) {
    log_info("no p-values: {}", found.why_no_p);
  } else {
    log_info("senders: moderated t, {}", words(found.prior));
    log_info(
        "{} triples of sender, receiver and miRNA are called at a false discovery rate of {}, of "
        "{} tested",
        found.n_called, called_fdr, found.n_tests);
    say_controls(found.controls, found.n_called);
  }
  log_info("{} groups, {} samples, {} miRNAs: {} triples, {} written", found.groups.size(),
           found.n_samples, found.n_mirnas, found.triples.size(), n_listed);
  log_info("these pairs are compatible with transfer; nothing here shows that a miRNA travels");
}

void run(CrosstalkCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check(command, chosen);
  CrosstalkOptions& options = command.options;
  options.threads = thread_count(command.common.threads);
  if (command.not_robust) options.moderation = statistics::Moderation::plain;
  const Profiles profiles = take_profiles(command.cells, chosen, command.common).profiles;
  if (!command.mirnas.empty()) {
    options.mirnas =
        mirna_positions(mirna_list(command.mirnas), profiles, command.cells.name(), "--mirnas");
  }
  const TargetTable table = targets_of(command, profiles);
  const Evidence evidence = evidence_of(command, table);
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
  write_file(command.output, wants_json(command) ? crosstalk_json(found, context, listed)
                                                 : crosstalk_tsv(found, context, listed));
  if (!command.net.empty()) write_file(command.net, crosstalk_net_tsv(found));
  if (!command.dots.empty()) write_file(command.dots, crosstalk_dots_svg(found, context));
  if (!command.heat.empty()) write_file(command.heat, crosstalk_heat_svg(found, context));
}

void bind_targets(Command& sub, CrosstalkCommand& command) {
  sub.add_option(
         "--targets", command.targets,
         "Table of miRNA targets: miRTarBase, TarBase, ENCORI, TargetScan, miRDB, multiMiR, "
         "GMT or TSV [default: the bundled conserved seed motifs, predicted]")
      .value_name("FILE")
      .main();
  sub.add_choice<EvidenceChoice>("--evidence", command.evidence,
                                 {{"best", EvidenceChoice::best},
                                  {"strong", EvidenceChoice::strong},
                                  {"weak", EvidenceChoice::weak},
                                  {"predicted", EvidenceChoice::predicted}},
                                 "The one kind of evidence to use: strong, weak or predicted, or "
                                 "the best that the table has [default: best]")
      .main();
  sub.add_choice<Evidence>("--unstated-evidence", command.target_options.unstated,
                           {{"strong", Evidence::strong},
                            {"weak", Evidence::weak},
                            {"predicted", Evidence::predicted}},
                           "What pairs rest on if the table does not say it [default: predicted]")
      .group("Targets");
  sub.add_option("--transcripts", command.target_options.transcripts,
                 "TSV of transcript and gene symbol, for tables of transcripts (miRDB)")
      .value_name("FILE")
      .group("Targets");
  sub.add_option("--min-targets", command.options.min_targets,
                 "Fewest targets of a miRNA that the other groups express [default: 10]")
      .value_name("N")
      .range(Index{3}, Index{100'000})
      .group("Targets");
  sub.add_option("--mirnas", command.mirnas,
                 "Test and write only these miRNAs: names or accessions, separated by commas, or "
                 "a file of them")
      .value_name("LIST")
      .main();
}

void bind_tests(Command& sub, CrosstalkCommand& command) {
  CrosstalkOptions& options = command.options;
  const std::string testing = "Testing";
  sub.add_choice<LabelsFrom>(
         "--labels-from", options.labels_from,
         {{"sorting", LabelsFrom::sorting},
          {"annotation", LabelsFrom::annotation},
          {"clusters", LabelsFrom::clusters}},
         "Where the groups come from: sorting, annotation, or clusters of the same mRNA, which get "
         "no p-values [default: clusters]")
      .main();
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
  sub.add_option("--weight-cells", options.weight_cells,
                 "A profile of n cells has the weight n / (n + K); 0: all weigh the same "
                 "[default: 50]")
      .value_name("K")
      .range(0.0, 1e9)
      .group(testing);
  sub.add_flag("--not-robust", command.not_robust,
               "Moderate variances without making allowance for outliers")
      .group(testing);
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
  bind_targets(sub, command);
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
  sub.add_choice<TableFormat>("--format", command.format,
                              {{"tsv", TableFormat::tsv}, {"json", TableFormat::json}},
                              "tsv or json [default: json if the output ends in .json, else tsv]")
      .group(writing);
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
