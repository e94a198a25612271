// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <memory>

#include "analysis/gene_sets.hpp"
#include "analysis/target_network_text.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/difference_options.hpp"
#include "cli/target_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct NetworkCommand {
  CommonOptions common;
  NetworkOptions options;
  TargetInput targets;
  ProfilesOrMatrix cells;
  std::string output = "-";
  std::string edges;
  std::vector<std::string> graphs;
  Index most_edges = 150;
  std::string gene_sets;
  std::string enrichment;
  std::string mirnas;
  TableFormat format = TableFormat::automatic;
};

using Writer = std::string (*)(const TargetNetwork&, const Profiles&, const NetworkOptions&);

/// What writes a file of this name; nullptr: an SVG. Throws Error(usage).
Writer writer_of(const std::string& path) {
  if (path.ends_with(".graphml")) return graphml;
  if (path.ends_with(".sif")) return sif;
  if (path.ends_with(".cyjs")) return cytoscape_json;
  if (path.ends_with(".svg")) return nullptr;
  throw Error(
      ExitCode::usage,
      fmt::format("--graph {}: expected a name that ends in .graphml, .sif, .cyjs or .svg.", path));
}

void check(const NetworkCommand& command, const ChosenInput& chosen) {
  std::vector<NamedOutput> outputs = {
      {"-o", command.output}, {"--edges", command.edges}, {"--enrichment", command.enrichment}};
  for (const std::string& path : command.graphs) {
    (void)writer_of(path);
    outputs.push_back({"--graph", path});
  }
  std::vector<std::string> files = chosen.files;
  files.insert(files.end(),
               {command.targets.targets, command.gene_sets, command.targets.options.transcripts});
  check_outputs(outputs, files);
  for (const NamedOutput& output : outputs) {
    if (!output.path.empty() && output.path != "-") (void)OutputFile(output.path);
  }
  if (command.gene_sets.empty() != command.enrichment.empty()) {
    throw Error(ExitCode::usage,
                "--gene-sets and --enrichment belong together: the sets of genes, and the table to "
                "be written.");
  }
  if (!command.options.group.empty() && command.options.whole) {
    throw Error(ExitCode::usage,
                "--group and --whole exclude each other: one group, or the whole data set.");
  }
}

void check_evidence(const TargetTable& table, Evidence evidence) {
  if (table.count(evidence) > 0) return;
  throw Error(ExitCode::usage, fmt::format("--evidence {}: {} has no such pairs.",
                                           to_string(evidence), table.source));
}

void say(const TargetNetwork& network, const NetworkOptions& options) {
  Index n_hubs = 0;
  Index n_tests = 0;
  for (const NetworkTest& test : network.tests) {
    n_hubs += test.is_hub ? 1 : 0;
    n_tests += std::isnan(test.p) ? 0 : 1;
  }
  const std::string name = label_of(network);
  log_info(
      "{}: {} profiles, {} edges ({} pairs left out: too few cells detect the target; {}: it or "
      "the miRNA does not vary), {} tests, {} hubs at a false discovery rate of {}",
      name, network.n_profiles, network.edges.size(), network.n_undetected, network.n_constant,
      n_tests, n_hubs, options.fdr);
  if (n_tests == 0) return;
  log_info(
      "{}: random graphs share {:.0f} % of the edges with the one found after {} trades of every "
      "miRNA, {:.0f} % after {}; the smallest p that a test can reach is {:.2g}",
      name, 100 * network.mixing.overlap, 2 * target_network::trades,
      100 * network.mixing.overlap_long, 11 * target_network::trades, network.smallest_p);
}

void say(const NetworkSet& set, const NetworkOptions& options) {
  for (const std::string& warning : set.warnings) log_warning("{}", warning);
  if (set.n_below_floor > 0) {
    log_info("{} {} below the floor and left out", counted(set.n_below_floor, "profile"),
             by_number(set.n_below_floor, "is", "are"));
  }
  log_info(
      "{} pairs of {} evidence; {} left out since the prediction is made of the target, {} since "
      "the profiles do not have it",
      set.n_pairs, to_string(options.evidence), set.n_in_panel, set.n_not_measured);
  if (!set.groups_left_out.empty()) {
    log_info("no network for groups of fewer than {} samples: {}", target_network::fewest_samples,
             joined(set.groups_left_out, ", "));
  }
  for (const TargetNetwork& network : set.networks) say(network, options);
  const bool is_whole = set.networks.front().name.empty();
  if (is_whole && !options.whole) {
    log_info(
        "no group has {} samples: this is one network of the data set, with the means of groups "
        "removed, and there are no hubs of groups",
        target_network::fewest_samples);
  }
  log_info("{}", network_caution);
}

/// The miRNAs of --mirnas, else all hubs.
std::vector<Index> enriched_mirnas(const NetworkCommand& command, const NetworkSet& set,
                                   const Profiles& profiles) {
  if (!command.mirnas.empty()) {
    return mirna_positions(mirna_list(command.mirnas), profiles.mirnas, command.cells.name(),
                           "--mirnas");
  }
  std::vector<Index> hubs;
  for (const TargetNetwork& network : set.networks) {
    for (const NetworkTest& test : network.tests) {
      if (test.is_hub) hubs.insert(hubs.end(), test.mirnas.begin(), test.mirnas.end());
    }
  }
  if (hubs.empty()) log_warning("there are no hubs: --enrichment is empty; name --mirnas");
  return hubs;
}

