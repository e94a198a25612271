// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <hdf5.h>

namespace sicmir::h5 {

inline constexpr H5Z_filter_t lzf_filter_number = 32000;

/// h5py's LZF filter, registered number 32000 (portal.hdfgroup.org, registered filters): HDF5 does
/// not ship it. Reading only. Call with h5::Lock held; further calls do nothing.
void register_lzf_filter();

}  // namespace sicmir::h5
