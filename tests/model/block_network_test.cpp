// SPDX-License-Identifier: BSD-3-Clause
#include "model/block_network.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace sicmir {
namespace {

constexpr Index n_genes = 977;

Matrix random_matrix(Index rows, Index columns, float spread, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-spread, spread);
  Matrix values(rows, columns);
  for (float& value : values.reshaped()) value = uniform(generator);
  return values;
}

std::vector<Layer> layers(unsigned seed) {
  return {Linear{random_matrix(80, n_genes, 0.06F, seed), random_matrix(80, 1, 0.1F, seed + 1)},
          Relu{},
          Linear{random_matrix(30, 80, 0.2F, seed + 2), random_matrix(30, 1, 0.1F, seed + 3)}};
}

/// Cells with 290 to 310 non-zero genes: the constant is among them.
CellBlock cells_around_the_threshold(Index n_cells, Index n_first = 290) {
  std::mt19937 generator(7);
  CellBlock block;
  block.clear(0);
  std::vector<PanelPosition> genes(n_genes);
  std::iota(genes.begin(), genes.end(), 0);
  for (Index cell = 0; cell < n_cells; ++cell) {
    std::shuffle(genes.begin(), genes.end(), generator);
    const auto count = static_cast<std::ptrdiff_t>(n_first + cell % 21);
    std::vector<PanelPosition> some(genes.begin(), genes.begin() + count);
    std::sort(some.begin(), some.end());
    for (const PanelPosition gene : some) {
      block.genes.push_back(gene);
      block.values.push_back(0.25F * static_cast<float>(1 + generator() % 16));
    }
    block.offsets.push_back(static_cast<Index>(block.genes.size()));
    block.cells.emplace_back("cell" + std::to_string(cell));
    block.totals.push_back(1.0);
  }
  return block;
}

CellBlock chosen(const CellBlock& block, const std::vector<Index>& cells) {
  CellBlock some;
  some.clear(0);
  for (const Index cell : cells) {
    const auto at = static_cast<std::size_t>(cell);
    for (Index i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
      some.genes.push_back(block.genes[static_cast<std::size_t>(i)]);
      some.values.push_back(block.values[static_cast<std::size_t>(i)]);
    }
    some.offsets.push_back(static_cast<Index>(some.genes.size()));
    some.cells.push_back(block.cells[at]);
    some.totals.push_back(1.0);
  }
  return some;
}

/// Standardised and multiplied in double, layer after layer.
Eigen::MatrixXd in_double(const CellBlock& block, const std::vector<Layer>& stack,
                          const Eigen::VectorXd& mean, const Eigen::VectorXd& sd) {
  Eigen::MatrixXd x = Eigen::MatrixXd::Zero(n_genes, block.size());
  for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      x(block.genes[static_cast<std::size_t>(i)], static_cast<Index>(cell)) =
          static_cast<double>(block.values[static_cast<std::size_t>(i)]);
    }
  }
  for (Index gene = 0; gene < n_genes; ++gene) {
    if (sd[gene] > 0.0) {
      x.row(gene) = (x.row(gene).array() - mean[gene]) / sd[gene];
    } else {
      x.row(gene).setZero();
    }
  }
  for (const Layer& layer : stack) {
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      x = (linear->weight.cast<double>() * x).eval();
      x.colwise() += linear->bias.cast<double>();
    } else {
      x = x.cwiseMax(0.0);
    }
  }
  return x;
}

class BlockNetworkTest : public testing::Test {
 protected:
  BlockNetworkTest() : block(cells_around_the_threshold(63)), stack(layers(1)) {
    mean = random_matrix(n_genes, 1, 1.0F, 20).cast<double>().cwiseAbs();
    sd = (random_matrix(n_genes, 1, 0.5F, 21).cast<double>().array() + 1.0).matrix();
    sd[5] = 0.0;  // constant
  }
  CellBlock block;
  std::vector<Layer> stack;
  Eigen::VectorXd mean, sd;
  std::vector<std::uint8_t> present = std::vector<std::uint8_t>(n_genes, 1);
  BlockNetwork::Workspace work;
};

