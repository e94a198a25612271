// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which of a table's two axes holds the genes, by their names.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sicmir/gene_map.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// How well an axis matches the panel.
struct AxisMatch {
  Index n_exact = 0;        ///< genes of the panel that are named
  Index n_any_case = 0;     ///< likewise, whatever the case
  Index n_gene_like = 0;    ///< names that are ids of genes
  std::size_t n_names = 0;  ///< all of them
};

/// Ids that nobody gives to a cell.
[[nodiscard]] bool looks_like_gene_id(std::string_view name);

[[nodiscard]] AxisMatch match_axis(std::span<const std::string> names, const GeneIndex& genes);

/// True if `a` matches so much better than `b` that the matches of `b` are accidents: a sample
/// named like a gene, a handful of lines that happened to be seen.
[[nodiscard]] bool clearly_better(Index a, std::size_t names_a, Index b, std::size_t names_b);

}  // namespace sicmir
