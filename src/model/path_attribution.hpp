// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What each input contributes to the difference between two predictions: integrated gradients
/// along the straight path between their inputs (Sundararajan, Taly and Yan 2017,
/// arxiv.org/abs/1703.01365).

#include <span>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Of one path. Outputs are those that were asked for, in their order.
struct PathAttribution {
  /// Inputs x outputs, in the unit of the outputs. Each column sums to at_end - at_start, but for
  /// `gap`.
  Eigen::MatrixXd values;
  Eigen::VectorXd at_start, at_end;  ///< the network's outputs at both ends
  Eigen::VectorXd gap;               ///< |sum of the column - (at_end - at_start)|
  Index n_pieces = 0;                ///< into which the path was cut, over all members
  /// The gradient is constant on every piece, so that the sum over them is the integral, but for
  /// rounding.
  bool is_exact = false;
  /// Every gap is at most 1e-3 of the difference, plus 1e-6.
  bool is_complete = false;
};

/// A network in double, prepared for many paths. Immutable; attribute() may run in several threads.
///
/// Where the layers are linear or ReLU (batch norms are folded into them), the path is cut where a
/// unit of any layer turns on or off: in between, the gradient is constant. Elsewhere it is cut at
/// the bends that are known, each piece is integrated by Gauss's and Legendre's rule with three
/// points, and all pieces are halved until the gaps are small enough or there are 16,384 pieces.
class PathAttributor {
 public:
  /// `member_weights`: of the network's members; they are divided by their sum.
  PathAttributor(const Network& network, std::span<const double> member_weights);

  /// From `start` to `end`, both n_inputs. `outputs`: positions of outputs, at least one.
  [[nodiscard]] PathAttribution attribute(const Eigen::Ref<const Eigen::VectorXd>& start,
                                          const Eigen::Ref<const Eigen::VectorXd>& end,
                                          std::span<const Index> outputs) const;

  struct Layer {
    Eigen::MatrixXd weight;  ///< outputs x inputs
    Eigen::VectorXd bias;
    Activation activation;
  };
  struct Stack {
    double weight = 1;
    std::vector<Layer> layers;
  };

 private:
  std::vector<Stack> stacks_;
};

}  // namespace sicmir
