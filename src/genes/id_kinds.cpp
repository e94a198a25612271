// SPDX-License-Identifier: BSD-3-Clause
#include "genes/id_kinds.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/ascii.hpp"
#include "base/joined.hpp"

namespace sicmir {
namespace {

using ascii::all_digits;
using ascii::is_digit;
using ascii::is_lower;
using ascii::is_upper;

std::size_t leading_digits(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

struct Prefix {
  std::string_view prefix;
  std::string_view species;
};

// Ensembl's species prefixes (the letters between ENS and the kind of feature), from
// https://www.ensembl.org/info/genome/stable_ids/prefixes.html
constexpr std::array<Prefix, 31> ensembl_species{{
    {"MUS", "mouse"},
    {"RNO", "rat"},
    {"DAR", "zebrafish"},
    {"MFA", "crab-eating macaque"},
    {"MMU", "rhesus macaque"},
    {"MNE", "pig-tailed macaque"},
    {"SSC", "pig"},
    {"GAL", "chicken"},
    {"BTA", "cow"},
    {"OAR", "sheep"},
    {"CHI", "goat"},
    {"ECA", "horse"},
    {"CAF", "dog"},
    {"FCA", "cat"},
    {"OCU", "rabbit"},
    {"CPO", "guinea pig"},
    {"MAU", "golden hamster"},
    {"CGR", "Chinese hamster"},
    {"MPU", "ferret"},
    {"MOD", "opossum"},
    {"PTR", "chimpanzee"},
    {"PPA", "bonobo"},
    {"GGO", "gorilla"},
    {"PPY", "orangutan"},
    {"CJA", "marmoset"},
    {"CSA", "green monkey"},
    {"PAN", "baboon"},
    {"MIC", "mouse lemur"},
    {"XET", "frog (Xenopus)"},
    {"ORL", "medaka"},
    {"ACA", "anole lizard"},
}};

// Other databases' gene ids, and genome names that 10x references put before an id.
constexpr std::array<Prefix, 22> other_species{{
    {"FBgn", "fly"},
    {"WBGene", "worm"},
    {"ZDB-GENE", "zebrafish"},
    {"MGI:", "mouse"},
    {"MGP_", "mouse"},
    {"RGD:", "rat"},
    {"mm9_", "mouse"},
    {"mm10_", "mouse"},
    {"mm39_", "mouse"},
    {"GRCm38_", "mouse"},
    {"GRCm39_", "mouse"},
    {"mRatBN7", "rat"},
    {"GRCz11_", "zebrafish"},
    // Seurat turns underscores into dashes.
    {"mm9-", "mouse"},
    {"mm10-", "mouse"},
    {"mm39-", "mouse"},
    {"mm10premrna", "mouse"},
    {"mm10.premrna", "mouse"},
    {"GRCm38-", "mouse"},
    {"GRCm39-", "mouse"},
    {"GRCm38premrna", "mouse"},
    {"GRCz11-", "zebrafish"},
}};

constexpr std::array<std::string_view, 6> refseq_transcripts{"NM_", "NR_", "XM_",
                                                             "XR_", "uc0", "CCDS"};
constexpr std::array<std::string_view, 2> refseq_proteins{"NP_", "XP_"};
constexpr std::array<std::string_view, 4> probes{"ILMN_", "A_23_P", "A_24_P", "A_33_P"};

bool starts_with_any(std::string_view id, std::span<const std::string_view> prefixes) noexcept {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [id](std::string_view prefix) { return id.starts_with(prefix); });
}

/// Ensembl ids: ENS, letters of the species (none for human), one letter for the kind of feature,
/// eleven digits; anywhere in `id`.
std::optional<IdGuess> guess_ensembl(std::string_view id) noexcept {
  const auto at = id.find("ENS");
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = id.substr(at + 3);
  std::size_t letters = 0;
  while (letters < rest.size() && is_upper(rest[letters])) ++letters;
  if (letters == 0 || letters > 7 || leading_digits(rest.substr(letters)) < 11) {
    return std::nullopt;
  }
  const std::string_view species = rest.substr(0, letters - 1);
  if (!species.empty()) {
    for (const Prefix& known : ensembl_species) {
      if (species == known.prefix) return IdGuess{IdKind::other_species, known.species};
    }
    return IdGuess{IdKind::other_species, "another species"};
  }
  switch (rest[letters - 1]) {
    case 'T':
      return IdGuess{IdKind::transcript};
    case 'P':
      return IdGuess{IdKind::protein};
    default:
      return IdGuess{IdKind::ensembl_gene};
  }
}

bool is_region(std::string_view id) noexcept {
  if (!id.starts_with("chr")) return false;
  const auto at = id.find_first_of(":-_", 3);
  return at != std::string_view::npos && at + 1 < id.size() && is_digit(id[at + 1]) &&
         id.find_first_of("-_", at + 1) != std::string_view::npos;
}

/// gene17, Gene_17, feature-17, V17: what simulations and programs without names write.
bool is_placeholder(std::string_view id) noexcept {
  constexpr std::array<std::string_view, 4> words{"gene", "feature", "var", "v"};
  for (const std::string_view word : words) {
    if (id.size() <= word.size()) continue;
    const bool same = std::equal(word.begin(), word.end(), id.begin(), [](char a, char b) {
      return a == b || (is_upper(b) && a == static_cast<char>(b - 'A' + 'a'));
    });
    if (!same) continue;
    std::string_view rest = id.substr(word.size());
    if (rest.front() == '_' || rest.front() == '-' || rest.front() == '.' || rest.front() == ' ') {
      rest.remove_prefix(1);
    }
    if (all_digits(rest)) return true;
  }
  return false;
}

bool is_affymetrix_probe(std::string_view id) noexcept {
  return id.size() > 4 && id.ends_with("_at") && is_digit(id.front());
}

IdGuess guess_symbol(std::string_view id) noexcept {
  bool upper = false;
  bool lower = false;
  const char first = id.front();
  if (!is_upper(first) && !is_lower(first)) return {};
  const auto orf = id.find("orf");  // C1orf43 is how a human symbol is written
  for (std::size_t i = 0; i < id.size(); ++i) {
    const char c = id[i];
    if (orf != std::string_view::npos && i >= orf && i < orf + 3) continue;
    upper = upper || is_upper(c);
    lower = lower || is_lower(c);
    if (c == ' ' || c == ',' || c == ';' || c == ':') return {};
  }
  if (upper && !lower) return {IdKind::upper_case_symbol};
  if (!upper && lower) return {IdKind::lower_case_symbol};
  const std::string_view tail = id.substr(1);
  // Gm12345, Trp53, mt-Co1, H2-K1: one or two capitals, then small letters.
  const bool capitalised =
      (is_upper(first) && std::any_of(tail.begin(), tail.end(), is_lower)) || id.starts_with("mt-");
  return {capitalised ? IdKind::capitalised_symbol : IdKind::other};
}

std::string_view name_of(IdKind kind) noexcept {
  switch (kind) {
    case IdKind::ensembl_gene:
      return "human Ensembl gene ids";
    case IdKind::other_species:
      return "gene ids of another species";
    case IdKind::transcript:
      return "transcript ids";
    case IdKind::protein:
      return "protein ids";
    case IdKind::probe:
      return "probe ids of a microarray";
    case IdKind::placeholder:
      return "made-up names";
    case IdKind::region:
      return "genome regions";
    case IdKind::mature_mirna:
      return "mature miRNAs";
    case IdKind::stem_loop:
      return "miRNA stem-loops (precursors)";
    case IdKind::number:
      return "numbers (Entrez ids?)";
    case IdKind::upper_case_symbol:
      return "gene symbols in the human style";
    case IdKind::capitalised_symbol:
      return "gene symbols in the style of mouse (or rat)";
    case IdKind::lower_case_symbol:
      return "names in lower case";
    case IdKind::other:
      break;
  }
  return "text of no known kind";
}

}  // namespace

std::string_view trim_id(std::string_view id) noexcept {
  constexpr std::string_view blanks = " \t\r\n\v\f\"'";
  const auto first = id.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  const auto last = id.find_last_not_of(blanks);
  return id.substr(first, last - first + 1);
}

std::optional<std::string_view> strip_human_genome(std::string_view id) noexcept {
  if (!id.starts_with("GRCh3") && !id.starts_with("hg19") && !id.starts_with("hg38")) {
    return std::nullopt;
  }
  // 10x references put one or several underscores between genome and gene; Seurat makes dashes of
  // them.
  const auto bar = id.find_first_of("_-");
  if (bar == std::string_view::npos) return std::nullopt;
  const auto rest = id.find_first_not_of(id[bar], bar);
  if (rest == std::string_view::npos) return std::nullopt;
  return id.substr(rest);
}

std::string_view strip_chromosome(std::string_view id) noexcept {
  const auto at = id.find("__chr");
  return at == std::string_view::npos || at == 0 ? id : id.substr(0, at);
}

IdGuess guess_id_kind(std::string_view id) noexcept {
  std::string_view name = trim_id(id);
  if (name.empty()) return {};
  if (all_digits(name)) return {IdKind::number};
  for (const Prefix& known : other_species) {
    if (name.starts_with(known.prefix)) return {IdKind::other_species, known.species};
  }
  if (const auto ensembl = guess_ensembl(name)) return *ensembl;
  if (const auto rest = strip_human_genome(name)) name = *rest;
  name = strip_chromosome(name);
  if (starts_with_any(name, refseq_transcripts)) return {IdKind::transcript};
  if (starts_with_any(name, refseq_proteins)) return {IdKind::protein};
  if (starts_with_any(name, probes) || is_affymetrix_probe(name)) return {IdKind::probe};
  if (is_placeholder(name)) return {IdKind::placeholder};
  if (is_region(name)) return {IdKind::region};
  if (name.starts_with("MIMAT") || name.find("-miR-") != std::string_view::npos ||
      name.starts_with("hsa.miR.")) {
    return {IdKind::mature_mirna};
  }
  if (name.find("-mir-") != std::string_view::npos ||
      (name.starts_with("MI") && name.size() == 9 && all_digits(name.substr(2)))) {
    return {IdKind::stem_loop};
  }
  if (name.find("-let-") != std::string_view::npos) {
    const bool arm = name.ends_with("-5p") || name.ends_with("-3p");
    return {arm ? IdKind::mature_mirna : IdKind::stem_loop};
  }
  const auto bar = name.find('|');
  if (bar != std::string_view::npos && all_digits(name.substr(bar + 1))) return {IdKind::number};
  return guess_symbol(name);
}

bool are_running_numbers(std::span<const std::string> ids) noexcept {
  if (ids.size() < 3) return false;
  Index expected = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string_view id = trim_id(ids[i]);
    Index value = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), value);
    if (error != std::errc{} || end != id.data() + id.size()) return false;
    if (i == 0) {
      if (value != 0 && value != 1) return false;
      expected = value;
    }
    if (value != expected) return false;
    ++expected;
  }
  return true;
}

