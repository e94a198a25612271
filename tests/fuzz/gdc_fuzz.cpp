// SPDX-License-Identifier: BSD-3-Clause
/// Files of the Genomic Data Commons. The first character says which.
#include "assemble/gdc_files.hpp"
#include "assemble/sample_sheet.hpp"
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string path = folder().put("file.tsv", bytes.substr(1));
  double total = 0;
  CellBlock block;
  switch (bytes.front()) {
    case 'i':
      static_cast<void>(gdc::read_isoforms(path, total));
      break;
    case 's':
      static_cast<void>(gdc::read_stemloops(path));
      break;
    case 'm':
      gdc::MrnaReader(index(), GdcWorkflow::star, "unstranded").read(path, "S", block);
      break;
    case 'h':
      gdc::MrnaReader(index(), GdcWorkflow::htseq, "").read(path, "S", block);
      break;
    default:
      static_cast<void>(gdc::read_sample_sheets({path}));
  }
}
