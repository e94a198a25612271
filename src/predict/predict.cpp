// The spine. A block of cells goes through here from top to bottom:
// source -> gene map -> normaliser -> standardiser -> network -> sink.

#include "sicmir/predict.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "cells/decide.hpp"
#include "cells/measure.hpp"
#include "cells/spool.hpp"
#include "kernels/kernels.hpp"
#include "model/block_network.hpp"
#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"
#include "predict/outputs.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What happens to a block between the source and the sink.
class Predictor {
 public:
  Predictor(const PreparedModel& model, const Standardiser& standardiser,
            const PredictOptions& options)
      : model_(model.card()),
        network_(model.network()),
        standardiser_(standardiser),
        block_network_(network_, standardiser_),
        options_(options) {}

  struct Result {
    EncodedBlock mirnas;
    EncodedBlock input;  // for --save-input
    Matrix x;            // genes x cells, for --save-input
    Matrix y;            // miRNAs x cells
    Matrix chosen;       // the miRNAs to write x cells
    Matrix spread;       // miRNAs x cells, if uncertainty is asked for
    EncodedBlock uncertainty;
    BlockNetwork::Workspace work;
    Index cells_read = 0;  // and tallied, unless that was done in a pass before
    EmptyTally empties;
  };

  /// `block`: normalised.
  void run(CellBlock& block, bool empties_matter, const MatrixSink& sink,
           const MatrixSink* save_input, const MatrixSink* uncertainty, Result& result) const {
    EncodedBlock& mirnas = result.mirnas;
    EncodedBlock& input = result.input;
    EncodedBlock& intervals = result.uncertainty;
    Matrix& x = result.x;
    Matrix& y = result.y;
    Matrix& chosen = result.chosen;
    Matrix& spread = result.spread;
    BlockNetwork::Workspace& work = result.work;
    std::vector<Index> kept;
    std::vector<Index> empty;
    if (empties_matter && options_.empty_cells == EmptyCells::skip) {
      drop_empty(block, kept);
    } else {
      for (Index cell = 0; cell < block.size(); ++cell) {
        kept.push_back(block.first + cell);
        const bool is_empty = block.totals[static_cast<std::size_t>(cell)] == 0.0;
        if (empties_matter && is_empty) empty.push_back(cell);
      }
    }
    y.resize(network_.n_outputs(), block.size());
    if (options_.uncertainty) {
      spread.resize(network_.n_outputs(), block.size());
      block_network_.predict(block, y, spread, work);
      to_half_widths(spread);
    } else {
      block_network_.predict(block, y, work);
    }
    if (options_.output_scale == OutputScale::log2rpm) to_log2rpm(y);
    for (const Index cell : empty) {
      constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
      y.col(cell).setConstant(nothing);
      if (options_.uncertainty) spread.col(cell).setConstant(nothing);
    }

    mirnas.cells = block.cells;
    mirnas.input_cells = kept;
    sink.encode(chosen_of(y, chosen), mirnas);
    if (options_.uncertainty && uncertainty != nullptr) {
      intervals.cells = block.cells;
      intervals.input_cells = kept;
      uncertainty->encode(chosen_of(spread, chosen), intervals);
    } else if (options_.uncertainty) {
      sink.encode_layer(chosen_of(spread, chosen), mirnas);
    }
    if (save_input != nullptr) {
      x.resize(network_.n_inputs(), block.size());
      standardiser_.apply(block, x);
      input.cells = block.cells;
      input.input_cells = kept;
      save_input->encode(x, input);
    }
  }

  /// Of one block on its way: values in, input, predictions, what is written (text at most), tile.
  [[nodiscard]] Index block_bytes() const {
    const Index per_cell = 24 * network_.n_inputs() + 32 * network_.n_outputs() + 100;
    return options_.block_cells * per_cell + 4 * network_.tile_floats();
  }
  /// Folded, arranged for dense cells and for sparse ones.
  [[nodiscard]] Index model_bytes() const {
    return 8 * network_.n_parameters() + 4 * block_network_.n_floats();
  }

