// SPDX-License-Identifier: BSD-3-Clause
#include "model/block_network.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "kernels/infer_kernels.hpp"
#include "kernels/kernels.hpp"

namespace sicmir {

BlockNetwork::BlockNetwork(const Network& network, const Standardiser& standardiser)
    : network_(network), standardiser_(standardiser) {
  const Eigen::VectorXd& mean = standardiser.mean();
  // z = factor * value + shift, where that is exact enough.
  Eigen::VectorXd factor = standardiser.inverse_sd();
  Eigen::VectorXd shift = -mean.cwiseProduct(factor);
  apart_.assign(static_cast<std::size_t>(mean.size()), 0);
  for (Index gene = 0; gene < mean.size(); ++gene) {
    if (std::fabs(shift[gene]) <= most_folded_ratio) continue;
    apart_[static_cast<std::size_t>(gene)] = 1;
    standing_.push_back(static_cast<PanelPosition>(gene));
    factor[gene] = 1.0;
    shift[gene] = 0.0;
  }
  factor_ = std::move(factor);
  shift_ = std::move(shift);
}

void BlockNetwork::fold_first_layers() const {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  for (Index member = 0; member < network_.n_members(); ++member) {
    const Dense& first = network_.dense(member).front();
    const Eigen::MatrixXd weight = first.weight.cast<double>();
    const Matrix scaled = (weight * factor_.asDiagonal()).cast<float>();
    Folded folded;
    folded.bias = (first.bias.cast<double>() + weight * shift_).cast<float>();
    folded.packed = AlignedFloats(kernels.sparse_packed_floats(scaled.rows(), scaled.cols()));
    kernels.sparse_pack(scaled.rows(), scaled.cols(), scaled.data(), scaled.rows(),
                        folded.packed.data());
    folded_.push_back(std::move(folded));
  }
}

Index BlockNetwork::n_floats() const noexcept {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  Index n = 0;
  for (Index member = 0; member < network_.n_members(); ++member) {
    const Matrix& weight = network_.dense(member).front().weight;
    n += kernels.sparse_packed_floats(weight.rows(), weight.cols()) + weight.rows();
  }
  return n;
}

/// The sparse cells' values as the kernel takes them: genes that stand apart first.
void BlockNetwork::gather_sparse(const CellBlock& block, Workspace& work) const {
  const Eigen::VectorXd& mean = standardiser_.mean();
  const Eigen::VectorXd& inverse_sd = standardiser_.inverse_sd();
  work.offsets.assign(1, 0);
  work.genes.clear();
  work.values.clear();
  for (const Index cell : work.sparse) {
    const auto begin = static_cast<std::size_t>(block.offsets[static_cast<std::size_t>(cell)]);
    const auto end = static_cast<std::size_t>(block.offsets[static_cast<std::size_t>(cell) + 1]);
    if (standing_.empty()) {
      work.genes.insert(work.genes.end(), block.genes.begin() + static_cast<std::ptrdiff_t>(begin),
                        block.genes.begin() + static_cast<std::ptrdiff_t>(end));
      work.values.insert(work.values.end(),
                         block.values.begin() + static_cast<std::ptrdiff_t>(begin),
                         block.values.begin() + static_cast<std::ptrdiff_t>(end));
    } else {
      std::size_t i = begin;
      for (const PanelPosition gene : standing_) {  // both lists are sorted by gene
        while (i < end && block.genes[i] < gene) ++i;
        const bool stored = i < end && block.genes[i] == gene;
        const double value = stored ? static_cast<double>(block.values[i]) : 0.0;
        work.genes.push_back(gene);
        work.values.push_back(static_cast<float>((value - mean[gene]) * inverse_sd[gene]));
      }
      for (i = begin; i < end; ++i) {
        if (apart_[static_cast<std::size_t>(block.genes[i])] != 0) continue;
        work.genes.push_back(block.genes[i]);
        work.values.push_back(block.values[i]);
      }
    }
    work.offsets.push_back(static_cast<Index>(work.genes.size()));
  }
}

void BlockNetwork::predict(const CellBlock& block, Eigen::Ref<Matrix>& y,
                           Eigen::Ref<Matrix>* spread, Workspace& work) const {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  work.sparse.clear();
  work.dense.clear();
  for (Index cell = 0; cell < block.size(); ++cell) {
    const auto at = static_cast<std::size_t>(cell);
    const bool few = block.offsets[at + 1] - block.offsets[at] <= most_sparse_genes;
    (few ? work.sparse : work.dense).push_back(cell);
  }
  if (!work.sparse.empty()) {
    std::call_once(folding_, [this] { fold_first_layers(); });
    gather_sparse(block, work);
    network_.predict_from(
        [&](Index member, Index first, Eigen::Ref<Matrix>& activations) {
          const Folded& folded = folded_[static_cast<std::size_t>(member)];
          const Dense& layer = network_.dense(member).front();
          kernels.sparse(activations.rows(), activations.cols(), network_.n_inputs(),
                         folded.packed.data(), folded.bias.data(), layer.has_relu(),
                         work.offsets.data() + first, work.genes.data(), work.values.data(),
                         activations.data(), activations.outerStride());
          activate(layer, activations);
        },
        work.sparse, y, spread, work.network);
  }
  if (work.dense.empty()) return;
  work.x.resize(network_.n_inputs(), Network::tile_cells);
  network_.predict_from(
      [&](Index member, Index first, Eigen::Ref<Matrix>& activations) {
        const Index count = activations.cols();
        if (member == 0) {
          for (Index i = 0; i < count; ++i) {
            standardiser_.apply(block, work.dense[static_cast<std::size_t>(first + i)],
                                work.x.col(i));
          }
        }
        network_.apply_first(member, work.x.leftCols(count), activations, work.network);
      },
      work.dense, y, spread, work.network);
}

}  // namespace sicmir
