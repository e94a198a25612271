// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Genes that a sample's file lacks, from those that it has.

#include <span>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::training {

/// The mean of the missing genes given the others, as if expression were normally distributed:
///   m_k + C_ko (C_oo + 0.2 I)^-1 (z_o - m_o)
/// with mean m and covariance C of the samples that it was learnt from. In double.
class Imputer {
 public:
  /// z: genes x samples, NaN where missing. Learns from the samples with at least 80 % of the genes
  /// (genes that they lack count as the mean); with fewer than 20 of those it fills in zeros.
  explicit Imputer(const Matrix& z);

  /// Fills in what is NaN; the rest stays as it is.
  void fill(Matrix& z) const;

 private:
  void fill_alike(const std::vector<Index>& samples, const std::vector<Index>& missing,
                  Matrix& z) const;

  bool learnt_ = false;
  Eigen::VectorXd mean_;
  Eigen::MatrixXd covariance_;  // with the ridge on its diagonal
  Eigen::MatrixXd precision_;   // its inverse
};

/// Whether `predict` would take a sample: it has at least 80 % of the genes.
[[nodiscard]] bool has_most_genes(const Eigen::Ref<const Eigen::VectorXf>& genes);

}  // namespace sicmir::training
