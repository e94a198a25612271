// SPDX-License-Identifier: BSD-3-Clause
/// Compressed tables and archives: gzip, BGZF, tar.
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  read_whole(folder().put("archive.tar.gz", bytes));
}
