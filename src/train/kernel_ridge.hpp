#pragma once
/// Ridge regression with the quadratic kernel, and what it would have said of samples left out.

#include <span>
#include <vector>

#include "sicmir/network.hpp"
#include "sicmir/types.hpp"

namespace sicmir::training {

/// Ridge regression with the kernel k(a, b) = (1 + a . b / genes)^2 / 2 of samples centred on the
/// training mean (Saunders, Gammerman and Vovk 1998), in double: alpha = (K + penalty /
/// weights)^-1 (y - mean y). Single genes and all products of two take part. Returned as two parts
/// whose SUM is the prediction, since 1/2 + p + p^2/2 in one number would lose the digits of p, the
/// product of a sample with a training sample: Linear, Huber, Linear (p^2/2, a hidden unit for each
/// training sample) and Linear. Huber's function is a square up to 2; beyond, where nothing was
/// learnt, it goes on straight.
/// x: genes x samples, no NaN; y: targets x samples, NaN where missing: targets that lack the same
/// samples share one factorisation (samples^3 / 3). weights: one per sample, above 0, or empty.
[[nodiscard]] std::vector<std::vector<Layer>> fit_kernel_ridge(const Matrix& x, const Matrix& y,
                                                               double penalty,
                                                               std::span<const double> weights);

/// What linear ridge regression (kernel a . b / genes, no weights) predicts for each sample when
/// the samples of its group are left out, in closed form; the means are those of all samples.
/// group_of: 0, 1... per sample. y without NaN. Returns targets x samples.
[[nodiscard]] Eigen::MatrixXd ridge_without_groups(const Matrix& x, const Matrix& y, double penalty,
                                                   std::span<const Index> group_of);

}  // namespace sicmir::training
