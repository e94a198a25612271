// SPDX-License-Identifier: BSD-3-Clause
#include "anndata/neighbour_graph.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/joined.hpp"
#include "base/suggest.hpp"

namespace sicmir::h5ad {
namespace {

constexpr hsize_t numbers_at_once = 1 << 16;
constexpr Index most_links = 1 << 20;  // in one read(), but for what a single cell has

/// Names of matrices of cells x cells, where today's files keep them, and old ones.
std::vector<std::string> graphs_in(const h5::File& file, const std::string& folder) {
  if (h5::kind_of(file.id(), folder) != h5::ObjectKind::group) return {};
  const h5::Handle group = h5::open_group(file, file.id(), folder);
  std::vector<std::string> names;
  for (std::string& name : h5::members(file, group.get())) {
    if (h5::kind_of(group.get(), name + "/indptr") == h5::ObjectKind::dataset) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

std::string path_of_graph(const h5::File& file, const std::string& name) {
  std::vector<std::string> names;
  for (const char* folder : {"obsp", "uns/neighbors"}) {
    const std::vector<std::string> there = graphs_in(file, folder);
    if (std::find(there.begin(), there.end(), name) != there.end()) {
      return fmt::format("{}/{}", folder, name);
    }
    names.insert(names.end(), there.begin(), there.end());
  }
  if (h5::kind_of(file.id(), "obsp/" + name) == h5::ObjectKind::dataset) {
    file.fail("obsp/" + name,
              "is a full matrix; a graph of neighbours is a sparse one (csr_matrix).");
  }
  throw Error(ExitCode::usage,
              names.empty()
                  ? fmt::format("{}: obsp has no graph of neighbours. Make one first, for example "
                                "by scanpy.pp.neighbors().",
                                file.path())
                  : fmt::format("{}: obsp has no graph '{}'; there are '{}'.{}", file.path(), name,
                                joined(names, "', '"), did_you_mean(name, names)));
}

void check_encoding(const h5::File& file, hid_t group, const std::string& path, Index n_cells) {
  auto encoding = h5::text_attribute(group, "encoding-type");
  if (!encoding) encoding = h5::text_attribute(group, "h5sparse_format");
  if (!encoding || !encoding->starts_with("csr")) {
    file.fail(path, fmt::format("is stored as {}; expected csr_matrix. Convert it by .tocsr() and "
                                "write the file again.",
                                encoding.value_or("an unknown kind of matrix")));
  }
  auto shape = h5::integer_attribute(group, "shape");
  if (!shape) shape = h5::integer_attribute(group, "h5sparse_shape");
  if (!shape || *shape != std::vector<std::int64_t>{n_cells, n_cells}) {
    file.fail(path, fmt::format("is not of {} x {} cells, as the input.", n_cells, n_cells));
  }
}

}  // namespace

NeighbourGraph::NeighbourGraph(const AnnotationPlace& place, const std::string& name, Index n_cells)
    : file_(h5::File::open_read(place)), path_(path_of_graph(file_, name)), n_cells_(n_cells) {
  const h5::Handle group = h5::open_group(file_, file_.id(), path_);
  check_encoding(file_, group.get(), path_, n_cells);
  pointers_.emplace(file_, h5::open_dataset(file_, group.get(), "indptr"), numbers_at_once);
  columns_.emplace(file_, h5::open_dataset(file_, group.get(), "indices"), numbers_at_once, n_cells,
                   "cells");
  weights_.emplace(file_, h5::open_dataset(file_, group.get(), "data"), numbers_at_once);
  if (pointers_->length() != static_cast<hsize_t>(n_cells) + 1) {
    file_.fail(pointers_->path(), fmt::format("has {} entries; expected {}, one for each cell and "
                                              "one more.",
                                              pointers_->length(), n_cells + 1));
  }
  if (columns_->length() != weights_->length()) {
    file_.fail(path_, fmt::format("has {} indices, but {} values.", columns_->length(),
                                  weights_->length()));
  }
}

double NeighbourGraph::mean_neighbours() const noexcept {
  return n_cells_ == 0 ? 0.0
                       : static_cast<double>(columns_->length()) / static_cast<double>(n_cells_);
}

std::int64_t NeighbourGraph::pointer(Index line) {
  return pointers_->from(static_cast<hsize_t>(line)).front();
}

void NeighbourGraph::append_line(Index line, std::int64_t begin, std::int64_t end,
                                 std::vector<Index>& cells) {
  if (begin < 0 || end < begin || end > static_cast<std::int64_t>(columns_->length())) {
    file_.fail(pointers_->path(), fmt::format("says that line {} holds the entries {} to {} of {}.",
                                              line, begin, end, columns_->length()));
  }
  const std::size_t start = cells.size();
  for (auto at = static_cast<hsize_t>(begin); at < static_cast<hsize_t>(end);) {
    const std::span<const std::int64_t> columns = columns_->from(at);
    const std::span<const float> weights = weights_->from(at);
    const auto left = static_cast<std::size_t>(end) - static_cast<std::size_t>(at);
    const std::size_t n = std::min({columns.size(), weights.size(), left});
    for (std::size_t i = 0; i < n; ++i) {
      if (weights[i] > 0.0F && columns[i] != line) cells.push_back(columns[i]);
    }
    at += n;
  }
  // Lines need not be sorted, and a column may occur twice.
  const auto from = cells.begin() + static_cast<std::ptrdiff_t>(start);
  std::sort(from, cells.end());
  cells.erase(std::unique(from, cells.end()), cells.end());
}

void NeighbourGraph::read(Index first, Index most_cells, Neighbours& neighbours) {
  neighbours.first = first;
  neighbours.offsets = {0};
  neighbours.cells.clear();
  const Index last = std::min(n_cells_, first + most_cells);
  std::int64_t begin = pointer(first);
  for (Index line = first; line < last; ++line) {
    const std::int64_t end = pointer(line + 1);
    append_line(line, begin, end, neighbours.cells);
    neighbours.offsets.push_back(static_cast<Index>(neighbours.cells.size()));
    begin = end;
    if (neighbours.offsets.back() > most_links) return;
  }
}

std::size_t NeighbourGraph::memory_bytes() const noexcept {
  return pointers_->memory_bytes() + columns_->memory_bytes() + weights_->memory_bytes() +
         static_cast<std::size_t>(most_links) * sizeof(Index);
}

}  // namespace sicmir::h5ad
