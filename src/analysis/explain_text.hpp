// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Explanations as tables and as a chart.

#include <string>
#include <vector>

#include "analysis/explain.hpp"
#include "sicmir/model.hpp"

namespace sicmir {

/// What else the figures depend on; for all texts below.
struct ExplanationContext {
  const Profiles& profiles;
  const RebuiltInputs& inputs;
  const Model& model;  ///< a card: its members have no layers
  const ExplainOptions& options;
};

/// What stays fixed along the path and is therefore not explained: sentences without full stops.
[[nodiscard]] std::vector<std::string> held_fixed(const ExplanationContext& context);

/// "the mean of the other groups", or the group's name in quotes.
[[nodiscard]] std::string against_words(const ExplainOptions& options);

/// TSV: one line per gene of the panel that has an attribution.
[[nodiscard]] std::string explanation_tsv(const Explanation& found,
                                          const ExplanationContext& context);
/// The same as JSON, with each sample's attributions and what was held fixed.
[[nodiscard]] std::string explanation_json(const Explanation& found,
                                           const ExplanationContext& context);
/// Bars of the `n_genes` strongest genes, with a dot per sample.
[[nodiscard]] std::string explanation_svg(const Explanation& found,
                                          const ExplanationContext& context, Index n_genes);

/// TSV: genes as lines, miRNAs as columns.
[[nodiscard]] std::string explanations_tsv(const ExplanationMatrix& found,
                                           const ExplanationContext& context);
[[nodiscard]] std::string explanations_json(const ExplanationMatrix& found,
                                            const ExplanationContext& context);

}  // namespace sicmir
