// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <set>
#include <utility>

#include "analysis/make_profiles.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/suggest.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "parallel/threads.hpp"
#include "text/list_file.hpp"

namespace sicmir::cli {
namespace {

enum class ProfileFormat : std::uint8_t { automatic, h5mu, h5ad };

struct ProfileCommand {
  CommonOptions common;
  InputOptions input;
  ProfileGrouping grouping;
  std::string inputs;
  ProfileFloor floor;
  ProfileFormat format = ProfileFormat::automatic;
  std::string output;
};

/// An input, and what the list says of all its cells.
struct Listed {
  std::string path;
  ProfileGrouping grouping;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  for (std::size_t start = 0; start <= line.size();) {
    const std::size_t end = std::min(line.find('\t', start), line.size());
    fields.push_back(line.substr(start, end - start));
    start = end + 1;
  }
  return fields;
}

/// What a column of the list sets; nullptr: the path.
struct ListColumn {
  const char* name;
  std::string ProfileGrouping::*word;
};
constexpr std::array list_columns = {ListColumn{"path", nullptr},
                                     ListColumn{"sample", &ProfileGrouping::sample},
                                     ListColumn{"donor", &ProfileGrouping::donor},
                                     ListColumn{"condition", &ProfileGrouping::condition},
                                     ListColumn{"tissue", &ProfileGrouping::tissue}};

/// Columns in the order of the first line, if that names them, else in the order above.
std::vector<ListColumn> columns_of(const std::vector<std::string>& first, const std::string& list,
                                   bool& has_header) {
  has_header = std::find(first.begin(), first.end(), "path") != first.end();
  if (!has_header) return {list_columns.begin(), list_columns.end()};
  std::vector<std::string> known;
  known.reserve(list_columns.size());
  for (const ListColumn& column : list_columns) known.emplace_back(column.name);
  std::vector<ListColumn> columns;
  std::set<std::string> seen;
  for (const std::string& name : first) {
    const auto* const found =
        std::find_if(list_columns.begin(), list_columns.end(),
                     [&](const ListColumn& column) { return column.name == name; });
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

void check_word(const ProfileGrouping& one, const ProfileGrouping& stated, const std::string& list,
                std::size_t number) {
  const auto refuse = [&](const char* option, const std::string& value) {
    throw Error(ExitCode::usage,
                fmt::format("{}: line {}: states '{}', but {} names a column that tells it. Leave "
                            "one of the two out.",
                            list, number, value, option));
  };
  if (!stated.sample_column.empty() && !one.sample.empty()) refuse("--sample", one.sample);
  if (!stated.donor_column.empty() && !one.donor.empty()) refuse("--donor", one.donor);
  if (!stated.condition_column.empty() && !one.condition.empty()) {
    refuse("--condition", one.condition);
  }
  if (!stated.tissue_column.empty() && !one.tissue.empty()) refuse("--tissue", one.tissue);
}

std::vector<Listed> read_list(const std::string& list, const ProfileGrouping& grouping) {
  std::vector<std::string> lines;
  try {
    lines = read_text_lines(list);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("--inputs: {}", error.what()));
  }
  std::vector<Listed> inputs;
  std::vector<ListColumn> columns;
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::vector<std::string> fields = fields_of(line);
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
    Listed& one = inputs.emplace_back();
    one.grouping = grouping;
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
    check_word(one.grouping, grouping, list, number);
  }
  if (inputs.empty()) throw Error(ExitCode::usage, fmt::format("{}: lists no input.", list));
  return inputs;
}

ProfileFormat format_of(const ProfileCommand& command) {
  if (command.format != ProfileFormat::automatic) return command.format;
  if (command.output.ends_with(".h5mu")) return ProfileFormat::h5mu;
  if (command.output.ends_with(".h5ad")) return ProfileFormat::h5ad;
  throw Error(ExitCode::usage,
              fmt::format("-o {}: the file name does not tell which format to write; known endings "
                          "are .h5mu and .h5ad. Use one of them, or specify --export.",
                          command.output));
}

std::vector<Listed> inputs_of(const ProfileCommand& command) {
  if (command.input.input.empty() == command.inputs.empty()) {
    throw Error(ExitCode::usage, command.inputs.empty()
                                     ? "INPUT is required (or --inputs LIST). Run with --help for "
                                       "more."
                                     : "--inputs lists the inputs; leave INPUT out.");
  }
  if (!command.inputs.empty()) return read_list(command.inputs, command.grouping);
  return {{command.input.input, command.grouping}};
}

void check(const ProfileCommand& command, const std::vector<Listed>& inputs) {
  const GroupingOptions& groups = command.grouping.groups;
  if (groups.groups.empty() && groups.group_by.empty()) {
    throw Error(ExitCode::usage,
                "profiles need groups: --group-by COLUMN of obs, or --groups FILE[:COLUMN].");
  }
  std::vector<std::string> read = {command.input.model, command.inputs, groups.groups};
  for (const Listed& input : inputs) read.push_back(input.path);
  check_outputs(std::array{NamedOutput{"-o", command.output}}, read);
  if (OutputFile(command.output).is_direct()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: profiles cannot be written to a pipe, a device or standard output, "
                    "because HDF5 writes them in no fixed order. Specify a regular file.",
                    command.output == "-" ? "standard output" : command.output));
  }
}

