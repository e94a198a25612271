#pragma once
/// The program's subcommands. Each file of src/cli binds one options struct to the parser, checks
/// it and calls the library; the library never sees the parser.

#include <CLI/CLI.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sicmir/predict.hpp"
#include "sicmir/types.hpp"

namespace sicmir::cli {

/// Adds the subcommand to `app`; its work runs when parsing has chosen it.
void add_predict(CLI::App& app);
void add_assemble(CLI::App& app);
void add_train(CLI::App& app);
void add_evaluate(CLI::App& app);
void add_stats(CLI::App& app);
void add_merge(CLI::App& app);
void add_merge_stats(CLI::App& app);
void add_inspect(CLI::App& app);
void add_import(CLI::App& app);
void add_export(CLI::App& app);
void add_help(CLI::App& app);

/// An option that takes one of a few words.
template <class Choice>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Choice& choice,
                        const std::vector<std::pair<std::string, Choice>>& words,
                        const std::string& description) {
  std::vector<std::string> allowed;
  allowed.reserve(words.size());
  for (const auto& word : words) allowed.push_back(word.first);
  return command
      .add_option_function<std::string>(
          name,
          [&choice, words](const std::string& given) {
            for (const auto& [word, meaning] : words) {
              if (word == given) choice = meaning;
            }
          },
          description)
      ->check(CLI::IsMember(allowed))
      ->type_name("WORD");
}

/// Options that every subcommand takes: -q, -v, --threads where it computes.
struct CommonOptions {
  bool quiet = false;
  bool verbose = false;
  int threads = 0;
};
void bind_common(CLI::App& command, CommonOptions& options, bool with_threads = true);

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
void bind_input(CLI::App& command, InputOptions& options);
/// Adds --shard; settle_shard() turns its words into `options.predict.shard`, or throws
/// Error(usage).
void bind_shard(CLI::App& command, InputOptions& options);
void settle_shard(InputOptions& options);

/// Sets the logger up: words go to stderr, each line with its level where it is not plain news.
void start_log(const CommonOptions& options);

/// What is being read, and how much memory that may take (-v).
void log_source(const CellSource& source);

/// Runs `work`; logs what it throws and returns the program's exit code for that, else 0.
[[nodiscard]] int exit_code_of(const std::function<void()>& work);

/// Wraps a subcommand's work so that parsing runs it.
void on_run(CLI::App& command, CommonOptions& common, std::function<void()> work);

}  // namespace sicmir::cli
