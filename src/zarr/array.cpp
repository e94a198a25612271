// SPDX-License-Identifier: BSD-3-Clause
#include "zarr/array.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/printable.hpp"
#include "sicmir/error.hpp"

namespace sicmir::zarr {
namespace {

constexpr std::uint64_t most_metadata = std::uint64_t{1} << 24;
constexpr std::uint64_t most_chunk = std::uint64_t{1} << 30;
constexpr std::size_t most_axes = 8;

std::string join(const std::string& key, const std::string& name) {
  return key.empty() ? name : key + "/" + name;
}

std::optional<Json> read_json_at(const Store& store, const std::string& key) {
  std::optional<std::string> text = store.read(key, most_metadata);
  if (!text) return std::nullopt;
  std::istringstream stream(*text);
  Json json = read_json(stream);
  if (json.is_discarded() || !json.is_object()) store.fail(key, "is no JSON object.");
  return json;
}

std::uint64_t product(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::uint64_t length : shape) {
    if (length != 0 && count > UINT64_MAX / length) return UINT64_MAX;
    count *= length;
  }
  return count;
}

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json member(const Json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto found = object.find(name);
  return found == object.end() ? Json() : *found;
}

/// Calls use(position as stored, position row-major) for each element of `shape`, which was stored
/// with its axes in `order`.
template <class Use>
void for_turned(const std::vector<std::uint64_t>& shape, const std::vector<std::size_t>& order,
                Use use) {
  const std::size_t rank = shape.size();
  std::vector<std::uint64_t> strides(rank, 1);  // row-major, per axis
  for (std::size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * shape[axis];
  std::vector<std::uint64_t> at(rank, 0);  // along the axes as stored
  const std::uint64_t count = product(shape);
  std::uint64_t position = 0;
  for (std::uint64_t stored = 0; stored < count; ++stored) {
    use(stored, position);
    for (std::size_t k = rank; k-- > 0;) {
      const std::size_t axis = order[k];
      position += strides[axis];
      if (++at[k] < shape[axis]) break;
      position -= strides[axis] * shape[axis];
      at[k] = 0;
    }
  }
}

}  // namespace

Node read_node(const Store& store, const std::string& key) {
  Node node;
  if (auto json = read_json_at(store, join(key, "zarr.json"))) {
    node.version = 3;
    const std::string kind = text_of(*json, "node_type");
    node.kind = kind == "array"   ? NodeKind::array
                : kind == "group" ? NodeKind::group
                                  : NodeKind::absent;
    if (node.kind == NodeKind::absent || member(*json, "zarr_format") != 3) {
      store.fail(join(key, "zarr.json"), "describes neither an array nor a group of Zarr 3.");
    }
    node.attributes = member(*json, "attributes");
    node.metadata = std::move(*json);
    return node;
  }
  for (const auto& [file, kind] :
       {std::pair(".zarray", NodeKind::array), std::pair(".zgroup", NodeKind::group)}) {
    auto json = read_json_at(store, join(key, file));
    if (!json) continue;
    if (member(*json, "zarr_format") != 2) store.fail(join(key, file), "is not of Zarr 2.");
    node.version = 2;
    node.kind = kind;
    node.metadata = std::move(*json);
    if (auto attributes = read_json_at(store, join(key, ".zattrs"))) {
      node.attributes = std::move(*attributes);
    }
    return node;
  }
  return node;
}

Array::Array(const Store& store, std::string key, const Node& node)
    : store_(store), key_(std::move(key)) {
  if (node.version == 3) {
    open_3(node.metadata);
  } else {
    open_2(node.metadata);
  }
  check_size();
}

std::vector<std::uint64_t> Array::sizes_of(const Json& list, const char* what) const {
  if (!list.is_array() || list.size() > most_axes) {
    fail(fmt::format("does not say its {}, or has more than {} axes.", what, most_axes));
  }
  std::vector<std::uint64_t> sizes;
  for (const Json& each : list) {
    if (!each.is_number_integer() || (each.is_number_integer() && each.get<std::int64_t>() < 0)) {
      fail(fmt::format("has an impossible {}.", what));
    }
    sizes.push_back(each.get<std::uint64_t>());
  }
  return sizes;
}

ElementType Array::type_of_2(const Json& metadata) const {
  const Json name = member(metadata, "dtype");
  if (!name.is_string()) fail("has records; arrays of numbers or texts are read.");
  const auto text = name.get<std::string>();
  ElementType type;
  std::size_t size = 0;
  const char* const end = text.data() + text.size();
  const bool sized = text.size() > 2 && std::from_chars(text.data() + 2, end, size).ptr == end;
  constexpr std::size_t longest = 1 << 20;
  type.big_endian = !text.empty() && text.front() == '>';
  if (text == "|O") {
    type.kind = ElementKind::text;
    return type;
  }
  const char letter = text.size() > 1 ? text[1] : '\0';
  const bool is_number = size == 1 || size == 2 || size == 4 || size == 8;
  type.bytes = size;
  if (sized && letter == 'b' && size == 1) {
    type.kind = ElementKind::boolean;
  } else if (sized && letter == 'i' && is_number) {
    type.kind = ElementKind::integer;
  } else if (sized && letter == 'u' && is_number) {
    type.kind = ElementKind::unsigned_integer;
  } else if (sized && letter == 'f' && is_number && size > 1) {
    type.kind = ElementKind::real;
  } else if (sized && letter == 'U' && size <= longest) {
    type.kind = ElementKind::fixed_utf32;
    type.bytes = size * 4;
  } else if (sized && letter == 'S' && size <= longest) {
    type.kind = ElementKind::fixed_bytes;
  } else {
    fail(fmt::format("has elements of type '{}', which are not read.", printable(text)));
  }
  return type;
}

void Array::open_2(const Json& metadata) {
  shape_ = sizes_of(member(metadata, "shape"), "shape");
  chunk_ = sizes_of(member(metadata, "chunks"), "chunks");
  type_ = type_of_2(metadata);
  fill_ = member(metadata, "fill_value");
  const std::string separator = text_of(metadata, "dimension_separator");
  separator_ = separator == "/" ? "/" : ".";
  codecs_.big_endian = type_.big_endian;
  codecs_.texts = type_.kind == ElementKind::text;
  if (text_of(metadata, "order") == "F" && shape_.size() > 1) {
    for (std::size_t axis = shape_.size(); axis-- > 0;) codecs_.order.push_back(axis);
  }
  bool is_text = false;
  const Json filters = member(metadata, "filters");
  for (const Json& filter : filters.is_array() ? filters : Json::array()) {
    const std::string name = text_of(filter, "id");
    if (name == "vlen-utf8" && codecs_.texts) {
      is_text = true;
    } else if (name == "shuffle" && codecs_.shuffled == 0 &&
               member(filter, "elementsize").is_number_unsigned()) {
      codecs_.shuffled = member(filter, "elementsize").get<std::size_t>();
    } else {
      fail(fmt::format("uses the filter '{}', which is not read. Write it again without.",
                       printable(name)));
    }
  }
  if (codecs_.texts && !is_text) {
    fail("holds Python objects that are no texts; they are not read.");
  }
  const Json compressor = member(metadata, "compressor");
  if (compressor.is_null()) return;
  const std::string name = text_of(compressor, "id");
  const auto compression = compression_named(name);
  if (!compression) {
    fail(
        fmt::format("is compressed with '{}'; blosc, zstd, gzip, zlib, lz4, bz2 and lzma are "
                    "read.",
                    printable(name)));
  }
  codecs_.compressions = {*compression};
}

ElementType Array::type_of_3(const Json& type) const {
  ElementType found;
  const std::string name = type.is_string() ? type.get<std::string>() : text_of(type, "name");
  if (name == "string") {
    found.kind = ElementKind::text;
    return found;
  }
  if (name == "fixed_length_utf32") {
    const Json length = member(member(type, "configuration"), "length_bytes");
    constexpr std::uint64_t longest = 1 << 22;
    if (length.is_number_unsigned() && length.get<std::uint64_t>() <= longest &&
        length.get<std::uint64_t>() % 4 == 0) {
      found.kind = ElementKind::fixed_utf32;
      found.bytes = length.get<std::size_t>();
      return found;
    }
  }
  struct Known {
    std::string_view name;
    ElementKind kind;
    std::size_t bytes;
  };
  constexpr std::array<Known, 12> known = {{
      {"bool", ElementKind::boolean, 1},
      {"int8", ElementKind::integer, 1},
      {"int16", ElementKind::integer, 2},
      {"int32", ElementKind::integer, 4},
      {"int64", ElementKind::integer, 8},
      {"uint8", ElementKind::unsigned_integer, 1},
      {"uint16", ElementKind::unsigned_integer, 2},
      {"uint32", ElementKind::unsigned_integer, 4},
      {"uint64", ElementKind::unsigned_integer, 8},
      {"float16", ElementKind::real, 2},
      {"float32", ElementKind::real, 4},
      {"float64", ElementKind::real, 8},
  }};
  for (const Known& each : known) {
    if (each.name != name) continue;
    found.kind = each.kind;
    found.bytes = each.bytes;
    return found;
  }
  fail(fmt::format("has elements of type '{}', which are not read.", printable(name)));
}

Array::Codecs Array::codecs_of(const Json& list, bool outer) {
  Codecs codecs;
  if (!list.is_array()) fail("does not list its codecs.");
  for (const Json& codec : list) {
    const std::string name = codec.is_string() ? codec.get<std::string>() : text_of(codec, "name");
    const Json options = codec.is_object() ? member(codec, "configuration") : Json();
    if (name == "bytes") {
      codecs.big_endian =
          text_of(options.is_object() ? options : Json::object(), "endian") == "big";
    } else if (name == "vlen-utf8") {
      codecs.texts = true;
    } else if (name == "transpose") {
      const std::vector<std::uint64_t> order = sizes_of(member(options, "order"), "order of axes");
      std::vector<std::uint64_t> sorted = order;
      std::sort(sorted.begin(), sorted.end());
      for (std::size_t i = 0; i < sorted.size(); ++i) {
        if (sorted[i] != i || order.size() != shape_.size()) {
          fail("has an impossible order of axes.");
        }
      }
      codecs.order.assign(order.begin(), order.end());
    } else if (name == "sharding_indexed" && outer && list.size() == 1) {
      Shards shards;
      shards.inner = sizes_of(member(options, "chunk_shape"), "chunks in shards");
      shards.index_first = text_of(options, "index_location") == "start";
      shards.index = codecs_of(member(options, "index_codecs"), false);
      codecs = codecs_of(member(options, "codecs"), false);
      shards_ = std::move(shards);
      return codecs;
    } else if (const auto compression = compression_named(name)) {
      codecs.compressions.push_back(*compression);
    } else {
      fail(fmt::format("uses the codec '{}', which is not read.", printable(name)));
    }
  }
  return codecs;
}

void Array::open_3(const Json& metadata) {
  shape_ = sizes_of(member(metadata, "shape"), "shape");
  const Json grid = member(metadata, "chunk_grid");
  if (text_of(grid.is_object() ? grid : Json::object(), "name") != "regular") {
    fail("has chunks that are not all of one shape; they are not read.");
  }
  chunk_ = sizes_of(member(member(grid, "configuration"), "chunk_shape"), "chunks");
  type_ = type_of_3(member(metadata, "data_type"));
  fill_ = member(metadata, "fill_value");
  const Json encoding = member(metadata, "chunk_key_encoding");
  const bool as_in_2 = encoding.is_object() && text_of(encoding, "name") == "v2";
  prefixed_ = !as_in_2;
  separator_ = as_in_2 ? "." : "/";
  const Json separator = member(member(encoding, "configuration"), "separator");
  if (separator.is_string() && (separator == "/" || separator == ".")) {
    separator_ = separator.get<std::string>();
  }
  codecs_ = codecs_of(member(metadata, "codecs"), true);
  type_.big_endian = codecs_.big_endian;
  if ((type_.kind == ElementKind::text) != codecs_.texts) {
    fail("holds texts that are not stored as vlen-utf8.");
  }
}

std::uint64_t Array::most_bytes(const std::vector<std::uint64_t>& shape) const {
  // Texts are checked one by one.
  if (type_.bytes == 0) return most_chunk;
  const std::uint64_t count = product(shape);
  return count > most_chunk / type_.bytes ? UINT64_MAX : count * type_.bytes;
}

void Array::check_size() const {
  if (chunk_.size() != shape_.size() ||
      std::find(chunk_.begin(), chunk_.end(), 0U) != chunk_.end()) {
    fail("has chunks that do not fit its shape.");
  }
  if (most_bytes(chunk_) > most_chunk || product(chunk_) > most_chunk) {
    fail("claims chunks of more than 1 GiB.");
  }
  if (shards_) {
    for (std::size_t axis = 0; axis < chunk_.size(); ++axis) {
      if (shards_->inner.size() != chunk_.size() || shards_->inner[axis] == 0 ||
          chunk_[axis] % shards_->inner[axis] != 0) {
        fail("has shards that do not consist of whole chunks.");
      }
    }
    // What a shard lacks is filled in, so a few bytes may stand for all of it.
    constexpr std::uint64_t freely = 1U << 20;
    const std::uint64_t of_a_byte = type_.kind == ElementKind::text ? 16 : 1100;
    const std::uint64_t claimed = product(chunk_);
    if (claimed > freely && (claimed - freely) / of_a_byte > store_.bytes()) {
      fail(
          fmt::format("claims shards of {} elements, but the store has only {} bytes; it is "
                      "damaged.",
                      claimed, store_.bytes()));
    }
    if (fill_.is_string() && fill_.get_ref<const std::string&>().size() >
                                 most_chunk / std::max<std::uint64_t>(claimed, 1)) {
      fail("has a fill value that is too long for its shards.");
    }
  }
  // As for HDF5 (h5::check_claim): what no compression can have made of data is a claim.
  const std::uint64_t count = product(shape_);
  constexpr std::uint64_t free_elements = 1U << 20;
  if (count > free_elements && count / 1100 > store_.bytes()) {
    fail(fmt::format("claims {} elements but the store has only {} bytes; it is damaged.", count,
                     store_.bytes()));
  }
  std::uint64_t n_chunks = 1;
  for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
    const std::uint64_t along = shape_[axis] / chunk_[axis] + 1;
    n_chunks = n_chunks > UINT64_MAX / along ? UINT64_MAX : n_chunks * along;
  }
  if (n_chunks > free_elements + 64 * store_.n_files()) {
    fail(fmt::format("claims {} chunks, but the store has {} files; it is damaged.", n_chunks,
                     store_.n_files()));
  }
}

