// SPDX-License-Identifier: BSD-3-Clause
#include "predict/predictor.hpp"

#include <limits>

#include "cells/measure.hpp"

namespace sicmir {

const Matrix& PredictedBlock::of(Quantity quantity) const {
  switch (quantity) {
    case Quantity::uncertainty:
      return uncertainty;
    case Quantity::input:
      return input;
    case Quantity::mirnas:
      break;
  }
  return mirnas;
}

void to_log2rpm(const Model& model, Matrix& mirnas) {
  for (Index mirna = 0; mirna < mirnas.rows(); ++mirna) {
    const ModelMirna& facts = model.mirnas[static_cast<std::size_t>(mirna)];
    mirnas.row(mirna) =
        (mirnas.row(mirna).array() * static_cast<float>(facts.sd) + static_cast<float>(facts.mean))
            .cwiseMax(0.0f);
  }
}

Predictor::Predictor(const PreparedModel& model, const Standardiser& standardiser,
                     const PredictOptions& options, Wanted wanted, bool empties_matter)
    : model_(model.card()),
      network_(model.network()),
      standardiser_(standardiser),
      block_network_(network_, standardiser_),
      options_(options),
      wanted_(wanted),
      empties_matter_(empties_matter) {}

void Predictor::run(CellBlock& block, PredictedBlock& out) const {
  std::vector<Index> empty;
  if (empties_matter_ && options_.empty_cells == EmptyCells::skip) {
    drop_empty(block, out.input_cells);
  } else {
    out.input_cells.clear();
    for (Index cell = 0; cell < block.size(); ++cell) {
      out.input_cells.push_back(block.first + cell);
      const bool is_empty = block.totals[static_cast<std::size_t>(cell)] == 0.0;
      if (empties_matter_ && is_empty) empty.push_back(cell);
    }
  }
  out.cells = block.cells;
  out.mirnas.resize(network_.n_outputs(), block.size());
  if (wanted_.uncertainty) {
    out.uncertainty.resize(network_.n_outputs(), block.size());
    block_network_.predict(block, out.mirnas, out.uncertainty, out.work);
    to_half_widths(out.uncertainty);
  } else {
    block_network_.predict(block, out.mirnas, out.work);
  }
  if (options_.output_scale == OutputScale::log2rpm) to_log2rpm(model_, out.mirnas);
  for (const Index cell : empty) {
    constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
    out.mirnas.col(cell).setConstant(nothing);
    if (wanted_.uncertainty) out.uncertainty.col(cell).setConstant(nothing);
  }
  if (wanted_.input) {
    out.input.resize(network_.n_inputs(), block.size());
    standardiser_.apply(block, out.input);
  }
}

Index Predictor::block_bytes() const {
  const Index per_cell = 24 * network_.n_inputs() + 32 * network_.n_outputs() + 100;
  return options_.block_cells * per_cell + 4 * network_.tile_floats();
}

Index Predictor::model_bytes() const {
  return 8 * network_.n_parameters() + 4 * block_network_.n_floats();
}

/// From the members' spread to half of a 90 % interval.
void Predictor::to_half_widths(Matrix& spread) const {
  if (model_.parts) spread.setZero();
  for (Index mirna = 0; mirna < spread.rows(); ++mirna) {
    const ModelMirna& facts = model_.mirnas[static_cast<std::size_t>(mirna)];
    const double unit = options_.output_scale == OutputScale::log2rpm ? facts.sd : 1.0;
    for (float& value : spread.row(mirna)) {
      value = static_cast<float>(unit * facts.interval.half_width(static_cast<double>(value)));
    }
  }
}

}  // namespace sicmir
