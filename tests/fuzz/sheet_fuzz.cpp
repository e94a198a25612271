// SPDX-License-Identifier: BSD-3-Clause
/// Lists of inputs and sample sheets of `predict --inputs`.
#include <cstdlib>

#include "cli/sample_sheet.hpp"
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  const std::string path = folder().put("sheet.tsv", bytes);
  for (const cli::BatchItem& item : cli::read_sample_sheet(path)) {
    // What the reader promises of each line.
    if (item.id.empty() || item.path.empty() || item.line == 0 ||
        item.id.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
      std::abort();
    }
  }
}
