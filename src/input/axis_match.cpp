// SPDX-License-Identifier: BSD-3-Clause
#include "input/axis_match.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "genes/id_kinds.hpp"

namespace sicmir {

bool looks_like_gene_id(std::string_view name) {
  static constexpr std::array<IdKind, 7> kinds = {
      IdKind::ensembl_gene, IdKind::other_species, IdKind::transcript, IdKind::protein,
      IdKind::probe,        IdKind::mature_mirna,  IdKind::stem_loop};
  return std::find(kinds.begin(), kinds.end(), guess_id_kind(name).kind) != kinds.end();
}

AxisMatch match_axis(std::span<const std::string> names, const GeneIndex& genes) {
  AxisMatch match;
  match.n_names = names.size();
  // Numbered cells, not Entrez ids.
  if (are_running_numbers(names)) return match;
  match.n_exact = genes.coverage(names);
  std::unordered_set<PanelPosition> any_case;
  for (const std::string& name : names) {
    if (const auto found = genes.find(name)) any_case.insert(found->gene);
    match.n_gene_like += looks_like_gene_id(name) ? 1 : 0;
  }
  match.n_any_case = static_cast<Index>(any_case.size());
  return match;
}

bool clearly_better(Index a, std::size_t names_a, Index b, std::size_t names_b) {
  constexpr double clear = 20.0;
  const double density_a =
      static_cast<double>(a) / static_cast<double>(std::max(names_a, std::size_t{1}));
  const double density_b =
      static_cast<double>(b) / static_cast<double>(std::max(names_b, std::size_t{1}));
  return a > 0 && (b == 0 || static_cast<double>(a) >= clear * static_cast<double>(b) ||
                   density_a >= clear * density_b);
}

}  // namespace sicmir
