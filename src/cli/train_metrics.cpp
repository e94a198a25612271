// SPDX-License-Identifier: BSD-3-Clause
#include "cli/train_metrics.hpp"

#include <fmt/core.h>

#include <cmath>
#include <string_view>

namespace sicmir::cli {

std::string metrics_path(const std::string& model) {
  constexpr std::string_view ending = ".h5";
  const std::string stem =
      model.ends_with(ending) ? model.substr(0, model.size() - ending.size()) : model;
  return stem + ".metrics.tsv";
}

void write_metrics(OutputFile& file, const std::vector<EpochLine>& lines) {
  std::string text =
      "fit\tnetwork\tepoch\ttrain_loss\theld_out_loss\tmedian_pearson_pooled\t"
      "median_pearson_within_cohort\tlearning_rate\tseconds\n";
  const auto number = [](double value) {
    return std::isnan(value) ? std::string() : fmt::format("{:.6g}", value);
  };
  for (const auto& [fit, report] : lines) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.3f}\n", fit, report.member,
                        report.epoch, number(report.train_loss), number(report.validation_loss),
                        number(report.median_pooled), number(report.median_within),
                        number(report.learning_rate), report.seconds);
  }
  file.create();
  file.write(text);
}

void write_held_out(OutputFile& file, const TrainingPairs& pairs, const TrainReport& report) {
  file.create();
  std::string line = "split\tfold\tsample\tpatient\tcohort";
  for (const ModelMirna& mirna : pairs.mirnas) line += '\t' + mirna.name;
  file.write(line + '\n');
  const auto write = [&](std::string_view split, const HeldOutPredictions& predictions) {
    for (std::size_t i = 0; i < predictions.fold.size(); ++i) {
      const auto values = predictions.mirna.col(static_cast<Index>(i));
      if (predictions.fold[i] < 0 || values.array().isNaN().all()) continue;
      line = fmt::format("{}\t{}\t{}\t{}\t{}", split, predictions.fold[i] + 1, pairs.samples[i],
                         pairs.patients[i], pairs.cohorts[i]);
      for (const float value : values) {
        line += '\t';
        if (!std::isnan(value)) line += fmt::format("{:.5g}", value);
      }
      file.write(line + '\n');
    }
  };
  write("cross-validation", report.cross_validated);
  write("cohorts-left-out", report.cohorts_left_out);
}

}  // namespace sicmir::cli
