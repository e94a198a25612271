// SPDX-License-Identifier: BSD-3-Clause
#include "predict/outputs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/digest.hpp"
#include "base/joined.hpp"
#include "cells/decision_fields.hpp"
#include "cells/reading_words.hpp"
#include "sicmir/moments.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

std::optional<Index> cells_to_come(const RunReport& report, const CellSource& source) {
  return report.shard ? report.shard->size() : source.n_cells();
}

std::string checksum_of(const GeneMoments& moments) {
  Digest digest;
  digest.add(static_cast<double>(moments.n_cells()));
  for (const Eigen::VectorXd* part : {&moments.sum(), &moments.sum_of_squares()}) {
    digest.add(std::span<const double>(part->data(), static_cast<std::size_t>(part->size())));
  }
  return digest.hex();
}

/// Only what determines the result: no times, hosts, paths or thread counts.
std::vector<std::pair<std::string, std::string>> facts(const Model& model,
                                                       const PredictOptions& options,
                                                       const RunReport& report,
                                                       const CellSource& source) {
  const Decision& decision = report.decision;
  std::vector<std::pair<std::string, std::string>> list = {
      {"sicmir_version", version},
      {"model", model.name},
      {"model_checksum", model.checksum},
      {"kernel", report.kernel},
      {"matrix", source.description().matrix},
      {"gene_column", report.genes.column},
      {"genes_found", fmt::format("{} of {}", report.genes.n_found, report.genes.n_panel)},
      {"genes_missing", joined(report.genes.missing, ",")},
      {"duplicates", std::string(duplicates_words.word(options.genes.duplicates))},
      {"values", fmt::format("{} ({})", to_string(decision.values), decision.values_reason)},
      {"scale", fmt::format("{} ({})", to_string(decision.scale), decision.scale_reason)},
      {"empty_cells", std::string(empty_cells_words.word(options.empty_cells))},
  };
  list.insert(list.end(), options.facts.begin(), options.facts.end());
  if (report.shard) {
    list.emplace_back("shard", fmt::format("cells {} to {} of {}", report.shard->first,
                                           report.shard->last, source.n_cells().value_or(0)));
  }
  if (decision.scale == Scale::dataset && options.measured != nullptr) {
    list.emplace_back("moments_checksum", checksum_of(*options.measured));
  } else if (decision.scale == Scale::dataset && !options.moments.empty()) {
    list.emplace_back("moments_checksum", checksum_of(read_moments(options.moments).moments));
  }
  return list;
}

/// The same as fields, below "decisions".
std::vector<Field> fields(const PredictOptions& options, const RunReport& report,
                          const CellSource& source) {
  const GeneMapReport& genes = report.genes;
  std::vector<Field> list = values_fields(report.decision);
  for (Field& field : scale_fields(report.decision, options.platform)) {
    list.push_back(std::move(field));
  }
  list.emplace_back("genes/column", genes.column);
  list.emplace_back("genes/in_input", genes.n_features);
  list.emplace_back("genes/not_counted", genes.n_not_counted);
  list.emplace_back("genes/found", genes.n_found);
  list.emplace_back("genes/of", genes.n_panel);
  list.emplace_back("genes/missing", genes.missing);
  list.emplace_back("genes/duplicated", genes.duplicated);
  for (std::size_t kind = 0; kind < n_match_kinds; ++kind) {
    const std::string word(to_string(static_cast<MatchKind>(kind)));
    list.emplace_back("genes/by_kind/" + word, genes.by_kind[kind]);
  }
  const SourceDescription& input = source.description();
  if (input.lines_are) list.emplace_back("lines_are", std::string(to_string(*input.lines_are)));
  if (report.shard) {
    list.emplace_back("shard/first", report.shard->first);
    list.emplace_back("shard/last", report.shard->last);
    list.emplace_back("shard/of", source.n_cells().value_or(0));
  }
  std::map<std::string_view, int> times;
  for (const Note& note : notes_of(input, genes, report.decision)) {
    const int time = ++times[note.kind];
    const std::string place = time == 1 ? fmt::format("notes/{}", note.kind)
                                        : fmt::format("notes/{}_{}", note.kind, time);
    for (const Field& field : note.fields) {
      list.emplace_back(fmt::format("{}/{}", place, field.name), field.value);
    }
    if (note.fields.empty()) list.emplace_back(place + "/text", note.text);
  }
  for (Field& field : list) field.name.insert(0, "decisions/");
  return list;
}

