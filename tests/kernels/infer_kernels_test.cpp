// SPDX-License-Identifier: BSD-3-Clause
#include "kernels/infer_kernels.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernels/kernels.hpp"
#include "sicmir/network.hpp"

namespace sicmir {
namespace {

using testing::HasSubstr;

Matrix random_matrix(Index rows, Index columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  Matrix values(rows, columns);
  for (float& value : values.reshaped()) value = uniform(generator);
  return values;
}

// Awkward sizes on both sides of every unit in which the kernels work: 8 and 24 features (v2: 4 and
// 12; bf16: 16 and 48), 64 (32) features of the sparse one, 4 (8) cells, 512 inputs, and in bf16
// pairs of inputs, converted 32 at a time.
const std::vector<Index> features = {1,  7,  15, 16, 17, 23, 24, 25, 32,
                                     33, 47, 48, 49, 63, 64, 65, 131};
const std::vector<Index> cells = {1, 3, 4, 5, 8, 9, 66};
const std::vector<Index> inputs = {1, 2, 3, 15, 16, 17, 31, 32, 33, 511, 512, 513, 977};

/// To 8 significant bits, ties to even: bfloat16 as Intel's whitepaper 338302 and IEEE 754's
/// roundTiesToEven define it.
float rounded_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t is_odd = (bits >> 16U) & 1U;
  return std::bit_cast<float>((bits + 0x7FFFU + is_odd) & 0xFFFF0000U);
}

class DenseKernels : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override {
    try {
      kernels = &kernels::dense_kernels(GetParam());
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  /// What enters the products of this precision, in double.
  [[nodiscard]] Eigen::MatrixXd entering(const Matrix& values) const {
    if (GetParam() == Precision::float32) return values.cast<double>();
    return values.unaryExpr(&rounded_to_bf16).cast<double>();
  }
  const kernels::DenseKernels* kernels = nullptr;
};

INSTANTIATE_TEST_SUITE_P(Precisions, DenseKernels,
                         testing::Values(Precision::float32, Precision::bf16),
                         [](const testing::TestParamInfo<Precision>& tested) {
                           return std::string(tested.param == Precision::bf16 ? "bf16" : "float32");
                         });

TEST_P(DenseKernels, EqualTheProductInDouble) {
  for (const Index m : features) {
    for (const Index k : inputs) {
      // Columns are further apart than needed, and what is no part of a matrix must not enter.
      Matrix a = random_matrix(m + 1, k + 1, 1);
      a.bottomRows(1).setConstant(NAN);
      a.rightCols(1).setConstant(NAN);
      const Matrix bias = random_matrix(m, 1, 2);
      AlignedFloats packed(kernels->packed_floats(m, k));
      kernels->pack(m, k, a.data(), m + 1, packed.data());
      for (const Index n : cells) {
        Matrix b = random_matrix(k + 3, n, 3);
        b.bottomRows(3).setConstant(NAN);
        Eigen::MatrixXd expected = entering(a.topLeftCorner(m, k)) * entering(b.topRows(k));
        expected.colwise() += bias.col(0).cast<double>();
        AlignedFloats scratch(kernels->scratch_floats(n, k));
        for (const bool relu : {false, true}) {
          Matrix c = Matrix::Constant(m + 2, n, 77.0F);
          kernels->multiply(m, n, k, packed.data(), bias.data(), relu, b.data(), k + 3, c.data(),
                            m + 2, scratch.data());
          const Eigen::MatrixXd wanted = relu ? expected.cwiseMax(0.0) : expected;
          ASSERT_TRUE(((c.topRows(m).cast<double>() - wanted).array().abs() < 1e-4).all())
              << m << " x " << k << " x " << n;
          ASSERT_TRUE((c.bottomRows(2).array() == 77.0F).all());
        }
      }
    }
  }
}

TEST_P(DenseKernels, AColumnDependsOnItselfAlone) {
  const Matrix a = random_matrix(131, 977, 1);
  const Matrix bias = random_matrix(131, 1, 2);
  const Matrix b = random_matrix(977, 66, 3);
  AlignedFloats packed(kernels->packed_floats(131, 977));
  kernels->pack(131, 977, a.data(), 131, packed.data());
  AlignedFloats scratch(kernels->scratch_floats(66, 977));
  Matrix whole(131, 66);
  kernels->multiply(131, 66, 977, packed.data(), bias.data(), true, b.data(), 977, whole.data(),
                    131, scratch.data());
  for (const Index n : {1, 2, 5, 61}) {
    for (Index first = 0; first + n <= 66; first += n) {
      Matrix part(131, n);
      kernels->multiply(131, n, 977, packed.data(), bias.data(), true, b.col(first).data(), 977,
                        part.data(), 131, scratch.data());
      ASSERT_TRUE((part.array() == whole.middleCols(first, n).array()).all()) << n << ' ' << first;
    }
  }
}

// By hand: neighbours of 1 in bf16 are 1 - 2^-8 and 1 + 2^-7, so that 1 + 2^-8 and 1 + 3 * 2^-8 are
// ties, which go to 1 and to 1 + 2^-6, and what is a little above the first goes to 1 + 2^-7.
TEST(DenseKernelsBf16, InputsAndWeightsAreRoundedToNearestEven) {
  const kernels::DenseKernels* kernels = nullptr;
  try {
    kernels = &kernels::dense_kernels(Precision::bf16);
  } catch (const Error& error) {
    GTEST_SKIP() << error.what();
  }
  const std::vector<std::pair<float, float>> cases = {
      {0x1.01p0F, 1.0F},        {0x1.03p0F, 0x1.04p0F}, {0x1.010002p0F, 0x1.02p0F},
      {-0x1.03p0F, -0x1.04p0F}, {0x1.02p0F, 0x1.02p0F}, {0x1.FFp0F, 2.0F}};
  const float bias = 0.0F;
  for (const auto& [number, nearest] : cases) {
    for (const bool as_weight : {false, true}) {
      const float weight = as_weight ? number : 1.0F;
      const float input = as_weight ? 1.0F : number;
      AlignedFloats packed(kernels->packed_floats(1, 1));
      AlignedFloats scratch(kernels->scratch_floats(1, 1));
      kernels->pack(1, 1, &weight, 1, packed.data());
      float product = 0.0F;
      kernels->multiply(1, 1, 1, packed.data(), &bias, false, &input, 1, &product, 1,
                        scratch.data());
      EXPECT_EQ(product, nearest) << number << ' ' << as_weight;
    }
  }
}

TEST(DenseKernelsBf16, WhatIsMissingIsNamed) {
  EXPECT_EQ(kernels::obstacle_to_bf16("v3", true), "");
  EXPECT_THAT(kernels::obstacle_to_bf16("v3", false), HasSubstr("no AVX512-BF16"));
  EXPECT_THAT(kernels::obstacle_to_bf16("generic", false), HasSubstr("no AVX512-BF16"));
  EXPECT_THAT(kernels::obstacle_to_bf16("v2", true), HasSubstr("SICMIR_KERNEL is 'v2'"));
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
