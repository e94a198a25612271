// SPDX-License-Identifier: BSD-3-Clause
#include "rds/read.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/printable.hpp"
#include "base/text_list.hpp"

namespace sicmir::rds {
namespace {

// Types of values (R Internals, "SEXPTYPEs"), and those that exist only when they are serialised.
enum Type : std::uint32_t {
  symbol_type = 1,
  pairlist_type = 2,
  closure_type = 3,
  environment_type = 4,
  promise_type = 5,
  language_type = 6,
  special_type = 7,
  builtin_type = 8,
  char_type = 9,
  logical_type = 10,
  integer_type = 13,
  real_type = 14,
  complex_type = 15,
  text_type = 16,
  dots_type = 17,
  list_type = 19,
  expression_type = 20,
  bytecode_type = 21,
  pointer_type = 22,
  weak_reference_type = 23,
  raw_type = 24,
  s4_type = 25,
  altrep_type = 238,
  attributed_pairlist_type = 239,
  attributed_language_type = 240,
  base_environment_type = 241,
  empty_environment_type = 242,
  bytecode_reference_type = 243,
  bytecode_definition_type = 244,
  persistent_type = 247,
  package_type = 248,
  namespace_type = 249,
  base_namespace_type = 250,
  missing_argument_type = 251,
  unbound_type = 252,
  global_environment_type = 253,
  null_type = 254,
  reference_type = 255,
};

struct Flags {
  std::uint32_t type = 0;
  bool has_attributes = false;
  bool has_tag = false;
  std::uint32_t levels = 0;
  std::uint32_t packed_reference = 0;

  explicit Flags(std::uint32_t bits)
      : type(bits & 0xFFU),
        has_attributes((bits & 0x200U) != 0),
        has_tag((bits & 0x400U) != 0),
        levels(bits >> 12U),
        packed_reference(bits >> 8U) {}
};

// Levels of a CHARSXP.
constexpr std::uint32_t is_latin1 = 1U << 2U;

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

/// Reads values front to back. What is passed over is read as well, for the references in it.
class Reader {
 public:
  Reader(ByteInput& input, NumberStore& store, const Limits& limits)
      : input_(input), store_(store), limits_(limits), graph_(input.name()) {
    constexpr std::uint64_t always = std::uint64_t{1} << 20U;
    const auto bytes = input.file_size();
    if (bytes) limits_.texts = std::min(limits_.texts, *bytes * 4 + always);
  }

  Graph run() {
    read_header();
    try {
      graph_.root_ = item(true);
    } catch (const std::length_error& error) {
      fail(error.what());
    }
    return std::move(graph_);
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: byte {} of the decompressed R object: {}",
                                                 input_.name(), offset_, what));
  }
  [[noreturn]] void fail_damaged(std::string_view what) const {
    fail(fmt::format("{}; the file is damaged.", what));
  }

  // Bytes.

  void take(char* out, std::size_t size) {
    while (size > 0) {
      if (piece_.empty()) {
        piece_ = input_.next();
        if (piece_.empty()) {
          fail("the object ends too early. Was the file copied or downloaded completely?");
        }
      }
      const std::size_t count = std::min(size, piece_.size());
      if (out != nullptr) {
        std::memcpy(out, piece_.data(), count);
        out += count;
      }
      piece_ = piece_.subspan(count);
      offset_ += count;
      size -= count;
    }
  }
  void pass_over(std::uint64_t size) {
    constexpr std::uint64_t at_once = std::uint64_t{1} << 30;
    for (; size > at_once; size -= at_once) take(nullptr, at_once);
    take(nullptr, static_cast<std::size_t>(size));
  }
  std::uint32_t word() {
    std::array<unsigned char, 4> bytes{};
    take(reinterpret_cast<char*>(bytes.data()), bytes.size());
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
           std::uint32_t{bytes[2]} << 8U | bytes[3];
  }
  std::int32_t integer() { return static_cast<std::int32_t>(word()); }

