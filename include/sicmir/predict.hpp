#pragma once
/// The main job: source -> gene map -> normaliser -> network -> sink.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/model.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/network.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/prepared_model.hpp"
#include "sicmir/shard.hpp"

namespace sicmir {

enum class EmptyCells : std::uint8_t { error, skip, nan };
enum class OutputScale : std::uint8_t { zscore, log2rpm };

/// What was decided about an input, and why: printed, and written into the output.
struct Decision {
  Values values = Values::automatic;
  ValuesFrom values_from = ValuesFrom::sample;
  std::string values_reason;
  Scale scale = Scale::automatic;
  std::string scale_reason;
  double log_base = 0;  ///< for Values::log against a reference: 2, e or 10
  Index sampled_cells = 0;
  std::vector<std::string> warnings;
};

/// How far a run has come; `phase` is "measuring" or "predicting".
struct Progress {
  std::string_view phase;
  Index cells = 0;
  std::optional<Index> of;  ///< if known
};

struct PredictOptions {
  GeneMapOptions genes;
  Values values = Values::automatic;
  Scale scale = Scale::automatic;
  double log_base = 0;       ///< 0: decide
  std::string platform;      ///< whose offsets the model adds, for Scale::reference; empty: none
  bool force_scale = false;  ///< go on although the input is far from the reference
  EmptyCells empty_cells = EmptyCells::error;
  OutputScale output_scale = OutputScale::zscore;
  /// Also half the width of the model's 90 % intervals, in the output's scale: as layer
  /// "uncertainty" of the sink, or to a sink of its own.
  bool uncertainty = false;
  std::string moments;         ///< path of a moments file; empty: measure
  std::vector<Index> mirnas;   ///< positions of the miRNAs to write; empty: all
  std::optional<Shard> shard;  ///< only these of the input's cells; decisions are the whole's
  Index block_cells = 1024;    ///< cells that travel together
  int threads = 0;             ///< 0: as many CPUs as the process may use
  std::size_t spool_memory = std::size_t{1} << 27;   ///< bytes kept in memory between two passes
  std::function<void(const Progress&)> on_progress;  ///< called after each block; may be empty
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
/// PredictOptions::moments. Of `options`, those that concern input and normalisation count.
MomentsFile measure_moments(CellSource& source, const Model& model, const GeneIndex& index,
                            const PredictOptions& options);

}  // namespace sicmir
