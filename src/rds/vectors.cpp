// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

#include "base/text_list.hpp"
#include "rds/reader.hpp"

namespace sicmir::rds {
namespace {

void decode(const std::vector<char>& bytes, std::vector<std::int32_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
    values[i] = std::bit_cast<std::int32_t>(__builtin_bswap32(bits));
  }
}

void decode(const std::vector<char>& bytes, std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, bytes.data() + i * sizeof(bits), sizeof(bits));
    values[i] = std::bit_cast<double>(__builtin_bswap64(bits));
  }
}

}  // namespace

template <class T>
NodeId Reader::numbers(NodeId made) {
  const std::uint64_t count = bytes_.length_of(sizeof(T));
  if (made == no_node) {
    bytes_.pass_over(count * sizeof(T));
    return made;
  }
  node(made).length = count;
  const bool held =
      count <= limits_.held_length && held_bytes_ + count * sizeof(T) <= limits_.held_bytes;
  if (held) {
    held_bytes_ += count * sizeof(T);
  } else if (++n_stored_ > limits_.stored_vectors) {
    bytes_.fail(fmt::format("it contains more than {} long vectors, which no data set needs.",
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
    bytes_.take(bytes.data(), bytes.size());
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

NodeId Reader::vector(const Flags& flags, bool keep) {
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
      bytes_.pass_over(bytes_.length_of(bytes) * bytes);
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
      bytes_.fail_damaged(fmt::format("a value has type {}, which does not exist", flags.type));
  }
  read_attributes(flags, made);
  return made;
}

NodeId Reader::texts(bool keep) {
  const NodeId made = make(keep, Kind::texts);
  constexpr std::uint64_t shortest = 8;  // flags and a length
  const std::uint64_t count = bytes_.length_of(shortest);
  if (keep && (n_texts_ += count) > limits_.texts) {
    bytes_.fail(
        fmt::format("it contains more than {} texts, which no data set needs.", limits_.texts));
  }
  if (made != no_node) node(made).length = count;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Flags flags(bytes_.word());
    if (flags.type != char_type) bytes_.fail_damaged("a character vector contains something else");
    const TextId id = text(flags, keep);
    if (made != no_node) node(made).texts.push_back(id);
  }
  note_length(count);
  return made;
}

TextId Reader::text(const Flags& flags, bool keep) {
  const std::int32_t size = bytes_.integer();
  if (size < -1) bytes_.fail_damaged(fmt::format("a text claims {} bytes", size));
  if (size == -1) {
    pass_attributes(flags);
    return no_text;
  }
  TextId id = no_text;
  if (keep) {
    constexpr std::int32_t most = 1 << 24;
    if (size > most) bytes_.fail(fmt::format("a text of {} bytes is longer than any name.", size));
    buffer_.resize(static_cast<std::size_t>(size));
    bytes_.take(buffer_.data(), buffer_.size());
    if (buffer_.find('\0') != std::string::npos) bytes_.fail_damaged("a text contains a zero byte");
    const bool latin1 = (flags.levels & is_latin1) != 0;
    id = graph_.pool_.intern(latin1 ? latin1_as_utf8(buffer_) : as_utf8(buffer_));
  } else {
    bytes_.pass_over(static_cast<std::uint64_t>(size));
  }
  pass_attributes(flags);
  return id;
}

NodeId Reader::list(bool keep) {
  const NodeId made = make(keep, Kind::list);
  constexpr std::uint64_t shortest = 4;
  const std::uint64_t count = bytes_.length_of(shortest);
  if (made != no_node) node(made).length = count;
  for (std::uint64_t i = 0; i < count; ++i) add_item(made, item(keep));
  return made;
}

void Reader::note_length(std::uint64_t count) {
  graph_.longest_ = std::max(graph_.longest_, count + 1);
}

}  // namespace sicmir::rds
