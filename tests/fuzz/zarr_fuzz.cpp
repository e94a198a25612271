// SPDX-License-Identifier: BSD-3-Clause
/// AnnData as Zarr, in a zip archive.
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  read_whole(folder().put("cells.zarr.zip", bytes));
}
