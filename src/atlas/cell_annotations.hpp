// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What an AnnData file says of its cells besides their expression.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "anndata/h5ad_layout.hpp"
#include "hdf5/h5.hpp"
#include "sicmir/types.hpp"

namespace sicmir::atlas {

/// A column of obs with few different values.
struct Factor {
  std::vector<std::string> levels;  ///< sorted, each used; UTF-8
  std::vector<std::int32_t> codes;  ///< per cell; -1: empty, NA, NaN or nan
};

class CellAnnotations {
 public:
  /// Throws Error(usage) if `path` is no AnnData file, Error(bad_input) if it is damaged.
  explicit CellAnnotations(const std::string& path);

  [[nodiscard]] Index n_cells() const noexcept { return obs_.size(); }
  [[nodiscard]] bool has(const std::string& column) const;
  /// Throws Error(usage) that names the columns there are.
  [[nodiscard]] Factor factor(const std::string& column) const;
  /// Columns of obs, for messages.
  [[nodiscard]] std::vector<std::string> columns() const;
  /// Per cell: whether `column` is true; empty: there is no such column of truth values.
  [[nodiscard]] std::vector<std::uint8_t> truth(const std::string& column) const;
  [[nodiscard]] std::vector<std::string> names() const;

  /// The element of obsm that is drawn: `wanted`, or X_umap, another UMAP, X_tsne, X_pca; empty:
  /// none. Throws Error(usage) if `wanted` is not there.
  [[nodiscard]] std::string map_name(const std::string& wanted) const;
  /// The first two columns of it, x and y of each cell.
  [[nodiscard]] std::vector<float> map(const std::string& name) const;

 private:
  h5::File file_;
  h5ad::Table obs_;
};

}  // namespace sicmir::atlas
