// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Ridge regression with the quadratic kernel, and what it would have said of samples left out.

#include <span>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/train.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// Paired samples as z-scores.
struct KernelData {
  const Matrix& x;                   ///< genes x samples, no NaN
  const Matrix& y;                   ///< targets x samples, NaN where missing
  std::span<const Index> cohort_of;  ///< 0, 1... per sample
  std::span<const double> weights;   ///< one per sample, above 0, or empty: all 1
  /// One per sample: variance of its cohort's level, 0 or more; empty: usual_level_variance.
  std::span<const double> level_variances = {};
};

/// How much each gene counts in the kernel: the root of the mean of its squared correlations with
/// the targets within cohorts, through its variance within cohorts (a hundredth of the mean one
/// added), so that genes count which differ along with miRNAs among the samples of a cohort rather
/// than between tissues. Scaled so that the genes' total variance stays the same. Targets are those
/// of the largest group that lack the same samples. All 1 where nothing correlates.
[[nodiscard]] Eigen::VectorXd gene_weights(const KernelData& data);

/// Ridge regression with the kernel k(a, b) = (1 + p)^2 / 2, p = sum_g weight_g a_g b_g / genes, of
/// samples centred on the training mean (Saunders, Gammerman and Vovk 1998), in double. Single
/// genes and all products of two take part. Each cohort has an intercept of its own that is drawn
/// from a normal distribution of variance v, its level_variance, and that no prediction contains (a
/// random effect: Henderson 1975), so that the slopes follow the differences within cohorts more
/// than those between them:
///   alpha = (K + v [same cohort] + penalty / weights)^-1 (y - mean y).
/// Targets that lack the same samples share one factorisation (samples^3 / 3).
class KernelRidge {
 public:
  KernelRidge(const KernelData& data, double penalty);

  /// Predictions are alpha() k + constant(), k the kernel with each training sample: targets x
  /// samples, and targets.
  [[nodiscard]] const Eigen::MatrixXd& alpha() const noexcept { return alpha_; }
  [[nodiscard]] const Eigen::VectorXd& constant() const noexcept { return constant_; }

  /// k = 1/2 + p + p^2/2 in two parts, since in one number it would lose the digits of p.
  ///
  /// Layers that make p^2/2 of z-scores: a hidden unit for each training sample. Huber's function
  /// is a square up to most_squared; beyond, where nothing was learnt, it goes on straight.
  static constexpr double most_squared = 3.0;
  [[nodiscard]] std::vector<Layer> square_layers() const;
  /// What z-scores add to `constant` through 1/2 + p, each training sample's by a column of
  /// `weight`: outputs x samples, and outputs.
  [[nodiscard]] Linear line(const Eigen::MatrixXd& weight, const Eigen::VectorXd& constant) const;

  /// What it predicts for each sample if the samples of its group are left out, in closed form; the
  /// means and the weights of genes are those of all samples. `targets`: positions, all of them
  /// without NaN. group_of: 0, 1... per sample. Returns targets x samples.
  [[nodiscard]] Eigen::MatrixXd without_groups(std::span<const Index> targets,
                                               std::span<const Index> group_of) const;

 private:
  Eigen::VectorXd mean_;        // genes
  Eigen::MatrixXd directions_;  // samples x genes
  Eigen::MatrixXd kernel_;      // samples x samples
  Eigen::MatrixXd system_;      // what is added to it makes this
  Eigen::MatrixXd alpha_;
  Eigen::VectorXd constant_;
};

}  // namespace sicmir::training
