// SPDX-License-Identifier: BSD-3-Clause
#include "train/profile_prior.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/log.hpp"
#include "base/random.hpp"
#include "statistics/linear_algebra.hpp"

namespace sicmir::training {

namespace {

using MatrixD = Eigen::MatrixXd;
using VectorD = Eigen::VectorXd;
using Positions = std::vector<Index>;

// Chosen on held-out cohorts and patients; none of them is sharp (docs/accuracy.md).
constexpr double within_share = 0.2;  // of the covariance within kinds of tissue
constexpr double sharpness = 0.2;     // of the weights: errors of a prediction are not independent
constexpr double cohort_error_share = 0.3;  // of errors that whole cohorts have in common
constexpr double rest_share = 0.5;          // of what the components do not hold
constexpr double slope_ridge = 20.0;
constexpr double floor = 1e-3;
constexpr Index fewest = 50;
constexpr Index samples_per_component = 10;

std::vector<Index> numbered(std::span<const std::string> names) {
  std::map<std::string_view, Index> numbers;
  for (const std::string& name : names) numbers.emplace(name, 0);
  Index next = 0;
  for (auto& [name, number] : numbers) number = next++;
  std::vector<Index> result;
  result.reserve(names.size());
  for (const std::string& name : names) result.push_back(numbers.at(name));
  return result;
}

/// Each column less the mean of its group's columns.
MatrixD within_groups(const MatrixD& values, std::span<const Index> group_of) {
  const Index n_groups = *std::max_element(group_of.begin(), group_of.end()) + 1;
  MatrixD mean = MatrixD::Zero(values.rows(), n_groups);
  VectorD n = VectorD::Zero(n_groups);
  for (Index i = 0; i < values.cols(); ++i) {
    mean.col(group_of[static_cast<std::size_t>(i)]) += values.col(i);
    n[group_of[static_cast<std::size_t>(i)]] += 1.0;
  }
  for (Index group = 0; group < n_groups; ++group) mean.col(group) /= std::max(1.0, n[group]);
  MatrixD result = values;
  for (Index i = 0; i < values.cols(); ++i) {
    result.col(i) -= mean.col(group_of[static_cast<std::size_t>(i)]);
  }
  return result;
}

MatrixD covariance(const MatrixD& centred) {
  return algebra::product_with_transposed(centred, centred) / static_cast<double>(centred.cols());
}

MatrixD side_by_side(const MatrixD& left, const MatrixD& right) {
  MatrixD both(left.rows(), left.cols() + right.cols());
  both << left, right;
  return both;
}

Positions complete_mirnas(const PriorData& data) {
  Positions result;
  for (Index mirna = 0; mirna < data.y.rows(); ++mirna) {
    const bool complete =
        !data.y.row(mirna).array().isNaN().any() && !data.profiles.row(mirna).array().isNaN().any();
    if (complete) result.push_back(mirna);
  }
  return result;
}

/// The leading principal components of the profiles.
struct Components {
  VectorD mean;
  MatrixD directions;  // miRNAs x components, of length 1

  Components(const MatrixD& profiles, Index most) : mean(profiles.rowwise().mean()) {
    const algebra::Eigenpairs all = algebra::eigenpairs(covariance(profiles.colwise() - mean));
    directions = all.vectors.rightCols(std::min(most, profiles.rows())).rowwise().reverse();
  }
  [[nodiscard]] MatrixD of(const MatrixD& values) const {
    return algebra::transposed_product(directions, values.colwise() - mean);
  }
};

/// How predictions relate to the truth, in components: p = slope t + shift + error.
struct ErrorModel {
  MatrixD slope, error;
  VectorD shift;

