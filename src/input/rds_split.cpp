// SPDX-License-Identifier: BSD-3-Clause
#include "input/rds_split.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/printable.hpp"
#include "input/anndata_image.hpp"

namespace sicmir {
namespace {

using rds::Graph;
using rds::NodeId;

constexpr std::uint64_t joined_at_once = std::uint64_t{1} << 20;

/// The values of a cell: in which layer, from where, how many.
struct CellValues {
  std::size_t part = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

[[noreturn]] void fail_damaged(const Graph& graph, const LayerPart& part) {
  graph.fail(fmt::format("the layer '{}' is damaged: its pointers or positions leave the matrix.",
                         printable(part.name)));
}

std::vector<CellValues> values_by_cell(const Graph& graph, const RdsNumbers& numbers,
                                       const SplitMatrix& split, std::size_t n_cells) {
  std::vector<CellValues> cells(n_cells);
  for (std::size_t p = 0; p < split.parts.size(); ++p) {
    const LayerPart& part = split.parts[p];
    const std::uint64_t n_values = graph[graph.attribute(part.matrix, "x")].length;
    const std::vector<std::int32_t> pointers =
        numbers.integers(graph, graph.attribute(part.matrix, "p"), 0, part.cells.size() + 1);
    if (pointers.front() != 0 || !std::is_sorted(pointers.begin(), pointers.end()) ||
        static_cast<std::uint64_t>(pointers.back()) != n_values) {
      fail_damaged(graph, part);
    }
    for (std::size_t column = 0; column < part.cells.size(); ++column) {
      cells[static_cast<std::size_t>(part.cells[column])] = {
          p, static_cast<std::uint64_t>(pointers[column]),
          static_cast<std::uint64_t>(pointers[column + 1] - pointers[column])};
    }
  }
  return cells;
}

}  // namespace

void write_joined(const Graph& graph, const RdsNumbers& numbers, const H5Output& out,
                  const SplitMatrix& split, std::size_t n_cells, std::size_t n_genes,
                  const std::string& path) {
  const h5::Lock lock;
  for (const LayerPart& part : split.parts) static_cast<void>(form_of(graph, part.matrix));
  const std::vector<CellValues> cells = values_by_cell(graph, numbers, split, n_cells);
  std::vector<std::int64_t> pointers = {0};
  for (const CellValues& cell : cells) {
    pointers.push_back(pointers.back() + static_cast<std::int64_t>(cell.count));
  }
  const h5::Handle group = create_group(out, out.id(), path, "csr_matrix", "0.1.0");
  set_integers(out, group.get(), "shape",
               std::array{static_cast<std::int64_t>(n_cells), static_cast<std::int64_t>(n_genes)});
  const std::array<hsize_t, 1> extent = {static_cast<hsize_t>(pointers.back())};
  h5::Handle data = create_dataset(out, group.get(), "data", H5T_IEEE_F64LE, extent);
  h5::Handle indices = create_dataset(out, group.get(), "indices", H5T_STD_I32LE, extent);
  std::uint64_t written = 0;
  // Cells of one layer that stand side by side in it are read together.
  for (std::size_t c = 0; c < n_cells;) {
    const LayerPart& part = split.parts[cells[c].part];
    const std::uint64_t first = cells[c].first;
    std::uint64_t count = cells[c].count;
    for (++c; c < n_cells && cells[c].part == cells[c - 1].part &&
              cells[c].first == first + count && count + cells[c].count <= joined_at_once;
         ++c) {
      count += cells[c].count;
    }
    if (count == 0) continue;
    std::vector<std::int32_t> lines =
        numbers.integers(graph, graph.attribute(part.matrix, "i"), first, count);
    for (std::int32_t& line : lines) {
      if (line < 0 || static_cast<std::size_t>(line) >= part.genes.size()) {
        fail_damaged(graph, part);
      }
      line = part.genes[static_cast<std::size_t>(line)];
    }
    write_lines(out, indices.get(), H5T_NATIVE_INT32, written, count, lines.data());
    write_lines(out, data.get(), H5T_NATIVE_DOUBLE, written, count,
                numbers.reals(graph, graph.attribute(part.matrix, "x"), first, count).data());
    written += count;
  }
  out.close(std::move(data));
  out.close(std::move(indices));
  const std::array<hsize_t, 1> n_pointers = {pointers.size()};
  h5::Handle indptr = create_dataset(out, group.get(), "indptr", H5T_STD_I64LE, n_pointers);
  write_lines(out, indptr.get(), H5T_NATIVE_INT64, 0, pointers.size(), pointers.data());
  out.close(std::move(indptr));
}

}  // namespace sicmir
