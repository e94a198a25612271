// SPDX-License-Identifier: BSD-3-Clause
#include "train/distil.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/log.hpp"
#include "base/random.hpp"
#include "statistics/linear_algebra.hpp"
#include "train/network_trainer.hpp"

namespace sicmir::training {

namespace {

constexpr Index batch = 256;
// The teacher is asked for this many inputs at a time; each serves in three steps.
constexpr Index round_inputs = 32 * batch;
constexpr Index passes = 3;
constexpr Index steps_of_round = passes * round_inputs / batch;
// Of the last fit in closed form, in rounds, and its ridge as a share of the mean square of a unit.
constexpr Index last_rounds = 6;
constexpr double last_ridge = 1e-3;

constexpr float largest_z = 6.0F;  // as the teacher's training samples

/// Two independent normal numbers at a time (Box and Muller 1958).
void add_noise(Random& random, float sd, Eigen::Ref<Eigen::VectorXf> z) {
  for (Index i = 0; i < z.size(); i += 2) {
    const float u = 1.0F - random.uniform();  // above 0
    const float radius = sd * std::sqrt(-2.0F * std::log(u));
    const float angle = 2.0F * std::numbers::pi_v<float> * random.uniform();
    z[i] += radius * std::cos(angle);
    if (i + 1 < z.size()) z[i + 1] += radius * std::sin(angle);
  }
}

float between(Random& random, float low, float high) {
  return low + (high - low) * random.uniform();
}

/// Inputs and what the teacher says of them.
struct Lessons {
  Matrix x, y;

  Lessons(const Network& teacher, Index n) : x(teacher.n_inputs(), n), y(teacher.n_outputs(), n) {}

