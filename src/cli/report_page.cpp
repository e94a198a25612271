// SPDX-License-Identifier: BSD-3-Clause
#include "cli/report_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "analysis/mirna_kin.hpp"
#include "base/base64.hpp"
#include "base/joined.hpp"
#include "cli/page.hpp"
#include "sicmir/version.hpp"
#include "statistics/linkage.hpp"
#include "web/files.hpp"

namespace sicmir::cli {
namespace {

constexpr std::size_t most_lines = 200;  // of each table
constexpr std::size_t most_dot_groups = 60;
constexpr std::size_t most_volcano_groups = 40;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Six digits are more than is known of any of these numbers.
Json number(double value) {
  if (!std::isfinite(value)) return nullptr;
  const std::string text = fmt::format("{:.6g}", value);
  double rounded = 0;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

/// Words of a file; nothing is drawn of more than the eye can take in.
std::string words(std::string text, std::size_t most = 200) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "…";
}

Json list_of_words(const std::vector<std::string>& texts) {
  constexpr std::size_t most_texts = 200;
  constexpr std::size_t most_bytes = 1500;
  Json list = Json::array();
  for (std::size_t i = 0; i < std::min(texts.size(), most_texts); ++i) {
    list.push_back(words(texts[i], most_bytes));
  }
  if (texts.size() > most_texts) {
    list.push_back(fmt::format("... and {} more", texts.size() - most_texts));
  }
  return list;
}

/// Little-endian, two bytes each.
std::string base64_of(const std::vector<std::uint16_t>& values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(2 * values.size());
  for (const std::uint16_t value : values) {
    bytes.push_back(static_cast<std::uint8_t>(value & 255));
    bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  }
  return base64(bytes);
}

struct Range {
  double low = 0, high = 0;
};

Range range_of(const auto& values) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const auto raw : values) {
    const auto value = static_cast<double>(raw);
    if (!std::isfinite(value)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  return range.low <= range.high ? range : Range{};
}

/// 0 .. 254 from the smallest value to the largest; 255: none.
Json byte_column(const std::string& name, const std::vector<float>& values) {
  constexpr double steps = 254;
  constexpr std::uint8_t missing = 255;
  const Range range = range_of(values);
  const double width = range.high - range.low;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size());
  for (const float value : values) {
    if (!std::isfinite(value)) {
      bytes.push_back(missing);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(
          width > 0 ? std::lround((static_cast<double>(value) - range.low) / width * steps) : 0));
    }
  }
  return {{"name", words(name)},
          {"low", number(range.low)},
          {"high", number(range.high)},
          {"values", base64(bytes)}};
}

/// Groups of the profiles, in the order of their names' bytes.
struct Group {
  std::string name;
  std::set<std::string> samples;
  Index n_profiles = 0, n_below = 0, n_cells = 0;
  double n_counts = 0;
};

std::vector<Group> groups_of(const Profiles& profiles) {
  std::map<std::string, Group> groups;
  for (const Profile& profile : profiles.profiles) {
    Group& group = groups[profile.group];
    group.name = profile.group;
    group.samples.insert(profile.sample);
    ++group.n_profiles;
    if (profile.below_floor) ++group.n_below;
    group.n_cells += profile.n_cells;
    group.n_counts += profile.n_counts;
  }
  std::vector<Group> list;
  list.reserve(groups.size());
  for (auto& [name, group] : groups) list.push_back(std::move(group));
  return list;
}

Index place_of(const std::vector<Group>& groups, const std::string& name) {
  const auto found =
      std::lower_bound(groups.begin(), groups.end(), name,
                       [](const Group& group, const std::string& key) { return group.name < key; });
  return found - groups.begin();
}

const std::string& fact(const Profiles& profiles, std::string_view name) {
  static const std::string none;
  const auto found = std::find_if(profiles.facts.begin(), profiles.facts.end(),
                                  [&](const auto& one) { return one.first == name; });
  return found == profiles.facts.end() ? none : found->second;
}

Index n_cells_of(const std::vector<Group>& groups) {
  Index n = 0;
  for (const Group& group : groups) n += group.n_cells;
  return n;
}

