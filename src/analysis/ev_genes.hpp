// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Genes that make extracellular vesicles, and those of the RNA-induced silencing complex (Gene
/// Ontology, data/README.md).

#include <cstdint>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir {

/// The genes of one term that the profiles measure.
struct GeneSetHere {
  std::string term;                   ///< GO:0140112
  std::string name;                   ///< in words
  std::vector<std::int32_t> genes;    ///< positions in Profiles::genes
  std::vector<std::string> not_here;  ///< symbols
  std::size_t n_needed = 0;           ///< fewest genes that tell something
  [[nodiscard]] std::size_t size() const noexcept { return genes.size() + not_here.size(); }
};

struct EvGenes {
  GeneSetHere biogenesis;  ///< GO:0140112, extracellular vesicle biogenesis: 15 of 25 needed
  GeneSetHere risc;        ///< GO:0016442, RISC complex: 8 of 12 needed
};

/// Finds both sets among the genes of the profiles, by Ensembl id, symbol or older symbol. Throws
/// Error(bad_input) that names the genes if too few are there.
[[nodiscard]] EvGenes find_ev_genes(const Profiles& profiles);

}  // namespace sicmir
