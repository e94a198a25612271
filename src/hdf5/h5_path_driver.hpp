// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The driver of h5_driver.hpp for a file that it opens by its path, and closes.

#include <hdf5.h>

#include <memory>

#include "hdf5/h5_driver.hpp"

namespace sicmir::h5 {

/// Makes `access` (a file access list) use the driver. Call with Lock.
herr_t use_path_driver(hid_t access);

/// Why the system did not open the file that this thread last wanted through the driver (errno).
/// 0: it did. Call with Lock.
[[nodiscard]] int why_not_opened() noexcept;

/// The state of a file that was opened with use_path_driver(); stays valid when the file is closed.
/// Null for others. Call with Lock.
[[nodiscard]] std::shared_ptr<DriverState> state_of(hid_t file);

}  // namespace sicmir::h5
