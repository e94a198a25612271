// SPDX-License-Identifier: BSD-3-Clause
#include "pool/smoothed_source.hpp"

#include <utility>

namespace sicmir {
namespace {

/// Which cells are added up, and room to do so.
class RawNeighbours final : public RawCells {
 public:
  h5ad::Neighbours neighbours;
  CellStore::Cell cell;
  std::vector<double> sums;  // per gene

  /// Adds a cell's counts; returns its total.
  double add(const CellStore& cells, Index position) {
    cells.read(position, cell);
    for (std::size_t i = 0; i < cell.genes.size(); ++i) {
      sums[static_cast<std::size_t>(cell.genes[i])] += static_cast<double>(cell.values[i]);
    }
    return cell.total;
  }
};

}  // namespace

SmoothedSource::SmoothedSource(std::unique_ptr<CellSource> origin, CellStore cells,
                               std::unique_ptr<h5ad::NeighbourGraph> graph, Index n_genes)
    : origin_(std::move(origin)),
      cells_(std::move(cells)),
      graph_(std::move(graph)),
      n_genes_(n_genes) {}

bool SmoothedSource::fetch(std::unique_ptr<RawCells>& raw, Index max_cells) {
  if (next_ >= cells_.size()) return false;
  if (raw == nullptr) raw = std::make_unique<RawNeighbours>();
  auto& lines = static_cast<RawNeighbours&>(*raw);
  graph_->read(next_, max_cells, lines.neighbours);
  lines.first = next_;
  lines.n_cells = lines.neighbours.size();
  next_ += lines.n_cells;
  return true;
}

void SmoothedSource::decode(RawCells& raw, CellBlock& block) const {
  auto& lines = static_cast<RawNeighbours&>(raw);
  block.clear(lines.first);
  lines.sums.assign(static_cast<std::size_t>(n_genes_), 0.0);
  for (Index line = 0; line < lines.n_cells; ++line) {
    double total = lines.add(cells_, lines.first + line);
    block.cells.push_back(lines.cell.name);
    const auto at = static_cast<std::size_t>(line);
    // An empty cell has nothing of its own to be smoothed, and stays one.
    if (total != 0.0) {
      const h5ad::Neighbours& all = lines.neighbours;
      for (Index i = all.offsets[at]; i < all.offsets[at + 1]; ++i) {
        total += lines.add(cells_, all.cells[static_cast<std::size_t>(i)]);
      }
    }
    for (std::size_t gene = 0; gene < lines.sums.size(); ++gene) {
      const auto sum = static_cast<float>(std::exchange(lines.sums[gene], 0.0));
      if (sum == 0.0F) continue;
      block.genes.push_back(static_cast<PanelPosition>(gene));
      block.values.push_back(sum);
    }
    block.offsets.push_back(static_cast<Index>(block.genes.size()));
    block.totals.push_back(total);
  }
}

}  // namespace sicmir
