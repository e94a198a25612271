// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which feature of a file feeds which gene of the model's panel.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sicmir/note.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// One gene of a panel with every name that stands for it alone. The same structure describes the
/// miRNAs of a training table: `symbol` is then the miRNA name and `ensembl_id` its MIMAT
/// accession.
struct PanelGene {
  std::string symbol;          ///< the name under which the model was trained
  std::string current_symbol;  ///< HGNC's symbol today (equal to `symbol` where not renamed)
  std::string ensembl_id;      ///< without version
  std::string entrez_id;
  std::vector<std::string> older_ensembl_ids;
  std::vector<std::string> aliases;  ///< safe ones only: those that name no other gene anywhere
};

struct GenePanel {
  std::vector<PanelGene> genes;  ///< in network order
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(genes.size()); }
};

/// How a feature's id was recognised; earlier kinds are better evidence.
enum class MatchKind : std::uint8_t {
  ensembl_id,
  older_ensembl_id,
  entrez_id,
  current_symbol,
  model_symbol,
  alias,
  case_insensitive,
};
inline constexpr std::size_t n_match_kinds = 7;
[[nodiscard]] std::string_view to_string(MatchKind kind) noexcept;

struct GeneMatch {
  PanelPosition gene;
  MatchKind kind;
};

/// Finds panel genes by any of their ids. A name that two genes of the panel claim with the same
/// right finds neither. Immutable and safe to share between threads.
class GeneIndex {
 public:
  /// `ignore_case` false for miRNAs, where hsa-mir-21 and hsa-miR-21 are different molecules.
  explicit GeneIndex(const GenePanel& panel, bool ignore_case = true);

  /// Looks up one id as it stands in a file: an Ensembl id (version dropped, alone or joined to a
  /// symbol, where it wins), an Entrez id, `SYMBOL|ENTREZ` and `SYMBOL (ENTREZ)` (Entrez wins), a
  /// symbol or a safe alias, also behind the name of a human genome (`GRCh38_TP53`). Surrounding
  /// blanks and quotes are ignored. Last of all without regard to case. nullopt: not a gene of the
  /// panel.
  [[nodiscard]] std::optional<GeneMatch> find(std::string_view id) const;

  /// The same without the case-insensitive last resort: what readers use to tell genes from cells.
  [[nodiscard]] std::optional<GeneMatch> find_exact(std::string_view id) const;

  [[nodiscard]] Index panel_size() const noexcept { return panel_size_; }
  [[nodiscard]] const GenePanel& panel() const noexcept { return panel_; }

  /// Number of different panel genes that `ids` name exactly. 0 for running numbers, which would
  /// pass for Entrez ids.
  [[nodiscard]] Index coverage(std::span<const std::string> ids) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Names = std::unordered_map<std::string, GeneMatch, Hash, std::equal_to<>>;

  [[nodiscard]] static std::optional<GeneMatch> look_up(const Names& names, std::string_view name);
  static void enter(Names& names, std::string name, GeneMatch match);

  GenePanel panel_;
  Index panel_size_;
  Names exact_;
  Names folded_;  ///< lower-cased ids; empty: case matters
};

/// True for ids of the copies that annotations keep of pseudoautosomal genes on chromosome Y
/// (`ENSG00000002586.20_PAR_Y`, in older releases `ENSGR0000002586.20`). They repeat the genes of
/// chromosome X and count nowhere.
[[nodiscard]] bool is_par_y_copy(std::string_view id) noexcept;

/// What kind of ids these are, for messages: "Ensembl gene ids of mouse, e.g. ENSMUSG00000051951,
/// ...". Readers use it when they cannot tell genes from cells.
[[nodiscard]] std::string describe_ids(std::span<const std::string> ids);

/// One way in which a file names its features, e.g. var/_index or the second column of
/// features.tsv.
struct FeatureColumn {
  std::string name;              ///< as messages should call it
  std::vector<std::string> ids;  ///< one per feature, in file order
};

/// The features of a file, as it lists them.
struct FeatureTable {
  std::vector<FeatureColumn> columns;  ///< at least one; all of the same length
  /// One per feature: 0 for what is not gene expression of the chosen genome (antibody tags,
  /// guides, peaks...), which then counts nowhere, not even in a cell's total. Empty: all features
  /// count.
  std::vector<std::uint8_t> counted;
  [[nodiscard]] Index size() const noexcept {
    return columns.empty() ? 0 : static_cast<Index>(columns.front().ids.size());
  }
};

/// What happens when several features of a file are one panel gene (matched by the same kind of
/// id).
enum class Duplicates : std::uint8_t {
  automatic,  ///< counts add up; other values are an error that names the genes
  sum,
  first,
  max,
};

struct GeneMapOptions {
  double min_panel = 0.8;  ///< fraction of the panel that must be found, 0 .. 1
  Duplicates duplicates = Duplicates::automatic;
};

struct GeneMapReport {
  std::string column;       ///< the feature column that matched best
  Index n_features = 0;     ///< of the file
  Index n_not_counted = 0;  ///< of these, count nowhere: of other types or genomes, spike-ins...
  Index n_found = 0;        ///< panel genes found
  Index n_panel = 0;        ///< panel genes in all
  std::array<Index, n_match_kinds> by_kind = {};  ///< found genes by kind of match
  std::vector<std::string> missing;     ///< model symbols of panel genes that the file lacks
  std::vector<std::string> duplicated;  ///< model symbols that several features name equally well
  std::vector<Note> warnings;           ///< e.g. about `-1` twins
};

/// The map itself. Throws Error(bad_input) if the file's genes are another species', if it covers
/// less than `min_panel` of the panel (saying what kind of ids were seen), or if it has no feature.
class GeneMap {
 public:
  static constexpr PanelPosition total_only = -1;  ///< not in the panel; counts in a cell's total
  static constexpr PanelPosition ignored = -2;     ///< counts nowhere

  /// `file`: the name for messages.
  GeneMap(const GeneIndex& index, const FeatureTable& features, const GeneMapOptions& options,
          const std::string& file);

  /// Per feature of the file: its panel position, `total_only` or `ignored`.
  [[nodiscard]] std::span<const PanelPosition> positions() const noexcept { return positions_; }
  /// Per panel gene: 1 if the file has it.
  [[nodiscard]] std::span<const std::uint8_t> present() const noexcept { return present_; }
  [[nodiscard]] Index panel_size() const noexcept { return static_cast<Index>(present_.size()); }
  /// True where several features feed a panel gene (then `duplicates()` says what to do).
  [[nodiscard]] bool has_duplicates() const noexcept { return !report_.duplicated.empty(); }
  [[nodiscard]] Duplicates duplicates() const noexcept { return duplicates_; }
  [[nodiscard]] const GeneMapReport& report() const noexcept { return report_; }

 private:
  std::vector<PanelPosition> positions_;
  std::vector<std::uint8_t> present_;
  Duplicates duplicates_;
  GeneMapReport report_;
};

}  // namespace sicmir
