// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/crosstalk_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "analysis/difference_text.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/nan.hpp"
#include "text/tsv_field.hpp"
#include "web/svg.hpp"

namespace sicmir {
namespace {

using tsv::field;
using tsv::number;

constexpr std::string_view caution =
    "compatible sender-receiver pairs: predictions and mRNA of the same cells; nothing here shows "
    "that a miRNA travels";
constexpr std::string_view arrow = " \xE2\x86\x92 ";

bool compares(const CrosstalkContext& context) {
  return !context.options.condition.empty();
}

bool is_compatible(const CrosstalkTriple& triple) {
  return triple.over_receiver > 0.0 && triple.over_others > 0.0 && triple.deficit > 0.0;
}

bool is_called(const CrosstalkTriple& triple) {
  return triple.fdr <= called_fdr;
}

const CrosstalkGroup& sender_of(const CrosstalkTriple& triple, const Crosstalk& found) {
  return found.groups[static_cast<std::size_t>(triple.sender)];
}

const CrosstalkGroup& receiver_of(const CrosstalkTriple& triple, const Crosstalk& found) {
  return found.groups[static_cast<std::size_t>(triple.receiver)];
}

const ProfileMirna& mirna_of(const CrosstalkTriple& triple, const CrosstalkContext& context) {
  return context.profiles.mirnas[static_cast<std::size_t>(triple.mirna)];
}

/// Of the excess over the receiver; conditions are not calibrated.
double probability(const CrosstalkTriple& triple, const CrosstalkContext& context) {
  if (compares(context)) return nan;
  Difference difference;
  difference.mirna = triple.mirna;
  difference.z = triple.over_receiver;
  difference.log2rpm = triple.over_receiver * mirna_of(triple, context).sd;
  return probability_of(difference, context.profiles);
}

std::string pair_name(const CrosstalkTriple& triple, const Crosstalk& found) {
  return sender_of(triple, found).name + std::string(arrow) + receiver_of(triple, found).name;
}

}  // namespace

std::vector<std::size_t> listed_triples(const Crosstalk& found, bool all) {
  std::vector<std::size_t> listed;
  for (std::size_t i = 0; i < found.triples.size(); ++i) {
    if (all || is_compatible(found.triples[i])) listed.push_back(i);
  }
  const auto key = [&](std::size_t i) {
    const CrosstalkTriple& triple = found.triples[i];
    const double last = std::numeric_limits<double>::infinity();
    return std::tuple(std::isnan(triple.p) ? last : triple.p,
                      std::isnan(triple.score) ? last : -triple.score);
  };
  std::stable_sort(listed.begin(), listed.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return listed;
}

std::string crosstalk_tsv(const Crosstalk& found, const CrosstalkContext& context,
                          const std::vector<std::size_t>& listed) {
  std::string text =
      "sender\treceiver\tmirna\taccession\tscore\texcess_over_receiver_z\texcess_over_others_z\t"
      "confidence\tdeficit_log2\tn_targets\tev_rank_sender\trisc_rank_receiver\tp_sender\t"
      "p_deficit_samples\tp_deficit_sets\tp\tfdr\tagreement\taccuracy";
  text += compares(context) ? "\tscore_reference\tcondition\treference\n" : "\n";
  for (const std::size_t i : listed) {
    const CrosstalkTriple& triple = found.triples[i];
    const ProfileMirna& mirna = mirna_of(triple, context);
    text += fmt::format(
        "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
        field(sender_of(triple, found).name), field(receiver_of(triple, found).name),
        field(mirna.name), field(mirna.mimat), number(triple.score), number(triple.over_receiver),
        number(triple.over_others), to_string(confidence_of(probability(triple, context))),
        number(triple.deficit), triple.n_targets, number(sender_of(triple, found).ev_rank),
        number(receiver_of(triple, found).risc_rank), number(triple.p_sender),
        number(triple.p_samples), number(triple.p_sets), number(triple.p), number(triple.fdr),
        number(triple.agreement), number(mirna.accuracy.within_cohort));
    if (compares(context)) {
      text += fmt::format("\t{}\t{}\t{}", number(triple.score_reference),
                          field(context.options.condition), field(context.options.reference));
    }
    text += '\n';
  }
  return text;
}

std::string crosstalk_net_tsv(const Crosstalk& found) {
  std::string text =
      "group\tscore_out\tscore_in\tscore_net\tcalled_out\tcalled_in\tev_rank\t"
      "risc_rank\tn_samples\n";
  for (const CrosstalkGroup& group : found.groups) {
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", field(group.name),
                        number(group.out), number(group.in), number(group.out - group.in),
                        found.why_no_p.empty() ? fmt::format("{}", group.n_out) : "NaN",
                        found.why_no_p.empty() ? fmt::format("{}", group.n_in) : "NaN",
                        number(group.ev_rank), number(group.risc_rank), group.n_samples);
  }
  return text;
}

namespace {

Json json_of(const GeneSetHere& genes) {
  return {{"term", genes.term},
          {"name", genes.name},
          {"found", genes.genes.size()},
          {"of", genes.size()},
          {"not_found", genes.not_here}};
}

Json json_of_groups(const Crosstalk& found) {
  Json groups = Json::array();
  for (const CrosstalkGroup& group : found.groups) {
    groups.push_back({{"group", group.name},
                      {"score_out", group.out},
                      {"score_in", group.in},
                      {"score_net", group.out - group.in},
                      {"called_out", group.n_out},
                      {"called_in", group.n_in},
                      {"ev_rank", group.ev_rank},
                      {"risc_rank", group.risc_rank},
                      {"n_samples", group.n_samples},
                      {"n_genes", group.n_genes},
                      {"deficit_prior", json_of(group.prior)},
                      {"target_sets_median", group.sets_median},
                      {"target_sets_spread", group.sets_spread}});
  }
  return groups;
}

Json json_of(const CrosstalkTriple& triple, const Crosstalk& found,
             const CrosstalkContext& context) {
  Json one = {{"sender", sender_of(triple, found).name},
              {"receiver", receiver_of(triple, found).name},
              {"mirna", mirna_of(triple, context).name},
              {"accession", mirna_of(triple, context).mimat},
              {"score", json_number(triple.score)},
              {"excess_over_receiver_z", json_number(triple.over_receiver)},
              {"excess_over_others_z", json_number(triple.over_others)},
              {"confidence", to_string(confidence_of(probability(triple, context)))},
              {"deficit_log2", json_number(triple.deficit)},
              {"n_targets", triple.n_targets},
              {"p_sender", json_number(triple.p_sender)},
              {"p_deficit_samples", json_number(triple.p_samples)},
              {"p_deficit_sets", json_number(triple.p_sets)},
              {"p", json_number(triple.p)},
              {"fdr", json_number(triple.fdr)},
              {"agreement", json_number(triple.agreement)},
              {"accuracy", json_number(mirna_of(triple, context).accuracy.within_cohort)}};
  if (compares(context)) one["score_reference"] = json_number(triple.score_reference);
  return one;
}

}  // namespace

std::string crosstalk_json(const Crosstalk& found, const CrosstalkContext& context,
                           const std::vector<std::size_t>& listed) {
  const CrosstalkOptions& options = context.options;
  Json result;
  result["what"] = caution;
  result["targets"] = {{"table", context.targets},
                       {"evidence", to_string(context.evidence)},
                       {"pairs_used", context.n_pairs},
                       {"pairs_in_panel", context.n_in_panel},
                       {"pairs_not_measured", context.n_not_measured}};
  result["options"] = {
      {"min_excess_z", options.min_excess},
      {"weight_cells", found.weights.k},
      {"weight_cells_from", to_string(found.weights.from)},
      {"moderation", options.moderation == statistics::Moderation::robust ? "robust" : "plain"},
      {"min_targets", options.min_targets},
      {"shuffles", options.n_shuffles},
      {"seed", options.seed}};
  if (compares(context)) {
    result["condition"] = options.condition;
    result["reference"] = options.reference;
  }
  result["gene_sets"] = {json_of(found.ev.biogenesis), json_of(found.ev.risc)};
  result["n_samples"] = found.n_samples;
  result["n_profiles"] = found.n_profiles;
  result["n_below_floor"] = found.n_below_floor;
  result["n_mirnas"] = found.n_mirnas;
  result["n_triples"] = found.triples.size();
  result["n_tests"] = found.n_tests;
  result["fdr_over"] = "all triples whose groups are together in 3 samples or more";
  result["n_called"] = found.n_called;
  result["no_p_because"] = found.why_no_p;
  result["sender_prior"] = json_of(found.prior);
  result["controls"] = {{"cutoff_p", found.controls.cutoff},
                        {"at_cutoff", found.controls.n_at_cutoff},
                        {"reverse_also_called", found.controls.n_reverse},
                        {"shuffles", found.controls.n_shuffles},
                        {"at_cutoff_shuffled_mean", found.controls.n_shuffled},
                        {"at_cutoff_shuffled_most", found.controls.most_shuffled}};
  result["warnings"] = found.warnings;
  result["groups"] = json_of_groups(found);
  Json triples = Json::array();
  for (const std::size_t i : listed) triples.push_back(json_of(found.triples[i], found, context));
  result["triples"] = std::move(triples);
  return json_text(result, 1) + "\n";
}

namespace {

/// The strongest miRNAs and pairs of groups, in the order in which they come.
struct Chosen {
  std::vector<std::int32_t> mirnas;
  std::vector<std::pair<std::int32_t, std::int32_t>> pairs;
};

template <class Value>
bool enter(std::vector<Value>& values, const Value& value, std::size_t most) {
  if (std::find(values.begin(), values.end(), value) != values.end()) return true;
  if (values.size() == most) return false;
  values.push_back(value);
  return true;
}

Chosen choose(const Crosstalk& found, const std::vector<std::size_t>& listed) {
  constexpr std::size_t most_mirnas = 24;
  constexpr std::size_t most_pairs = 24;
  Chosen chosen;
  for (const std::size_t i : listed) {
    const CrosstalkTriple& triple = found.triples[i];
    if (found.n_called > 0 && !is_called(triple)) break;
    const std::pair pair(triple.sender, triple.receiver);
    const bool is_known =
        std::find(chosen.pairs.begin(), chosen.pairs.end(), pair) != chosen.pairs.end();
    if (!is_known && chosen.pairs.size() == most_pairs) continue;
    if (enter(chosen.mirnas, triple.mirna, most_mirnas)) {
      (void)enter(chosen.pairs, pair, most_pairs);
    }
  }
  std::sort(chosen.pairs.begin(), chosen.pairs.end());
  return chosen;
}

/// What the picture rests on, and what was called.
std::array<std::string, 2> subtitles_of(const Crosstalk& found, const CrosstalkContext& context) {
  std::string base = fmt::format("targets: {}, {}", context.targets, to_string(context.evidence));
  if (compares(context)) {
    base = fmt::format("'{}' minus '{}'; {}", context.options.condition, context.options.reference,
                       base);
  }
  if (!found.why_no_p.empty()) return {base, "no p-values: " + found.why_no_p};
  return {base, fmt::format("{} of {} triples called at a false discovery rate of {}",
                            found.n_called, found.n_tests, called_fdr)};
}

void add_heading(svg::Picture& picture, double width, const std::string& title,
                 const std::array<std::string, 2>& subtitles) {
  svg::TextStyle heading;
  heading.size = 17;
  heading.bold = true;
  picture.text(16, 28, svg::shortened(title, 17, width - 32), heading);
  svg::TextStyle small;
  small.colour = svg::grey;
  picture.text(16, 48, svg::shortened(subtitles[0], 12, width - 32), small);
  picture.text(16, 66, svg::shortened(subtitles[1], 12, width - 32), small);
  picture.text(16, 84, "Compatible with transfer; nothing here shows that a miRNA travels.", small);
}

/// Where the dots stand.
struct DotGrid {
  static constexpr double step = 26;
  static constexpr double top = 106;
  static constexpr double label_size = 12;
  double left = 0, bottom = 0, width = 0, height = 0;

