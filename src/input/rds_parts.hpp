// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What the objects of R have in common: named parts, tables, sides of matrices, matrices.

#include <cstdint>
#include <string>
#include <vector>

#include "input/rds_numbers.hpp"
#include "rds/graph.hpp"
#include "sicmir/note.hpp"

namespace sicmir {

struct NamedNode {
  std::string name;
  rds::NodeId node = rds::no_node;
};

/// A layer of some cells of an object, perhaps of some of its genes.
struct LayerPart {
  std::string name;
  rds::NodeId matrix = rds::no_node;  ///< a dgCMatrix
  std::vector<std::int64_t> cells;    ///< places in RdsObject::cells, one per column
  std::vector<std::int32_t> genes;    ///< places in RdsObject::genes, one per line
};

/// A matrix that is split into layers, one per sample; each cell is in one of them.
struct SplitMatrix {
  std::string name;
  std::vector<LayerPart> parts;
};

/// A data set; matrices are genes x cells.
struct RdsObject {
  std::string format;  ///< "R object (.rds): Seurat, Assay"
  std::string assay;   ///< whose matrices these are; empty: there are no assays of a name
  std::vector<NamedNode> matrices;
  std::vector<SplitMatrix> split;
  std::string main;                ///< the matrix that an .h5ad has as X; empty: none
  std::vector<std::string> other;  ///< matrices of other assays: "SCT/counts"
  std::vector<std::string> cells;
  std::vector<std::string> genes;
  std::vector<NamedNode> obs;         ///< columns
  std::vector<NamedNode> var;         ///< columns
  std::vector<NamedNode> reductions;  ///< matrices of cells x dimensions
  std::vector<Note> warnings;
};

enum class RMatrixKind : std::uint8_t { columns, lines, dense };  ///< dgCMatrix, dgRMatrix, dense

/// How a matrix is stored, or why it cannot be read, as the end of a sentence ("is ...").
struct RMatrixForm {
  RMatrixKind kind = RMatrixKind::dense;
  rds::NodeId values = rds::no_node;
  std::string unreadable;
};
[[nodiscard]] RMatrixForm form_of(const rds::Graph& graph, rds::NodeId matrix);

/// "1" to `count`, as R shows lines without names.
[[nodiscard]] std::vector<std::string> numbered(const rds::Graph& graph, std::uint64_t count);
/// The first dozen, to be shown.
[[nodiscard]] std::string listed(const std::vector<std::string>& names);
/// Row names of a data.frame: texts; or numbers, where c(NA, -n) stands for 1 .. n.
[[nodiscard]] std::vector<std::string> row_names(const rds::Graph& graph, rds::NodeId frame);
[[nodiscard]] std::vector<NamedNode> columns_of(const rds::Graph& graph, rds::NodeId list);
/// Names along one side of a matrix; empty: it has none.
[[nodiscard]] std::vector<std::string> side_names(const rds::Graph& graph, rds::NodeId matrix,
                                                  std::size_t side);
[[nodiscard]] bool is_empty_matrix(const rds::Graph& graph, rds::NodeId matrix);
/// Keeps of `found` what can be read; counts that cannot be are an error, since without them logged
/// values would be taken.
void take_matrices(const rds::Graph& graph, const std::vector<NamedNode>& found, RdsObject& object);

/// The parts of a Seurat object; `layer` chooses the assay.
[[nodiscard]] RdsObject seurat_parts(const rds::Graph& graph, const RdsNumbers& numbers,
                                     const std::string& layer);
/// Of a SummarizedExperiment and what is derived of it; `name`: its class.
[[nodiscard]] RdsObject experiment_parts(const rds::Graph& graph, const std::string& name);

}  // namespace sicmir
