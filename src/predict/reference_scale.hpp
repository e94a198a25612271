// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Comparing an input with the model's training samples: Scale::reference.

#include <optional>

#include "cells/prepared_input.hpp"
#include "sicmir/model.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/ranks.hpp"

namespace sicmir {

/// How far normalised cells are from the training samples: over all sampled cells and all genes
/// that are compared, the median of z and its interquartile range.
struct ReferenceFit {
  double median = 0;
  double interquartile_range = 0;
};

/// The reference scale of a model for one input.
struct ReferenceScale {
  Standardiser standardiser;
  ReferenceFit fit;
};

/// Where the scale was to be chosen and the input would be standardised against itself: takes the
/// reference scale if the samples are bulk and fit it. A mixture of many cells, deeply sequenced,
/// has a count of nearly every gene of the panel; a cell has not. Bulk samples are what the model
/// was trained on, and a few of them, often of one tissue, are a poor reference for themselves.
/// After input.decide().
void prefer_reference_for_bulk(const Model& model, PreparedInput& input);

/// The ranks by which the model compares options.platform, over the genes that the input has;
/// nullopt: it compares by its unit. Throws Error(bad_input) if the input has too few of these
/// genes, Error(usage) for a platform where `input` is not compared with the reference.
[[nodiscard]] std::optional<RankProfile> ranks_of(const Model& model, const PreparedInput& input);

/// Makes the scale and checks by the sample that the input fits it. `ranks`: as ranks_of() found
/// them. Throws Error(usage) if the model does not know the platform or has no reference,
/// Error(bad_input) if the input is too far from it, unless options.force_scale.
[[nodiscard]] ReferenceScale against_reference(const Model& model, const PreparedInput& input,
                                               const std::optional<RankProfile>& ranks);

}  // namespace sicmir
