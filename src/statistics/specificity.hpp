// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How much a miRNA belongs to one group.

#include <cstdint>
#include <span>

namespace sicmir::statistics {

/// Tissue specificity index tau (Yanai et al. 2005, doi:10.1093/bioinformatics/bti042): the mean,
/// over all groups but one, of 1 - x / max(x). 0: the same everywhere; 1: in one group only.
/// `expression`: one value per group, not negative; NaN is left out. NaN below 2 groups, or where
/// all are 0.
[[nodiscard]] double tau(std::span<const double> expression);

/// P(a cell of the group has more than a cell of the others), ties half: the Wilcoxon (Mann and
/// Whitney 1947) statistic over the number of pairs.
struct Auc {
  double value;
  double error;  ///< the exact value lies within this of `value`: pairs that share a bin
};

/// From histograms of both over the same bins, ascending. NaN if either holds no cell. Throws
/// std::invalid_argument if their sizes differ.
[[nodiscard]] Auc auc_of_histograms(std::span<const std::uint64_t> group,
                                    std::span<const std::uint64_t> others);

}  // namespace sicmir::statistics
