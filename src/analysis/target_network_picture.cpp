// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <numeric>

#include "analysis/target_network_text.hpp"
#include "base/xml_text.hpp"

namespace sicmir {
namespace {

// In pixels. Letters are taken to be as wide as those of wide fonts, so that no label can reach
// another.
constexpr double font = 11;
constexpr double letter = 7.3;
constexpr double target_height = 15;
constexpr double mirna_height = 24;
constexpr double box_height = 18;
constexpr double reach = 230;  // of an edge, across
constexpr double margin = 20;
constexpr double head = 92;
constexpr double foot = 96;
constexpr double least_width = 780;
constexpr std::size_t longest_label = 28;  // characters

struct DrawnEdge {
  std::size_t test;
  std::int32_t gene;
  double correlation;
};

struct Place {
  double x = 0;
  double y = 0;
};

/// The first characters of UTF-8 text.
std::string clipped(const std::string& text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    if (begins && n++ == longest_label) return text.substr(0, i) + "\u2026";
  }
  return text;
}

double width_of(const std::string& label) {
  const auto n = std::count_if(label.begin(), label.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  });
  return letter * static_cast<double>(n);
}

/// Edges of tests: the mean correlation over the miRNAs of a set of targets, the lowest first.
std::vector<DrawnEdge> strongest(const TargetNetwork& network, Index most_edges) {
  std::map<std::int32_t, std::size_t> test_of;
  for (std::size_t t = 0; t < network.tests.size(); ++t) {
    for (const std::int32_t mirna : network.tests[t].mirnas) test_of.emplace(mirna, t);
  }
  std::map<std::pair<std::size_t, std::int32_t>, double> sums;
  for (const NetworkEdge& edge : network.edges) {
    sums[{test_of.at(edge.mirna), edge.gene}] += edge.correlation;
  }
  std::vector<DrawnEdge> edges;
  for (const auto& [key, sum] : sums) {
    const double mean = sum / static_cast<double>(network.tests[key.first].mirnas.size());
    if (mean < target_network::low_correlation) edges.push_back({key.first, key.second, mean});
  }
  std::stable_sort(edges.begin(), edges.end(), [](const DrawnEdge& a, const DrawnEdge& b) {
    return a.correlation < b.correlation;
  });
  if (static_cast<Index>(edges.size()) > most_edges) {
    edges.resize(static_cast<std::size_t>(most_edges));
  }
  return edges;
}

/// Orders things by the mean place of what they are joined to (Sugiyama et al. 1981), so that few
/// edges cross.
class Columns {
 public:
  explicit Columns(const std::vector<DrawnEdge>& edges) {
    for (const DrawnEdge& edge : edges) {
      joined_[edge.test].push_back(edge.gene);
      tests_of_[edge.gene].push_back(edge.test);
    }
    for (const auto& [test, genes] : joined_) tests.push_back(test);
    // Targets of one miRNA go to both sides alike.
    std::size_t next = 0;
    for (const std::size_t test : tests) {
      for (const std::int32_t gene : joined_[test]) {
        if (place_.contains(gene)) continue;
        std::vector<std::int32_t>& side = next++ % 2 == 0 ? left : right;
        place_[gene] = static_cast<double>(side.size());
        side.push_back(gene);
      }
    }
    constexpr int passes = 12;
    for (int pass = 0; pass < passes; ++pass) sweep();
  }

  std::vector<std::size_t> tests;
  std::vector<std::int32_t> left;
  std::vector<std::int32_t> right;