  [[nodiscard]] double x(std::size_t column) const {
    return left + step * (static_cast<double>(column) + 0.5);
  }
  [[nodiscard]] static double y(std::size_t line) {
    return top + step * (static_cast<double>(line) + 0.5);
  }
};

/// What a dot's area is by: 0 .. 1.
double weight_of(const CrosstalkTriple& triple, bool has_p, double most) {
  constexpr double longest = 10;  // -log10 p
  if (has_p) return std::isnan(triple.p) ? 0.0 : std::min(-std::log10(triple.p), longest) / longest;
  return most > 0.0 ? triple.score / most : 0.0;
}

}  // namespace

std::string crosstalk_dots_svg(const Crosstalk& found, const CrosstalkContext& context) {
  const std::vector<std::size_t> listed = listed_triples(found, false);
  const Chosen chosen = choose(found, listed);
  const bool has_p = found.why_no_p.empty();
  double most = 0.0;
  double longest_mirna = 60;
  double longest_pair = 60;
  std::vector<std::string> pair_names;
  for (const auto& [a, b] : chosen.pairs) {
    CrosstalkTriple triple;
    triple.sender = a;
    triple.receiver = b;
    pair_names.push_back(svg::shortened(pair_name(triple, found), DotGrid::label_size, 260));
    longest_pair = std::max(longest_pair, svg::text_width(pair_names.back(), DotGrid::label_size));
  }
  for (const std::int32_t mirna : chosen.mirnas) {
    const std::string& name = context.profiles.mirnas[static_cast<std::size_t>(mirna)].name;
    longest_mirna = std::max(longest_mirna, svg::text_width(name, DotGrid::label_size));
  }
  for (const std::size_t i : listed) most = std::max(most, found.triples[i].score);

  DotGrid grid;
  grid.left = 30 + std::min(longest_mirna, 240.0);
  grid.bottom = DotGrid::top + DotGrid::step * static_cast<double>(chosen.mirnas.size());
  const double grid_width = DotGrid::step * static_cast<double>(chosen.pairs.size());
  const double slant = 0.7072 * longest_pair;
  grid.width = std::max(grid.left + grid_width + 190, 620.0);
  grid.height = std::max(grid.bottom + slant + 34, DotGrid::top + 240);
  grid.left = std::max(grid.left, slant - DotGrid::step / 2 + 16);
  grid.width = std::max(grid.width, grid.left + grid_width + 190);
  svg::Picture picture(grid.width, grid.height, "Compatible sender-receiver pairs",
                       "Dots of miRNAs and pairs of groups; the table has the numbers.");
  add_heading(picture, grid.width, "Compatible sender-receiver pairs",
              subtitles_of(found, context));

  if (chosen.pairs.empty()) picture.text(16, DotGrid::top + 20, "No pair has a positive score.");
  for (std::size_t line = 0; line < chosen.mirnas.size(); ++line) {
    svg::TextStyle name;
    name.anchor = svg::Anchor::end;
    name.size = DotGrid::label_size;
    picture.line(grid.left, DotGrid::y(line), grid.left + grid_width, DotGrid::y(line), "#eeeeee");
    picture.text(
        grid.left - 8, DotGrid::y(line) + 4,
        svg::shortened(context.profiles.mirnas[static_cast<std::size_t>(chosen.mirnas[line])].name,
                       DotGrid::label_size, 240),
        name);
  }
  for (std::size_t column = 0; column < chosen.pairs.size(); ++column) {
    svg::TextStyle name;
    name.anchor = svg::Anchor::end;
    name.size = DotGrid::label_size;
    name.rotate = -45;
    picture.line(grid.x(column), DotGrid::top, grid.x(column), grid.bottom, "#eeeeee");
    picture.text(grid.x(column) + 4, grid.bottom + 14, pair_names[column], name);
  }
  for (const std::size_t i : listed) {
    const CrosstalkTriple& triple = found.triples[i];
    const auto line = std::find(chosen.mirnas.begin(), chosen.mirnas.end(), triple.mirna);
    const auto column = std::find(chosen.pairs.begin(), chosen.pairs.end(),
                                  std::pair(triple.sender, triple.receiver));
    if (line == chosen.mirnas.end() || column == chosen.pairs.end()) continue;
    const double radius = 2.0 + 9.0 * std::sqrt(std::max(weight_of(triple, has_p, most), 0.0));
    picture.circle(
        grid.x(static_cast<std::size_t>(column - chosen.pairs.begin())),
        DotGrid::y(static_cast<std::size_t>(line - chosen.mirnas.begin())), radius,
        svg::tint(svg::vermilion, 0.12 + 0.88 * (most > 0.0 ? triple.score / most : 0.0)), 1,
        is_called(triple) ? svg::ink : svg::pale,
        fmt::format("{}, {}: score {:.3g}{}", mirna_of(triple, context).name,
                    pair_name(triple, found), triple.score,
                    has_p ? fmt::format(", p {:.2g}, FDR {:.2g}", triple.p, triple.fdr) : ""));
  }

  const double x = grid.left + grid_width + 26;
  double y = DotGrid::top + 8;
  picture.text(x, y, has_p ? "area: \xE2\x88\x92log10 p" : "area: score");
  for (const double share : {0.1, 0.4, 1.0}) {
    y += 24;
    picture.circle(x + 12, y - 4, 2.0 + 9.0 * std::sqrt(share), "#ffffff", 1, svg::ink);
    picture.text(x + 34, y,
                 has_p ? fmt::format("{}{:.0f}", share == 1.0 ? "\xE2\x89\xA5 " : "", 10 * share)
                       : fmt::format("{:.2g}", share * most));
  }
  y += 34;
  picture.text(x, y, "colour: score");
  for (int step = 0; step < 5; ++step) {
    picture.rectangle(x + 24 * step, y + 8, 24, 12, svg::tint(svg::vermilion, 0.12 + 0.22 * step));
  }
  picture.text(x, y + 34, "0");
  svg::TextStyle end;
  end.anchor = svg::Anchor::end;
  picture.text(x + 120, y + 34, fmt::format("{:.2g}", most), end);
  if (has_p) {
    picture.circle(x + 12, y + 58, 6, "#ffffff", 1, svg::ink);
    picture.text(x + 34, y + 62, fmt::format("called (FDR {})", called_fdr));
    picture.circle(x + 12, y + 80, 6, "#ffffff", 1, svg::pale);
    picture.text(x + 34, y + 84, "not called");
  }
  return picture.finish();
}

std::string crosstalk_heat_svg(const Crosstalk& found, const CrosstalkContext& context) {
  const std::size_t n = found.groups.size();
  const bool counts = found.n_called > 0;
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(static_cast<Index>(n), static_cast<Index>(n));
  for (const CrosstalkTriple& triple : found.triples) {
    if (counts ? is_called(triple) : is_compatible(triple) && triple.score > 0.0) {
      sums(triple.sender, triple.receiver) += counts ? 1.0 : triple.score;
    }
  }
  constexpr double top = 122;
  constexpr double size = 12;
  const double step = n <= 30 ? 36 : 22;
  double longest = 60;
  for (const CrosstalkGroup& group : found.groups) {
    longest = std::max(longest, svg::text_width(group.name, size));
  }
  longest = std::min(longest, 240.0);
  const double left = 46 + longest;
  const double side = step * static_cast<double>(n);
  const double bottom = top + side;
  const double width = std::max(left + side + 24, 620.0);
  const std::string title = counts ? "Called sender-receiver pairs: number of miRNAs"
                                   : "Sender-receiver pairs: sum of scores";
  svg::Picture picture(width, bottom + 40 + 0.7072 * longest, title,
                       "Senders by lines, receivers by columns; the table has the numbers.");
  add_heading(picture, width, title, subtitles_of(found, context));
  const double most = std::max(sums.maxCoeff(), 1e-12);
  picture.text(left, top - 12, "columns: receiver");
  svg::TextStyle sender;
  sender.anchor = svg::Anchor::middle;
  sender.rotate = -90;
  picture.text(20, top + side / 2, "lines: sender", sender);
  for (std::size_t a = 0; a < n; ++a) {
    const double y = top + step * static_cast<double>(a);
    svg::TextStyle name;
    name.anchor = svg::Anchor::end;
    picture.text(left - 8, y + step / 2 + 4, svg::shortened(found.groups[a].name, size, 240), name);
    svg::TextStyle below = name;
    below.rotate = -45;
    picture.text(left + step * (static_cast<double>(a) + 0.5) + 4, bottom + 14,
                 svg::shortened(found.groups[a].name, size, 240), below);
    for (std::size_t b = 0; b < n; ++b) {
      const double x = left + step * static_cast<double>(b);
      const double value = sums(static_cast<Index>(a), static_cast<Index>(b));
      const std::string words =
          counts ? fmt::format("{:.0f}", value) : fmt::format("{:.2g}", value);
      picture.rectangle(
          x, y, step - 1, step - 1,
          a == b ? std::string(svg::pale)
                 : svg::tint(svg::blue, value > 0.0 ? 0.08 + 0.92 * value / most : 0.02),
          a == b ? ""
                 : found.groups[a].name + std::string(arrow) + found.groups[b].name + ": " + words);
      if (a == b || !(value > 0.0)) continue;
      svg::TextStyle inside;
      inside.anchor = svg::Anchor::middle;
      inside.size = step > 30 ? (counts ? 12 : 10) : 8;
      inside.colour = value / most > 0.6 ? std::string_view("#ffffff") : svg::ink;
      picture.text(x + step / 2, y + step / 2 + 4, words, inside);
    }
  }
  return picture.finish();
}

}  // namespace sicmir