void write_enrichment(const NetworkCommand& command, const NetworkSet& set,
                      const Profiles& profiles, const GeneSets& sets) {
  const std::vector<Index> mirnas = enriched_mirnas(command, set, profiles);
  const EnrichmentSet found = enrich(set, profiles, sets, mirnas);
  log_info(
      "{}: {} sets; {} names of genes are not in the profiles; {} tests, {} times a set was "
      "passed over for fewer than {} detected genes",
      command.gene_sets, sets.sets.size(), sets.n_not_measured, found.n_tests, found.n_small,
      fewest_in_set);
  write_text(command.enrichment, enrichment_tsv(found, profiles));
}

void write_graphs(const NetworkCommand& command, const NetworkSet& set, const Profiles& profiles) {
  if (command.graphs.empty()) return;
  if (set.networks.size() > 1) {
    std::vector<std::string> names;
    for (const TargetNetwork& network : set.networks) names.push_back(network.name);
    throw Error(ExitCode::usage, fmt::format("--graph takes one network, but there are those of "
                                             "'{}'. Choose one with --group, or --whole.",
                                             joined(names, "', '")));
  }
  const TargetNetwork& network = set.networks.front();
  for (const std::string& path : command.graphs) {
    const Writer writer = writer_of(path);
    write_text(path, writer != nullptr
                         ? writer(network, profiles, command.options)
                         : network_svg(network, profiles, command.options, command.most_edges));
  }
}

void run(NetworkCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check(command, chosen);
  const Profiles profiles = take_profiles(command.cells, chosen, command.common).profiles;
  const TargetTable table = read_target_table(command.targets, profiles);
  NetworkOptions& options = command.options;
  options.evidence = evidence_of(command.targets, table);
  check_evidence(table, options.evidence);
  options.threads = thread_count(command.common.threads);
  options.most_rewirings = std::max(options.most_rewirings, options.rewirings);
  GeneSets sets;
  if (!command.gene_sets.empty()) sets = read_gene_sets(command.gene_sets, profiles.genes);
  const NetworkSet set =
      with_name(command.cells, [&] { return build_networks(profiles, table, options); });
  say(set, options);
  write_graphs(command, set, profiles);
  if (!command.edges.empty()) write_text(command.edges, edges_tsv(set, profiles, options));
  if (!command.enrichment.empty()) write_enrichment(command, set, profiles, sets);
  write_text(command.output, wants_json(command.format, command.output)
                                 ? networks_json(set, profiles, table, options)
                                 : hubs_tsv(set, profiles));
}

void bind_tests(Command& sub, NetworkOptions& options) {
  const std::string group = "Testing";
  sub.add_option("--fdr", options.fdr, "False discovery rate of hubs [default: 0.05]")
      .range(0.0, 1.0)
      .group(group);
  sub.add_option("--rewirings", options.rewirings, "Random graphs of every network [default: 1000]")
      .range(Index{1}, Index{1'000'000})
      .group(group);
  sub.add_option("--most-rewirings", options.most_rewirings,
                 "Random graphs at most, for tests that need a finer p [default: 1000000]")
      .range(Index{1}, Index{100'000'000})
      .group(group);
  sub.add_option("--seed", options.seed, "Seed of the random graphs [default: 1]").group(group);
}

void bind_outputs(Command& sub, NetworkCommand& command) {
  sub.add_option("-o,--output", command.output,
                 "Table of miRNAs and their tests [default: standard output]")
      .value_name("FILE")
      .main();
  bind_format(sub, command.format);
  sub.add_option("--edges", command.edges, "TSV of all edges").value_name("FILE").main();
  sub.add_option("--graph", command.graphs,
                 "The network itself, by the ending: .graphml, .sif, .cyjs (Cytoscape), or .svg "
                 "(picture of the strongest edges); several, separated by commas")
      .value_name("FILES")
      .separator(',')
      .main();
  sub.add_option("--top-edges", command.most_edges, "Edges of the picture [default: 150]")
      .range(Index{1}, Index{2000})
      .group("Writing");
  sub.add_option("--gene-sets", command.gene_sets,
                 "GMT: tests whether targets are among these sets more often than by chance")
      .value_name("FILE")
      .main();
  sub.add_option("--enrichment", command.enrichment, "TSV of those tests")
      .value_name("FILE")
      .main();
  sub.add_option("--mirnas", command.mirnas,
                 "miRNAs of those tests: names or accessions, separated by commas, or a file of "
                 "them [default: the hubs]")
      .value_name("LIST")
      .main();
}

}  // namespace

void bind_network(Command& sub) {
  const auto owned = std::make_shared<NetworkCommand>();
  NetworkCommand& command = *owned;
  bind_profiles_or_matrix(sub, command.cells, ".h5mu");
  bind_targets(sub, command.targets);
  sub.add_option("--group", command.options.group,
                 "The network of this group only [default: of each group of 10 samples or more; "
                 "else one of the data set]")
      .value_name("NAME")
      .main();
  sub.add_flag("--whole", command.options.whole,
               "One network of the data set, with the means of groups removed")
      .main();
  bind_tests(sub, command.options);
  bind_outputs(sub, command);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Correlates predicted miRNAs with their measured targets over samples. Hubs are miRNAs whose "
      "targets are lower where the miRNA is predicted high, more than those of random graphs and "
      "more than with predictions of other miRNAs.");
  sub.add_example("sicmir network profiles.h5mu -o hubs.tsv --edges edges.tsv",
                  "Hubs and edges, with the bundled predicted targets");
  sub.add_example(
      "sicmir network profiles.h5mu --targets hsa_MTI.csv --group 'T cell' --graph "
      "t_cell.svg,t_cell.graphml",
      "The network of one group, with targets of miRTarBase");
  sub.add_example("sicmir network cells.h5ad --group-by cell_type --sample sample -o hubs.tsv",
                  "Straight from a matrix");
}

}  // namespace sicmir::cli
