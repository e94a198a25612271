// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <cmath>
#include <string>

#include "base/printable.hpp"
#include "rds/reader.hpp"

namespace sicmir::rds {

NodeId Reader::altrep(bool keep) {
  const NodeId info = item(true);
  const NodeId state = item(keep);
  const NodeId attributes = make(keep, Kind::s4);  // any kind that has some
  const Flags flags(bytes_.word());
  if (flags.type == pairlist_type) {
    take_first_attribute(flags, attributes);
  } else if (flags.type != null_type) {
    bytes_.fail_damaged("attributes are no list");
  }
  std::string name;
  if (graph_.is(info, Kind::pairlist) && !node(info).items.empty() &&
      graph_.is(node(info).items.front(), Kind::symbol)) {
    name = graph_.text(node(node(info).items.front()).texts.front());
  }
  if (!keep) return no_node;
  const NodeId made = restored(name, state);
  node(made).attributes = node(attributes).attributes;
  return made;
}

NodeId Reader::restored(const std::string& name, NodeId state) {
  if (name == "compact_intseq" || name == "compact_realseq") return sequence(name, state);
  const bool is_wrapper = name.starts_with("wrap_");
  if (!is_wrapper && name != "deferred_string") {
    bytes_.fail(
        fmt::format("it contains a vector of the class '{}', which only a package of R can "
                    "read. Save a copy: saveRDS(object, file, version = 2).",
                    printable(name)));
  }
  if ((!graph_.is(state, Kind::pairlist) && !graph_.is(state, Kind::list)) ||
      node(state).items.empty()) {
    bytes_.fail_damaged(fmt::format("the state of a {} is no list", name));
  }
  const NodeId of = node(state).items.front();
  if (of == no_node) bytes_.fail_damaged(fmt::format("a {} is empty", name));
  if (is_wrapper) {
    // The vector itself, under the attributes of the wrapper.
    const NodeId made = make(true, node(of).kind);
    const Node& inner = node(of);
    Node& outer = node(made);
    outer = inner;
    return made;
  }
  if (node(of).kind != Kind::integers && node(of).kind != Kind::reals) {
    bytes_.fail_damaged("deferred texts are of no numbers");
  }
  const NodeId made = make(true, Kind::texts);
  node(made).of = of;
  node(made).length = node(of).length;
  return made;
}

NodeId Reader::sequence(const std::string& name, NodeId state) {
  if (!graph_.is(state, Kind::reals) || node(state).reals.size() != 3) {
    bytes_.fail_damaged("a sequence has no length, start and step");
  }
  const double count = node(state).reals[0];
  const double start = node(state).reals[1];
  const double step = node(state).reals[2];
  constexpr double most = 4503599627370496.0;
  const bool fits = count >= 0 && count <= most && count == std::floor(count) &&
                    std::abs(start) <= most && (step == 1 || step == -1);
  if (!fits) bytes_.fail_damaged("a sequence has an impossible length, start or step");
  const NodeId made = make(true, name == "compact_intseq" ? Kind::integers : Kind::reals);
  Node& sequence = node(made);
  sequence.is_sequence = true;
  sequence.length = static_cast<std::uint64_t>(count);
  sequence.start = start;
  sequence.step = step;
  return made;
}

}  // namespace sicmir::rds
