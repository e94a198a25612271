// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Counts that are not whole: ambient-corrected ones (SoupX, DecontX, CellBender), expected ones
/// (RSEM, alevin, STARsolo EM). What tells them from TPM, FPKM and logarithms.

#include <string>

#include "cells/decide.hpp"

namespace sicmir {

/// For values with fractions, none negative: true, if they are counts; `decision` then says so.
/// Counts show in small values, which lie at or just below 1, 2 and 3, and in totals that differ
/// between cells, which those of TPM and CP10K do not. Where values are taken for linear although
/// totals differ widely, `decision` gets a warning. Throws Error(bad_input) where counts with
/// fractions and logarithms cannot be told apart. `file`: for messages.
[[nodiscard]] bool are_fractional_counts(Decision& decision, const SampleFacts& facts,
                                         const Sample& sample, const std::string& file);

/// Throws Error(bad_input) if the values are whole numbers and only a few are negative: counts with
/// a mistake in them. Names its cell and gene.
void refuse_negative_counts(const SampleFacts& facts, const Sample& sample,
                            const CellSource& source, const GeneSelection& genes);

}  // namespace sicmir