/// 12345 as 12,345.
std::string grouped(double value) {
  std::string text = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

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

/// Which of the drawn cells have a place, one in `step` of them.
std::vector<Index> placed_cells(const PageMap& map, Index step) {
  std::vector<Index> cells;
  const auto n = static_cast<Index>(map.view.cells.size());
  for (Index i = 0; i < n; i += step) {
    const auto at = static_cast<std::size_t>(i);
    const bool has_place = map.coordinates.name.empty() || (std::isfinite(map.coordinates.x[at]) &&
                                                            std::isfinite(map.coordinates.y[at]));
    if (has_place) cells.push_back(i);
  }
  return cells;
}

Json map_json(const PageContent& content, const Profiles& profiles, Index step) {
  if (!content.map) return {{"cells", false}, {"why", content.why_no_map}};
  const PageMap& map = *content.map;
  const CellView& view = map.view;
  const bool is_input = !map.coordinates.name.empty();
  const std::vector<Index> cells = placed_cells(map, step);
  std::array<std::vector<double>, 2> places;
  for (const Index i : cells) {
    const auto at = static_cast<std::size_t>(i);
    places[0].push_back(is_input ? map.coordinates.x[at]
                                 : static_cast<double>(view.components(0, i)));
    places[1].push_back(is_input ? map.coordinates.y[at]
                                 : static_cast<double>(view.components(1, i)));
  }
  const std::array ranges = {range_of(places[0]), range_of(places[1])};
  const double widest =
      std::max({ranges[0].high - ranges[0].low, ranges[1].high - ranges[1].low, 1e-300});
  Json json = {{"cells", true}, {"n", cells.size()}};
  constexpr double steps = 65535;
  constexpr std::array names = {"x", "y"};
  json["low"] = json["high"] = json["span"] = Json::array();
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double width = ranges[axis].high - ranges[axis].low;
    std::vector<std::uint16_t> values;
    for (const double place : places[axis]) {
      values.push_back(static_cast<std::uint16_t>(
          width > 0 ? std::lround((place - ranges[axis].low) / width * steps) : 0));
    }
    json[names[axis]] = base64_of(values);
    json["low"].push_back(ranges[axis].low);
    json["high"].push_back(ranges[axis].high);
    json["span"].push_back(number(std::max(width / widest, 1e-6)));
  }
  const bool is_wide = groups_of(profiles).size() > 256;
  std::vector<std::uint8_t> narrow;
  std::vector<std::uint16_t> wide;
  for (const Index i : cells) {
    const Index group = view.groups[static_cast<std::size_t>(i)];
    narrow.push_back(static_cast<std::uint8_t>(group & 255));
    wide.push_back(static_cast<std::uint16_t>(group));
  }
  json["wide"] = is_wide;
  json["group"] = is_wide ? base64_of(wide) : base64(narrow);
  const auto column = [&](const Matrix& values, Index line) {
    std::vector<float> picked;
    picked.reserve(cells.size());
    for (const Index i : cells) picked.push_back(values(line, i));
    return picked;
  };
  json["mirnas"] = Json::array();
  for (std::size_t i = 0; i < content.mirnas.size(); ++i) {
    const std::string& name = profiles.mirnas[static_cast<std::size_t>(content.mirnas[i])].name;
    json["mirnas"].push_back(byte_column(name, column(view.mirnas, static_cast<Index>(i))));
  }
  json["genes"] = Json::array();
  for (std::size_t i = 0; i < map.genes.genes.size(); ++i) {
    Json one = byte_column(map.genes.genes[i], column(map.genes.values, static_cast<Index>(i)));
    one["note"] = i < map.gene_notes.size() ? words(map.gene_notes[i]) : "";
    json["genes"].push_back(std::move(one));
  }
  if (is_input) {
    json["name"] = words(map.coordinates.name);
    json["axes"] = Json::array({words(map.coordinates.name, 60) + " 1 (no unit)",
                                words(map.coordinates.name, 60) + " 2 (no unit)"});
    json["about"] = fmt::format(
        "The coordinates are those of the input, obsm/{}. They were made from the mRNA, not from "
        "the predictions.",
        words(map.coordinates.name));
  } else {
    json["name"] = "PCA of the predictions";
    json["axes"] = Json::array();
    for (std::size_t k = 0; k < 2; ++k) {
      json["axes"].push_back(fmt::format("PC {} of the predictions (no unit)", k + 1));
    }
    json["about"] = fmt::format(
        "Drawn are the two first principal components of the predicted miRNAs ({:.0f} % and "
        "{:.0f} % of their variance), computed of {} cells, because the input has no map or it was "
        "not wanted. Depth of sequencing may be one of them.",
        100 * view.explained[0], 100 * view.explained[1],
        grouped(static_cast<double>(view.n_component_cells)));
  }
  const auto n_drawn = static_cast<double>(cells.size());
  json["words"] =
      static_cast<Index>(cells.size()) == view.n_grouped
          ? fmt::format("All {} cells that have a group.", grouped(n_drawn))
          : fmt::format("{} of {} cells that have a group, chosen by group with seed {}.",
                        grouped(n_drawn), grouped(static_cast<double>(view.n_grouped)),
                        content.seed);
  json["seed"] = content.seed;
  json["n_grouped"] = view.n_grouped;
  return json;
}

