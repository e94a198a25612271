// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <set>

#include "base/joined.hpp"
#include "cli/report_page.hpp"
#include "cli/report_values.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {

Methods report_methods(const PageContent& content, const Profiles& profiles,
                       const MarkerSet& markers, const MarkerOptions& options) {
  using namespace page;
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
      "Groups were compared within samples: z ~ {}, weights n / (n + {:.4g}) for n cells{}, each "
      "group "
      "against the equal mean of the other groups",
      design, markers.weights.k,
      markers.weights.from == WeightsFrom::halves ? " (estimated from halves of the cells)" : "");
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
