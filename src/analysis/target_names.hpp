// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which of the predicted miRNAs a table of targets means.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analysis/targets.hpp"
#include "sicmir/reference_tables.hpp"

namespace sicmir::targets {

/// None, with the reason, or positions among the predicted miRNAs.
struct NamedMirnas {
  std::vector<std::int32_t> mirnas;
  LeftOut reason = LeftOut::not_predicted;
};

class MirnaFinder {
 public:
  explicit MirnaFinder(std::span<const ProfileMirna> mirnas);

  /// A mature name of miRBase 17 to 22, with or without the species in front, or an accession. The
  /// result is valid until the next call.
  [[nodiscard]] const NamedMirnas& by_name(std::string_view text);
  /// TargetScan's families: miR-103-3p/107. All miRNAs that share the seed of the members.
  [[nodiscard]] const NamedMirnas& by_family(std::string_view text);
  /// Bases 2 to 8, as RNA.
  [[nodiscard]] const NamedMirnas& by_seed(std::string_view text);
  /// The name of a set of genes in GMT: a miRNA's name, also as MSigDB writes it (MIR103A_3P,
  /// LET_7A_5P), or one that begins with a motif of the 3'-UTR (AGCACTT_MIR93...), which means all
  /// miRNAs whose bases 1 to 7 or 2 to 8 it fits.
  [[nodiscard]] const NamedMirnas& by_set(std::string_view text);

 private:
  using Positions = std::vector<std::int32_t>;
  template <class Make>
  const NamedMirnas& cached(char kind, std::string_view text, Make&& make);
  [[nodiscard]] NamedMirnas find_name(std::string_view name) const;
  [[nodiscard]] NamedMirnas find_family(std::string_view text) const;
  [[nodiscard]] NamedMirnas find_set(std::string_view text) const;
  [[nodiscard]] std::string seed_of_member(const std::string& name) const;

  std::vector<ReferenceMirna> reference_;
  std::vector<std::string> names_;  // of the reference
  GeneIndex index_;
  std::vector<std::int32_t> position_of_;  // of the reference's miRNAs; -1: not predicted
  std::unordered_map<std::string, std::int32_t> own_names_;
  std::unordered_map<std::string, Positions> seeds_;   // bases 2 to 8
  std::unordered_map<std::string, Positions> motifs_;  // reverse complements, DNA
  std::unordered_map<std::string, std::int32_t> folded_;
  std::unordered_map<std::string, NamedMirnas> cache_;
};

}  // namespace sicmir::targets
