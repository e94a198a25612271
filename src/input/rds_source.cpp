// SPDX-License-Identifier: BSD-3-Clause
/// R objects (.rds): read front to back into a temporary AnnData file, which is then read like any
/// other. A dgCMatrix of genes x cells is, slot by slot, AnnData's csr_matrix of cells x genes, so
/// its vectors are written once, as they come.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/joined.hpp"
#include "base/printable.hpp"
#include "input/anndata_image.hpp"
#include "input/h5_matrix_source.hpp"
#include "input/r_names.hpp"
#include "input/rds_objects.hpp"
#include "input/rds_split.hpp"
#include "input/sources.hpp"
#include "rds/read.hpp"

namespace sicmir {
namespace {

using rds::Graph;
using rds::Kind;
using rds::no_node;
using rds::Node;
using rds::NodeId;

constexpr std::uint64_t values_at_once = std::uint64_t{1} << 20;

/// Writes the parts of an object to an image.
class Translation {
 public:
  Translation(const Graph& graph, const RdsNumbers& numbers, const H5Output& out, RdsObject& object)
      : graph_(graph), numbers_(numbers), out_(out), object_(object) {}

  void write() {
    write_table("obs", object_.cells, object_.obs);
    write_table("var", object_.genes, object_.var);
    write_reductions();
    for (const NamedNode& each : object_.matrices) write_matrix(each);
    for (const SplitMatrix& each : object_.split) {
      write_joined(graph_, numbers_, out_, each, object_.cells.size(), object_.genes.size(),
                   path_of(each.name));
    }
  }

 private:
  /// Where a matrix is in the image.
  [[nodiscard]] std::string path_of(const std::string& name) const {
    return name == object_.main ? "X" : "layers/" + name;
  }

  void leave_out(const std::string& what, const std::string& why) {
    left_out_.push_back(fmt::format("{} ({})", printable(what), why));
    names_left_out_.push_back(what);
  }

  void write_table(const std::string& name, const std::vector<std::string>& index,
                   const std::vector<NamedNode>& columns) {
    left_out_.clear();
    names_left_out_.clear();
    TableWriter table(out_, name, index);
    for (const NamedNode& column : columns) {
      if (!table.takes(column.name)) {
        leave_out(column.name, "AnnData cannot have a column of this name");
      } else {
        write_column(table, column);
      }
    }
    table.finish();
    if (!left_out_.empty()) {
      object_.warnings.push_back(
          {"annotation_left_out",
           fmt::format("columns of {} that are left out: {}.", name, joined(left_out_, ", ")),
           {{"of", std::string(name)}, {"names", names_left_out_}}});
    }
  }

  void write_column(TableWriter& table, const NamedNode& column) {
    if (column.node == no_node || graph_[column.node].length != table.size() ||
        !graph_.dimensions(column.node).empty()) {
      leave_out(column.name, "not one value a line");
      return;
    }
    const Node& node = graph_[column.node];
    std::vector<std::uint8_t> missing;
    switch (node.kind) {
      case Kind::texts: {
        const std::vector<std::string> values = graph_.texts(column.node, &missing);
        table.texts(column.name, values, missing);
        return;
      }
      case Kind::reals:
        table.reals(column.name, numbers_.reals(graph_, column.node, 0, table.size()));
        return;
      case Kind::integers:
      case Kind::logicals: {
        std::vector<std::int32_t> values = numbers_.integers(graph_, column.node, 0, table.size());
        if (graph_.inherits(column.node, "factor")) {
          write_factor(table, column, std::move(values));
          return;
        }
        missing.resize(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
          missing[i] = values[i] == rds::missing_integer ? 1 : 0;
        }
        if (node.kind == Kind::integers) {
          table.integers(column.name, values, missing);
          return;
        }
        for (std::int32_t& value : values) value = value != 0 ? 1 : 0;
        table.booleans(column.name, values, missing);
        return;
      }
      default:
        leave_out(column.name, "neither numbers nor texts");
    }
  }

