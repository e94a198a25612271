// SPDX-License-Identifier: BSD-3-Clause
/// Tables of targets, and GMT both as targets and as sets of genes.
#include "analysis/gene_sets.hpp"
#include "analysis/targets.hpp"
#include "fuzz/fuzz_target.hpp"

void sicmir::fuzz::fuzz_one(std::string_view bytes) {
  std::vector<ProfileMirna> mirnas;
  for (const char* name : {"hsa-miR-21-5p", "hsa-let-7a-5p", "hsa-miR-107"}) {
    mirnas.emplace_back().name = name;
  }
  FeatureTable genes;
  genes.columns = {{"id", {"PTEN", "DICER1"}}};
  for (const char* name : {"targets.tsv", "targets.gmt"}) {
    const std::string path = folder().put(name, bytes);
    try {
      const TargetTable table = read_targets(path, mirnas, {.transcripts = path});
      static_cast<void>(describe(table));
    } catch (const Error&) {
      static_cast<void>(read_targets(path, mirnas));
    }
  }
  static_cast<void>(read_gene_sets(folder().put("sets.gmt", bytes), genes));
}
