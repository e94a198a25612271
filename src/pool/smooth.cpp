// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/smooth.hpp"

#include <fmt/core.h>

#include <chrono>

#include "base/log.hpp"
#include "cells/prepared_input.hpp"
#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"
#include "pool/pool_cells.hpp"
#include "pool/smoothed_source.hpp"

namespace sicmir {
namespace {

void check_options(const ReadingOptions& options) {
  if (options.shard) {
    throw Error(ExitCode::usage,
                "a shard cannot be smoothed: neighbours of its cells are in other shards. Smooth "
                "the whole input (it is streamed).");
  }
  if (!options.moments.empty()) {
    throw Error(ExitCode::usage,
                "smoothed cells cannot be standardised by moments that were measured before: those "
                "are of cells as they are, which vary more.");
  }
  if (options.scale == Scale::reference) {
    throw Error(ExitCode::usage,
                "smoothed cells cannot be compared with the training samples: sums of a few cells "
                "are far from them.",
                {Remedy::use_dataset_scale});
  }
}

std::unique_ptr<h5ad::NeighbourGraph> open_graph(const CellSource& cells, const std::string& name) {
  const SourceDescription& input = cells.description();
  if (input.annotations.empty() || !cells.n_cells()) {
    throw Error(ExitCode::usage,
                fmt::format("{} has no obsp (its format is {}), so there is no graph of neighbours "
                            "to smooth over. Convert it to .h5ad.",
                            input.path, input.format));
  }
  return std::make_unique<h5ad::NeighbourGraph>(input.annotations, name, *cells.n_cells());
}

/// Every cell, in its order.
CellStore read_cells(PreparedInput& input) {
  CellStore store(input.options().spool_memory);
  CellStream cells = input.stream();
  EmptyTally empties;
  ordered_pipeline<CellStream::Item, CellBlock>(
      thread_count(input.options().threads),
      [&](CellStream::Item& item) { return cells.fetch(item); },
      [&](CellStream::Item& item, CellBlock& block) {
        cells.decode(item);
        input.normaliser().check(item.block);
        std::swap(block, item.block);
      },
      [&](CellBlock& block) {
        empties.add(block);
        store.append(block);
        if (input.options().on_progress) {
          input.options().on_progress({"smoothing", store.size(), cells.n_cells()});
        }
      });
  if (input.options().empty_cells == EmptyCells::error) empties.judge(input.file(), store.size());
  return store;
}

}  // namespace

Smoothed smooth_for_prediction(std::unique_ptr<CellSource> cells, const Model& model,
                               const GeneIndex& index, const ReadingOptions& options,
                               const std::string& graph) {
  const auto start = std::chrono::steady_clock::now();
  check_options(options);
  auto neighbours = open_graph(*cells, graph);
  PreparedInput input(*cells, index, reading_of_cells(options));
  const Decision& decision = input.decide(model.recipe);
  log_values_of_cells(decision);
  if (decision.values != Values::counts) {
    throw Error(ExitCode::usage,
                fmt::format("{}: only counts can be smoothed, but the values were taken to be {}.",
                            input.file(), to_string(decision.values)),
                {Remedy::choose_layer});
  }
  Smoothed smoothed;
  smoothed.report.graph = graph;
  smoothed.report.mean_neighbours = neighbours->mean_neighbours();
  CellStore store = read_cells(input);
  smoothed.report.n_cells = store.size();
  log_info("smoothing: the counts of each cell and of its neighbours in {}, {:.1f} on average",
           graph, smoothed.report.mean_neighbours);
  log_debug("memory: {} MB for the cells to be added up, {} MB more on disk",
            store.bytes_in_memory() / 1'000'000 + 1, store.bytes_on_disk() / 1'000'000);
  const Index n_genes = input.genes().size();
  smoothed.source = std::make_unique<SmoothedSource>(std::move(cells), std::move(store),
                                                     std::move(neighbours), n_genes);
  smoothed.facts = {{"smoothed_over", graph}};
  smoothed.report.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return smoothed;
}

void adapt_options(const Smoothed& /*smoothed*/, ReadingOptions& options) {
  options.values = Values::counts;
  if (options.scale == Scale::automatic) options.scale = Scale::dataset;
}

}  // namespace sicmir
