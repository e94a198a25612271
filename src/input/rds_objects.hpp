// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where the parts of a data set are in R's objects: Seurat, SingleCellExperiment, matrices.

#include <string>
#include <utility>
#include <vector>

#include "input/rds_numbers.hpp"
#include "rds/graph.hpp"

namespace sicmir {

struct NamedNode {
  std::string name;
  rds::NodeId node = rds::no_node;
};

/// A data set; matrices are genes x cells.
struct RdsObject {
  std::string format;  ///< "R object (.rds): Seurat, Assay"
  std::string assay;   ///< whose matrices these are; empty: there are no assays of a name
  std::vector<NamedNode> matrices;
  std::string main;                ///< the matrix that an .h5ad has as X; empty: none
  std::vector<std::string> other;  ///< matrices of other assays: "SCT/counts"
  std::vector<std::string> cells;
  std::vector<std::string> genes;
  std::vector<NamedNode> obs;         ///< columns
  std::vector<NamedNode> var;         ///< columns
  std::vector<NamedNode> reductions;  ///< matrices of cells x dimensions
  std::vector<std::string> warnings;
};

/// `layer`: as SourceOptions has it; "ASSAY/LAYER" chooses an assay of a Seurat object, which
/// otherwise is RNA, Spatial, or the active one if it holds measured values. Throws
/// Error(bad_input): not such an object, without names of genes and cells, counts that cannot be
/// read (stored outside of the file, split by sample).
///
/// Classes: Seurat, Assay, DimReduc of SeuratObject 4.1 and Assay5, LogMap of SeuratObject 5 by
/// their published slots; SummarizedExperiment 1.28, SingleCellExperiment 1.20, S4Vectors 0.36;
/// Matrix 1.5.
[[nodiscard]] RdsObject find_parts(const rds::Graph& graph, const RdsNumbers& numbers,
                                   const std::string& layer);

enum class RMatrixKind : std::uint8_t { columns, lines, dense };  ///< dgCMatrix, dgRMatrix, dense

/// How a matrix is stored, or why it cannot be read, as the end of a sentence ("is ...").
struct RMatrixForm {
  RMatrixKind kind = RMatrixKind::dense;
  rds::NodeId values = rds::no_node;
  std::string unreadable;
};
[[nodiscard]] RMatrixForm form_of(const rds::Graph& graph, rds::NodeId matrix);

}  // namespace sicmir
