// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "anndata/h5_copy.hpp"

namespace sicmir {
namespace {

constexpr hsize_t piece_entries = hsize_t{1} << 19;

hsize_t length_of(const h5::File& in, hid_t dataset) {
  const std::vector<hsize_t> extent = h5::shape(in, dataset);
  if (extent.size() != 1) throw NotCopied("its parts are no lists");
  (void)h5::check_claim(in, dataset);
  return extent[0];
}

void write_numbers(const H5Output& out, hid_t parent, const char* name, hid_t stored,
                   std::span<const std::int64_t> values) {
  const std::array<hsize_t, 1> extent = {values.size()};
  h5::Handle dataset = create_dataset(out, parent, name, stored, extent);
  write_lines(out, dataset.get(), H5T_NATIVE_INT64, 0, values.size(), values.data());
  out.close(std::move(dataset));
}

/// The stored integer type of a data set.
h5::Handle integer_type(hid_t dataset) {
  h5::Handle type(H5Dget_type(dataset));
  if (H5Tget_class(type.get()) != H5T_INTEGER) throw NotCopied("its indices are no integers");
  return type;
}

}  // namespace

/// Walks the kept entries of a compressed matrix.
struct ArrayCopier::SparseCut {
  const h5::File& in;
  h5::Handle data, indices;
  std::vector<std::int64_t> indptr;
  std::vector<KeptCells::Run> majors;      // kept compressed lines
  std::vector<std::int64_t> new_position;  // of the other axis, -1: dropped; empty: all kept
  std::int64_t minors = 0;

  /// Calls use(first entry, indices) for pieces of the kept compressed lines.
  template <class Use>
  void for_pieces(Use use) {
    std::vector<std::int64_t> piece;
    for (const KeptCells::Run& run : majors) {
      const auto end =
          static_cast<hsize_t>(indptr[static_cast<std::size_t>(run.first + run.count)]);
      for (auto first = static_cast<hsize_t>(indptr[static_cast<std::size_t>(run.first)]);
           first < end; first += piece.size()) {
        piece.resize(std::min(piece_entries, end - first));
        h5::read_slice(in, indices.get(), H5T_NATIVE_INT64, first, piece.size(), piece.data());
        for (const std::int64_t index : piece) {
          if (index < 0 || index >= minors) throw NotCopied("an index lies outside of its shape");
        }
        use(first, std::span<const std::int64_t>(piece));
      }
    }
  }