IdSummary summarise_ids(std::span<const std::string> ids, std::span<const std::uint8_t> counted) {
  IdSummary summary;
  std::map<std::string_view, Index> species;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!counted.empty() && counted[i] == 0) continue;
    const IdGuess guess = guess_id_kind(ids[i]);
    ++summary.n;
    ++summary.by_kind[static_cast<std::size_t>(guess.kind)];
    if (guess.kind == IdKind::other_species) ++species[guess.species];
  }
  const auto* most = std::max_element(std::begin(summary.by_kind), std::end(summary.by_kind));
  summary.most = static_cast<IdKind>(most - std::begin(summary.by_kind));
  Index best = 0;
  for (const auto& [name, n] : species) {
    if (n > best) {
      best = n;
      summary.species = name;
    }
  }
  for (std::size_t i = 0; i < ids.size() && summary.examples.size() < 3; ++i) {
    if (!counted.empty() && counted[i] == 0) continue;
    if (guess_id_kind(ids[i]).kind == summary.most) {
      summary.examples.emplace_back(trim_id(ids[i]).substr(0, 60));
    }
  }
  summary.running_numbers = are_running_numbers(ids);
  return summary;
}

std::string describe(const IdSummary& ids) {
  std::string name{name_of(ids.most)};
  if (ids.running_numbers) {
    name = "running numbers (positions, not names)";
  } else if (ids.most == IdKind::other_species && !ids.species.empty()) {
    name = fmt::format("gene ids of {}", ids.species);
  }
  if (ids.examples.empty()) return name;
  return fmt::format("{}, e.g. {}", name, joined(ids.examples, ", "));
}

}  // namespace sicmir
