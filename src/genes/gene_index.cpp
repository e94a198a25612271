// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "genes/id_kinds.hpp"
#include "sicmir/gene_map.hpp"

namespace sicmir {
namespace {

using ascii::all_digits;
using ascii::is_digit;
using ascii::is_upper;
using ascii::lower;
using ascii::to_lower;
using ascii::to_upper;

constexpr PanelPosition ambiguous = -1;

constexpr bool is_word(char c) noexcept {
  return is_digit(c) || is_upper(c) || ascii::is_lower(c);
}

/// The first accession with this prefix in `text`, at or after `from`: the prefix, at most seven
/// more capital letters, `n_digits` digits, standing apart from what is before and behind it.
std::string_view find_accession(std::string_view text, std::string_view prefix,
                                std::size_t n_digits, std::size_t from) noexcept {
  for (auto at = text.find(prefix, from); at != std::string_view::npos;
       at = text.find(prefix, at + 1)) {
    if (at > 0 && is_word(text[at - 1])) continue;
    std::size_t end = at + prefix.size();
    while (end < text.size() && end - at < prefix.size() + 7 && is_upper(text[end])) ++end;
    const std::size_t digits = end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end - digits != n_digits || (end < text.size() && is_word(text[end]))) continue;
    // ENSG00000141510-1 is a copy that a tool renamed, ENSG00000141510-TP53 a joined id.
    if (end < text.size() && text[end] == '-' && all_digits(text.substr(end + 1))) continue;
    return text.substr(at, end - at);
  }
  return {};
}

struct AccessionForm {
  std::string_view prefix;
  std::size_t n_digits;
};
constexpr std::array<AccessionForm, 2> accession_forms{{{"ENS", 11}, {"MIMAT", 7}}};

/// The number in `SYMBOL|7157`, `?|7157` and `SYMBOL (7157)`.
std::string_view find_entrez(std::string_view id) noexcept {
  const auto bar = id.rfind('|');
  if (bar != std::string_view::npos && all_digits(id.substr(bar + 1))) return id.substr(bar + 1);
  const auto open = id.rfind(" (");
  if (open != std::string_view::npos && id.ends_with(')')) {
    const std::string_view inside = id.substr(open + 2, id.size() - open - 3);
    if (all_digits(inside)) return inside;
  }
  return {};
}

/// How a program changed a name.
enum class RewrittenBy : std::uint8_t {
  bytes,       ///< Python's print of bytes: b'TP53'
  floats,      ///< Entrez ids that went through a column of floating-point numbers: 7157.0
  make_names,  ///< R turns dashes into dots: HLA.DRA, hsa.miR.21.5p
};
using NameBuffer = std::array<char, 64>;
struct Rewritten {
  std::string_view name;  ///< of before; empty: not rewritten
  RewrittenBy by = RewrittenBy::bytes;
};

/// `name`: without quotes around it.
Rewritten undo_rewriting(std::string_view name, NameBuffer& buffer) noexcept {
  if (name.starts_with("b'") || name.starts_with("b\"")) return {name.substr(2)};
  const auto dot = name.find('.');
  if (dot == std::string_view::npos || name.size() > buffer.size()) return {};
  if (name.substr(dot) == ".0" && all_digits(name.substr(0, dot))) {
    return {name.substr(0, dot), RewrittenBy::floats};
  }
  std::replace_copy(name.begin(), name.end(), buffer.begin(), '.', '-');
  return {{buffer.data(), name.size()}, RewrittenBy::make_names};
}

}  // namespace

std::string_view to_string(MatchKind kind) noexcept {
  switch (kind) {
    case MatchKind::ensembl_id:
      return "Ensembl id";
    case MatchKind::older_ensembl_id:
      return "older Ensembl id";
    case MatchKind::entrez_id:
      return "Entrez id";
    case MatchKind::current_symbol:
      return "current symbol";
    case MatchKind::model_symbol:
      return "the model's symbol";
    case MatchKind::alias:
      return "alias";
    case MatchKind::case_insensitive:
      return "symbol in another case";
  }
  return "unknown";
}

bool is_par_y_copy(std::string_view id) noexcept {
  const std::string_view name = trim_id(id);
  if (name.find("_PAR_Y") != std::string_view::npos) return true;
  // GENCODE up to 24 wrote ENSGR0000002586 for the copy of ENSG00000002586.
  return name.starts_with("ENSGR") && name.size() >= 15 && all_digits(name.substr(5, 10));
}

void GeneIndex::enter(Names& names, std::string name, GeneMatch match) {
  if (name.empty()) return;
  const auto [at, is_new] = names.try_emplace(std::move(name), match);
  // Names come in the order of their kinds: an earlier kind keeps the name.
  if (!is_new && at->second.kind == match.kind && at->second.gene != match.gene) {
    at->second.gene = ambiguous;
  }
}

