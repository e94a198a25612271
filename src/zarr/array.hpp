// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Nodes of a Zarr hierarchy, versions 2 and 3. (Sources: the Zarr 2 and 3 specifications,
/// zarr-specs.readthedocs.io; sharding: its "sharding-indexed" codec; texts of variable length:
/// numcodecs' vlen-utf8.)

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "zarr/codecs.hpp"
#include "zarr/store.hpp"

namespace sicmir::zarr {

enum class NodeKind : std::uint8_t { absent, group, array };

/// What stands at a key: its metadata, attributes included.
struct Node {  // NOLINT(bugprone-exception-escape): Json's move checks itself
  NodeKind kind = NodeKind::absent;
  int version = 0;  ///< 2 or 3
  Json metadata;
  Json attributes;
};

/// Throws Error(bad_input) if there is metadata that cannot be read.
[[nodiscard]] Node read_node(const Store& store, const std::string& key);

enum class ElementKind : std::uint8_t {
  boolean,
  integer,
  unsigned_integer,
  real,
  text,         ///< of variable length, UTF-8
  fixed_utf32,  ///< `bytes` long, filled up with zeros
  fixed_bytes,  ///< likewise
};

struct ElementType {
  ElementKind kind = ElementKind::real;
  std::size_t bytes = 0;  ///< of an element; 0: variable
  bool big_endian = false;
};

class Array {
 public:
  /// Throws Error(bad_input) for a type, codec, filter or form that is not read, naming it; for
  /// shapes and chunks that are larger than the store can hold.
  Array(const Store& store, std::string key, const Node& node);

  [[nodiscard]] const std::vector<std::uint64_t>& shape() const noexcept { return shape_; }
  [[nodiscard]] const std::vector<std::uint64_t>& chunk_shape() const noexcept { return chunk_; }
  [[nodiscard]] const ElementType& type() const noexcept { return type_; }
  [[nodiscard]] const Json& fill() const noexcept { return fill_; }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }

  /// A chunk, whole, its elements row-major: numbers and texts of fixed length as bytes.
  struct Chunk {
    std::string bytes;
    std::vector<std::string> texts;
  };
  /// False: the chunk is not stored; it consists of fill().
  [[nodiscard]] bool read(const std::vector<std::uint64_t>& at, Chunk& chunk) const;

 private:
  /// Of one level: of the array, or of what is in a shard.
  struct Codecs {
    std::vector<std::size_t> order;  ///< of the axes as stored; empty: as they are
    bool big_endian = false;
    bool texts = false;
    std::vector<Compression> compressions;  ///< in the order in which they were applied
    std::size_t shuffled = 0;               ///< numcodecs' Shuffle: bytes of an element; 0: none
  };
  struct Shards {
    std::vector<std::uint64_t> inner;  ///< shape of the chunks in a shard
    Codecs index;
    bool index_first = false;
  };

  [[noreturn]] void fail(const std::string& what) const { store_.fail(key_, what); }
  void open_2(const Json& metadata);
  void open_3(const Json& metadata);
  void check_size() const;
  [[nodiscard]] ElementType type_of_2(const Json& metadata) const;
  [[nodiscard]] ElementType type_of_3(const Json& type) const;
  [[nodiscard]] Codecs codecs_of(const Json& list, bool outer);
  [[nodiscard]] std::vector<std::uint64_t> sizes_of(const Json& list, const char* what) const;
  [[nodiscard]] std::string key_of(const std::vector<std::uint64_t>& at) const;
  [[nodiscard]] std::uint64_t most_bytes(const std::vector<std::uint64_t>& shape) const;
  void decode(const Codecs& codecs, const std::vector<std::uint64_t>& shape, std::string stored,
              Chunk& chunk) const;
  void read_shard(const std::string& shard, Chunk& chunk) const;

  const Store& store_;
  std::string key_;
  std::vector<std::uint64_t> shape_;
  std::vector<std::uint64_t> chunk_;
  ElementType type_;
  Json fill_;
  Codecs codecs_;
  std::optional<Shards> shards_;
  std::string separator_ = ".";
  bool prefixed_ = false;  // keys begin with c
};

}  // namespace sicmir::zarr
