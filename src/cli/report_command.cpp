// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "analysis/shown_targets.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/log_notes.hpp"
#include "base/output_file.hpp"
#include "cli/difference_options.hpp"
#include "cli/progress.hpp"
#include "cli/report_page.hpp"
#include "cli/report_tables.hpp"
#include "cli/target_options.hpp"
#include "parallel/threads.hpp"
#include "text/byte_input.hpp"

namespace sicmir::cli {
namespace {

constexpr std::size_t most_mirnas = 30;
constexpr std::size_t most_genes = 30;

struct ReportCommand : ProfilesOrMatrix {
  CommonOptions common;
  TestingOptions testing;
  MarkerOptions markers;
  std::string output;
  std::string tables;
  std::string map;
  std::string genes;
  std::string targets;
  bool reasons = false;
  bool network = false;
  bool crosstalk = false;
  std::int64_t max_cells = 50'000;
  std::uint64_t seed = 1;
};

std::vector<std::string> gene_list(const std::string& list) {
  if (list.empty()) return {};
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (std::size_t start = 0; start <= list.size();) {
    const std::size_t end = std::min(list.find(',', start), list.size());
    std::string name = list.substr(start, end - start);
    if (!name.empty() && seen.insert(name).second) names.push_back(std::move(name));
    start = end + 1;
  }
  if (names.empty()) throw Error(ExitCode::usage, "--genes: names no gene.");
  if (names.size() > most_genes) {
    throw Error(ExitCode::usage, fmt::format("--genes: {} genes; the page can show at most {}.",
                                             names.size(), most_genes));
  }
  return names;
}

/// Genes of --genes, then a target of each miRNA that is shown, up to most_genes.
std::vector<ShownGene> genes_to_show(const ReportCommand& command, const Profiles& profiles,
                                     const TargetTable& targets, const std::vector<Index>& mirnas) {
  std::vector<ShownGene> genes;
  for (const std::string& name : gene_list(command.genes)) genes.push_back({name, name, {}});
  for (ShownGene& gene : shown_targets(profiles, targets, mirnas)) {
    if (genes.size() == most_genes) break;
    const bool is_there = std::any_of(genes.begin(), genes.end(), [&](const ShownGene& one) {
      return one.id == gene.id || one.name == gene.name;
    });
    if (!is_there) genes.push_back(std::move(gene));
  }
  return genes;
}

GenePanel panel_of(const std::vector<ShownGene>& genes) {
  GenePanel panel;
  for (const ShownGene& shown : genes) {
    PanelGene gene;
    gene.symbol = gene.current_symbol = shown.id;
    if (shown.id.starts_with("ENSG")) gene.ensembl_id = shown.id.substr(0, shown.id.find('.'));
    panel.genes.push_back(std::move(gene));
  }
  return panel;
}

void check(const ReportCommand& command, const std::vector<std::string>& read) {
  std::vector<NamedOutput> outputs = {{"-o", command.output}};
  if (!command.tables.empty()) {
    for (const std::string& file : table_files(command.tables)) {
      outputs.push_back({"--tables", file});
    }
  }
  check_outputs(outputs, read);
  (void)OutputFile(command.output);  // found before the work
  if (!command.tables.empty()) make_table_folder(command.tables);
}

/// Coordinates that the input brings: those of --map, or the first that can be read.
InputMap map_of(const ReportCommand& command, const SourceDescription& input, Index n_cells) {
  const bool is_named = !command.map.empty() && command.map != "pca";
  if (is_named && !input.is_h5ad) {
    throw Error(ExitCode::usage,
                fmt::format("--map {}: {} is {}; only AnnData files have maps (obsm). Use --map "
                            "pca, or leave --map out.",
                            command.map, input.path, input.format));
  }
  if (is_named) return read_map(input.path, command.map, n_cells);
  if (command.map == "pca" || !input.is_h5ad) return {};
  for (const std::string& name : maps_in(input.path)) {
    try {
      return read_map(input.path, name, n_cells);
    } catch (const Error& error) {
      log_warning("{} It is not drawn.", error.what());
    }
  }
  return {};
}

/// Of all cells, those that are drawn.
InputMap of_drawn(const InputMap& all, const CellView& view) {
  InputMap drawn{all.name, {}, {}};
  if (all.name.empty()) return drawn;
  Index n_without = 0;
  for (const Index cell : view.cells) {
    drawn.x.push_back(all.x[static_cast<std::size_t>(cell)]);
    drawn.y.push_back(all.y[static_cast<std::size_t>(cell)]);
    if (!(drawn.x.back() == drawn.x.back() && drawn.y.back() == drawn.y.back())) ++n_without;
  }
  if (n_without > 0) {
    log_warning("{} of {} drawn cells have no coordinates in obsm/{}; they are left out of the map",
                n_without, view.cells.size(), all.name);
  }
  return drawn;
}

/// From ids to names and notes; says which genes of --genes are not in the input.
void name_genes(const std::vector<ShownGene>& genes, PageMap& map) {
  std::vector<std::string> missing;
  for (const ShownGene& gene : genes) {
    const auto found = std::find(map.genes.genes.begin(), map.genes.genes.end(), gene.id);
    if (found == map.genes.genes.end() && gene.note.empty()) missing.push_back(gene.name);
  }
  for (std::string& id : map.genes.genes) {
    const auto shown = std::find_if(genes.begin(), genes.end(),
                                    [&](const ShownGene& gene) { return gene.id == id; });
    map.gene_notes.push_back(shown->note);
    id = shown->name;
  }
  if (!missing.empty()) log_warning("--genes: the input does not have {}", joined(missing, ", "));
}

PageMap draw_cells(const ReportCommand& command, const TakenProfiles& taken,
                   const TargetTable& targets, const std::vector<Index>& mirnas) {
  const Profiles& profiles = taken.profiles;
  const GeneIndex& index = *taken.index;
  const std::vector<ShownGene> genes = genes_to_show(command, profiles, targets, mirnas);
  SourceOptions opening = command.input.source;
  opening.threads = command.common.threads;
  const std::unique_ptr<CellSource> source = open_source(command.input.input, opening, index);
  PageMap map;
  const InputMap all = map_of(command, source->description(), source->n_cells().value_or(0));
  CellViewOptions options;
  static_cast<ReadingOptions&>(options) = command.input.reading;
  options.threads = thread_count(command.common.threads);
  options.mirnas = mirnas;
  options.seed = command.seed;
  options.components = all.name.empty();
  options.most_cells =
      std::min<Index>(command.max_cells, most_cells_of_page(mirnas.size(), genes.size()));
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  map.view = view_cells(*source, *taken.model, index, command.grouping.groups, profiles, options);
  progress.clear();
  map.coordinates = of_drawn(all, map.view);
  if (!genes.empty()) {
    const std::unique_ptr<CellSource> again =
        open_source(command.input.input, opening_of(command, command.common), index);
    ReadingOptions reading = command.input.reading;
    reading.threads = options.threads;
    map.genes = view_genes(*again, GeneIndex(panel_of(genes)), taken.model->card().recipe,
                           map.view.cells, reading);
    name_genes(genes, map);
  }
  return map;
}

/// Why no cells can be drawn; empty: they can.
std::string why_no_map(const ReportCommand& command, bool has_profiles) {
  if (has_profiles) {
    return "The report was made from profiles, which hold sums over cells, so that there are no "
           "cells to draw. Give the matrix instead of the profiles to see a map.";
  }
  if (!command.inputs.empty()) {
    return "Several inputs were joined; their cells share no map. Report one input alone to see "
           "its map.";
  }
  if (command.max_cells == 0) return "No map was asked for (--max-cells 0).";
  return {};
}

void add_reasons(const ReportCommand& command, const TakenProfiles& taken, const MarkerSet& markers,
                 PageContent& content) {
  content.reasons.words =
      "Not run. `sicmir report --reasons` names the genes by which the model tells the first "
      "marker of each group, and `sicmir explain` those of any miRNA.";
  if (!command.reasons) return;
  if (taken.model == nullptr) {
    content.reasons.words =
        "Not run. The report was made from profiles; give it the matrix instead, or ask `sicmir "
        "explain`.";
    return;
  }
  content.reasons = reasons_part(taken.profiles, markers, *taken.model, *taken.index, content.input,
                                 thread_count(command.common.threads));
}

void add_parts(const ReportCommand& command, const Profiles& profiles, const TargetTable& targets,
               PageContent& content) {
  const PartOptions options{command.markers.labels_from, command.seed,
                            thread_count(command.common.threads)};
  content.network.words =
      "Not run. `sicmir report --network`, or `sicmir network`, tests which miRNAs go with low "
      "targets, and looks for hubs.";
  content.crosstalk.words =
      "Not run. `sicmir report --crosstalk`, or `sicmir crosstalk`, looks for groups of which one "
      "could send a miRNA and another receive it.";
  if (command.network) content.network = network_part(profiles, targets, options);
  if (command.crosstalk) content.crosstalk = crosstalk_part(profiles, targets, options);
}

void run(ReportCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const LogNotes notes;
  const ChosenInput chosen = choose_input(command);
  const std::string no_map = why_no_map(command, !chosen.is_matrix);
  if (no_map.empty() && is_read_once(command.input.input)) {
    throw Error(ExitCode::usage,
                fmt::format("{}: a report reads its input twice, which a pipe cannot do. Specify a "
                            "file.",
                            command.input.input == "-" ? "standard input" : command.input.input));
  }
  std::vector<std::string> read = chosen.files;
  read.insert(read.end(), {command.testing.covariates, command.targets});
  check(command, read);
  (void)gene_list(command.genes);

  PageContent content;
  content.input = command.name();
  content.group_by = command.grouping.groups.group_by.empty() ? command.grouping.groups.groups
                                                              : command.grouping.groups.group_by;
  content.seed = command.seed;
  content.why_no_map = no_map;
  TakenProfiles taken = take_profiles(command, chosen, command.common);
  content.sources = std::move(taken.sources);
  const Profiles& profiles = taken.profiles;
  settle_testing(command.testing, profiles, content.input, command.markers);
  MarkerSet markers = with_name(command, [&] { return find_markers(profiles, command.markers); });
  for (const std::string& warning : markers.warnings) log_warning("{}", warning);
  const TargetTable targets = read_target_table(TargetInput{command.targets, {}}, profiles);
  content.mirnas = leading_mirnas(markers, profiles, most_mirnas);
  if (content.why_no_map.empty()) {
    content.map = draw_cells(command, taken, targets, content.mirnas);
    add_aucs(content.map->view, profiles, markers);
  }
  add_reasons(command, taken, markers, content);
  add_parts(command, profiles, targets, content);
  content.warnings = notes.warnings();
  content.news = notes.news();
  const std::string page = report_page(content, profiles, markers, command.markers);
  TextFiles files;
  if (!command.tables.empty()) write_tables(command.tables, content, profiles, markers, files);
  files.add(command.output, page);
  files.commit();
  log_info("report of {} in {} written to {} ({:.1f} MB) in {:.1f} s",
           counted(markers.groups.size(), "group"), counted(markers.n_samples, "sample"),
           command.output, static_cast<double>(page.size()) / 1e6,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

void bind_report(Command& sub) {
  const auto owned = std::make_shared<ReportCommand>();
  ReportCommand& command = *owned;
  bind_profiles_or_matrix(sub, command, ".h5mu or .h5ad");
  sub.option("INPUT").also("Of these there is no map.");
  bind_testing(sub, command.testing, command.markers);
  bind_labels_from(sub, command.markers.labels_from);
  const std::string page = "Page";
  sub.add_flag("--reasons", command.reasons,
               "Also the genes behind the first marker of each group, as `sicmir explain` finds "
               "them; a second or two per group of 12 samples")
      .main();
  sub.add_flag("--network", command.network,
               "Also networks of miRNAs and targets, and hubs, as `sicmir network` finds them")
      .main();
  sub.add_flag("--crosstalk", command.crosstalk,
               "Also compatible senders and receivers, as `sicmir crosstalk` finds them")
      .main();
  sub.add_option("--targets", command.targets,
                 "Table of targets, as `sicmir network` takes it [default: the bundled conserved "
                 "seed motifs, predicted]")
      .value_name("FILE")
      .group(page);
  sub.add_option("--map", command.map,
                 "AnnData: table of obsm that is the map of the cells, e.g. X_umap; pca: principal "
                 "components of the predictions [default: X_umap or the like, else pca]")
      .value_name("NAME")
      .group(page);
  sub.add_option(
         "--genes", command.genes,
         fmt::format("Also colour the map by the mRNA of these genes, at most {}", most_genes))
      .value_name("GENE,...")
      .group(page);
  sub.add_option("--max-cells", command.max_cells,
                 "Most cells to draw, chosen by group; 0: no map [default: 50000]")
      .range(std::int64_t{0}, std::int64_t{50'000})
      .group(page);
  sub.add_option("--seed", command.seed, "Seed of the choice of cells [default: 1]").group(page);
  sub.add_option("-o,--output", command.output, "Page: .html").required().main();
  sub.add_option("--tables", command.tables,
                 "Folder for the full tables, of which the page shows 200 lines each")
      .value_name("FOLDER")
      .main();
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Writes one page that opens in any browser, from disk, without a network: how the data were "
      "read, with all warnings, a map of the cells, the markers of the groups, the accuracy of the "
      "model, and a paragraph on methods to paste into a paper.");
  sub.add_example(
      "sicmir report cells.h5ad --group-by cell_type --sample sample --labels-from annotation -o "
      "report.html",
      "One page on the cell types of several samples");
}

}  // namespace sicmir::cli