void run(ProfileCommand& command) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<Listed> inputs = inputs_of(command);
  const ProfileFormat format = format_of(command);
  check(command, inputs);
  const PreparedModel model(read_model(find_model(command.input.model)));
  const GeneIndex index(model.card().panel);
  ProfileOptions options;
  static_cast<ReadingOptions&>(options) = command.input.reading;
  options.floor = command.floor;
  options.threads = thread_count(command.common.threads);
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  SourceOptions opening = command.input.source;
  opening.threads = command.common.threads;
  opening.all_genes = true;

  std::vector<InputSums> sums;
  Index n_held = 0;
  for (const Listed& input : inputs) {
    const std::unique_ptr<CellSource> source = open_source(input.path, opening, index);
    log_source(*source);
    sums.push_back(sum_profiles(*source, model.card().recipe, options, input.grouping, n_held));
    n_held += static_cast<Index>(sums.back().profiles.size());
    progress.clear();
  }
  options.on_progress = {};  // profiles take no time
  const Profiles profiles = predict_profiles(join_sums(std::move(sums)), model, index, options);
  if (format == ProfileFormat::h5mu) {
    write_profiles(profiles, command.output, options.threads);
  } else {
    write_profile_mirnas(profiles, command.output, options.threads);
  }
  std::set<std::string> samples;
  std::set<std::string> groups;
  for (const Profile& profile : profiles.profiles) {
    samples.insert(profile.sample);
    groups.insert(profile.group);
  }
  log_info(
      "{} profiles ({} samples, {} groups) x {} genes and {} miRNAs written to {} in "
      "{:.1f} s",
      profiles.size(), samples.size(), groups.size(), profiles.n_genes(), profiles.mirnas.size(),
      command.output,
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

}  // namespace

void bind_profile(Command& sub) {
  const auto owned = std::make_shared<ProfileCommand>();
  ProfileCommand& command = *owned;
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
  sub.add_option("--condition", grouping.condition_column,
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
  sub.add_option("-o,--output", command.output,
                 "Profiles: .h5mu (MuData: counts and miRNAs) or .h5ad (AnnData: miRNAs alone)")
      .required()
      .main();
  sub.add_choice<ProfileFormat>("--export", command.format,
                                {{"h5mu", ProfileFormat::h5mu}, {"h5ad", ProfileFormat::h5ad}},
                                "h5mu or h5ad, whatever the name of the output")
      .group("Writing");
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Adds the counts of all genes up over the cells of each group of each sample, and predicts "
      "the miRNAs of each sum. Samples are the replicates of later comparisons; cells are not. "
      "Profiles of few cells or molecules are marked and left out of the means over profiles.");
  sub.add_example("sicmir profile cells.h5ad --group-by cell_type --sample sample -o profiles.h5mu",
                  "Profile each cell type of each sample");
  sub.add_example("sicmir profile --inputs inputs.tsv --group-by cell_type -o profiles.h5mu",
                  "Join several inputs, one sample each");
}

}  // namespace sicmir::cli