const Marker& marker_of(const MarkerGroup& group, Index mirna) {
  static const Marker none;
  const auto found = std::find_if(group.markers.begin(), group.markers.end(),
                                  [&](const Marker& one) { return one.mirna == mirna; });
  return found == group.markers.end() ? none : *found;
}

Json merges_json(const statistics::Linkage& linkage) {
  Json list = Json::array();
  for (const statistics::Merge& merge : linkage.merges) {
    list.push_back(Json::array({merge.a, merge.b, number(merge.distance)}));
  }
  return list;
}

Json dots_json(const PageContent& content, const Profiles& profiles, const MarkerSet& markers,
               const std::vector<Group>& groups) {
  const std::size_t n_groups = std::min(markers.groups.size(), most_dot_groups);
  const auto n_mirnas = static_cast<Index>(content.mirnas.size());
  Eigen::MatrixXd difference(n_mirnas, static_cast<Index>(n_groups));
  Json json;
  json["mirnas"] = json["groups"] = json["difference"] = json["expression"] = Json::array();
  for (std::size_t g = 0; g < n_groups; ++g) {
    json["groups"].push_back(place_of(groups, markers.groups[g].name));
  }
  for (Index i = 0; i < n_mirnas; ++i) {
    const Index mirna = content.mirnas[static_cast<std::size_t>(i)];
    json["mirnas"].push_back(profiles.mirnas[static_cast<std::size_t>(mirna)].name);
    Json differences = Json::array();
    Json expressions = Json::array();
    for (std::size_t g = 0; g < n_groups; ++g) {
      const Marker& one = marker_of(markers.groups[g], mirna);
      difference(i, static_cast<Index>(g)) = one.z;
      differences.push_back(number(one.z));
      expressions.push_back(number(one.expression));
    }
    json["difference"].push_back(std::move(differences));
    json["expression"].push_back(std::move(expressions));
  }
  const statistics::Linkage of_groups = statistics::average_linkage(difference);
  const statistics::Linkage of_mirnas = statistics::average_linkage(difference.transpose());
  json["group_order"] = of_groups.order;
  json["mirna_order"] = of_mirnas.order;
  json["group_merges"] = merges_json(of_groups);
  json["mirna_merges"] = merges_json(of_mirnas);
  json["has_expression"] = profiles.has_log2rpm();
  std::string about =
      "The miRNAs are the first marker of each group, then the second of each, and so on; of the "
      "arms of one hairpin only the first. Groups and miRNAs are ordered by average linkage of "
      "the Euclidean distances between their differences.";
  if (markers.groups.size() > n_groups) {
    about += fmt::format(" The first {} of {} groups are drawn.", n_groups, markers.groups.size());
  }
  json["about"] = std::move(about);
  return json;
}