  void make(const Network& teacher, const MadeUpInputs& inputs, Index first, ThreadPool& pool) {
    const Index tile = Network::tile_cells;
    std::vector<Network::Workspace> works(static_cast<std::size_t>(pool.size()));
    pool.run((x.cols() + tile - 1) / tile, [&](Index number, int worker) {
      const Index at = number * tile;
      const Index n = std::min(tile, x.cols() - at);
      for (Index i = at; i < at + n; ++i) inputs.make(first + i, x.col(i));
      teacher.predict(x.middleCols(at, n), y.middleCols(at, n),
                      works[static_cast<std::size_t>(worker)]);
    });
  }
};

/// Outputs of all layers but the last, each sample with a 1 below: units + 1 x samples.
Matrix hidden_units(std::span<const Layer> layers, const Matrix& x) {
  Matrix values = x;
  for (const Layer& layer : layers.first(layers.size() - 1)) {
    if (const auto* linear = std::get_if<Linear>(&layer)) {
      Matrix next = algebra::float_product(linear->weight, values);
      next.colwise() += linear->bias;
      values = std::move(next);
    } else {
      values = values.cwiseMax(0.0F).eval();
    }
  }
  values.conservativeResize(values.rows() + 1, Eigen::NoChange);
  values.row(values.rows() - 1).setOnes();
  return values;
}

/// The last layer of least squares, drawn towards what it was.
void refit_last_layer(std::vector<Layer>& layers, const Network& teacher,
                      const MadeUpInputs& inputs, Index first, ThreadPool& pool) {
  auto& last = std::get<Linear>(layers.back());
  Matrix now(last.weight.rows(), last.weight.cols() + 1);
  now << last.weight, last.bias;
  const Index units = now.cols();
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(units, units);
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(units, now.rows());
  Lessons lessons(teacher, round_inputs);
  for (Index round = 0; round < last_rounds; ++round) {
    lessons.make(teacher, inputs, first + round * round_inputs, pool);
    const Matrix hidden = hidden_units(layers, lessons.x);
    const Matrix rest = lessons.y - algebra::float_product(now, hidden);
    const Eigen::MatrixXd wide = hidden.cast<double>();
    system += algebra::lower_outer(wide);
    algebra::add_product(right, wide, Eigen::MatrixXd(rest.transpose().cast<double>()));
  }
  system.diagonal().array() += last_ridge * system.diagonal().mean();
  const Eigen::MatrixXd change = algebra::solve_positive(system, right).transpose();
  last.weight += change.leftCols(units - 1).cast<float>();
  last.bias += change.col(units - 1).cast<float>();
}

}  // namespace

void MadeUpInputs::make(Index number, Eigen::Ref<Eigen::VectorXf> z) const {
  Random random(key(seed_, Purpose::made_up, static_cast<std::uint64_t>(number)));
  const auto any_sample = [&] {
    return samples_.col(
        static_cast<Index>(random.below(static_cast<std::uint64_t>(samples_.cols()))));
  };
  if (random.below(4) == 0) {
    z = any_sample();
    return;
  }
  const std::uint64_t n_mixed = 1 + random.below(3);
  float total = 0.0F;
  z.setZero();
  for (std::uint64_t i = 0; i < n_mixed; ++i) {
    const float share = -std::log(1.0F - random.uniform());  // exponential: uniform over all shares
    z += share * any_sample();
    total += share;
  }
  z *= between(random, 0.7F, 1.4F) / std::max(total, 1e-6F);
  const bool noisy = random.below(8) == 0;
  add_noise(random, noisy ? between(random, 0.5F, 1.5F) : between(random, 0.0F, 0.5F), z);
  if (random.below(2) == 0) {
    const float hidden = between(random, 0.0F, 0.3F);
    for (float& value : z.reshaped()) {
      if (random.uniform() < hidden) value = 0.0F;
    }
  }
  z = z.cwiseMax(-largest_z).cwiseMin(largest_z).eval();
}

std::vector<Layer> distil(const Network& teacher, const Matrix& samples,
                          const DistilOptions& options, ThreadPool& pool) {
  if (options.steps < 1 || samples.cols() < 1 || samples.rows() != teacher.n_inputs()) {
    throw Error(ExitCode::internal, "a network cannot be distilled from nothing");
  }
  const MadeUpInputs inputs(samples, options.seed);
  NetworkTrainer trainer({.n_inputs = teacher.n_inputs(),
                          .hidden = options.hidden,
                          .n_outputs = teacher.n_outputs(),
                          .order = LayerOrder::relu,
                          .dropout = 0.0},
                         batch, key(options.seed, Purpose::member, 1), pool);
  const auto n_steps = static_cast<double>(options.steps);
  const double warm_up = std::max(1.0, n_steps / 100.0);
  Lessons lessons(teacher, round_inputs);
  Matrix x(teacher.n_inputs(), batch);
  Matrix y(teacher.n_outputs(), batch);
  std::vector<Index> order(static_cast<std::size_t>(round_inputs));
  double loss = 0.0;
  Index round = 0;
  for (Index step = 0; step < options.steps; ++step) {
    const Index at = step % steps_of_round * batch % round_inputs;
    if (step % steps_of_round == 0) {
      lessons.make(teacher, inputs, round++ * round_inputs, pool);
      loss = 0.0;
    }
    if (at == 0) {
      std::iota(order.begin(), order.end(), Index{0});
      Random(key(options.seed, Purpose::order, static_cast<std::uint64_t>(step))).shuffle(order);
    }
    for (Index i = 0; i < batch; ++i) {
      const Index from = order[static_cast<std::size_t>(at + i)];
      x.col(i) = lessons.x.col(from);
      y.col(i) = lessons.y.col(from);
    }
    const auto done = static_cast<double>(step);
    const double rate = options.learning_rate * std::min(1.0, (done + 1.0) / warm_up) *
                        (1.0 + std::cos(std::numbers::pi * done / n_steps)) / 2.0;
    loss +=
        trainer.step(x, y, adam_rule(rate, 0.0, step + 1), 0) / static_cast<double>(steps_of_round);
    if (!std::isfinite(loss)) {
      throw Error(ExitCode::bad_input, "the network that was to be distilled has diverged");
    }
    if ((step + 1) % (steps_of_round * 4) == 0) {
      log_info("{}: distilling, step {}/{}: mean squared difference {:.4f}", options.label,
               step + 1, options.steps, loss);
    }
  }
  std::vector<Layer> layers = trainer.layers();
  refit_last_layer(layers, teacher, inputs, round * round_inputs, pool);
  return layers;
}

}  // namespace sicmir::training
