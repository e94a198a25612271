// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "atlas/add.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/supervisor.hpp"
#include "parallel/threads.hpp"
#include "text/list_file.hpp"

namespace sicmir::cli {
namespace {

using atlas::AddRequest;

constexpr EnumWords<LabelsFrom, 3> labels_words = {{{{"sorting", LabelsFrom::sorting},
                                                     {"annotation", LabelsFrom::annotation},
                                                     {"clusters", LabelsFrom::clusters}}}};

struct AddCommand {
  CommonOptions common;
  InputOptions input;
  std::string folder;
  std::string inputs;
  std::string terms;
  AddRequest request;
  atlas::AddOptions options;
};

/// Columns of a list of data sets: the options of the same name.
struct ListColumn {
  const char* name;
  std::string AddRequest::*text;
};
constexpr std::array text_columns = {ListColumn{"id", &AddRequest::id},
                                     ListColumn{"path", &AddRequest::input},
                                     ListColumn{"title", &AddRequest::title},
                                     ListColumn{"citation", &AddRequest::citation},
                                     ListColumn{"url", &AddRequest::url},
                                     ListColumn{"groups", &AddRequest::table},
                                     ListColumn{"group-by", &AddRequest::type_column},
                                     ListColumn{"sample", &AddRequest::sample_column},
                                     ListColumn{"donor", &AddRequest::donor_column},
                                     ListColumn{"sex", &AddRequest::sex_column},
                                     ListColumn{"condition", &AddRequest::condition_column},
                                     ListColumn{"tissue", &AddRequest::tissue},
                                     ListColumn{"disease", &AddRequest::disease},
                                     ListColumn{"map", &AddRequest::map},
                                     ListColumn{"reference", &AddRequest::reference}};
constexpr const char* public_column = "public";
constexpr const char* labels_column = "labels-from";

std::vector<std::string> known_columns() {
  std::vector<std::string> known;
  known.reserve(text_columns.size());
  for (const ListColumn& column : text_columns) known.emplace_back(column.name);
  known.emplace_back(public_column);
  known.emplace_back(labels_column);
  return known;
}

std::vector<std::string> header_of(const std::string& line, const std::string& list) {
  const std::vector<std::string> known = known_columns();
  std::vector<std::string> columns = tab_fields(line);
  std::set<std::string> seen;
  for (std::string& name : columns) {
    std::replace(name.begin(), name.end(), '_', '-');
    const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
    if (is_known && seen.insert(name).second) continue;
    throw Error(ExitCode::usage,
                fmt::format("{}: line 1: '{}' {}; the columns of a list of data sets are {}.{}",
                            list, name, is_known ? "stands there twice" : "is no such column",
                            joined(known, ", "), did_you_mean(name, known)));
  }
  for (const char* name : {"id", "path"}) {
    if (seen.contains(name)) continue;
    throw Error(ExitCode::usage,
                fmt::format("{}: line 1 must name the columns, 'id' and 'path' among them; '{}' is "
                            "missing.",
                            list, name));
  }
  return columns;
}

void set_field(AddRequest& request, const std::string& column, const std::string& value,
               const std::string& place) {
  const auto refuse = [&](const std::vector<std::string>& words) {
    throw Error(ExitCode::usage, fmt::format("{}: {} is '{}'; expected {}.", place, column, value,
                                             joined(words, ", ")));
  };
  if (column == public_column) {
    const auto word = atlas::public_words.parse(value);
    if (!word) refuse(atlas::public_words.choices());
    request.is_public = *word;
  } else if (column == labels_column) {
    const auto word = labels_words.parse(value);
    if (!word) refuse(labels_words.choices());
    request.labels_from = *word;
  } else {
    const auto* const found =
        std::find_if(text_columns.begin(), text_columns.end(),
                     [&](const ListColumn& one) { return column == one.name; });
    request.*found->text = value;
  }
}

std::vector<AddRequest> read_list(const std::string& list, const AddRequest& stated) {
  std::vector<std::string> lines;
  try {
    lines = read_text_lines(list);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("--inputs: {}", error.what()));
  }
  std::vector<AddRequest> requests;
  std::vector<std::string> columns;
  std::set<std::string> ids;
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    if (columns.empty()) {
      columns = header_of(line, list);
      continue;
    }
    const std::vector<std::string> fields = tab_fields(line);
    const std::string place = fmt::format("{}: line {}", list, number);
    if (fields.size() > columns.size()) {
      throw Error(ExitCode::usage, fmt::format("{}: has {} fields; expected at most {}.", place,
                                               fields.size(), columns.size()));
    }
    AddRequest& request = requests.emplace_back(stated);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (!fields[i].empty()) set_field(request, columns[i], fields[i], place);
    }
    if (!atlas::is_set_id(request.id) || request.input.empty()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: expected an id of 1 to 64 of a-z, 0-9, '.', '_' and '-', and a "
                              "path; found '{}' and '{}'.",
                              place, request.id, request.input));
    }
    if (!ids.insert(request.id).second) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: the id '{}' stands in the list twice.", place, request.id));
    }
  }
  if (requests.empty()) throw Error(ExitCode::usage, fmt::format("{}: lists no data set.", list));
  return requests;
}

