// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/text_references.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "hdf5/driver_class.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_input_driver.hpp"

namespace sicmir::h5 {
namespace {

constexpr std::size_t length_bytes = 4;  // of a reference: length, address, index
constexpr std::size_t address_bytes = 8;
constexpr std::size_t index_bytes = 4;
constexpr std::size_t reference_bytes = length_bytes + address_bytes + index_bytes;

/// HDF5 hands conversions no data of the caller's.
ReferenceCheck* current = nullptr;
H5T_conv_t own_conversion = nullptr;  // the library's, of one kind of sequence to another

std::size_t bytes_of_element(hid_t type) {
  if (H5Tis_variable_str(type) > 0) return 1;
  const Handle element(H5Tget_super(type));
  return element ? H5Tget_size(element.get()) : 0;
}

herr_t convert(hid_t from, hid_t to, H5T_cdata_t* state, std::size_t count, std::size_t stride,
               std::size_t background_stride, void* buffer, void* background, hid_t transfer) {
  if (state->command == H5T_CONV_CONV && current != nullptr &&
      !current->are_sound(static_cast<const unsigned char*>(buffer), count,
                          stride == 0 ? reference_bytes : stride, bytes_of_element(from))) {
    return -1;
  }
  return own_conversion(from, to, state, count, stride, background_stride, buffer, background,
                        transfer);
}

}  // namespace

void register_reference_check() {
#if H5_VERSION_LE(1, 14, 3)
  if (own_conversion != nullptr) return;
  // Two that differ, because equal ones need no conversion.
  const Handle from(H5Tvlen_create(H5T_NATIVE_INT));
  const Handle to(H5Tvlen_create(H5T_NATIVE_DOUBLE));
  H5T_cdata_t* state = nullptr;
  own_conversion = H5Tfind(from.get(), to.get(), &state);
  if (own_conversion == nullptr) return;
  if (H5Tregister(H5T_PERS_SOFT, "sicmir_reference", from.get(), to.get(), convert) < 0) {
    own_conversion = nullptr;
  }
#endif
}

ReferenceCheck::ReferenceCheck(hid_t object) {
  const Handle file(H5Iget_file_id(object));
  const auto descriptor = input_descriptor(file.get());
  if (!descriptor) return;
  const Handle creation(H5Fget_create_plist(file.get()));
  std::size_t address = 0, length = 0;
  hsize_t user_block = 0, bytes = 0;
  if (H5Pget_sizes(creation.get(), &address, &length) < 0 || address != address_bytes ||
      length != sizeof(std::uint64_t) || H5Pget_userblock(creation.get(), &user_block) < 0 ||
      H5Fget_filesize(file.get(), &bytes) < 0) {
    return;
  }
  descriptor_ = *descriptor;
  base_ = user_block;
  bytes_ = bytes;
}

void ReferenceCheck::begin() noexcept {
  if (descriptor_ >= 0) current = this;
}

void ReferenceCheck::end() noexcept {
  current = nullptr;
}

const ReferenceCheck::Collection* ReferenceCheck::collection_at(std::uint64_t address) {
  const auto known = collections_.find(address);
  if (known != collections_.end()) return &known->second;
  std::array<unsigned char, collection_header_bytes> header{};
  if (address >= bytes_ ||
      !read_bytes(descriptor_, base_ + address, header.size(), header.data())) {
    return nullptr;
  }
  const std::uint64_t size = collection_size(header.data());
  if (size < header.size() || size > bytes_ - taken_ || size > bytes_ - address) return nullptr;
  taken_ += size;
  std::vector<unsigned char> bytes(size);
  if (!read_bytes(descriptor_, base_ + address, size, bytes.data())) return nullptr;
  Collection objects;
  if (!for_objects_of_collection(bytes.data(), size, [&](std::uint64_t index, std::uint64_t own) {
        if (index != 0) objects.emplace_back(index, own);
      })) {
    return nullptr;
  }
  std::sort(objects.begin(), objects.end());
  return &collections_.emplace(address, std::move(objects)).first->second;
}

bool ReferenceCheck::are_sound(const unsigned char* references, std::size_t count,
                               std::size_t stride, std::size_t element_bytes) try {
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned char* at = references + i * stride;
    const std::uint64_t length = little_endian(at, length_bytes);
    const std::uint64_t address = little_endian(at + length_bytes, address_bytes);
    const std::uint64_t index = little_endian(at + length_bytes + address_bytes, index_bytes);
    if (address == 0) continue;  // no text
    const Collection* objects = collection_at(address);
    if (objects == nullptr) return false;
    const auto found =
        std::lower_bound(objects->begin(), objects->end(), std::pair{index, std::uint64_t{0}});
    if (found == objects->end() || found->first != index) return false;
    if (found->second != length * element_bytes) return false;
  }
  return true;
} catch (const std::bad_alloc&) {
  return false;  // HDF5 is C
}

}  // namespace sicmir::h5
