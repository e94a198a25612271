// SPDX-License-Identifier: BSD-3-Clause
/// AnnData as Zarr, versions 2 and 3: the same elements as in an .h5ad, in a folder or a zip
/// archive (AnnData's "On-disk format"). Groups, arrays and attributes are copied one by one to a
/// temporary HDF5 file, chunk after chunk, which is then read like any .h5ad.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/text_list.hpp"
#include "input/anndata_image.hpp"
#include "input/h5_matrix_source.hpp"
#include "input/sources.hpp"
#include "zarr/array.hpp"

namespace sicmir {
namespace {

using ascii::lower;

using h5::Handle;
using zarr::Array;
using zarr::ElementKind;
using zarr::ElementType;
using zarr::NodeKind;
using zarr::Store;

/// Of what is compressed: no data set shrinks further, and a small file must not fill a disk.
constexpr std::uint64_t most_unpacked_times = 256;
constexpr std::uint64_t unpacked_freely = std::uint64_t{1} << 28;

std::string join(const std::string& key, const std::string& name) {
  return key.empty() ? name : key + "/" + name;
}

void copy_attributes(const H5Output& out, hid_t object, const Json& attributes) {
  if (!attributes.is_object()) return;
  for (const auto& [name, value] : attributes.items()) {
    constexpr std::size_t most = 4000;  // more does not fit into an object's header
    constexpr std::size_t longest_name = 1000;
    if (name.empty() || name.size() > longest_name) continue;
    const auto all = [&value = value](auto is) {
      return std::all_of(value.begin(), value.end(), is);
    };
    if (value.is_string()) {
      set_text(out, object, name.c_str(), value.get<std::string>());
    } else if (value.is_boolean()) {
      set_bool(out, object, name.c_str(), value.get<bool>());
    } else if (value.is_number_integer()) {
      set_integer(out, object, name.c_str(), value.get<std::int64_t>());
    } else if (value.is_array() && value.size() <= most) {
      if (all([](const Json& each) { return each.is_string(); })) {
        set_texts(out, object, name.c_str(), value.get<std::vector<std::string>>());
      } else if (all([](const Json& each) { return each.is_number_integer(); })) {
        set_integers(out, object, name.c_str(), value.get<std::vector<std::int64_t>>());
      }
    }
  }
}

/// The element as it is in Zarr's chunks.
Handle memory_type(const H5Output& out, const ElementType& type) {
  switch (type.kind) {
    case ElementKind::boolean:
      return bool_type(out);
    case ElementKind::integer:
    case ElementKind::unsigned_integer: {
      Handle made(H5Tcopy(type.kind == ElementKind::integer ? H5T_STD_I8LE : H5T_STD_U8LE));
      out.check(H5Tset_size(made.get(), type.bytes));
      out.check(H5Tset_precision(made.get(), type.bytes * 8));
      out.check(H5Tset_order(made.get(), type.big_endian ? H5T_ORDER_BE : H5T_ORDER_LE));
      return made;
    }
    default: {
      Handle made(H5Tcopy(type.bytes == 8 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE));
      if (type.bytes == 2) {  // IEEE 754 binary16
        out.check(H5Tset_fields(made.get(), 15, 10, 5, 0, 10));
        out.check(H5Tset_size(made.get(), 2));
        out.check(H5Tset_ebias(made.get(), 15));
      }
      out.check(H5Tset_order(made.get(), type.big_endian ? H5T_ORDER_BE : H5T_ORDER_LE));
      return made;
    }
  }
}

bool holds_texts(const ElementType& type) {
  return type.kind == ElementKind::text || type.kind == ElementKind::fixed_utf32 ||
         type.kind == ElementKind::fixed_bytes;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | code >> 6U);
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | code >> 12U);
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | code >> 18U);
    put(0x80U | (code >> 12U & 0x3FU));
    put(0x80U | (code >> 6U & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

/// Element `i` of a chunk of texts of fixed length.
std::string fixed_text(const ElementType& type, const std::string& bytes, std::uint64_t i) {
  const std::string_view element(bytes.data() + i * type.bytes, type.bytes);
  std::string text;
  if (type.kind == ElementKind::fixed_bytes) {
    text = element.substr(0, std::min(element.find('\0'), element.size()));
    return as_utf8(text);
  }
  for (std::size_t at = 0; at + 4 <= element.size(); at += 4) {
    std::uint32_t code = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      const std::size_t place = type.big_endian ? at + byte : at + 3 - byte;
      code = code << 8U | static_cast<unsigned char>(element[place]);
    }
    if (code == 0) break;
    constexpr std::uint32_t last = 0x10FFFF;
    append_utf8(text, code > last ? 0xFFFDU : code);
  }
  return text;
}

/// Copies a hierarchy of Zarr to an image.
class ZarrTranslation {
 public:
  ZarrTranslation(const Store& store, const H5Output& out) : store_(store), out_(out) {}

  /// A node and all below; to the same place.
  void copy(const std::string& key, int depth = 0) {
    const zarr::Node node = zarr::read_node(store_, key);
    constexpr int most_depth = 16;
    if (node.kind == NodeKind::array) {
      copy_array(key, node);
    } else if (node.kind == NodeKind::group && depth < most_depth) {
      const Handle group = create_group(out_, out_.id(), key, "", "");
      copy_attributes(out_, group.get(), node.attributes);
      const std::string encoding =
          node.attributes.is_object() && node.attributes.contains("encoding-type")
              ? json_text(node.attributes["encoding-type"])
              : "";
      complete_ = encoding == "\"csr_matrix\"" || encoding == "\"csc_matrix\"";
      for (const std::string& name : store_.folders(key)) copy(join(key, name), depth + 1);
      complete_ = false;
    }
  }
  /// The same for what no prediction needs: what cannot be read is left out, with a word.
  void try_copy(const std::string& key) {
    const zarr::Node node = zarr::read_node(store_, key);
    if (node.kind != NodeKind::group) return;
    const Handle group = create_group(out_, out_.id(), key, "", "");
    copy_attributes(out_, group.get(), node.attributes);
    for (const std::string& name : store_.folders(key)) {
      const std::string below = join(key, name);
      try {
        copy(below);
      } catch (const Error& error) {
        if (error.code() != ExitCode::bad_input) throw;
        left_out_.push_back({"annotation_left_out",
                             fmt::format("an annotation is left out: {}", error.what()),
                             {{"names", std::vector<std::string>{below}}}});
        if (H5Lexists(out_.id(), below.c_str(), H5P_DEFAULT) > 0) {
          out_.check(H5Ldelete(out_.id(), below.c_str(), H5P_DEFAULT));
        }
      }
    }
  }
  [[nodiscard]] const std::vector<Note>& left_out() const noexcept { return left_out_; }

 private:
  void copy_array(const std::string& key, const zarr::Node& node) {
    const Array array(store_, key, node);
    const bool texts = holds_texts(array.type());
    ElementType stored = array.type();
    stored.big_endian = false;
    if (stored.kind == ElementKind::real && stored.bytes == 2) stored.bytes = 4;
    const Handle memory = texts ? utf8_type() : memory_type(out_, array.type());
    const Handle type = texts ? utf8_type() : memory_type(out_, stored);
    const std::vector<hsize_t> extent(array.shape().begin(), array.shape().end());
    take_bytes(array);
    Handle dataset = create_dataset(out_, out_.id(), key, type.get(), extent);
    copy_attributes(out_, dataset.get(), node.attributes);
    copy_chunks(array, dataset.get(), memory.get());
    out_.close(std::move(dataset));
  }

  /// A few bytes can claim many.
  void take_bytes(const Array& array) {
    std::uint64_t bytes = std::max<std::size_t>(array.type().bytes, 1);
    for (const std::uint64_t length : array.shape()) bytes *= length;  // checked by Array
    if (bytes > bytes_left_) {
      store_.fail(array.key(), "unpacks to more than the store can hold; it is damaged.");
    }
    bytes_left_ -= bytes;
  }

  void copy_chunks(const Array& array, hid_t dataset, hid_t memory) {
    const std::size_t rank = array.shape().size();
    const std::vector<std::uint64_t>& chunk_shape = array.chunk_shape();
    std::vector<std::uint64_t> n_chunks;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      if (array.shape()[axis] == 0) return;
      n_chunks.push_back((array.shape()[axis] - 1) / chunk_shape[axis] + 1);
    }
    std::vector<std::uint64_t> at(rank, 0);
    Array::Chunk chunk;
    for (;;) {
      const bool is_there = array.read(at, chunk);
      if (!is_there) fill(array, chunk);
      write(array, at, chunk, dataset, memory);
      std::size_t axis = rank;
      for (; axis-- > 0;) {
        if (++at[axis] < n_chunks[axis]) break;
        at[axis] = 0;
      }
      if (axis >= rank) return;
    }
  }

  /// A chunk of the fill value, as Zarr leaves it out.
  void fill(const Array& array, Array::Chunk& chunk) const {
    std::uint64_t count = 1;
    for (const std::uint64_t length : array.chunk_shape()) count *= length;
    const Json& value = array.fill();
    if (holds_texts(array.type())) {
      if (array.type().kind == ElementKind::text) {
        chunk.texts.assign(count, value.is_string() ? value.get<std::string>() : "");
      } else {
        chunk.bytes.assign(count * array.type().bytes, '\0');
      }
      return;
    }
    if (complete_) {
      store_.fail(array.key(),
                  "lacks a chunk, so a part of the matrix is missing. Was the store "
                  "copied completely?");
    }
    const bool zero = value.is_null() || value == 0 || value == false;
    if (!zero) {
      store_.fail(array.key(), fmt::format("lacks a chunk that stands for {} everywhere; such a "
                                           "fill value is not read.",
                                           json_text(value)));
    }
    chunk.bytes.assign(count * array.type().bytes, '\0');
  }

  /// The part of the chunk that lies within the array.
  void write(const Array& array, const std::vector<std::uint64_t>& at, const Array::Chunk& chunk,
             hid_t dataset, hid_t memory) const {
    const std::size_t rank = at.size();
    std::vector<hsize_t> start;
    std::vector<hsize_t> size;
    for (std::size_t axis = 0; axis < rank; ++axis) {
      start.push_back(at[axis] * array.chunk_shape()[axis]);
      size.push_back(
          std::min<hsize_t>(array.chunk_shape()[axis], array.shape()[axis] - start.back()));
    }
    const h5::Lock lock;
    const Handle space = out_.checked(H5Dget_space(dataset));
    Handle memory_space(H5Screate(H5S_SCALAR));
    if (rank > 0) {
      const std::vector<hsize_t> whole(array.chunk_shape().begin(), array.chunk_shape().end());
      const std::vector<hsize_t> corner(rank, 0);
      memory_space = out_.checked(H5Screate_simple(static_cast<int>(rank), whole.data(), nullptr));
      out_.check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                     size.data(), nullptr));
      out_.check(H5Sselect_hyperslab(memory_space.get(), H5S_SELECT_SET, corner.data(), nullptr,
                                     size.data(), nullptr));
    }
    if (!holds_texts(array.type())) {
      out_.check(H5Dwrite(dataset, memory, memory_space.get(), space.get(), H5P_DEFAULT,
                          chunk.bytes.data()));
      return;
    }
    std::vector<std::string> fixed;
    if (array.type().kind != ElementKind::text) {
      const std::uint64_t count =
          array.type().bytes == 0 ? 0 : chunk.bytes.size() / array.type().bytes;
      for (std::uint64_t i = 0; i < count; ++i) {
        fixed.push_back(fixed_text(array.type(), chunk.bytes, i));
      }
    }
    std::vector<const char*> pointers;
    for (const std::string& text : array.type().kind == ElementKind::text ? chunk.texts : fixed) {
      pointers.push_back(text.c_str());
    }
    out_.check(H5Dwrite(dataset, memory, memory_space.get(), space.get(), H5P_DEFAULT,
                        static_cast<const void*>(pointers.data())));
  }

  const Store& store_;
  const H5Output& out_;
  std::uint64_t bytes_left_ = most_unpacked_times * store_.bytes() + unpacked_freely;
  bool complete_ = false;  // of sparse matrices, whose chunks never consist of the fill value
  std::vector<Note> left_out_;
};

