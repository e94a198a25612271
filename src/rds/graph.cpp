// SPDX-License-Identifier: BSD-3-Clause
#include "rds/graph.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <stdexcept>

namespace sicmir::rds {
namespace {

constexpr std::uint64_t most_pool_bytes = std::uint64_t{1} << 31;

/// R's NA among reals: the NaN whose lower word is 1954 (R, arithmetic.c).
bool is_missing(double value) {
  constexpr std::uint64_t lower = 0xFFFFFFFFU;
  constexpr std::uint64_t payload = 1954;
  return std::isnan(value) && (std::bit_cast<std::uint64_t>(value) & lower) == payload;
}

/// as.character() of a number: up to 15 significant digits, with an exponent where that is shorter
/// (R 4.2, formatReal).
std::string as_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "Inf";
  if (value == 0) return "0";
  const std::string all = fmt::format("{:.14e}", std::abs(value));  // d.dddddddddddddde+xx
  const std::size_t e = all.find('e');
  const int exponent = std::stoi(all.substr(e + 1));
  const std::size_t last = all.find_last_not_of('0', e - 1);
  const int decimals = static_cast<int>(last) - 1;  // of the form with an exponent
  const int fixed_decimals = std::max(0, decimals - exponent);
  const int fixed_width = std::max(exponent, 0) + 1 + (fixed_decimals > 0 ? fixed_decimals + 1 : 0);
  const int width = 1 + (decimals > 0 ? decimals + 1 : 0) + static_cast<int>(all.size() - e);
  return fixed_width <= width ? fmt::format("{:.{}f}", value, fixed_decimals)
                              : fmt::format("{:.{}e}", value, std::max(decimals, 0));
}

}  // namespace

TextPool::TextPool() : slots_(1024, no_text) {}

TextId TextPool::intern(std::string_view text) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  while (slots_[slot] != no_text) {
    if ((*this)[slots_[slot]] == text) return slots_[slot];
    slot = (slot + 1) & mask;
  }
  if (size() + 1 >= no_text || bytes_.size() + text.size() > most_pool_bytes) {
    throw std::length_error("more text than any data set has");
  }
  const auto id = static_cast<TextId>(size());
  bytes_.append(text);
  starts_.push_back(bytes_.size());
  slots_[slot] = id;
  if (size() * 2 > slots_.size()) grow();
  return id;
}

void TextPool::grow() {
  const std::size_t mask = slots_.size() * 2 - 1;
  std::vector<TextId> slots(mask + 1, no_text);
  for (std::size_t id = 0; id < size(); ++id) {
    std::size_t slot = std::hash<std::string_view>{}((*this)[static_cast<TextId>(id)]) & mask;
    while (slots[slot] != no_text) slot = (slot + 1) & mask;
    slots[slot] = static_cast<TextId>(id);
  }
  slots_ = std::move(slots);
}

void Graph::fail(std::string_view what) const {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", file_, what));
}

bool Graph::is_null(NodeId id) const {
  if (id == no_node || is(id, Kind::null)) return true;
  return is(id, Kind::symbol) && text(nodes_.at(id).texts.front()) == "\001NULL\001";
}

NodeId Graph::attribute(NodeId id, std::string_view name) const {
  if (id == no_node) return no_node;
  for (const auto& [key, value] : nodes_.at(id).attributes) {
    if (text(key) == name) return value;
  }
  return no_node;
}

NodeId Graph::attribute(NodeId id, std::initializer_list<std::string_view> path) const {
  for (const std::string_view name : path) id = attribute(id, name);
  return id;
}

std::string Graph::class_of(NodeId id) const {
  const NodeId names = attribute(id, "class");
  if (!is(names, Kind::texts) || nodes_.at(names).texts.empty()) return {};
  const TextId first = nodes_.at(names).texts.front();
  return first == no_text ? std::string() : std::string(text(first));
}

