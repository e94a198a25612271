// SPDX-License-Identifier: BSD-3-Clause
#include "import/pickle.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>
#include <utility>

#include "sicmir/types.hpp"

namespace sicmir::pickle {

NodeId Graph::find(NodeId dict, std::string_view key) const {
  if (!is(dict, Kind::dict)) return no_node;
  const std::vector<NodeId>& items = nodes_.at(dict).items;
  for (std::size_t i = items.size(); i >= 2; i -= 2) {
    if (is_text(items[i - 2], key)) return items[i - 1];
  }
  return no_node;
}

std::string Graph::name_of(NodeId id) const {
  if (id == no_node) return {};
  const Node& node = nodes_.at(id);
  if (node.kind == Kind::object || node.kind == Kind::call) return name_of(node.of);
  if (node.kind != Kind::global) return {};
  return fmt::format("{}.{}", node.module, node.text);
}

/// Runs the opcodes over a stack of node numbers.
class Machine {
 public:
  Machine(std::string_view bytes, std::span<const Callable> allowed, const std::string& file,
          const Limits& limits)
      : bytes_(bytes), allowed_(allowed), file_(file), limits_(limits) {}

  Graph run() {
    for (std::size_t operations = 0;; ++operations) {
      if (operations >= limits_.operations) fail("has too many opcodes for a network.");
      start_ = at_;
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      step(opcode);
    }
    graph_.root_ = pop();
    graph_.length_ = at_;
    return std::move(graph_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_model,
                fmt::format("{}: the pickle, at byte {}, {}", file_, start_, what));
  }
  [[noreturn]] void refuse(std::string_view what) const {
    fail(
        fmt::format("asks {}, which is rejected: a checkpoint is read as data and nothing in it "
                    "is run. Save the network alone: torch.save(net.state_dict(), FILE).",
                    what));
  }

  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("ends early; the file is damaged or incomplete.");
    const std::string_view part = bytes_.substr(at_, count);
    at_ += count;
    return part;
  }
  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    const std::string_view part = take(width);
    for (std::size_t i = 0; i < width; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(part[i])} << (8 * i);
    }
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail("ends early; the file is damaged or incomplete.");
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }

  Node& add(Kind kind) {
    if (graph_.nodes_.size() >= limits_.nodes) fail("holds too many values for a network.");
    stack_.push_back(static_cast<NodeId>(graph_.nodes_.size()));
    Node& node = graph_.nodes_.emplace_back();
    node.kind = kind;
    return node;
  }
  void add_integer(std::int64_t value) { add(Kind::integer).integer = value; }
  void add_text(Kind kind, std::string_view text) { add(kind).text = text; }
  void add_global(std::string_view module, std::string_view name) {
    Node& node = add(Kind::global);
    node.module = module;
    node.text = name;
  }

  NodeId pop() {
    if (stack_.size() <= floor()) fail("uses a value that does not exist.");
    const NodeId id = stack_.back();
    stack_.pop_back();
    return id;
  }
  NodeId top() {
    if (stack_.size() <= floor()) fail("uses a value that does not exist.");
    return stack_.back();
  }
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  void mark() {
    if (marks_.size() >= limits_.depth) fail("is nested too deeply.");
    marks_.push_back(stack_.size());
  }
  std::vector<NodeId> pop_to_mark() {
    if (marks_.empty()) fail("uses a mark that does not exist.");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<NodeId> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }

  void add_tuple(std::size_t count) {
    std::vector<NodeId> items(count);
    for (std::size_t i = count; i > 0; --i) items[i - 1] = pop();
    add(Kind::tuple).items = std::move(items);
  }
  void append(std::span<const NodeId> items, Kind kind) {
    Node& node = graph_.nodes_[top()];
    if (node.kind != kind && node.kind != Kind::object) {
      fail("adds to a value that is not a collection.");
    }
    if (kind == Kind::dict && items.size() % 2 != 0) fail("has a key without a value.");
    node.items.insert(node.items.end(), items.begin(), items.end());
  }

  void remember(std::uint64_t index) {
    if (memo_.size() >= limits_.nodes) fail("stores too many values for a network.");
    memo_[index] = top();
  }
  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("retrieves a value that it did not store.");
    stack_.push_back(found->second);
  }

  void long_integer(std::size_t length) {
    const std::string_view part = take(length);
    if (length > 8) {
      add_text(Kind::big_integer, part);
      return;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < length; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(part[i])} << (8 * i);
    }
    if (length > 0 && length < 8 && (static_cast<unsigned char>(part[length - 1]) & 0x80U) != 0) {
      value |= ~std::uint64_t{0} << (8 * length);  // the sign
    }
    add_integer(static_cast<std::int64_t>(value));
  }

  void real() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    add(Kind::real).real = std::bit_cast<double>(bits);
  }

  /// An id that stands for a class (PyTorch's legacy streams: 'module', class, file, source) is the
  /// class.
  void persistent() {
    const NodeId id = pop();
    const Node& node = graph_[id];
    if (node.kind == Kind::tuple && node.items.size() > 1 &&
        graph_.is_text(node.items[0], "module") && graph_.is(node.items[1], Kind::global)) {
      stack_.push_back(node.items[1]);
      return;
    }
    add(Kind::persistent).of = id;
  }

  void call() {
    const NodeId arguments = pop();
    const NodeId function = pop();
    const Node& callee = graph_[function];
    const bool known = callee.kind == Kind::global &&
                       std::any_of(allowed_.begin(), allowed_.end(), [&](const Callable& one) {
                         return one.module == callee.module && one.name == callee.text;
                       });
    if (!known) {
      const std::string name = graph_.name_of(function);
      refuse(name.empty() ? "to call an unknown function" : "to call " + name);
    }
    if (!graph_.is(arguments, Kind::tuple)) fail("calls a function without a tuple of arguments.");
    if (callee.text == "OrderedDict") {
      ordered_dict(arguments);
    } else if (callee.text == "set" || callee.text == "frozenset") {
      add(Kind::set);  // what is in it does not matter to a network
    } else {
      Node& node = add(Kind::call);
      node.of = function;
      node.arguments = arguments;
    }
  }

  /// Python 2 passes the pairs as a list of lists.
  void ordered_dict(NodeId arguments) {
    std::vector<NodeId> items;
    const std::vector<NodeId>& given = graph_[arguments].items;
    if (!given.empty()) {
      for (const NodeId pair : graph_[given.front()].items) {
        const std::vector<NodeId>& two = graph_[pair].items;
        if (two.size() != 2) fail("has a key without a value.");
        items.insert(items.end(), two.begin(), two.end());
      }
      if (items.size() > limits_.nodes) fail("holds too many values for a network.");
    }
    add(Kind::dict).items = std::move(items);
  }

  void new_object(bool with_keywords) {
    if (with_keywords) (void)pop();
    const NodeId arguments = pop();
    const NodeId type = pop();
    if (!graph_.is(type, Kind::global)) {
      fail("creates an instance of something that is not a class.");
    }
    if (graph_[type].text == "OrderedDict" && graph_[type].module == "collections") {
      add(Kind::dict);
      return;
    }
    Node& node = add(Kind::object);
    node.of = type;
    node.arguments = arguments;
  }

  void build() {
    const NodeId state = pop();
    Node& node = graph_.nodes_[top()];
    if (node.kind != Kind::object && node.kind != Kind::call && node.kind != Kind::dict) {
      fail("sets attributes of a value that has none.");
    }
    node.state = state;
  }

  void step(unsigned char opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const std::uint64_t protocol = number(1); protocol > 5) {
          fail(fmt::format("uses protocol {}; protocols up to 5 are supported.", protocol));
        }
        return;
      case 0x95:
        (void)number(8);
        return;  // FRAME: where reading ahead may stop
      case '(':
        mark();
        return;
      case '0':  // POP
        if (stack_.size() <= floor() && !marks_.empty()) {
          marks_.pop_back();
        } else {
          (void)pop();
        }
        return;
      case '1':
        (void)pop_to_mark();
        return;
      case '2':
        stack_.push_back(top());
        return;
      case 'N':
        add(Kind::none);
        return;
      case 0x88:
        add(Kind::boolean).integer = 1;
        return;
      case 0x89:
        add(Kind::boolean);
        return;
      case 'J':
        add_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
        return;
      case 'K':
        add_integer(static_cast<std::int64_t>(number(1)));
        return;
      case 'M':
        add_integer(static_cast<std::int64_t>(number(2)));
        return;
      case 0x8a:
        long_integer(number(1));
        return;
      case 0x8b:
        long_integer(number(4));
        return;
      case 'G':
        real();
        return;
      case 'X':
        add_text(Kind::text, take(number(4)));
        return;
      case 0x8c:
        add_text(Kind::text, take(number(1)));
        return;
      case 0x8d:
        add_text(Kind::text, take(number(8)));
        return;
      case 'U':
        add_text(Kind::text, take(number(1)));
        return;  // Python 2's str
      case 'T':
        add_text(Kind::text, take(number(4)));
        return;
      case 'C':
        add_text(Kind::bytes, take(number(1)));
        return;
      case 'B':
        add_text(Kind::bytes, take(number(4)));
        return;
      case 0x8e:
        add_text(Kind::bytes, take(number(8)));
        return;
      case ']':
        add(Kind::list);
        return;
      case '}':
        add(Kind::dict);
        return;
      case 0x8f:
        add(Kind::set);
        return;
      case ')':
        add(Kind::tuple);
        return;
      case 0x85:
        add_tuple(1);
        return;
      case 0x86:
        add_tuple(2);
        return;
      case 0x87:
        add_tuple(3);
        return;
      case 't':
        collect(Kind::tuple);
        return;
      case 'l':
        collect(Kind::list);
        return;
      case 'd':
        collect(Kind::dict);
        return;
      case 0x91:
        collect(Kind::set);
        return;
      case 'a':
        append_one();
        return;
      case 'e':
        append_many(Kind::list);
        return;
      case 'u':
        append_many(Kind::dict);
        return;
      case 0x90:
        append_many(Kind::set);
        return;
      case 's':
        set_one();
        return;
      case 'q':
        remember(number(1));
        return;
      case 'r':
        remember(number(4));
        return;
      case 0x94:
        remember(memo_.size());
        return;
      case 'h':
        recall(number(1));
        return;
      case 'j':
        recall(number(4));
        return;
      default:
        step_by_name(opcode);
        return;
    }
  }

  /// Opcodes that name classes and functions, and those that are rejected.
  void step_by_name(unsigned char opcode) {
    switch (opcode) {
      case 'c': {
        const std::string_view module = line();
        add_global(module, line());
        return;
      }
      case 0x93: {  // STACK_GLOBAL
        const NodeId name = pop();
        const NodeId module = pop();
        if (!graph_.is(name, Kind::text) || !graph_.is(module, Kind::text)) {
          fail("has a class name that is not text.");
        }
        add_global(graph_[module].text, graph_[name].text);
        return;
      }
      case 'Q':
        persistent();
        return;
      case 'R':
        call();
        return;
      case 0x81:
        new_object(false);
        return;
      case 0x92:
        new_object(true);
        return;
      case 'b':
        build();
        return;
      case 'i': {  // INST
        const std::string_view module = line();
        refuse(fmt::format("to call {}.{}", module, line()));
      }
      case 'o': {  // OBJ
        const std::vector<NodeId> items = pop_to_mark();
        refuse("to call " + (items.empty() ? std::string("nothing") : graph_.name_of(items[0])));
      }
      case 0x82:
      case 0x83:
      case 0x84:
        refuse("for a class from Python's extension registry");
      default:
        fail(fmt::format("has the opcode 0x{:02x}, which PyTorch does not write.", opcode));
    }
  }

  void collect(Kind kind) {
    std::vector<NodeId> items = pop_to_mark();
    if (kind == Kind::dict && items.size() % 2 != 0) fail("has a key without a value.");
    add(kind).items = std::move(items);
  }
  void append_one() {
    const NodeId item = pop();
    append({&item, 1}, Kind::list);
  }
  void append_many(Kind kind) { append(pop_to_mark(), kind); }
  void set_one() {
    const NodeId value = pop();
    const std::array<NodeId, 2> pair = {pop(), value};
    append(pair, Kind::dict);
  }

  std::string_view bytes_;
  std::span<const Callable> allowed_;
  const std::string& file_;
  Limits limits_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  // of the opcode that runs
  Graph graph_;
  std::vector<NodeId> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, NodeId> memo_;
};

Graph read(std::string_view bytes, std::span<const Callable> allowed, const std::string& file,
           const Limits& limits) {
  return Machine(bytes, allowed, file, limits).run();
}

}  // namespace sicmir::pickle
