#include "core/measure.hpp"

#include <spdlog/fmt/fmt.h>

#include <utility>

#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"

namespace sicmir {

bool Cells::next(CellBlock& block) {
  if (sample_.is_head && next_sampled_ < sample_.blocks.size()) {
    block = std::move(sample_.blocks[next_sampled_++]);
    return true;
  }
  return !sample_.is_all && source_.next(block, block_cells_);
}

void EmptyTally::add(const CellBlock& block) {
  for (std::size_t cell = 0; cell < block.totals.size(); ++cell) {
    if (block.totals[cell] != 0.0) continue;
    if (n++ == 0) first_name = block.cells[cell];
  }
}

void EmptyTally::judge(const std::string& file, Index n_cells) const {
  if (n == 0) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {} of {} cells have no count at all (the first: '{}'). This looks "
                          "like an unfiltered matrix; give the filtered one, or say "
                          "--empty-cells skip (leave them out) or nan (predict NaN).",
                          file, n, n_cells, first_name));
}

void drop_empty(CellBlock& block, std::vector<Index>& kept) {
  kept.clear();
  std::size_t to = 0;
  for (std::size_t cell = 0; cell < block.totals.size(); ++cell) {
    if (block.totals[cell] == 0.0) continue;  // an empty cell has no value to move
    kept.push_back(block.first + static_cast<Index>(cell));
    if (to != cell) block.cells[to] = std::move(block.cells[cell]);
    block.offsets[to + 1] = block.offsets[cell + 1];
    block.totals[to] = block.totals[cell];
    ++to;
  }
  block.cells.resize(to);
  block.offsets.resize(to + 1);
  block.totals.resize(to);
}

GeneMoments measure(Cells& cells, const Normaliser& normaliser, Index n_genes,
                    const PredictOptions& options, bool empties_matter, Spool* spool,
                    EmptyTally& empties, Index& n_cells) {
  struct Packed {
    CellBlock block;
    std::string record;
  };
  GeneMoments moments(n_genes);
  ordered_pipeline<CellBlock, Packed>(
      thread_count(options.threads), [&](CellBlock& block) { return cells.next(block); },
      [&](CellBlock& block, Packed& out) {
        normaliser.apply(block);
        if (spool != nullptr) out.record = Spool::pack(block);
        std::swap(out.block, block);
      },
      [&](Packed& out) {
        n_cells += out.block.size();
        if (empties_matter) {
          empties.add(out.block);
          std::vector<Index> kept;
          drop_empty(out.block, kept);
        }
        moments.add(out.block);
        if (spool != nullptr) spool->append(std::move(out.record));
        if (options.on_progress) options.on_progress({"measuring", n_cells, cells.n_cells()});
      });
  moments.finish();
  return moments;
}

}  // namespace sicmir
