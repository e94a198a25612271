// SPDX-License-Identifier: BSD-3-Clause
#include "cli/difference_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/suggest.hpp"
#include "sicmir/reference_tables.hpp"

namespace sicmir::cli {

std::vector<Index> mirna_positions(const std::vector<std::string>& wanted,
                                   std::span<const ProfileMirna> known, const std::string& file,
                                   std::string_view option) {
  const GeneIndex index(mirna_panel(reference_mirnas()), false);
  std::map<PanelPosition, Index> by_mirna;
  std::map<std::string, Index, std::less<>> by_name;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const ProfileMirna& mirna = known[i];
    names.push_back(mirna.name);
    by_name.emplace(mirna.name, static_cast<Index>(i));
    if (const auto found = index.find(mirna.name)) {
      by_mirna.emplace(found->gene, static_cast<Index>(i));
    }
  }
  std::vector<Index> positions;
  for (const std::string& name : wanted) {
    Index position = -1;
    if (const auto itself = by_name.find(name); itself != by_name.end()) {
      position = itself->second;
    } else if (const auto match = index.find(name)) {
      const auto found = by_mirna.find(match->gene);
      if (found != by_mirna.end()) position = found->second;
    }
    if (position < 0) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: {} has no miRNA '{}'. Mature names (hsa-miR-21-5p, "
                              "upper-case R) and MIMAT accessions are taken.{}",
                              option, file, name, did_you_mean(name, names)));
    }
    if (std::find(positions.begin(), positions.end(), position) == positions.end()) {
      positions.push_back(position);
    }
  }
  return positions;
}

void bind_weighting(Command& sub, TestingOptions& command, double& weight_cells) {
  const std::string testing = "Testing";
  sub.add_option("--weight-cells", weight_cells,
                 "A profile of n cells has the weight n / (n + K); 0: all weigh the same "
                 "[default: estimated from halves of the cells, else 50]")
      .value_name("K")
      .range(0.0, 1e9)
      .group(testing);
  sub.add_flag("--not-robust", command.not_robust,
               "Moderate variances without making allowance for outliers")
      .group(testing);
}

void bind_mirnas(Command& sub, TestingOptions& command) {
  sub.add_option("--mirnas", command.mirnas,
                 "Test and write only these miRNAs: names or accessions, separated by commas, or "
                 "a file of them")
      .value_name("LIST")
      .main();
}

void bind_testing(Command& sub, TestingOptions& command, DifferenceOptions& options) {
  sub.add_option("--min-difference", options.min_difference,
                 "Test for differences larger than this, in z-scores; 0: for any [default: 1]")
      .value_name("Z")
      .range(0.0, 1000.0)
      .main();
  sub.add_option("--covariates", command.covariates,
                 "TSV with the columns sample, perhaps group, and one per covariate")
      .value_name("FILE")
      .main();
  bind_weighting(sub, command, options.weight_cells);
  bind_mirnas(sub, command);
}

void bind_labels_from(Command& sub, LabelsFrom& labels_from) {
  sub.add_choice<LabelsFrom>(
         "--labels-from", labels_from,
         {{"sorting", LabelsFrom::sorting},
          {"annotation", LabelsFrom::annotation},
          {"clusters", LabelsFrom::clusters}},
         "Where the groups come from: sorting, annotation, or clusters of the same mRNA, which get "
         "no p-values [default: clusters]")
      .main();
}

void bind_table(Command& sub, DifferenceCommand& command) {
  sub.add_option("-o,--output", command.output, "Table [default: standard output]")
      .value_name("FILE")
      .main();
  bind_format(sub, command.format);
}

void settle_testing(const TestingOptions& command, const Profiles& profiles,
                    const std::string& file, DifferenceOptions& options) {
  options.moderation =
      command.not_robust ? statistics::Moderation::plain : statistics::Moderation::robust;
  if (!command.mirnas.empty()) {
    options.mirnas = mirna_positions(mirna_list(command.mirnas), profiles.mirnas, file, "--mirnas");
  }
  if (!command.covariates.empty()) {
    options.covariates = read_covariates(command.covariates, profiles.profiles);
  }
}

std::vector<std::string> files_read(const DifferenceCommand& command, const ChosenInput& chosen) {
  std::vector<std::string> files = chosen.files;
  files.push_back(command.covariates);
  return files;
}

std::string weight_words(const CellWeights& weights) {
  return fmt::format("weights n / (n + K) for n cells, K = {:.4g} ({})", weights.k,
                     to_string(weights.from));
}

std::string prior_words(const PriorFigures& prior) {
  return fmt::format("d0 = {:.4g}, s0 = {:.4g}, {} residual degrees of freedom", prior.d0, prior.s0,
                     prior.residual_df);
}

}  // namespace sicmir::cli
