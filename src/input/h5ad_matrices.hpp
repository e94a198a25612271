// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which matrices an AnnData file has (X, raw/X, layers/NAME), and which of them to take.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hdf5/h5.hpp"
#include "input/h5_matrix.hpp"

namespace sicmir::h5ad {

struct MatrixPlace {
  std::string name;  ///< as `--layer` and messages call it: "X", "raw/X", "layers/counts"
  std::string path;  ///< in the file: differs from `name` for raw.X of 0.5 and 0.6
  std::string var;   ///< table of its features: "var", "raw/var", "raw.var"
  [[nodiscard]] bool is_raw() const noexcept { return name == "raw/X"; }
};

/// In the order X, raw/X, layers by name. An X of None (since 0.11), a null data set, is left out.
[[nodiscard]] std::vector<MatrixPlace> list_matrices(const h5::File& file);

/// Throws unless it is dense, CSR or CSC, of that shape.
[[nodiscard]] std::unique_ptr<H5Matrix> open_matrix(const h5::File& file, const MatrixPlace& place,
                                                    Index n_cells, Index n_genes);

struct Choice {
  std::size_t place = 0;  ///< of list_matrices()
  std::string reason;     ///< empty if the user named it
};

/// `layer`: "auto" or a name. auto takes the matrix with the best `coverage` of the panel; among
/// equals raw/X or a layer of counts if it holds integers of 0 and more by `sample`, else X unless
/// it looks scaled (has negative values) and raw/X does not; never a layer of spliced, unspliced,
/// ambiguous or scaled values. Throws Error(bad_input) that lists the matrices if there is no such
/// one.
[[nodiscard]] Choice choose_matrix(
    const h5::File& file, const std::vector<MatrixPlace>& places, const std::string& layer,
    const std::function<Index(const MatrixPlace&)>& coverage,
    const std::function<H5Matrix::Sample(const MatrixPlace&)>& sample);

}  // namespace sicmir::h5ad
