#include "cells/decide.hpp"
#include "cells/measure.hpp"
#include "predict/outputs.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/predict.hpp"

namespace sicmir {

MomentsFile measure_moments(CellSource& source, const Model& model, const GeneIndex& index,
                            const ReadingOptions& options) {
  const std::string& file = source.description().path;
  const GeneMap genes(index, source.features(), options.genes, file);
  log_genes(genes.report());
  source.select(genes);
  ReadingOptions stated = options;
  stated.scale = Scale::dataset;
  stated.moments.clear();
  Sample sample = take_sample(source, options.block_cells, options.threads);
  const Decision decision = decide(sample, source, genes, stated);
  log_decision(decision);
  const Normaliser normaliser(decision.values, decision.scale, model.recipe, decision.log_base,
                              model.panel, file, decision.values_from);
  const std::optional<CellRange> range = range_of(options, source);
  Cells cells(source, std::move(sample), options.block_cells, range);
  EmptyTally empties;
  Index n_cells = 0;
  const bool empties_matter = decision.values != Values::zscore;
  MomentsFile result;
  result.moments = measure(cells, normaliser, model.panel.size(), options, empties_matter, nullptr,
                           empties, n_cells);
  if (options.empty_cells == EmptyCells::error || (result.moments.n_cells() == 0 && !range)) {
    empties.judge(file, n_cells);
  }
  for (const PanelGene& gene : model.panel.genes) result.genes.push_back(gene.symbol);
  result.values = decision.values;
  if (range) result.part = MeasuredPart{*range, source.n_cells().value_or(0)};
  result.present.assign(genes.present().begin(), genes.present().end());
  return result;
}

}  // namespace sicmir
