// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Layers of an Assay5 that are split by sample, joined.

#include <string>

#include "hdf5/h5_output.hpp"
#include "input/rds_parts.hpp"

namespace sicmir {

/// Writes the matrix as AnnData's csr_matrix of cells x genes to `path`, cells and genes in the
/// order of the object. Holds three numbers per cell, and at most 2^20 values at a time. Throws
/// Error(bad_input) for layers whose pointers or positions leave them.
void write_joined(const rds::Graph& graph, const RdsNumbers& numbers, const H5Output& out,
                  const SplitMatrix& split, std::size_t n_cells, std::size_t n_genes,
                  const std::string& path);

}  // namespace sicmir
