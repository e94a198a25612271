// SPDX-License-Identifier: BSD-3-Clause
// The spine. A block of cells goes through here from top to bottom:
// source -> gene map -> normaliser -> standardiser -> network -> sinks.

#include "sicmir/predict.hpp"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cmath>
#include <optional>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "cells/prepared_input.hpp"
#include "cells/spool.hpp"
#include "kernels/kernels.hpp"
#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"
#include "predict/channels.hpp"
#include "predict/outputs.hpp"
#include "predict/predictor.hpp"
#include "predict/reference_scale.hpp"
#include "sicmir/moments.hpp"

namespace sicmir {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What the model can serve is asked before anything is read.
void check_model(const Model& model, OutputScale scale, const Wanted& wanted) {
  if (wanted.uncertainty && !has_intervals(model)) {
    throw Error(ExitCode::usage,
                fmt::format("model {} has no calibrated intervals, which need several members and "
                            "enough held-out samples (see `sicmir inspect`).",
                            model.name),
                {Remedy::calibrated_model});
  }
  if (scale == OutputScale::log2rpm && std::isnan(model.mirnas.front().mean)) {
    throw Error(ExitCode::usage,
                fmt::format("model {} (imported) does not have the mean and standard deviation of "
                            "its miRNAs, so it predicts z-scores only, not log2(RPM + 1).",
                            model.name));
  }
}

/// The cells of a run: first the stream, and once a first pass has read it, the spool.
struct CellsToPredict {
  CellStream stream;
  Spool spool;
  bool is_spooled = false;
  EmptyTally empties;
};

std::vector<std::string> names_of_constant(const Eigen::VectorXd& sd, const GeneSelection& genes,
                                           const GenePanel& panel) {
  std::vector<std::string> names;
  for (Index gene = 0; gene < sd.size(); ++gene) {
    const auto at = static_cast<std::size_t>(gene);
    if (genes.present()[at] != 0 && !(sd[gene] > 0.0)) names.push_back(panel.genes[at].symbol);
  }
  return names;
}

/// As they were given, from the file of moments, or from a first pass over all cells.
GeneMoments moments_of(const PreparedInput& input, const Model& model,
                       const PredictOptions& options, CellsToPredict& cells, RunReport& report) {
  if (options.measured != nullptr) return *options.measured;
  if (!options.moments.empty()) {
    return read_matching_moments(options.moments, model, input.decision()).moments;
  }
  if (options.shard) {
    throw Error(ExitCode::usage,
                "the cells of a shard cannot be standardised among themselves: their predictions "
                "would depend on the shard. The moments of the whole input are needed.",
                {Remedy::give_moments});
  }
  cells.is_spooled = true;
  Measured measured = measure(cells.stream, input.normaliser(), model.panel.size(), options,
                              input.empties_matter(), &cells.spool);
  cells.empties = measured.empties;
  report.cells_read = measured.n_cells;
  if (options.empty_cells == EmptyCells::error || measured.moments.n_cells() == 0) {
    cells.empties.judge(input.file(), report.cells_read);
  }
  return std::move(measured.moments);
}

Standardiser against_dataset(const PreparedInput& input, const Model& model,
                             const PredictOptions& options, CellsToPredict& cells,
                             RunReport& report) {
  const GeneMoments moments = moments_of(input, model, options, cells, report);
  const Eigen::VectorXd sd = moments.sd();
  report.constant_genes = names_of_constant(sd, input.genes(), model.panel);
  return {moments.mean(), sd, input.genes().present()};
}

/// Every cell to every channel.
void run_blocks(const PreparedInput& input, CellsToPredict& cells, const Predictor& predictor,
                Channels& channels, RunReport& report) {
  struct Result {
    PredictedBlock block;
    std::vector<EncodedBlock> encoded;
    Index cells_read = 0;  // and tallied, unless that was done in a first pass
    Index cells_far = 0;
    EmptyTally empties;
  };
  const ReadingOptions& options = input.options();
  ordered_pipeline<CellStream::Item, Result>(
      thread_count(options.threads),
      [&](CellStream::Item& item) {
        return cells.is_spooled ? cells.spool.next(item.block) : cells.stream.fetch(item);
      },
      [&](CellStream::Item& item, Result& result) {
        result.cells_read = 0;
        result.empties = {};
        if (!cells.is_spooled) {
          cells.stream.decode(item);
          result.cells_read = item.block.size();
          if (input.empties_matter()) result.empties.add(item.block);
          input.normaliser().apply(item.block);
        }
        predictor.run(item.block, result.block);
        result.cells_far = result.block.n_far;
        channels.encode(result.block, result.encoded);
      },
      [&](Result& result) {
        report.cells_read += result.cells_read;
        report.cells_extrapolated += result.cells_far;
        cells.empties.add(result.empties);
        report.cells_written += channels.write(result.encoded, report.cells_written);
        if (options.on_progress) {
          options.on_progress({"predicting", report.cells_written, cells.stream.n_cells()});
        }
      });
  report.empty_cells = cells.empties.n;
  if (input.empties_matter() && options.empty_cells == EmptyCells::error) {
    cells.empties.judge(input.file(), report.cells_read);
  }
}

void warn_of_extrapolation(const RunReport& report) {
  if (report.cells_extrapolated == 0) return;
  log_warning(
      "{} of {} {} a prediction beyond {} standard deviations, where no training "
      "sample was: such values are extrapolated. Check the counts of these cells, or pool "
      "more of them",
      report.cells_extrapolated, counted(report.cells_written, "cell"),
      by_number(report.cells_extrapolated, "has", "have"), far_z);
}

void log_memory(const Predictor& predictor, const ReadingOptions& options, bool is_spooled,
                const CellSource& source) {
  log_debug(
      "memory: at most {} MB for blocks of {} cells, {} MB between the passes, {} MB for "
      "the reader, {} MB for the model",
      predictor.block_bytes() * (thread_count(options.threads) + 2) / 1'000'000 + 1,
      options.block_cells, is_spooled ? options.spool_memory / 1'000'000 + 1 : 0,
      source.memory_bytes() / 1'000'000 + 1, predictor.model_bytes() / 1'000'000 + 1);
}

}  // namespace

RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, std::span<const Output> outputs) {
  const Model& model = prepared.card();
  Channels channels(outputs, options.mirnas);
  check_model(model, options.output_scale, channels.wanted());
  const auto start = Clock::now();
  RunReport report;
  const auto tell = [&](const RunReport& so_far) {
    if (options.on_findings) options.on_findings(so_far);
  };
  report.kernel = kernels::kernel_name(prepared.precision());

  PreparedInput input(source, index, options);
  report.genes = input.gene_report();
  log_genes(report.genes);
  tell(report);
  input.decide(model.recipe);
  if (options.measured == nullptr) prefer_reference_for_bulk(model, input);
  report.decision = input.decision();
  log_decision(report.decision);
  tell(report);
  const std::optional<RankProfile> ranks = ranks_of(model, input);
  if (ranks) input.compare_by_ranks(*ranks);

  Standardiser standardiser(model.panel.size());
  if (report.decision.scale == Scale::reference) {
    ReferenceScale scale = against_reference(model, input, ranks);
    report.reference_median_z = scale.fit.median;
    report.reference_iqr_z = scale.fit.interquartile_range;
    standardiser = std::move(scale.standardiser);
  }
  CellsToPredict cells{input.stream(), Spool(options.spool_memory), false, {}};
  report.shard = cells.stream.range();
  if (report.decision.scale == Scale::dataset) {
    standardiser = against_dataset(input, model, options, cells, report);
    report.seconds_measure = seconds_since(start);
  }

  tell(report);

  const auto predict_start = Clock::now();
  const Predictor predictor(prepared, standardiser, options, channels.wanted(),
                            input.empties_matter());
  log_memory(predictor, options, cells.is_spooled, source);
  channels.begin(model, options, report, source);
  run_blocks(input, cells, predictor, channels, report);
  channels.finish();
  warn_of_extrapolation(report);
  report.seconds_predict = seconds_since(predict_start);
  return report;
}

RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, MatrixSink& sink) {
  const std::array outputs = {Output{Quantity::mirnas, &sink}};
  return predict(source, prepared, index, options, outputs);
}

}  // namespace sicmir