Json markers_json_of_page(const MarkerSet& markers, const Profiles& profiles,
                          const MarkerOptions& options, const std::vector<Group>& groups) {
  const MirnaKin kin;
  Json lines = Json::array();
  const std::size_t n_groups = std::max<std::size_t>(1, markers.groups.size());
  const std::size_t per_group = std::max<std::size_t>(1, most_lines / n_groups);
  bool has_auc = false;
  for (const MarkerGroup& group : markers.groups) {
    for (std::size_t i = 0; i < std::min(per_group, group.markers.size()); ++i) {
      if (lines.size() == most_lines) break;
      const Marker& one = group.markers[i];
      const ProfileMirna& mirna = profiles.mirnas[static_cast<std::size_t>(one.mirna)];
      const double probability = probability_of(one, profiles);
      has_auc = has_auc || !std::isnan(one.auc);
      lines.push_back(
          {{"group", words(group.name)},
           {"mirna", words(mirna.name)},
           {"z", number(one.z)},
           {"log2rpm", number(one.log2rpm)},
           {"rival_z", number(one.rival_z)},
           {"rival",
            one.rival < 0 ? "" : words(markers.groups[static_cast<std::size_t>(one.rival)].name)},
           {"confidence", to_string(confidence_of(probability))},
           {"probability", number(probability)},
           {"p", number(one.p)},
           {"fdr", number(one.fdr)},
           {"agreement", number(one.agreement)},
           {"expression", number(one.expression)},
           {"auc", number(one.auc)},
           {"auc_error", number(one.auc_error)},
           {"accuracy", number(mirna.accuracy.within_cohort)},
           {"tau", number(one.tau)},
           {"stem_loops", words(joined(kin.stem_loops(mirna), ", "))},
           {"seed", kin.seed(mirna)}});
    }
  }
  std::set<std::string> why;
  for (const MarkerGroup& group : markers.groups) {
    if (!group.why_no_p.empty()) why.insert(group.why_no_p);
  }
  std::string testing;
  if (markers.n_tests > 0) {
    testing = fmt::format(
        "p is of a difference larger than {:g} z (moderated t, treat); FDR over {} tests, all "
        "miRNAs and groups. d0 = {:.4g}, s0 = {:.4g}.",
        options.min_difference, grouped(static_cast<double>(markers.n_tests)), markers.prior.d0,
        markers.prior.s0);
  }
  if (!why.empty()) {
    const std::vector<std::string> reasons(why.begin(), why.end());
    testing +=
        fmt::format("{}{}: {}.", testing.empty() ? "" : " ",
                    markers.n_tests > 0 ? "Some groups have no p-values" : "There are no p-values",
                    joined(reasons, "; "));
  }
  std::string note =
      "Confidence is the probability that the truth differs in this direction by 1 log2 or more: "
      "strong from 0.75, likely from 0.5. The rival is the group that is hardest to tell from this "
      "one. miRNAs with one seed family or one stem-loop are one piece of evidence.";
  if (has_auc) {
    note +=
        " The AUC is the chance that a cell of the group has a higher prediction than a cell of "
        "the others; it describes the cells and tests nothing.";
  }
  std::string left_out;
  std::set<std::string> compared;
  for (const MarkerGroup& group : markers.groups) {
    if (!group.comparators.empty()) compared.insert(group.name);
  }
  std::vector<std::string> alone;
  for (const Group& group : groups) {
    if (!compared.contains(group.name)) alone.push_back(group.name);
  }
  if (!alone.empty()) {
    left_out = fmt::format(
        " Not compared, because no profile is above the floor or no sample has it beside another "
        "group: {}.",
        words(joined(alone, ", "), 600));
  }
  return {{"about",
           fmt::format("Each group against the equal mean of the other groups of the same samples: "
                       "{} groups, {} samples, {} profiles. Samples are the replicates; cells are "
                       "not.{}",
                       markers.groups.size(), markers.n_samples, markers.n_profiles, left_out)},
          {"testing", std::move(testing)},
          {"caption", fmt::format("Markers: the first {} of each group", per_group)},
          {"has_auc", has_auc},
          {"lines", std::move(lines)},
          {"note", std::move(note)}};
}

