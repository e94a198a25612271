// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Turns a serialisation into a Graph. Internal to the room; others call read().

#include <cstdint>
#include <string>
#include <vector>

#include "rds/graph.hpp"
#include "rds/items.hpp"
#include "rds/read.hpp"
#include "rds/xdr.hpp"

namespace sicmir::rds {

/// Reads values front to back. What is passed over (`keep` is false, or an id is no_node) is read
/// as well, for the references in it. Every function throws Error(bad_input), as read() says.
class Reader {
 public:
  Reader(ByteInput& input, NumberStore& store, const Limits& limits);
  Graph run();

 private:
  struct Deeper {
    Reader& reader;
    explicit Deeper(Reader& of);
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --reader.depth_; }
  };

  // Values (reader.cpp).
  NodeId item(bool keep) { return item(Flags(bytes_.word()), keep); }
  NodeId item(const Flags& flags, bool keep);
  /// Room for one more value; no_node if it is not kept.
  NodeId make(bool keep, Kind kind);
  Node& node(NodeId id) { return graph_.nodes_[id]; }

  // References: symbols, environments and pointers are written once (reader.cpp).
  NodeId remember(NodeId id);
  NodeId reference(const Flags& flags);
  NodeId symbol();
  NodeId names_of_environment();
  /// Its contents are passed over.
  NodeId environment();

  // Pairlists and code (pairlists.cpp).
  NodeId pairlist(Flags flags, bool keep);
  void add_item(NodeId list, NodeId part);
  NodeId code(Flags flags, bool keep);
  void bytecode();
  /// Language in the constants of byte code, which may refer to what came before.
  void bytecode_language(std::uint32_t type);

  // Attributes (pairlists.cpp).
  void pass_attributes(const Flags& flags);
  void read_attributes(const Flags& flags, NodeId of);
  /// A pairlist whose tags are the attributes' names.
  void take_attributes(NodeId of);
  /// As take_attributes(), of a pairlist whose first flags were read.
  void take_first_attribute(const Flags& flags, NodeId of);

  // Vectors (vectors.cpp).
  NodeId vector(const Flags& flags, bool keep);
  template <class T>
  NodeId numbers(NodeId made);
  NodeId texts(bool keep);
  TextId text(const Flags& flags, bool keep);
  NodeId list(bool keep);
  /// Of a vector that was read.
  void note_length(std::uint64_t count);

  // ALTREP: a class, its state, attributes (altrep.cpp).
  NodeId altrep(bool keep);
  NodeId restored(const std::string& name, NodeId state);
  NodeId sequence(const std::string& name, NodeId state);

  XdrBytes bytes_;
  NumberStore& store_;
  Limits limits_;
  Graph graph_;
  int depth_ = 0;
  std::vector<NodeId> references_;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t n_stored_ = 0;
  std::uint64_t n_texts_ = 0;
  std::string buffer_;
};

}  // namespace sicmir::rds
