// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The CellSource of every HDF5 format: a matrix, the names of its cells, its features.

#include <memory>
#include <string>
#include <vector>

#include "cells/spool.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_window.hpp"
#include "input/h5_matrix.hpp"
#include "sicmir/cell_source.hpp"

namespace sicmir {

/// What a format's reader finds out; `file` stays at its address, the matrix refers to it.
struct H5Parts {
  std::unique_ptr<TemporaryFile> temporary;  ///< that holds `file`, of formats that are translated
  std::unique_ptr<h5::File> file;
  /// Of formats that are translated in part: what is known of the cells, where that is apart.
  std::unique_ptr<h5::File> annotations;
  SourceDescription description;
  FeatureTable features;
  Index n_cells = 0;
  std::unique_ptr<h5::TextReader> names;  ///< of the cells
  std::unique_ptr<H5Matrix> matrix;
};

/// Completes the description by what the matrix knows. `options`: for upper_quartile_up_to.
[[nodiscard]] std::unique_ptr<CellSource> make_h5_source(H5Parts parts,
                                                         const SourceOptions& options);

/// The formats (tenx_h5_source.cpp, loom_source.cpp...). `description.path` is set.
[[nodiscard]] bool is_tenx(const h5::File& file);
[[nodiscard]] H5Parts open_tenx(std::unique_ptr<h5::File> file, const SourceOptions& options);
[[nodiscard]] bool is_loom(const h5::File& file);
[[nodiscard]] H5Parts open_loom(std::unique_ptr<h5::File> file, const SourceOptions& options);
[[nodiscard]] bool is_gctx(const h5::File& file);
[[nodiscard]] H5Parts open_gctx(std::unique_ptr<h5::File> file);
[[nodiscard]] bool is_h5seurat(const h5::File& file);
[[nodiscard]] H5Parts open_h5seurat(std::unique_ptr<h5::File> file, const SourceOptions& options,
                                    const GeneIndex& genes);
[[nodiscard]] bool is_mudata(const h5::File& file);
/// The RNA of a MuData file.
[[nodiscard]] H5Parts open_mudata(const h5::File& file, const SourceOptions& options,
                                  const GeneIndex& genes);
[[nodiscard]] bool is_h5ad(const h5::File& file);
[[nodiscard]] H5Parts open_h5ad(std::unique_ptr<h5::File> file, const SourceOptions& options,
                                const GeneIndex& genes);

}  // namespace sicmir
