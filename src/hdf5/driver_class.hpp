// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What HDF5's virtual file drivers have in common. HDF5 calls them from C: nothing here throws.

#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <new>

namespace sicmir::h5 {

/// State of an open file. HDF5 fills in `base` and casts; it must come first.
struct DriverFile {
  H5FD_t base{};
  haddr_t end_of_allocation = 0;  ///< bytes from the start of the file
  haddr_t end_of_file = 0;        ///< likewise
};

/// `File`: derives from DriverFile; the type with which the file was opened.
template <typename File>
[[nodiscard]] File& opened_as(H5FD_t* file) {
  return static_cast<File&>(*reinterpret_cast<DriverFile*>(file));
}
template <typename File>
[[nodiscard]] const File& opened_as(const H5FD_t* file) {
  return static_cast<const File&>(*reinterpret_cast<const DriverFile*>(file));
}

/// A file as HDF5 takes it from `open`; null if memory is short. `close` deletes it.
template <typename File>
[[nodiscard]] H5FD_t* opened_file(File file) noexcept {
  // HDF5 owns it until `close`.
  auto* kept = new (std::nothrow) File(file);  // NOLINT(cppcoreguidelines-owning-memory)
  return kept == nullptr ? nullptr : &static_cast<DriverFile*>(kept)->base;
}

/// A number of `n` bytes, at most 8, as files store it.
[[nodiscard]] inline std::uint64_t little_endian(const unsigned char* at, std::size_t n) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = n; i-- > 0;) value = value << 8U | at[i];
  return value;
}

/// Fills `buffer` with the bytes from `address` on; those beyond the end of the file are zeros.
/// False, with errno: they cannot be read.
[[nodiscard]] inline bool read_bytes(int descriptor, haddr_t address, std::size_t size,
                                     void* buffer) noexcept {
  auto* at = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = pread(descriptor, at, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) {
      std::memset(at, 0, size);
      return true;
    }
    at += got;
    address += static_cast<haddr_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

/// A driver's description but for how it opens, closes, compares, reads and writes. `number`: 512
/// or more, of the range for private use; each driver its own. `name` must live for ever.
[[nodiscard]] inline H5FD_class_t driver_class(const char* name,
                                               [[maybe_unused]] int number) noexcept {
  H5FD_class_t description{};
#ifdef H5FD_CLASS_VERSION
  description.version = H5FD_CLASS_VERSION;
  description.value = static_cast<H5FD_class_value_t>(number);
#endif
  description.name = name;
  description.maxaddr = (haddr_t{1} << 62) - 1;
  description.fc_degree = H5F_CLOSE_WEAK;
  description.get_eoa = [](const H5FD_t* file, H5FD_mem_t) {
    return opened_as<DriverFile>(file).end_of_allocation;
  };
  description.set_eoa = [](H5FD_t* file, H5FD_mem_t, haddr_t address) {
    opened_as<DriverFile>(file).end_of_allocation = address;
    return herr_t{0};
  };
  description.get_eof = [](const H5FD_t* file, H5FD_mem_t) {
    return opened_as<DriverFile>(file).end_of_file;
  };
  constexpr std::array<H5FD_mem_t, H5FD_MEM_NTYPES> kinds = H5FD_FLMAP_DICHOTOMY;
  std::copy(kinds.begin(), kinds.end(), std::begin(description.fl_map));
  return description;
}

}  // namespace sicmir::h5
