// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_names.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "genes/id_kinds.hpp"
#include "genes/mirna_names.hpp"

namespace sicmir::targets {
namespace {

constexpr std::size_t seed_length = 7;
constexpr std::size_t most_cached = 100'000;  // names; more than all species of miRBase have

bool says_arm(std::string_view name) {
  return name.ends_with("-5p") || name.ends_with("-3p");
}

/// Tables that went through a word processor have other dashes: U+2010 to U+2015, U+2212.
std::string with_plain_dashes(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view rest = name.substr(i);
    const bool is_dash = (rest.starts_with("\xe2\x80") && rest.size() > 2 && rest[2] >= '\x90' &&
                          rest[2] <= '\x95') ||
                         rest.starts_with("\xe2\x88\x92");
    text += is_dash ? '-' : name[i];
    if (is_dash) i += 2;
  }
  return text;
}

/// Three or four lower-case letters and a dash: mmu-, hsa-, ebv-.
std::string_view species_of(std::string_view name) {
  const auto dash = name.find('-');
  if (dash == std::string_view::npos || dash < 3 || dash > 5) return {};
  const std::string_view prefix = name.substr(0, dash);
  const bool letters = std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  return letters && prefix != "let" && prefix != "mir" ? prefix : std::string_view{};
}

std::string reverse_complement_as_dna(std::string_view rna) {
  std::string dna(rna.rbegin(), rna.rend());
  for (char& base : dna) base = base == 'A' ? 'T' : base == 'C' ? 'G' : base == 'G' ? 'C' : 'A';
  return dna;
}

/// As MSigDB writes names, without the differences between its releases: hsa-miR-103a-3p and
/// MIR103A_3P are both MIR103A-3P; hsa-let-7a-5p and LET_7A_5P are both LET7A-5P.
std::string folded(std::string_view name) {
  if (name.starts_with("hsa-")) name.remove_prefix(4);
  std::string text;
  for (const char c : name) {
    text += c == '_' || c == '.' ? '-' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  if (text.starts_with("HSA-")) text.erase(0, 4);
  for (const std::string_view kind : {"MIR-", "LET-"}) {
    if (text.starts_with(kind)) text.erase(3, 1);
  }
  return text;
}

}  // namespace

MirnaFinder::MirnaFinder(std::span<const ProfileMirna> mirnas)
    : reference_(reference_mirnas()),
      index_(mirna_panel(reference_), false),
      position_of_(reference_.size(), -1) {
  for (const ReferenceMirna& one : reference_) names_.push_back(one.name);
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    const auto position = static_cast<std::int32_t>(i);
    own_names_.emplace(mirnas[i].name, position);
    auto found = index_.find(mirnas[i].mimat);
    if (!found) found = index_.find(mirnas[i].name);
    if (found) position_of_[static_cast<std::size_t>(found->gene)] = position;
  }
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    const ReferenceMirna& one = reference_[i];
    const auto [place, is_new] = folded_.try_emplace(folded(one.name), position_of_[i]);
    if (!is_new) place->second = -1;
    if (position_of_[i] < 0 || one.sequence.empty()) continue;
    seeds_[one.seed()].push_back(position_of_[i]);
    const std::string first = reverse_complement_as_dna(one.sequence.substr(0, seed_length));
    const std::string second = reverse_complement_as_dna(one.seed());
    motifs_[first].push_back(position_of_[i]);
    if (second != first) motifs_[second].push_back(position_of_[i]);
  }
}

template <class Make>
const NamedMirnas& MirnaFinder::cached(char kind, std::string_view text, Make&& make) {
  const std::string key = kind + std::string(text);
  const auto found = cache_.find(key);
  if (found != cache_.end()) return found->second;
  if (cache_.size() >= most_cached) cache_.clear();
  return cache_.emplace(key, make()).first->second;
}

const NamedMirnas& MirnaFinder::by_name(std::string_view text) {
  return cached('n', text, [&] { return find_name(trim_id(text)); });
}

const NamedMirnas& MirnaFinder::by_family(std::string_view text) {
  return cached('f', text, [&] { return find_family(trim_id(text)); });
}

