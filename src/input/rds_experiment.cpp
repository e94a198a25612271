// SPDX-License-Identifier: BSD-3-Clause
/// SummarizedExperiment 1.28, SingleCellExperiment 1.20, S4Vectors 0.36.

#include <fmt/core.h>

#include "base/printable.hpp"
#include "input/rds_parts.hpp"

namespace sicmir {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;
namespace {

std::vector<std::string> gene_names(const Graph& graph, NodeId root) {
  const NodeId ranges = graph.attribute(root, "rowRanges");
  for (const NodeId names :
       {graph.attribute(ranges, {"partitioning", "NAMES"}),
        graph.attribute(ranges, {"ranges", "NAMES"}), graph.attribute(root, "NAMES")}) {
    if (graph.is(names, Kind::texts)) return graph.texts(names);
  }
  return {};
}

}  // namespace

RdsObject experiment_parts(const Graph& graph, const std::string& name) {
  const NodeId root = graph.root();
  RdsObject object;
  object.format = fmt::format("R object (.rds): {}", printable(name));
  NodeId assays = graph.attribute(root, {"assays", "data", "listData"});
  if (assays == no_node) assays = graph.attribute(root, {"assays", "listData"});
  if (assays == no_node) {
    graph.fail(
        fmt::format("its assays are kept as in versions of SummarizedExperiment before "
                    "1.16. In R: object <- updateObject(object); then save it again."));
  }
  std::vector<NamedNode> found = columns_of(graph, assays);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].name.empty()) found[i].name = fmt::format("assay{}", i + 1);
  }
  take_matrices(graph, found, object);
  const NodeId cells = graph.attribute(root, "colData");
  const NodeId names = graph.attribute(cells, "rownames");
  if (graph.is(names, Kind::texts)) object.cells = graph.texts(names);
  object.obs = columns_of(graph, graph.attribute(cells, "listData"));
  const NodeId first = object.matrices.front().node;
  if (object.cells.empty()) object.cells = side_names(graph, first, 1);
  const std::vector<std::uint64_t> extent = graph.dimensions(first);
  if (object.cells.empty() && extent.size() == 2) object.cells = numbered(graph, extent[1]);
  object.genes = gene_names(graph, root);
  if (object.genes.empty()) object.genes = side_names(graph, first, 0);
  NodeId features = graph.attribute(root, {"rowRanges", "elementMetadata"});
  if (graph.is_null(features)) features = graph.attribute(root, "elementMetadata");
  object.var = columns_of(graph, graph.attribute(features, "listData"));
  object.main = "logcounts";
  const NodeId internal = graph.attribute(root, {"int_colData", "listData"});
  const NodeId reduced = graph.item(internal, "reducedDims");
  object.reductions = columns_of(graph, graph.attribute(reduced, "listData"));
  return object;
}

}  // namespace sicmir
