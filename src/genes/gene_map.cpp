// SPDX-License-Identifier: BSD-3-Clause
#include "sicmir/gene_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "genes/feature_kinds.hpp"
#include "genes/id_kinds.hpp"

namespace sicmir {
namespace {

/// Below this share of the panel a file does not "already match exactly".
constexpr double exact_share = 0.5;
/// From this share of a column's ids on, a kind of id says what the column is.
constexpr double main_share = 0.5;
/// From this share on, a second species in a column is no accident.
constexpr double mixed_share = 0.02;
constexpr std::size_t names_shown = 10;

/// Everything that one column of names says about the panel.
struct ColumnMatch {
  std::size_t column = 0;
  std::vector<std::optional<GeneMatch>> matches;  ///< per feature
  std::vector<MatchKind> best;                    ///< per panel gene found: its best kind
  std::vector<std::uint8_t> found;                ///< per panel gene
  Index n_exact = 0;                              ///< panel genes found exactly
  Index n_folded = 0;                             ///< found only without regard to case
  Index n_by_accession = 0;                       ///< found by Ensembl ids
};

bool is_counted(const FeatureTable& features, std::size_t feature) {
  return features.counted.empty() || features.counted[feature] != 0;
}

std::vector<std::uint8_t> find_par_y_copies(const FeatureTable& features) {
  std::vector<std::uint8_t> result(static_cast<std::size_t>(features.size()), 0);
  for (const FeatureColumn& column : features.columns) {
    for (std::size_t i = 0; i < result.size(); ++i) {
      if (is_par_y_copy(column.ids[i])) result[i] = 1;
    }
  }
  return result;
}

ColumnMatch match_column(const GeneIndex& index, const FeatureTable& features, std::size_t column,
                         std::span<const std::uint8_t> left_out) {
  const std::vector<std::string>& ids = features.columns[column].ids;
  ColumnMatch result;
  result.column = column;
  result.matches.resize(ids.size());
  result.best.assign(static_cast<std::size_t>(index.panel_size()), MatchKind::case_insensitive);
  result.found.assign(static_cast<std::size_t>(index.panel_size()), 0);
  // Running numbers would pass for Entrez ids.
  if (are_running_numbers(ids)) return result;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (left_out[i] != 0) continue;
    const auto match = index.find(ids[i]);
    if (!match) continue;
    result.matches[i] = match;
    const auto gene = static_cast<std::size_t>(match->gene);
    if (result.found[gene] == 0 || match->kind < result.best[gene]) result.best[gene] = match->kind;
    result.found[gene] = 1;
  }
  for (std::size_t gene = 0; gene < result.found.size(); ++gene) {
    if (result.found[gene] == 0) continue;
    const MatchKind kind = result.best[gene];
    ++(kind == MatchKind::case_insensitive ? result.n_folded : result.n_exact);
    if (kind <= MatchKind::older_ensembl_id) ++result.n_by_accession;
  }
  return result;
}

ColumnMatch match_best_column(const GeneIndex& index, const FeatureTable& features,
                              std::span<const std::uint8_t> left_out) {
  ColumnMatch best = match_column(index, features, 0, left_out);
  for (std::size_t c = 1; c < features.columns.size(); ++c) {
    ColumnMatch next = match_column(index, features, c, left_out);
    const bool better = next.n_exact > best.n_exact ||
                        (next.n_exact == best.n_exact && next.n_folded > best.n_folded);
    if (better) best = std::move(next);
  }
  return best;
}

/// What messages call the things of a panel.
std::string_view noun(const GenePanel& panel) {
  return !panel.genes.empty() && panel.genes.front().ensembl_id.starts_with("MIMAT") ? "miRNAs"
                                                                                     : "genes";
}

std::string some_of(std::span<const std::string> names) {
  if (names.size() <= names_shown) return joined(names, ", ");
  return fmt::format("{} and {} more", joined(names.first(names_shown), ", "),
                     names.size() - names_shown);
}

[[noreturn]] void refuse(const std::string& message, const std::vector<Remedy>& remedies = {}) {
  throw Error(ExitCode::bad_input, message, remedies);
}

constexpr std::string_view orthologue_advice =
    "The model knows human genes only. Map the genes to their human orthologues first (Ensembl "
    "BioMart lists them), one line per human gene.";

void refuse_other_species(const std::string& file, const std::string& column,
                          const IdSummary& ids) {
  const bool named = ids.species != "another species";
  refuse(fmt::format("{}: these are genes of {}, not human: {} holds {}. {}", file,
                     named ? ids.species : "a species other than human", column, describe(ids),
                     orthologue_advice));
}

/// Throws if the file's ids are another species', or belong to several.
void check_species_of_ids(const std::string& file, const FeatureTable& features,
                          const std::vector<IdSummary>& summaries, const ColumnMatch& best,
                          Index panel_size, std::vector<Note>& warnings) {
  const auto share_of_panel = [&](Index n) {
    return static_cast<double>(n) / static_cast<double>(std::max<Index>(panel_size, 1));
  };
  // Where the file is matched by human accessions, a column of another species' ids is an
  // annotation (orthologues), not what the file holds.
  const bool human =
      best.n_by_accession * 2 > best.n_exact && share_of_panel(best.n_by_accession) >= exact_share;
  for (std::size_t c = 0; c < summaries.size(); ++c) {
    const IdSummary& ids = summaries[c];
    const std::string& name = features.columns[c].name;
    const double other = ids.share(IdKind::other_species);
    const bool has_human = ids.share(IdKind::ensembl_gene) >= mixed_share ||
                           (c == best.column && share_of_panel(best.n_exact) >= exact_share);
    if (other >= mixed_share && has_human && best.n_by_accession == 0) {
      refuse(
          fmt::format(
              "{}: {} contains gene ids of {} ({} of {} ids) among symbols in the human style. If "
              "these "
              "are genes of {} alone, whose symbols may look human: {} If the file contains two "
              "genomes, leave the other species' genes and cells out.",
              file, name, ids.species, ids.by_kind[static_cast<std::size_t>(IdKind::other_species)],
              ids.n, ids.species, orthologue_advice),
          {Remedy::choose_genome});
    }
    if (other >= mixed_share && has_human) {
      refuse(fmt::format("{}: {} contains genes of human and of {} ({} of {} ids): a mixture of "
                         "two genomes. Leave "
                         "the other species' genes and cells out of the file, or, in a 10x file "
                         "that names its "
                         "genomes, choose one.",
                         file, name, ids.species,
                         ids.by_kind[static_cast<std::size_t>(IdKind::other_species)], ids.n),
             {Remedy::choose_genome});
    }
    if (other < main_share) continue;
    if (!human) refuse_other_species(file, name, ids);
    const std::string& taken = features.columns[best.column].name;
    warnings.push_back(
        {"column_of_other_species",
         fmt::format("{} holds {}; the genes are taken from {}, which is human.", name,
                     describe(ids), taken),
         {{"column", name}, {"species", std::string(ids.species)}, {"taken", taken}}});
  }
}

/// Throws if the symbols match only without regard to case.
void check_case(const std::string& file, const std::string& column, const IdSummary& ids,
                const ColumnMatch& best, Index panel_size, std::string_view things) {
  const auto n_panel = static_cast<double>(panel_size);
  const auto n_exact = static_cast<double>(best.n_exact);
  const auto n_any = static_cast<double>(best.n_exact + best.n_folded);
  if (n_exact >= exact_share * n_panel || n_any <= exact_share * n_panel) return;
  const std::string found = fmt::format(
      "{} of the model's {} {} match {} as they are written, {} without regard to case ({})",
      best.n_exact, panel_size, things, column, best.n_exact + best.n_folded, describe(ids));
  const double lower = ids.share(IdKind::lower_case_symbol);
  if (lower >= main_share && n_any >= 0.9 * n_panel) {
    refuse(
        fmt::format("{}: the gene names are in lower case: {}. Write human symbols in their own "
                    "(upper) case; only C1orf43 and its like keep small letters.",
                    file, found));
  }
  if (lower >= main_share) {
    refuse(
        fmt::format("{}: the gene names are in lower case, as those of zebrafish or frog: {}. "
                    "{} If they are human, write them in upper case.",
                    file, found, orthologue_advice));
  }
  if (ids.share(IdKind::capitalised_symbol) >= 0.25) {
    refuse(fmt::format("{}: these are genes of mouse (or rat), not human: {}. {}", file, found,
                       orthologue_advice));
  }
  refuse(
      fmt::format("{}: the gene names are in another case than human symbols: {}. If they are "
                  "human, write them in upper case; if not, map them to human orthologues "
                  "first.",
                  file, found));
}

/// What to do about a file whose ids are of this kind and match too little.
std::string advice(const IdSummary& ids, Index n_features, Index n_found, Index n_panel) {
  if (ids.running_numbers) {
    return "The names of the genes were probably lost when the table was written (without its "
           "index): write it again with them.";
  }
  switch (ids.most) {
    case IdKind::transcript:
      return "Sum the transcripts of each gene first, and name the genes by symbol or Ensembl "
             "gene id.";
    case IdKind::protein:
      return "The model needs the expression of genes, named by symbol or Ensembl gene id.";
    case IdKind::probe:
      return "Map the probes to gene symbols or Ensembl gene ids first, one line per gene.";
    case IdKind::placeholder:
      return "Such names come from simulations and from programs that lost the real ones; the "
             "model "
             "needs the names of human genes.";
    case IdKind::region:
      return "These look like peaks (ATAC-seq); the model needs the expression of genes.";
    case IdKind::mature_mirna:
    case IdKind::stem_loop:
      return "This is a table of miRNAs; mature ones are known by miRBase name or MIMAT "
             "accession.";
    case IdKind::capitalised_symbol:
      return std::string("These look like genes of mouse (or rat). ").append(orthologue_advice);
    case IdKind::lower_case_symbol:
      return "Human gene symbols are written in upper case.";
    case IdKind::ensembl_gene:
    case IdKind::upper_case_symbol:
      if (n_features < 5000) {
        return fmt::format(
            "The file has only {} features, perhaps a selection of variable genes: specify the "
            "matrix of all genes (in an .h5ad file perhaps another layer).",
            n_features);
      }
      if (n_found * 2 > n_panel) {
        return fmt::format(
            "The names are understood; the file has only {} features, so genes of low expression "
            "were probably left out of it: give the matrix of all genes.",
            n_features);
      }
      return "Genes are known by Ensembl id, Entrez id, current or older symbol.";
    case IdKind::number:
    case IdKind::other_species:
    case IdKind::other:
      break;
  }
  return "Genes are known by human Ensembl id, Entrez id, symbol or SYMBOL|ENTREZ.";
}

/// Copies of a gene's line that a tool renamed: scanpy's var_names_make_unique writes TBCE-1, R's
/// make.unique TBCE.1.
std::optional<std::string_view> original_of_twin(std::string_view id) {
  const auto at = id.find_last_of(".-");
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view number = id.substr(at + 1);
  if (number.empty() || number.size() > 2 || number.front() == '0' ||
      number.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return id.substr(0, at);
}

void warn_of_twins(const GeneIndex& index, const std::vector<std::string>& ids,
                   const ColumnMatch& match, std::span<const std::uint8_t> left_out,
                   std::vector<Note>& warnings) {
  std::vector<std::string> twins;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (left_out[i] != 0 || match.matches[i]) continue;
    const std::string_view id = trim_id(ids[i]);
    const auto original = original_of_twin(id);
    if (!original) continue;
    const auto gene = index.find_exact(*original);
    if (!gene || gene->kind == MatchKind::alias || gene->kind == MatchKind::entrez_id) continue;
    if (match.found[static_cast<std::size_t>(gene->gene)] != 0) twins.emplace_back(id);
  }
  if (twins.empty()) return;
  std::string text = fmt::format(
      "{} {} of a panel gene's name, made unique by a tool (scanpy's var_names_make_unique, R's "
      "make.unique): {}. Only the line with the plain name is used.",
      twins.size(), twins.size() == 1 ? "feature is a copy" : "features are copies",
      some_of(twins));
  warnings.push_back({"copies_left_out", std::move(text), {{"features", std::move(twins)}}});
}

/// Leaves out what stands among the genes without being one, and says so.
void leave_out_other_kinds(const FeatureTable& features, std::vector<std::uint8_t>& left_out,
                           std::vector<Note>& warnings) {
  constexpr std::array kinds = {FeatureKind::antibody_tag, FeatureKind::spike_in,
                                FeatureKind::summary, FeatureKind::total};
  std::array<std::vector<std::string>, kinds.size()> found;
  for (std::size_t i = 0; i < left_out.size(); ++i) {
    if (left_out[i] != 0) continue;
    const auto* known = std::find(kinds.begin(), kinds.end(), kind_of_feature(features, i));
    if (known == kinds.end()) continue;
    left_out[i] = 1;
    found[static_cast<std::size_t>(known - kinds.begin())].emplace_back(
        trim_id(features.columns.front().ids[i]));
  }
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    const std::size_t n = found[k].size();
    if (n == 0) continue;
    std::string text = fmt::format("{} {} {} and {} nowhere: {}.", counted(n, "feature"),
                                   by_number(n, "is one of the", "are"), plural_of(kinds[k]),
                                   by_number(n, "counts", "count"), some_of(found[k]));
    warnings.push_back(
        {"features_left_out",
         std::move(text),
         {{"of_kind", std::string(plural_of(kinds[k]))}, {"features", std::move(found[k])}}});
  }
}

}  // namespace

