// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/explain.hpp"
#include "analysis/rebuild_inputs.hpp"
#include "base/log.hpp"
#include "cli/remedies.hpp"
#include "cli/report_parts.hpp"
#include "model/path_attribution.hpp"
#include "text/tsv_field.hpp"

namespace sicmir::cli {
namespace {

constexpr std::size_t most_genes_of_marker = 10;

/// The strongest genes of one explanation, as lines of the table.
std::string lines_of(const Explanation& found, const std::string& group, const std::string& mirna,
                     const Model& model) {
  std::string text;
  for (std::size_t i = 0; i < std::min(found.genes.size(), most_genes_of_marker); ++i) {
    const GeneReason& gene = found.genes[i];
    text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", tsv::field(group), tsv::field(mirna),
                        tsv::field(model.panel.genes[static_cast<std::size_t>(gene.gene)].symbol),
                        tsv::number(gene.attribution), tsv::number(gene.share),
                        tsv::number(gene.agreement), tsv::number(found.difference));
  }
  return text;
}

}  // namespace

PagePart reasons_part(const Profiles& profiles, const MarkerSet& markers,
                      const PreparedModel& model, const GeneIndex& index, const std::string& input,
                      int threads) {
  std::string text =
      "group\tmirna\tgene\tattribution_z\tshare_of_all\tsamples_with_this_sign\tmean_difference_"
      "z\n";
  try {
    const RebuiltInputs inputs = rebuild_inputs(profiles, model, index, input, threads);
    std::vector<double> weights;
    for (const Member& member : model.card().members) weights.push_back(member.weight);
    const PathAttributor attributor(model.network(), weights);
    for (const MarkerGroup& group : markers.groups) {
      if (group.markers.empty() || std::isnan(group.markers.front().z)) continue;
      const Index mirna = group.markers.front().mirna;
      const Explanation found =
          explain(profiles, inputs, attributor, mirna, {group.name, {}, threads});
      text += lines_of(found, group.name, profiles.mirnas[static_cast<std::size_t>(mirna)].name,
                       model.card());
    }
  } catch (const Error& error) {
    log_warning("reasons were not found: {}", message_of(error));
    return {fmt::format("Not found: {}", message_of(error)), {}, {}, {}};
  }
  PagePart part;
  part.words = fmt::format(
      "The {} genes by which the model tells the first marker of each group from the mean of the "
      "sample's other groups, by integrated gradients. A positive attribution raises the miRNA in "
      "this group; share is of the attributions of all genes. This is a reading of the model, not "
      "biology: the genes are those that it goes by, neither targets nor causes.",
      most_genes_of_marker);
  part.tables = {{"Genes behind the first marker of each group", "reasons.tsv", text}};
  return part;
}

}  // namespace sicmir::cli
