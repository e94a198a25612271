// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Which miRNAs are high in a group: the sending side of cross-talk.

#include <vector>

#include "analysis/crosstalk_layout.hpp"
#include "analysis/differences.hpp"
#include "statistics/linear_model.hpp"
#include "statistics/moderated.hpp"

namespace sicmir::crosstalk {

/// The fit y ~ sample + group of all miRNAs; between conditions, groups of one condition are other
/// groups than those of the other, and every excess is the condition's minus the reference's.
class Senders {
 public:
  /// `y`: miRNAs x used profiles, z.
  Senders(const Eigen::MatrixXd& y, const Layout& layout);

  /// Of group a over group b, and over the equal mean of the groups that samples link it to; z.
  /// NaN: not estimable.
  [[nodiscard]] double over(Index a, Index b, Index mirna) const;
  [[nodiscard]] double over_others(Index a, Index mirna) const;

  /// Moderates the variances over all miRNAs. False: no residual degree of freedom.
  [[nodiscard]] bool moderate(statistics::Moderation moderation, PriorFigures& prior);
  /// The larger p of over() > threshold and over_others() > threshold, one-sided (`treat`,
  /// McCarthy and Smyth 2009, doi:10.1093/bioinformatics/btp053). After moderate().
  [[nodiscard]] double p(Index a, Index b, Index mirna, double threshold) const;

  [[nodiscard]] static Index n_contrasts(Index n_groups) {
    return n_groups * (n_groups - 1) / 2 + n_groups;
  }

 private:
  [[nodiscard]] Index contrast_of(Index a, Index b) const;
  [[nodiscard]] double tail(double estimate, Index contrast, Index mirna, double threshold) const;

  Index n_groups_;
  statistics::ContrastFit fit_;  // pairs a < b, then each group against the others
  statistics::ModeratedVariances variances_;
};

}  // namespace sicmir::crosstalk