  /// Where each kept compressed line starts among the kept entries.
  std::vector<std::int64_t> new_indptr() {
    std::vector<std::int64_t> starts = {0};
    for (const KeptCells::Run& run : majors) {
      for (Index m = run.first; m < run.first + run.count; ++m) {
        const auto major = static_cast<std::size_t>(m);
        starts.push_back(starts.back() + indptr[major + 1] - indptr[major]);
      }
    }
    if (new_position.empty()) return starts;
    // Entry by entry: which line is it in, is it kept.
    std::vector<std::int64_t> kept(starts.size(), 0);
    std::size_t line = 0;
    std::int64_t entry = 0;
    for_pieces([&](hsize_t, std::span<const std::int64_t> piece) {
      for (const std::int64_t index : piece) {
        while (entry >= starts[line + 1]) ++line;
        if (new_position[static_cast<std::size_t>(index)] >= 0) ++kept[line + 1];
        ++entry;
      }
    });
    for (std::size_t i = 1; i < kept.size(); ++i) kept[i] += kept[i - 1];
    return kept;
  }
};

std::vector<std::int64_t> ArrayCopier::read_indptr(hid_t group, Index majors,
                                                   std::uint64_t stored) {
  const h5::Handle dataset = h5::open_dataset(in_, group, "indptr");
  const hsize_t length = length_of(in_, dataset.get());
  if (length != static_cast<hsize_t>(majors) + 1) throw NotCopied("indptr contradicts its shape");
  std::vector<std::int64_t> indptr(length);
  h5::read_slice(in_, dataset.get(), H5T_NATIVE_INT64, 0, length, indptr.data());
  if (indptr.front() != 0 || !std::is_sorted(indptr.begin(), indptr.end()) ||
      static_cast<std::uint64_t>(indptr.back()) != stored) {
    throw NotCopied("indptr contradicts its indices");
  }
  return indptr;
}

void ArrayCopier::copy_sparse(hid_t group, bool compressed_lines, std::pair<Index, Index> shape,
                              hid_t parent, const std::string& name, PerCell per_cell) {
  if (shape.first < 0 || shape.second < 0) throw NotCopied("its shape is negative");
  if ((per_cell != PerCell::no && shape.first != n_input_) ||
      (per_cell == PerCell::square && shape.second != n_input_)) {
    throw NotCopied(fmt::format("its shape, {} x {}, is not that of {} cells", shape.first,
                                shape.second, n_input_));
  }
  SparseCut cut{.in = in_,
                .data = h5::open_dataset(in_, group, "data"),
                .indices = h5::open_dataset(in_, group, "indices"),
                .indptr = {},
                .majors = {},
                .new_position = {},
                .minors = compressed_lines ? shape.second : shape.first};
  const hsize_t entries = length_of(in_, cut.indices.get());
  if (length_of(in_, cut.data.get()) != entries) throw NotCopied("its parts differ in length");
  const h5::Handle data_type(H5Dget_type(cut.data.get()));
  const H5T_class_t data_class = H5Tget_class(data_type.get());
  if (data_class != H5T_FLOAT && data_class != H5T_INTEGER && data_class != H5T_ENUM) {
    throw NotCopied("its values are no numbers");
  }
  const h5::Handle index_type = integer_type(cut.indices.get());
  const h5::Handle indptr_type = [&] {
    const h5::Handle dataset = h5::open_dataset(in_, group, "indptr");
    return integer_type(dataset.get());
  }();
  const Index majors = compressed_lines ? shape.first : shape.second;
  const std::size_t data_size = H5Tget_size(data_type.get());
  budget_.take_bytes(entries * (data_size + H5Tget_size(index_type.get())) +
                     static_cast<std::uint64_t>(majors) * sizeof(std::int64_t));
  cut.indptr = read_indptr(group, majors, entries);

  const bool select = selects(per_cell);
  const bool cut_majors = select && (compressed_lines || per_cell == PerCell::square);
  const bool cut_minors = select && (!compressed_lines || per_cell == PerCell::square);
  cut.majors = cut_majors ? kept_.runs() : std::vector<KeptCells::Run>{{0, majors}};
  if (cut_minors) {
    cut.new_position.assign(static_cast<std::size_t>(n_input_), -1);
    std::int64_t position = 0;
    for (const KeptCells::Run& run : kept_.runs()) {
      for (Index c = run.first; c < run.first + run.count; ++c) {
        cut.new_position[static_cast<std::size_t>(c)] = position++;
      }
    }
  }

  const std::vector<std::int64_t> starts = cut.new_indptr();
  const h5::Handle copied =
      create_group(out_, parent, name, compressed_lines ? "csr_matrix" : "csc_matrix", "0.1.0");
  if (select) shape.first = kept_.size();
  if (select && per_cell == PerCell::square) shape.second = kept_.size();
  const std::array<std::int64_t, 2> new_shape = {shape.first, shape.second};
  set_integers(out_, copied.get(), "shape", new_shape);
  const std::array<hsize_t, 1> extent = {static_cast<hsize_t>(starts.back())};
  h5::Handle data = create_dataset(out_, copied.get(), "data", data_type.get(), extent);
  h5::Handle indices = create_dataset(out_, copied.get(), "indices", index_type.get(), extent);
  hsize_t written = 0;
  std::vector<std::byte> values;
  std::vector<std::int64_t> positions;
  cut.for_pieces([&](hsize_t first, std::span<const std::int64_t> piece) {
    values.resize(piece.size() * data_size);
    h5::read_slice(in_, cut.data.get(), data_type.get(), first, piece.size(), values.data());
    positions.assign(piece.begin(), piece.end());
    if (cut_minors) {
      std::size_t n = 0;
      for (std::size_t i = 0; i < piece.size(); ++i) {
        const std::int64_t position = cut.new_position[static_cast<std::size_t>(piece[i])];
        if (position < 0) continue;
        positions[n] = position;
        std::memmove(values.data() + n * data_size, values.data() + i * data_size, data_size);
        ++n;
      }
      positions.resize(n);
    }
    write_lines(out_, data.get(), data_type.get(), written, positions.size(), values.data());
    write_lines(out_, indices.get(), H5T_NATIVE_INT64, written, positions.size(), positions.data());
    written += positions.size();
  });
  out_.close(std::move(data));
  out_.close(std::move(indices));
  write_numbers(out_, copied.get(), "indptr", indptr_type.get(), starts);
}

}  // namespace sicmir