/// Of a list, every n-th data set.
std::vector<AddRequest> of_shard(std::vector<AddRequest> all, const Shard& shard) {
  std::vector<AddRequest> mine;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (static_cast<Index>(i) % shard.of == shard.number - 1) mine.push_back(std::move(all[i]));
  }
  return mine;
}

std::vector<AddRequest> requests_of(AddCommand& command) {
  if (command.inputs.empty() == command.request.input.empty()) {
    throw Error(ExitCode::usage, command.inputs.empty()
                                     ? "INPUT is required (or --inputs LIST). Run with --help for "
                                       "more."
                                     : "--inputs lists the inputs; leave INPUT out.");
  }
  if (!command.options.targets.empty()) command.options.with_targets = true;
  settle_shard(command.input);
  std::optional<Shard> shard;
  std::swap(shard, command.input.reading.shard);
  if (command.inputs.empty()) {
    if (shard) throw Error(ExitCode::usage, "--shard divides a list of data sets (--inputs).");
    if (command.request.id.empty()) {
      throw Error(ExitCode::usage, "--id is required: what the data set is called in the atlas.");
    }
    return {command.request};
  }
  if (!command.request.id.empty()) {
    throw Error(ExitCode::usage, "--id: the ids stand in the list of data sets (--inputs).");
  }
  std::vector<AddRequest> all = read_list(command.inputs, command.request);
  return shard ? of_shard(std::move(all), *shard) : all;
}

class Adder {
 public:
  explicit Adder(AddCommand& command)
      : command_(command),
        model_(read_model(find_model(command.input.model))),
        index_(model_.card().panel),
        progress_(command.common.quiet) {
    command.options.reading = command.input.reading;
    command.options.reading.threads = thread_count(command.common.threads);
    command.options.reading.on_progress = [this](const Progress& now) { progress_.show(now); };
    command.options.source = command.input.source;
    command.options.source.threads = command.common.threads;
    if (!command.terms.empty()) command.options.terms = atlas::read_term_table(command.terms);
  }

