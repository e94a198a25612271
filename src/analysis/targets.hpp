// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Targets of miRNAs: tables that people bring, and the one that comes with the program.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/profiles.hpp"

namespace sicmir {

/// What a pair of miRNA and target rests on. Kinds are never mixed in one test.
enum class Evidence : std::uint8_t {
  strong,     ///< reporter assay, Western blot or qPCR of this pair
  weak,       ///< other experiments: CLIP, arrays, sequencing
  predicted,  ///< the sequence alone
};
inline constexpr std::size_t n_evidence_kinds = 3;
[[nodiscard]] std::string_view to_string(Evidence evidence);

/// A target as its table calls it; at least one is not empty.
struct TargetGene {
  std::string symbol;
  std::string ensembl_id;  ///< without version
  std::string entrez_id;
};

struct TargetPair {
  std::int32_t mirna = 0;  ///< position among the miRNAs that were asked for
  std::int32_t gene = 0;   ///< position in TargetTable::genes
  Evidence evidence = Evidence::predicted;

  auto operator<=>(const TargetPair&) const = default;  // NOLINT(modernize-use-nullptr): clang 14
};

/// Why lines (pairs, where a line holds several) were left out.
enum class LeftOut : std::uint8_t {
  other_species,
  not_functional,  ///< the source says that the miRNA does not lower the target
  not_predicted,   ///< human miRNAs that are not among those asked for
  no_arm,          ///< names that could be either arm of a stem-loop
  no_gene,         ///< no target, or a transcript whose gene is not known
  no_kind,         ///< a kind of evidence that is not known
};
inline constexpr std::size_t n_left_out = 6;

struct TargetTable {
  std::string source;  ///< the file, or what the bundled table is called
  std::string format;  ///< miRTarBase
  std::vector<TargetGene> genes;
  /// Sorted, each once. A pair with strong evidence is not there as weak, too.
  std::vector<TargetPair> pairs;

  Index n_lines = 0;                             ///< without header and comments
  std::array<Index, n_left_out> left_out = {};   ///< lines, by reason
  std::array<std::string, n_left_out> examples;  ///< the first name that was, by reason
  bool kind_assumed = false;  ///< the table says no kind of evidence; TargetOptions::unstated is

  [[nodiscard]] Index count(Evidence evidence) const;
};

struct TargetOptions {
  /// Kind of the pairs of tables that name none.
  Evidence unstated = Evidence::predicted;
  /// TSV of two columns, transcript and gene symbol, for tables of transcripts (miRDB); empty:
  /// none.
  std::string transcripts = {};
};

/// Reads a table of targets, plain or gzip: miRTarBase, TarBase 7 to 9, ENCORI (starBase),
/// TargetScan (human, summary counts, context scores, family table), miRDB, multiMiR (as R writes
/// its data frame), GMT, or lines of miRNA and target with a header. The format is recognised by
/// its header; GMT also by the file's name. miRNAs are found by name (miRBase 17 to 22),
/// accession, or, where the table gives seeds or families, by seed. Throws Error(bad_input) that
/// names the line, what was found and what was expected; more than most_target_pairs are refused.
[[nodiscard]] TargetTable read_targets(const std::string& path,
                                       std::span<const ProfileMirna> mirnas,
                                       const TargetOptions& options = {});

/// The bundled conserved seed motifs (data/README.md); predicted.
[[nodiscard]] TargetTable bundled_targets(std::span<const ProfileMirna> mirnas);

inline constexpr std::size_t most_target_pairs = 10'000'000;

/// What was taken and what was left out, for the log: one sentence each, without a name.
[[nodiscard]] std::vector<std::string> describe(const TargetTable& table);

/// The kind that tests should use by default: strong if there is any, else weak, else predicted.
[[nodiscard]] Evidence best_evidence(const TargetTable& table);

/// A miRNA and a measured gene.
struct TargetEdge {
  std::int32_t mirna = 0;  ///< position in Profiles::mirnas
  std::int32_t gene = 0;   ///< position in Profiles::genes

  auto operator<=>(const TargetEdge&) const = default;  // NOLINT(modernize-use-nullptr): clang 14
};

struct TargetEdges {
  std::vector<TargetEdge> edges;  ///< sorted, each once
  Index n_not_measured = 0;       ///< pairs whose target the profiles do not have, or have twice
  Index n_in_panel = 0;           ///< pairs whose target the predictions are made of
};

/// Per gene of the profiles: 1 for those that the predictions are made of, whose relation to a
/// prediction is circular. Where the profiles do not say it, they are those of landmarks.tsv.
[[nodiscard]] std::vector<std::uint8_t> panel_genes(const Profiles& profiles);

/// Pairs of one kind whose targets are measured and outside of the panel. `in_panel`: one per gene,
/// of panel_genes(). Genes are found by Ensembl id, else by symbol, else by Entrez id.
[[nodiscard]] TargetEdges target_edges(const TargetTable& table, Evidence evidence,
                                       const Profiles& profiles,
                                       std::span<const std::uint8_t> in_panel);

/// Positions of named genes among the features of profiles; -1: not there, or not one gene alone.
class GeneFinder {
 public:
  explicit GeneFinder(const FeatureTable& features);
  [[nodiscard]] std::int32_t find(std::string_view name) const;
  [[nodiscard]] std::int32_t find(const TargetGene& gene) const;

 private:
  std::unordered_map<std::string, std::int32_t> positions_;  // -1: ambiguous
};

/// Per miRNA the number of its family: those that share bases 2 to 8. miRNAs of unknown sequence
/// are families of their own. Numbers count up from 0, in the order of first members.
[[nodiscard]] std::vector<std::int32_t> seed_families(std::span<const ProfileMirna> mirnas);

}  // namespace sicmir
