// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Links that lead out of an HDF5 file.

#include <string>

#include "hdf5/h5.hpp"

namespace sicmir::h5 {

/// A sentence about the first external link at the root of `file` or one level below it, in name
/// order; empty: there is none. Nothing is opened through it.
[[nodiscard]] std::string describe_external_link(const File& file);

}  // namespace sicmir::h5
