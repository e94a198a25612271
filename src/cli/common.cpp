// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/printable.hpp"
#include "cells/reading_words.hpp"
#include "cli/commands.hpp"
#include "cli/remedies.hpp"
#include "model/value_words.hpp"
#include "text/list_file.hpp"

namespace sicmir::cli {

void bind_common(Command& command, CommonOptions& options, bool with_threads) {
  Option& quiet =
      command.add_flag("-q,--quiet", options.quiet, "Print errors only").group("General");
  command.add_flag("-v,--verbose", options.verbose, "Verbose output, including memory bounds")
      .group("General")
      .excludes(quiet);
  command
      .add_choice<LogFormat>(
          "--log-format", options.log_format,
          {{"plain", LogFormat::plain}, {"json", LogFormat::json}},
          "Messages with time and level: plain, or json (an object in each line)")
      .group("General");
  if (with_threads) {
    command
        .add_option("--threads", options.threads,
                    "Number of threads [default: the CPUs that the process may use]")
        .range(1, 1024)
        .main();
  }
}

void check_outputs(std::span<const NamedOutput> outputs, std::span<const std::string> inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const NamedOutput& output = outputs[i];
    if (output.path.empty() || is_stream_path(output.path)) continue;
    for (const std::string& input : inputs) {
      if (input.empty() || input == "-" || !same_file(input, output.path)) continue;
      throw Error(ExitCode::usage, output.path + ": is an input; specify another output.");
    }
    for (const NamedOutput& other : outputs.first(i)) {
      if (other.path.empty() || !same_output(output.path, other.path)) continue;
      throw Error(ExitCode::usage, fmt::format("{} and {} name the same file, {}.", other.option,
                                               output.option, output.path));
    }
  }
}

void bind_input(Command& command, InputOptions& options) {
  command
      .add_option(
          "INPUT", options.input,
          "CSV or TSV table, 10x directory (or .tar.gz), .mtx, 10x .h5, AnnData .h5ad, loom, "
          "GCTX or GCT, recognised by content; - reads standard input")
      .required();
  command
      .add_option("-m,--model", options.model,
                  "Model file [default: $SICMIR_MODEL, else the bundled model]")
      .value_name("FILE")
      .main();

  const std::string reading = "Reading";
  command
      .add_option(
          "--layer", options.source.layer,
          "AnnData, loom and R objects: auto, X, raw/X, layers/NAME or, as R has it, RNA/counts "
          "[default: auto]")
      .main();
  command
      .add_option("--genome", options.source.genome,
                  "10x files with several genomes: the genome to use")
      .group(reading);
  command
      .add_choice<Orientation>(
          "--orientation", options.source.orientation,
          {{"auto", Orientation::automatic},
           {"genes", Orientation::genes_as_lines},
           {"cells", Orientation::cells_as_lines}},
          "Tables: genes (one per line), cells (one per line) or auto [default: auto]")
      .group(reading);
  command
      .add_choice<char>("--decimal", options.source.decimal,
                        {{"auto", '\0'}, {"point", '.'}, {"comma", ','}},
                        "Tables: the decimal mark: point, comma or auto [default: auto]")
      .group(reading);
  command
      .add_choice<char>("--thousands", options.source.thousands,
                        {{"auto", '\0'},
                         {"none", SourceOptions::no_thousands},
                         {"point", '.'},
                         {"comma", ','},
                         {"apostrophe", '\''}},
                        "Tables: the thousands separator: none, point, comma, apostrophe or auto "
                        "[default: auto]")
      .group(reading);
  command
      .add_option("--min-panel", options.reading.genes.min_panel,
                  "Fraction of the model's genes that the input must contain [default: 0.8]")
      .range(0.0, 1.0)
      .group(reading);
  command
      .add_choice("--duplicates", options.reading.genes.duplicates, duplicates_words,
                  "Several features of one gene: auto (counts add up, else an error), sum, first "
                  "or max [default: auto]")
      .group(reading);

  const std::string normalising = "Normalisation";
  command
      .add_choice("--values", options.reading.values, values_words,
                  "What the values are: counts, linear (TPM, FPKM, RSEM), log, zscore or auto "
                  "[default: auto]")
      .main();
  command
      .add_option("--log-base", options.reading.log_base,
                  "Base of --values log, used with --scale reference: 2, 10 or 2.71828 "
                  "[default: 2]")
      .range(1.5, 10.0)
      .group(normalising);
  command
      .add_choice("--empty-cells", options.reading.empty_cells, empty_cells_words,
                  "Cells without counts: error, skip or nan [default: error]")
      .group(normalising);
  command
      .add_option("--block-cells", options.reading.block_cells,
                  "Cells per block; affects memory, never results [default: 1024]")
      .range(Index{1}, Index{65536})
      .group("General");
}

