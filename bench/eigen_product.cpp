// SPDX-License-Identifier: BSD-3-Clause
// Eigen's product at the size of bench/kernels.cpp, for comparison; compiled for x86-64-v3. Needs
// Google Benchmark.
#include <benchmark/benchmark.h>

#include <Eigen/Core>

namespace {

/// 1024 features from 1024 inputs; argument: cells at once.
void eigen(benchmark::State& state) {
  constexpr Eigen::Index width = 1024;
  const Eigen::Index n = state.range(0);
  const Eigen::MatrixXf weights = Eigen::MatrixXf::Random(width, width);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(width, n);
  Eigen::MatrixXf y(width, n);
  for (auto _ : state) {
    y.noalias() = weights * x;
    benchmark::DoNotOptimize(y.data());
    benchmark::ClobberMemory();
  }
  state.counters["FLOP"] = benchmark::Counter(static_cast<double>(2 * width * width * n),
                                              benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(eigen)->Arg(16)->Arg(64)->Arg(256);

}  // namespace

BENCHMARK_MAIN();