const NamedMirnas& MirnaFinder::by_seed(std::string_view text) {
  return cached('s', text, [&]() -> NamedMirnas {
    const auto found = seeds_.find(std::string(trim_id(text)));
    return found == seeds_.end() ? NamedMirnas{} : NamedMirnas{found->second, {}};
  });
}

const NamedMirnas& MirnaFinder::by_set(std::string_view text) {
  return cached('g', text, [&] { return find_set(trim_id(text)); });
}

NamedMirnas MirnaFinder::find_name(std::string_view name) const {
  if (const auto own = own_names_.find(std::string(name)); own != own_names_.end()) {
    return {{own->second}, {}};
  }
  if (const auto match = index_.find(name)) {
    const std::int32_t position = position_of_[static_cast<std::size_t>(match->gene)];
    return position < 0 ? NamedMirnas{} : NamedMirnas{{position}, {}};
  }
  const std::string_view species = species_of(name);
  if (!species.empty() && species != "hsa") return {{}, LeftOut::other_species};
  const bool bare =
      name.starts_with("miR-") || name.starts_with("let-") || name.starts_with("mir-");
  if (bare) return find_name("hsa-" + std::string(name));
  constexpr std::string_view stem_loop = "hsa-mir-";
  if (name.starts_with(stem_loop)) {
    // With an arm behind it, only the case is wrong; without, it is a stem-loop's name.
    if (!says_arm(name)) return {{}, LeftOut::no_arm};
    return find_name("hsa-miR-" + std::string(name.substr(stem_loop.size())));
  }
  if (!possible_arms(name, names_).empty()) return {{}, LeftOut::no_arm};
  const std::string plain = with_plain_dashes(name);
  return plain == name ? NamedMirnas{} : find_name(plain);
}

/// The seed of a family's member; families of several letters go without them (miR-15-5p is
/// miR-15a-5p and miR-15b-5p). Empty: not known.
std::string MirnaFinder::seed_of_member(const std::string& name) const {
  const auto seed_of = [&](const std::string& full) -> std::string {
    const auto match = index_.find(full);
    return match ? reference_[static_cast<std::size_t>(match->gene)].seed() : std::string();
  };
  const std::string full = "hsa-" + name;
  if (std::string seed = seed_of(full); !seed.empty()) return seed;
  const std::string stem = says_arm(full) ? full.substr(0, full.size() - 3) : full;
  const std::string arm = full.substr(stem.size());
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    if (std::string seed = seed_of(fmt::format("{}{}{}", stem, letter, arm)); !seed.empty()) {
      return seed;
    }
  }
  return {};
}

NamedMirnas MirnaFinder::find_family(std::string_view text) const {
  std::string kind = "miR-";
  NamedMirnas result;
  std::vector<std::string> seeds;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    std::string member(text.substr(start, end - start));
    start = end + 1;
    if (member.starts_with("hsa-")) member.erase(0, 4);
    if (member.starts_with("let-") || member.starts_with("miR-")) {
      kind = member.substr(0, 4);
    } else {
      member.insert(0, kind);
    }
    std::string seed = seed_of_member(member);
    if (!seed.empty() && std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) {
      seeds.push_back(std::move(seed));
    }
  }
  // A family is one seed; names that point to two have been misread.
  if (seeds.size() != 1) return {};
  const auto found = seeds_.find(seeds.front());
  if (found != seeds_.end()) result.mirnas = found->second;
  return result;
}

NamedMirnas MirnaFinder::find_set(std::string_view text) const {
  NamedMirnas named = find_name(text);
  if (!named.mirnas.empty() || named.reason != LeftOut::not_predicted) return named;
  const auto by_fold = folded_.find(folded(text));
  if (by_fold != folded_.end()) {
    return by_fold->second < 0 ? NamedMirnas{} : NamedMirnas{{by_fold->second}, {}};
  }
  const bool has_motif = text.size() > seed_length &&
                         text.find_first_not_of("ACGT") == seed_length &&
                         (text[seed_length] == '_' || text[seed_length] == ',');
  if (!has_motif) return {};
  const auto found = motifs_.find(std::string(text.substr(0, seed_length)));
  return found == motifs_.end() ? NamedMirnas{} : NamedMirnas{found->second, {}};
}

}  // namespace sicmir::targets
