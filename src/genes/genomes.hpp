// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Files with genes of several genomes (10x mixing experiments, spike-in viruses...).

#include <span>
#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"

namespace sicmir {

/// Keeps the genes of one genome: those of others no longer count, and the prefix that Cell Ranger
/// gives to ids and names where a reference holds several genomes (`GRCh38_ENSG...`,
/// `mm10___ENSMUSG...`) is taken off.
///
/// `genomes`: per feature, as the file states it, or empty. Where it does not state them, the
/// prefixes of Ensembl ids tell. `wanted`: SourceOptions::genome. Throws Error(bad_input) naming
/// `file` and the genomes if there are several and none is wanted, or the wanted one is not there.
/// Returns what should be known of it.
[[nodiscard]] std::vector<Note> choose_genome(FeatureTable& features,
                                              std::span<const std::string> genomes,
                                              const std::string& wanted, const std::string& file);

/// The name that looks most like a human genome's (GRCh38, hg19), else the first; for error
/// messages. `names` is not empty.
[[nodiscard]] std::string likely_human(std::span<const std::string> names);

}  // namespace sicmir
