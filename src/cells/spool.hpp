// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Keeps what a first pass read for the second one: in memory up to a bound, beyond it in a
/// temporary file that has no name and goes with the process.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/own_files.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// A file of open_temporary().
class TemporaryFile {
 public:
  /// Opens on first use. Errors are Error(not_written) with the folder and the system's reason.
  void append(std::string_view bytes);
  /// Opens on first use; stays this object's.
  [[nodiscard]] int descriptor();
  /// Reads exactly `size` bytes at `offset`.
  void read(std::size_t offset, std::size_t size, char* out) const;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// By which open_input() opens the file while this lives. After the first append().
  [[nodiscard]] std::string path() const { return path_of_descriptor(place_.file.get()); }

 private:
  TemporaryPlace place_;
  std::size_t size_ = 0;
};

class Spool {
 public:
  explicit Spool(std::size_t memory_bound) : memory_bound_(memory_bound) {}

  /// A block's names, panel values and position, about 6 bytes a value; may run in any thread.
  [[nodiscard]] static std::string pack(const CellBlock& block);

  /// Records come out in the order in which they were appended.
  void append(std::string&& record);
  /// The next record as a block; false at the end. Records kept in memory are freed as they go.
  bool next(CellBlock& block);

  [[nodiscard]] std::size_t bytes_in_memory() const noexcept { return memory_used_; }
  [[nodiscard]] std::size_t bytes_on_disk() const noexcept { return file_.size(); }

 private:
  std::size_t memory_bound_;
  std::size_t memory_used_ = 0;
  std::vector<std::string> in_memory_;
  std::vector<std::size_t> on_disk_;  // sizes of the records that follow those in memory
  TemporaryFile file_;
  std::size_t next_record_ = 0;
  std::size_t next_offset_ = 0;
  std::string buffer_;
};

}  // namespace sicmir