void bind_shard(Command& command, InputOptions& options) {
  command
      .add_option("--shard", options.shard,
                  "Only part I of N of the cells, counted from 1; slurm/N takes I from "
                  "SLURM_ARRAY_TASK_ID")
      .value_name("I/N")
      .group("Reading");
}

void settle_shard(InputOptions& options) {
  if (!options.shard.empty()) options.reading.shard = parsed_shard(options.shard);
}

Shard parsed_shard(const std::string& words) {
  const auto number = [&](std::string_view text, const std::string& what) {
    Index value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1) {
      throw Error(ExitCode::usage,
                  fmt::format("--shard {}: {} is '{}'; parts are counted from 1, e.g. 2/8 or "
                              "slurm/8 with --array=1-8.",
                              words, what, text));
    }
    return value;
  };
  const std::size_t slash = words.find('/');
  std::string part = words.substr(0, slash);
  std::string what = "the part";
  if (slash == std::string::npos) {
    throw Error(ExitCode::usage,
                fmt::format("--shard {}: the number of parts is missing, e.g. 2/8.", words));
  }
  if (part == "slurm") {
    what = "SLURM_ARRAY_TASK_ID";
    const char* task = std::getenv("SLURM_ARRAY_TASK_ID");
    if (task == nullptr) {
      throw Error(ExitCode::usage,
                  fmt::format("--shard {}: SLURM_ARRAY_TASK_ID is not set; this is not a task of a "
                              "Slurm job array (sbatch --array=1-N).",
                              words));
    }
    part = task;
  }
  const Shard shard{number(part, what), number(words.substr(slash + 1), "the number of parts")};
  if (shard.number > shard.of) {
    throw Error(ExitCode::usage, fmt::format("--shard {}: {} is {}, but there are {} parts.", words,
                                             what, shard.number, shard.of));
  }
  return shard;
}

std::vector<std::string> mirna_list(const std::string& list) {
  std::error_code error;
  const bool is_file =
      std::filesystem::exists(list, error) && !std::filesystem::is_directory(list, error);
  const std::vector<std::string> lines = is_file ? read_text_lines(list) : std::vector{list};
  constexpr std::string_view separators = "\r\n\t, ";
  std::vector<std::string> names;
  for (const std::string& line : lines) {
    for (std::size_t start = 0; start < line.size();) {
      const std::size_t end = std::min(line.find_first_of(separators, start), line.size());
      if (end > start) names.push_back(line.substr(start, end - start));
      start = end + 1;
    }
  }
  if (names.empty()) {
    throw Error(ExitCode::usage, fmt::format("--mirnas {}: names no miRNA.", list));
  }
  return names;
}

void start_log(const CommonOptions& options, const std::string& subject) {
  set_up_log(options.quiet     ? LogLevel::error
             : options.verbose ? LogLevel::debug
                               : LogLevel::info,
             options.log_format, subject);
}

void log_source(const CellSource& source) {
  const SourceDescription& description = source.description();
  log_info("reading {}: {}{}{}", description.path == "-" ? "standard input" : description.path,
           description.format, description.storage.empty() ? "" : ", ", description.storage);
  if (!description.matrix.empty()) {
    log_info("matrix: {}{}", description.matrix,
             description.matrix_reason.empty() ? "" : " (" + description.matrix_reason + ")");
  }
  for (const Note& warning : description.warnings) log_warning("{}", warning.text);
  log_debug("the reader holds at most {} MB", source.memory_bytes() / 1'000'000 + 1);
}

int exit_code_of(const std::function<void()>& work) {
  constexpr int closed_pipe = 128 + SIGPIPE;
  try {
    work();
    return 0;
  } catch (const BrokenPipe&) {
    return closed_pipe;
  } catch (const Error& error) {
    log_error("{}", message_of(error));
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    log_error("out of memory. Use fewer --threads or smaller --block-cells.");
  } catch (const std::exception& error) {
    const auto* system = dynamic_cast<const std::system_error*>(&error);
    if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
      log_error(
          "no more threads can be started (ulimit -u, ulimit -v, or the limits of the job). Use "
          "fewer --threads.");
    } else {
      log_error("internal: {}. Please report this with the command line.", error.what());
    }
  }
  return static_cast<int>(ExitCode::internal);
}

void on_run(Command& command, CommonOptions& common, std::function<void(const RunSettings&)> work) {
  command.on_start([&common] { start_log(common); });
  command.on_run(std::move(work));
}

void on_run(Command& command, CommonOptions& common, std::function<void()> work) {
  on_run(command, common, [work = std::move(work)](const RunSettings&) { work(); });
}

}  // namespace sicmir::cli
