// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/explain_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/joined.hpp"
#include "base/json.hpp"
#include "text/tsv_field.hpp"
#include "web/svg.hpp"

namespace sicmir {
namespace {

using tsv::number;

constexpr std::string_view explanation_caution = "a reading of the model, not biology";

const PanelGene& gene_of(Index gene, const ExplanationContext& context) {
  return context.model.panel.genes[static_cast<std::size_t>(gene)];
}

std::string count_of(std::size_t n, const std::string& what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

Json head_of(const ExplanationContext& context, const char* unit) {
  Json result;
  result["reading"] = explanation_caution;
  result["group"] = context.options.group;
  result["against"] = context.options.against.empty() ? "the mean of the sample's other groups"
                                                      : context.options.against;
  result["model"] = context.model.name;
  result["model_checksum"] = context.model.checksum;
  result["method"] = "integrated gradients between standardised inputs, mean over the samples";
  result["unit"] = unit;
  result["held_fixed"] = held_fixed(context);
  return result;
}

/// Where things stand in the chart.
struct Chart {
  static constexpr double line_height = 22;
  static constexpr double top = 92;
  static constexpr double width = 760;
  static constexpr double right = 24;
  double left = 0;
  double low = 0, high = 0;  // attributions at both ends

  [[nodiscard]] double x(double attribution) const {
    return left + (attribution - low) / (high - low) * (width - right - left);
  }
};

Chart chart_of(std::span<const GeneReason> genes, const Explanation& found,
               const ExplanationContext& context) {
  Chart chart;
  for (const GeneReason& reason : genes) {
    chart.left = std::max(chart.left, svg::text_width(gene_of(reason.gene, context).symbol, 13));
    for (const ExplainedSample& one : found.samples) {
      chart.low = std::min(chart.low, one.attributions[reason.gene]);
      chart.high = std::max(chart.high, one.attributions[reason.gene]);
    }
  }
  chart.left = std::min(chart.left, 160.0) + 30;
  const double margin = 0.04 * (chart.high - chart.low);
  chart.low -= margin;
  chart.high += margin;
  if (!(chart.high > chart.low)) {
    chart.low = -1;
    chart.high = 1;
  }
  return chart;
}

}  // namespace

std::string against_words(const ExplainOptions& options) {
  return options.against.empty() ? "the mean of the other groups" : "'" + options.against + "'";
}

std::vector<std::string> held_fixed(const ExplanationContext& context) {
  const RebuiltInputs& inputs = context.inputs;
  std::vector<std::string> fixed;
  const bool is_dataset = inputs.scale == Scale::dataset;
  if (is_dataset) {
    const auto n = std::count_if(context.profiles.profiles.begin(), context.profiles.profiles.end(),
                                 [](const Profile& profile) { return !profile.below_floor; });
    fixed.push_back(fmt::format(
        "moments: the mean and standard deviation of each gene over the {} profiles at or above "
        "the floor",
        n));
    fixed.emplace_back("depth: each profile's total, to which its counts are scaled");
  } else {
    fixed.push_back(fmt::format(
        "moments: the mean and standard deviation of each gene over the training samples of {}",
        context.model.name));
    fixed.emplace_back(
        inputs.platform.empty() || context.model.rank_profiles.find(inputs.platform) ==
                                       context.model.rank_profiles.end()
            ? "depth: each profile's upper quartile, to which its counts are scaled"
            : "ranks: each profile's order of genes, by which its values are replaced");
    if (!inputs.platform.empty()) {
      fixed.push_back(fmt::format("offsets: those of platform {}", inputs.platform));
    }
  }
  if (!inputs.missing.empty()) {
    fixed.push_back(fmt::format("{} of the model that the input lacks, at 0 (average)",
                                count_of(inputs.missing.size(), "gene")));
  }
  if (!inputs.constant.empty()) {
    fixed.push_back(fmt::format("{} of the model that do not vary, at 0 (average)",
                                count_of(inputs.constant.size(), "gene")));
  }
  fixed.emplace_back(
      "clamps: what is explained is z as the network gives it; log2(RPM + 1), cut at 0 and 19.93, "
      "is not");
  return fixed;
}

std::string explanation_tsv(const Explanation& found, const ExplanationContext& context) {
  std::string text =
      "gene\tensembl_id\tattribution_z\tsign\tshare\tinput_difference_z\tsd_over_samples\t"
      "sign_agreement\tn_samples\n";
  for (const GeneReason& reason : found.genes) {
    const PanelGene& gene = gene_of(reason.gene, context);
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", gene.symbol, gene.ensembl_id,
                        number(reason.attribution), reason.attribution > 0 ? "up" : "down",
                        number(reason.share), number(reason.input), number(reason.sd),
                        number(reason.agreement), found.samples.size());
  }
  return text;
}

std::string explanation_json(const Explanation& found, const ExplanationContext& context) {
  Json result = head_of(context, "z-score of the miRNA");
  const ProfileMirna& mirna = context.profiles.mirnas[static_cast<std::size_t>(found.mirna)];
  result["mirna"] = mirna.name;
  result["accession"] = mirna.mimat;
  result["accuracy"] = json_number(mirna.accuracy.within_cohort);
  result["difference_z"] = found.difference;
  result["sum_of_attributions_z"] = found.sum;
  result["largest_gap_z"] = found.gap;
  result["exact"] = found.is_exact;
  result["complete"] = found.is_complete;
  result["share_of_strongest_10"] = found.strongest_10;
  result["rank_correlation_between_samples"] = json_number(found.agreement);
  Json genes = Json::array();
  for (const GeneReason& reason : found.genes) {
    const PanelGene& gene = gene_of(reason.gene, context);
    Json by_sample = Json::array();
    for (const ExplainedSample& one : found.samples) {
      by_sample.push_back(one.attributions[reason.gene]);
    }
    genes.push_back({{"gene", gene.symbol},
                     {"ensembl_id", gene.ensembl_id},
                     {"attribution_z", reason.attribution},
                     {"share", reason.share},
                     {"input_difference_z", reason.input},
                     {"sd_over_samples", json_number(reason.sd)},
                     {"sign_agreement", reason.agreement},
                     {"by_sample", std::move(by_sample)}});
  }
  Json samples = Json::array();
  for (const ExplainedSample& one : found.samples) {
    samples.push_back({{"sample", one.sample},
                       {"against", one.against},
                       {"start_z", one.start},
                       {"end_z", one.end},
                       {"gap_z", one.gap},
                       {"pieces", one.n_pieces},
                       {"rank_correlation_with_others", json_number(one.agreement)}});
  }
  result["samples"] = std::move(samples);
  result["genes"] = std::move(genes);
  return json_text(result, 1) + "\n";
}

std::string explanation_svg(const Explanation& found, const ExplanationContext& context,
                            Index n_genes) {
  const auto shown =
      std::span(found.genes).first(std::min(static_cast<std::size_t>(n_genes), found.genes.size()));
  const Chart chart = chart_of(shown, found, context);
  const ProfileMirna& mirna = context.profiles.mirnas[static_cast<std::size_t>(found.mirna)];
  const double bottom = Chart::top + Chart::line_height * static_cast<double>(shown.size());
  const std::string title =
      fmt::format("Why {} differs in '{}'", mirna.name, context.options.group);
  svg::Picture picture(
      Chart::width, bottom + 76, title,
      fmt::format("Attributions of the {} strongest genes; the table has the numbers. {}.",
                  shown.size(), explanation_caution));
  svg::TextStyle heading;
  heading.size = 17;
  heading.bold = true;
  picture.text(16, 28, svg::shortened(title, 17, Chart::width - 32), heading);
  svg::TextStyle small;
  small.colour = svg::grey;
  const std::string versus = fmt::format(
      "against {}: {:+.2f} z, mean of {}; the {} strongest of {} genes hold {:.0f} %",
      against_words(context.options), found.difference, count_of(found.samples.size(), "sample"),
      std::min<std::size_t>(10, found.genes.size()), found.genes.size(), 100 * found.strongest_10);
  picture.text(16, 48, svg::shortened(versus, 12, Chart::width - 32), small);
  picture.text(
      16, 66,
      fmt::format("A reading of the model, not biology. Bar: mean; dot: one sample{}",
                  std::isnan(found.agreement)
                      ? "."
                      : fmt::format("; rank correlation between samples {:.2f}.", found.agreement)),
      small);
  svg::TextStyle tick = small;
  tick.anchor = svg::Anchor::middle;
  for (const double at : svg::ticks(chart.low, chart.high, 6)) {
    picture.line(chart.x(at), Chart::top - 6, chart.x(at), bottom + 4, svg::pale);
    picture.text(chart.x(at), bottom + 20, svg::tick_text(at), tick);
  }
  picture.line(chart.x(0), Chart::top - 6, chart.x(0), bottom + 4, svg::ink);
  svg::TextStyle name;
  name.size = 13;
  name.anchor = svg::Anchor::end;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const GeneReason& reason = shown[i];
    const std::string& symbol = gene_of(reason.gene, context).symbol;
    const double y = Chart::top + Chart::line_height * static_cast<double>(i);
    const double end = chart.x(reason.attribution);
    picture.text(chart.left - 10, y + 15, svg::shortened(symbol, 13, 160), name);
    picture.rectangle(std::min(end, chart.x(0)), y + 3, std::fabs(end - chart.x(0)),
                      Chart::line_height - 7, reason.attribution > 0 ? svg::vermilion : svg::blue,
                      fmt::format("{}: {:+.4g} z, {:.1f} % of all", symbol, reason.attribution,
                                  100 * reason.share));
    if (found.samples.size() < 2) continue;
    for (const ExplainedSample& one : found.samples) {
      picture.circle(chart.x(one.attributions[reason.gene]), y + Chart::line_height / 2, 2.5,
                     "#ffffff", 0.9, svg::ink, one.sample);
    }
  }
  tick.colour = svg::ink;
  picture.text(0.5 * (chart.left + Chart::width - Chart::right), bottom + 40,
               "attribution (z-scores of the miRNA)", tick);
  picture.rectangle(chart.left, bottom + 52, 12, 12, svg::vermilion);
  picture.text(chart.left + 18, bottom + 62, "raises the prediction");
  picture.rectangle(chart.left + 170, bottom + 52, 12, 12, svg::blue);
  picture.text(chart.left + 188, bottom + 62, "lowers it");
  return picture.finish();
}

