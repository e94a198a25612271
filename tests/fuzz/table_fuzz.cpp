// SPDX-License-Identifier: BSD-3-Clause
/// Text tables: CSV, TSV, GCT, GEO series matrices, STAR's counts.
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  read_whole(folder().put("table.txt", bytes));
}
