// SPDX-License-Identifier: BSD-3-Clause
#include "rds/reader.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sicmir::rds {

Reader::Reader(ByteInput& input, NumberStore& store, const Limits& limits)
    : bytes_(input), store_(store), limits_(limits), graph_(input.name()) {
  constexpr std::uint64_t always = std::uint64_t{1} << 20U;
  const auto bytes = input.file_size();
  if (bytes) limits_.texts = std::min(limits_.texts, *bytes * 4 + always);
}

Reader::Deeper::Deeper(Reader& of) : reader(of) {
  if (++reader.depth_ > reader.limits_.depth) {
    reader.bytes_.fail(fmt::format("values are nested more than {} deep, as in no data set.",
                                   reader.limits_.depth));
  }
}

Graph Reader::run() {
  bytes_.read_header();
  try {
    graph_.root_ = item(true);
  } catch (const std::length_error& error) {
    bytes_.fail(error.what());
  }
  return std::move(graph_);
}

NodeId Reader::make(bool keep, Kind kind) {
  if (!keep) return no_node;
  if (graph_.nodes_.size() >= limits_.nodes) {
    bytes_.fail(
        fmt::format("it consists of more than {} values, which no data set needs.", limits_.nodes));
  }
  graph_.nodes_.emplace_back().kind = kind;
  return static_cast<NodeId>(graph_.nodes_.size() - 1);
}

NodeId Reader::item(const Flags& flags, bool keep) {
  const Deeper deeper(*this);
  switch (flags.type) {
    case null_type:
      return make(keep, Kind::null);
    case global_environment_type:
    case base_environment_type:
    case empty_environment_type:
    case base_namespace_type:
    case missing_argument_type:
    case unbound_type:
      return make(keep, Kind::opaque);
    case reference_type:
      return reference(flags);
    case symbol_type:
      return symbol();
    case package_type:
    case namespace_type:
      return names_of_environment();
    case persistent_type:
      bytes_.fail("it contains an object that only the program that wrote it can restore.");
    case environment_type:
      return environment();
    case pairlist_type:
      return pairlist(flags, keep);
    case language_type:
    case closure_type:
    case promise_type:
    case dots_type:
      return code(flags, keep);
    case special_type:
    case builtin_type:
      bytes_.pass_over(bytes_.length_of(1));
      return make(keep, Kind::opaque);
    case pointer_type: {
      const NodeId made = remember(make(true, Kind::opaque));
      (void)item(false);
      (void)item(false);
      pass_attributes(flags);
      return made;
    }
    case weak_reference_type: {
      const NodeId made = remember(make(true, Kind::opaque));
      pass_attributes(flags);
      return made;
    }
    case bytecode_type: {
      const std::int32_t n_shared = bytes_.integer();
      if (n_shared < 0) bytes_.fail_damaged("byte code claims a negative length");
      bytecode();
      pass_attributes(flags);
      return make(keep, Kind::opaque);
    }
    case altrep_type:
      return altrep(keep);
    case char_type: {  // outside of a character vector: in byte code
      (void)text(flags, false);
      return make(keep, Kind::opaque);
    }
    case s4_type: {
      const NodeId made = make(keep, Kind::s4);
      read_attributes(flags, made);
      return made;
    }
    default:
      return vector(flags, keep);
  }
}

NodeId Reader::remember(NodeId id) {
  constexpr std::size_t most = std::size_t{1} << 24U;
  if (references_.size() >= most) {
    bytes_.fail("it refers to more symbols and environments than any.");
  }
  references_.push_back(id);
  return id;
}

NodeId Reader::reference(const Flags& flags) {
  const std::int64_t number = flags.packed_reference != 0 ? std::int64_t{flags.packed_reference}
                                                          : std::int64_t{bytes_.integer()};
  if (number < 1 || number > static_cast<std::int64_t>(references_.size())) {
    bytes_.fail_damaged(fmt::format("refers to object {} of {}", number, references_.size()));
  }
  return references_[static_cast<std::size_t>(number - 1)];
}

NodeId Reader::symbol() {
  const Flags flags(bytes_.word());
  if (flags.type != char_type) bytes_.fail_damaged("a symbol has no name");
  const TextId name = text(flags, true);
  const NodeId made = make(true, Kind::symbol);
  node(made).texts = {name == no_text ? graph_.pool_.intern("NA") : name};
  node(made).length = 1;
  return remember(made);
}

NodeId Reader::names_of_environment() {
  if (bytes_.integer() != 0) bytes_.fail_damaged("the name of a namespace has names");
  const std::uint64_t count = bytes_.length_of(8);
  for (std::uint64_t i = 0; i < count; ++i) (void)item(false);
  return remember(make(true, Kind::opaque));
}

NodeId Reader::environment() {
  (void)bytes_.word();  // locked
  const NodeId made = remember(make(true, Kind::opaque));
  for (int part = 0; part < 4; ++part) (void)item(false);  // parent, frame, table, attributes
  return made;
}

}  // namespace sicmir::rds
