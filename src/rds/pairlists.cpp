// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <string_view>

#include "rds/reader.hpp"

namespace sicmir::rds {
namespace {

/// Slots that no reader of matrices looks at, some of which are larger than all the rest.
bool is_passed_over(std::string_view slot) {
  constexpr std::array<std::string_view, 19> slots = {"graphs",
                                                      "neighbors",
                                                      "images",
                                                      "commands",
                                                      "tools",
                                                      "misc",
                                                      "scale.data",
                                                      "feature.loadings",
                                                      "jackstraw",
                                                      "params",
                                                      "feature.loadings.projected",
                                                      "int_metadata",
                                                      "metadata",
                                                      "srcref",
                                                      "wholeSrcref",
                                                      "unlistData",
                                                      "srcfile",
                                                      "alra",
                                                      "elementType"};
  return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

}  // namespace

NodeId Reader::pairlist(Flags flags, bool keep) {
  const NodeId made = make(keep, Kind::pairlist);
  for (;;) {
    pass_attributes(flags);
    if (flags.has_tag) (void)item(false);
    add_item(made, item(keep));
    flags = Flags(bytes_.word());
    if (flags.type == null_type) break;
    if (flags.type != pairlist_type) {
      add_item(made, item(flags, keep));
      break;
    }
  }
  if (made != no_node) node(made).length = node(made).items.size();
  return made;
}

void Reader::add_item(NodeId list, NodeId part) {
  if (list != no_node) node(list).items.push_back(part);
}

NodeId Reader::code(Flags flags, bool keep) {
  for (;;) {
    pass_attributes(flags);
    if (flags.has_tag) (void)item(false);
    (void)item(false);
    flags = Flags(bytes_.word());
    const bool goes_on = flags.type == language_type || flags.type == pairlist_type;
    if (goes_on) continue;
    (void)item(flags, false);
    return make(keep, Kind::opaque);
  }
}

void Reader::bytecode() {
  const Deeper deeper(*this);
  (void)item(false);  // the instructions
  const std::uint64_t n_constants = bytes_.length_of(4);
  for (std::uint64_t i = 0; i < n_constants; ++i) {
    const std::uint32_t type = bytes_.word();
    switch (type) {
      case bytecode_type:
        bytecode();
        break;
      case language_type:
      case pairlist_type:
      case bytecode_definition_type:
      case bytecode_reference_type:
      case attributed_language_type:
      case attributed_pairlist_type:
        bytecode_language(type);
        break;
      default:
        (void)item(false);
    }
  }
}

void Reader::bytecode_language(std::uint32_t type) {
  const Deeper deeper(*this);
  for (;;) {
    if (type == bytecode_reference_type) {
      (void)bytes_.word();
      return;
    }
    if (type == bytecode_definition_type) {
      (void)bytes_.word();
      type = bytes_.word();
    }
    const bool attributed = type == attributed_language_type || type == attributed_pairlist_type;
    if (!attributed && type != language_type && type != pairlist_type) {
      (void)item(false);
      return;
    }
    if (attributed) (void)item(false);
    (void)item(false);                 // tag
    bytecode_language(bytes_.word());  // head
    type = bytes_.word();              // tail
  }
}

void Reader::pass_attributes(const Flags& flags) {
  if (flags.has_attributes) (void)item(false);
}

void Reader::read_attributes(const Flags& flags, NodeId of) {
  if (!flags.has_attributes) return;
  if (of == no_node) {
    (void)item(false);
    return;
  }
  take_attributes(of);
}

void Reader::take_attributes(NodeId of) {
  const Deeper deeper(*this);
  for (Flags flags(bytes_.word());; flags = Flags(bytes_.word())) {
    if (flags.type == null_type) return;
    if (flags.type != pairlist_type) bytes_.fail_damaged("attributes are no list");
    pass_attributes(flags);
    if (!flags.has_tag) bytes_.fail_damaged("an attribute has no name");
    const NodeId tag = item(true);
    if (!graph_.is(tag, Kind::symbol)) bytes_.fail_damaged("the name of an attribute is no symbol");
    const TextId name = node(tag).texts.front();
    const bool passed = node(of).kind == Kind::s4 && is_passed_over(graph_.text(name));
    const NodeId value = item(!passed);
    if (!passed) node(of).attributes.emplace_back(name, value);
  }
}

void Reader::take_first_attribute(const Flags& flags, NodeId of) {
  pass_attributes(flags);
  if (!flags.has_tag) bytes_.fail_damaged("an attribute has no name");
  const NodeId tag = item(true);
  if (!graph_.is(tag, Kind::symbol)) bytes_.fail_damaged("the name of an attribute is no symbol");
  const NodeId value = item(of != no_node);
  if (of == no_node) {
    (void)item(false);
    return;
  }
  node(of).attributes.emplace_back(node(tag).texts.front(), value);
  take_attributes(of);
}

}  // namespace sicmir::rds
