// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What happens to a block between the normaliser and the outputs.

#include <vector>

#include "model/block_network.hpp"
#include "sicmir/model.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir {

/// z-scores beyond are extrapolated: no sample of the training is there.
inline constexpr float far_z = 8.0F;

/// What a block became: one matrix per quantity, features x cells. Those that no output asks for
/// are empty.
struct PredictedBlock {
  Matrix mirnas;                   ///< all of the model's, in the scale of the output
  Matrix uncertainty;              ///< half the width of each prediction's 90 % interval
  Matrix input;                    ///< genes, as the network receives them
  std::vector<std::string> cells;  ///< names; without those that were skipped
  std::vector<Index> input_cells;  ///< per cell: its position in the input
  Index n_far = 0;                 ///< cells with a prediction beyond far_z
  BlockNetwork::Workspace work;

  [[nodiscard]] const Matrix& of(Quantity quantity) const;
};

/// Which quantities are computed besides the miRNAs.
struct Wanted {
  bool uncertainty = false;
  bool input = false;
};

/// From z-scores to log2(RPM + 1), in place, within what it can be: 0 to log2(1,000,001). `mirnas`:
/// miRNAs x cells, all of the model's, which knows their means and standard deviations.
void to_log2rpm(const Model& model, Matrix& mirnas);

/// Immutable; run() may be called in several threads. What it is made of outlives it.
class Predictor {
 public:
  Predictor(const PreparedModel& model, const Standardiser& standardiser,
            const PredictOptions& options, Wanted wanted, bool empties_matter);

  /// `block`: normalised; it loses its empty cells where they are skipped.
  void run(CellBlock& block, PredictedBlock& out) const;

  /// Of one block on its way: values in, input, predictions, what is written (text at most), tile.
  [[nodiscard]] Index block_bytes() const;
  /// Folded, arranged for dense cells and for sparse ones.
  [[nodiscard]] Index model_bytes() const;

 private:
  void to_half_widths(Matrix& spread) const;

  const Model& model_;
  const Network& network_;
  const Standardiser& standardiser_;
  BlockNetwork block_network_;
  const PredictOptions& options_;
  Wanted wanted_;
  bool empties_matter_;
};

}  // namespace sicmir
