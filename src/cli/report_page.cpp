// SPDX-License-Identifier: BSD-3-Clause
#include "cli/report_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "base/joined.hpp"
#include "cli/page.hpp"
#include "cli/report_sections.hpp"
#include "sicmir/version.hpp"
#include "web/files.hpp"

namespace sicmir::cli {
namespace page {
namespace {

Json facts_of(const PageContent& content, const Profiles& profiles) {
  Json list = Json::array();
  const auto add = [&](const std::string& what, const std::string& found) {
    if (!found.empty()) list.push_back(Json::array({words(what), words(found, 1500)}));
  };
  constexpr std::size_t most_sources = 20;
  for (std::size_t i = 0; i < std::min(content.sources.size(), most_sources); ++i) {
    const SourceDescription& source = content.sources[i];
    add("input", source.path);
    add("format", source.format);
    add("storage", source.storage);
    add("matrix", source.matrix_reason.empty()
                      ? source.matrix
                      : fmt::format("{} ({})", source.matrix, source.matrix_reason));
    add("other matrices", joined(source.other_matrices, ", "));
  }
  if (content.sources.size() > most_sources) {
    add("more inputs", fmt::format("{}", content.sources.size() - most_sources));
  }
  if (content.sources.empty()) add("input", content.input);
  for (const auto& [name, value] : profiles.facts) {
    if (name == "matrix" || name == "model_checksum") continue;
    std::string key = name;
    std::replace(key.begin(), key.end(), '_', ' ');
    std::string text = value;
    if (name == "genes_missing") {  // so that lines can break
      for (std::size_t at = text.find(','); at != std::string::npos; at = text.find(',', at + 2)) {
        text.replace(at, 1, ", ");
      }
    }
    add(key, text);
  }
  return list;
}

Json profiles_json(const Profiles& profiles) {
  Json lines = Json::array();
  for (std::size_t i = 0; i < std::min(profiles.profiles.size(), most_lines); ++i) {
    const Profile& profile = profiles.profiles[i];
    lines.push_back({{"sample", words(profile.sample)},
                     {"group", words(profile.group)},
                     {"donor", words(profile.donor)},
                     {"condition", words(profile.condition)},
                     {"n_cells", profile.n_cells},
                     {"n_counts", number(profile.n_counts)},
                     {"below", profile.below_floor},
                     {"n_panel", profile.n_panel_genes},
                     {"median_z", number(profile.median_z)},
                     {"iqr_z", number(profile.iqr_z)}});
  }
  return {{"n", profiles.size()}, {"lines", std::move(lines)}};
}

Json describe(const PageContent& content, const Profiles& profiles, const MarkerSet& markers,
              const MarkerOptions& options, Index step) {
  const std::vector<Group> groups = groups_of(profiles);
  const Methods methods = report_methods(content, profiles, markers, options);
  Json json;
  json["version"] = version;
  json["input"] = {{"name", words(content.input)}};
  json["model"] = {{"name", words(fact(profiles, "model"))},
                   {"checksum", words(fact(profiles, "model_checksum"))}};
  std::set<std::string> samples;
  for (const Profile& profile : profiles.profiles) samples.insert(profile.sample);
  const auto figure = [&](const char* what, double value) {
    json["figures"].push_back(Json::array({what, grouped(value)}));
  };
  json["figures"] = Json::array();
  figure("cells in groups", static_cast<double>(n_cells_of(groups)));
  figure("groups", static_cast<double>(groups.size()));
  figure("samples", static_cast<double>(samples.size()));
  figure("profiles above the floor", static_cast<double>(markers.n_profiles));
  if (profiles.has_counts()) figure("genes", static_cast<double>(profiles.n_genes()));
  figure("miRNAs", static_cast<double>(profiles.mirnas.size()));
  json["truths"] = Json::array(
      {"Every miRNA here is predicted from the same cells' mRNA; none was measured. A predicted "
       "difference between groups is a difference in their mRNA, read by a model.",
       "What can be shown is relative: one group against the others, not amounts."});
  json["warnings"] = list_of_words(content.warnings);
  json["news"] = list_of_words(content.news);
  json["facts"] = facts_of(content, profiles);
  json["groups"] = Json::array();
  for (const Group& group : groups) {
    json["groups"].push_back({{"name", words(group.name)},
                              {"n_samples", group.samples.size()},
                              {"n_profiles", group.n_profiles},
                              {"n_below", group.n_below},
                              {"n_cells", group.n_cells},
                              {"n_counts", number(group.n_counts)}});
  }
  json["profiles"] = profiles_json(profiles);
  json["map"] = map_json(content, profiles, step);
  json["markers"] = markers_json(markers, profiles, options, groups);
  json["dots"] = dots_json(content, profiles, markers, groups);
  json["volcano"] = volcano_json(markers, profiles, options, groups);
  json["reasons"] = part_json(content.reasons);
  json["network"] = part_json(content.network);
  json["crosstalk"] = part_json(content.crosstalk);
  json["mirnas"] = mirnas_json(profiles);
  json["accuracy"] =
      "Pearson correlation of predicted and measured log2(RPM + 1) over held-out samples, after "
      "removing each cohort's mean; of the training data of the model, which are tumours and "
      "their normal neighbours, not of these cells.";
  json["calibration"] = calibration_json(profiles);
  json["methods"] = methods.text;
  json["references"] = methods.references;
  return json;
}

}  // namespace
}  // namespace page

Index most_cells_of_page(std::size_t n_mirnas, std::size_t n_genes) {
  // Coordinates and group take 6 bytes; base64 makes 4 of 3. The rest of the page is smaller than
  // 0.6 MB unless there are dozens of groups; then every second cell is left out in the end.
  constexpr double bytes_for_cells = 4.4e6 * 3 / 4;
  return static_cast<Index>(bytes_for_cells / static_cast<double>(n_mirnas + n_genes + 6));
}

std::string report_page(const PageContent& content, const Profiles& profiles,
                        const MarkerSet& markers, const MarkerOptions& options) {
  const std::string policy = fmt::format(
      "default-src 'none'; script-src {}; style-src {} {}; base-uri 'none'; form-action 'none'",
      policy_source(web::report_js_sha256), policy_source(web::page_css_sha256),
      policy_source(web::report_css_sha256));
  for (Index step = 1;; step *= 2) {
    const std::string data =
        json_in_page(page::describe(content, profiles, markers, options, step));
    using Text = std::pair<std::string_view, std::string_view>;
    const std::array texts = {Text{"/*CSP*/", policy}, Text{"/*PAGE_CSS*/", web::page_css},
                              Text{"/*REPORT_CSS*/", web::report_css}, Text{"/*DATA*/", data},
                              Text{"/*REPORT_JS*/", web::report_js}};
    std::string html = fill_page(web::report_html, texts);
    constexpr Index largest_step = 1024;
    if (html.size() <= most_page_bytes || step >= largest_step || !content.map) return html;
  }
}

}  // namespace sicmir::cli