  void add(const AddRequest& request) {
    const auto start = std::chrono::steady_clock::now();
    const bool is_new = atlas::add_data_set(atlas::AtlasFolder(command_.folder), request,
                                            command_.options, model_, index_);
    progress_.clear();
    if (!is_new) {
      log_info("{}: is in the atlas already", request.id);
      return;
    }
    log_info("{}: added to {} in {:.1f} s; `sicmir atlas index` makes it visible", request.id,
             command_.folder,
             std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

 private:
  AddCommand& command_;
  PreparedModel model_;
  GeneIndex index_;
  ProgressBar progress_;
};

/// Each in a process of its own, so that no file can stop the others.
void add_all(AddCommand& command, const std::vector<AddRequest>& requests) {
  std::vector<std::string> failed;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    log_info("--- {} ({} of {})", requests[i].id, i + 1, requests.size());
    const int code = end_as(supervise([&](const RunSettings&) {
      return exit_code_of([&] { Adder(command).add(requests[i]); });
    }));
    if (code == static_cast<int>(ExitCode::not_written)) {
      throw Error(ExitCode::not_written,
                  fmt::format("stopped at {}: it cannot be written. Continue from here with "
                              "--resume.",
                              requests[i].id));
    }
    if (code != 0) failed.push_back(fmt::format("{} ({})", requests[i].id, requests[i].input));
  }
  const std::string all = counted(requests.size(), "data set");
  const std::size_t n_there = requests.size() - failed.size();
  log_info("{} of {} {} in the atlas", n_there, all, by_number(n_there, "is", "are"));
  if (failed.empty()) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{} of {} could not be added (the reasons are above):\n  {}",
                          failed.size(), all, joined(failed, "\n  ")));
}

void run(AddCommand& command) {
  const std::vector<AddRequest> requests = requests_of(command);
  if (command.inputs.empty()) {
    Adder(command).add(requests.front());
  } else {
    add_all(command, requests);
  }
}

void bind_columns(Command& sub, AddRequest& request) {
  const std::string about = "What obs says";
  sub.add_option("--group-by", request.type_column, "Column of obs with the cell types")
      .value_name("COLUMN")
      .main();
  sub.add_option("--groups", request.table,
                 "Table of cells and what is known of them, where the input has no obs; the "
                 "options that name columns of obs then name columns of it")
      .value_name("FILE")
      .group(about);
  sub.add_option("--sample", request.sample_column,
                 "Column of obs that names each cell's sample [default: one sample]")
      .value_name("COLUMN")
      .main();
  sub.add_option("--donor", request.donor_column,
                 "Column of obs that names the donor; one per sample")
      .value_name("COLUMN")
      .group(about);
  sub.add_option("--sex", request.sex_column, "Column of obs with the sex; one per sample")
      .value_name("COLUMN")
      .group(about);
  sub.add_option("--condition", request.condition_column,
                 "Column of obs with the condition; one per sample [default: the disease]")
      .value_name("COLUMN")
      .group(about);
  sub.add_option("--tissue", request.tissue,
                 "Column of obs with the tissue, one per sample; or the tissue of all cells")
      .value_name("COLUMN|WORD")
      .group(about);
  sub.add_option("--disease", request.disease,
                 "Column of obs with the disease, one per sample; or the disease of all cells")
      .value_name("COLUMN|WORD")
      .group(about);
  sub.add_option(
         "--map", request.map,
         "Element of obsm that is drawn [default: X_umap, else another UMAP, X_tsne, X_pca]")
      .value_name("NAME")
      .group(about);
  sub.add_option(
         "--reference", request.reference,
         "Condition that the others are compared with [default: normal, healthy or control]")
      .value_name("CONDITION")
      .group(about);
  sub.add_choice<LabelsFrom>("--labels-from", request.labels_from, labels_words,
                             "Where the cell types come from: sorting, annotation, or clusters of "
                             "the same mRNA, which get no p-values [default: clusters]")
      .group(about);
}

