#pragma once
/// The main job: source -> gene map -> normaliser -> network -> sink.

#include <optional>
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

struct PredictOptions : ReadingOptions {
  OutputScale output_scale = OutputScale::zscore;
  /// Also half the width of the model's 90 % intervals, in the output's scale: as layer
  /// "uncertainty" of the sink, or to a sink of its own.
  bool uncertainty = false;
  std::vector<Index> mirnas;  ///< positions of the miRNAs to write; empty: all
};

/// What happened, for the log and the --report file.
struct RunReport {
  std::string kernel;  ///< what computed the predictions: "v3", "v3+bf16"
  GeneMapReport genes;
  Decision decision;
  Index cells_read = 0;
  Index cells_written = 0;
  Index empty_cells = 0;
  std::optional<CellRange> shard;  ///< the cells that were asked for, if not all
  std::vector<std::string> constant_genes;
  std::optional<double> reference_median_z;  ///< Scale::reference: median z over the panel
  std::optional<double> reference_iqr_z;
  double seconds_measure = 0;
  double seconds_predict = 0;
};

/// Reads every cell of `source`, predicts its miRNAs and writes them to `sink`. `save_input`, if
/// not null, receives what the network saw: genes as features, in panel order; `uncertainty`, if
/// not null, what PredictOptions::uncertainty asks for. Throws Error(usage) if that is not
/// calibrated in the model.
RunReport predict(CellSource& source, const PreparedModel& prepared, const GeneIndex& index,
                  const PredictOptions& options, MatrixSink& sink, MatrixSink* save_input = nullptr,
                  MatrixSink* uncertainty = nullptr);

/// What `sicmir stats` does: the moments of the panel's genes over all cells of `source`, for
/// ReadingOptions::moments. The scale in `options` plays no part.
MomentsFile measure_moments(CellSource& source, const Model& model, const GeneIndex& index,
                            const ReadingOptions& options);

}  // namespace sicmir