 private:
  /// The lines that are to be written; `copy` may serve.
  const Matrix& chosen_of(const Matrix& all, Matrix& copy) const {
    if (options_.mirnas.empty()) return all;
    copy.resize(static_cast<Index>(options_.mirnas.size()), all.cols());
    for (std::size_t i = 0; i < options_.mirnas.size(); ++i) {
      copy.row(static_cast<Index>(i)) = all.row(options_.mirnas[i]);
    }
    return copy;
  }

  /// From the members' spread to half of a 90 % interval.
  void to_half_widths(Matrix& spread) const {
    if (model_.parts) spread.setZero();
    for (Index mirna = 0; mirna < spread.rows(); ++mirna) {
      const ModelMirna& facts = model_.mirnas[static_cast<std::size_t>(mirna)];
      const double unit = options_.output_scale == OutputScale::log2rpm ? facts.sd : 1.0;
      for (float& value : spread.row(mirna)) {
        value = static_cast<float>(unit * facts.interval.half_width(static_cast<double>(value)));
      }
    }
  }

  void to_log2rpm(Matrix& y) const {
    for (Index mirna = 0; mirna < y.rows(); ++mirna) {
      const ModelMirna& facts = model_.mirnas[static_cast<std::size_t>(mirna)];
      y.row(mirna) =
          (y.row(mirna).array() * static_cast<float>(facts.sd) + static_cast<float>(facts.mean))
              .cwiseMax(0.0f);
    }
  }

  const Model& model_;
  const Network& network_;
  const Standardiser& standardiser_;
  BlockNetwork block_network_;
  const PredictOptions& options_;
};

/// Adding a platform's offsets to values is taking them off the means that values are compared to.
Eigen::VectorXd reference_mean(const Model& model, const std::string& platform) {
  if (platform.empty()) return model.gene_mean;
  const auto found = model.platform_offsets.find(platform);
  if (found == model.platform_offsets.end()) {
    std::vector<std::string> known;
    for (const auto& entry : model.platform_offsets) known.push_back(entry.first);
    throw Error(
        ExitCode::usage,
        fmt::format("--platform {}: model {} knows {}.", platform, model.name,
                    known.empty() ? "no platform" : fmt::format("{}", fmt::join(known, ", "))));
  }
  return model.gene_mean - found->second;
}

/// The ranks by which the model compares the platform, over the genes that the input has; nullopt:
/// it compares by the unit of the model.
std::optional<RankProfile> ranks_of(const Model& model, const PredictOptions& options,
                                    const GeneMap& genes, const std::string& file) {
  const auto found = model.rank_profiles.find(options.platform);
  if (found == model.rank_profiles.end()) return std::nullopt;
  RankProfile profile = found->second;
  Index n_here = 0;
  for (std::size_t gene = 0; gene < profile.genes.size(); ++gene) {
    profile.genes[gene] &= genes.present()[gene];
    n_here += profile.genes[gene];
  }
  const auto n_known = static_cast<Index>(profile.quantiles.size());
  if (n_here < 2 ||
      static_cast<double>(n_here) < options.genes.min_panel * static_cast<double>(n_known)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: has {} of the {} genes by whose ranks model {} compares platform "
                            "{}; at least {:.0f} % were expected. Give all genes, or allow fewer "
                            "with --min-panel.",
                            file, n_here, n_known, model.name, options.platform,
                            100.0 * options.genes.min_panel));
  }
  spdlog::info("platform {}: values go by their ranks among {} genes", options.platform, n_here);
  return profile;
}

