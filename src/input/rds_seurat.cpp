// SPDX-License-Identifier: BSD-3-Clause
/// Seurat 3 to 5. Classes: Seurat, Assay, DimReduc of SeuratObject 4.1 and Assay5, LogMap of
/// SeuratObject 5 by their published slots.

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/counted.hpp"
#include "base/printable.hpp"
#include "input/r_names.hpp"
#include "input/rds_parts.hpp"

namespace sicmir {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;
namespace {

bool is_assay5(const Graph& graph, NodeId assay) {
  return graph.attribute(assay, "layers") != no_node;
}

/// Which cells, or features, are in a layer of an Assay5: a LogMap's column, by its name.
class LogMap {
 public:
  LogMap(const Graph& graph, const RdsNumbers& numbers, NodeId map)
      : graph_(graph), numbers_(numbers), map_(map), extent_(graph.dimensions(map)) {
    if (extent_.size() != 2 || !graph.is(map, Kind::logicals) ||
        graph[map].length / std::max<std::uint64_t>(extent_[0], 1) != extent_[1]) {
      graph.fail("an Assay5 does not say which cells and features its layers have (LogMap).");
    }
    names_ = side_names(graph, map, 1);
    if (names_.size() > extent_[1]) names_.resize(extent_[1]);
  }
  /// Places of its lines that are true; nullopt: there is no such column.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> of(const std::string& layer) const {
    const auto found = std::find(names_.begin(), names_.end(), layer);
    if (found == names_.end()) return std::nullopt;
    const auto column = static_cast<std::uint64_t>(found - names_.begin());
    const std::vector<std::int32_t> has =
        numbers_.integers(graph_, map_, column * extent_[0], extent_[0]);
    std::vector<std::int32_t> places;
    for (std::size_t i = 0; i < has.size(); ++i) {
      if (has[i] == 1) places.push_back(static_cast<std::int32_t>(i));
    }
    return places;
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return extent_[0]; }

