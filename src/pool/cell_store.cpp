// SPDX-License-Identifier: BSD-3-Clause
#include "pool/cell_store.hpp"

#include <cstdint>
#include <cstring>

namespace sicmir {
namespace {

template <class T>
void put(std::string& bytes, const T* values, std::size_t count) {
  bytes.append(reinterpret_cast<const char*>(values), count * sizeof(T));
}

template <class T>
void take(const char*& from, T* values, std::size_t count) {
  if (count == 0) return;
  std::memcpy(values, from, count * sizeof(T));
  from += count * sizeof(T);
}

}  // namespace

void CellStore::append(const CellBlock& block) {
  // At once: growing would need both the old and the new room. Pages count when they are written.
  if (ends_.empty()) memory_.reserve(memory_bound_);
  for (Index cell = 0; cell < block.size(); ++cell) {
    const auto at = static_cast<std::size_t>(cell);
    const auto first = static_cast<std::size_t>(block.offsets[at]);
    const auto n = static_cast<std::uint64_t>(block.offsets[at + 1] - block.offsets[at]);
    buffer_.clear();
    put(buffer_, &n, 1);
    put(buffer_, &block.totals[at], 1);
    put(buffer_, block.genes.data() + first, n);
    put(buffer_, block.values.data() + first, n);
    buffer_ += block.cells[at];
    if (file_.size() == 0 && memory_.size() + buffer_.size() <= memory_bound_) {
      memory_ += buffer_;
    } else {
      file_.append(buffer_);
    }
    ends_.push_back(memory_.size() + file_.size());
  }
}

void CellStore::read(Index position, Cell& cell) const {
  const auto at = static_cast<std::size_t>(position);
  const std::size_t begin = at == 0 ? 0 : ends_[at - 1];
  const std::size_t size = ends_[at] - begin;
  const char* from = memory_.data() + begin;
  if (begin >= memory_.size()) {
    cell.bytes.resize(size);
    file_.read(begin - memory_.size(), size, cell.bytes.data());
    from = cell.bytes.data();
  }
  const char* const end = from + size;
  std::uint64_t n = 0;
  take(from, &n, 1);
  take(from, &cell.total, 1);
  cell.genes.resize(n);
  take(from, cell.genes.data(), n);
  cell.values.resize(n);
  take(from, cell.values.data(), n);
  cell.name.assign(from, end);
}

}  // namespace sicmir