  /// R counts levels from 1.
  void write_factor(TableWriter& table, const NamedNode& column, std::vector<std::int32_t> values) {
    const NodeId levels = graph_.attribute(column.node, "levels");
    if (!graph_.is(levels, Kind::texts)) {
      leave_out(column.name, "a factor without levels");
      return;
    }
    std::vector<std::string> categories = graph_.texts(levels);
    const auto n_levels = static_cast<std::int64_t>(categories.size());
    for (std::int32_t& value : values) {
      if (value == rds::missing_integer) {
        value = -1;
        continue;
      }
      if (value < 1 || value > n_levels) {
        graph_.fail(
            fmt::format("the factor '{}' has a code {}, but {} levels; the file is "
                        "damaged.",
                        printable(column.name), value, n_levels));
      }
      --value;
    }
    table.categories(column.name, values, categories, graph_.inherits(column.node, "ordered"));
  }

  void write_reductions() {
    const h5::Lock lock;
    left_out_.clear();
    names_left_out_.clear();
    const h5::Handle group = create_group(out_, out_.id(), "obsm", "dict", "0.1.0");
    std::vector<std::string> done;
    for (const NamedNode& each : object_.reductions) {
      const std::string name = reduction_name(each.name);
      const std::vector<std::uint64_t> extent = graph_.dimensions(each.node);
      const bool fits =
          (graph_.is(each.node, Kind::reals) || graph_.is(each.node, Kind::integers)) &&
          extent.size() == 2 && extent[0] == object_.cells.size() && extent[1] > 0 &&
          graph_[each.node].length / extent[1] == extent[0];
      if (!fits) {
        leave_out(each.name, "no matrix with a line for each cell");
      } else if (each.name.empty() || name.find('/') != std::string::npos ||
                 std::find(done.begin(), done.end(), name) != done.end()) {
        leave_out(each.name, "AnnData cannot have an array of this name");
      } else {
        write_turned(each.node, group.get(), name, extent[0], extent[1]);
        done.push_back(name);
      }
    }
    if (!left_out_.empty()) {
      object_.warnings.push_back(
          {"annotation_left_out",
           fmt::format("reductions that are left out: {}.", joined(left_out_, ", ")),
           {{"of", "obsm"}, {"names", names_left_out_}}});
    }
  }

  /// R keeps matrices column after column, HDF5 line after line.
  void write_turned(NodeId node, hid_t parent, const std::string& name, std::uint64_t n_lines,
                    std::uint64_t n_columns) {
    const std::array<hsize_t, 2> extent = {n_lines, n_columns};
    h5::Handle dataset = create_dataset(out_, parent, name, H5T_IEEE_F64LE, extent);
    set_encoding(out_, dataset.get(), "array", "0.2.0");
    const std::uint64_t at_once = std::max<std::uint64_t>(1, values_at_once / n_columns);
    std::vector<double> lines;
    for (std::uint64_t first = 0; first < n_lines; first += at_once) {
      const std::uint64_t count = std::min(at_once, n_lines - first);
      lines.resize(count * n_columns);
      for (std::uint64_t column = 0; column < n_columns; ++column) {
        const std::vector<double> part =
            numbers_.reals(graph_, node, column * n_lines + first, count);
        for (std::uint64_t i = 0; i < count; ++i) lines[i * n_columns + column] = part[i];
      }
      write_lines(out_, dataset.get(), H5T_NATIVE_DOUBLE, first, count, lines.data());
    }
    out_.close(std::move(dataset));
  }

  void write_matrix(const NamedNode& matrix) {
    const h5::Lock lock;
    const std::string path = path_of(matrix.name);
    if (matrix.name.empty() || matrix.name.find('/') != std::string::npos) {
      graph_.fail(
          fmt::format("a matrix is called '{}', a name that cannot be read. Rename it, in "
                      "R: assayNames(object) <- ...",
                      printable(matrix.name)));
    }
    const RMatrixForm form = form_of(graph_, matrix.node);
    if (form.kind == RMatrixKind::dense) {
      write_dense(form.values, path);
      return;
    }
    const bool by_cell = form.kind == RMatrixKind::columns;
    const h5::Handle group =
        create_group(out_, out_.id(), path, by_cell ? "csr_matrix" : "csc_matrix", "0.1.0");
    const std::array<std::int64_t, 2> shape = {static_cast<std::int64_t>(object_.cells.size()),
                                               static_cast<std::int64_t>(object_.genes.size())};
    set_integers(out_, group.get(), "shape", shape);
    numbers_.place(graph_, form.values, group.get(), "data");
    numbers_.place(graph_, graph_.attribute(matrix.node, by_cell ? "i" : "j"), group.get(),
                   "indices");
    numbers_.place(graph_, graph_.attribute(matrix.node, "p"), group.get(), "indptr");
  }

