// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A Matrix Market matrix names neither genes nor cells: the files that do, and their content.

#include <filesystem>
#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// The lists that belong to a matrix.
struct MtxSiblings {
  std::filesystem::path genes;
  std::filesystem::path gene_names;  ///< kb-python's second gene list; may be empty
  std::filesystem::path cells;
  std::string genes_name;  ///< of the file of genes, where `genes` does not tell; else empty
};

/// Looks beside `matrix` for the names that Cell Ranger, STARsolo, GEO (`GSM1_x_matrix.mtx.gz`),
/// kallisto | bustools (`cells_x_genes.mtx`) and alevin (`quants_mat.mtx.gz`) use, gzipped or not.
/// Error(bad_input) names the names that were tried.
[[nodiscard]] MtxSiblings find_mtx_siblings(const std::filesystem::path& matrix);

/// The matrix of a folder. Subfolders are not searched. Error(bad_input) says what was looked for.
[[nodiscard]] std::filesystem::path find_mtx_in_folder(const std::filesystem::path& folder);

/// The matrix whose name begins with `prefix` (`dir/GSM1_x`), or an empty path.
[[nodiscard]] std::filesystem::path find_mtx_by_prefix(const std::filesystem::path& prefix);

/// The lines of a list, cut at tabs, without quotes. At most `most` lines are kept; `n_lines`
/// counts them all.
struct NameList {
  std::string file;  ///< file name without its folder, for messages
  std::vector<std::vector<std::string>> columns;
  Index n_lines = 0;

  /// Takes the first line away.
  void drop_header();
};
[[nodiscard]] NameList read_name_list(const std::filesystem::path& path, Index most);

/// The features of a matrix and which of them its lines are.
struct MtxFeatures {
  FeatureTable table;
  /// Per line of the list its feature in `table`, -1 where it is passed over; empty: line i is
  /// feature i.
  std::vector<std::int32_t> feature_of_line;
  std::vector<Note> warnings;

  [[nodiscard]] Index feature(Index line) const {
    return feature_of_line.empty() ? line : feature_of_line[static_cast<std::size_t>(line)];
  }
};

/// Makes features of a gene list. A third column of feature types (Cell Ranger v3) leaves only
/// "Gene Expression" counted; of several genomes (ids like `GRCh38_ENSG...` or `mm10___Gapdh`) only
/// `genome` is, which must be given then: else Error(bad_input) names them. Alevin-fry's
/// spliced/unspliced/ambiguous triples become spliced + ambiguous. `path`: for messages.
[[nodiscard]] MtxFeatures make_mtx_features(NameList list, const std::string& genome,
                                            const std::string& path);

}  // namespace sicmir
