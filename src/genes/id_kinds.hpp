// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Recognises what kind of ids a file uses, for messages that tell the user what to do.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

enum class IdKind : std::uint8_t {
  ensembl_gene,        ///< ENSG00000141510
  other_species,       ///< ENSMUSG00000059552, FBgn0031208, mm10_Trp53
  transcript,          ///< ENST..., NM_...
  protein,             ///< ENSP..., NP_...
  probe,               ///< 202763_at, A_23_P26810, ILMN_1779356
  placeholder,         ///< gene_17, Gene17, V17: made up by a program
  region,              ///< chr1:100-200
  mature_mirna,        ///< hsa-miR-21-5p, MIMAT0000076
  stem_loop,           ///< hsa-mir-21, MI0000077
  number,              ///< Entrez ids
  upper_case_symbol,   ///< TP53, C1orf43
  capitalised_symbol,  ///< Trp53: mouse and rat
  lower_case_symbol,   ///< tp53: zebrafish, or a file that somebody lower-cased
  other,
};
inline constexpr std::size_t n_id_kinds = 14;

struct IdGuess {
  IdKind kind = IdKind::other;
  std::string_view species = {};  ///< other_species: a plain English name
};

[[nodiscard]] IdGuess guess_id_kind(std::string_view id) noexcept;

/// The ids of a column, taken together.
struct IdSummary {
  Index n = 0;
  std::array<Index, n_id_kinds> by_kind = {};
  IdKind most = IdKind::other;        ///< the most frequent kind
  std::string_view species = {};      ///< the most frequent other species
  bool running_numbers = false;       ///< 0, 1, 2... or 1, 2, 3...: positions, not names
  std::vector<std::string> examples;  ///< up to three of kind `most`

  [[nodiscard]] double share(IdKind kind) const noexcept {
    return n == 0 ? 0.0
                  : static_cast<double>(by_kind[static_cast<std::size_t>(kind)]) /
                        static_cast<double>(n);
  }
};

/// `counted`: one per id, 0 for ids to leave out; empty: all.
[[nodiscard]] IdSummary summarise_ids(std::span<const std::string> ids,
                                      std::span<const std::uint8_t> counted = {});

/// "probe ids, e.g. 202763_at, 209310_s_at, 207500_at"
[[nodiscard]] std::string describe(const IdSummary& ids);

/// True for at least three ids that count up from 0 or 1.
[[nodiscard]] bool are_running_numbers(std::span<const std::string> ids) noexcept;

/// Without surrounding blanks and quotes.
[[nodiscard]] std::string_view trim_id(std::string_view id) noexcept;

/// `id` without the chromosome that CEL-seq tables put behind it (`TP53__chr17`).
[[nodiscard]] std::string_view strip_chromosome(std::string_view id) noexcept;

/// Rest of `id` behind the name of a human genome (`GRCh38_TP53`, `GRCh38-TP53`, `hg19_ENSG...`).
[[nodiscard]] std::optional<std::string_view> strip_human_genome(std::string_view id) noexcept;

}  // namespace sicmir
