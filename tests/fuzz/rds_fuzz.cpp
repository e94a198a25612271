// SPDX-License-Identifier: BSD-3-Clause
/// R objects: Seurat, SingleCellExperiment and matrices.
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  read_whole(folder().put("object.rds", bytes));
}
