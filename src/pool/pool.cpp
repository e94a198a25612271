#include "sicmir/pool.hpp"

#include <spdlog/fmt/fmt.h>

#include <cctype>
#include <chrono>
#include <set>

#include "pool/pool_cells.hpp"
#include "pool/pool_source.hpp"
#include "predict/outputs.hpp"

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

/// `genes`: what sums of all features become; nullopt: they are served as they are.
Pools make_pools(std::unique_ptr<CellSource> cells, const GeneMap& selected, const GenePanel& panel,
                 std::optional<GeneMap> genes, const Model& model, const ReadingOptions& options,
                 const PoolOptions& pool) {
  if (pool.method == PoolMethod::none) {
    throw Error(ExitCode::usage, "pools are made by --pool sum, mean or bootstrap.");
  }
  const auto start = std::chrono::steady_clock::now();
  cells->select(selected);
  PooledCells pooled = pool_cells(*cells, selected, panel, model.recipe, options, pool);
  Pools pools;
  pools.values = unit_of(pool.method, pooled.values);
  pools.report = pooled.report;
  pools.columns = columns_of_pools(pooled);
  pools.facts = facts_of(pool, pooled.values);
  pools.source = std::make_unique<PoolSource>(std::move(cells), std::move(pooled.sums),
                                              names_of_pools(pooled), std::move(genes));
  pools.report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return pools;
}

/// "var/gene_ids" becomes gene_ids.
std::string annotation_name(const std::string& column) {
  std::string name = column.substr(column.rfind('/') + 1);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

/// All features that count: the first of their names, and the others as annotations.
OutputHeader header_of(const FeatureTable& features, const GeneMap& map) {
  OutputHeader header;
  header.feature_kind = "gene";
  std::set<std::string> taken = {"_index"};
  for (std::size_t i = 0; i < features.columns.size(); ++i) {
    const FeatureColumn& column = features.columns[i];
    std::vector<std::string> ids;
    for (std::size_t at = 0; at < column.ids.size(); ++at) {
      if (map.present()[at] != 0) ids.push_back(column.ids[at]);
    }
    if (i == 0) {
      header.features = std::move(ids);
    } else if (taken.insert(annotation_name(column.name)).second) {
      header.annotations.push_back({annotation_name(column.name), std::move(ids)});
    }
  }
  return header;
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
  GeneMap genes(index, cells->features(), options.genes, cells->description().path);
  // The upper quartile of a sum is over all genes, so that all have to be summed.
  if (pool.method == PoolMethod::sum && options.scale == Scale::reference) {
    const WholePanel whole(cells->features());
    return make_pools(std::move(cells), whole.map(), whole.panel(), std::move(genes), model,
                      options, pool);
  }
  return make_pools(std::move(cells), genes, model.panel, std::nullopt, model, options, pool);
}

PredictOptions options_for(const Pools& pools, const PredictOptions& options) {
  PredictOptions result = options;
  result.values = pools.values;
  if (result.scale == Scale::automatic && pools.values != Values::zscore) {
    result.scale = Scale::dataset;
  }
  return result;
}

PooledGenes pool_genes(std::unique_ptr<CellSource> cells, const Model& model,
                       const GeneIndex& index, const ReadingOptions& options,
                       const PoolOptions& pool, bool panel_only) {
  PooledGenes result;
  if (panel_only) {
    const GeneMap genes(index, cells->features(), options.genes, cells->description().path);
    log_genes(genes.report());
    result.header = header_of(model.panel);
    result.pools =
        make_pools(std::move(cells), genes, model.panel, std::nullopt, model, options, pool);
  } else {
    const WholePanel whole(cells->features());
    result.header = header_of(cells->features(), whole.map());
    Index place = 0;
    for (const std::uint8_t counts : whole.map().present()) {
      result.places.push_back(place);
      place += counts != 0 ? 1 : 0;
    }
    result.pools = make_pools(std::move(cells), whole.map(), whole.panel(), std::nullopt, model,
                              options, pool);
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
