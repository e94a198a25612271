// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <cmath>

#include "base/nan.hpp"
#include "cli/report_sections.hpp"

namespace sicmir::cli::page {

Json mirnas_json(const Profiles& profiles) {
  Json json;
  json["name"] = json["within"] = json["pooled"] = json["unseen"] = json["n"] = Json::array();
  const auto three = [](double value) -> Json {
    return std::isfinite(value) ? Json(std::round(value * 1000) / 1000) : Json(nullptr);
  };
  for (const ProfileMirna& mirna : profiles.mirnas) {
    json["name"].push_back(words(mirna.name));
    json["within"].push_back(three(mirna.accuracy.within_cohort));
    json["pooled"].push_back(three(mirna.accuracy.pooled));
    json["unseen"].push_back(three(mirna.accuracy.leave_cohort_out));
    json["n"].push_back(mirna.accuracy.n);
  }
  return json;
}

Json calibration_json(const Profiles& profiles) {
  if (!profiles.differences) {
    return {{"about",
             "The model holds no calibration of differences for this scale, so that the markers "
             "have no confidence."}};
  }
  const DifferenceCalibration& tables = *profiles.differences;
  Json json = {{"about",
                "Pairs of held-out samples whose miRNAs had been measured: the share that truly "
                "differ in the predicted direction by 1 log2 or more, by the accuracy of the miRNA "
                "and the size of the predicted difference, with 95 % intervals."}};
  json["differences"] = tables.differences;
  json["classes"] = Json::array();
  const std::size_t n_bins = tables.differences.size();
  const auto table = [&](const std::vector<double>& values) {
    Json lines = Json::array();
    for (std::size_t k = 0; k < tables.accuracies.size(); ++k) {
      Json line = Json::array();
      for (std::size_t i = 0; i < n_bins; ++i) {
        const std::size_t at = k * n_bins + i;
        line.push_back(number(at < values.size() ? values[at] : nan));
      }
      lines.push_back(std::move(line));
    }
    return lines;
  };
  for (std::size_t k = 0; k < tables.accuracies.size(); ++k) {
    const bool is_last = k + 1 == tables.accuracies.size();
    json["classes"].push_back(
        is_last  ? fmt::format("from {:g}", tables.accuracies[k])
        : k == 0 ? fmt::format("below {:g}", tables.accuracies[k + 1])
                 : fmt::format("{:g} to {:g}", tables.accuracies[k], tables.accuracies[k + 1]));
  }
  json["likely"] = table(tables.likely);
  json["low"] = table(tables.low);
  json["high"] = table(tables.high);
  json["sign_right"] = table(tables.sign_right);
  json["n"] = table(tables.n);
  return json;
}

}  // namespace sicmir::cli::page
