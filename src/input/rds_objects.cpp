// SPDX-License-Identifier: BSD-3-Clause
#include "input/rds_objects.hpp"

#include <fmt/core.h>

#include <array>

#include "base/printable.hpp"

namespace sicmir {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;
namespace {

/// Matrices must be genes x cells; names, where a matrix has some, must be those of the object.
void check_sides(const Graph& graph, const RdsObject& object) {
  for (const NamedNode& each : object.matrices) {
    const std::vector<std::uint64_t> extent = graph.dimensions(each.node);
    if (extent.size() != 2 || extent[0] != object.genes.size() ||
        extent[1] != object.cells.size()) {
      graph.fail(
          fmt::format("the matrix '{}' has {} genes and {} cells, but the object names {} "
                      "and {}. If an assay has some of the cells only, take those: object "
                      "<- subset(object, cells = colnames(object[[\"{}\"]])).",
                      printable(each.name), extent.size() == 2 ? extent[0] : 0,
                      extent.size() == 2 ? extent[1] : 0, object.genes.size(), object.cells.size(),
                      printable(object.assay)));
    }
    const std::array<const std::vector<std::string>*, 2> expected = {&object.genes, &object.cells};
    for (std::size_t side = 0; side < 2; ++side) {
      const std::vector<std::string> names = side_names(graph, each.node, side);
      if (!names.empty() && names != *expected[side]) {
        graph.fail(
            fmt::format("the {} of the matrix '{}' are not those of the object, or in "
                        "another order; the object is damaged. In R, validObject(object) "
                        "tells more.",
                        side == 0 ? "genes" : "cells", printable(each.name)));
      }
    }
  }
}

RdsObject matrix(const Graph& graph) {
  const NodeId root = graph.root();
  RdsObject object;
  const std::string name = graph.class_of(root);
  object.format = fmt::format("R object (.rds): {}", name.empty() ? "matrix" : printable(name));
  take_matrices(graph, {{"matrix", root}}, object);
  object.genes = side_names(graph, root, 0);
  object.cells = side_names(graph, root, 1);
  if (object.genes.empty() || object.cells.empty()) {
    graph.fail(
        fmt::format("this matrix does not name its {}. In R: set dimnames(x), or save the "
                    "object that it is of.",
                    object.genes.empty() ? "genes" : "cells"));
  }
  object.main = "matrix";
  return object;
}

[[noreturn]] void refuse(const Graph& graph) {
  const NodeId root = graph.root();
  const std::string name = graph.class_of(root);
  constexpr std::string_view expected =
      "A Seurat object, a SingleCellExperiment or a matrix of genes x cells is read.";
  if (name == "seurat") {
    graph.fail(
        "this is an object of Seurat 2. In R: object <- UpdateSeuratObject(object); then "
        "save it again.");
  }
  if (name == "data.frame" || graph.inherits(root, "data.frame")) {
    graph.fail(
        "this is a table (data.frame). Save it as CSV, in R: write.csv(x, \"x.csv\"); or as "
        "a matrix with the genes' names: saveRDS(as.matrix(x), file).");
  }
  if (graph.is(root, Kind::list) && name.empty()) {
    graph.fail(fmt::format("this is a list of {} R objects ({}). Save one of them by itself. {}",
                           graph[root].items.size(), listed(graph.names_of(root)), expected));
  }
  graph.fail(fmt::format("this R object is of class '{}'. {}",
                         name.empty() ? "no class" : printable(name), expected));
}

}  // namespace

RdsObject find_parts(const Graph& graph, const RdsNumbers& numbers, const std::string& layer) {
  const NodeId root = graph.root();
  const std::string name = graph.class_of(root);
  RdsObject object;
  if (graph.is(root, Kind::s4) && graph.attribute(root, "assays") != no_node &&
      graph.attribute(root, "meta.data") != no_node) {
    object = seurat_parts(graph, numbers, layer);
  } else if (graph.is(root, Kind::s4) && graph.attribute(root, "assays") != no_node &&
             graph.attribute(root, "colData") != no_node) {
    object = experiment_parts(graph, name);
  } else if (name == "dgCMatrix" || name == "dgRMatrix" || name == "dgeMatrix" ||
             graph.dimensions(root).size() == 2) {
    object = matrix(graph);
  } else {
    refuse(graph);
  }
  if (object.genes.empty()) graph.fail("this R object does not name its genes (rownames).");
  check_sides(graph, object);
  return object;
}

}  // namespace sicmir