std::string Array::key_of(const std::vector<std::uint64_t>& at) const {
  std::string key = prefixed_ ? "c" : "";
  for (const std::uint64_t each : at) {
    if (!key.empty()) key += separator_;
    key += std::to_string(each);
  }
  if (key.empty()) key = "0";
  return join(key_, key);
}

bool Array::read(const std::vector<std::uint64_t>& at, Chunk& chunk) const {
  chunk.bytes.clear();
  chunk.texts.clear();
  std::optional<std::string> stored = store_.read(key_of(at), 2 * most_chunk);
  if (!stored) return false;
  try {
    if (shards_) {
      read_shard(*stored, chunk);
    } else {
      decode(codecs_, chunk_, std::move(*stored), chunk);
    }
  } catch (const std::runtime_error& error) {
    if (dynamic_cast<const Error*>(&error) != nullptr) throw;
    store_.fail(key_of(at), fmt::format("is damaged: {}.", error.what()));
  }
  return true;
}

void Array::decode(const Codecs& codecs, const std::vector<std::uint64_t>& shape,
                   std::string stored, Chunk& chunk) const {
  const std::uint64_t most = most_bytes(shape);
  // Checksums add to it.
  constexpr std::uint64_t room = 4096;
  for (std::size_t i = codecs.compressions.size(); i-- > 0;) {
    const std::uint64_t allowed = i == 0 ? most : most + most / 8 + room;
    stored = decompress(codecs.compressions[i], stored, allowed);
  }
  const std::uint64_t count = product(shape);
  if (codecs.shuffled > 1) {
    const std::size_t n = stored.size() / codecs.shuffled;
    std::string plain(stored.size(), '\0');
    if (n * codecs.shuffled != stored.size()) throw std::runtime_error("it has a wrong length");
    for (std::size_t byte = 0; byte < codecs.shuffled; ++byte) {
      for (std::size_t i = 0; i < n; ++i) plain[i * codecs.shuffled + byte] = stored[byte * n + i];
    }
    stored = std::move(plain);
  }
  if (codecs.texts) {
    constexpr std::size_t word = 4;
    if (stored.size() < word || little_endian(stored, 0, word) != count) {
      throw std::runtime_error(fmt::format("it does not hold {} texts", count));
    }
    std::vector<std::string> texts;
    std::size_t at = word;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (stored.size() - at < word) throw std::runtime_error("its texts end too early");
      const std::uint64_t length = little_endian(stored, at, word);
      at += word;
      if (length > stored.size() - at) throw std::runtime_error("its texts end too early");
      texts.emplace_back(stored, at, length);
      at += length;
    }
    if (!codecs.order.empty()) throw std::runtime_error("texts with turned axes are not read");
    chunk.texts = std::move(texts);
    return;
  }
  if (stored.size() != count * type_.bytes) {
    throw std::runtime_error(
        fmt::format("it has {} bytes; {} belong there", stored.size(), count * type_.bytes));
  }
  if (codecs.order.empty()) {
    chunk.bytes = std::move(stored);
    return;
  }
  chunk.bytes.resize(stored.size());
  for_turned(shape, codecs.order, [&](std::uint64_t from, std::uint64_t to) {
    std::memcpy(chunk.bytes.data() + to * type_.bytes, stored.data() + from * type_.bytes,
                type_.bytes);
  });
}

