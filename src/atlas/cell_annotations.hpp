// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What is known of the cells of an input besides their expression.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// A column of obs with few different values.
struct Factor {
  std::vector<std::string> levels;  ///< sorted, each used; UTF-8
  std::vector<std::int32_t> codes;  ///< per cell; -1: empty, NA, NaN or nan
};

class CellAnnotations {
 public:
  /// Obs and obsm of an input whose format has them; its source must exist as long. Throws
  /// Error(bad_input) if it is damaged.
  explicit CellAnnotations(const SourceDescription& input);
  /// A table of cells as CellGroups reads it, instead of obs. `cells`: names in the order of the
  /// input; those that are not in the table have no values. Throws Error(bad_input).
  CellAnnotations(const SourceDescription& input, std::string table,
                  std::vector<std::string> cells);
  CellAnnotations(const CellAnnotations&) = delete;
  CellAnnotations& operator=(const CellAnnotations&) = delete;
  ~CellAnnotations() = default;

  [[nodiscard]] Index n_cells() const noexcept {
    return obs_ ? obs_->size() : static_cast<Index>(cells_.size());
  }
  /// For messages: "obs of cells.h5ad", or the path of the table.
  [[nodiscard]] std::string called() const;
  [[nodiscard]] bool has(const std::string& column) const;
  /// Throws Error(usage) that names the columns there are.
  [[nodiscard]] Factor factor(const std::string& column) const;
  /// Columns of obs, for messages.
  [[nodiscard]] std::vector<std::string> columns() const;
  /// Per cell: whether `column` is true; empty: there is no such column of truth values.
  [[nodiscard]] std::vector<std::uint8_t> truth(const std::string& column) const;

  /// The element of obsm that is drawn: `wanted`, or X_umap, another UMAP, X_tsne, X_pca; empty:
  /// none. Throws Error(usage) if `wanted` is not there.
  [[nodiscard]] std::string map_name(const std::string& wanted) const;
  /// The first two columns of it, x and y of each cell.
  [[nodiscard]] std::vector<float> map(const std::string& name) const;

 private:
  [[nodiscard]] Factor of_table(const std::string& column) const;

  SourceDescription input_;
  std::optional<h5::File> file_;    // none: the format has no obsm
  std::optional<h5ad::Table> obs_;  // none: there is a table
  std::string table_;
  std::vector<std::string> table_columns_;
  std::vector<std::string> cells_;
};

}  // namespace sicmir::atlas
