// SPDX-License-Identifier: BSD-3-Clause
#include "input/rds_objects.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/joined.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"

namespace sicmir {
namespace {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;

/// "1" to `count`, as R shows lines without names.
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

/// Row names of a data.frame: texts; or numbers, where c(NA, -n) stands for 1 .. n.
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

/// Names along one side of a matrix; empty: it has none.
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

bool is_counts(const std::string& name) {
  return name == "counts";
}

/// Keeps of `found` what can be read; counts that cannot be are an error, since without them logged
/// values would be taken.
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
    if (is_counts(each.name)) graph.fail(sentence);
    object.warnings.push_back(sentence + " It is left out.");
  }
  if (object.matrices.empty()) {
    graph.fail(object.warnings.empty()
                   ? "this R object holds no matrix of expression values."
                   : "this R object holds no matrix that can be read: " + object.warnings.front());
  }
}

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

void take_cells(const Graph& graph, NodeId table, RdsObject& object) {
  object.cells = row_names(graph, table);
  object.obs = columns_of(graph, table);
  if (object.cells.empty()) graph.fail("this R object holds no cells.");
}

// Seurat.

bool is_assay5(const Graph& graph, NodeId assay) {
  return graph.attribute(assay, "layers") != no_node;
}

/// Columns of a LogMap in which each line is true, and the names of the lines.
std::vector<std::string> complete_columns(const Graph& graph, const RdsNumbers& numbers,
                                          NodeId map) {
  const std::vector<std::uint64_t> extent = graph.dimensions(map);
  if (extent.size() != 2 || !graph.is(map, Kind::logicals) ||
      graph[map].length / std::max<std::uint64_t>(extent[0], 1) != extent[1]) {
    graph.fail("an Assay5 does not say which cells and features its layers have (LogMap).");
  }
  const std::vector<std::string> names = side_names(graph, map, 1);
  std::vector<std::string> complete;
  for (std::size_t column = 0; column < names.size() && column < extent[1]; ++column) {
    const std::vector<std::int32_t> has =
        numbers.integers(graph, map, column * extent[0], extent[0]);
    if (std::all_of(has.begin(), has.end(), [](std::int32_t value) { return value == 1; })) {
      complete.push_back(names[column]);
    }
  }
  return complete;
}