 private:
  template <class Item, class Key>
  static void sort_by(std::vector<Item>& items, Key key) {
    std::vector<std::pair<double, Item>> keyed;
    keyed.reserve(items.size());
    for (const Item& item : items) keyed.emplace_back(key(item), item);
    std::stable_sort(keyed.begin(), keyed.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = keyed[i].second;
  }
  static double share(std::size_t i, std::size_t n) {
    return (static_cast<double>(i) + 0.5) / static_cast<double>(n);
  }
  void sweep() {
    for (const std::vector<std::int32_t>* side : {&left, &right}) {
      for (std::size_t i = 0; i < side->size(); ++i) place_[(*side)[i]] = share(i, side->size());
    }
    sort_by(tests, [&](std::size_t test) {
      double sum = 0;
      for (const std::int32_t gene : joined_[test]) sum += place_[gene];
      return sum / static_cast<double>(joined_[test].size());
    });
    std::map<std::size_t, double> place_of_test;
    for (std::size_t i = 0; i < tests.size(); ++i) place_of_test[tests[i]] = share(i, tests.size());
    for (std::vector<std::int32_t>* side : {&left, &right}) {
      sort_by(*side, [&](std::int32_t gene) {
        double sum = 0;
        for (const std::size_t test : tests_of_[gene]) sum += place_of_test[test];
        return sum / static_cast<double>(tests_of_[gene].size());
      });
    }
  }

  std::map<std::size_t, std::vector<std::int32_t>> joined_;
  std::map<std::int32_t, std::vector<std::size_t>> tests_of_;
  std::map<std::int32_t, double> place_;
};

/// From light blue at -0.2 to dark blue at -0.8 and below.
std::string colour_of(double correlation) {
  constexpr std::array<double, 3> light = {107, 174, 214};
  constexpr std::array<double, 3> dark = {8, 48, 107};
  const double share = std::clamp((-0.2 - correlation) / 0.6, 0.0, 1.0);
  std::array<int, 3> mixed{};
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    mixed[i] = static_cast<int>(std::lround(light[i] + share * (dark[i] - light[i])));
  }
  return fmt::format("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
}

double stroke_of(double correlation) {
  return 1.0 + 1.6 * std::clamp((-0.2 - correlation) / 0.6, 0.0, 1.0);
}

class Picture {
 public:
  Picture(const TargetNetwork& network, const Profiles& profiles, const NetworkOptions& options,
          Index most_edges)
      : network_(network),
        profiles_(profiles),
        options_(options),
        labels_(profiles.genes),
        edges_(strongest(network, most_edges)),
        columns_(edges_) {
    place();
  }

  std::string svg() {
    put(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:.0f}" height="{1:.0f}" viewBox="0 0 {0:.0f} {1:.0f}" font-family="DejaVu Sans, Verdana, Arial, sans-serif" font-size="{2}" role="img" aria-labelledby="title caution">)",
        width_, height_, font);
    put(R"(<rect width="100%" height="100%" fill="#ffffff"/>)");
    heading();
    for (const DrawnEdge& edge : edges_) draw(edge);
    for (const std::size_t test : columns_.tests) draw_test(test);
    for (const std::int32_t gene : columns_.left) draw_target(gene, true);
    for (const std::int32_t gene : columns_.right) draw_target(gene, false);
    legend();
    text_ += "</svg>\n";
    return text_;
  }

 private:
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
    text_ += '\n';
  }

  [[nodiscard]] std::string label_of_test(std::size_t test) const {
    const NetworkTest& one = network_.tests[test];
    const std::string& name = profiles_.mirnas[static_cast<std::size_t>(one.mirnas.front())].name;
    return one.mirnas.size() == 1 ? clipped(name)
                                  : fmt::format("{} (+{})", clipped(name), one.mirnas.size() - 1);
  }
  [[nodiscard]] std::string label_of_gene(std::int32_t gene) const {
    return clipped(labels_.name(gene));
  }

  void place() {
    double left = 0;
    double right = 0;
    for (const std::int32_t gene : columns_.left) {
      left = std::max(left, width_of(label_of_gene(gene)));
    }
    for (const std::int32_t gene : columns_.right) {
      right = std::max(right, width_of(label_of_gene(gene)));
    }
    for (const std::size_t test : columns_.tests) {
      box_width_ = std::max(box_width_, width_of(label_of_test(test)) + 14);
    }
    const double drawn = left + right + box_width_ + 2 * reach + 2 * margin + 16;
    width_ = std::max(least_width, drawn);
    const double start = (width_ - drawn) / 2 + margin;
    middle_ = start + left + 8 + reach + box_width_ / 2;
    const auto n_side = static_cast<double>(std::max(columns_.left.size(), columns_.right.size()));
    const double body =
        std::max(n_side * target_height, static_cast<double>(columns_.tests.size()) * mirna_height);
    height_ = head + body + foot;
    spread(columns_.left, middle_ - box_width_ / 2 - reach, body, target_height, targets_);
    spread(columns_.right, middle_ + box_width_ / 2 + reach, body, target_height, targets_);
    spread(columns_.tests, middle_, body, mirna_height, tests_);
  }

