// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The outputs of a run: each writes one quantity of every cell.

#include <span>
#include <vector>

#include "predict/predictor.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/predict.hpp"

namespace sicmir {

/// A quantity that shares its sink with the miRNAs is a layer of theirs; every other has a sink of
/// its own. Order of calls: as those of MatrixSink.
class Channels {
 public:
  /// `mirnas`: positions of the miRNAs that are written; empty: all. Outlives this.
  Channels(std::span<const Output> outputs, const std::vector<Index>& mirnas);

  [[nodiscard]] Wanted wanted() const noexcept { return wanted_; }
  void begin(const Model& model, const PredictOptions& options, const RunReport& report,
             const CellSource& source);
  /// Encodes a block for each channel; in any thread.
  void encode(const PredictedBlock& block, std::vector<EncodedBlock>& encoded) const;
  /// `first`: position in the output of the first cell. Returns the number of cells written.
  Index write(std::vector<EncodedBlock>& encoded, Index first);
  void finish();

 private:
  struct Channel {
    Quantity quantity;
    MatrixSink* sink;
    bool has_layer;  ///< the uncertainty goes into this channel, too
  };
  /// The chosen miRNAs; `copy` may serve.
  const Matrix& chosen_of(const Matrix& all, Matrix& copy) const;

  std::vector<Channel> channels_;
  const std::vector<Index>& mirnas_;
  Wanted wanted_;
};

}  // namespace sicmir