template <class Item, class Get>
FeatureAnnotation annotation(const std::string& name, const std::vector<const Item*>& items,
                             Get get) {
  std::vector<std::decay_t<decltype(get(*items.front()))>> values;
  values.reserve(items.size());
  for (const Item* item : items) values.push_back(get(*item));
  return {name, std::move(values)};
}

}  // namespace

OutputHeader mirna_header(const Model& model, const PredictOptions& options,
                          const RunReport& report, const CellSource& source) {
  std::vector<const ModelMirna*> mirnas;
  if (options.mirnas.empty()) {
    for (const ModelMirna& mirna : model.mirnas) mirnas.push_back(&mirna);
  } else {
    for (const Index at : options.mirnas) {
      mirnas.push_back(&model.mirnas[static_cast<std::size_t>(at)]);
    }
  }
  OutputHeader header;
  header.feature_kind = "mirna";
  for (const ModelMirna* mirna : mirnas) header.features.push_back(mirna->name);
  header.annotations = {
      annotation("mimat", mirnas, [](const ModelMirna& m) { return m.accession; }),
      annotation("target", mirnas, [](const ModelMirna& m) { return m.target; }),
      annotation("training_mean_log2rpm", mirnas, [](const ModelMirna& m) { return m.mean; }),
      annotation("training_sd_log2rpm", mirnas, [](const ModelMirna& m) { return m.sd; }),
      annotation("pearson_within_cohort", mirnas,
                 [](const ModelMirna& m) { return m.accuracy.within_cohort; }),
      annotation("pearson_pooled", mirnas, [](const ModelMirna& m) { return m.accuracy.pooled; }),
      annotation("pearson_leave_cohort_out", mirnas,
                 [](const ModelMirna& m) { return m.accuracy.leave_cohort_out; }),
      annotation("n_held_out", mirnas,
                 [](const ModelMirna& m) { return static_cast<double>(m.accuracy.n); }),
  };
  header.facts = facts(model, options, report, source);
  header.fields = fields(options, report, source);
  header.facts.emplace_back("output_scale", options.output_scale == OutputScale::zscore
                                                ? "z-score of log2(RPM + 1)"
                                                : "log2(RPM + 1)");
  if (options.empty_cells != EmptyCells::skip) header.n_cells = cells_to_come(report, source);
  return header;
}

OutputHeader gene_header(const Model& model, const PredictOptions& options, const RunReport& report,
                         const CellSource& source) {
  std::vector<const PanelGene*> genes;
  for (const PanelGene& gene : model.panel.genes) genes.push_back(&gene);
  OutputHeader header;
  header.feature_kind = "gene";
  for (const PanelGene* gene : genes) header.features.push_back(gene->symbol);
  header.annotations = {
      annotation("ensembl_id", genes, [](const PanelGene& gene) { return gene.ensembl_id; }),
      annotation("entrez_id", genes, [](const PanelGene& gene) { return gene.entrez_id; }),
  };
  header.facts = facts(model, options, report, source);
  header.fields = fields(options, report, source);
  if (options.empty_cells != EmptyCells::skip) header.n_cells = cells_to_come(report, source);
  return header;
}

MomentsFile read_matching_moments(const std::string& path, const Model& model,
                                  const Decision& decision) {
  MomentsFile stored = read_moments(path);
  if (stored.part) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: these are the moments of one part of an input (cells {} to {} of "
                            "{}).",
                            path, stored.part->cells.first, stored.part->cells.last,
                            stored.part->n_input_cells),
                {Remedy::merge_moments});
  }
  bool same = stored.genes.size() == model.panel.genes.size();
  for (std::size_t gene = 0; same && gene < stored.genes.size(); ++gene) {
    same = stored.genes[gene] == model.panel.genes[gene].symbol;
  }
  if (!same) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: these moments were measured for another panel of genes than that "
                            "of model {}.",
                            path, model.name),
                {Remedy::give_moments});
  }
  if (stored.values != decision.values) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: these moments were measured on {} but this input was taken to be "
                            "{}. Both must be the same.",
                            path, to_string(stored.values), to_string(decision.values)),
                {Remedy::specify_values});
  }
  return stored;
}

}  // namespace sicmir