GeneMap::GeneMap(const GeneIndex& index, const FeatureTable& features,
                 const GeneMapOptions& options, const std::string& file)
    : duplicates_(options.duplicates) {
  const auto n_features = static_cast<std::size_t>(features.size());
  const std::string_view things = noun(index.panel());
  for (const FeatureColumn& column : features.columns) {
    if (column.ids.size() != n_features) {
      throw Error(ExitCode::internal,
                  fmt::format("{}: {} names {} features, {} names {}", file, column.name,
                              column.ids.size(), features.columns.front().name, n_features));
    }
  }
  std::vector<std::uint8_t> left_out = find_par_y_copies(features);
  Index n_counted = 0;
  for (std::size_t i = 0; i < n_features; ++i) {
    if (!is_counted(features, i)) left_out[i] = 1;
  }
  leave_out_other_kinds(features, left_out, report_.warnings);
  for (const std::uint8_t out : left_out) n_counted += out == 0 ? 1 : 0;
  report_.n_not_counted = features.size() - n_counted;
  if (n_counted == 0) {
    refuse(n_features == 0
               ? fmt::format("{}: the file has no {} (0 features).", file, things)
               : fmt::format("{}: none of the {} features is a gene (all are of another type, such "
                             "as antibody tags or peaks, or of another genome).",
                             file, n_features));
  }

  const ColumnMatch best = match_best_column(index, features, left_out);
  const FeatureColumn& column = features.columns[best.column];
  std::vector<std::uint8_t> counted(n_features);
  std::transform(left_out.begin(), left_out.end(), counted.begin(),
                 [](std::uint8_t out) { return static_cast<std::uint8_t>(out == 0 ? 1 : 0); });
  std::vector<IdSummary> summaries;
  summaries.reserve(features.columns.size());
  for (const FeatureColumn& c : features.columns) {
    summaries.push_back(summarise_ids(c.ids, counted));
  }
  check_species_of_ids(file, features, summaries, best, index.panel_size(), report_.warnings);
  check_case(file, column.name, summaries[best.column], best, index.panel_size(), things);

  // Matches without regard to case fill gaps; they never carry a file.
  const bool fold = best.n_folded <= best.n_exact;
  const auto n_panel = static_cast<std::size_t>(index.panel_size());
  positions_.assign(n_features, total_only);
  std::vector<Index> n_of_gene(n_panel, 0);
  for (std::size_t i = 0; i < n_features; ++i) {
    if (left_out[i] != 0) {
      positions_[i] = ignored;
      continue;
    }
    const auto& match = best.matches[i];
    if (!match || (match->kind == MatchKind::case_insensitive && !fold)) continue;
    const auto gene = static_cast<std::size_t>(match->gene);
    // Worse evidence for a gene that is there under a better name is another feature.
    if (match->kind != best.best[gene]) continue;
    positions_[i] = match->gene;
    ++n_of_gene[gene];
  }

  present_.assign(n_panel, 0);
  report_.column = column.name;
  report_.n_features = features.size();
  report_.n_panel = index.panel_size();
  for (std::size_t gene = 0; gene < n_panel; ++gene) {
    const std::string& symbol = index.panel().genes[gene].symbol;
    if (n_of_gene[gene] == 0) {
      report_.missing.push_back(symbol);
      continue;
    }
    present_[gene] = 1;
    ++report_.n_found;
    ++report_.by_kind[static_cast<std::size_t>(best.best[gene])];
    if (n_of_gene[gene] > 1) report_.duplicated.push_back(symbol);
  }
  warn_of_twins(index, column.ids, best, left_out, report_.warnings);

  const double share =
      static_cast<double>(report_.n_found) / static_cast<double>(std::max<std::size_t>(n_panel, 1));
  if (report_.n_found > 0 && share >= options.min_panel - 1e-9) return;
  const IdSummary& ids = summaries[best.column];
  std::string message = fmt::format(
      "{}: only {} of the model's {} {} were found ({:.1f} %; at least {:.3g} % are needed). The "
      "{} looked up by {}: {}. {}",
      file, report_.n_found, n_panel, things, 100.0 * share, 100.0 * options.min_panel,
      n_features == 1 ? "feature was" : fmt::format("{} features were", n_features), column.name,
      describe(ids), advice(ids, features.size(), report_.n_found, report_.n_panel));
  if (report_.n_found > 0) {
    message += fmt::format(" Missing: {}.", some_of(report_.missing));
    refuse(message, {Remedy::allow_missing_genes});
  }
  refuse(message);
}

}  // namespace sicmir