 private:
  const Graph& graph_;
  const RdsNumbers& numbers_;
  NodeId map_;
  std::vector<std::uint64_t> extent_;
  std::vector<std::string> names_;
};

std::vector<std::string> names_of(const SplitMatrix& split) {
  std::vector<std::string> names;
  for (const LayerPart& part : split.parts) names.push_back(part.name);
  return names;
}

/// Why layers cannot be joined; empty: they can, as SeuratObject's JoinLayers() does it. Genes that
/// a layer lacks are 0 in its cells.
std::string obstacle_to_joining(const Graph& graph, const SplitMatrix& split, std::size_t n_cells) {
  std::vector<std::uint8_t> taken(n_cells, 0);
  for (const LayerPart& part : split.parts) {
    if (graph.class_of(part.matrix) != "dgCMatrix") {
      return fmt::format("{} is no dgCMatrix", printable(part.name));
    }
    const std::vector<std::uint64_t> extent = graph.dimensions(part.matrix);
    if (extent.size() != 2 || extent[0] != part.genes.size() || extent[1] != part.cells.size()) {
      return fmt::format("{} has another extent than the assay says", printable(part.name));
    }
    for (const std::int64_t cell : part.cells) {
      if (taken[static_cast<std::size_t>(cell)]++ != 0) {
        return fmt::format("a cell of {} is in another layer, too", printable(part.name));
      }
    }
  }
  const auto n_missing = std::count(taken.begin(), taken.end(), 0);
  return n_missing == 0 ? "" : counted(n_missing, "cell is", "cells are") + " in none of them";
}

/// The layers of an Assay5: whole ones as they are, counts and data that are split by sample
/// joined.
struct Layers {
  std::vector<NamedNode> whole;
  std::vector<SplitMatrix> split = {{"counts", {}}, {"data", {}}};
};

Layers sort_layers(const Graph& graph, const RdsNumbers& numbers, NodeId assay,
                   const RdsObject& object) {
  const LogMap cells(graph, numbers, graph.attribute(assay, "cells"));
  const LogMap features(graph, numbers, graph.attribute(assay, "features"));
  if (cells.size() != object.cells.size() || features.size() != object.genes.size()) {
    graph.fail("an Assay5 does not say which cells and features its layers have (LogMap).");
  }
  Layers layers;
  for (const NamedNode& layer : columns_of(graph, graph.attribute(assay, "layers"))) {
    const auto its_cells = cells.of(layer.name);
    const auto its_features = features.of(layer.name);
    if (!its_cells || !its_features) continue;
    if (its_cells->size() == cells.size() && its_features->size() == features.size()) {
      // One sample leaves a layer of counts with a name behind it.
      const bool is_count = layer.name.starts_with("counts.");
      layers.whole.push_back({is_count ? "counts" : layer.name, layer.node});
      continue;
    }
    for (SplitMatrix& split : layers.split) {
      if (!layer.name.starts_with(split.name + ".")) continue;
      split.parts.push_back(
          {layer.name, layer.node, {its_cells->begin(), its_cells->end()}, *its_features});
    }
  }
  return layers;
}

void take_assay5(const Graph& graph, const RdsNumbers& numbers, NodeId assay, RdsObject& object) {
  object.genes = side_names(graph, graph.attribute(assay, "features"), 0);
  const std::vector<std::string> names = side_names(graph, graph.attribute(assay, "cells"), 0);
  if (!names.empty() && names != object.cells) {
    graph.fail(
        fmt::format("assay '{0}' has other cells than the object, or in another order. Take "
                    "those of the assay, in R: object <- subset(object, cells = "
                    "colnames(object[[\"{0}\"]])).",
                    printable(object.assay)));
  }
  Layers layers = sort_layers(graph, numbers, assay, object);
  for (SplitMatrix& split : layers.split) {
    const bool is_whole =
        std::any_of(layers.whole.begin(), layers.whole.end(),
                    [&](const NamedNode& each) { return each.name == split.name; });
    if (split.parts.empty() || is_whole) continue;
    const std::string obstacle = obstacle_to_joining(graph, split, object.cells.size());
    const std::string sentence = fmt::format(
        "the {2} of assay '{0}' are split into layers ({1}), which cannot be joined: {3}. In R: "
        "object[[\"{0}\"]] <- SeuratObject::JoinLayers(object[[\"{0}\"]]); then save it again.",
        printable(object.assay), listed(names_of(split)), split.name, obstacle);
    if (obstacle.empty()) {
      object.warnings.push_back(
          {"layers_joined",
           fmt::format("the {} of assay '{}' are joined of {} layers ({}).", split.name,
                       printable(object.assay), split.parts.size(), listed(names_of(split))),
           {{"assay", object.assay}, {"matrix", split.name}, {"layers", names_of(split)}}});
      object.split.push_back(std::move(split));
    } else if (split.name == "counts") {
      graph.fail(sentence);
    } else {
      object.warnings.push_back(
          {"matrix_left_out", sentence, {{"assay", object.assay}, {"matrix", split.name}}});
    }
  }
  take_matrices(graph, layers.whole, object);
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

void take_identities(const Graph& graph, NodeId root, RdsObject& object) {
  const NodeId identities = graph.attribute(root, "active.ident");
  const bool known = std::any_of(object.obs.begin(), object.obs.end(),
                                 [](const NamedNode& each) { return each.name == "ident"; });
  if (!known && graph.inherits(identities, "factor") &&
      graph[identities].length == object.cells.size()) {
    object.obs.push_back({"ident", identities});  // as Seurat's own conversions call it
  }
}

}  // namespace

RdsObject seurat_parts(const Graph& graph, const RdsNumbers& numbers, const std::string& layer) {
  const NodeId root = graph.root();
  RdsObject object;
  const NodeId table = graph.attribute(root, "meta.data");
  object.cells = row_names(graph, table);
  object.obs = columns_of(graph, table);
  if (object.cells.empty()) graph.fail("this R object holds no cells.");
  const std::vector<NamedNode> assays = columns_of(graph, graph.attribute(root, "assays"));
  if (assays.empty()) graph.fail("this Seurat object holds no assay.");
  const std::string active = graph.one_text(graph.attribute(root, "active.assay"));
  std::vector<std::string> names;
  std::vector<std::uint8_t> derived;
  for (const NamedNode& each : assays) {
    names.push_back(each.name);
    derived.push_back(is_derived(graph, each) ? 1 : 0);
  }
  const NamedNode& chosen = assays[choose_assay(names, derived, active, layer)];
  object.assay = chosen.name;
  if (active != chosen.name && !active.empty()) {
    object.warnings.push_back({"assay_not_active",
                               fmt::format("assay '{}' is read, not the active one, '{}'.",
                                           printable(chosen.name), printable(active)),
                               {{"assay", chosen.name}, {"active", active}}});
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

}  // namespace sicmir