  std::uint64_t length() {
    const std::int32_t given = integer();
    if (given >= 0) return static_cast<std::uint64_t>(given);
    if (given != -1) fail_damaged(fmt::format("a vector claims {} elements", given));
    const std::uint64_t upper = word();
    const std::uint64_t lower = word();
    constexpr std::uint64_t most = std::uint64_t{1} << 52U;  // R_XLEN_T_MAX
    const std::uint64_t both = upper << 32U | lower;
    if (both > most) fail_damaged(fmt::format("a vector claims {} elements", both));
    return both;
  }
  /// Of a vector that was read.
  void note_length(std::uint64_t count) { graph_.longest_ = std::max(graph_.longest_, count + 1); }
  /// A vector's length, checked against what the file can hold.
  std::uint64_t length_of(std::uint64_t element_bytes) {
    const std::uint64_t count = length();
    const auto most = input_.most_bytes();
    constexpr std::uint64_t most_of_any = std::uint64_t{1} << 40U;
    if (count > most.value_or(most_of_any) / element_bytes + 1) {
      fail_damaged(fmt::format("a vector claims {} elements, more than the file can hold", count));
    }
    return count;
  }

  // Beginning.

  void read_header() {
    std::array<char, 2> magic{};
    take(magic.data(), magic.size());
    if (magic[0] != 'X' || magic[1] != '\n') {
      fail(magic[0] == 'A' ? "it was saved as text (ascii = TRUE). Save it again with "
                             "saveRDS(object, file)."
                           : "it was saved in the binary form of one machine (xdr = FALSE). Save "
                             "it again with saveRDS(object, file).");
    }
    const std::int32_t version = integer();
    (void)word();  // the version of R that wrote it
    (void)word();  // the oldest that reads it
    if (version != 2 && version != 3) {
      fail(
          fmt::format("this is version {} of R's serialisation; 2 and 3 are read. Save it again "
                      "with saveRDS(object, file, version = 3).",
                      version));
    }
    if (version == 3) {
      const std::int32_t size = integer();
      constexpr std::int32_t most = 63;  // R_CODESET_MAX
      if (size < 0 || size > most) fail_damaged("the name of its encoding has a wrong length");
      std::string encoding(static_cast<std::size_t>(size), '\0');
      take(encoding.data(), encoding.size());
    }
  }

  // Values.

  /// Room for one more value; no_node if it is not kept.
  NodeId make(bool keep, Kind kind) {
    if (!keep) return no_node;
    if (graph_.nodes_.size() >= limits_.nodes) {
      fail(fmt::format("it consists of more than {} values, which no data set needs.",
                       limits_.nodes));
    }
    graph_.nodes_.emplace_back().kind = kind;
    return static_cast<NodeId>(graph_.nodes_.size() - 1);
  }
  Node& node(NodeId id) { return graph_.nodes_[id]; }

  struct Deeper {
    Reader& reader;
    explicit Deeper(Reader& of) : reader(of) {
      if (++reader.depth_ > reader.limits_.depth) {
        reader.fail(fmt::format("values are nested more than {} deep, as in no data set.",
                                reader.limits_.depth));
      }
    }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    ~Deeper() { --reader.depth_; }
  };

  NodeId item(bool keep) { return item(Flags(word()), keep); }

