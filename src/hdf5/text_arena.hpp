// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Memory for texts of variable length, with a bound.

#include <hdf5.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "hdf5/h5.hpp"

namespace sicmir::h5 {

/// Holds the variable-length texts of one read. Any number of a file's texts may point to the same
/// bytes, so that a small hostile file could fill the memory.
class TextArena {
 public:
  explicit TextArena(std::size_t max_bytes);
  TextArena(const TextArena&) = delete;
  TextArena& operator=(const TextArena&) = delete;
  ~TextArena() = default;

  /// The transfer property list for H5Dread(), which fails when the arena is full. What it read
  /// belongs to the arena and needs no H5Dvlen_reclaim().
  [[nodiscard]] hid_t transfer() const noexcept { return transfer_.get(); }
  void clear() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool full() const noexcept { return full_; }
  [[nodiscard]] const std::vector<std::vector<char>>& texts() const noexcept { return texts_; }

 private:
  static void* allocate(std::size_t size, void* self);

  Handle transfer_;
  std::vector<std::vector<char>> texts_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace sicmir::h5
