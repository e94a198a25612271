// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How HDF5 reaches an output file (a virtual file driver): through a descriptor that the caller
/// keeps, remembering the first failure.

#include <hdf5.h>

#include <cstdint>

namespace sicmir::h5 {

/// State of a file being written. HDF5 1.10 goes on using what it could not write: it frees such a
/// file twice when the program ends, and swallows errors where handles are closed. So it is never
/// told: from the first failure on, writing succeeds by doing nothing. Whoever writes looks at
/// `error` after each call of the library.
struct DriverState {
  int descriptor = -1;   ///< open for reading and writing
  int error = 0;         ///< errno of the first failure
  bool discard = false;  ///< nothing reaches the file any more
  std::uint64_t since_writeback = 0;
};

/// Makes `access` (a file access list) use `state`, which must outlive the file. Call with Lock.
herr_t use_driver(hid_t access, DriverState& state);

}  // namespace sicmir::h5
