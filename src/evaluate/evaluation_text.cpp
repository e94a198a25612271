// SPDX-License-Identifier: BSD-3-Clause
#include "evaluate/evaluation_text.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/json.hpp"

namespace sicmir::evaluation {

namespace {

constexpr std::string_view figure_names =
    "n_within\tpearson_within\tspearman_within\trmse_within\tr2_within\t"
    "n\tpearson\tspearman\trmse\tr2\n";

std::string number(double value) {
  return std::isnan(value) ? "NaN" : fmt::format("{}", value);
}

std::string fields(const Scores& scores) {
  return fmt::format("{}\t{}\t{}\t{}\t{}", scores.n, number(scores.pearson),
                     number(scores.spearman), number(scores.rmse), number(scores.r2));
}

Json json(const Scores& scores) {
  return {{"n", scores.n},
          {"pearson", scores.pearson},
          {"spearman", scores.spearman},
          {"rmse", scores.rmse},
          {"r2", scores.r2}};
}

Json json(const MedianInterval& interval) {
  return {{"median", interval.median},
          {"low", interval.low},
          {"high", interval.high},
          {"n", interval.n}};
}

Json json(const MedianScores& scores) {
  return {{"pearson", json(scores.pearson)},
          {"spearman", json(scores.spearman)},
          {"rmse", json(scores.rmse)},
          {"r2", json(scores.r2)}};
}

}  // namespace

std::string mirnas_tsv(const Evaluation& evaluation) {
  std::string text = fmt::format("mirna\taccession\t{}", figure_names);
  for (const ScoredItem& item : evaluation.mirnas) {
    text += fmt::format("{}\t{}\t{}\t{}\n", item.name, item.about, fields(item.within),
                        fields(item.pooled));
  }
  return text;
}

std::string samples_tsv(const Evaluation& evaluation) {
  std::string text = fmt::format("sample\tpatient\tcohort\t{}", figure_names);
  for (const ScoredItem& item : evaluation.samples) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", item.name, item.patient, item.about,
                        fields(item.within), fields(item.pooled));
  }
  return text;
}

std::string to_json(const Evaluation& evaluation) {
  Json result;
  result["n_samples"] = evaluation.samples.size();
  result["n_patients"] = evaluation.n_patients;
  result["n_mirnas"] = evaluation.mirnas.size();
  result["medians"] = {{"within_cohort",
                        {{"per_mirna", json(evaluation.mirnas_within)},
                         {"per_sample", json(evaluation.samples_within)}}},
                       {"pooled",
                        {{"per_mirna", json(evaluation.mirnas_pooled)},
                         {"per_sample", json(evaluation.samples_pooled)}}}};
  result["cohorts"] = Json::object();
  for (const auto& [name, cohort] : evaluation.cohorts) {
    result["cohorts"][name] = {{"n_samples", cohort.n_samples},
                               {"median_pearson_per_mirna", cohort.pearson.median},
                               {"n_mirnas", cohort.pearson.n}};
  }
  result["warnings"] = evaluation.warnings;
  result["mirnas"] = Json::array();
  for (const ScoredItem& item : evaluation.mirnas) {
    result["mirnas"].push_back({{"name", item.name},
                                {"accession", item.about},
                                {"within_cohort", json(item.within)},
                                {"pooled", json(item.pooled)}});
  }
  result["samples"] = Json::array();
  for (const ScoredItem& item : evaluation.samples) {
    result["samples"].push_back({{"name", item.name},
                                 {"patient", item.patient},
                                 {"cohort", item.about},
                                 {"within_cohort", json(item.within)},
                                 {"pooled", json(item.pooled)}});
  }
  // Names come from files and may be in any encoding.
  return json_text(result, 1) + "\n";
}

}  // namespace sicmir::evaluation