Json volcano_json(const MarkerSet& markers, const Profiles& profiles, const MarkerOptions& options,
                  const std::vector<Group>& groups) {
  const bool is_tested = markers.n_tests > 0;
  const bool has_expression = profiles.has_log2rpm();
  const std::vector<Index> mirnas = differences::chosen(options.mirnas, profiles);
  const double steps = is_tested ? 100 : 1000;
  Json json = {{"tested", is_tested},
               {"steps", steps},
               {"edge", options.min_difference},
               {"mirnas", mirnas},
               {"groups", Json::array()}};
  json["kind"] = has_expression ? "expression" : "agreement";
  json["y_words"] = is_tested        ? "−log10 p"
                    : has_expression ? "expression in the group, log2(RPM + 1)"
                                     : "share of samples that agree";
  // Groups with the most cells, drawn in the order of their names.
  std::vector<std::size_t> chosen(markers.groups.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    return markers.groups[a].n_cells > markers.groups[b].n_cells;
  });
  chosen.resize(std::min(chosen.size(), most_volcano_groups));
  std::sort(chosen.begin(), chosen.end());
  for (const std::size_t g : chosen) {
    const MarkerGroup& group = markers.groups[g];
    std::map<Index, const Marker*> by_mirna;
    for (const Marker& one : group.markers) by_mirna.emplace(one.mirna, &one);
    std::vector<std::uint16_t> difference;
    std::vector<std::uint16_t> y;
    for (const Index mirna : mirnas) {
      const Marker& one = *by_mirna.at(mirna);
      constexpr std::int16_t missing = std::numeric_limits<std::int16_t>::min();
      const auto step =
          std::isnan(one.z)
              ? missing
              : static_cast<std::int16_t>(std::lround(std::clamp(one.z, -32.0, 32.0) * 1000));
      difference.push_back(static_cast<std::uint16_t>(step));
      constexpr double smallest_p = 1e-300;
      const double height = is_tested        ? -std::log10(std::max(one.p, smallest_p))
                            : has_expression ? one.expression
                                             : one.agreement;
      y.push_back(std::isnan(height) ? std::uint16_t{65535}
                                     : static_cast<std::uint16_t>(
                                           std::lround(std::clamp(height, 0.0, 650.0) * steps)));
    }
    json["groups"].push_back({{"group", place_of(groups, group.name)},
                              {"difference", base64_of(difference)},
                              {"y", base64_of(y)}});
  }
  std::string about =
      is_tested
          ? fmt::format(
                "All miRNAs of one group. The dashed lines are at ±{:g} z, the "
                "difference that is tested for.",
                options.min_difference)
          : std::string(
                "There are no p-values to draw (see above), so that the difference is "
                "drawn against ") +
                (has_expression ? "the expression in the group." : "the agreement of samples.");
  if (markers.groups.size() > chosen.size()) {
    about += fmt::format(" The {} groups with the most cells of {}.", chosen.size(),
                         markers.groups.size());
  }
  json["about"] = std::move(about);
  return json;
}

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

