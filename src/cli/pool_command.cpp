// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/pool_options.hpp"
#include "cli/progress.hpp"
#include "cli/run_report.hpp"
#include "output/sinks.hpp"
#include "parallel/threads.hpp"
#include "pool/pool_words.hpp"

namespace sicmir::cli {
namespace {

struct PoolCommand {
  CommonOptions common;
  InputOptions input;
  PoolOptions pool;
  bool panel_only = false;
  SinkOptions sink;
  std::string output;
  std::string report;
};

void check(PoolCommand& command) {
  if (command.pool.method == PoolMethod::none) command.pool.method = PoolMethod::sum;
  check_pool(command.pool);
  if (command.output.empty()) {
    if (::isatty(STDOUT_FILENO) == 1) {
      throw Error(
          ExitCode::usage,
          "standard output is a terminal; specify an output with -o FILE (.h5ad, .csv, .tsv, "
          ".csv.gz or .tsv.gz), or redirect it.");
    }
    command.output = "-";
  }
  const std::array outputs = {NamedOutput{"-o", command.output},
                              NamedOutput{"--report", command.report}};
  check_outputs(outputs, std::array{command.input.input, command.input.model, command.pool.groups});
}

void run(const Command& sub, PoolCommand& command) {
  check(command);
  RunRecord record({.report = command.report,
                    .command_line = sub.command_line(),
                    .id = {},
                    .input = command.input.input,
                    .output = command.output});
  ReadingOptions& options = command.input.reading;
  command.sink.threads = thread_count(command.common.threads);
  // What can go wrong with the outputs is found before the input is read.
  (void)open_sink(command.output, command.sink);
  if (!command.report.empty()) (void)OutputFile(command.report);
  const Model model = read_model_card(find_model(command.input.model)).model;
  record.add_model(model);
  const GeneIndex index(model.panel);
  command.input.source.threads = command.common.threads;
  command.input.source.all_genes = !command.panel_only;
  std::unique_ptr<CellSource> source =
      open_source(command.input.input, command.input.source, index);
  record.add_source(*source, options.platform);
  log_source(*source);
  options.threads = thread_count(command.common.threads);
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  PooledGenes pooled =
      pool_genes(std::move(source), model, index, options, command.pool, command.panel_only);
  progress.clear();
  const std::unique_ptr<MatrixSink> sink =
      open_pool_sink(command.output, command.sink, pooled.pools.columns, pooled.pools.facts);
  write_pools(pooled, *sink);
  const PoolReport& made = pooled.pools.report;
  log_info("{} x {} written to {} in {:.1f} s", counted(made.n_pools, "pool"),
           counted(pooled.header.features.size(), "gene"),
           command.output == "-" ? "standard output" : command.output, made.seconds);
  RunReport report;
  report.genes = made.genes;
  report.decision = made.decision;
  report.decision.values = pooled.pools.values;
  report.decision.scale = Scale::automatic;  // pools get none here
  report.cells_read = made.n_cells;
  report.cells_written = made.n_pools;
  report.seconds_measure = made.seconds;
  record.add_findings(report);
  record.add_pools(made);
  record.finish(options.threads);
}

}  // namespace

void bind_pooling(Command& command, PoolOptions& options) {
  const std::string pooling = "Pooling";
  command
      .add_choice("--pool", options.method, pool_words,
                  "Groups of cells instead of cells: sum (of counts, then normalised), mean "
                  "(of normalised cells) or bootstrap (means of random draws)")
      .main();
  command
      .add_option("--groups", options.groups,
                  "Table of cells and their groups; the columns to use, if it has more than two")
      .value_name("FILE[:COLUMN,...]")
      .group(pooling);
  command
      .add_option("--group-by", options.group_by,
                  "AnnData: columns of obs that make the groups, e.g. sample,cell_type")
      .value_name("COLUMN,...")
      .main();
  command
      .add_option("--seed", options.seed,
                  "bootstrap: same seed, same draws, whatever the threads [default: 1]")
      .group(pooling);
  Option& most = command
                     .add_option("--max-draws", options.max_draws,
                                 "bootstrap: maximum number of draws per group; one for every 100 "
                                 "cells [default: 100]")
                     .range(Index{1}, Index{1'000'000})
                     .group(pooling);
  command
      .add_flag("--published", options.all_draws,
                "bootstrap: one draw for every 100 cells, however many, as published")
      .excludes(most)
      .group(pooling);
}

void check_pool(const PoolOptions& options) {
  const PoolOptions usual;
  const bool has_groups = !options.groups.empty() || !options.group_by.empty();
  if (options.method == PoolMethod::none && has_groups) {
    throw Error(ExitCode::usage, "--groups and --group-by require --pool sum, mean or bootstrap.");
  }
  const bool draws =
      options.seed != usual.seed || options.max_draws != usual.max_draws || options.all_draws;
  if (options.method != PoolMethod::bootstrap && draws) {
    throw Error(ExitCode::usage, "--seed, --max-draws and --published require --pool bootstrap.");
  }
  if (options.method != PoolMethod::none && !has_groups) {
    throw Error(ExitCode::usage,
                "--pool needs groups: --groups FILE[:COLUMN], or --group-by COLUMN of obs.");
  }
}

void bind_pool(Command& sub) {
  const auto owned = std::make_shared<PoolCommand>();
  PoolCommand& command = *owned;
  bind_input(sub, command.input);
  bind_pooling(sub, command.pool);
  sub.option("--pool").also(" [default: sum]");
  sub.add_flag(
         "--panel-only", command.panel_only,
         "Only the genes of the model (not for sums to be predicted, which need their totals)")
      .group("Writing");
  sub.add_option("-o,--output", command.output,
                 "Pools: .h5ad, .csv, .tsv, .csv.gz or .tsv.gz [default: TSV on standard output]")
      .main();
  sub.add_flag("--transpose", command.sink.features_as_lines,
               "Tables: one gene per line, one pool per column")
      .group("Writing");
  sub.add_option("--report", command.report,
                 "Also write a JSON file about the run, however it ends: times, memory, decisions")
      .group("Writing");
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned, &sub] { run(sub, *owned); });
  sub.describe(
      "Adds up or averages the cells of each group and writes all genes of the pools. Use predict "
      "--pool to predict them directly.");
  sub.add_example("sicmir pool cells.h5ad --group-by sample,cell_type -o pools.h5ad",
                  "Sum the counts of each cell type in each sample");
}

}  // namespace sicmir::cli
