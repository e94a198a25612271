// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "atlas/check.hpp"
#include "atlas/index.hpp"
#include "atlas/info.hpp"
#include "atlas/site.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/suggest.hpp"
#include "cli/command_table.hpp"
#include "cli/commands.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct AtlasCommand {
  CommonOptions common;
  std::string folder;
};

void bind_folder(Command& sub, AtlasCommand& command) {
  sub.add_option("ATLAS", command.folder, "Folder of the atlas").required();
}

struct VerbCommand : AtlasCommand {
  std::string verb;
};

std::vector<std::string> verbs() {
  std::vector<std::string> verbs;
  constexpr std::string_view prefix = "atlas-";
  for (const CommandEntry& entry : command_table()) {
    if (entry.name.starts_with(prefix)) verbs.emplace_back(entry.name.substr(prefix.size()));
  }
  return verbs;
}

void run_verb(const VerbCommand& command) {
  const std::vector<std::string> known = verbs();
  throw Error(ExitCode::usage,
              command.verb.empty()
                  ? fmt::format("atlas: say what to do: {}.", joined(known, ", "))
                  : fmt::format("atlas: there is no '{}'; there are {}.{}", command.verb,
                                joined(known, ", "), did_you_mean(command.verb, known)));
}

struct IndexCommand : AtlasCommand {
  atlas::IndexOptions options;
};

void run_index(IndexCommand& command) {
  command.options.threads = thread_count(command.common.threads);
  command.options.write_site = atlas::write_site;
  const atlas::IndexReport report =
      atlas::build_index(atlas::AtlasFolder(command.folder), command.options);
  log_info("{}, {}, {} in {}; catalogue of {:.1f} MB{}", counted(report.n_sets, "data set"),
           counted(report.n_cells, "cell"), counted(report.n_types, "cell type"),
           counted(report.n_groups, "group"), static_cast<double>(report.catalogue_bytes) / 1e6,
           report.n_removed > 0 ? fmt::format("; {} removed", report.n_removed) : "");
}

struct InfoCommand : AtlasCommand {
  bool json = false;
  bool terms = false;
};

void run_info(const InfoCommand& command) {
  const atlas::AtlasInfo info = atlas::atlas_info(atlas::AtlasFolder(command.folder));
  print(command.terms  ? atlas::terms_tsv(info)
        : command.json ? atlas::info_json(info)
                       : atlas::info_text(info));
}

struct RemoveCommand : AtlasCommand {
  std::vector<std::string> ids;
};

void run_remove(const RemoveCommand& command) {
  const atlas::AtlasFolder folder(command.folder);
  for (const std::string& id : command.ids) atlas::mark_removed(folder, id);
  log_info("removed: {}; `sicmir atlas index` deletes them", joined(command.ids, ", "));
}

void run_check(const AtlasCommand& command) {
  const atlas::CheckReport report = atlas::check_atlas(atlas::AtlasFolder(command.folder));
  for (const atlas::Finding& note : report.notes) log_info("{}: {}", note.where, note.what);
  std::string text;
  for (const atlas::Finding& one : report.damages) {
    text += one.what.starts_with(one.where) ? fmt::format("{}\n", one.what)
                                            : fmt::format("{}: {}\n", one.where, one.what);
  }
  print(text);
  log_info("{} and {} checked", counted(report.n_sets, "data set"),
           counted(report.n_files, "file"));
  if (report.damages.empty()) return;
  const std::size_t n = report.damages.size();
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {}; {} on standard output.", command.folder, counted(n, "finding"),
                          by_number(n, "it is", "they are")));
}

}  // namespace

void bind_atlas(Command& sub) {
  const auto owned = std::make_shared<VerbCommand>();
  sub.add_option("VERB", owned->verb, "What to do: " + joined(verbs(), ", "));
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run_verb(*owned); });
  sub.describe(
      "An atlas is a folder of many data sets: their profiles, markers and cells, a catalogue that "
      "can be asked from the shell, and a web site of plain files. `sicmir atlas add` and the like "
      "are commands of their own; `sicmir atlas add --help` shows their options.");
  sub.add_example(
      "sicmir atlas add ATLAS cells.h5ad --id liver --group-by cell_type --sample sample",
      "Add a data set");
  sub.add_example("sicmir atlas index ATLAS", "Make the catalogue");
  sub.add_example("sicmir atlas query ATLAS --mirna hsa-miR-122-5p",
                  "Rank all cell types by a miRNA");
}

void bind_atlas_index(Command& sub) {
  const auto owned = std::make_shared<IndexCommand>();
  bind_folder(sub, *owned);
  sub.add_flag("--allow-mixed", owned->options.allow_mixed,
               "Accept data sets of several models or scales, and keep them apart in every "
               "comparison")
      .main();
  sub.add_flag("--resume", owned->options.resume,
               "Take over from an index that was stopped; refused while that is alive on this host")
      .main();
  bind_common(sub, owned->common);
  on_run(sub, owned->common, [owned] { run_index(*owned); });
  sub.describe(
      "Rebuilds everything in an atlas that follows from its data sets, and deletes those that "
      "were "
      "removed. Finished data sets are seen, others are not; adding may go on meanwhile.");
  sub.add_example("sicmir atlas index ATLAS", "Make the catalogue");
}

void bind_atlas_info(Command& sub) {
  const auto owned = std::make_shared<InfoCommand>();
  bind_folder(sub, *owned);
  sub.add_flag("--json", owned->json, "As JSON, with provenance").main();
  sub.add_flag("--terms", owned->terms,
               "Table of all cell types, tissues, diseases and conditions with their ontology ids")
      .main();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run_info(*owned); });
  sub.describe("Lists the data sets of an atlas, what is being made, and what was left out.");
  sub.add_example("sicmir atlas info ATLAS", "List the data sets");
  sub.add_example("sicmir atlas info ATLAS --terms > terms.tsv",
                  "List all cell types, tissues, diseases and conditions");
}

void bind_atlas_remove(Command& sub) {
  const auto owned = std::make_shared<RemoveCommand>();
  bind_folder(sub, *owned);
  sub.add_option("ID", owned->ids, "Data sets to remove").required();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run_remove(*owned); });
  sub.describe("Marks data sets; the next `sicmir atlas index` leaves them out and deletes them.");
  sub.add_example("sicmir atlas remove ATLAS liver && sicmir atlas index ATLAS",
                  "Remove a data set for good");
}

void bind_atlas_check(Command& sub) {
  const auto owned = std::make_shared<AtlasCommand>();
  bind_folder(sub, *owned);
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run_check(*owned); });
  sub.describe(
      "Compares every file of an atlas with its checksum, reads it, and looks for files that do "
      "not "
      "belong there or were left by commands that were stopped. Findings go to standard output, "
      "and "
      "the exit code is then 3.");
  sub.add_example("sicmir atlas check ATLAS", "Look for damage, as after a move to another disk");
}

}  // namespace sicmir::cli
