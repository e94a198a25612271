// SPDX-License-Identifier: BSD-3-Clause
#include "cells/prepared_input.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/predict.hpp"

namespace sicmir {

MomentsFile measure_moments(CellSource& source, const Model& model, const GeneIndex& index,
                            const ReadingOptions& options) {
  ReadingOptions stated = options;
  stated.scale = Scale::dataset;
  stated.moments.clear();
  PreparedInput input(source, index, stated);
  log_genes(input.gene_report());
  log_decision(input.decide(model.recipe));
  CellStream cells = input.stream();
  Measured measured = measure(cells, input.normaliser(), model.panel.size(), stated,
                              input.empties_matter(), nullptr);
  const std::optional<CellRange>& range = cells.range();
  if (options.empty_cells == EmptyCells::error || (measured.moments.n_cells() == 0 && !range)) {
    measured.empties.judge(input.file(), measured.n_cells);
  }
  MomentsFile result;
  result.moments = std::move(measured.moments);
  for (const PanelGene& gene : model.panel.genes) result.genes.push_back(gene.symbol);
  result.values = input.decision().values;
  if (range) result.part = MeasuredPart{*range, source.n_cells().value_or(0)};
  result.present.assign(input.genes().present().begin(), input.genes().present().end());
  return result;
}

}  // namespace sicmir
