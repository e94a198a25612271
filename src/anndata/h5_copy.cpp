// SPDX-License-Identifier: BSD-3-Clause
#include "anndata/h5_copy.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/log.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"
#include "hdf5/text_arena.hpp"
#include "hdf5/text_references.hpp"

namespace sicmir {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 23;
constexpr std::size_t max_line_bytes = std::size_t{1} << 26;
constexpr std::size_t max_piece_texts = std::size_t{1} << 28;  // bytes of the texts of a piece

/// Numbers, texts, and records of these: nothing that points elsewhere.
bool is_plain(hid_t type, int depth = 0) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
    case H5T_ENUM:
    case H5T_STRING:
      return true;
    case H5T_ARRAY: {
      const h5::Handle base(H5Tget_super(type));
      return depth < 4 && is_plain(base.get(), depth + 1);
    }
    case H5T_COMPOUND: {
      const int fields = H5Tget_nmembers(type);
      if (depth > 0 || fields <= 0 || fields > 4096) return false;
      for (int i = 0; i < fields; ++i) {
        const h5::Handle field(H5Tget_member_type(type, static_cast<unsigned>(i)));
        if (!is_plain(field.get(), depth + 1)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

std::string field_name(hid_t type, int i) {
  const std::unique_ptr<char, herr_t (*)(void*)> name(
      H5Tget_member_name(type, static_cast<unsigned>(i)), &H5free_memory);
  return name == nullptr ? std::string() : std::string(name.get());
}

/// numpy's complex numbers: two reals named r and i.
bool is_complex(hid_t type) {
  if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 2) return false;
  return field_name(type, 0) == "r" && field_name(type, 1) == "i" &&
         H5Tget_member_class(type, 0) == H5T_FLOAT && H5Tget_member_class(type, 1) == H5T_FLOAT;
}

bool all_utf8(const h5::TextArena& arena) {
  return std::all_of(arena.texts().begin(), arena.texts().end(),
                     [](const auto& text) { return is_utf8(text.data()); });
}

/// A fixed-length text inside a record must be ASCII: AnnData decodes it as that.
bool has_foreign_bytes(hid_t type, std::span<const std::byte> records) {
  if (H5Tget_class(type) != H5T_COMPOUND) return false;
  const std::size_t size = H5Tget_size(type);
  for (int i = 0; i < H5Tget_nmembers(type); ++i) {
    const auto member = static_cast<unsigned>(i);
    const h5::Handle field(H5Tget_member_type(type, member));
    if (H5Tget_class(field.get()) != H5T_STRING || H5Tis_variable_str(field.get()) > 0) continue;
    const std::size_t offset = H5Tget_member_offset(type, member);
    const std::size_t length = H5Tget_size(field.get());
    for (std::size_t at = offset; at + length <= records.size(); at += size) {
      const auto text = records.subspan(at, length);
      if (std::any_of(text.begin(), text.end(),
                      [](std::byte b) { return (b & std::byte{0x80}) != std::byte{0}; })) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

std::string encoding_of(hid_t object) {
  return h5::text_attribute(object, "encoding-type").value_or("");
}

void CopyBudget::take_bytes(std::uint64_t bytes) {
  if (bytes > bytes_) {
    throw NotCopied("it would make the output far larger than the input; the file is damaged");
  }
  bytes_ -= bytes;
}

void CopyBudget::take_object() {
  if (objects_ == 0) throw NotCopied("the file holds too many elements");
  --objects_;
}

/// A data set, or a field of one, as an array of elements.
struct ArrayCopier::Source {
  hid_t dataset = H5I_INVALID_HID;
  h5::Handle element;           // type of an element, with the axes of array types taken off
  h5::Handle memory;            // what H5Dread takes; same bytes in memory
  std::vector<hsize_t> extent;  // axes of the data set, then those of its array type
  std::size_t own_rank = 0;     // axes of the data set
  std::size_t line_elements = 1;
  std::size_t line_bytes = 0;
  hsize_t lines = 1;
  bool is_text = false;
  bool is_variable_text = false;
};

ArrayCopier::Source ArrayCopier::open(hid_t dataset, const std::string& field) const {
  Source source;
  source.dataset = dataset;
  const h5::Handle space(H5Dget_space(dataset));
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) throw NotCopied("it is empty");
  source.extent = h5::shape(in_, dataset);
  source.own_rank = source.extent.size();
  h5::Handle type(H5Dget_type(dataset));
  if (!field.empty()) {
    const int index = H5Tget_member_index(type.get(), field.c_str());
    if (index < 0) throw NotCopied("it has no such field");
    type = h5::Handle(H5Tget_member_type(type.get(), static_cast<unsigned>(index)));
  }
  if (!type || !is_plain(type.get())) {
    throw NotCopied("its elements are references or of another kind that AnnData does not define");
  }
  if (field.empty()) {
    source.memory = h5::Handle(H5Tcopy(type.get()));
  } else {
    source.memory = h5::Handle(H5Tcreate(H5T_COMPOUND, H5Tget_size(type.get())));
    H5Tinsert(source.memory.get(), field.c_str(), 0, type.get());
  }
  while (H5Tget_class(type.get()) == H5T_ARRAY) {
    const int rank = H5Tget_array_ndims(type.get());
    std::vector<hsize_t> axes(static_cast<std::size_t>(std::max(rank, 0)));
    H5Tget_array_dims2(type.get(), axes.data());
    source.extent.insert(source.extent.end(), axes.begin(), axes.end());
    type = h5::Handle(H5Tget_super(type.get()));
  }
  source.element = std::move(type);
  std::uint64_t array_bytes = H5Tget_size(source.element.get());
  for (std::size_t axis = source.own_rank; axis < source.extent.size(); ++axis) {
    if (source.extent[axis] > max_line_bytes) throw NotCopied("its lines are too long");
    array_bytes *= source.extent[axis];
  }
  if (array_bytes == 0 || array_bytes != H5Tget_size(source.memory.get())) {
    throw NotCopied("its type contradicts itself; it is damaged");
  }
  source.is_text = H5Tget_class(source.element.get()) == H5T_STRING;
  source.is_variable_text = source.is_text && H5Tis_variable_str(source.element.get()) > 0;
  if (source.own_rank > 0) source.lines = source.extent[0];
  std::uint64_t bytes = H5Tget_size(source.element.get());
  for (std::size_t axis = source.own_rank > 0 ? 1 : 0; axis < source.extent.size(); ++axis) {
    if (source.extent[axis] > max_line_bytes) throw NotCopied("its lines are too long");
    bytes *= source.extent[axis];
    source.line_elements *= source.extent[axis];
    if (bytes > max_line_bytes) throw NotCopied("its lines are too long");
  }
  source.line_bytes = bytes;
  (void)h5::check_claim(in_, dataset);
  h5::check_chunks(in_, dataset);
  return source;
}

void ArrayCopier::check_cells(const std::vector<hsize_t>& extent, PerCell per_cell) const {
  if (per_cell == PerCell::no) return;
  const auto cells = static_cast<hsize_t>(n_input_);
  if (extent.empty() || extent[0] != cells) {
    throw NotCopied(fmt::format("it has {} lines for {} cells",
                                extent.empty() ? hsize_t{1} : extent[0], n_input_));
  }
  if (per_cell == PerCell::square && (extent.size() != 2 || extent[1] != cells)) {
    throw NotCopied("it is no matrix of cells x cells");
  }
}

template <class Use>
void ArrayCopier::for_kept_lines(const Source& source, PerCell per_cell, Use use) {
  budget_.take_bytes(source.line_bytes * source.lines);
  if (source.line_bytes == 0) return;
  hsize_t at_once = std::max<hsize_t>(1, piece_bytes / source.line_bytes);
  const std::vector<hsize_t> chunk = h5::chunk_shape(source.dataset);
  if (!chunk.empty() && chunk[0] > 0 && chunk[0] * source.line_bytes <= max_line_bytes) {
    // Whole chunks, so that none is inflated twice.
    at_once = std::max(at_once - at_once % chunk[0], chunk[0]);
  }
  const bool select = selects(per_cell);
  auto run = kept_.runs().begin();
  std::vector<std::byte> lines;
  h5::TextArena arena(max_piece_texts);
  h5::ReferenceCheck check(source.dataset);
  for (hsize_t first = 0; first < source.lines; first += at_once) {
    const hsize_t count = std::min(at_once, source.lines - first);
    lines.assign(count * source.line_bytes, std::byte{0});
    arena.clear();
    h5::Handle space(H5Dget_space(source.dataset));
    h5::Handle memory_space;
    if (source.own_rank > 0) {
      std::vector<hsize_t> start(source.own_rank, 0);
      std::vector<hsize_t> length(
          source.extent.begin(),
          source.extent.begin() + static_cast<std::ptrdiff_t>(source.own_rank));
      start[0] = first;
      length[0] = count;
      H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, length.data(),
                          nullptr);
      memory_space =
          h5::Handle(H5Screate_simple(static_cast<int>(source.own_rank), length.data(), nullptr));
    } else {
      memory_space = h5::Handle(H5Screate(H5S_SCALAR));
    }
    if (check.during([&] {
          return H5Dread(source.dataset, source.memory.get(), memory_space.get(), space.get(),
                         arena.transfer(), lines.data());
        }) < 0) {
      throw NotCopied(arena.full() ? "its texts are too long" : "it cannot be read; it is damaged");
    }
    budget_.take_bytes(arena.bytes());
    if (!all_utf8(arena) && !source.is_text) throw NotCopied("its texts are not UTF-8");
    if (has_foreign_bytes(source.element.get(), lines)) throw NotCopied("its texts are not ASCII");
    hsize_t n_lines = count;
    if (select) {
      n_lines = 0;
      // Runs that end before this piece are done with.
      while (run != kept_.runs().end() &&
             static_cast<hsize_t>(run->first) + static_cast<hsize_t>(run->count) <= first) {
        ++run;
      }
      for (auto r = run; r != kept_.runs().end() && static_cast<hsize_t>(r->first) < first + count;
           ++r) {
        const hsize_t from = std::max(static_cast<hsize_t>(r->first), first);
        const hsize_t to = std::min(static_cast<hsize_t>(r->first) + static_cast<hsize_t>(r->count),
                                    first + count);
        std::memmove(lines.data() + n_lines * source.line_bytes,
                     lines.data() + (from - first) * source.line_bytes,
                     (to - from) * source.line_bytes);
        n_lines += to - from;
      }
    }
    if (n_lines > 0) use(lines.data(), n_lines);
  }
}

void ArrayCopier::copy(hid_t dataset, const std::string& field, hid_t parent,
                       const std::string& name, const CopyOptions& options) {
  const Source source = open(dataset, field);
  check_cells(source.extent, options.per_cell);
  std::vector<hsize_t> extent = source.extent;
  const bool select = selects(options.per_cell);
  if (select) extent[0] = static_cast<hsize_t>(kept_.size());
  if (select && options.per_cell == PerCell::square) extent[1] = extent[0];
  while (extent.size() < options.min_rank) extent.push_back(1);
  const std::string encoding = field.empty() ? encoding_of(dataset) : "";
  const bool is_bytes =
      source.is_text && !source.is_variable_text && (encoding == "array" || encoding == "bytes");
  if (source.is_text && !is_bytes) {
    copy_texts(source, parent, name, options, extent);
    return;
  }
  h5::Handle copied = create_dataset(out_, parent, name, source.element.get(), extent);
  hsize_t line = 0;
  const std::size_t element = H5Tget_size(source.element.get());
  for_kept_lines(source, options.per_cell, [&](std::byte* lines, hsize_t count) {
    if (select && options.per_cell == PerCell::square) {
      std::byte* end = lines;
      for (hsize_t l = 0; l < count; ++l) {
        const std::byte* from = lines + l * source.line_bytes;
        for (const KeptCells::Run& run : kept_.runs()) {
          const std::size_t bytes = static_cast<std::size_t>(run.count) * element;
          std::memmove(end, from + static_cast<std::size_t>(run.first) * element, bytes);
          end += bytes;
        }
      }
    }
    write_lines(out_, copied.get(), source.element.get(), line, count, lines);
    line += count;
  });
  const bool record =
      H5Tget_class(source.element.get()) == H5T_COMPOUND && !is_complex(source.element.get());
  set_encoding(out_, copied.get(),
               record            ? "rec-array"
               : !extent.empty() ? "array"
               : source.is_text  ? "bytes"
                                 : "numeric-scalar",
               "0.2.0");
  out_.close(std::move(copied));
}

void ArrayCopier::copy_texts(const Source& source, hid_t parent, const std::string& name,
                             const CopyOptions& options, const std::vector<hsize_t>& extent) {
  const bool scalar = extent.empty() || (options.one_text_is_scalar && !source.is_variable_text &&
                                         H5Tget_cset(source.element.get()) == H5T_CSET_ASCII &&
                                         extent.size() == 1 && extent[0] == 1);
  const h5::Handle type = utf8_type();
  h5::Handle copied =
      create_dataset(out_, parent, name, type.get(), scalar ? std::vector<hsize_t>{} : extent);
  const std::size_t size = H5Tget_size(source.element.get());
  const bool space_padded =
      !source.is_variable_text && H5Tget_strpad(source.element.get()) == H5T_STR_SPACEPAD;
  TextList texts;
  bool latin1 = false;
  std::vector<const char*> pointers;
  hsize_t line = 0;
  for_kept_lines(source, options.per_cell, [&](const std::byte* lines, hsize_t count) {
    texts.clear();
    const std::size_t n = count * source.line_elements;
    for (std::size_t i = 0; i < n; ++i) {
      std::string_view text;
      if (source.is_variable_text) {
        const char* pointer = nullptr;
        std::memcpy(&pointer, lines + i * sizeof pointer, sizeof pointer);
        if (pointer != nullptr) text = pointer;
      } else {
        const auto* begin = reinterpret_cast<const char*>(lines) + i * size;
        text = {begin, strnlen(begin, size)};
        while (space_padded && text.ends_with(' ')) text.remove_suffix(1);
      }
      latin1 = latin1 || !is_utf8(text);
      texts.append(as_utf8(text));
    }
    pointers.resize(n);
    for (std::size_t i = 0; i < n; ++i) pointers[i] = texts.c_str(i);
    write_lines(out_, copied.get(), type.get(), line, count,
                static_cast<const void*>(pointers.data()));
    line += count;
  });
  set_encoding(out_, copied.get(), scalar ? "string" : "string-array", "0.2.0");
  out_.close(std::move(copied));
  if (latin1) {
    log_warning("{}: {}: texts that are not UTF-8 were taken as Latin-1.", in_.path(),
                h5::path_of(source.dataset));
  }
}

void ArrayCopier::copy_codes(hid_t dataset, const std::string& field, hid_t parent,
                             const std::string& name, PerCell per_cell, Index n_categories) {
  Source source = open(dataset, field);
  check_cells(source.extent, per_cell);
  if (H5Tget_class(source.element.get()) != H5T_INTEGER || source.extent.size() != 1) {
    throw NotCopied("its codes are no integers");
  }
  // AnnData's own codes are signed, and -1 is a missing value. Old unsigned ones grow by a step.
  const std::size_t size = H5Tget_size(source.element.get());
  const hid_t stored = n_categories <= 127 && size == 1     ? H5T_STD_I8LE
                       : n_categories <= 32767 && size <= 2 ? H5T_STD_I16LE
                       : size <= 4                          ? H5T_STD_I32LE
                                                            : H5T_STD_I64LE;
  if (field.empty()) {
    source.memory = h5::Handle(H5Tcopy(H5T_NATIVE_INT64));
  } else {
    source.memory = h5::Handle(H5Tcreate(H5T_COMPOUND, sizeof(std::int64_t)));
    H5Tinsert(source.memory.get(), field.c_str(), 0, H5T_NATIVE_INT64);
  }
  source.element = h5::Handle(H5Tcopy(H5T_NATIVE_INT64));
  source.line_bytes = sizeof(std::int64_t);
  const std::vector<hsize_t> extent = {selects(per_cell) ? static_cast<hsize_t>(kept_.size())
                                                         : source.lines};
  h5::Handle copied = create_dataset(out_, parent, name, stored, extent);
  hsize_t line = 0;
  for_kept_lines(source, per_cell, [&](const std::byte* lines, hsize_t count) {
    const std::span codes(reinterpret_cast<const std::int64_t*>(lines), count);
    for (const std::int64_t code : codes) {
      if (code < -1 || code >= n_categories) {
        throw NotCopied(fmt::format("code {} names none of its {} categories", code, n_categories));
      }
    }
    write_lines(out_, copied.get(), H5T_NATIVE_INT64, line, count, lines);
    line += count;
  });
  set_encoding(out_, copied.get(), "array", "0.2.0");
  out_.close(std::move(copied));
}

}  // namespace sicmir
