// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where the parts of a data set are in R's objects: Seurat, SingleCellExperiment, matrices.

#include <string>

#include "input/rds_parts.hpp"

namespace sicmir {

/// `layer`: as SourceOptions has it; "ASSAY/LAYER" chooses an assay of a Seurat object, which
/// otherwise is RNA, Spatial, or the active one if it holds measured values. Throws
/// Error(bad_input): not such an object, without names of genes and cells, counts that cannot be
/// read (stored outside of the file).
///
/// Classes: Seurat, Assay, DimReduc of SeuratObject 4.1 and Assay5, LogMap of SeuratObject 5 by
/// their published slots; SummarizedExperiment 1.28, SingleCellExperiment 1.20, S4Vectors 0.36;
/// Matrix 1.5.
[[nodiscard]] RdsObject find_parts(const rds::Graph& graph, const RdsNumbers& numbers,
                                   const std::string& layer);

}  // namespace sicmir
