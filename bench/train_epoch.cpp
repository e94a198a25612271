// SPDX-License-Identifier: BSD-3-Clause
// Seconds per epoch at the published size: 6,462 samples, 977 -> 1024 -> 1024 -> 1298, dropout 0.3,
// AdamW, on random data. Usage: train_epoch [threads [batch [epochs]]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/random.hpp"
#include "kernels/kernels.hpp"
#include "parallel/thread_pool.hpp"
#include "train/network_trainer.hpp"

namespace {

using namespace sicmir;

Matrix random_matrix(Index rows, Index columns, std::uint64_t seed) {
  training::Random random(seed);
  Matrix result(rows, columns);
  for (Index i = 0; i < result.size(); ++i) result.data()[i] = 2.0f * random.uniform() - 1.0f;
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const Index batch = argc > 2 ? std::atoi(argv[2]) : 64;
  const int epochs = argc > 3 ? std::atoi(argv[3]) : 5;
  constexpr Index samples = 6462;
  const Matrix x = random_matrix(977, samples, 1);
  const Matrix y = random_matrix(1298, samples, 2);
  ThreadPool pool(threads);
  training::NetworkTrainer trainer({.n_inputs = 977, .hidden = {1024, 1024}, .n_outputs = 1298},
                                   batch + 1, 1, pool);
  Matrix batch_x(977, batch);
  Matrix batch_y(1298, batch);
  Index t = 0;
  std::vector<double> seconds;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    for (Index first = 0; first < samples; first += batch) {
      const Index n = std::min(batch, samples - first);
      batch_x.leftCols(n) = x.middleCols(first, n);
      batch_y.leftCols(n) = y.middleCols(first, n);
      ++t;
      trainer.step(batch_x.leftCols(n), batch_y.leftCols(n), training::adam_rule(1e-3, 0.0, t),
                   static_cast<std::uint64_t>(t));
    }
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const auto& phases = trainer.phases();
  std::sort(seconds.begin(), seconds.end());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "kernels %s, %d threads, batch %d: %.2f s an epoch (median of %d, best %.2f); "
      "forward %.2f, output %.2f, backward and update %.2f; peak memory %ld MB\n",
      kernels::active().name, threads, static_cast<int>(batch), seconds[seconds.size() / 2], epochs,
      seconds.front(), phases.forward / epochs, phases.output / epochs, phases.backward / epochs,
      usage.ru_maxrss / 1024);
  return 0;
}
