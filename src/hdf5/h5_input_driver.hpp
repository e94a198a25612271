// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How HDF5 reaches an input file (a virtual file driver): like its own for POSIX files, but that
/// damaged collections of texts are refused before the library sees them.

#include <hdf5.h>

#include <cstddef>
#include <string_view>

namespace sicmir::h5 {

/// Makes `access` (a file access list) use the driver. Call with Lock.
herr_t use_input_driver(hid_t access);
/// The same for a file in memory: whatever name is opened with `access`, these bytes are the file.
herr_t use_input_driver(hid_t access, std::string_view bytes);

/// True for the bytes of a global heap collection (HDF5 File Format Specification, section III.E)
/// whose objects lead from one to the next up to its end. HDF5 1.10 to 1.14 loop for ever at an
/// object of size 0, as a hole of zeros in a file makes it.
[[nodiscard]] bool is_sound_collection(const unsigned char* bytes, std::size_t size);

}  // namespace sicmir::h5
