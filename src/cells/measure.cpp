// SPDX-License-Identifier: BSD-3-Clause
#include "cells/measure.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"

namespace sicmir {

namespace {

/// Cells from .. to - 1 of `block`, counted within it.
CellBlock part_of(const CellBlock& block, Index from, Index to) {
  CellBlock kept;
  kept.clear(block.first + from);
  const auto part = [](const auto& all, Index first, Index last) {
    return std::decay_t<decltype(all)>(all.begin() + first, all.begin() + last);
  };
  const Index first_value = block.offsets[static_cast<std::size_t>(from)];
  const Index last_value = block.offsets[static_cast<std::size_t>(to)];
  kept.cells = part(block.cells, from, to);
  kept.offsets = part(block.offsets, from, to + 1);
  for (Index& offset : kept.offsets) offset -= first_value;
  kept.genes = part(block.genes, first_value, last_value);
  kept.values = part(block.values, first_value, last_value);
  kept.totals = part(block.totals, from, to);
  if (!block.upper_quartiles.empty()) kept.upper_quartiles = part(block.upper_quartiles, from, to);
  return kept;
}

/// Keeps the cells at input positions first .. last - 1.
void cut(CellBlock& block, const CellRange& range) {
  const Index from = std::max(range.first - block.first, Index{0});
  const Index to = std::min(range.last - block.first, block.size());
  if (from == 0 && to == block.size()) return;
  block = part_of(block, from, to);
}

}  // namespace

std::optional<CellRange> range_of(const ReadingOptions& options, const CellSource& source) {
  if (!options.shard) return std::nullopt;
  const std::optional<Index> n_cells = source.n_cells();
  if (!n_cells) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: no shard can be read, because the number of cells in this table is "
                    "known only at its end. Convert it to .h5ad or 10x .h5.",
                    source.description().path));
  }
  return cells_of(*options.shard, *n_cells);
}

CellStream::CellStream(CellSource& source, Sample&& sample, Index block_cells,
                       const std::optional<CellRange>& range)
    : source_(source), sample_(std::move(sample)), block_cells_(block_cells), range_(range) {
  if (range_ && range_->first > 0 && !sample_.is_head && source_.can_seek()) {
    source_.seek(range_->first);
  }
}

bool CellStream::next(CellBlock& block) {
  if (!fetch(item_)) return false;
  decode(item_);
  std::swap(block, item_.block);
  return true;
}

bool CellStream::fetch(Item& item) {
  while (fetch_of_all(item)) {
    if (!range_) return true;
    const Index first = item.is_raw ? item.raw->first : item.block.first;
    const Index size = item.is_raw ? item.raw->n_cells : item.block.size();
    if (first >= range_->last) return false;
    if (first + size > range_->first) return true;
  }
  return false;
}

bool CellStream::fetch_of_all(Item& item) {
  item.is_raw = false;
  if (sample_.is_head && next_sampled_ < sample_.blocks.size()) {
    // In small pieces, so that there is work for all threads where these are all the cells.
    constexpr Index piece = 64;
    CellBlock& block = sample_.blocks[next_sampled_];
    const Index to = std::min(next_in_block_ + std::min(piece, block_cells_), block.size());
    item.block = part_of(block, next_in_block_, to);
    next_in_block_ = to;
    if (to == block.size()) {
      block = {};
      next_in_block_ = 0;
      ++next_sampled_;
    }
    return true;
  }
  item.is_raw = true;
  return !sample_.is_all && source_.fetch(item.raw, block_cells_);
}

void CellStream::decode(Item& item) const {
  if (item.is_raw) source_.decode(*item.raw, item.block);
  if (range_) cut(item.block, *range_);
}

void EmptyTally::add(const CellBlock& block) {
  for (std::size_t cell = 0; cell < block.totals.size(); ++cell) {
    if (block.totals[cell] != 0.0) continue;
    if (n++ == 0) first_name = block.cells[cell];
  }
}

void EmptyTally::add(const EmptyTally& later) {
  if (n == 0) first_name = later.first_name;
  n += later.n;
}

void EmptyTally::judge(const std::string& file, Index n_cells) const {
  if (n == 0) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {} of {} cells have no count at all (the first: '{}'). This looks "
                          "like an unfiltered matrix.",
                          file, n, n_cells, first_name),
              {Remedy::handle_empty_cells});
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

Measured measure(CellStream& cells, const Normaliser& normaliser, Index n_genes,
                 const ReadingOptions& options, bool empties_matter, Spool* spool) {
  struct Packed {
    CellBlock block;
    std::string record;
  };
  Measured measured{GeneMoments(n_genes, options.shard.has_value()), {}, 0};
  ordered_pipeline<CellStream::Item, Packed>(
      thread_count(options.threads), [&](CellStream::Item& item) { return cells.fetch(item); },
      [&](CellStream::Item& item, Packed& out) {
        cells.decode(item);
        normaliser.apply(item.block);
        if (spool != nullptr) out.record = Spool::pack(item.block);
        std::swap(out.block, item.block);
      },
      [&](Packed& out) {
        measured.n_cells += out.block.size();
        if (empties_matter) measured.empties.add(out.block);
        measured.moments.add(out.block, empties_matter);
        if (spool != nullptr) spool->append(std::move(out.record));
        if (options.on_progress) {
          options.on_progress({"measuring", measured.n_cells, cells.n_cells()});
        }
      });
  measured.moments.finish();
  return measured;
}

}  // namespace sicmir