/// `present`: the genes that can be compared, 1 or 0.
Standardiser against_reference(const Sample& sample, const Normaliser& normaliser,
                               const Model& model, std::span<const std::uint8_t> present,
                               const std::string& file, const PredictOptions& options,
                               RunReport& report) {
  const Eigen::VectorXd mean = reference_mean(model, options.platform);
  const Index n_known = (mean.array().isFinite() && model.gene_sd.array() > 0.0).count();
  if (n_known == 0) {
    throw Error(ExitCode::usage,
                fmt::format("--scale reference: model {} holds no mean and sd of its training "
                            "samples. Use --scale dataset, or --moments.",
                            model.name));
  }
  if (n_known < mean.size()) {
    spdlog::info(
        "model {} knows the training mean and sd of {} of {} genes; the others count as "
        "average",
        model.name, n_known, mean.size());
  }
  const ReferenceFit fit = reference_fit(sample, normaliser, mean, model.gene_sd, present);
  report.reference_median_z = fit.median;
  report.reference_iqr_z = fit.interquartile_range;
  spdlog::info("against the training samples: median z {:.2f}, interquartile range {:.2f}",
               fit.median, fit.interquartile_range);
  if (std::fabs(fit.median) > 1.5 || fit.interquartile_range > 4.0) {
    const std::string what = fmt::format(
        "{}: against the model's training samples the genes have a median z of {:.2f} and an "
        "interquartile range of {:.2f} (at most 1.5 and 4 were expected), so these values are not "
        "in the unit they were taken for, or these are single cells. Check --values and "
        "--log-base; single cells belong on --scale dataset, or pooled first",
        file, fit.median, fit.interquartile_range);
    if (!options.force_scale) {
      throw Error(ExitCode::bad_input, what + "; --force-scale goes on all the same.");
    }
    spdlog::warn("{}", what);
  }
  return Standardiser(mean, model.gene_sd, present);
}

std::vector<std::string> names_of_constant(const Eigen::VectorXd& sd, const GeneMap& genes,
                                           const GenePanel& panel) {
  std::vector<std::string> names;
  for (Index gene = 0; gene < sd.size(); ++gene) {
    const auto at = static_cast<std::size_t>(gene);
    if (genes.present()[at] != 0 && !(sd[gene] > 0.0)) names.push_back(panel.genes[at].symbol);
  }
  return names;
}

}  // namespace

RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, MatrixSink& sink, MatrixSink* save_input,
                  MatrixSink* uncertainty) {
  const Model& model = prepared.card();
  if (options.uncertainty && !has_intervals(model)) {
    throw Error(ExitCode::usage,
                fmt::format("model {} holds no calibrated intervals (it needs several members and "
                            "enough held-out samples, see `sicmir inspect`): leave --uncertainty "
                            "out, or use another model.",
                            model.name));
  }
  if (options.output_scale == OutputScale::log2rpm && std::isnan(model.mirnas.front().mean)) {
    throw Error(
        ExitCode::usage,
        fmt::format("--output-scale log2rpm: model {} (imported) does not hold the mean and "
                    "sd of its miRNAs; only z-scores are possible.",
                    model.name));
  }
  const std::string& file = source.description().path;
  const auto start = Clock::now();
  RunReport report;
  report.kernel = kernels::kernel_name(prepared.precision());

  const GeneMap genes(index, source.features(), options.genes, file);
  report.genes = genes.report();
  log_genes(report.genes);
  source.select(genes);

  Sample sample = take_sample(source, options.block_cells, options.threads);
  report.decision = decide(sample, source, genes, options);
  log_decision(report.decision);
  const Decision& decision = report.decision;
  if (!options.platform.empty() && decision.scale != Scale::reference) {
    throw Error(ExitCode::usage,
                "--platform: offsets belong to the model's unit; add --scale reference.");
  }
  const std::optional<RankProfile> ranks = ranks_of(model, options, genes, file);
  const Normaliser normaliser(decision.values, decision.scale, model.recipe, decision.log_base,
                              model.panel, file, decision.values_from, ranks);
  const bool empties_matter = decision.values != Values::zscore;
  EmptyTally empties;

  Standardiser standardiser(model.panel.size());
  if (decision.scale == Scale::reference) {
    standardiser =
        against_reference(sample, normaliser, model,
                          ranks ? std::span<const std::uint8_t>(ranks->genes) : genes.present(),
                          file, options, report);
  }
  report.shard = range_of(options, source);
  if (report.shard && decision.scale == Scale::dataset && options.moments.empty()) {
    throw Error(ExitCode::usage,
                "--shard with --scale dataset needs the moments of the whole input: measure them "
                "with `sicmir stats` (on shards: --shard, then `sicmir merge-stats`) and give "
                "--moments FILE.");
  }
  Cells cells(source, std::move(sample), options.block_cells, report.shard);
  Spool spool(options.spool_memory);
  bool from_spool = false;
  if (decision.scale == Scale::dataset) {
    Eigen::VectorXd mean;
    Eigen::VectorXd sd;
    if (!options.moments.empty()) {
      const MomentsFile stored = read_matching_moments(options.moments, model, decision);
      mean = stored.moments.mean();
      sd = stored.moments.sd();
    } else {
      from_spool = true;
      const GeneMoments moments = measure(cells, normaliser, model.panel.size(), options,
                                          empties_matter, &spool, empties, report.cells_read);
      if (options.empty_cells == EmptyCells::error) empties.judge(file, report.cells_read);
      if (moments.n_cells() == 0) empties.judge(file, report.cells_read);
      mean = moments.mean();
      sd = moments.sd();
    }
    standardiser = Standardiser(mean, sd, genes.present());
    report.constant_genes = names_of_constant(sd, genes, model.panel);
    report.seconds_measure = seconds_since(start);
  }

  const Predictor predictor(prepared, standardiser, options);
  spdlog::debug(
      "memory: at most {} MB for blocks of {} cells, {} MB between the passes, {} MB for "
      "the reader, {} MB for the model",
      predictor.block_bytes() * (thread_count(options.threads) + 2) / 1'000'000 + 1,
      options.block_cells, from_spool ? options.spool_memory / 1'000'000 + 1 : 0,
      source.memory_bytes() / 1'000'000 + 1, predictor.model_bytes() / 1'000'000 + 1);
  const auto predict_start = Clock::now();
  OutputHeader header = mirna_header(model, options, report, source);
  if (options.uncertainty && uncertainty != nullptr) uncertainty->begin(header);
  if (options.uncertainty && uncertainty == nullptr) header.layer = "uncertainty";
  sink.begin(header);
  if (save_input != nullptr) save_input->begin(gene_header(model, options, report, source));
  ordered_pipeline<Cells::Item, Predictor::Result>(
      thread_count(options.threads),
      [&](Cells::Item& item) { return from_spool ? spool.next(item.block) : cells.fetch(item); },
      [&](Cells::Item& item, Predictor::Result& result) {
        result.cells_read = 0;
        result.empties = {};
        if (!from_spool) {
          cells.decode(item);
          result.cells_read = item.block.size();
          if (empties_matter) result.empties.add(item.block);
          normaliser.apply(item.block);
        }
        predictor.run(item.block, empties_matter, sink, save_input, uncertainty, result);
      },
      [&](Predictor::Result& result) {
        report.cells_read += result.cells_read;
        empties.add(result.empties);
        result.mirnas.first = report.cells_written;
        result.input.first = report.cells_written;
        result.uncertainty.first = report.cells_written;
        report.cells_written += static_cast<Index>(result.mirnas.cells.size());
        if (save_input != nullptr) save_input->write(std::move(result.input));
        if (options.uncertainty && uncertainty != nullptr) {
          uncertainty->write(std::move(result.uncertainty));
        }
        sink.write(std::move(result.mirnas));
        if (options.on_progress) {
          options.on_progress({"predicting", report.cells_written, cells.n_cells()});
        }
      });
  report.empty_cells = empties.n;
  if (empties_matter && options.empty_cells == EmptyCells::error) {
    empties.judge(file, report.cells_read);
  }
  if (save_input != nullptr) save_input->finish();
  if (options.uncertainty && uncertainty != nullptr) uncertainty->finish();
  sink.finish();
  report.seconds_predict = seconds_since(predict_start);
  return report;
}

}  // namespace sicmir