/// A field of a table: a number if it is one.
Json field_json(const std::string& field) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  const bool is_number =
      !field.empty() && error == std::errc() && end == field.data() + field.size();
  if (is_number) return number(value);
  return field == "NaN" ? Json(nullptr) : Json(words(field));
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(at, start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

Json table_json(const PageTable& table) {
  Json json;
  Json lines = Json::array();
  std::size_t n_lines = 0;
  std::size_t start = 0;
  while (start < table.tsv.size()) {
    const std::size_t end = std::min(table.tsv.find('\n', start), table.tsv.size());
    const std::string line = table.tsv.substr(start, end - start);
    start = end + 1;
    if (n_lines++ == 0) {
      json["columns"] = list_of_words(split(line, '\t'));
    } else if (n_lines <= most_lines + 1) {
      Json fields = Json::array();
      for (const std::string& field : split(line, '\t')) fields.push_back(field_json(field));
      lines.push_back(std::move(fields));
    }
  }
  const std::size_t n_all = n_lines > 0 ? n_lines - 1 : 0;
  json["caption"] = n_all > most_lines
                        ? fmt::format("{}: the first {} of {}", table.caption, most_lines, n_all)
                        : table.caption;
  json["lines"] = std::move(lines);
  return json;
}

Json part_json(const PagePart& part) {
  Json json = {{"words", words(part.words, 1500)}};
  if (part.tables.empty()) return json;
  json["tables"] = Json::array();
  for (const PageTable& table : part.tables) json["tables"].push_back(table_json(table));
  if (!part.links.links.empty()) {
    Json& links = json["links"];
    links["left"] = list_of_words(part.links.left);
    links["right"] = list_of_words(part.links.right);
    links["links"] = Json::array();
    for (const PageLinks::Link& link : part.links.links) {
      links["links"].push_back(Json::array({link.left, link.right, number(link.value)}));
    }
  }
  if (!part.grid.names.empty()) {
    const std::size_t n = std::min(part.grid.names.size(), most_dot_groups);
    Json& grid = json["grid"];
    grid["what"] = part.grid.what;
    grid["names"] = grid["values"] = Json::array();
    for (std::size_t i = 0; i < n; ++i) {
      grid["names"].push_back(words(part.grid.names[i]));
      Json line = Json::array();
      for (std::size_t k = 0; k < n; ++k) line.push_back(number(part.grid.values[i][k]));
      grid["values"].push_back(std::move(line));
    }
  }
  return json;
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
  json["markers"] = markers_json_of_page(markers, profiles, options, groups);
  json["dots"] = dots_json(content, profiles, markers, groups);
  json["volcano"] = volcano_json(markers, profiles, options, groups);
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
    const std::string data = json_in_page(describe(content, profiles, markers, options, step));
    using Text = std::pair<std::string_view, std::string_view>;
    const std::array texts = {Text{"/*CSP*/", policy}, Text{"/*PAGE_CSS*/", web::page_css},
                              Text{"/*REPORT_CSS*/", web::report_css}, Text{"/*DATA*/", data},
                              Text{"/*REPORT_JS*/", web::report_js}};
    std::string page = fill_page(web::report_html, texts);
    constexpr Index largest_step = 1024;
    if (page.size() <= most_page_bytes || step >= largest_step || !content.map) return page;
  }
}

std::vector<Index> leading_mirnas(const MarkerSet& markers, const Profiles& profiles,
                                  std::size_t most) {
  const MirnaKin kin;
  std::vector<Index> chosen;
  std::set<std::string> hairpins;
  std::size_t longest = 0;
  for (const MarkerGroup& group : markers.groups) {
    longest = std::max(longest, group.markers.size());
  }
  for (std::size_t rank = 0; rank < longest; ++rank) {
    for (const MarkerGroup& group : markers.groups) {
      if (chosen.size() == most) return chosen;
      if (rank >= group.markers.size() || !(group.markers[rank].z > 0)) continue;
      const Index mirna = group.markers[rank].mirna;
      const std::vector<std::string>& loops =
          kin.stem_loops(profiles.mirnas[static_cast<std::size_t>(mirna)]);
      const bool is_known = std::find(chosen.begin(), chosen.end(), mirna) != chosen.end() ||
                            std::any_of(loops.begin(), loops.end(), [&](const std::string& loop) {
                              return hairpins.contains(loop);
                            });
      if (is_known) continue;
      chosen.push_back(mirna);
      hairpins.insert(loops.begin(), loops.end());
    }
  }
  return chosen;
}