void bind_reading(Command& sub, AddCommand& command) {
  const std::string reading = "Reading and predicting";
  sub.add_option("-m,--model", command.input.model,
                 "Model file [default: $SICMIR_MODEL, else the bundled model]")
      .value_name("FILE")
      .main();
  sub.add_option("--layer", command.input.source.layer,
                 "Matrix of counts: auto, X, raw/X or layers/NAME [default: auto]")
      .group(reading);
  sub.add_option("--min-panel", command.input.reading.genes.min_panel,
                 "Fraction of the model's genes that the input must contain [default: 0.8]")
      .range(0.0, 1.0)
      .group(reading);
  sub.add_choice<Scale>(
         "--scale", command.input.reading.scale,
         {{"auto", Scale::automatic}, {"dataset", Scale::dataset}, {"reference", Scale::reference}},
         "What profiles are standardised against: dataset (each other), reference (the model's "
         "training samples) or auto: dataset from 3 profiles above the floor on [default: auto]")
      .group(reading);
  sub.add_option("--platform", command.input.reading.platform,
                 "Platform that the input was measured on, for --scale reference")
      .value_name("NAME")
      .group(reading);
  sub.add_flag("--force-scale", command.input.reading.force_scale,
               "Continue even if the profiles look unlike the training samples")
      .group(reading);
  sub.add_option("--min-cells", command.options.floor.min_cells,
                 "Fewest cells of a profile; below it is marked, not dropped [default: 30]")
      .range(Index{0}, Index{1'000'000'000})
      .group(reading);
  sub.add_option("--min-counts", command.options.floor.min_counts,
                 "Fewest molecules of a profile; below it is marked, not dropped [default: 50000]")
      .range(0.0, 1e15)
      .group(reading);
  sub.add_flag("--networks", command.options.with_targets,
               "Also networks of miRNAs and their targets, for types of 10 samples or more, and "
               "cross-talk between types")
      .group(reading);
  sub.add_option("--targets", command.options.targets,
                 "Table of targets for --networks [default: the bundled conserved seed motifs]")
      .value_name("FILE")
      .group(reading);
  sub.add_option(
         "--terms", command.terms,
         "Table of ontology ids: kind (type, tissue, disease, condition), name and id, with "
         "tabs; goes before the input's own")
      .value_name("FILE")
      .group(reading);
}

}  // namespace

void bind_atlas_add(Command& sub) {
  const auto owned = std::make_shared<AddCommand>();
  AddCommand& command = *owned;
  AddRequest& request = command.request;
  sub.add_option("ATLAS", command.folder, "Folder of the atlas; made where it is missing")
      .required();
  sub.add_option(
      "INPUT", request.input,
      "What `sicmir profile` reads, with counts: .h5ad, .h5mu, .zarr, .rds, a 10x folder, ...");
  sub.add_option("--id", request.id,
                 "Name of the data set in the atlas: a-z, 0-9, '.', '_' and '-'")
      .value_name("ID")
      .main();
  sub.add_option("--inputs", command.inputs,
                 "Table of data sets, with tabs; its first line names the columns: id, path, and "
                 "any of these options")
      .value_name("FILE")
      .main();
  bind_shard(sub, command.input);
  sub.add_flag("--resume", command.options.resume,
               "Pass over data sets that are there, and take over what was left behind by a "
               "process that has ended")
      .main();
  bind_columns(sub, request);
  const std::string about = "About the data set";
  sub.add_option("--title", request.title, "Title").group(about);
  sub.add_option("--citation", request.citation, "How to cite it").group(about);
  sub.add_option("--url", request.url, "Where it comes from").group(about);
  sub.add_choice<atlas::PublicPart>("--public", request.is_public, atlas::public_words,
                                    "What the web site shows: no, summary (no cells) or cells "
                                    "(without their names) [default: summary]")
      .group(about);
  bind_reading(sub, command);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Profiles a data set, finds its markers and contrasts, predicts its cells, and keeps it all "
      "in "
      "a folder of its own in the atlas. Several may be added at once, on several machines. Cells "
      "whose is_primary_data is False are left out.");
  sub.add_example(
      "sicmir atlas add ATLAS liver.h5ad --id liver --group-by cell_type --sample sample",
      "Add a data set");
  sub.add_example("sicmir atlas add ATLAS --inputs datasets.tsv --shard slurm/8",
                  "In a job array, each task its part of a list");
}

}  // namespace sicmir::cli
