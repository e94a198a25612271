// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Adds cells up by group and draw, while they pass by once.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "cells/groups.hpp"
#include "pool/draws.hpp"
#include "sicmir/pool.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Sums are held in double and added in the order of the cells, so that neither threads nor blocks
/// change a bit. Memory: 8 bytes x genes x (groups + draws), and 4 bytes x genes x groups where
/// detected cells are counted; a group takes its part when its first cell comes.
class PoolSums {
 public:
  /// `n_cells`: per group, its cells; only draws need them. `n_genes`: values that a cell may have.
  PoolSums(const PoolOptions& options, const std::vector<CellGroup>& groups,
           std::vector<Index> n_cells, Index n_genes);

  /// Adds cell `cell` of a block to a group. Throws Error(bad_input) if memory does not suffice.
  void add(std::int32_t group_number, const CellBlock& block, Index cell);
  /// True if each group that has cells had as many as was said.
  [[nodiscard]] bool sizes_were_right() const;
  /// Per group: cells that were added.
  [[nodiscard]] std::vector<Index> sizes() const;

  /// A line of the result.
  struct Pool {
    std::int32_t group = 0;
    Index draw = 0;     ///< from 1; 0: all cells of the group
    Index n_cells = 0;  ///< that the line is made of
  };
  /// Of groups that have cells, in the order of the groups and, within them, of the draws.
  [[nodiscard]] std::vector<Pool> pools() const;
  /// Sum, or mean, of each gene; `values`: n_genes.
  void values(const Pool& pool, std::span<double> values) const;
  /// Sum of the totals of the group's cells.
  [[nodiscard]] double total(const Pool& pool) const;
  /// Sums over all cells of the group, n_genes values, and in how many cells each gene has a value
  /// other than 0 (empty unless PoolOptions::count_detected). Gives them away: values() of this
  /// group must not be called afterwards.
  [[nodiscard]] std::vector<double> take_sums(const Pool& pool);
  [[nodiscard]] std::vector<std::int32_t> take_detected(const Pool& pool);

  /// Half of the cells of a group, whichever these are: the k-th cell of a group is in it by a hash
  /// of k, so that neither names nor the order of other groups' cells matter.
  struct Half {
    Index n_cells = 0;
    double total = 0;
    std::vector<double> sums;  ///< of the genes PoolOptions::halved
  };
  [[nodiscard]] Half take_half(const Pool& pool);

  [[nodiscard]] Index n_genes() const noexcept { return n_genes_; }
  /// What the sums will take if every group gets its cells.
  [[nodiscard]] std::size_t most_bytes() const;

 private:
  struct OneDraw {
    Draw draw;
    Index n_cells = 0;
    std::vector<double>
        left_out;  // sums over the group's cells that were not drawn: they are fewer
  };
  struct Group {
    Index n_cells = 0;
    double total = 0;
    std::vector<double> sums;
    std::vector<std::int32_t> detected;  // empty: not counted
    Half half;
    std::vector<OneDraw> draws;
  };
  void begin(std::int32_t group_number);

  PoolOptions options_;
  std::vector<std::string> names_;
  std::vector<Index> expected_;
  Index n_genes_;
  std::vector<std::int32_t> place_in_half_;  // per gene; -1: none; empty: nothing is halved
  std::size_t bytes_ = 0;
  std::size_t bytes_allowed_;
  std::vector<Group> groups_;
};

}  // namespace sicmir
