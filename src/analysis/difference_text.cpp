// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/difference_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analysis/mirna_kin.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/nan.hpp"
#include "text/tsv_field.hpp"

namespace sicmir {
namespace {

using tsv::field;
using tsv::number;

// Conditions: nothing is learnt from their differences yet.
constexpr std::string_view not_calibrated = "not calibrated";
constexpr std::string_view fdr_over = "all miRNAs and groups of this run that have a p-value";

Json json_of_options(const DifferenceOptions& options, const CellWeights& weights) {
  return {{"min_difference_z", options.min_difference},
          {"weight_cells", weights.k},
          {"weight_cells_from", to_string(weights.from)},
          {"moderation", options.moderation == statistics::Moderation::robust ? "robust" : "plain"},
          {"covariates", options.covariates.names}};
}

void add_mirna(Json& object, const ProfileMirna& mirna, const MirnaKin& kin) {
  object["mirna"] = mirna.name;
  object["accession"] = mirna.mimat;
  object["stem_loops"] = kin.stem_loops(mirna);
  object["seed_family"] = kin.seed(mirna);
}

void add_difference(Json& object, const Difference& one, double probability) {
  object["difference_z"] = json_number(one.z);
  object["difference_log2rpm"] = json_number(one.log2rpm);
  object["confidence"] = to_string(confidence_of(probability));
  object["probability"] = json_number(probability);
  object["t"] = json_number(one.t);
  object["p"] = json_number(one.p);
  object["fdr"] = json_number(one.fdr);
  object["agreement"] = json_number(one.agreement);
}

std::string dump(const Json& value) {
  // Names come from files and may be in any encoding.
  return json_text(value, 1) + "\n";
}

const ProfileMirna& mirna_of(const Difference& one, const Profiles& profiles) {
  return profiles.mirnas[static_cast<std::size_t>(one.mirna)];
}

}  // namespace

Json json_of(const PriorFigures& prior) {
  return {{"s0", json_number(prior.s0)},
          {"d0", json_number(prior.d0)},
          {"residual_df", prior.residual_df}};
}

std::string_view to_string(LabelsFrom labels) {
  switch (labels) {
    case LabelsFrom::clusters:
      return "clusters";
    case LabelsFrom::annotation:
      return "annotation";
    case LabelsFrom::sorting:
      return "sorting";
  }
  return "";
}

std::string markers_tsv(const MarkerSet& markers, const Profiles& profiles) {
  const MirnaKin kin;
  std::string text =
      "group\tmirna\taccession\tstem_loops\tseed_family\tdifference_z\tdifference_"
      "log2rpm\tconfidence\tprobability\tp\tfdr\t"
      "agreement\texpression_log2rpm\taccuracy\ttau\tauc\tauc_error\trival\trival_difference_z\tn_"
      "samples\t"
      "comparators_missing\tno_p_because\n";
  for (const MarkerGroup& group : markers.groups) {
    const std::string about =
        fmt::format("{}\t{}\t{}\n", group.n_samples, field(joined(group.comparators_missing, ",")),
                    field(group.why_no_p));
    for (const Marker& one : group.markers) {
      const ProfileMirna& mirna = mirna_of(one, profiles);
      const double probability = probability_of(one, profiles);
      text += fmt::format(
          "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
          field(group.name), field(mirna.name), field(mirna.mimat),
          joined(kin.stem_loops(mirna), ","), kin.seed(mirna), number(one.z), number(one.log2rpm),
          to_string(confidence_of(probability)), number(probability), number(one.p),
          number(one.fdr), number(one.agreement), number(one.expression),
          number(mirna.accuracy.within_cohort), number(one.tau), number(one.auc),
          number(one.auc_error),
          one.rival < 0 ? "" : field(markers.groups[static_cast<std::size_t>(one.rival)].name),
          number(one.rival_z), about);
    }
  }
  return text;
}

std::string comparison_tsv(const Comparison& comparison, const Profiles& profiles,
                           const CompareOptions& options) {
  const MirnaKin kin;
  std::string text =
      "group\tcondition\treference\tmirna\taccession\tstem_loops\tseed_family\tdifference_z\t"
      "difference_log2rpm\tconfidence\tp\tfdr\tagreement\texpression_log2rpm\t"
      "expression_reference_log2rpm\taccuracy\tn_condition\tn_reference\tn_pairs\tno_p_because\n";
  for (const GroupComparison& group : comparison.groups) {
    const std::string about = fmt::format("{}\t{}\t{}\t{}\n", group.n_condition, group.n_reference,
                                          comparison.paired ? fmt::format("{}", group.n_pairs) : "",
                                          field(group.why_no_p));
    for (const ConditionDifference& one : group.differences) {
      const ProfileMirna& mirna = mirna_of(one, profiles);
      text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                          field(group.group), field(group.condition), field(options.reference),
                          field(mirna.name), field(mirna.mimat), joined(kin.stem_loops(mirna), ","),
                          kin.seed(mirna), number(one.z), number(one.log2rpm), not_calibrated,
                          number(one.p), number(one.fdr), number(one.agreement),
                          number(one.expression), number(one.expression_reference),
                          number(mirna.accuracy.within_cohort), about);
    }
  }
  return text;
}

