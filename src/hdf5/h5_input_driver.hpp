// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How HDF5 reaches an input file (a virtual file driver): like its own for POSIX files, but that
/// damaged collections of texts are refused before the library sees them.

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace sicmir::h5 {

/// Makes `access` (a file access list) use the driver. Call with Lock.
herr_t use_input_driver(hid_t access);
/// The same for a file in memory: whatever name is opened with `access`, these bytes are the file.
herr_t use_input_driver(hid_t access, std::string_view bytes);

/// The descriptor of a file that the driver opened; none for one in memory, and for other files.
[[nodiscard]] std::optional<int> input_descriptor(hid_t file);

// Global heap collections (HDF5 File Format Specification, section III.E) of files with lengths of
// 8 bytes.

/// Of a collection and of each object.
inline constexpr std::size_t collection_header_bytes = 16;

/// What the header of a collection says, itself included; 0: it is not one.
[[nodiscard]] std::uint64_t collection_size(const unsigned char* header);

/// Calls `use(index, length)` for each object of the collection of `size` bytes; index 0: free
/// space. False if they do not lead from one to the next up to its end.
bool for_objects_of_collection(const unsigned char* bytes, std::size_t size,
                               const std::function<void(std::uint64_t, std::uint64_t)>& use);

/// Whether they lead so. HDF5 1.10 to 1.14 loop for ever at an object of size 0, as a hole of zeros
/// in a file makes it.
[[nodiscard]] bool is_sound_collection(const unsigned char* bytes, std::size_t size);

}  // namespace sicmir::h5