GeneIndex::GeneIndex(const GenePanel& panel, bool ignore_case)
    : panel_(panel), panel_size_(panel.size()) {
  const auto enter_all = [&](MatchKind kind, auto&& names_of) {
    for (std::size_t i = 0; i < panel_.genes.size(); ++i) {
      const GeneMatch match{static_cast<PanelPosition>(i), kind};
      names_of(panel_.genes[i], [&](const std::string& name) {
        enter(exact_, std::string(trim_id(name)), match);
        if (ignore_case) enter(folded_, lower(trim_id(name)), match);
      });
    }
  };
  exact_.reserve(panel_.genes.size() * 16);
  if (ignore_case) folded_.reserve(panel_.genes.size() * 16);
  enter_all(MatchKind::ensembl_id, [](const PanelGene& g, auto&& put) { put(g.ensembl_id); });
  enter_all(MatchKind::older_ensembl_id, [](const PanelGene& g, auto&& put) {
    std::for_each(g.older_ensembl_ids.begin(), g.older_ensembl_ids.end(), put);
  });
  enter_all(MatchKind::entrez_id, [](const PanelGene& g, auto&& put) { put(g.entrez_id); });
  enter_all(MatchKind::current_symbol,
            [](const PanelGene& g, auto&& put) { put(g.current_symbol); });
  enter_all(MatchKind::model_symbol, [](const PanelGene& g, auto&& put) { put(g.symbol); });
  enter_all(MatchKind::alias, [](const PanelGene& g, auto&& put) {
    std::for_each(g.aliases.begin(), g.aliases.end(), put);
  });
}

std::optional<GeneMatch> GeneIndex::look_up(const Names& names, std::string_view name) {
  const auto at = names.find(name);
  if (at == names.end() || at->second.gene == ambiguous) return std::nullopt;
  return at->second;
}

std::optional<GeneMatch> GeneIndex::find_exact(std::string_view id) const {
  const std::string_view name = trim_id(id);
  if (const auto match = look_up(exact_, name)) return match;
  // 10x keeps probes that it no longer counts under DEPRECATED_ENSG...
  if (is_par_y_copy(name) || name.starts_with("DEPRECATED_")) return std::nullopt;
  // An accession inside the name decides alone: the symbol beside it may be shared with others.
  for (const auto& [prefix, n_digits] : accession_forms) {
    const std::string_view accession = find_accession(name, prefix, n_digits, 0);
    if (accession.empty()) continue;
    const auto behind = static_cast<std::size_t>(accession.data() + accession.size() - name.data());
    const std::string_view second = find_accession(name, prefix, n_digits, behind);
    if (!second.empty() && second != accession) return std::nullopt;  // several genes in one
    return look_up(exact_, accession);
  }
  const std::string_view entrez = find_entrez(name);
  if (!entrez.empty()) return look_up(exact_, entrez);
  if (const auto rest = strip_human_genome(name)) return look_up(exact_, *rest);
  const std::string_view symbol = strip_chromosome(name);
  if (symbol.size() < name.size()) return look_up(exact_, symbol);
  NameBuffer buffer;
  const Rewritten original = undo_rewriting(name, buffer);
  auto match = original.name.empty() ? std::nullopt : look_up(exact_, original.name);
  if (!match) return std::nullopt;
  const bool is_symbol =
      match->kind == MatchKind::current_symbol || match->kind == MatchKind::model_symbol;
  if (original.by == RewrittenBy::bytes) return match;
  if (original.by == RewrittenBy::floats) {
    return match->kind == MatchKind::entrez_id ? match : std::nullopt;
  }
  if (!is_symbol) return std::nullopt;  // too weak a likeness for an alias
  match->kind = MatchKind::alias;
  return match;
}

std::optional<GeneMatch> GeneIndex::find(std::string_view id) const {
  if (const auto match = find_exact(id)) return match;
  if (folded_.empty()) return std::nullopt;
  std::array<char, 64> buffer;
  std::string_view name = trim_id(id);
  if (const auto rest = strip_human_genome(name)) name = *rest;
  if (name.empty() || name.size() > buffer.size()) return std::nullopt;
  std::transform(name.begin(), name.end(), buffer.begin(), to_lower);
  const std::string_view folded(buffer.data(), name.size());
  auto match = look_up(folded_, folded);
  if (!match && folded.starts_with("ens") && name.front() == 'e') {
    std::transform(name.begin(), name.end(), buffer.begin(), to_upper);
    match = find_exact(folded);
  }
  if (match) match->kind = MatchKind::case_insensitive;
  return match;
}

Index GeneIndex::coverage(std::span<const std::string> ids) const {
  if (are_running_numbers(ids)) return 0;
  std::vector<std::uint8_t> seen(static_cast<std::size_t>(panel_size_), 0);
  Index n = 0;
  for (const std::string& id : ids) {
    const auto match = find_exact(id);
    if (!match) continue;
    std::uint8_t& at = seen[static_cast<std::size_t>(match->gene)];
    n += at == 0 ? 1 : 0;
    at = 1;
  }
  return n;
}

std::string describe_ids(std::span<const std::string> ids) {
  return describe(summarise_ids(ids));
}

}  // namespace sicmir