/// A shard has, beside its chunks, for each of them (row-major) an offset and a length; all bits
/// set: it is not there.
void Array::read_shard(const std::string& shard, Chunk& chunk) const {
  std::vector<std::uint64_t> grid;
  for (std::size_t axis = 0; axis < chunk_.size(); ++axis) {
    grid.push_back(chunk_[axis] / shards_->inner[axis]);
  }
  const std::uint64_t n_inner = product(grid);
  std::uint64_t index_bytes = n_inner * 16;
  const bool checked =
      std::find(shards_->index.compressions.begin(), shards_->index.compressions.end(),
                Compression::crc32c) != shards_->index.compressions.end();
  if (shards_->index.compressions.size() > (checked ? 1U : 0U) || shards_->index.big_endian) {
    throw std::runtime_error("its index is compressed, which is not read");
  }
  if (checked) index_bytes += 4;
  if (shard.size() < index_bytes) throw std::runtime_error("it is too short for its index");
  std::string index =
      shard.substr(shards_->index_first ? 0 : shard.size() - index_bytes, index_bytes);
  if (checked) index = decompress(Compression::crc32c, index, n_inner * 16);

  const std::uint64_t count = product(chunk_);
  if (codecs_.texts) {
    chunk.texts.assign(count, fill_.is_string() ? fill_.get<std::string>() : std::string());
  } else {
    chunk.bytes.assign(count * type_.bytes, '\0');
    const bool zero = fill_.is_null() || fill_ == 0 || fill_ == false ||
                      (fill_.is_string() && fill_.get_ref<const std::string&>().empty());
    if (!zero) throw std::runtime_error("shards with a fill value other than 0 are not read");
  }
  std::vector<std::uint64_t> strides(chunk_.size(), 1);
  for (std::size_t axis = chunk_.size(); axis-- > 1;) {
    strides[axis - 1] = strides[axis] * chunk_[axis];
  }
  std::vector<std::size_t> plain(chunk_.size());
  std::iota(plain.begin(), plain.end(), std::size_t{0});
  const std::uint64_t inner_count = product(shards_->inner);
  Chunk inner;
  std::vector<std::uint64_t> at(chunk_.size(), 0);
  for (std::uint64_t i = 0; i < n_inner; ++i) {
    const std::uint64_t offset = little_endian(index, i * 16, 8);
    const std::uint64_t length = little_endian(index, i * 16 + 8, 8);
    if (offset != UINT64_MAX || length != UINT64_MAX) {
      if (offset > shard.size() || length > shard.size() - offset) {
        throw std::runtime_error("its index points outside of it");
      }
      decode(codecs_, shards_->inner, shard.substr(offset, length), inner);
      std::uint64_t corner = 0;
      for (std::size_t axis = 0; axis < at.size(); ++axis) {
        corner += at[axis] * shards_->inner[axis] * strides[axis];
      }
      // Row-major within the inner chunk: lines along the last axis stay together.
      const std::uint64_t line = shards_->inner.empty() ? 1 : shards_->inner.back();
      std::vector<std::uint64_t> within(at.size(), 0);
      for (std::uint64_t from = 0; from < inner_count; from += line) {
        std::uint64_t to = corner;
        for (std::size_t axis = 0; axis < within.size(); ++axis) to += within[axis] * strides[axis];
        if (codecs_.texts) {
          for (std::uint64_t k = 0; k < line; ++k) chunk.texts[to + k] = inner.texts[from + k];
        } else {
          std::memcpy(chunk.bytes.data() + to * type_.bytes,
                      inner.bytes.data() + from * type_.bytes, line * type_.bytes);
        }
        for (std::size_t axis = within.empty() ? 0 : within.size() - 1; axis-- > 0;) {
          if (++within[axis] < shards_->inner[axis]) break;
          within[axis] = 0;
        }
      }
    }
    for (std::size_t axis = at.size(); axis-- > 0;) {
      if (++at[axis] < grid[axis]) break;
      at[axis] = 0;
    }
  }
}

}  // namespace sicmir::zarr
