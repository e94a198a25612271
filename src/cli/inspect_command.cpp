// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "base/json.hpp"
#include "base/output_file.hpp"
#include "base/printable.hpp"
#include "bundle/bundled_files.hpp"
#include "cells/prepared_input.hpp"
#include "cli/commands.hpp"
#include "cli/inspect_obs.hpp"
#include "cli/reading_json.hpp"
#include "cli/remedies.hpp"
#include "hdf5/h5.hpp"
#include "output/merge_parts.hpp"
#include "predict/reference_scale.hpp"
#include "statistics/median.hpp"

namespace sicmir::cli {
namespace {

struct InspectCommand {
  CommonOptions common;
  InputOptions input;
  bool json = false;
};

/// NaN has no place in JSON; it means "not measured" here.
Json finite_or_null(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

double median_of(const std::vector<ModelMirna>& mirnas, double Accuracy::*which) {
  std::vector<double> values;
  values.reserve(mirnas.size());
  for (const ModelMirna& mirna : mirnas) values.push_back(mirna.accuracy.*which);
  return median(std::move(values));
}

bool is_sicmir_file(const std::string& path, std::string_view format) {
  if (bundle::bytes_of(path)) return format == "sicmir-model" && path.ends_with(".h5");
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 8> start{};
  if (!stream.read(start.data(), start.size()) || !h5::has_signature(start)) return false;
  try {
    const h5::File file = h5::File::open_read(path);
    return h5::text_attribute(file.id(), "format").value_or("") == format;
  } catch (const Error&) {
    return false;
  }
}

Json describe_model(const std::string& path) {
  const ModelCard card = read_model_card(path);
  const Model& model = card.model;
  Json json;
  json["kind"] = "model";
  json["name"] = model.name;
  json["made_by"] = model.made_by;
  json["made_from"] = model.made_from;
  json["format_version"] = card.format_version;
  json["checksum"] = model.checksum;
  Json members = Json::array();
  for (std::size_t i = 0; i < card.members.size(); ++i) {
    members.push_back({{"weight", model.members[i].weight}, {"layers", card.members[i]}});
  }
  json["members"] = std::move(members);
  json["weights"] = model.float16 ? "float16" : "float32";
  json["uncertainty"] = has_intervals(model) ? "calibrated" : "not offered";
  json["differences"] = Json::array();
  for (const auto& scale : model.differences) json["differences"].push_back(scale.first);
  json["platforms"] = Json::array();
  for (const auto& platform : model.platform_offsets) json["platforms"].push_back(platform.first);
  json["platforms_by_ranks"] = Json::array();
  for (const auto& platform : model.rank_profiles) {
    json["platforms_by_ranks"].push_back(platform.first);
  }
  json["parameters"] = card.n_parameters;
  json["unit"] = fmt::format("{}, factor {}", model.recipe.name, model.recipe.factor);
  json["genes"] = model.panel.size();
  json["mirnas"] = model.mirnas.size();
  json["median_pearson"] = {
      {"within_cohort", finite_or_null(median_of(model.mirnas, &Accuracy::within_cohort))},
      {"leave_cohort_out", finite_or_null(median_of(model.mirnas, &Accuracy::leave_cohort_out))},
      {"pooled", finite_or_null(median_of(model.mirnas, &Accuracy::pooled))}};
  Json list = Json::array();
  for (const ModelMirna& mirna : model.mirnas) {
    list.push_back({{"name", mirna.name},
                    {"mimat", mirna.accession},
                    {"target", mirna.target},
                    {"pearson_within_cohort", finite_or_null(mirna.accuracy.within_cohort)},
                    {"pearson_leave_cohort_out", finite_or_null(mirna.accuracy.leave_cohort_out)},
                    {"pearson_pooled", finite_or_null(mirna.accuracy.pooled)},
                    {"n_held_out", mirna.accuracy.n}});
  }
  json["mirna_list"] = std::move(list);
  return json;
}

Json describe_moments(const std::string& path) {
  const MomentsFile moments = read_moments(path);
  return {{"kind", "moments"},
          {"cells", moments.moments.n_cells()},
          {"genes", moments.genes.size()},
          {"values", to_string(moments.values)}};
}

Json describe_predictions(const std::string& path, const PredictionsCard& card) {
  Json json;
  json["kind"] = "predictions";
  json["cells"] = card.n_cells;
  json["features"] = card.n_features;
  for (const auto& [key, value] : card.facts) json[key] = value;
  if (!card.fields.empty()) add_fields(json["decisions"], card.fields);
  if (card.parts.empty()) return json;
  json["parts"] = card.parts;
  for (const std::string& part : card.parts) {
    if (std::filesystem::exists(part)) continue;
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: refers to {}, which does not exist; its cells read as NaN. Put the "
                    "part back, or run its shard and `sicmir merge` again.",
                    path, part));
  }
  return json;
}

/// nullopt: not an h5ad that sicmir wrote.
std::optional<PredictionsCard> predictions_card(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 8> start{};
  if (!stream.read(start.data(), start.size()) || !h5::has_signature(start)) return std::nullopt;
  return read_predictions_card(path);
}

void add_notes(Json& json, const std::vector<Note>& notes) {
  for (const Json& note : json_of(notes)) json["notes"].push_back(note);
}

/// What predict would do with these cells, up to where it begins to write: each step adds what it
/// found to `json`, and throws as predict would.
void foresee(Json& json, CellSource& source, const Model& model, const GeneIndex& index,
             const ReadingOptions& options) {
  PreparedInput input(source, index, options);
  const GeneMapReport& genes = input.gene_report();
  json["panel"] = {{"found", genes.n_found},
                   {"of", genes.n_panel},
                   {"by", genes.column},
                   {"missing", genes.missing},
                   {"duplicated", genes.duplicated},
                   {"not_counted", genes.n_not_counted}};
  for (const Note& warning : genes.warnings) json["warnings"].push_back(warning.text);
  add_notes(json, notes_of(genes, {}));
  const Sample& sample = input.take_sample();
  json["sampled_cells"] = sample.n_cells;
  json["median_total"] = finite_or_null(sample_facts(sample, input.genes()).median_total);
  input.decide(model.recipe);
  prefer_reference_for_bulk(model, input);
  const Decision& decision = input.decision();
  add_decision(json, decision, options.platform);
  add_notes(json, notes_of({}, decision));
  for (const DecisionWarning& warning : decision.warnings) {
    json["warnings"].push_back(warning.text);
  }
  // The other cells may still hold a value that stops predict.
  json["cells_checked"] = {{"checked", sample.n_cells},
                           {"of", sample.is_all      ? Json(sample.n_cells)
                                  : source.n_cells() ? Json(*source.n_cells())
                                                     : Json(nullptr)}};
  input.check_sample();
  if (decision.scale == Scale::reference) {
    (void)against_reference(model, input, ranks_of(model, input));
  }
}

/// `refusal` receives what predict would stop with.
Json describe_matrix(InspectCommand& command, std::optional<Error>& refusal) {
  const Model model = read_model_card(find_model(command.input.model)).model;
  const GeneIndex index(model.panel);
  SourceOptions options = command.input.source;
  options.upper_quartile_up_to = upper_quartiles_needed(command.input.reading);
  const std::unique_ptr<CellSource> source = open_source(command.input.input, options, index);
  const SourceDescription& description = source->description();
  Json json;
  json["kind"] = "matrix";
  json["format"] = description.format;
  json["storage"] = description.storage;
  if (!description.matrix.empty()) json["matrix"] = description.matrix;
  if (!description.matrix_reason.empty()) json["why"] = description.matrix_reason;
  if (!description.other_matrices.empty()) json["other_matrices"] = description.other_matrices;
  json["cells"] = source->n_cells() ? Json(*source->n_cells()) : Json(nullptr);
  json["genes"] = source->features().size();
  Json columns = Json::array();
  for (const FeatureColumn& column : source->features().columns) {
    columns.push_back({{"name", column.name},
                       {"example", column.ids.empty() ? "" : column.ids.front()},
                       {"panel_genes", index.coverage(column.ids)}});
  }
  json["gene_columns"] = std::move(columns);
  if (description.is_h5ad) json["obs"] = describe_obs(description.path);
  add_layout(json, description);
  json["warnings"] = Json::array();
  for (const Note& warning : description.warnings) json["warnings"].push_back(warning.text);
  json["notes"] = json_of(description.warnings);
  try {
    foresee(json, *source, model, index, command.input.reading);
    json["predict_would"] = {{"run", true}, {"exit_code", 0}, {"reason", nullptr}};
  } catch (const Error& error) {
    json["predict_would"] = {{"run", false},
                             {"exit_code", static_cast<int>(error.code())},
                             {"reason", message_of(error)}};
    refusal = error;
  }
  return json;
}

/// An entry of a list on a line.
std::string shown(const Json& item) {
  if (item.is_string()) return printable(item.get<std::string>());
  if (!item.is_object() || !item.contains("value") || !item.contains("cells")) {
    return json_text(item);
  }
  return fmt::format("{} ({})", printable(item["value"].get<std::string>()),
                     item["cells"].get<Index>());
}

/// Columns of obs may have any name, so members are looked at, too.
bool is_decision(const Json& value) {
  const auto has_text = [&](const char* member) {
    return value.contains(member) && value[member].is_string();
  };
  return value.is_object() && has_text("why") && (has_text("taken_as") || has_text("taken"));
}

/// A decision with its reason: "counts (whole numbers)".
std::string with_reason(const Json& decision) {
  const char* const member = decision.contains("taken_as") ? "taken_as" : "taken";
  return fmt::format("{} ({})", printable(decision[member].get<std::string>()),
                     printable(decision["why"].get<std::string>()));
}

std::string verdict(const Json& foreseen) {
  if (foreseen["run"].get<bool>()) return "run";
  return fmt::format("refuse (exit {}): {}", foreseen["exit_code"].get<int>(),
                     printable(foreseen["reason"].get<std::string>()));
}

/// The JSON as lines of `key: value`; long lists by their length and first entries.
void print_plain(const Json& json, const std::string& indent) {
  for (const auto& [key, value] : json.items()) {
    if (key == "notes" && value.is_array()) continue;  // `warnings` says the same
    if (is_decision(value)) {
      std::cout << indent << printable(key) << ": " << with_reason(value) << "\n";
    } else if (key == "predict_would" && value.contains("run") && value["run"].is_boolean()) {
      std::cout << indent << key << ": " << verdict(value) << "\n";
    } else if (value.is_object()) {
      std::cout << indent << printable(key) << ":\n";
      print_plain(value, indent + "  ");
    } else if (value.is_array()) {
      if (value.empty()) continue;
      std::cout << indent << printable(key) << ": " << value.size() << "\n";
      constexpr std::size_t few = 5;
      constexpr std::size_t many = 60;  // what a user chooses from
      const bool is_choice = key.starts_with("platforms") || key == "warnings" ||
                             key == "other_matrices" || key == "parts" || key == "values";
      const std::size_t n = std::min(is_choice ? many : few, value.size());
      for (std::size_t i = 0; i < n; ++i) {
        std::cout << indent << "  " << shown(value[i]) << "\n";
      }
      if (value.size() > n) std::cout << indent << "  ...\n";
    } else if (value.is_null()) {
      std::cout << indent << printable(key) << ": not known\n";
    } else {
      std::cout << indent << printable(key) << ": "
                << (value.is_string() ? printable(value.get<std::string>()) : json_text(value))
                << "\n";
    }
  }
}

void run(InspectCommand& command) {
  const std::string& path = command.input.input;
  Json json;
  std::optional<Error> refusal;
  if (path != "-" && is_sicmir_file(path, "sicmir-model")) {
    json = describe_model(path);
  } else if (path != "-" && is_sicmir_file(path, "sicmir-moments")) {
    json = describe_moments(path);
  } else if (const auto card = path == "-" ? std::nullopt : predictions_card(path)) {
    json = describe_predictions(path, *card);
  } else {
    json = describe_matrix(command, refusal);
  }
  if (command.json) {
    std::cout << json_text(json, 2) << "\n";
  } else {
    print_plain(json, "");
  }
  std::cout.flush();
  if (!std::cout) {
    if (errno == EPIPE) throw BrokenPipe();
    throw Error(ExitCode::not_written, "standard output cannot be written.");
  }
  if (refusal) throw Error(*refusal);  // the exit code is that of predict
}

}  // namespace

void bind_inspect(Command& sub) {
  const auto owned = std::make_shared<InspectCommand>();
  bind_input(sub, owned->input);
  sub.add_flag("--json", owned->json, "As JSON, complete").main();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe(
      "Shows what a file contains without predicting: the format, the matrices, the genes found, "
      "what the values look like, and whether predict would accept it; of a model, its miRNAs and "
      "their accuracy.");
  sub.add_example("sicmir inspect cells.h5ad", "Show what predict would do with a file");
  sub.add_example("sicmir inspect --json model.h5",
                  "List the miRNAs of a model and their accuracy");
}

}  // namespace sicmir::cli
