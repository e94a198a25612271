// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The main job: source -> gene map -> normaliser -> network -> sink.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/model.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/network.hpp"
#include "sicmir/prepared_model.hpp"
#include "sicmir/reading.hpp"

namespace sicmir {

enum class OutputScale : std::uint8_t { zscore, log2rpm };

/// What happened, for the log and the --report file.
struct RunReport {
  std::string kernel;  ///< what computed the predictions: "v3", "v3+bf16"
  GeneMapReport genes;
  Decision decision;
  Index cells_read = 0;
  Index cells_written = 0;
  Index empty_cells = 0;
  Index cells_extrapolated = 0;    ///< with a prediction beyond 8 standard deviations
  std::optional<CellRange> shard;  ///< the cells that were asked for, if not all
  std::vector<std::string> constant_genes;
  std::optional<double> reference_median_z;  ///< Scale::reference: median z over the panel
  std::optional<double> reference_iqr_z;
  double seconds_measure = 0;
  double seconds_predict = 0;
};

struct PredictOptions : ReadingOptions {
  OutputScale output_scale = OutputScale::zscore;
  std::vector<Index> mirnas;  ///< positions of the miRNAs to write; empty: all
  /// What was done to the cells before; as OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;
  /// For Scale::dataset: moments over some of the cells, measured beforehand in the unit of these;
  /// null: those over all cells, or of ReadingOptions::moments. Outlives the run.
  const GeneMoments* measured = nullptr;
  /// Called as the report grows: with the genes, with what was decided, before the first cell is
  /// predicted. May be empty.
  std::function<void(const RunReport&)> on_findings;
};

/// What a run can write about each cell.
enum class Quantity : std::uint8_t {
  mirnas,       ///< the predictions
  uncertainty,  ///< half the width of each prediction's 90 % interval, in the output's scale
  input,        ///< what the network receives: standardised genes, in panel order
};

/// Where a quantity is written. Uncertainty may name the sink of the miRNAs: it is then a layer of
/// that output, "uncertainty".
struct Output {
  Quantity quantity = Quantity::mirnas;
  MatrixSink* sink = nullptr;
};

/// Reads every cell of `source`, predicts its miRNAs and writes them, and whatever else is asked
/// for, to `outputs`; these are begun, written and finished in their order. Throws Error(usage) for
/// options that do not fit together or that the model cannot serve (uncertainty that is not
/// calibrated, log2(RPM) without the miRNAs' means).
RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, std::span<const Output> outputs);
/// The miRNAs alone.
RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, MatrixSink& sink);

/// What `sicmir stats` does: the moments of the panel's genes over all cells of `source`, for
/// ReadingOptions::moments. The scale in `options` plays no part.
MomentsFile measure_moments(CellSource& source, const Model& model, const GeneIndex& index,
                            const ReadingOptions& options);

}  // namespace sicmir
