// SPDX-License-Identifier: BSD-3-Clause
#include "input/rds_parts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/joined.hpp"
#include "base/printable.hpp"

namespace sicmir {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;

std::vector<std::string> numbered(const Graph& graph, std::uint64_t count) {
  if (count > graph.longest()) {
    graph.fail(
        fmt::format("it claims {} cells or genes, but holds no vector as long; the file is "
                    "damaged.",
                    count));
  }
  std::vector<std::string> names;
  names.reserve(count);
  for (std::uint64_t i = 1; i <= count; ++i) names.push_back(std::to_string(i));
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 12;
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() < most) shown.push_back(printable(name));
  }
  return names.empty() ? "none" : joined(shown, ", ") + (names.size() > most ? ", ..." : "");
}

std::vector<std::string> row_names(const Graph& graph, NodeId frame) {
  const NodeId names = graph.attribute(frame, "row.names");
  if (names == no_node) return {};
  const Node& node = graph[names];
  if (node.kind == Kind::integers && node.integers.size() == 2 &&
      node.integers[0] == rds::missing_integer) {
    return numbered(graph, static_cast<std::uint64_t>(std::abs(std::int64_t{node.integers[1]})));
  }
  return graph.texts(names);
}

std::vector<NamedNode> columns_of(const Graph& graph, NodeId list) {
  std::vector<NamedNode> columns;
  if (!graph.is(list, Kind::list)) return columns;
  const std::vector<std::string> names = graph.names_of(list);
  for (std::size_t i = 0; i < names.size(); ++i) {
    columns.push_back({names[i], graph[list].items[i]});
  }
  return columns;
}

std::vector<std::string> side_names(const Graph& graph, NodeId matrix, std::size_t side) {
  NodeId both = graph.attribute(matrix, "Dimnames");
  if (both == no_node) both = graph.attribute(matrix, "dimnames");
  if (!graph.is(both, Kind::list) || graph[both].items.size() != 2) return {};
  const NodeId names = graph[both].items[side];
  return graph.is(names, Kind::texts) ? graph.texts(names) : std::vector<std::string>{};
}

bool is_empty_matrix(const Graph& graph, NodeId matrix) {
  if (graph.is_null(matrix)) return true;
  const std::vector<std::uint64_t> extent = graph.dimensions(matrix);
  return extent.size() == 2 && (extent[0] == 0 || extent[1] == 0);
}

void take_matrices(const Graph& graph, const std::vector<NamedNode>& found, RdsObject& object) {
  for (const NamedNode& each : found) {
    if (is_empty_matrix(graph, each.node)) continue;
    const RMatrixForm form = form_of(graph, each.node);
    if (form.unreadable.empty()) {
      object.matrices.push_back(each);
      continue;
    }
    const std::string sentence =
        fmt::format("the matrix '{}'{} {}", printable(each.name),
                    object.assay.empty() ? "" : fmt::format(" of '{}'", printable(object.assay)),
                    form.unreadable);
    if (each.name == "counts") graph.fail(sentence);
    object.warnings.push_back(
        {"matrix_left_out", sentence + " It is left out.", {{"matrix", each.name}}});
  }
  if (object.matrices.empty() && object.split.empty()) {
    graph.fail(object.warnings.empty() ? "this R object holds no matrix of expression values."
                                       : "this R object holds no matrix that can be read: " +
                                             object.warnings.front().text);
  }
}

RMatrixForm form_of(const Graph& graph, NodeId matrix) {
  RMatrixForm form;
  const std::string name = graph.class_of(matrix);
  const std::string package = graph.package_of(matrix);
  const auto numbers = [&](NodeId id) {
    return graph.is(id, Kind::reals) || graph.is(id, Kind::integers);
  };
  if (name == "dgCMatrix" || name == "dgRMatrix") {
    form.kind = name == "dgCMatrix" ? RMatrixKind::columns : RMatrixKind::lines;
    form.values = graph.attribute(matrix, "x");
    const NodeId positions = graph.attribute(matrix, name == "dgCMatrix" ? "i" : "j");
    if (!graph.is(form.values, Kind::reals) || !graph.is(positions, Kind::integers) ||
        !graph.is(graph.attribute(matrix, "p"), Kind::integers)) {
      graph.fail(fmt::format("a {} lacks one of its slots; the file is damaged.", name));
    }
    return form;
  }
  if (name == "dgeMatrix") {
    form.values = graph.attribute(matrix, "x");
    if (!graph.is(form.values, Kind::reals)) {
      graph.fail("a dgeMatrix lacks its values; the file is damaged.");
    }
    return form;
  }
  if (numbers(matrix) && graph.dimensions(matrix).size() == 2 &&
      graph.attribute(matrix, "levels") == no_node) {
    form.values = matrix;
    return form;
  }
  const std::string kind = name.empty() ? "no matrix of numbers" : printable(name);
  if (package == "BPCells") {
    form.unreadable = fmt::format(
        "is kept by BPCells ({}), outside of this file. In R: layer <- as(layer, \"dgCMatrix\"), "
        "for instance object[[\"RNA\"]]$counts <- as(object[[\"RNA\"]]$counts, \"dgCMatrix\"); "
        "then save the object again.",
        kind);
  } else if (package == "DelayedArray" || package == "HDF5Array" || package == "TENxPBMCData" ||
             graph.attribute(matrix, "seed") != no_node) {
    form.unreadable = fmt::format(
        "is a DelayedArray ({}), whose values are computed, or kept outside of this file. In R: "
        "assay(object, \"counts\") <- as(assay(object, \"counts\"), \"dgCMatrix\"); then save the "
        "object again.",
        kind);
  } else {
    form.unreadable = fmt::format(
        "is {}; a dgCMatrix, dgRMatrix or ordinary matrix of numbers is read. In R: as(as(x, "
        "\"dMatrix\"), \"CsparseMatrix\"); then save the object again.",
        kind == "no matrix of numbers" ? kind : "a " + kind);
  }
  return form;
}

}  // namespace sicmir
