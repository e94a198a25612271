// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Texts of variable length are stored as references into collections. HDF5 1.10 to 1.14.3 follows
/// a damaged one wherever it leads: an index beyond the collection is read past its end, and a text
/// longer than its reference says is written past the end of its buffer.

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sicmir::h5 {

/// Compares the references of an input file with their collections before the library follows them.
/// Call with Lock.
class ReferenceCheck {
 public:
  /// `object`: whatever of the file; one that the input driver did not open is not checked.
  explicit ReferenceCheck(hid_t object);

  /// What `read()` returns, which calls H5Dread() or H5Aread() and fails at a damaged reference.
  template <class Read>
  herr_t during(Read read) {
    begin();
    const herr_t result = read();
    end();
    return result;
  }

  /// True if all of `count` references, `stride` bytes apart, lead to objects of their collections
  /// of just the length that they state, in elements of `element_bytes` (HDF5 File Format
  /// Specification, version 3: sections III.E, "Global Heap", and VIII.B, "Global Heap ID").
  [[nodiscard]] bool are_sound(const unsigned char* references, std::size_t count,
                               std::size_t stride, std::size_t element_bytes);

 private:
  void begin() noexcept;
  static void end() noexcept;

  /// Index and length of each object, by index.
  using Collection = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

  const Collection* collection_at(std::uint64_t address);

  int descriptor_ = -1;
  std::uint64_t base_ = 0;   // of the addresses: the size of the user block
  std::uint64_t bytes_ = 0;  // of the file
  std::uint64_t taken_ = 0;  // by the collections that were read: they do not overlap
  std::unordered_map<std::uint64_t, Collection> collections_;
};

/// Registers the check with the library, once. Call with Lock.
void register_reference_check();

}  // namespace sicmir::h5