Methods report_methods(const PageContent& content, const Profiles& profiles,
                       const MarkerSet& markers, const MarkerOptions& options) {
  Methods methods;
  std::string& text = methods.text;
  std::vector<std::string>& references = methods.references;
  const std::vector<Group> groups = groups_of(profiles);
  text = fmt::format(
      "miRNA expression was predicted from mRNA with sicmir {} [1, 2] (model {}, checksum {}). ",
      version, words(fact(profiles, "model")), words(fact(profiles, "model_checksum")));
  references.emplace_back(
      fmt::format("The sicmir developers. sicmir {}: miRNA expression from mRNA. Software, "
                  "BSD-3-Clause.",
                  version));
  references.emplace_back(
      "Cai X-X et al. SiCmiR Atlas: Single-Cell miRNA Landscape Reveals Hub-miRNA and Network "
      "Signatures in Human Cancers. Advanced Science 2026. doi:10.1002/advs.202514446 (the method "
      "that sicmir builds on)");
  text += fmt::format(
      "Counts of {} cells were summed by group{} and sample into {} profiles; the {} below {} "
      "cells "
      "or {} molecules were left out of all comparisons. ",
      grouped(static_cast<double>(n_cells_of(groups))),
      content.group_by.empty() ? "" : fmt::format(" ({})", words(content.group_by)),
      profiles.size(), markers.n_below_floor, profiles.floor.min_cells,
      grouped(profiles.floor.min_counts));
  const bool is_reference = fact(profiles, "scale").starts_with("reference");
  text += is_reference ? "Genes were standardised against the model's training samples"
                       : "Genes were standardised over the profiles";
  text += "; predictions are z-scores of log2(RPM + 1) over the training samples. ";
  std::string design = "sample + group";
  if (!options.covariates.names.empty()) {
    design += " + " + words(joined(options.covariates.names, " + "));
  }
  text += fmt::format(
      "Groups were compared within samples: z ~ {}, weights n / (n + {:g}) for n cells, each group "
      "against the equal mean of the other groups",
      design, options.weight_cells);
  std::set<std::string> why;
  for (const MarkerGroup& group : markers.groups) {
    if (!group.why_no_p.empty()) why.insert(group.why_no_p);
  }
  if (markers.n_tests > 0) {
    text += fmt::format(
        ". Variances were moderated over all miRNAs [3{}] (d0 = {:.4g}, s0 = {:.4g}); p is of a "
        "difference larger than {:g} z [{}], and false discovery rates [{}] are over {} tests. ",
        options.moderation == statistics::Moderation::robust ? ", 4" : "", markers.prior.d0,
        markers.prior.s0, options.min_difference,
        options.moderation == statistics::Moderation::robust ? 5 : 4,
        options.moderation == statistics::Moderation::robust ? 6 : 5,
        grouped(static_cast<double>(markers.n_tests)));
    references.emplace_back(
        "Smyth GK. Linear models and empirical Bayes methods for assessing differential expression "
        "in microarray experiments. Stat Appl Genet Mol Biol 2004;3:3. doi:10.2202/1544-6115.1027");
    if (options.moderation == statistics::Moderation::robust) {
      references.emplace_back(
          "Phipson B et al. Robust hyperparameter estimation protects against hypervariable genes "
          "and improves power to detect differential expression. Ann Appl Stat 2016;10:946. "
          "doi:10.1214/16-AOAS920");
    }
    references.emplace_back(
        "McCarthy DJ, Smyth GK. Testing significance relative to a fold-change threshold is a "
        "TREAT. Bioinformatics 2009;25:765. doi:10.1093/bioinformatics/btp053");
    references.emplace_back(
        "Benjamini Y, Hochberg Y. Controlling the false discovery rate: a practical and powerful "
        "approach to multiple testing. J R Stat Soc B 1995;57:289. "
        "doi:10.1111/j.2517-6161.1995.tb02031.x");
  } else {
    const std::vector<std::string> reasons(why.begin(), why.end());
    text += fmt::format(". No p-values were computed: {}. ", joined(reasons, "; "));
  }
  references.emplace_back(
      "Kozomara A, Birgaoanu M, Griffiths-Jones S. miRBase: from microRNA sequences to function. "
      "Nucleic Acids Res 2019;47:D155. doi:10.1093/nar/gky1141");
  text += fmt::format("Names of miRNAs are those of miRBase 22 [{}]. ", references.size());
  if (profiles.differences) {
    text +=
        "Confidence is the probability that the truth differs in this direction by 1 log2 or more, "
        "as calibrated on held-out samples with measured miRNAs. ";
  }
  if (content.map) {
    text += "AUCs compare all cells of a group with all other cells and are descriptive. ";
  }
  text +=
      "All results are predictions from the same cells' mRNA and relative between groups; no miRNA "
      "was measured.";
  return methods;
}

}  // namespace sicmir::cli
