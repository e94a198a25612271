// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Python pickles as data. Nothing is imported, called or executed: calls and instances are kept as
/// records of what the pickle names. (Format: Python's Lib/pickletools.py, protocols 2 to 5.)

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sicmir::pickle {

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();

enum class Kind : std::uint8_t {
  none,
  boolean,      ///< `integer` is 0 or 1
  integer,      ///< fits into 64 bits
  big_integer,  ///< `text`: two's complement, little-endian
  real,
  text,
  bytes,
  list,
  tuple,
  set,
  dict,        ///< `items`: key, value, key, value...
  global,      ///< `module` and `text`: a class or function by name
  persistent,  ///< `of`: the id, which whoever wrote the pickle defines
  call,        ///< `of`: an allowed function; `arguments`
  object,      ///< `of`: the class, any; `arguments`; `state` and `items` as they were set
};

/// A value. Parts are other nodes, by their number, so that sharing and cycles cost nothing and
/// recursion never follows the pickle's depth.
struct Node {
  Kind kind = Kind::none;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;
  std::string_view module;
  std::vector<NodeId> items;
  NodeId of = no_node;
  NodeId arguments = no_node;
  NodeId state = no_node;  ///< what BUILD gave: mostly a dict of attributes
};

/// A function that a pickle may call; the call stays a record.
struct Callable {
  std::string_view module, name;
};

struct Limits {
  std::size_t nodes = 400'000;         ///< values in all
  std::size_t operations = 4'000'000;  ///< opcodes
  std::size_t depth = 1'000;           ///< open marks
};

class Graph {
 public:
  [[nodiscard]] const Node& operator[](NodeId id) const { return nodes_.at(id); }
  [[nodiscard]] NodeId root() const noexcept { return root_; }
  [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }
  /// Bytes that the pickle took.
  [[nodiscard]] std::size_t length() const noexcept { return length_; }

  /// The value of a text key in a dict; no_node: absent, or `dict` is not a dict. The last one
  /// counts, as in Python.
  [[nodiscard]] NodeId find(NodeId dict, std::string_view key) const;
  /// "module.name" of a global, or of the class of an object; empty otherwise.
  [[nodiscard]] std::string name_of(NodeId id) const;
  [[nodiscard]] bool is(NodeId id, Kind kind) const {
    return id != no_node && nodes_.at(id).kind == kind;
  }
  [[nodiscard]] bool is_text(NodeId id, std::string_view text) const {
    return is(id, Kind::text) && nodes_.at(id).text == text;
  }

 private:
  friend class Machine;
  std::deque<Node> nodes_;  // never moves or copies its elements
  NodeId root_ = no_node;
  std::size_t length_ = 0;
};

/// Reads one pickle at the start of `bytes`, which must outlive the graph. Throws Error(bad_model),
/// beginning with `file`: an opcode or call that is not allowed (naming it), damage, a limit.
[[nodiscard]] Graph read(std::string_view bytes, std::span<const Callable> allowed,
                         const std::string& file, const Limits& limits = {});

}  // namespace sicmir::pickle
