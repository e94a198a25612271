// SPDX-License-Identifier: BSD-3-Clause
/// Lists, and tables of cells' groups.
#include "cells/groups.hpp"
#include "fuzz/fuzz_target.hpp"
#include "text/list_file.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  const std::string path = folder().put("groups.tsv", bytes);
  static_cast<void>(read_text_lines(path));
  SourceDescription input;
  input.path = "input.csv";
  const CellGroups groups = CellGroups::open({path, "", ""}, input);
  static_cast<void>(groups.of(0, "CELL1"));
}