TEST_F(BlockNetworkTest, BothPathsEqualTheArithmeticInDouble) {
  const Network network(stack);
  const Standardiser standardiser(mean, sd, present);
  Matrix y(30, block.size());
  BlockNetwork(network, standardiser).predict(block, y, work);
  EXPECT_LT((y.cast<double>() - in_double(block, stack, mean, sd)).cwiseAbs().maxCoeff(), 5e-6);
}

TEST_F(BlockNetworkTest, NearlyConstantGenesKeepTheirDigits) {
  // Folded, these would be differences of numbers of the order of 2,000. Every cell has them.
  const auto nearly_constant = [](PanelPosition gene) { return gene >= 100 && gene < 130; };
  block = cells_around_the_threshold(63, 200);  // sparse with these genes, too
  CellBlock with;
  with.clear(0);
  for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
    for (PanelPosition gene = 0, at = 0; gene < n_genes; ++gene) {
      const auto i = static_cast<std::size_t>(block.offsets[cell] + at);
      const bool stored =
          i < static_cast<std::size_t>(block.offsets[cell + 1]) && block.genes[i] == gene;
      at += stored ? 1 : 0;
      if (!stored && !nearly_constant(gene)) continue;
      with.genes.push_back(gene);
      with.values.push_back(nearly_constant(gene) ? 2.0005F : block.values[i]);
    }
    with.offsets.push_back(static_cast<Index>(with.genes.size()));
    with.cells.push_back(block.cells[cell]);
    with.totals.push_back(1.0);
  }
  for (PanelPosition gene = 100; gene < 130; ++gene) {
    mean[gene] = 2.0;
    sd[gene] = 0.001;
  }
  const Network network(stack);
  const Standardiser standardiser(mean, sd, present);
  Matrix y(30, with.size());
  BlockNetwork(network, standardiser).predict(with, y, work);
  EXPECT_LT((y.cast<double>() - in_double(with, stack, mean, sd)).cwiseAbs().maxCoeff(), 5e-6);
}

TEST_F(BlockNetworkTest, OrderAndCutsChangeNoBit) {
  const Network network(std::vector<Member>{{1.0, stack}, {2.0, layers(50)}});
  const Standardiser standardiser(mean, sd, present);
  const BlockNetwork both(network, standardiser);
  Matrix whole(30, block.size());
  both.predict(block, whole, work);
  std::vector<Index> order(static_cast<std::size_t>(block.size()));
  std::iota(order.begin(), order.end(), Index{0});
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  for (const std::size_t part : {1u, 2u, 10u, 63u}) {
    for (std::size_t first = 0; first < order.size(); first += part) {
      const std::vector<Index> some(
          order.begin() + static_cast<std::ptrdiff_t>(first),
          order.begin() + static_cast<std::ptrdiff_t>(std::min(first + part, order.size())));
      Matrix y(30, static_cast<Index>(some.size()));
      both.predict(chosen(block, some), y, work);
      for (std::size_t i = 0; i < some.size(); ++i) {
        ASSERT_TRUE((y.col(static_cast<Index>(i)).array() == whole.col(some[i]).array()).all())
            << "cell " << some[i] << " in parts of " << part;
      }
    }
  }
}

TEST_F(BlockNetworkTest, ValuesAsTheyAreNeedNoStandardising) {
  const Network network(stack);
  const Standardiser none(n_genes);
  Matrix y(30, block.size());
  BlockNetwork(network, none).predict(block, y, work);
  const Eigen::MatrixXd expected =
      in_double(block, stack, Eigen::VectorXd::Zero(n_genes), Eigen::VectorXd::Ones(n_genes));
  EXPECT_LT((y.cast<double>() - expected).cwiseAbs().maxCoeff(), 5e-6);
}

}  // namespace
}  // namespace sicmir
