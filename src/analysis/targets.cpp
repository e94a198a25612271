// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "genes/id_kinds.hpp"
#include "sicmir/reference_tables.hpp"

namespace sicmir {
namespace {

constexpr std::int32_t several = -1;

std::string_view gene_without_version(std::string_view id) {
  return id.starts_with("ENSG") ? id.substr(0, id.find('.')) : id;
}

std::string_view words(LeftOut reason) {
  switch (reason) {
    case LeftOut::other_species:
      return "of other species";
    case LeftOut::not_functional:
      return "that the source does not call functional";
    case LeftOut::not_predicted:
      return "of miRNAs that are not predicted";
    case LeftOut::no_arm:
      return "of names that do not say the arm of the stem-loop";
    case LeftOut::no_gene:
      return "whose target is missing, or a transcript of no known gene";
    case LeftOut::no_kind:
      return "of a kind of evidence that is not known";
  }
  return "";
}

}  // namespace

std::string_view to_string(Evidence evidence) {
  switch (evidence) {
    case Evidence::strong:
      return "strong";
    case Evidence::weak:
      return "weak";
    case Evidence::predicted:
      return "predicted";
  }
  return "";
}

Index TargetTable::count(Evidence evidence) const {
  return std::count_if(pairs.begin(), pairs.end(),
                       [&](const TargetPair& pair) { return pair.evidence == evidence; });
}

std::vector<std::string> describe(const TargetTable& table) {
  std::vector<std::string> sentences;
  std::string kinds;
  for (const Evidence kind : {Evidence::strong, Evidence::weak, Evidence::predicted}) {
    const Index n = table.count(kind);
    if (n > 0) kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", n, to_string(kind));
  }
  Index n_mirnas = 0;
  for (std::size_t i = 0; i < table.pairs.size(); ++i) {
    n_mirnas += i == 0 || table.pairs[i].mirna != table.pairs[i - 1].mirna ? 1 : 0;
  }
  sentences.push_back(fmt::format("{}, {} lines: {} pairs ({}) of {} miRNAs", table.format,
                                  table.n_lines, table.pairs.size(), kinds.empty() ? "none" : kinds,
                                  n_mirnas));
  if (table.kind_assumed && !table.pairs.empty()) {
    sentences.push_back(
        fmt::format("the table does not say what all of its pairs rest on; those are taken as {}",
                    to_string(table.pairs.front().evidence)));
  }
  for (std::size_t i = 0; i < n_left_out; ++i) {
    if (table.left_out[i] == 0) continue;
    sentences.push_back(fmt::format("{} left out {} (e.g. '{}')", table.left_out[i],
                                    words(static_cast<LeftOut>(i)), table.examples[i]));
  }
  return sentences;
}

Evidence best_evidence(const TargetTable& table) {
  Evidence best = Evidence::predicted;
  for (const TargetPair& pair : table.pairs) best = std::min(best, pair.evidence);
  return best;
}

std::vector<std::uint8_t> panel_genes(const Profiles& profiles) {
  if (!profiles.in_panel.empty()) return profiles.in_panel;
  const GeneIndex panel(read_gene_panel(find_data_file("landmarks.tsv")));
  std::vector<std::uint8_t> in_panel(static_cast<std::size_t>(profiles.n_genes()), 0);
  for (const FeatureColumn& column : profiles.genes.columns) {
    for (std::size_t i = 0; i < in_panel.size(); ++i) {
      if (panel.find(column.ids[i])) in_panel[i] = 1;
    }
  }
  return in_panel;
}

GeneFinder::GeneFinder(const FeatureTable& features) {
  for (const FeatureColumn& column : features.columns) {
    std::unordered_map<std::string, std::int32_t> own;
    for (std::size_t i = 0; i < column.ids.size(); ++i) {
      const std::string_view name = gene_without_version(trim_id(column.ids[i]));
      if (name.empty() || is_par_y_copy(column.ids[i])) continue;
      const auto [place, is_new] = own.try_emplace(std::string(name), static_cast<std::int32_t>(i));
      if (!is_new) place->second = several;
    }
    positions_.merge(own);  // a name of an earlier column stays what it is
  }
}

std::int32_t GeneFinder::find(std::string_view name) const {
  const auto found = positions_.find(std::string(gene_without_version(trim_id(name))));
  return found == positions_.end() ? -1 : found->second;
}

std::int32_t GeneFinder::find(const TargetGene& gene) const {
  for (const std::string* name : {&gene.ensembl_id, &gene.symbol, &gene.entrez_id}) {
    if (name->empty()) continue;
    const std::int32_t position = find(*name);
    if (position >= 0) return position;
  }
  return -1;
}

TargetEdges target_edges(const TargetTable& table, Evidence evidence, const Profiles& profiles,
                         std::span<const std::uint8_t> in_panel) {
  const GeneFinder finder(profiles.genes);
  std::vector<std::int32_t> positions;
  for (const TargetGene& gene : table.genes) positions.push_back(finder.find(gene));
  TargetEdges result;
  for (const TargetPair& pair : table.pairs) {
    if (pair.evidence != evidence) continue;
    const std::int32_t gene = positions[static_cast<std::size_t>(pair.gene)];
    if (gene < 0) {
      ++result.n_not_measured;
    } else if (in_panel[static_cast<std::size_t>(gene)] != 0) {
      ++result.n_in_panel;
    } else {
      result.edges.push_back({pair.mirna, gene});
    }
  }
  std::sort(result.edges.begin(), result.edges.end());
  const auto end = std::unique(result.edges.begin(), result.edges.end());
  result.edges.erase(end, result.edges.end());
  return result;
}

std::vector<std::int32_t> seed_families(std::span<const ProfileMirna> mirnas) {
  std::map<std::string, std::string> seeds;
  for (const ReferenceMirna& one : reference_mirnas()) {
    for (const std::string* name : {&one.name, &one.accession, &one.v21_name}) {
      if (!name->empty() && !one.sequence.empty()) seeds.emplace(*name, one.seed());
    }
  }
  std::map<std::string, std::int32_t> numbers;
  std::vector<std::int32_t> families;
  for (const ProfileMirna& mirna : mirnas) {
    auto found = seeds.find(mirna.mimat);
    if (found == seeds.end()) found = seeds.find(mirna.name);
    const std::string key = found == seeds.end() ? "unknown " + mirna.name : found->second;
    const auto number = static_cast<std::int32_t>(numbers.size());
    families.push_back(numbers.try_emplace(key, number).first->second);
  }
  return families;
}

}  // namespace sicmir
