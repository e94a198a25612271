// SPDX-License-Identifier: BSD-3-Clause
#include "input/rds_numbers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/nan.hpp"

namespace sicmir {

using rds::Graph;
using rds::Kind;
using rds::Node;
using rds::NodeId;

RdsNumbers::RdsNumbers(const H5Output& out, std::uint64_t most_bytes)
    : out_(out), bytes_left_(most_bytes), group_(create_group(out, out.id(), "vectors", "", "")) {}

std::int64_t RdsNumbers::begin(hid_t type, std::uint64_t length) {
  const h5::Lock lock;
  end();
  const std::uint64_t element = H5Tget_size(type);
  if (length > bytes_left_ / element) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: unpacks to more bytes than any data set of its size; the file is "
                            "damaged.",
                            out_.path()));
  }
  bytes_left_ -= length * element;
  const std::array<hsize_t, 1> extent = {length};
  current_ = create_dataset(out_, group_.get(), std::to_string(n_vectors_), type, extent);
  written_ = 0;
  return n_vectors_++;
}

std::int64_t RdsNumbers::begin_integers(std::uint64_t length) {
  return begin(H5T_STD_I32LE, length);
}

std::int64_t RdsNumbers::begin_reals(std::uint64_t length) {
  return begin(H5T_IEEE_F64LE, length);
}

void RdsNumbers::write(hid_t memory, const void* values, std::size_t count) {
  write_lines(out_, current_.get(), memory, written_, count, values);
  written_ += count;
}

void RdsNumbers::add(std::span<const std::int32_t> values) {
  write(H5T_NATIVE_INT32, values.data(), values.size());
}

void RdsNumbers::add(std::span<const double> values) {
  write(H5T_NATIVE_DOUBLE, values.data(), values.size());
}

void RdsNumbers::end() {
  const h5::Lock lock;
  if (current_) out_.close(std::move(current_));
  current_ = {};
}

void RdsNumbers::read(std::int64_t number, hid_t memory, std::uint64_t first, std::uint64_t count,
                      void* values) const {
  const h5::Lock lock;
  const h5::Handle dataset =
      out_.checked(H5Dopen2(group_.get(), std::to_string(number).c_str(), H5P_DEFAULT));
  const h5::Handle space = out_.checked(H5Dget_space(dataset.get()));
  const std::array<hsize_t, 1> start = {first};
  const std::array<hsize_t, 1> extent = {count};
  const h5::Handle memory_space = out_.checked(H5Screate_simple(1, extent.data(), nullptr));
  out_.check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(),
                                 nullptr));
  out_.check(H5Dread(dataset.get(), memory, memory_space.get(), space.get(), H5P_DEFAULT, values));
}

std::vector<std::int32_t> RdsNumbers::integers(const Graph& graph, NodeId id, std::uint64_t first,
                                               std::uint64_t count) const {
  const Node& node = graph[id];
  if ((node.kind != Kind::integers && node.kind != Kind::logicals) || first > node.length ||
      count > node.length - first) {
    graph.fail("a vector of whole numbers is missing or too short; the file is damaged.");
  }
  std::vector<std::int32_t> values(count);
  if (count == 0) return values;
  if (node.stored >= 0) {
    read(node.stored, H5T_NATIVE_INT32, first, count, values.data());
    return values;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!node.is_sequence) {
      values[i] = node.integers[first + i];
      continue;
    }
    const double value = node.start + node.step * static_cast<double>(first + i);
    constexpr double most = std::numeric_limits<std::int32_t>::max();
    if (std::abs(value) > most) graph.fail("a sequence leaves the whole numbers of R.");
    values[i] = static_cast<std::int32_t>(value);
  }
  return values;
}

std::vector<double> RdsNumbers::reals(const Graph& graph, NodeId id, std::uint64_t first,
                                      std::uint64_t count) const {
  const Node& node = graph[id];
  std::vector<double> values;
  if (node.kind != Kind::reals) {
    for (const std::int32_t each : integers(graph, id, first, count)) {
      values.push_back(each == rds::missing_integer ? nan : each);
    }
    return values;
  }
  if (first > node.length || count > node.length - first) {
    graph.fail("a vector of numbers is too short; the file is damaged.");
  }
  values.resize(count);
  if (count == 0) return values;
  if (node.stored >= 0) {
    read(node.stored, H5T_NATIVE_DOUBLE, first, count, values.data());
    return values;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    values[i] = node.is_sequence ? node.start + node.step * static_cast<double>(first + i)
                                 : node.reals[first + i];
  }
  return values;
}

void RdsNumbers::place(const Graph& graph, NodeId id, hid_t parent, const std::string& name) const {
  const h5::Lock lock;
  const Node& node = graph[id];
  if (node.stored >= 0) {
    out_.check(H5Lcreate_hard(group_.get(), std::to_string(node.stored).c_str(), parent,
                              name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
    return;
  }
  const bool is_real = node.kind == Kind::reals;
  const std::array<hsize_t, 1> extent = {node.length};
  h5::Handle dataset =
      create_dataset(out_, parent, name, is_real ? H5T_IEEE_F64LE : H5T_STD_I32LE, extent);
  constexpr std::uint64_t at_once = 65536;
  for (std::uint64_t first = 0; first < node.length; first += at_once) {
    const std::uint64_t count = std::min(at_once, node.length - first);
    if (is_real) {
      write_lines(out_, dataset.get(), H5T_NATIVE_DOUBLE, first, count,
                  reals(graph, id, first, count).data());
    } else {
      write_lines(out_, dataset.get(), H5T_NATIVE_INT32, first, count,
                  integers(graph, id, first, count).data());
    }
  }
  out_.close(std::move(dataset));
}

}  // namespace sicmir
