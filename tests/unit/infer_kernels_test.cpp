#include "kernels/infer_kernels.hpp"

#include <gmock/gmock.h>

#include <random>
#include <vector>

#include "kernels/kernels.hpp"
#include "sicmir/network.hpp"

namespace sicmir {
namespace {

Matrix random_matrix(Index rows, Index columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  Matrix values(rows, columns);
  for (float& value : values.reshaped()) value = uniform(generator);
  return values;
}

// Awkward sizes on both sides of every unit in which the kernels work: 8 and 24 features (v2: 4 and
// 12), 64 (32) features of the sparse one, 4 cells, 512 inputs.
const std::vector<Index> features = {1, 7, 23, 24, 25, 63, 64, 65, 131};
const std::vector<Index> cells = {1, 3, 4, 5, 66};
const std::vector<Index> inputs = {1, 2, 511, 512, 513, 977};

TEST(InferKernels, DenseEqualsTheProductInDouble) {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  for (const Index m : features) {
    for (const Index k : inputs) {
      const Matrix a = random_matrix(m, k, 1);
      const Matrix bias = random_matrix(m, 1, 2);
      AlignedFloats packed(kernels.packed_floats(m, k));
      kernels.pack(m, k, a.data(), m, packed.data());
      for (const Index n : cells) {
        const Matrix b = random_matrix(k + 3, n, 3);  // 3: columns are further apart than k
        Eigen::MatrixXd expected = a.cast<double>() * b.topRows(k).cast<double>();
        expected.colwise() += bias.col(0).cast<double>();
        AlignedFloats scratch(kernels.scratch_floats(n, k));
        for (const bool relu : {false, true}) {
          Matrix c = Matrix::Constant(m + 2, n, 77.0F);
          kernels.dense(m, n, k, packed.data(), bias.data(), relu, b.data(), k + 3, c.data(), m + 2,
                        scratch.data());
          const Eigen::MatrixXd wanted = relu ? expected.cwiseMax(0.0) : expected;
          ASSERT_LT((c.topRows(m).cast<double>() - wanted).cwiseAbs().maxCoeff(), 1e-4)
              << m << " x " << k << " x " << n;
          ASSERT_TRUE((c.bottomRows(2).array() == 77.0F).all());
        }
      }
    }
  }
}

TEST(InferKernels, AColumnDependsOnItselfAlone) {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  const Matrix a = random_matrix(131, 977, 1);
  const Matrix bias = random_matrix(131, 1, 2);
  const Matrix b = random_matrix(977, 66, 3);
  AlignedFloats packed(kernels.packed_floats(131, 977));
  kernels.pack(131, 977, a.data(), 131, packed.data());
  AlignedFloats scratch(kernels.scratch_floats(66, 977));
  Matrix whole(131, 66);
  kernels.dense(131, 66, 977, packed.data(), bias.data(), true, b.data(), 977, whole.data(), 131,
                scratch.data());
  for (const Index n : {1, 2, 5, 61}) {
    for (Index first = 0; first + n <= 66; first += n) {
      Matrix part(131, n);
      kernels.dense(131, n, 977, packed.data(), bias.data(), true, b.col(first).data(), 977,
                    part.data(), 131, scratch.data());
      ASSERT_TRUE((part.array() == whole.middleCols(first, n).array()).all()) << n << ' ' << first;
    }
  }
}

TEST(InferKernels, SparseEqualsTheProductInDouble) {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  constexpr Index k = 97;
  const Matrix b = random_matrix(k, 9, 3).unaryExpr([](float v) { return v > 0.2F ? v : 0.0F; });
  std::vector<Index> offsets = {0};
  std::vector<std::int32_t> genes;
  std::vector<float> values;
  for (Index cell = 0; cell < b.cols(); ++cell) {
    for (Index gene = 0; cell != 4 && gene < k; ++gene) {  // cell 4 has no value at all
      if (b(gene, cell) == 0.0F) continue;
      genes.push_back(static_cast<std::int32_t>(gene));
      values.push_back(b(gene, cell));
    }
    offsets.push_back(static_cast<Index>(genes.size()));
  }
  for (const Index m : features) {
    const Matrix a = random_matrix(m, k, 1);
    const Matrix bias = random_matrix(m, 1, 2);
    AlignedFloats packed(kernels.sparse_packed_floats(m, k));
    kernels.sparse_pack(m, k, a.data(), m, packed.data());
    Eigen::MatrixXd expected = a.cast<double>() * b.cast<double>();
    expected.col(4).setZero();
    expected.colwise() += bias.col(0).cast<double>();
    for (const bool relu : {false, true}) {
      Matrix c = Matrix::Constant(m + 2, b.cols(), 77.0F);
      kernels.sparse(m, b.cols(), k, packed.data(), bias.data(), relu, offsets.data(), genes.data(),
                     values.data(), c.data(), m + 2);
      const Eigen::MatrixXd wanted = relu ? expected.cwiseMax(0.0) : expected;
      ASSERT_LT((c.topRows(m).cast<double>() - wanted).cwiseAbs().maxCoeff(), 1e-5) << m;
      ASSERT_TRUE((c.bottomRows(2).array() == 77.0F).all());
    }
  }
}

}  // namespace
}  // namespace sicmir
