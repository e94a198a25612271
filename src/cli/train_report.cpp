// SPDX-License-Identifier: BSD-3-Clause
#include "cli/train_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <string_view>
#include <utility>

#include "base/json.hpp"
#include "base/output_file.hpp"
#include "cli/page.hpp"
#include "web/files.hpp"

namespace sicmir::cli {
namespace {

Json five_decimals(double value) {
  return std::isfinite(value) ? Json(std::round(value * 1e5) / 1e5) : Json(nullptr);
}

Json numbers(const auto& items, auto get) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(get(item));
  return list;
}

/// Today, in UTC: 2026-01-31.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

std::ptrdiff_t n_estimated(const Model& model) {
  return std::count_if(model.mirnas.begin(), model.mirnas.end(),
                       [](const ModelMirna& mirna) { return mirna.target == "estimated"; });
}

Json describe(const Model& model, const TrainReport& report, const std::vector<EpochLine>& epochs,
              const std::vector<std::string>& command_line) {
  const auto figure = [](double value) {
    return std::isfinite(value) ? fmt::format("{:.3f}", value) : std::string("–");
  };
  Json json;
  json["model"] = {{"name", model.name},       {"made_from", model.made_from},
                   {"made_by", model.made_by}, {"checksum", model.checksum},
                   {"date", today()},          {"command_line", command_line}};
  json["figures"] =
      Json::array({Json::array({"median Pearson within cohorts", figure(report.median_within)}),
                   Json::array({"in cohorts never seen", figure(report.median_leave_cohort_out)}),
                   Json::array({"pooled", figure(report.median_pooled)}),
                   Json::array({"samples", std::to_string(report.n_samples)}),
                   Json::array({"patients", std::to_string(report.n_patients)}),
                   Json::array({"cohorts", std::to_string(report.n_cohorts)}),
                   Json::array({"genes", std::to_string(model.panel.size())}),
                   Json::array({"miRNAs", std::to_string(model.mirnas.size())}),
                   Json::array({"of them estimated", std::to_string(n_estimated(model))}),
                   Json::array({"members", std::to_string(model.members.size())})});
  json["warnings"] = report.warnings;
  const bool several = std::any_of(epochs.begin(), epochs.end(),
                                   [](const EpochLine& line) { return line.report.member > 1; });
  const auto curve = [&](const EpochLine& line) {
    return several ? fmt::format("{}, network {}", line.fit, line.report.member) : line.fit;
  };
  const auto of_epochs = [&](auto get) {
    return numbers(epochs, [&](const EpochLine& line) { return five_decimals(get(line.report)); });
  };
  json["epochs"] = {
      {"fit", numbers(epochs, curve)},
      {"train_loss", of_epochs([](const EpochReport& r) { return r.train_loss; })},
      {"held_out_loss", of_epochs([](const EpochReport& r) { return r.validation_loss; })},
      {"median_within", of_epochs([](const EpochReport& r) { return r.median_within; })},
      {"median_pooled", of_epochs([](const EpochReport& r) { return r.median_pooled; })}};
  // The model first, then what it is to be compared with.
  json["held_out"] = {
      {"name", numbers(report.figures, [](const HeldOutFigures& f) { return f.name; })},
      {"unseen", numbers(report.figures, [](const HeldOutFigures& f) { return f.unseen; })},
      {"within",
       numbers(report.figures, [](const HeldOutFigures& f) { return five_decimals(f.within); })},
      {"pooled",
       numbers(report.figures, [](const HeldOutFigures& f) { return five_decimals(f.pooled); })}};
  json["cohorts"] = {
      {"name", numbers(report.cohorts, [](const CohortAccuracy& c) { return c.name; })},
      {"samples", numbers(report.cohorts, [](const CohortAccuracy& c) { return c.n_samples; })},
      {"within",
       numbers(report.cohorts, [](const CohortAccuracy& c) { return five_decimals(c.median); })}};
  const auto of_mirnas = [&](auto get) {
    return numbers(model.mirnas,
                   [&](const ModelMirna& m) { return five_decimals(get(m.accuracy)); });
  };
  json["mirnas"] = {{"name", numbers(model.mirnas, [](const ModelMirna& m) { return m.name; })},
                    {"target", numbers(model.mirnas, [](const ModelMirna& m) { return m.target; })},
                    {"within", of_mirnas([](const Accuracy& a) { return a.within_cohort; })},
                    {"pooled", of_mirnas([](const Accuracy& a) { return a.pooled; })},
                    {"unseen", of_mirnas([](const Accuracy& a) { return a.leave_cohort_out; })},
                    {"n", numbers(model.mirnas, [](const ModelMirna& m) { return m.accuracy.n; })}};
  return json;
}

}  // namespace

void check_train_report(const std::string& path) {
  (void)OutputFile(path);
}

void write_train_report(const std::string& path, const Model& model, const TrainReport& report,
                        const std::vector<EpochLine>& epochs,
                        const std::vector<std::string>& command_line) {
  const std::string data = json_in_page(describe(model, report, epochs, command_line));
  using Text = std::pair<std::string_view, std::string_view>;
  const std::array texts = {Text{"/*UPLOT_CSS*/", web::uplot_min_css},
                            Text{"/*PAGE_CSS*/", web::page_css},
                            Text{"/*UPLOT_LICENSE*/", web::uplot_license},
                            Text{"/*UPLOT_JS*/", web::uplot_iife_min_js}, Text{"/*DATA*/", data}};
  const std::string page = fill_page(web::train_html, texts);
  OutputFile file(path);
  file.create();
  file.write(page);
  file.commit();
}

}  // namespace sicmir::cli
