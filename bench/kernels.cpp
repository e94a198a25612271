// SPDX-License-Identifier: BSD-3-Clause
// The kernels of prediction at the published sizes. Needs Google Benchmark.
#include "kernels/kernels.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/infer_kernels.hpp"
#include "sicmir/network.hpp"

namespace {

using namespace sicmir;

AlignedFloats numbers(Index count) {
  AlignedFloats floats(count);
  for (Index i = 0; i < count; ++i) {
    floats.data()[i] = static_cast<float>((i * 2654435761U) % 2001) / 1000.0F - 1.0F;
  }
  return floats;
}

/// One layer of 1024 features from 1024 inputs; argument: cells at once.
void dense_layer(benchmark::State& state, const kernels::DenseKernels& kernels) {
  const Index n = state.range(0);
  constexpr Index width = 1024;
  const AlignedFloats weights = numbers(width * width);
  const AlignedFloats bias = numbers(width);
  const AlignedFloats x = numbers(width * n);
  AlignedFloats packed(kernels.packed_floats(width, width));
  AlignedFloats scratch(kernels.scratch_floats(n, width));
  AlignedFloats y(width * n);
  kernels.pack(width, width, weights.data(), width, packed.data());
  for (auto _ : state) {
    kernels.multiply(width, n, width, packed.data(), bias.data(), true, x.data(), width, y.data(),
                     width, scratch.data());
    benchmark::ClobberMemory();
  }
  state.counters["FLOP"] = benchmark::Counter(static_cast<double>(2 * width * width * n),
                                              benchmark::Counter::kIsIterationInvariantRate);
}

void dense(benchmark::State& state) {
  dense_layer(state, kernels::active().infer->dense);
}
BENCHMARK(dense)->Arg(16)->Arg(64)->Arg(256);

/// Products in bf16; an error where the processor has none.
void dense_bf16(benchmark::State& state) {
  try {
    dense_layer(state, kernels::dense_kernels(Precision::bf16));
  } catch (const Error& error) {
    state.SkipWithError(error.what());
  }
}
BENCHMARK(dense_bf16)->Arg(16)->Arg(64)->Arg(256);

/// The sparse first layer, 977 genes to 1024 features; argument: non-zero genes of a cell.
void sparse(benchmark::State& state) {
  const kernels::InferKernels& kernels = *kernels::active().infer;
  constexpr Index width = 1024;
  constexpr Index genes = 977;
  constexpr Index n = 256;
  const AlignedFloats weights = numbers(width * genes);
  const AlignedFloats bias = numbers(width);
  AlignedFloats packed(kernels.sparse_packed_floats(width, genes));
  AlignedFloats y(width * n);
  kernels.sparse_pack(width, genes, weights.data(), width, packed.data());
  std::vector<Index> offsets = {0};
  std::vector<std::int32_t> positions;
  std::vector<float> values;
  for (Index cell = 0; cell < n; ++cell) {
    for (Index i = 0; i < state.range(0); ++i) {
      positions.push_back(static_cast<std::int32_t>((i * genes / state.range(0) + cell) % genes));
      values.push_back(1.0F);
    }
    offsets.push_back(static_cast<Index>(positions.size()));
  }
  for (auto _ : state) {
    kernels.sparse(width, n, genes, packed.data(), bias.data(), true, offsets.data(),
                   positions.data(), values.data(), y.data(), width);
    benchmark::ClobberMemory();
  }
  state.counters["cells"] =
      benchmark::Counter(static_cast<double>(n), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(sparse)->Arg(49)->Arg(98)->Arg(195)->Arg(300);

}  // namespace

BENCHMARK_MAIN();
