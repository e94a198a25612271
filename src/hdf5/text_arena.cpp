// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/text_arena.hpp"

namespace sicmir::h5 {

TextArena::TextArena(std::size_t max_bytes)
    : transfer_(H5Pcreate(H5P_DATASET_XFER)), max_bytes_(max_bytes) {
  H5Pset_vlen_mem_manager(
      transfer_.get(), &TextArena::allocate, this, [](void*, void*) {}, nullptr);
}

void TextArena::clear() noexcept {
  texts_.clear();
  bytes_ = 0;
  full_ = false;
}

void* TextArena::allocate(std::size_t size, void* self) {
  auto& arena = *static_cast<TextArena*>(self);
  if (size > arena.max_bytes_ - arena.bytes_) {
    arena.full_ = true;
    return nullptr;
  }
  arena.bytes_ += size;
  // One more byte, zero: HDF5 before 1.14 relies on the file's for the end of the text.
  return arena.texts_.emplace_back(size + 1).data();
}

}  // namespace sicmir::h5
