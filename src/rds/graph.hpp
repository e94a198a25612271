// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// R objects as data: what an .rds file holds, of which nothing is evaluated. Code, environments
/// and pointers are kept as records that say no more than that they are there.

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sicmir/error.hpp"

namespace sicmir::rds {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();
using TextId = std::uint32_t;
inline constexpr TextId no_text = std::numeric_limits<TextId>::max();  ///< NA_character_

/// R's missing integer and truth value; reals have NaN.
inline constexpr std::int32_t missing_integer = std::numeric_limits<std::int32_t>::min();

enum class Kind : std::uint8_t {
  null,
  symbol,    ///< `texts`: its name
  texts,     ///< character
  integers,  ///< integer, and the codes of factors
  logicals,  ///< as integers: 0, 1, missing_integer
  reals,     ///< double
  list,      ///< list and expression: `items`
  pairlist,  ///< `items`; a tail that is no list is the last one
  s4,        ///< its slots are its attributes
  opaque,    ///< all else: code, environments, pointers, complex and raw vectors
};

/// A value. Parts are other nodes, by their number.
struct Node {
  Kind kind = Kind::null;
  std::uint64_t length = 0;
  std::vector<std::int32_t> integers;  ///< integers and logicals, unless stored
  std::vector<double> reals;           ///< reals, unless stored
  std::vector<TextId> texts;
  std::vector<NodeId> items;
  /// Where a NumberStore keeps the numbers; -1: they are here, or a sequence.
  std::int64_t stored = -1;
  /// ALTREP compact_intseq and compact_realseq: length numbers from `start` in steps of `step`
  /// (1 or -1). Empty `integers` and `reals`.
  bool is_sequence = false;
  double start = 0;
  double step = 0;
  /// ALTREP deferred_string: texts that are these numbers, written as R writes them.
  NodeId of = no_node;
  std::vector<std::pair<TextId, NodeId>> attributes;
};

/// Different texts, each once.
class TextPool {
 public:
  TextPool();
  /// Throws std::length_error beyond 2^32 - 2 texts or 2 GiB.
  TextId intern(std::string_view text);
  [[nodiscard]] std::string_view operator[](TextId id) const {
    return std::string_view(bytes_).substr(starts_[id], starts_[id + 1] - starts_[id]);
  }
  [[nodiscard]] std::size_t size() const noexcept { return starts_.size() - 1; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return bytes_.capacity() + starts_.capacity() * sizeof(std::uint64_t) +
           slots_.capacity() * sizeof(TextId);
  }

 private:
  void grow();
  std::string bytes_;
  std::vector<std::uint64_t> starts_ = {0};
  std::vector<TextId> slots_;  // a hash table of open addresses
};

class Graph {
 public:
  /// `file`: for messages.
  explicit Graph(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_.at(id); }
  [[nodiscard]] NodeId root() const noexcept { return root_; }
  [[nodiscard]] std::string_view text(TextId id) const { return pool_[id]; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  [[nodiscard]] bool is(NodeId id, Kind kind) const {
    return id != no_node && nodes_.at(id).kind == kind;
  }
  /// NULL; in slots, which cannot be NULL, the symbol that stands for it (methods: \001NULL\001).
  [[nodiscard]] bool is_null(NodeId id) const;
  /// An attribute, which is also what a slot is; no_node: there is none.
  [[nodiscard]] NodeId attribute(NodeId id, std::string_view name) const;
  /// Attributes of attributes.
  [[nodiscard]] NodeId attribute(NodeId id, std::initializer_list<std::string_view> path) const;
  /// The first class of an object; empty: none.
  [[nodiscard]] std::string class_of(NodeId id) const;
  /// The package that a class is of; empty: not said.
  [[nodiscard]] std::string package_of(NodeId id) const;
  [[nodiscard]] bool inherits(NodeId id, std::string_view name) const;
  /// Names of a list's items, as many as it has; empty texts where it has none.
  [[nodiscard]] std::vector<std::string> names_of(NodeId list) const;
  /// The item of that name; no_node: none, or `list` is none.
  [[nodiscard]] NodeId item(NodeId list, std::string_view name) const;
  /// The one text of a character vector; empty otherwise.
  [[nodiscard]] std::string one_text(NodeId id) const;

  /// All texts of a character vector, also of one that R deferred; or of a factor, its levels.
  /// `missing`, if given, becomes 1 where one is NA. Throws Error(bad_input) for more than
  /// longest(), since a few bytes may stand for many deferred texts.
  [[nodiscard]] std::vector<std::string> texts(NodeId id,
                                               std::vector<std::uint8_t>* missing = nullptr) const;
  /// Length of the longest vector whose elements the file holds, each of them, and one more.
  [[nodiscard]] std::uint64_t longest() const noexcept { return longest_; }
  /// The first few dimensions of a matrix; empty: no matrix.
  [[nodiscard]] std::vector<std::uint64_t> dimensions(NodeId id) const;

  [[noreturn]] void fail(std::string_view what) const;

 private:
  friend class Reader;
  std::string file_;
  std::deque<Node> nodes_;  // never moves or copies its elements
  TextPool pool_;
  NodeId root_ = no_node;
  std::uint64_t longest_ = 1;
};

}  // namespace sicmir::rds