  /// In even steps over the whole height.
  template <class Item>
  static void spread(const std::vector<Item>& items, double x, double body, double least,
                     std::map<Item, Place>& places) {
    const double step = items.empty() ? least : body / static_cast<double>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      places[items[i]] = {x, head + (static_cast<double>(i) + 0.5) * step};
    }
  }

  void heading() {
    put(R"(<text id="title" x="{}" y="30" font-size="16" font-weight="bold" fill="#1a1a1a">Predicted miRNAs and measured targets: {}</text>)",
        margin, xml_text(clipped(label_of(network_))));
    put(R"(<text x="{}" y="50" fill="#404040">The {} strongest of {} edges, {} evidence. (+N): with N more miRNAs of the same targets.</text>)",
        margin, edges_.size(), network_.edges.size(), to_string(options_.evidence));
    put(R"(<text x="{}" y="67" fill="#404040">Partial Spearman correlation over {} profiles, given depth{}.{}</text>)",
        margin, network_.n_profiles, network_.given_condition ? " and condition" : "",
        edges_.empty() ? " None is below -0.2." : "");
  }

  void draw(const DrawnEdge& edge) {
    const Place from = targets_.at(edge.gene);
    const Place box = tests_.at(edge.test);
    const bool is_left = from.x < middle_;
    const double end = box.x + (is_left ? -box_width_ / 2 : box_width_ / 2);
    const double bend = from.x + (end - from.x) / 2;
    put(R"(<path d="M{0:.1f} {1:.1f}C{2:.1f} {1:.1f} {2:.1f} {3:.1f} {4:.1f} {3:.1f}" fill="none" stroke="{5}" stroke-width="{6:.2f}"><title>{7} - {8}: {9:.2f}</title></path>)",
        from.x, from.y, bend, box.y, end, colour_of(edge.correlation), stroke_of(edge.correlation),
        xml_text(label_of_test(edge.test)), xml_text(label_of_gene(edge.gene)), edge.correlation);
  }

  void draw_test(std::size_t test) {
    const Place at = tests_.at(test);
    const bool is_hub = network_.tests[test].is_hub;
    put(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="4" fill="{}" stroke="{}" stroke-width="{}"/>)",
        at.x - box_width_ / 2, at.y - box_height / 2, box_width_, box_height,
        is_hub ? "#ffd479" : "#f2f2f2", is_hub ? "#8a5a00" : "#8c8c8c", is_hub ? 2 : 1);
    put(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle" fill="#1a1a1a"{}>{}</text>)", at.x,
        at.y + font * 0.36, is_hub ? R"( font-weight="bold")" : "", xml_text(label_of_test(test)));
  }

  void draw_target(std::int32_t gene, bool is_left) {
    const Place at = targets_.at(gene);
    put(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.5" fill="#404040"/>)", at.x, at.y);
    put(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="#1a1a1a">{}</text>)",
        at.x + (is_left ? -7 : 7), at.y + font * 0.36, is_left ? "end" : "start",
        xml_text(label_of_gene(gene)));
  }

  void legend() {
    const double y = height_ - foot + 30;
    double x = margin;
    for (const double correlation : {-0.2, -0.4, -0.6, -0.8}) {
      put(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:.2f}"/>)",
          x, y, x + 26, y, colour_of(correlation), stroke_of(correlation));
      put(R"(<text x="{:.1f}" y="{:.1f}" fill="#404040">{:.1f}</text>)", x + 31, y + 4,
          correlation);
      x += 72;
    }
    put(R"(<rect x="{:.1f}" y="{:.1f}" width="26" height="14" rx="4" fill="#ffd479" stroke="#8a5a00" stroke-width="2"/>)",
        x + 10, y - 7);
    put(R"(<text x="{:.1f}" y="{:.1f}" fill="#404040">hub: FDR at most {}, above the median</text>)",
        x + 43, y + 4, options_.fdr);
    put(R"(<text id="caution" x="{}" y="{:.1f}" fill="#404040">The model learnt relations of mRNA and miRNA from tumours, and a prediction is a function</text>)",
        margin, y + 28);
    put(R"(<text x="{}" y="{:.1f}" fill="#404040">of the same cells' mRNA. An edge is consistent with repression; it is no proof of it.</text>)",
        margin, y + 44);
  }

  const TargetNetwork& network_;
  const Profiles& profiles_;
  const NetworkOptions& options_;
  GeneLabels labels_;
  std::vector<DrawnEdge> edges_;
  Columns columns_;
  std::map<std::int32_t, Place> targets_;
  std::map<std::size_t, Place> tests_;
  double width_ = least_width;
  double height_ = 0;
  double box_width_ = 0;
  double middle_ = 0;
  std::string text_;
};

}  // namespace

std::string network_svg(const TargetNetwork& network, const Profiles& profiles,
                        const NetworkOptions& options, Index most_edges) {
  return Picture(network, profiles, options, most_edges).svg();
}

}  // namespace sicmir
