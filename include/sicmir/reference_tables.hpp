// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The tables that come with the program (data/README.md): the genes and miRNAs of the published
/// network.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"

namespace sicmir {

struct ReferenceMirna {
  std::string name;                     ///< mature name, miRBase v22; case-sensitive
  std::string accession;                ///< MIMAT...
  std::string v21_name;                 ///< where it differs from `name`, else empty
  std::vector<std::string> precursors;  ///< stem-loop names, miRBase v22; at least one
  std::vector<std::string> old_names;   ///< in miRBase 17: before -5p and -3p took the star's place
  bool well_predicted = false;          ///< one of the authors' 414
  std::string sequence;                 ///< 5' to 3', A, C, G, U; empty: the table has none

  /// Bases 2 to 8, by which targets are found; empty: not known.
  [[nodiscard]] std::string seed() const { return sequence.empty() ? "" : sequence.substr(1, 7); }
};

/// Reads a table of genes in the form of data/landmarks.tsv, in network order. Columns are found by
/// name, further columns are passed over. Throws Error(bad_input) naming file and line: missing
/// column, wrong number of fields, empty or repeated symbol, repeated or malformed ids.
[[nodiscard]] GenePanel read_gene_panel(const std::filesystem::path& path);

/// Reads a table of miRNAs in the form of data/mirnas.tsv, in output order; the column `sequence`
/// may be missing. Throws as read_gene_panel() does.
[[nodiscard]] std::vector<ReferenceMirna> read_mirna_table(const std::filesystem::path& path);

/// Adds the names of a table in the form of data/mirna_old_names.tsv to the miRNAs that have its
/// accessions. Throws as read_gene_panel() does, also for a name that is a current one or a
/// stem-loop's.
void add_old_names(const std::filesystem::path& path, std::vector<ReferenceMirna>& mirnas);

/// The tables that come with the program: mirnas.tsv with mirna_old_names.tsv.
[[nodiscard]] std::vector<ReferenceMirna> reference_mirnas();

/// The miRNAs as a panel, for GeneIndex(panel, false): found by name, accession, v21 name and old
/// names.
[[nodiscard]] GenePanel mirna_panel(std::span<const ReferenceMirna> mirnas);

/// Path of a file that comes with the program, e.g. "landmarks.tsv": in the folder that
/// $SICMIR_DATA names (then nowhere else), in ../share/sicmir/ beside the executable, or in the
/// source tree's data/. Throws Error(bad_input) naming the places if it is in none.
[[nodiscard]] std::filesystem::path find_data_file(const std::string& name);

}  // namespace sicmir
