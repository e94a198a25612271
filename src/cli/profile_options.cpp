// SPDX-License-Identifier: BSD-3-Clause
#include "cli/profile_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>

#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "cli/progress.hpp"
#include "parallel/threads.hpp"
#include "text/list_file.hpp"

namespace sicmir::cli {
namespace {

/// What a column of the list sets; nullptr: the path.
struct InputColumn {
  const char* name;
  std::string ProfileGrouping::*word;
};
constexpr std::array list_columns = {InputColumn{"path", nullptr},
                                     InputColumn{"sample", &ProfileGrouping::sample},
                                     InputColumn{"donor", &ProfileGrouping::donor},
                                     InputColumn{"condition", &ProfileGrouping::condition},
                                     InputColumn{"tissue", &ProfileGrouping::tissue}};

/// Columns in the order of the first line, if that names them, else in the order above.
std::vector<InputColumn> columns_of(const std::vector<std::string>& first, const std::string& list,
                                    bool& has_header) {
  has_header = std::find(first.begin(), first.end(), "path") != first.end();
  if (!has_header) return {list_columns.begin(), list_columns.end()};
  std::vector<std::string> known;
  known.reserve(list_columns.size());
  for (const InputColumn& column : list_columns) known.emplace_back(column.name);
  std::vector<InputColumn> columns;
  std::set<std::string> seen;
  for (const std::string& name : first) {
    const auto* const found =
        std::find_if(list_columns.begin(), list_columns.end(),
                     [&](const InputColumn& column) { return column.name == name; });
    if (found == list_columns.end() || !seen.insert(name).second) {
      throw Error(
          ExitCode::usage,
          fmt::format(
              "{}: line 1: '{}' {}; the columns of a list of inputs are {}.{}", list, name,
              found == list_columns.end() ? "is no column that is known" : "stands there twice",
              joined(known, ", "), did_you_mean(name, known)));
    }
    columns.push_back(*found);
  }
  return columns;
}

void check_word(const ProfileGrouping& one, const ProfileInput& command, std::size_t number) {
  const ProfileGrouping& stated = command.grouping;
  const auto refuse = [&](const std::string& option, const std::string& value) {
    throw Error(ExitCode::usage,
                fmt::format("{}: line {}: states '{}', but {} names a column that tells it. Leave "
                            "one of the two out.",
                            command.inputs, number, value, option));
  };
  if (!stated.sample_column.empty() && !one.sample.empty()) refuse("--sample", one.sample);
  if (!stated.donor_column.empty() && !one.donor.empty()) refuse("--donor", one.donor);
  if (!stated.condition_column.empty() && !one.condition.empty()) {
    refuse(command.condition_option, one.condition);
  }
  if (!stated.tissue_column.empty() && !one.tissue.empty()) refuse("--tissue", one.tissue);
}

std::vector<ListedInput> read_list(const ProfileInput& command) {
  const std::string& list = command.inputs;
  std::vector<std::string> lines;
  try {
    lines = read_text_lines(list);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("--inputs: {}", error.what()));
  }
  std::vector<ListedInput> inputs;
  std::vector<InputColumn> columns;
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string> fields = tab_fields(line);
    if (columns.empty()) {
      bool has_header = false;
      columns = columns_of(fields, list, has_header);
      if (has_header) continue;
    }
    if (fields.size() > columns.size()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: line {} has {} fields, separated by tabs; expected at most {}: "
                              "path, sample, donor, condition, tissue.",
                              list, number, fields.size(), columns.size()));
    }
    ListedInput& one = inputs.emplace_back();
    one.grouping = command.grouping;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (columns[i].word == nullptr) {
        one.path = fields[i];
      } else {
        one.grouping.*columns[i].word = fields[i];
      }
    }
    if (one.path.empty()) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: line {} names no input; expected its path.", list, number));
    }
    check_word(one.grouping, command, number);
  }
  if (inputs.empty()) throw Error(ExitCode::usage, fmt::format("{}: lists no input.", list));
  return inputs;
}

}  // namespace