/// Which of these matrices may be read: all that `--layer auto` looks at, or the one it names.
bool is_needed(const std::string& path, const std::string& layer) {
  if (layer != "auto" && !layer.empty()) {
    return path == layer || path == "layers/" + layer || (path == "raw/X" && layer == "raw");
  }
  const std::string name = lower(path);
  return name == "x" || name == "raw/x" || name == "layers/counts" || name == "layers/raw_counts" ||
         name == "layers/raw";
}

void check_root(const Store& store, const std::vector<std::string>& folders) {
  const zarr::Node root = zarr::read_node(store, "");
  const auto has = [&](const char* name) {
    return std::find(folders.begin(), folders.end(), name) != folders.end();
  };
  if (root.kind == NodeKind::group && has("obs") && has("var")) return;
  std::vector<std::string> shown;
  shown.reserve(folders.size());
  for (const std::string& name : folders) shown.push_back(printable(name));
  store.fail("", fmt::format("this Zarr store holds no AnnData object (obs and var). At its root "
                             "it has: {}. Give the path of the object in it ({}), or write it as "
                             ".h5ad.",
                             shown.empty() ? "nothing" : joined(shown, ", "),
                             has("tables") ? "tables/NAME of SpatialData" : "mod/rna of MuData"));
}

}  // namespace

