// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A network that learns to say what a larger model says (Hinton, Vinyals and Dean 2015).

#include <cstdint>
#include <string>
#include <vector>

#include "parallel/thread_pool.hpp"
#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

struct DistilOptions {
  std::vector<Index> hidden;  ///< widths of the network's hidden layers, at least one
  Index steps = 0;            ///< batches of 256, at least 1
  double learning_rate =
      1e-3;  ///< Adam's; rises over 1 % of the steps, then falls to 0 by a cosine
  std::uint64_t seed = 1;
  std::string label{};  ///< of the fit, for the log
};

/// Inputs that no sample is, but a sample could be. A quarter are the samples themselves; the
/// others are mixtures of one to three samples in random shares, their deviations from the mean
/// multiplied by 0.7 to 1.4, with normal noise of up to 0.5 standard deviations (one input in
/// eight: 0.5 to 1.5, as single cells have), and with up to 30 % of the genes at their mean in one
/// half of them. Input `number` depends on the seed and its number alone.
class MadeUpInputs {
 public:
  /// `samples`: z-scores, genes x samples, no NaN; outlives this.
  MadeUpInputs(const Matrix& samples, std::uint64_t seed) : samples_(samples), seed_(seed) {}

  /// Writes z-scores, one per gene.
  void make(Index number, Eigen::Ref<Eigen::VectorXf> z) const;

 private:
  const Matrix& samples_;
  std::uint64_t seed_;
};

/// Fits a network (linear layers and ReLU) to what `teacher` predicts of made-up inputs, then its
/// last layer once more in closed form. `samples`: as above. The same network for any number of
/// threads.
[[nodiscard]] std::vector<Layer> distil(const Network& teacher, const Matrix& samples,
                                        const DistilOptions& options, ThreadPool& pool);

}  // namespace sicmir::training
