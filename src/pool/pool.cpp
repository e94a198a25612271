// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/pool.hpp"

#include <fmt/core.h>

#include <chrono>

#include "cells/prepared_input.hpp"
#include "pool/pool_cells.hpp"
#include "pool/pool_source.hpp"

namespace sicmir {
namespace {

/// Of pools, whose cells had `values`.
Values unit_of(PoolMethod method, Values values) {
  if (method == PoolMethod::sum || values == Values::zscore) return values;
  return Values::log;  // ln(1 + CP10k), ln(1 + x), or the logarithms that they were
}

std::vector<std::pair<std::string, std::string>> facts_of(const PoolOptions& pool, Values values) {
  std::vector<std::pair<std::string, std::string>> facts = {
      {"pool", std::string(to_string(pool.method))},
      {"pool_of_values", std::string(to_string(values))},
  };
  if (!pool.group_by.empty()) facts.emplace_back("pool_group_by", pool.group_by);
  if (pool.method == PoolMethod::bootstrap) {
    facts.emplace_back("pool_seed", fmt::format("{}", pool.seed));
    facts.emplace_back("pool_max_draws",
                       pool.all_draws ? "as published" : fmt::format("{}", pool.max_draws));
  }
  return facts;
}

/// Whether sums have to be over all genes: the upper quartile of a sum is.
bool needs_all_genes(const ReadingOptions& options, const PoolOptions& pool) {
  return pool.method == PoolMethod::sum && options.scale == Scale::reference;
}

/// `input`: of `cells`, not yet decided. `panel`: what is served of sums of all genes; nullopt:
/// they are served as they are.
Pools make_pools(std::unique_ptr<CellSource> cells, PreparedInput& input,
                 std::optional<GeneSelection> panel, const Model& model, const PoolOptions& pool) {
  const auto start = std::chrono::steady_clock::now();
  PooledCells pooled = pool_cells(input, model.recipe, pool);
  Pools pools;
  pools.values = unit_of(pool.method, pooled.values);
  pools.report = pooled.report;
  pools.report.genes = input.gene_report();
  pools.report.decision = input.decision();
  std::erase_if(pools.report.decision.warnings, concerns_cells_alone);
  pools.columns = columns_of_pools(pooled);
  pools.facts = facts_of(pool, pooled.values);
  pools.source = std::make_unique<PoolSource>(std::move(cells), std::move(pooled.sums),
                                              names_of_pools(pooled), std::move(panel));
  pools.report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return pools;
}

OutputHeader header_of(const GenePanel& panel) {
  OutputHeader header;
  header.feature_kind = "gene";
  std::vector<std::string> ids;
  for (const PanelGene& gene : panel.genes) {
    header.features.push_back(gene.symbol);
    ids.push_back(gene.ensembl_id);
  }
  header.annotations.push_back({"ensembl_id", std::move(ids)});
  return header;
}

}  // namespace

Pools pool_for_prediction(std::unique_ptr<CellSource> cells, const Model& model,
                          const GeneIndex& index, const ReadingOptions& options,
                          const PoolOptions& pool) {
  check_pooling(options, pool);
  const ReadingOptions of_cells = reading_of_cells(options);
  if (needs_all_genes(options, pool)) {
    const GeneMap panel(index, cells->features(), options.genes, cells->description().path);
    PreparedInput input(*cells, AllGenes{}, of_cells);
    return make_pools(std::move(cells), input, panel, model, pool);
  }
  PreparedInput input(*cells, index, of_cells);
  return make_pools(std::move(cells), input, std::nullopt, model, pool);
}

void adapt_options(const Pools& pools, ReadingOptions& options) {
  options.values = pools.values;
  if (options.scale == Scale::automatic && pools.values != Values::zscore) {
    options.scale = Scale::dataset;
  }
}

PooledGenes pool_genes(std::unique_ptr<CellSource> cells, const Model& model,
                       const GeneIndex& index, const ReadingOptions& options,
                       const PoolOptions& pool, bool panel_only) {
  check_pooling(options, pool);
  const ReadingOptions of_cells = reading_of_cells(options);
  PooledGenes result;
  if (panel_only) {
    PreparedInput input(*cells, index, of_cells);
    log_genes(input.gene_report());
    result.header = header_of(model.panel);
    result.pools = make_pools(std::move(cells), input, std::nullopt, model, pool);
  } else {
    PreparedInput input(*cells, AllGenes{}, of_cells);
    result.header = header_of_all_genes(cells->features(), input.genes());
    Index place = 0;
    for (const std::uint8_t counts : input.genes().present()) {
      result.places.push_back(place);
      place += counts != 0 ? 1 : 0;
    }
    result.pools = make_pools(std::move(cells), input, std::nullopt, model, pool);
  }
  result.header.facts = result.pools.facts;
  result.header.n_cells = result.pools.report.n_pools;
  return result;
}

void write_pools(PooledGenes& pooled, MatrixSink& sink) {
  const auto n_features = static_cast<Index>(pooled.header.features.size());
  constexpr Index floats_at_once = Index{1} << 22;
  const Index at_once = std::max(Index{1}, floats_at_once / std::max(n_features, Index{1}));
  sink.begin(pooled.header);
  CellBlock block;
  while (pooled.pools.source->next(block, at_once)) {
    Matrix values = Matrix::Zero(n_features, block.size());
    EncodedBlock encoded;
    encoded.first = block.first;
    encoded.cells = block.cells;
    for (Index cell = 0; cell < block.size(); ++cell) {
      encoded.input_cells.push_back(block.first + cell);
      const auto at = static_cast<std::size_t>(cell);
      for (Index i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
        const auto k = static_cast<std::size_t>(i);
        const auto gene = static_cast<std::size_t>(block.genes[k]);
        values(pooled.places.empty() ? block.genes[k] : pooled.places[gene], cell) =
            block.values[k];
      }
    }
    sink.encode(values, encoded);
    sink.write(std::move(encoded));
  }
  sink.finish();
}

}  // namespace sicmir