void bind_profile_input(Command& sub, ProfileInput& command) {
  bind_input(sub, command.input);
  sub.option("INPUT").required(false);
  const std::string samples = "Samples";
  ProfileGrouping& grouping = command.grouping;
  sub.add_option("--group-by", grouping.groups.group_by,
                 "AnnData: columns of obs that make the groups, e.g. cell_type")
      .value_name("COLUMN,...")
      .main();
  sub.add_option("--sample", grouping.sample_column,
                 "AnnData: column of obs that names each cell's sample [default: one sample, named "
                 "after the input]")
      .value_name("COLUMN")
      .main();
  sub.add_option("--donor", grouping.donor_column,
                 "AnnData: column of obs that names the donor; one per sample")
      .value_name("COLUMN")
      .main();
  sub.add_option(command.condition_option, grouping.condition_column,
                 "AnnData: column of obs with the condition, e.g. disease; one per sample")
      .value_name("COLUMN")
      .main();
  sub.add_option("--tissue", grouping.tissue_column,
                 "AnnData: column of obs with the tissue; one per sample")
      .value_name("COLUMN")
      .group(samples);
  sub.add_option("--groups", grouping.groups.groups,
                 "Table of cells and their groups, instead of --group-by; with --sample, that "
                 "column of the table")
      .value_name("FILE[:COLUMN,...]")
      .excludes(sub.option("--group-by"))
      .group(samples);
  sub.add_option("--inputs", command.inputs,
                 "List of inputs that are joined, one per line, with tabs: path, sample, donor, "
                 "condition, tissue; the columns may be named in the first line")
      .value_name("FILE")
      .group(samples);
  const std::string quality = "Floor";
  sub.add_option("--min-cells", command.floor.min_cells,
                 "Fewest cells of a profile; below it is marked, not dropped [default: 30]")
      .range(Index{0}, Index{1'000'000'000})
      .group(quality);
  sub.add_option("--min-counts", command.floor.min_counts,
                 "Fewest molecules of a profile; below it is marked, not dropped [default: 50000]")
      .range(0.0, 1e15)
      .group(quality);
  const std::string normalising = "Normalisation";
  sub.add_choice<Scale>(
         "--scale", command.input.reading.scale,
         {{"auto", Scale::automatic}, {"dataset", Scale::dataset}, {"reference", Scale::reference}},
         "What genes are standardised against: dataset (these profiles), reference (the model's "
         "training samples) or auto: dataset from 3 profiles above the floor on [default: auto]")
      .group(normalising);
  sub.add_option(
         "--platform", command.input.reading.platform,
         "Platform that the input was measured on, for --scale reference: one of those that "
         "the model knows")
      .value_name("NAME")
      .group(normalising);
  sub.add_flag("--force-scale", command.input.reading.force_scale,
               "Continue even if the profiles look unlike the training samples")
      .group(normalising);
}

std::vector<ListedInput> inputs_of(const ProfileInput& command) {
  if (command.input.input.empty() == command.inputs.empty()) {
    throw Error(ExitCode::usage, command.inputs.empty()
                                     ? "INPUT is required (or --inputs LIST). Run with --help for "
                                       "more."
                                     : "--inputs lists the inputs; leave INPUT out.");
  }
  std::vector<ListedInput> inputs = {{command.input.input, command.grouping}};
  if (!command.inputs.empty()) inputs = read_list(command);
  const GroupingOptions& groups = command.grouping.groups;
  if (groups.groups.empty() && groups.group_by.empty()) {
    throw Error(ExitCode::usage,
                "profiles need groups: --group-by COLUMN of obs, or --groups FILE[:COLUMN].");
  }
  return inputs;
}

std::vector<std::string> files_read(const ProfileInput& command,
                                    const std::vector<ListedInput>& inputs) {
  std::vector<std::string> read = {command.input.model, command.inputs,
                                   command.grouping.groups.groups};
  for (const ListedInput& input : inputs) read.push_back(input.path);
  return read;
}

SourceOptions opening_of(const ProfileInput& command, const CommonOptions& common) {
  SourceOptions opening = command.input.source;
  opening.threads = common.threads;
  opening.all_genes = true;
  return opening;
}

Profiles make_profiles(const ProfileInput& command, const std::vector<ListedInput>& inputs,
                       const CommonOptions& common, const PreparedModel& model,
                       const GeneIndex& index, std::vector<SourceDescription>* described) {
  ProfileOptions options;
  static_cast<ReadingOptions&>(options) = command.input.reading;
  options.floor = command.floor;
  options.threads = thread_count(common.threads);
  ProgressBar progress(common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  std::vector<InputSums> sums;
  Index n_held = 0;
  for (const ListedInput& input : inputs) {
    const std::unique_ptr<CellSource> source =
        open_source(input.path, opening_of(command, common), index);
    log_source(*source);
    sums.push_back(
        sum_profiles(*source, model.card().recipe, options, input.grouping, n_held, &index));
    n_held += static_cast<Index>(sums.back().profiles.size());
    if (described != nullptr) described->push_back(source->description());
    progress.clear();
  }
  options.on_progress = {};  // profiles take no time
  return predict_profiles(join_sums(std::move(sums)), model, index, options);
}

}  // namespace sicmir::cli