std::unique_ptr<CellSource> open_zarr_source(const std::string& path, bool zipped,
                                             const SourceOptions& options, const GeneIndex& genes) {
  const std::unique_ptr<Store> store = zipped ? Store::open_zip(path) : Store::open_folder(path);
  const std::vector<std::string> at_root = store->folders("");
  check_root(*store, at_root);
  AnnDataImage image(path);
  std::vector<std::string> others;
  std::vector<Note> left_out;
  {
    const h5::Lock lock;
    ZarrTranslation translation(*store, image.out());
    translation.copy("obs");
    translation.copy("var");
    std::vector<std::string> matrices;
    if (std::find(at_root.begin(), at_root.end(), "X") != at_root.end()) matrices.emplace_back("X");
    if (zarr::read_node(*store, "raw/X").kind != NodeKind::absent) {
      translation.copy("raw/var");
      matrices.emplace_back("raw/X");
    }
    for (const std::string& name : store->folders("layers")) matrices.push_back("layers/" + name);
    for (const std::string& matrix : matrices) {
      if (is_needed(matrix, options.layer)) {
        translation.copy(matrix);
      } else {
        others.push_back(matrix);
      }
    }
    for (const char* part : {"obsm", "obsp", "uns"}) translation.try_copy(part);
    left_out = translation.left_out();
  }
  H5Parts parts =
      open_h5ad(std::make_unique<h5::File>(h5::File::open_read(image.finish())), options, genes);
  parts.temporary = image.release();
  SourceDescription& description = parts.description;
  const int version = zarr::read_node(*store, "").version;
  description.format = fmt::format("AnnData Zarr {}{}", version, zipped ? " (zip)" : "");
  description.is_h5ad = false;
  description.other_matrices.insert(description.other_matrices.end(), others.begin(), others.end());
  description.warnings.insert(description.warnings.end(), left_out.begin(), left_out.end());
  return make_h5_source(std::move(parts), options);
}

}  // namespace sicmir
