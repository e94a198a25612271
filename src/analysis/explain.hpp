// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which genes make the model predict more (or less) of a miRNA in one group than in another: a
/// reading of the model, not biology.

#include <functional>
#include <string>
#include <vector>

#include "analysis/profiles.hpp"
#include "analysis/rebuild_inputs.hpp"
#include "base/nan.hpp"
#include "model/path_attribution.hpp"

namespace sicmir {

struct ExplainOptions {
  std::string group;
  std::string against;  ///< empty: the equal mean of the sample's other groups
  int threads = 1;
};

/// One sample's path: from the inputs of what is compared with to those of the group.
struct ExplainedSample {
  std::string sample;
  std::vector<std::string> against;  ///< groups, whose mean input is where the path begins
  std::size_t profile = 0;           ///< of the group; position in Profiles::profiles
  double start = 0, end = 0;         ///< the network's output, z
  double gap = 0;                    ///< |sum of the attributions - (end - start)|
  Index n_pieces = 0;
  /// Spearman correlation, over the panel's genes, of its attributions with the mean of the other
  /// samples'; NaN for a single sample.
  double agreement = nan;
  Eigen::VectorXd attributions;  ///< per gene of the panel, z
};

struct GeneReason {
  Index gene = 0;          ///< position in the panel
  double attribution = 0;  ///< mean over the samples, z
  double share = 0;        ///< of the sum of all |attribution|
  double input = 0;        ///< mean over the samples of what the standardised input differs by
  /// Over samples: standard deviation (NaN for one), and the share that has this sign.
  double sd = nan;
  double agreement = nan;
};

/// Why one miRNA is predicted differently.
struct Explanation {
  Index mirna = 0;
  std::vector<ExplainedSample> samples;
  /// Genes of the panel with an attribution; by |attribution|, falling.
  std::vector<GeneReason> genes;
  double difference = 0;    ///< mean over the samples of end - start, z
  double sum = 0;           ///< of all genes' attributions
  double gap = 0;           ///< the largest of a sample
  double strongest_10 = 0;  ///< share of the ten strongest genes in the sum of all |attribution|
  /// Mean over the samples of ExplainedSample::agreement.
  double agreement = nan;
  bool is_exact = false;
  bool is_complete = false;
};

/// Of all miRNAs: panel's genes x miRNAs, means over the samples.
struct ExplanationMatrix {
  std::vector<std::string> samples;
  Eigen::MatrixXd attributions;
  double gap = 0;  ///< the largest of a sample and miRNA
  bool is_exact = false;
  bool is_complete = false;
};

/// Explains `mirna` in every sample where the group and what it is compared with are at or above
/// the floor. Throws Error(usage): no such group; Error(bad_input): no such sample. `inputs`: of
/// `profiles`.
[[nodiscard]] Explanation explain(const Profiles& profiles, const RebuiltInputs& inputs,
                                  const PathAttributor& attributor, Index mirna,
                                  const ExplainOptions& options);

[[nodiscard]] ExplanationMatrix explain_all(const Profiles& profiles, const RebuiltInputs& inputs,
                                            const PathAttributor& attributor,
                                            const ExplainOptions& options);

}  // namespace sicmir