  NodeId item(const Flags& flags, bool keep) {
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
        return names_of_environment(keep);
      case persistent_type:
        fail("it contains an object that only the program that wrote it can restore.");
      case environment_type:
        return environment(keep);
      case pairlist_type:
        return pairlist(flags, keep);
      case language_type:
      case closure_type:
      case promise_type:
      case dots_type:
        return code(flags, keep);
      case special_type:
      case builtin_type:
        pass_over(length_of(1));
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
        const std::int32_t n_shared = integer();
        if (n_shared < 0) fail_damaged("byte code claims a negative length");
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

  // References: symbols, environments and pointers are written once.

  NodeId remember(NodeId id) {
    constexpr std::size_t most = std::size_t{1} << 24U;
    if (references_.size() >= most) fail("it refers to more symbols and environments than any.");
    references_.push_back(id);
    return id;
  }
  NodeId reference(const Flags& flags) {
    const std::int64_t number = flags.packed_reference != 0 ? std::int64_t{flags.packed_reference}
                                                            : std::int64_t{integer()};
    if (number < 1 || number > static_cast<std::int64_t>(references_.size())) {
      fail_damaged(fmt::format("refers to object {} of {}", number, references_.size()));
    }
    return references_[static_cast<std::size_t>(number - 1)];
  }
  NodeId symbol() {
    const Flags flags(word());
    if (flags.type != char_type) fail_damaged("a symbol has no name");
    const TextId name = text(flags, true);
    const NodeId made = make(true, Kind::symbol);
    node(made).texts = {name == no_text ? graph_.pool_.intern("NA") : name};
    node(made).length = 1;
    return remember(made);
  }
  NodeId names_of_environment(bool keep) {
    if (integer() != 0) fail_damaged("the name of a namespace has names");
    const std::uint64_t count = length_of(8);
    for (std::uint64_t i = 0; i < count; ++i) (void)item(false);
    (void)keep;
    return remember(make(true, Kind::opaque));
  }
  /// Its contents are passed over.
  NodeId environment(bool) {
    (void)word();  // locked
    const NodeId made = remember(make(true, Kind::opaque));
    for (int part = 0; part < 4; ++part) (void)item(false);  // parent, frame, table, attributes
    return made;
  }

  // Pairlists and code.

  NodeId pairlist(Flags flags, bool keep) {
    const NodeId made = make(keep, Kind::pairlist);
    for (;;) {
      pass_attributes(flags);
      if (flags.has_tag) (void)item(false);
      add_item(made, item(keep));
      flags = Flags(word());
      if (flags.type == null_type) break;
      if (flags.type != pairlist_type) {
        add_item(made, item(flags, keep));
        break;
      }
    }
    if (made != no_node) node(made).length = node(made).items.size();
    return made;
  }
  void add_item(NodeId list, NodeId part) {
    if (list != no_node) node(list).items.push_back(part);
  }
  NodeId code(Flags flags, bool keep) {
    for (;;) {
      pass_attributes(flags);
      if (flags.has_tag) (void)item(false);
      (void)item(false);
      flags = Flags(word());
      const bool goes_on = flags.type == language_type || flags.type == pairlist_type;
      if (goes_on) continue;
      (void)item(flags, false);
      return make(keep, Kind::opaque);
    }
  }
  void bytecode() {
    const Deeper deeper(*this);
    (void)item(false);  // the instructions
    const std::uint64_t n_constants = length_of(4);
    for (std::uint64_t i = 0; i < n_constants; ++i) {
      const std::uint32_t type = word();
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
  /// Language in the constants of byte code, which may refer to what came before.
  void bytecode_language(std::uint32_t type) {
    const Deeper deeper(*this);
    for (;;) {
      if (type == bytecode_reference_type) {
        (void)word();
        return;
      }
      if (type == bytecode_definition_type) {
        (void)word();
        type = word();
      }
      const bool attributed = type == attributed_language_type || type == attributed_pairlist_type;
      if (!attributed && type != language_type && type != pairlist_type) {
        (void)item(false);
        return;
      }
      if (attributed) (void)item(false);
      (void)item(false);          // tag
      bytecode_language(word());  // head
      type = word();              // tail
    }
  }

  // Attributes.

  void pass_attributes(const Flags& flags) {
    if (flags.has_attributes) (void)item(false);
  }
  void read_attributes(const Flags& flags, NodeId of) {
    if (!flags.has_attributes) return;
    if (of == no_node) {
      (void)item(false);
      return;
    }
    take_attributes(of);
  }
  /// A pairlist whose tags are the attributes' names.
  void take_attributes(NodeId of) {
    const Deeper deeper(*this);
    for (Flags flags(word());; flags = Flags(word())) {
      if (flags.type == null_type) return;
      if (flags.type != pairlist_type) fail_damaged("attributes are no list");
      pass_attributes(flags);
      if (!flags.has_tag) fail_damaged("an attribute has no name");
      const NodeId tag = item(true);
      if (!graph_.is(tag, Kind::symbol)) fail_damaged("the name of an attribute is no symbol");
      const TextId name = node(tag).texts.front();
      const bool passed = node(of).kind == Kind::s4 && is_passed_over(graph_.text(name));
      const NodeId value = item(!passed);
      if (!passed) node(of).attributes.emplace_back(name, value);
    }
  }

  // Vectors.

  NodeId vector(const Flags& flags, bool keep) {
    NodeId made = no_node;
    switch (flags.type) {
      case logical_type:
        made = numbers<std::int32_t>(make(keep, Kind::logicals));
        break;
      case integer_type:
        made = numbers<std::int32_t>(make(keep, Kind::integers));
        break;
      case real_type:
        made = numbers<double>(make(keep, Kind::reals));
        break;
      case complex_type:
      case raw_type: {
        const std::uint64_t bytes = flags.type == raw_type ? 1 : 16;
        pass_over(length_of(bytes) * bytes);
        made = make(keep, Kind::opaque);
        break;
      }
      case text_type:
        made = texts(keep);
        break;
      case list_type:
      case expression_type:
        made = list(keep);
        break;
      default:
        fail_damaged(fmt::format("a value has type {}, which does not exist", flags.type));
    }
    read_attributes(flags, made);
    return made;
  }

  template <class T>
  NodeId numbers(NodeId made) {
    const std::uint64_t count = length_of(sizeof(T));
    if (made == no_node) {
      pass_over(count * sizeof(T));
      return made;
    }
    node(made).length = count;
    const bool held =
        count <= limits_.held_length && held_bytes_ + count * sizeof(T) <= limits_.held_bytes;
    if (held) {
      held_bytes_ += count * sizeof(T);
    } else if (++n_stored_ > limits_.stored_vectors) {
      fail(fmt::format("it contains more than {} long vectors, which no data set needs.",
                       limits_.stored_vectors));
    } else if constexpr (std::is_same_v<T, double>) {
      node(made).stored = store_.begin_reals(count);
    } else {
      node(made).stored = store_.begin_integers(count);
    }
    constexpr std::uint64_t at_once = 65536;
    std::vector<char> bytes;
    std::vector<T> values;
    for (std::uint64_t done = 0; done < count;) {
      const std::uint64_t now = std::min(at_once, count - done);
      bytes.resize(now * sizeof(T));
      values.resize(now);
      take(bytes.data(), bytes.size());
      decode(bytes, values);
      if (!held) {
        store_.add(std::span<const T>(values));
      } else if constexpr (std::is_same_v<T, double>) {
        node(made).reals = values;
      } else {
        node(made).integers = values;
      }
      done += now;
    }
    note_length(count);
    return made;
  }
  static void decode(const std::vector<char>& bytes, std::vector<std::int32_t>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
      values[i] = std::bit_cast<std::int32_t>(__builtin_bswap32(bits));
    }
  }
  static void decode(const std::vector<char>& bytes, std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::uint64_t bits = 0;
      std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
      values[i] = std::bit_cast<double>(__builtin_bswap64(bits));
    }
  }

  NodeId texts(bool keep) {
    const NodeId made = make(keep, Kind::texts);
    constexpr std::uint64_t shortest = 8;  // flags and a length
    const std::uint64_t count = length_of(shortest);
    if (keep && (n_texts_ += count) > limits_.texts) {
      fail(fmt::format("it contains more than {} texts, which no data set needs.", limits_.texts));
    }
    if (made != no_node) node(made).length = count;
    for (std::uint64_t i = 0; i < count; ++i) {
      const Flags flags(word());
      if (flags.type != char_type) fail_damaged("a character vector contains something else");
      const TextId id = text(flags, keep);
      if (made != no_node) node(made).texts.push_back(id);
    }
    note_length(count);
    return made;
  }
  TextId text(const Flags& flags, bool keep) {
    const std::int32_t size = integer();
    if (size < -1) fail_damaged(fmt::format("a text claims {} bytes", size));
    if (size == -1) {
      pass_attributes(flags);
      return no_text;
    }
    TextId id = no_text;
    if (keep) {
      constexpr std::int32_t most = 1 << 24;
      if (size > most) fail(fmt::format("a text of {} bytes is longer than any name.", size));
      buffer_.resize(static_cast<std::size_t>(size));
      take(buffer_.data(), buffer_.size());
      if (buffer_.find('\0') != std::string::npos) fail_damaged("a text contains a zero byte");
      const bool latin1 = (flags.levels & is_latin1) != 0;
      id = graph_.pool_.intern(latin1 || !is_utf8(buffer_) ? as_utf8(buffer_) : buffer_);
    } else {
      pass_over(static_cast<std::uint64_t>(size));
    }
    pass_attributes(flags);
    return id;
  }

  NodeId list(bool keep) {
    const NodeId made = make(keep, Kind::list);
    constexpr std::uint64_t shortest = 4;
    const std::uint64_t count = length_of(shortest);
    if (made != no_node) node(made).length = count;
    for (std::uint64_t i = 0; i < count; ++i) add_item(made, item(keep));
    return made;
  }

  // ALTREP: a class, its state, attributes.

  NodeId altrep(bool keep) {
    const NodeId info = item(true);
    const NodeId state = item(keep);
    const NodeId attributes = make(keep, Kind::s4);  // any kind that has some
    const Flags flags(word());
    if (flags.type == pairlist_type) {
      take_first_attribute(flags, attributes);
    } else if (flags.type != null_type) {
      fail_damaged("attributes are no list");
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
  /// As take_attributes(), of a pairlist whose first flags were read.
  void take_first_attribute(const Flags& flags, NodeId of) {
    pass_attributes(flags);
    if (!flags.has_tag) fail_damaged("an attribute has no name");
    const NodeId tag = item(true);
    if (!graph_.is(tag, Kind::symbol)) fail_damaged("the name of an attribute is no symbol");
    const NodeId value = item(of != no_node);
    if (of == no_node) {
      (void)item(false);
      return;
    }
    node(of).attributes.emplace_back(node(tag).texts.front(), value);
    take_attributes(of);
  }

  NodeId restored(const std::string& name, NodeId state) {
    if (name == "compact_intseq" || name == "compact_realseq") return sequence(name, state);
    const bool is_wrapper = name.starts_with("wrap_");
    if (!is_wrapper && name != "deferred_string") {
      fail(
          fmt::format("it contains a vector of the class '{}', which only a package of R can "
                      "read. Save a copy: saveRDS(object, file, version = 2).",
                      printable(name)));
    }
    if ((!graph_.is(state, Kind::pairlist) && !graph_.is(state, Kind::list)) ||
        node(state).items.empty()) {
      fail_damaged(fmt::format("the state of a {} is no list", name));
    }
    const NodeId of = node(state).items.front();
    if (of == no_node) fail_damaged(fmt::format("a {} is empty", name));
    if (is_wrapper) {
      // The vector itself, under the attributes of the wrapper.
      const NodeId made = make(true, node(of).kind);
      const Node& inner = node(of);
      Node& outer = node(made);
      outer = inner;
      return made;
    }
    if (node(of).kind != Kind::integers && node(of).kind != Kind::reals) {
      fail_damaged("deferred texts are of no numbers");
    }
    const NodeId made = make(true, Kind::texts);
    node(made).of = of;
    node(made).length = node(of).length;
    return made;
  }
  NodeId sequence(const std::string& name, NodeId state) {
    if (!graph_.is(state, Kind::reals) || node(state).reals.size() != 3) {
      fail_damaged("a sequence has no length, start and step");
    }
    const double count = node(state).reals[0];
    const double start = node(state).reals[1];
    const double step = node(state).reals[2];
    constexpr double most = 4503599627370496.0;
    const bool fits = count >= 0 && count <= most && count == std::floor(count) &&
                      std::abs(start) <= most && (step == 1 || step == -1);
    if (!fits) fail_damaged("a sequence has an impossible length, start or step");
    const NodeId made = make(true, name == "compact_intseq" ? Kind::integers : Kind::reals);
    Node& sequence = node(made);
    sequence.is_sequence = true;
    sequence.length = static_cast<std::uint64_t>(count);
    sequence.start = start;
    sequence.step = step;
    return made;
  }

  ByteInput& input_;
  NumberStore& store_;
  Limits limits_;
  Graph graph_;
  std::span<const char> piece_;
  std::uint64_t offset_ = 0;
  int depth_ = 0;
  std::vector<NodeId> references_;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t n_stored_ = 0;
  std::uint64_t n_texts_ = 0;
  std::string buffer_;
};

bool is_rds(std::string_view head) noexcept {
  using namespace std::string_view_literals;
  // The version follows: 2 or 3 of today; other small numbers are refused with a word.
  return head.starts_with("X\n\0\0\0"sv) || head.starts_with("A\n2\n") ||
         head.starts_with("A\n3\n") || head.starts_with("B\n\2\0\0\0"sv) ||
         head.starts_with("B\n\3\0\0\0"sv);
}

Graph read(ByteInput& input, NumberStore& store, const Limits& limits) {
  return Reader(input, store, limits).run();
}

}  // namespace sicmir::rds
