// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <memory>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct StatsCommand {
  CommonOptions common;
  InputOptions input;
  std::string output;
};

void run(StatsCommand& command) {
  settle_shard(command.input);
  check_outputs(std::array{NamedOutput{"-o", command.output}},
                std::array{command.input.input, command.input.model});
  (void)OutputFile(command.output);  // a place that cannot be written is found before the work
  const Model model = read_model_card(find_model(command.input.model)).model;
  const GeneIndex index(model.panel);
  command.input.source.threads = command.common.threads;
  const std::unique_ptr<CellSource> source =
      open_source(command.input.input, command.input.source, index);
  log_source(*source);
  ReadingOptions options = command.input.reading;
  options.threads = thread_count(command.common.threads);
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  const MomentsFile moments = measure_moments(*source, model, index, options);
  progress.clear();
  write_moments(moments, command.output);
  log_info("moments of {} over {} written to {}", counted(moments.genes.size(), "gene"),
           counted(moments.moments.n_cells(), "cell"), command.output);
}

}  // namespace

void bind_stats(Command& sub) {
  const auto owned = std::make_shared<StatsCommand>();
  bind_input(sub, owned->input);
  bind_shard(sub, owned->input);
  sub.add_option("-o,--output", owned->output, "Moments file (HDF5)").required().main();
  bind_common(sub, owned->common);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe(
      "Measures the mean and variance of each gene after normalisation, so that parts of a data "
      "set can be standardised as the whole.");
  sub.add_example("sicmir stats cells.h5ad -o cells.moments",
                  "Measure a data set before predicting it in parts");
}

}  // namespace sicmir::cli