  ErrorModel(const KernelRidge& base, const PriorData& data, const Positions& mirnas,
             const Components& components) {
    const std::span<const Index> cohort_of = data.cohort_of;
    const MatrixD t = components.of(data.y(mirnas, Eigen::all).cast<double>());
    const MatrixD by_cohort = components.of(base.without_groups(mirnas, cohort_of));
    const MatrixD by_patient = components.of(base.without_groups(mirnas, data.fold_of));
    const MatrixD true_within = within_groups(t, cohort_of);
    const MatrixD within = side_by_side(true_within, true_within);
    const MatrixD predicted_within =
        side_by_side(within_groups(by_cohort, cohort_of), within_groups(by_patient, cohort_of));
    MatrixD system = algebra::product_with_transposed(within, within);
    system.diagonal().array() += slope_ridge;
    slope =
        algebra::solve_positive(system, algebra::product_with_transposed(within, predicted_within))
            .transpose();
    MatrixD rest = predicted_within;
    algebra::subtract_product(rest, slope, within);
    error = covariance(rest);

    const MatrixD truth = side_by_side(t, t);
    const MatrixD predicted = side_by_side(by_cohort, by_patient);
    const VectorD true_mean = truth.rowwise().mean();
    const VectorD predicted_mean = predicted.rowwise().mean();
    rest = predicted.colwise() - predicted_mean;
    algebra::subtract_product(rest, slope, truth.colwise() - true_mean);
    error += cohort_error_share * covariance(rest);
    shift = predicted_mean - slope * true_mean;
  }
};

Positions drawn(Index n, Index most, std::uint64_t seed) {
  Positions all(static_cast<std::size_t>(n));
  std::iota(all.begin(), all.end(), Index{0});
  if (n <= most) return all;
  Random(key(seed, Purpose::profiles)).shuffle(all);
  all.resize(static_cast<std::size_t>(most));
  std::sort(all.begin(), all.end());
  return all;
}

/// Puts the lines of some miRNAs into a layer of all.
Linear spread_out(const MatrixD& weight, const Positions& mirnas, Index n) {
  Linear layer{Matrix::Zero(n, weight.cols()), Eigen::VectorXf::Zero(n)};
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    layer.weight.row(mirnas[i]) = weight.row(static_cast<Index>(i)).cast<float>();
  }
  return layer;
}

Linear linear_of(const MatrixD& weight, const VectorD& bias) {
  return {weight.cast<float>(), bias.cast<float>()};
}

/// Layers that make weight k + constant of z-scores, in few numbers: their linear part goes through
/// the same hidden layer, since Huber(a + 1) - Huber(a - 1) = 2 a where both are squares. Beyond,
/// it stays at its bound, which is 64 standard errors here.
std::vector<Layer> query_layers(const KernelRidge& base, const MatrixD& weight,
                                const VectorD& constant) {
  constexpr double unit = 32.0;
  std::vector<Layer> layers = base.square_layers();
  auto& first = std::get<Linear>(layers.front());
  const Linear line = base.line(weight, constant);
  const Index n = weight.cols();
  const Index k = weight.rows();
  first.weight.conservativeResize(n + 2 * k, Eigen::NoChange);
  first.bias.conservativeResize(n + 2 * k);
  MatrixD last = MatrixD::Zero(k, n + 2 * k);
  last.leftCols(n) = weight;
  for (const double sign : {1.0, -1.0}) {
    const Index at = n + (sign > 0.0 ? 0 : k);
    first.weight.middleRows(at, k) = line.weight / static_cast<float>(unit);
    first.bias.segment(at, k) =
        (line.bias / static_cast<float>(unit)).array() + static_cast<float>(sign);
    last.middleCols(at, k).diagonal().setConstant(sign * unit / 2.0);
  }
  layers.emplace_back(linear_of(last, VectorD::Zero(k)));
  return layers;
}

}  // namespace

ProfilePrior fit_profile_prior(const KernelRidge& base, const PriorData& data,
                               const PriorOptions& options) {
  const Positions mirnas = complete_mirnas(data);
  if (static_cast<Index>(mirnas.size()) < fewest || data.profiles.cols() < fewest) {
    throw Error(ExitCode::bad_input,
                fmt::format("a prior needs {} miRNAs that every sample has and {} samples with "
                            "miRNAs; there are {} and {}.",
                            fewest, fewest, mirnas.size(), data.profiles.cols()),
                {Remedy::train_without_prior});
  }
  const MatrixD profiles = data.profiles(mirnas, Eigen::all).cast<double>();
  const Index most = std::max<Index>(1, data.y.cols() / samples_per_component);
  const Components components(profiles, std::min(options.n_components, most));
  const MatrixD known = components.of(profiles);  // components x profiles
  const ErrorModel model(base, data, mirnas, components);
  const Index k = known.rows();

  const MatrixD tissue = covariance(within_groups(known, numbered(data.profile_kinds)));
  // How far predictions lie from that of a profile.
  const MatrixD around = algebra::product_with_transposed(
                             algebra::product(within_share, model.slope, tissue), model.slope) +
                         model.error + floor * MatrixD::Identity(k, k);
  const MatrixD gain =
      algebra::product(algebra::product(within_share, tissue, model.slope.transpose()),
                       algebra::inverse_of_positive(around));
  const MatrixD whiten = algebra::inverse_of_lower(algebra::cholesky(around));

  const Positions chosen = drawn(known.cols(), options.n_profiles, options.seed);
  const MatrixD prior = known(Eigen::all, chosen);
  const MatrixD keys = algebra::product(algebra::product(whiten, model.slope), prior);
  log_debug("prior: {} profiles of {} miRNAs in {} components", chosen.size(), mirnas.size(), k);

  const MatrixD weight = base.alpha()(mirnas, Eigen::all);
  const VectorD constant = base.constant()(mirnas) - components.mean;
  const MatrixD& directions = components.directions;
  const MatrixD to_components = algebra::transposed_product(directions, weight);
  const VectorD at_zero = directions.transpose() * constant;

  ProfilePrior result;
  result.attention =
      query_layers(base, algebra::product(whiten, to_components), whiten * (at_zero - model.shift));
  std::vector<Layer>& attention = result.attention;
  attention.emplace_back(linear_of(sharpness * keys.transpose(),
                                   -0.5 * sharpness * keys.colwise().squaredNorm().transpose()));
  attention.emplace_back(Softmax{});
  MatrixD pull = MatrixD::Identity(k, k);
  algebra::subtract_product(pull, gain, model.slope);
  attention.emplace_back(linear_of(algebra::product(pull, prior), VectorD::Zero(k)));
  attention.emplace_back(spread_out(directions, mirnas, data.y.rows()));

  // The mean profile, what the components of the prediction add, and half of what they leave.
  const MatrixD kept = algebra::product(directions, gain - rest_share * MatrixD::Identity(k, k));
  result.weight = base.alpha();
  MatrixD mixed = rest_share * weight;
  algebra::add_product(mixed, kept, to_components);
  result.weight(mirnas, Eigen::all) = mixed;
  result.constant = base.constant();
  result.constant(mirnas) =
      components.mean - directions * (gain * model.shift) + rest_share * constant + kept * at_zero;
  return result;
}

}  // namespace sicmir::training
