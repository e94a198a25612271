// SPDX-License-Identifier: BSD-3-Clause
#include "cells/spool.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <limits>

namespace sicmir {
namespace {

template <class T>
void put(std::string& record, const T* values, std::size_t count) {
  record.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <class T>
void take(const char*& from, T* values, std::size_t count) {
  if (count == 0) return;
  std::memcpy(values, from, count * sizeof(T));
  from += count * sizeof(T);
}

}  // namespace

int TemporaryFile::descriptor() {
  if (!place_.file) place_ = open_temporary();
  return place_.file.get();
}

void TemporaryFile::append(std::string_view bytes) {
  if (!place_.file) place_ = open_temporary();
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(place_.file.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      throw Error(ExitCode::not_written,
                  fmt::format("{}: cannot extend a temporary file of {} bytes: {}. Set TMPDIR to a "
                              "directory with more space.",
                              place_.folder, size_, std::strerror(errno)));
    }
    size_ += static_cast<std::size_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TemporaryFile::read(std::size_t offset, std::size_t size, char* out) const {
  while (size > 0) {
    const ssize_t got = ::pread(place_.file.get(), out, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(ExitCode::internal, fmt::format("{}: cannot read a temporary file at byte {}.",
                                                  place_.folder, offset));
    }
    out += got;
    offset += static_cast<std::size_t>(got);
    size -= static_cast<std::size_t>(got);
  }
}

std::string Spool::pack(const CellBlock& block) {
  // first, cells, values, bytes of a gene; counts per cell; genes (16 bits for panels, 32 where all
  // genes of an annotation are kept); values; totals; names
  const auto n_cells = static_cast<std::size_t>(block.size());
  const std::size_t n_values = block.values.size();
  std::string record;
  constexpr PanelPosition most_narrow = 65535;
  const bool wide = std::any_of(block.genes.begin(), block.genes.end(),
                                [](PanelPosition gene) { return gene > most_narrow; });
  const std::array<std::uint64_t, 4> head = {static_cast<std::uint64_t>(block.first), n_cells,
                                             n_values, wide ? 4U : 2U};
  put(record, head.data(), head.size());
  for (std::size_t c = 0; c < n_cells; ++c) {
    const auto count = static_cast<std::uint32_t>(block.offsets[c + 1] - block.offsets[c]);
    put(record, &count, 1);
  }
  if (wide) put(record, block.genes.data(), n_values);
  for (const PanelPosition gene : block.genes) {
    if (wide) break;
    const auto narrow = static_cast<std::uint16_t>(gene);
    put(record, &narrow, 1);
  }
  put(record, block.values.data(), n_values);
  put(record, block.totals.data(), n_cells);
  for (const std::string& name : block.cells) {
    const auto length = static_cast<std::uint32_t>(name.size());
    put(record, &length, 1);
    record += name;
  }
  return record;
}

void Spool::append(std::string&& record) {
  if (on_disk_.empty() && memory_used_ + record.size() <= memory_bound_) {
    memory_used_ += record.size();
    record.shrink_to_fit();
    in_memory_.push_back(std::move(record));
    return;
  }
  file_.append(record);
  on_disk_.push_back(record.size());
}

bool Spool::next(CellBlock& block) {
  const std::size_t record = next_record_;
  if (record >= in_memory_.size() + on_disk_.size()) {
    block.clear(0);
    return false;
  }
  if (record < in_memory_.size()) {
    buffer_ = std::move(in_memory_[record]);
  } else {
    buffer_.resize(on_disk_[record - in_memory_.size()]);
    file_.read(next_offset_, buffer_.size(), buffer_.data());
    next_offset_ += buffer_.size();
  }
  ++next_record_;

  const char* from = buffer_.data();
  std::array<std::uint64_t, 4> head{};
  take(from, head.data(), head.size());
  const auto n_cells = static_cast<std::size_t>(head[1]);
  const auto n_values = static_cast<std::size_t>(head[2]);
  block.clear(static_cast<Index>(head[0]));
  std::vector<std::uint32_t> counts(n_cells);
  take(from, counts.data(), n_cells);
  for (const std::uint32_t count : counts) block.offsets.push_back(block.offsets.back() + count);
  if (head[3] == 4) {
    block.genes.resize(n_values);
    take(from, block.genes.data(), n_values);
  } else {
    std::vector<std::uint16_t> genes(n_values);
    take(from, genes.data(), n_values);
    block.genes.assign(genes.begin(), genes.end());
  }
  block.values.resize(n_values);
  take(from, block.values.data(), n_values);
  block.totals.resize(n_cells);
  take(from, block.totals.data(), n_cells);
  for (std::size_t c = 0; c < n_cells; ++c) {
    std::uint32_t length = 0;
    take(from, &length, 1);
    block.cells.emplace_back(from, length);
    from += length;
  }
  return true;
}

}  // namespace sicmir
