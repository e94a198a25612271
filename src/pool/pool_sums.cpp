// SPDX-License-Identifier: BSD-3-Clause
#include "pool/pool_sums.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <utility>

#include "base/random.hpp"
#include "pool/pool_words.hpp"

namespace sicmir {
namespace {

/// Three quarters of the machine's memory: more would make it swap, or end the program.
std::size_t memory_allowed() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long bytes = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || bytes <= 0) return std::size_t{1} << 32;
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(bytes) / 4 * 3;
}

bool is_in_half(Index number) {
  return (training::mix(static_cast<std::uint64_t>(number)) & 1) != 0;
}

}  // namespace

std::string_view to_string(PoolMethod method) noexcept {
  return method == PoolMethod::none ? "none" : pool_words.word(method);
}

PoolSums::PoolSums(const PoolOptions& options, const std::vector<CellGroup>& groups,
                   std::vector<Index> n_cells, Index n_genes)
    : options_(options),
      expected_(std::move(n_cells)),
      n_genes_(n_genes),
      bytes_allowed_(memory_allowed()),
      groups_(groups.size()) {
  for (const CellGroup& group : groups) names_.push_back(group.name);
  if (options.halved.empty()) return;
  place_in_half_.assign(static_cast<std::size_t>(n_genes), -1);
  for (std::size_t i = 0; i < options.halved.size(); ++i) {
    place_in_half_[static_cast<std::size_t>(options.halved[i])] = static_cast<std::int32_t>(i);
  }
}

void PoolSums::begin(std::int32_t group_number) {
  const auto at = static_cast<std::size_t>(group_number);
  Group& group = groups_[at];
  const bool draws = options_.method == PoolMethod::bootstrap;
  const Index n_draws = draws ? draws_of(expected_[at], options_) : 0;
  bytes_ += static_cast<std::size_t>((n_draws + 1) * n_genes_) * sizeof(double);
  if (options_.count_detected) {
    bytes_ += static_cast<std::size_t>(n_genes_) * sizeof(std::int32_t);
  }
  bytes_ += options_.halved.size() * sizeof(double);
  if (bytes_ > bytes_allowed_) {
    throw Error(ExitCode::bad_input,
                fmt::format("the pools take more than {} GB, three quarters of this machine's "
                            "memory: {} groups of {} genes each. Use fewer groups (is this the "
                            "column of the groups?){}.",
                            bytes_allowed_ >> 30, groups_.size(), n_genes_,
                            draws ? ", or fewer draws" : ""));
  }
  group.sums.resize(static_cast<std::size_t>(n_genes_), 0.0);
  if (options_.count_detected) group.detected.resize(static_cast<std::size_t>(n_genes_), 0);
  group.half.sums.resize(options_.halved.size(), 0.0);
  group.draws.reserve(static_cast<std::size_t>(n_draws));
  for (Index i = 1; i <= n_draws; ++i) {
    group.draws.push_back({Draw(options_.seed, names_[at], i, expected_[at]), 0,
                           std::vector<double>(static_cast<std::size_t>(n_genes_), 0.0)});
  }
}

void PoolSums::add(std::int32_t group_number, const CellBlock& block, Index cell) {
  Group& group = groups_[static_cast<std::size_t>(group_number)];
  if (group.n_cells++ == 0) begin(group_number);
  const auto at = static_cast<std::size_t>(cell);
  group.total += block.totals[at];
  const auto first = static_cast<std::size_t>(block.offsets[at]);
  const auto last = static_cast<std::size_t>(block.offsets[at + 1]);
  if (!group.detected.empty()) {
    // Cells hold no zeros, and each gene at most once.
    for (std::size_t i = first; i < last; ++i) {
      const auto gene = static_cast<std::size_t>(block.genes[i]);
      group.sums[gene] += static_cast<double>(block.values[i]);
      ++group.detected[gene];
    }
    if (!place_in_half_.empty() && is_in_half(group.n_cells)) {
      ++group.half.n_cells;
      group.half.total += block.totals[at];
      for (std::size_t i = first; i < last; ++i) {
        const std::int32_t place = place_in_half_[static_cast<std::size_t>(block.genes[i])];
        if (place < 0) continue;
        group.half.sums[static_cast<std::size_t>(place)] += static_cast<double>(block.values[i]);
      }
    }
    return;
  }
  const auto add_to = [&](std::vector<double>& sums) {
    for (std::size_t i = first; i < last; ++i) {
      sums[static_cast<std::size_t>(block.genes[i])] += static_cast<double>(block.values[i]);
    }
  };
  add_to(group.sums);
  for (OneDraw& draw : group.draws) {
    if (draw.draw.takes_next()) {
      ++draw.n_cells;
    } else {
      add_to(draw.left_out);
    }
  }
}

bool PoolSums::sizes_were_right() const {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].n_cells != 0 && groups_[i].n_cells != expected_[i]) return false;
  }
  return true;
}

std::vector<Index> PoolSums::sizes() const {
  std::vector<Index> sizes;
  sizes.reserve(groups_.size());
  for (const Group& group : groups_) sizes.push_back(group.n_cells);
  return sizes;
}

std::vector<PoolSums::Pool> PoolSums::pools() const {
  std::vector<Pool> pools;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const Group& group = groups_[i];
    if (group.n_cells == 0) continue;
    const auto number = static_cast<std::int32_t>(i);
    if (options_.method != PoolMethod::bootstrap) pools.push_back({number, 0, group.n_cells});
    for (std::size_t draw = 0; draw < group.draws.size(); ++draw) {
      pools.push_back({number, static_cast<Index>(draw) + 1, group.draws[draw].n_cells});
    }
  }
  return pools;
}

void PoolSums::values(const Pool& pool, std::span<double> values) const {
  const Group& group = groups_[static_cast<std::size_t>(pool.group)];
  const std::vector<double>* left_out =
      pool.draw == 0 ? nullptr : &group.draws[static_cast<std::size_t>(pool.draw - 1)].left_out;
  const double n = options_.method == PoolMethod::sum ? 1.0 : static_cast<double>(pool.n_cells);
  for (std::size_t gene = 0; gene < values.size(); ++gene) {
    const double sum = group.sums[gene] - (left_out != nullptr ? (*left_out)[gene] : 0.0);
    values[gene] = sum / n;
  }
}

double PoolSums::total(const Pool& pool) const {
  return groups_[static_cast<std::size_t>(pool.group)].total;
}

std::vector<double> PoolSums::take_sums(const Pool& pool) {
  return std::move(groups_[static_cast<std::size_t>(pool.group)].sums);
}

std::vector<std::int32_t> PoolSums::take_detected(const Pool& pool) {
  return std::move(groups_[static_cast<std::size_t>(pool.group)].detected);
}

PoolSums::Half PoolSums::take_half(const Pool& pool) {
  return std::move(groups_[static_cast<std::size_t>(pool.group)].half);
}

std::size_t PoolSums::most_bytes() const {
  Index profiles = 0;
  for (const Index n_cells : expected_) {
    const bool draws = options_.method == PoolMethod::bootstrap;
    profiles += 1 + (draws ? draws_of(n_cells, options_) : 0);
  }
  const auto values = static_cast<std::size_t>(profiles * n_genes_);
  return values * (sizeof(double) + (options_.count_detected ? sizeof(std::int32_t) : 0));
}

}  // namespace sicmir