void take_assay5(const Graph& graph, const RdsNumbers& numbers, NodeId assay, RdsObject& object) {
  const NodeId cells = graph.attribute(assay, "cells");
  const NodeId features = graph.attribute(assay, "features");
  object.genes = side_names(graph, features, 0);
  const std::vector<std::string> names = side_names(graph, cells, 0);
  const std::vector<std::string> with_cells = complete_columns(graph, numbers, cells);
  const std::vector<std::string> with_features = complete_columns(graph, numbers, features);
  const auto has = [](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  std::vector<NamedNode> whole;
  std::vector<std::string> split;
  for (const NamedNode& layer : columns_of(graph, graph.attribute(assay, "layers"))) {
    if (has(with_cells, layer.name) && has(with_features, layer.name)) {
      // One sample leaves a layer of counts with a name behind it.
      const bool is_count = layer.name.starts_with("counts.");
      whole.push_back({is_count ? "counts" : layer.name, layer.node});
    } else if (layer.name.starts_with("counts")) {
      split.push_back(layer.name);
    }
  }
  const bool has_counts = std::any_of(whole.begin(), whole.end(),
                                      [](const NamedNode& each) { return is_counts(each.name); });
  if (!split.empty() && !has_counts) {
    graph.fail(
        fmt::format("the counts of assay '{0}' are split into layers ({1}). Join them, in "
                    "R: object[[\"{0}\"]] <- SeuratObject::JoinLayers(object[[\"{0}\"]]); "
                    "then save it again.",
                    printable(object.assay), listed(split)));
  }
  if (!names.empty() && names != object.cells) {
    graph.fail(
        fmt::format("assay '{0}' has other cells than the object, or in another order. Take "
                    "those of the assay, in R: object <- subset(object, cells = "
                    "colnames(object[[\"{0}\"]])).",
                    printable(object.assay)));
  }
  take_matrices(graph, whole, object);
  const NodeId table = graph.attribute(assay, "meta.data");
  object.var = columns_of(graph, table);
}

void take_assay(const Graph& graph, NodeId assay, RdsObject& object) {
  take_matrices(
      graph,
      {{"counts", graph.attribute(assay, "counts")}, {"data", graph.attribute(assay, "data")}},
      object);
  object.genes = side_names(graph, object.matrices.front().node, 0);
  const NodeId table = graph.attribute(assay, "meta.features");
  if (row_names(graph, table) == object.genes) object.var = columns_of(graph, table);
}

/// Of an assay that is not read.
std::vector<std::string> layer_names(const Graph& graph, NodeId assay) {
  std::vector<std::string> names;
  if (is_assay5(graph, assay)) {
    for (const NamedNode& each : columns_of(graph, graph.attribute(assay, "layers"))) {
      names.push_back(each.name);
    }
    return names;
  }
  for (const char* slot : {"counts", "data"}) {
    if (!is_empty_matrix(graph, graph.attribute(assay, slot))) names.emplace_back(slot);
  }
  return names;
}

/// Holds what was computed of another assay.
bool is_derived(const Graph& graph, const NamedNode& assay) {
  return assay.name == "SCT" || assay.name == "integrated" ||
         graph.class_of(assay.node) == "SCTAssay";
}

const NamedNode& choose_assay(const Graph& graph, const std::vector<NamedNode>& assays,
                              const std::string& active, const std::string& layer) {
  const auto named = [&](const std::string& name) {
    return std::find_if(assays.begin(), assays.end(),
                        [&](const NamedNode& each) { return each.name == name; });
  };
  const std::size_t slash = layer.find('/');
  if (slash != std::string::npos) {
    const auto found = named(layer.substr(0, slash));
    if (found != assays.end()) return *found;
  }
  for (const char* usual : {"RNA", "Spatial"}) {
    const auto found = named(usual);
    if (found != assays.end()) return *found;
  }
  const auto current = named(active);
  if (current != assays.end() && !is_derived(graph, *current)) return *current;
  const auto measured = std::find_if(assays.begin(), assays.end(), [&](const NamedNode& each) {
    return !is_derived(graph, each);
  });
  if (measured != assays.end()) return *measured;
  return current != assays.end() ? *current : assays.front();
}

void take_identities(const Graph& graph, NodeId root, RdsObject& object) {
  const NodeId identities = graph.attribute(root, "active.ident");
  const bool known = std::any_of(object.obs.begin(), object.obs.end(),
                                 [](const NamedNode& each) { return each.name == "ident"; });
  if (!known && graph.inherits(identities, "factor") &&
      graph[identities].length == object.cells.size()) {
    object.obs.push_back({"ident", identities});  // as Seurat's own conversions call it
  }
}

RdsObject seurat(const Graph& graph, const RdsNumbers& numbers, const std::string& layer) {
  const NodeId root = graph.root();
  RdsObject object;
  take_cells(graph, graph.attribute(root, "meta.data"), object);
  const std::vector<NamedNode> assays = columns_of(graph, graph.attribute(root, "assays"));
  if (assays.empty()) graph.fail("this Seurat object holds no assay.");
  const std::string active = graph.one_text(graph.attribute(root, "active.assay"));
  const NamedNode& chosen = choose_assay(graph, assays, active, layer);
  object.assay = chosen.name;
  if (active != chosen.name && !active.empty()) {
    object.warnings.push_back(fmt::format("assay '{}' is read, not the active one, '{}'.",
                                          printable(chosen.name), printable(active)));
  }
  const bool five = is_assay5(graph, chosen.node);
  object.format = fmt::format("R object (.rds): Seurat, {}", five ? "Assay5" : "Assay");
  if (five) {
    take_assay5(graph, numbers, chosen.node, object);
  } else {
    take_assay(graph, chosen.node, object);
  }
  object.main = "data";
  for (const NamedNode& each : assays) {
    if (each.name == chosen.name) continue;
    for (const std::string& name : layer_names(graph, each.node)) {
      object.other.push_back(each.name + "/" + name);
    }
  }
  take_identities(graph, root, object);
  for (const NamedNode& each : columns_of(graph, graph.attribute(root, "reductions"))) {
    object.reductions.push_back({each.name, graph.attribute(each.node, "cell.embeddings")});
  }
  return object;
}

// SummarizedExperiment and what is derived of it.

std::vector<std::string> gene_names(const Graph& graph, NodeId root) {
  const NodeId ranges = graph.attribute(root, "rowRanges");
  for (const NodeId names :
       {graph.attribute(ranges, {"partitioning", "NAMES"}),
        graph.attribute(ranges, {"ranges", "NAMES"}), graph.attribute(root, "NAMES")}) {
    if (graph.is(names, Kind::texts)) return graph.texts(names);
  }
  return {};
}

RdsObject experiment(const Graph& graph, const std::string& name) {
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

RdsObject find_parts(const Graph& graph, const RdsNumbers& numbers, const std::string& layer) {
  const NodeId root = graph.root();
  const std::string name = graph.class_of(root);
  RdsObject object;
  if (graph.is(root, Kind::s4) && graph.attribute(root, "assays") != no_node &&
      graph.attribute(root, "meta.data") != no_node) {
    object = seurat(graph, numbers, layer);
  } else if (graph.is(root, Kind::s4) && graph.attribute(root, "assays") != no_node &&
             graph.attribute(root, "colData") != no_node) {
    object = experiment(graph, name);
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
