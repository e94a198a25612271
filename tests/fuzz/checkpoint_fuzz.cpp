// SPDX-License-Identifier: BSD-3-Clause
/// Networks saved by PyTorch: zip archives and legacy streams, with a pickle in them.
#include "fuzz/fuzz_target.hpp"
#include "sicmir/import.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  ImportOptions options;
  options.orders = {LayerOrder::relu_bn};
  options.genes = folder().put("genes.txt", "TP53\nMYC\nCDK4\n");
  options.mirnas = folder().put("mirnas.txt", "hsa-miR-21-5p\nhsa-let-7a-5p\n");
  ImportReport report;
  static_cast<void>(import_checkpoint(folder().put("net.pt", bytes), options, report));
}
