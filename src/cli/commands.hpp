// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The program's commands. Each *_command.cpp binds one options struct to the parser, checks it and
/// calls the library, which never sees the parser.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log_lines.hpp"
#include "cli/parser.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/types.hpp"

namespace sicmir::cli {

/// Each adds a command's options, and its work (see command_table.hpp).
void bind_predict(Command& sub);
void bind_assemble(Command& sub);
void bind_train(Command& sub);
void bind_evaluate(Command& sub);
void bind_stats(Command& sub);
void bind_pool(Command& sub);
void bind_profile(Command& sub);
void bind_markers(Command& sub);
void bind_compare(Command& sub);
void bind_network(Command& sub);
void bind_crosstalk(Command& sub);
void bind_explain(Command& sub);
void bind_report(Command& sub);
void bind_atlas(Command& sub);
void bind_atlas_add(Command& sub);
void bind_atlas_index(Command& sub);
void bind_atlas_query(Command& sub);
void bind_atlas_info(Command& sub);
void bind_atlas_remove(Command& sub);
void bind_atlas_check(Command& sub);
void bind_atlas_serve(Command& sub);
void bind_atlas_export(Command& sub);
void bind_merge(Command& sub);
void bind_merge_stats(Command& sub);
void bind_merge_summaries(Command& sub);
void bind_inspect(Command& sub);
void bind_import(Command& sub);
void bind_export(Command& sub);
void bind_help(Command& sub);

/// Options of every command: -q, -v, --log-format, --threads where it computes.
struct CommonOptions {
  bool quiet = false;
  bool verbose = false;
  LogFormat log_format = LogFormat::bare;
  int threads = 0;
};
void bind_common(Command& command, CommonOptions& options, bool with_threads = true);

/// A file to be written and the option that names it.
struct NamedOutput {
  std::string_view option;
  std::string path;  ///< empty: none
};

/// Throws Error(usage) if an output is one of `inputs` or two outputs are one file, also through
/// links. Devices, pipes and empty names are passed over.
void check_outputs(std::span<const NamedOutput> outputs, std::span<const std::string> inputs);

/// Options on what is read and how it is taken; shared by predict, stats and inspect.
struct InputOptions {
  std::string input;
  std::string model;
  SourceOptions source;
  ReadingOptions reading;
  std::string shard;  ///< I/N or slurm/N
};
void bind_input(Command& command, InputOptions& options);
/// The shard that "I/N" or "slurm/N" names. Throws Error(usage).
[[nodiscard]] Shard parsed_shard(const std::string& words);
/// Adds --shard; settle_shard() turns its words into `options.reading.shard`, or throws
/// Error(usage).
void bind_shard(Command& command, InputOptions& options);
void settle_shard(InputOptions& options);

/// The names that --mirnas gives, or those of a file that it names (UTF-8 or UTF-16): separated by
/// commas, blanks, tabs or line ends, as they are pasted. Throws Error(usage) if there are none.
[[nodiscard]] std::vector<std::string> mirna_list(const std::string& list);

/// Writes text to standard output. Throws BrokenPipe, or Error(not_written).
void print(const std::string& text);

/// Sets up the logger: messages go to stderr; warnings and errors begin with their level.
/// `subject`: see set_up_log().
void start_log(const CommonOptions& options, const std::string& subject = {});

/// What is being read, and how much memory that may take (-v).
void log_source(const CellSource& source);

/// Runs `work`; logs what it throws and returns the program's exit code for that, else 0.
[[nodiscard]] int exit_code_of(const std::function<void()>& work);

/// What the command does after parsing, with the logger set up.
void on_run(Command& command, CommonOptions& common, std::function<void(const RunSettings&)> work);
void on_run(Command& command, CommonOptions& common, std::function<void()> work);

}  // namespace sicmir::cli