std::string explanations_tsv(const ExplanationMatrix& found, const ExplanationContext& context) {
  std::string text = "gene";
  for (const ProfileMirna& mirna : context.profiles.mirnas) text += "\t" + mirna.name;
  text += "\n";
  for (Index gene = 0; gene < found.attributions.rows(); ++gene) {
    text += gene_of(gene, context).symbol;
    for (Index mirna = 0; mirna < found.attributions.cols(); ++mirna) {
      fmt::format_to(std::back_inserter(text), "\t{:.5g}", found.attributions(gene, mirna));
    }
    text += "\n";
  }
  return text;
}

std::string explanations_json(const ExplanationMatrix& found, const ExplanationContext& context) {
  Json result = head_of(context, "z-score of the miRNA; genes x miRNAs");
  result["samples"] = found.samples;
  result["largest_gap_z"] = found.gap;
  result["exact"] = found.is_exact;
  result["complete"] = found.is_complete;
  Json mirnas = Json::array();
  for (const ProfileMirna& mirna : context.profiles.mirnas) mirnas.push_back(mirna.name);
  result["mirnas"] = std::move(mirnas);
  Json genes = Json::array();
  Json values = Json::array();
  for (Index gene = 0; gene < found.attributions.rows(); ++gene) {
    genes.push_back(gene_of(gene, context).symbol);
    Json line = Json::array();
    for (Index mirna = 0; mirna < found.attributions.cols(); ++mirna) {
      line.push_back(found.attributions(gene, mirna));
    }
    values.push_back(std::move(line));
  }
  result["genes"] = std::move(genes);
  result["attributions"] = std::move(values);
  return json_text(result) + "\n";
}

}  // namespace sicmir
