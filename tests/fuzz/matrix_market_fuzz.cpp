// SPDX-License-Identifier: BSD-3-Clause
/// A 10x folder: matrix, genes and cells, with a line ===== between them.
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  const auto [matrix, genes, cells] = parts<3>(bytes);
  static_cast<void>(folder().put("tenx/features.tsv", genes));
  static_cast<void>(folder().put("tenx/barcodes.tsv", cells));
  static_cast<void>(folder().put("tenx/matrix.mtx", matrix));
  read_whole(folder().path() + "/tenx");
}