std::string markers_json(const MarkerSet& markers, const Profiles& profiles,
                         const MarkerOptions& options) {
  const MirnaKin kin;
  Json result;
  result["labels_from"] = to_string(options.labels_from);
  result["options"] = json_of_options(options, markers.weights);
  result["n_samples"] = markers.n_samples;
  result["n_profiles"] = markers.n_profiles;
  result["n_below_floor"] = markers.n_below_floor;
  result["n_tests"] = markers.n_tests;
  result["fdr_over"] = fdr_over;
  result["prior"] = json_of(markers.prior);
  result["warnings"] = markers.warnings;
  result["groups"] = Json::array();
  for (const MarkerGroup& group : markers.groups) {
    Json object = {{"group", group.name},
                   {"n_samples", group.n_samples},
                   {"n_cells", group.n_cells},
                   {"comparators", group.comparators},
                   {"comparators_missing", group.comparators_missing},
                   {"no_p_because", group.why_no_p},
                   {"markers", Json::array()}};
    for (const Marker& one : group.markers) {
      Json marker;
      add_mirna(marker, mirna_of(one, profiles), kin);
      add_difference(marker, one, probability_of(one, profiles));
      marker["expression_log2rpm"] = json_number(one.expression);
      marker["accuracy"] = json_number(mirna_of(one, profiles).accuracy.within_cohort);
      marker["tau"] = json_number(one.tau);
      marker["auc"] = json_number(one.auc);
      marker["auc_error"] = json_number(one.auc_error);
      marker["rival"] = one.rival < 0
                            ? Json(nullptr)
                            : Json(markers.groups[static_cast<std::size_t>(one.rival)].name);
      marker["rival_difference_z"] = json_number(one.rival_z);
      object["markers"].push_back(std::move(marker));
    }
    result["groups"].push_back(std::move(object));
  }
  return dump(result);
}

std::string comparison_json(const Comparison& comparison, const Profiles& profiles,
                            const CompareOptions& options) {
  const MirnaKin kin;
  Json result;
  result["reference"] = options.reference;
  result["paired"] = comparison.paired;
  result["options"] = json_of_options(options, comparison.weights);
  result["n_replicates"] = comparison.n_replicates;
  result["n_profiles"] = comparison.n_profiles;
  result["n_below_floor"] = comparison.n_below_floor;
  result["n_without_condition"] = comparison.n_without_condition;
  result["n_unpaired"] = comparison.n_unpaired;
  result["n_tests"] = comparison.n_tests;
  result["fdr_over"] = fdr_over;
  result["groups"] = Json::array();
  for (const GroupComparison& group : comparison.groups) {
    Json object = {{"group", group.group},
                   {"condition", group.condition},
                   {"n_condition", group.n_condition},
                   {"n_reference", group.n_reference},
                   {"n_pairs", comparison.paired ? Json(group.n_pairs) : Json(nullptr)},
                   {"prior", json_of(group.prior)},
                   {"no_p_because", group.why_no_p},
                   {"differences", Json::array()}};
    for (const ConditionDifference& one : group.differences) {
      Json difference;
      add_mirna(difference, mirna_of(one, profiles), kin);
      add_difference(difference, one, nan);
      difference["expression_log2rpm"] = json_number(one.expression);
      difference["expression_reference_log2rpm"] = json_number(one.expression_reference);
      difference["accuracy"] = json_number(mirna_of(one, profiles).accuracy.within_cohort);
      object["differences"].push_back(std::move(difference));
    }
    result["groups"].push_back(std::move(object));
  }
  return dump(result);
}

}  // namespace sicmir