std::string Graph::package_of(NodeId id) const {
  return one_text(attribute(attribute(id, "class"), "package"));
}

bool Graph::inherits(NodeId id, std::string_view name) const {
  const NodeId names = attribute(id, "class");
  if (!is(names, Kind::texts)) return false;
  for (const TextId each : nodes_.at(names).texts) {
    if (each != no_text && text(each) == name) return true;
  }
  return false;
}

std::vector<std::string> Graph::names_of(NodeId list) const {
  if (!is(list, Kind::list)) return {};
  std::vector<std::string> names(nodes_.at(list).items.size());
  const NodeId given = attribute(list, "names");
  if (is(given, Kind::texts) && nodes_.at(given).length == names.size()) {
    names = texts(given);
  }
  return names;
}

NodeId Graph::item(NodeId list, std::string_view name) const {
  const std::vector<std::string> names = names_of(list);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return nodes_.at(list).items[i];
  }
  return no_node;
}

std::string Graph::one_text(NodeId id) const {
  if (!is(id, Kind::texts) || nodes_.at(id).texts.size() != 1) return {};
  const TextId only = nodes_.at(id).texts.front();
  return only == no_text ? std::string() : std::string(text(only));
}

std::vector<std::string> Graph::texts(NodeId id, std::vector<std::uint8_t>* missing) const {
  if (id == no_node) return {};
  const Node& node = nodes_.at(id);
  if (node.length > longest_) {
    fail(fmt::format("claims {} names or texts, but holds no vector as long; the file is damaged.",
                     node.length));
  }
  std::vector<std::string> result;
  result.reserve(node.length);
  if (missing != nullptr) missing->assign(node.length, 0);
  const auto miss = [&] {
    if (missing != nullptr) (*missing)[result.size()] = 1;
    result.emplace_back();
  };
  const Node* const numbers = node.of != no_node            ? &nodes_.at(node.of)
                              : node.kind == Kind::integers ? &node
                              : node.kind == Kind::reals    ? &node
                                                            : nullptr;
  if (numbers == nullptr) {
    for (const TextId each : node.texts) {
      if (each == no_text) {
        miss();
      } else {
        result.emplace_back(text(each));
      }
    }
    return result;
  }
  if (numbers->stored >= 0) fail("has names that are numbers, more than are read as such.");
  for (std::uint64_t i = 0; i < node.length; ++i) {
    if (numbers->is_sequence) {
      const double value = numbers->start + numbers->step * static_cast<double>(i);
      result.push_back(numbers->kind == Kind::integers ? fmt::format("{:.0f}", value)
                                                       : as_text(value));
    } else if (numbers->kind == Kind::reals ? is_missing(numbers->reals[i])
                                            : numbers->integers[i] == missing_integer) {
      miss();
    } else if (numbers->kind == Kind::reals) {
      result.push_back(as_text(numbers->reals[i]));
    } else {
      result.push_back(std::to_string(numbers->integers[i]));
    }
  }
  return result;
}

std::vector<std::uint64_t> Graph::dimensions(NodeId id) const {
  NodeId given = attribute(id, "dim");
  if (given == no_node) given = attribute(id, "Dim");
  if (given == no_node) return {};
  const Node& node = nodes_.at(given);
  std::vector<std::uint64_t> result;
  const std::uint64_t shown = node.length;
  constexpr std::uint64_t most = 8;
  if (node.stored >= 0 || shown > most) return {};
  for (std::uint64_t i = 0; i < shown; ++i) {
    double value = -1;
    if (node.is_sequence) {
      value = node.start + node.step * static_cast<double>(i);
    } else if (node.kind == Kind::integers) {
      value = node.integers[i];
    } else if (node.kind == Kind::reals) {
      value = node.reals[i];
    }
    if (!(value >= 0 && value <= 9e15)) return {};
    result.push_back(static_cast<std::uint64_t>(value));
  }
  return result;
}

}  // namespace sicmir::rds