  /// Columns of R's matrix are the cells, as the lines of AnnData's.
  void write_dense(NodeId values, const std::string& path) {
    const std::uint64_t n_cells = object_.cells.size();
    const std::uint64_t n_genes = object_.genes.size();
    if (graph_[values].length / n_genes != n_cells || graph_[values].length % n_genes != 0) {
      graph_.fail(fmt::format("a matrix of {} x {} has {} values; the file is damaged.", n_genes,
                              n_cells, graph_[values].length));
    }
    const std::array<hsize_t, 2> extent = {n_cells, n_genes};
    h5::Handle dataset = create_dataset(out_, out_.id(), path, H5T_IEEE_F64LE, extent);
    set_encoding(out_, dataset.get(), "array", "0.2.0");
    const std::uint64_t at_once = std::max<std::uint64_t>(1, values_at_once / n_genes);
    for (std::uint64_t first = 0; first < n_cells; first += at_once) {
      const std::uint64_t count = std::min(at_once, n_cells - first);
      const std::vector<double> part =
          numbers_.reals(graph_, values, first * n_genes, count * n_genes);
      write_lines(out_, dataset.get(), H5T_NATIVE_DOUBLE, first, count, part.data());
    }
    out_.close(std::move(dataset));
  }

  const Graph& graph_;
  const RdsNumbers& numbers_;
  const H5Output& out_;
  RdsObject& object_;
  std::vector<std::string> left_out_;        // with reasons
  std::vector<std::string> names_left_out_;  // alone
};

std::uint64_t most_unpacked(const ByteInput& input) {
  constexpr std::uint64_t ratio = 256;
  constexpr std::uint64_t freely = std::uint64_t{1} << 28;
  constexpr std::uint64_t from_a_pipe = std::uint64_t{1} << 42;
  return input.file_size() ? *input.file_size() * ratio + freely : from_a_pipe;
}

}  // namespace

std::unique_ptr<CellSource> open_rds_source(std::unique_ptr<ByteInput> input,
                                            const SourceOptions& options, const GeneIndex& genes) {
  const std::string name = input->name();
  AnnDataImage image(name);
  RdsObject object;
  std::string layer;
  {
    RdsNumbers numbers(image.out(), most_unpacked(*input));
    const Graph graph = rds::read(*input, numbers);
    numbers.end();
    object = find_parts(graph, numbers, options.layer);
    std::vector<std::string> names;
    for (const NamedNode& each : object.matrices) names.push_back(each.name);
    for (const SplitMatrix& each : object.split) names.push_back(each.name);
    if (names.size() == 1) object.main = names.front();
    names.insert(names.end(), object.other.begin(), object.other.end());
    layer = layer_in_anndata(name, options.layer, object.assay, object.main, names);
    Translation(graph, numbers, image.out(), object).write();
  }
  SourceOptions as_h5ad = options;
  as_h5ad.layer = layer;
  H5Parts parts =
      open_h5ad(std::make_unique<h5::File>(h5::File::open_read(image.finish())), as_h5ad, genes);
  parts.temporary = image.release();
  SourceDescription& description = parts.description;
  description.format = object.format;
  if (!input->compression().empty()) {
    description.format += fmt::format(" ({})", input->compression());
  }
  description.is_h5ad = false;
  const auto shown = [&](const std::string& place) {
    const std::string in_r = layer_name(place, object.main);
    return object.assay.empty() ? in_r : object.assay + "/" + in_r;
  };
  description.matrix = shown(description.matrix);
  for (std::string& other : description.other_matrices) other = shown(other);
  description.other_matrices.insert(description.other_matrices.end(), object.other.begin(),
                                    object.other.end());
  for (Note& warning : object.warnings) {
    warning.text = fmt::format("{}: {}", name, warning.text);
    description.warnings.push_back(std::move(warning));
  }
  return make_h5_source(std::move(parts), options);
}

}  // namespace sicmir
