#include "train/profile_prior.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <map>
#include <numeric>

#include "train/kernel_ridge.hpp"
#include "train/random.hpp"
#include "train/ridge.hpp"

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
  return centred * centred.transpose() / static_cast<double>(centred.cols());
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
    const Eigen::SelfAdjointEigenSolver<MatrixD> solver(covariance(profiles.colwise() - mean));
    directions =
        solver.eigenvectors().rightCols(std::min(most, profiles.rows())).rowwise().reverse();
  }
  [[nodiscard]] MatrixD of(const MatrixD& values) const {
    return directions.transpose() * (values.colwise() - mean);
  }
};

/// How predictions relate to the truth, in components: p = slope t + shift + error.
struct ErrorModel {
  MatrixD slope, error;
  VectorD shift;

  ErrorModel(const PriorData& data, const Positions& mirnas, const Components& components,
             double penalty) {
    const Matrix targets = data.y(mirnas, Eigen::all);
    const std::vector<Index> cohort_of = numbered(data.cohorts);
    const MatrixD t = components.of(targets.cast<double>());
    const MatrixD by_cohort =
        components.of(ridge_without_groups(data.x, targets, penalty, cohort_of));
    const MatrixD by_patient =
        components.of(ridge_without_groups(data.x, targets, penalty, data.fold_of));
    const MatrixD true_within = within_groups(t, cohort_of);
    const MatrixD within = side_by_side(true_within, true_within);
    const MatrixD predicted_within =
        side_by_side(within_groups(by_cohort, cohort_of), within_groups(by_patient, cohort_of));
    MatrixD system = within * within.transpose();
    system.diagonal().array() += slope_ridge;
    slope = system.llt().solve(within * predicted_within.transpose()).transpose();
    error = covariance(predicted_within - slope * within);

    const MatrixD truth = side_by_side(t, t);
    const MatrixD predicted = side_by_side(by_cohort, by_patient);
    const VectorD true_mean = truth.rowwise().mean();
    const VectorD predicted_mean = predicted.rowwise().mean();
    error += cohort_error_share * covariance((predicted.colwise() - predicted_mean) -
                                             slope * (truth.colwise() - true_mean));
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
Linear spread_out(const MatrixD& weight, const VectorD& bias, const Positions& mirnas, Index n) {
  Linear layer{Matrix::Zero(n, weight.cols()), Eigen::VectorXf::Zero(n)};
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    layer.weight.row(mirnas[i]) = weight.row(static_cast<Index>(i)).cast<float>();
    layer.bias[mirnas[i]] = static_cast<float>(bias[static_cast<Index>(i)]);
  }
  return layer;
}

Linear linear_of(const MatrixD& weight, const VectorD& bias) {
  return {weight.cast<float>(), bias.cast<float>()};
}

}  // namespace

std::vector<std::vector<Layer>> fit_profile_prior(const PriorData& data,
                                                  const PriorOptions& options) {
  const Positions mirnas = complete_mirnas(data);
  if (static_cast<Index>(mirnas.size()) < fewest || data.profiles.cols() < fewest) {
    throw Error(ExitCode::bad_input,
                fmt::format("a prior needs {} miRNAs that every sample has and {} samples with "
                            "miRNAs; there are {} and {}. Leave --prior out, or give more tables.",
                            fewest, fewest, mirnas.size(), data.profiles.cols()));
  }
  const MatrixD profiles = data.profiles(mirnas, Eigen::all).cast<double>();
  const Index most = std::max<Index>(1, data.x.cols() / samples_per_component);
  const Components components(profiles, std::min(options.n_components, most));
  const MatrixD known = components.of(profiles);  // components x profiles
  const ErrorModel model(data, mirnas, components, options.penalty);
  const Index k = known.rows();

  const MatrixD tissue = covariance(within_groups(known, numbered(data.profile_kinds)));
  // How far predictions lie from that of a profile.
  const MatrixD around = within_share * model.slope * tissue * model.slope.transpose() +
                         model.error + floor * MatrixD::Identity(k, k);
  const Eigen::LLT<MatrixD> solver(around);
  const MatrixD gain =
      (within_share * tissue * model.slope.transpose()) * solver.solve(MatrixD::Identity(k, k));
  const MatrixD root = solver.matrixL();
  const MatrixD whiten = root.triangularView<Eigen::Lower>().solve(MatrixD::Identity(k, k));

  const Positions chosen = drawn(known.cols(), options.n_profiles, options.seed);
  const MatrixD prior = known(Eigen::all, chosen);
  const MatrixD keys = whiten * model.slope * prior;
  spdlog::debug("prior: {} profiles of {} miRNAs in {} components", chosen.size(), mirnas.size(),
                k);

  // The ridge regression, whose predictions the rest is linear in.
  const double penalty = options.penalty * static_cast<double>(data.x.rows());
  const Linear ridge = fit_ridge(data.x, data.y, penalty);
  const MatrixD weight = ridge.weight(mirnas, Eigen::all).cast<double>();
  const VectorD bias = ridge.bias(mirnas).cast<double>();
  const MatrixD to_components = components.directions.transpose() * weight;
  const VectorD at_zero = components.directions.transpose() * (bias - components.mean);

  const Index n = data.y.rows();
  const MatrixD& directions = components.directions;
  std::vector<Layer> attention;
  attention.emplace_back(linear_of(whiten * to_components, whiten * (at_zero - model.shift)));
  attention.emplace_back(linear_of(sharpness * keys.transpose(),
                                   -0.5 * sharpness * keys.colwise().squaredNorm().transpose()));
  attention.emplace_back(Softmax{});
  attention.emplace_back(
      linear_of((MatrixD::Identity(k, k) - gain * model.slope) * prior, VectorD::Zero(k)));
  attention.emplace_back(spread_out(directions, VectorD::Zero(directions.rows()), mirnas, n));

  // The mean profile, what the components of the prediction add, and half of what they leave.
  const MatrixD kept = directions * (gain - rest_share * MatrixD::Identity(k, k));
  const VectorD constant = components.mean - directions * (gain * model.shift) +
                           rest_share * (bias - components.mean) + kept * at_zero;
  Linear rest = ridge;
  const Linear own = spread_out(rest_share * weight + kept * to_components, constant, mirnas, n);
  for (const Index mirna : mirnas) {
    rest.weight.row(mirna) = own.weight.row(mirna);
    rest.bias[mirna] = own.bias[mirna];
  }
  return {std::move(attention), {std::move(rest)}};
}

}  // namespace sicmir::training
