// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/cell_view.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "base/log.hpp"
#include "base/nan.hpp"
#include "base/random.hpp"
#include "base/text_list.hpp"
#include "cells/groups.hpp"
#include "cells/prepared_input.hpp"

namespace sicmir {
namespace {

constexpr Index no_group = -1;

/// Counts of z by group, miRNA and bin.
class Histograms {
 public:
  Histograms(Index n_groups, Index n_mirnas) : n_mirnas_(n_mirnas) {
    const Index n = std::max<Index>(1, n_groups * n_mirnas);
    while (bins_ > 16 && n * bins_ > most_counts) bins_ /= 2;
    counts_.assign(static_cast<std::size_t>(n_groups * n_mirnas * bins_), 0);
  }
  [[nodiscard]] std::uint16_t bin(float z) const {
    const float place = (z + limit) * static_cast<float>(bins_) / (2 * limit);
    return static_cast<std::uint16_t>(std::clamp(place, 0.0F, static_cast<float>(bins_ - 1)));
  }
  void add(Index group, const float* z) {
    std::uint32_t* counts = counts_.data() + group * n_mirnas_ * bins_;
    for (Index mirna = 0; mirna < n_mirnas_; ++mirna) ++counts[mirna * bins_ + bin(z[mirna])];
  }
  [[nodiscard]] std::vector<double> of(Index group, Index mirna) const {
    const auto first =
        counts_.begin() + static_cast<std::ptrdiff_t>((group * n_mirnas_ + mirna) * bins_);
    return {first, first + static_cast<std::ptrdiff_t>(bins_)};
  }
  [[nodiscard]] Index bins() const { return bins_; }

 private:
  static constexpr float limit = 8;                 // z beyond are in the last bins
  static constexpr Index most_counts = 32'000'000;  // 128 MB
  Index n_mirnas_;
  Index bins_ = 256;
  std::vector<std::uint32_t> counts_;
};

/// Predictions of the drawn cells in 16 bits each: steps of 0.001, up to 32.767 either way.
class Kept {
 public:
  explicit Kept(Index n_mirnas) : n_mirnas_(n_mirnas) {}
  void add(const float* z) {
    for (Index mirna = 0; mirna < n_mirnas_; ++mirna) {
      values_.push_back(
          static_cast<std::int16_t>(std::lround(std::clamp(z[mirna], -32.0F, 32.0F) * 1000.0F)));
    }
  }
  [[nodiscard]] Index size() const { return static_cast<Index>(values_.size()) / n_mirnas_; }
  [[nodiscard]] Index n_mirnas() const { return n_mirnas_; }
  void read(Index cell, Eigen::VectorXd& z) const {
    const std::int16_t* from = values_.data() + cell * n_mirnas_;
    for (Index mirna = 0; mirna < n_mirnas_; ++mirna) z[mirna] = from[mirna] / 1000.0;
  }

 private:
  Index n_mirnas_;
  std::vector<std::int16_t> values_;
};

/// Collects what a CellView holds while cells are predicted.
class ViewSink final : public MatrixSink {
 public:
  ViewSink(CellView& view, const CellViewOptions& options, const CellGroups& groups,
           const std::vector<std::string>& names, const std::vector<Index>& n_of_group,
           Index n_mirnas)
      : view_(view),
        options_(options),
        groups_(groups),
        n_mirnas_(n_mirnas),
        histograms_(static_cast<Index>(names.size()), n_mirnas),
        kept_(n_mirnas) {
    std::map<std::string, Index> positions;
    for (std::size_t i = 0; i < names.size(); ++i) positions.emplace(names[i], i);
    for (const CellGroup& group : groups.groups()) {
      const auto found = positions.find(as_utf8(group.name));
      position_of_.push_back(found == positions.end() ? no_group : found->second);
    }
    const std::vector<Index> quota = cell_view::quotas(n_of_group, options.most_cells);
    for (std::size_t i = 0; i < names.size(); ++i) {
      draws_.emplace_back(quota[i], n_of_group[i],
                          training::key(options.seed, training::Purpose::split, i));
    }
    view.n_of_group.assign(names.size(), 0);
  }

  void begin(const OutputHeader& header) override { view_.facts = header.facts; }
  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    block.values.resize(static_cast<std::size_t>(values.size()));
    Eigen::Map<Matrix>(block.values.data(), values.rows(), values.cols()) = values;
  }
  void write(EncodedBlock&& block) override {
    for (std::size_t i = 0; i < block.cells.size(); ++i) {
      const float* z = block.values.data() + static_cast<Index>(i) * n_mirnas_;
      add(block.input_cells[i], block.cells[i], z);
    }
  }
  void finish() override {
    const auto n = static_cast<Index>(options_.mirnas.size());
    view_.mirnas = Eigen::Map<const Matrix>(chosen_.data(), n,
                                            n > 0 ? static_cast<Index>(chosen_.size()) / n : 0);
  }

  [[nodiscard]] const Histograms& histograms() const { return histograms_; }
  [[nodiscard]] const Kept& kept() const { return kept_; }

 private:
  void add(Index cell, const std::string& name, const float* z) {
    ++view_.n_cells;
    const std::int32_t listed = groups_.of(cell, name);
    if (listed == CellGroups::no_group) return;
    const Index group = position_of_[static_cast<std::size_t>(listed)];
    if (group == no_group || std::isnan(z[0])) return;  // without a profile, or empty
    ++view_.n_grouped;
    ++view_.n_of_group[static_cast<std::size_t>(group)];
    histograms_.add(group, z);
    if (!draws_[static_cast<std::size_t>(group)].takes_next()) return;
    view_.cells.push_back(cell);
    view_.names.push_back(as_utf8(name));
    view_.groups.push_back(group);
    for (const Index mirna : options_.mirnas) chosen_.push_back(z[mirna]);
    if (options_.components) kept_.add(z);
  }

  CellView& view_;
  const CellViewOptions& options_;
  const CellGroups& groups_;
  Index n_mirnas_;
  std::vector<Index> position_of_;  // per group of the input
  std::vector<training::Selection> draws_;
  Histograms histograms_;
  Kept kept_;
  std::vector<float> chosen_;
};

/// The two directions of the largest variance, by orthogonal iteration (Golub and Van Loan, Matrix
/// Computations, 8.2.4); values: cells x miRNAs, centred. Returns the variances along them.
Eigen::Vector2d leading_directions(const Eigen::MatrixXd& values, Eigen::MatrixXd& directions) {
  constexpr int most_steps = 300;
  constexpr double close_enough = 1e-7;
  const Index n = values.cols();
  directions.resize(n, 2);
  training::Random random(1);  // any start will do that is not orthogonal to them
  for (Index k = 0; k < 2; ++k) {
    for (Index i = 0; i < n; ++i) directions(i, k) = random.uniform() - 0.5F;
  }
  Eigen::Vector2d variances = Eigen::Vector2d::Zero();
  for (int step = 0; step < most_steps; ++step) {
    Eigen::MatrixXd next = Eigen::MatrixXd::Zero(n, 2);
    for (Index k = 0; k < 2; ++k) {
      const Eigen::VectorXd scores = values * directions.col(k);
      next.col(k) = values.transpose() * scores;
    }
    for (Index k = 0; k < 2; ++k) {
      if (k == 1) next.col(1) -= next.col(0).dot(next.col(1)) * next.col(0);
      variances[k] = next.col(k).norm();
      if (variances[k] > 0) next.col(k) /= variances[k];
    }
    const double change = (next - directions).norm();
    directions = next;
    if (change < close_enough) break;
  }
  return variances;
}

void project(const Kept& kept, CellView& view) {
  const Index n_cells = kept.size();
  const Index n_mirnas = kept.n_mirnas();
  view.components = Matrix::Zero(2, n_cells);
  view.explained = {0, 0};
  if (n_cells < 3) return;
  constexpr Index enough_cells = 3000;
  const Index n = std::min(n_cells, enough_cells);
  Eigen::MatrixXd values(n, n_mirnas);
  Eigen::VectorXd z(n_mirnas);
  for (Index i = 0; i < n; ++i) {
    kept.read(i * n_cells / n, z);
    values.row(i) = z.transpose();
  }
  const Eigen::RowVectorXd mean = values.colwise().mean();
  values.rowwise() -= mean;
  Eigen::MatrixXd directions;
  const Eigen::Vector2d variances = leading_directions(values, directions);
  const double total = values.squaredNorm();
  view.n_component_cells = n;
  for (Index k = 0; k < 2; ++k) {
    view.explained[static_cast<std::size_t>(k)] = total > 0 ? variances[k] / total : 0;
    Index largest = 0;
    directions.col(k).cwiseAbs().maxCoeff(&largest);
    if (directions(largest, k) < 0) directions.col(k) *= -1;
  }
  for (Index i = 0; i < n_cells; ++i) {
    kept.read(i, z);
    for (Index k = 0; k < 2; ++k) {
      view.components(k, i) = static_cast<float>((z - mean.transpose()).dot(directions.col(k)));
    }
  }
}

void set_aucs(const Histograms& histograms, Index n_groups, Index n_mirnas, CellView& view) {
  view.auc.assign(static_cast<std::size_t>(n_groups),
                  std::vector<CellAuc>(static_cast<std::size_t>(n_mirnas)));
  const auto bins = static_cast<std::size_t>(histograms.bins());
  std::vector<double> others(bins);
  for (Index mirna = 0; mirna < n_mirnas; ++mirna) {
    std::vector<double> all(bins, 0);
    for (Index group = 0; group < n_groups; ++group) {
      const std::vector<double> one = histograms.of(group, mirna);
      for (std::size_t i = 0; i < bins; ++i) all[i] += one[i];
    }
    for (Index group = 0; group < n_groups; ++group) {
      const std::vector<double> one = histograms.of(group, mirna);
      for (std::size_t i = 0; i < bins; ++i) others[i] = all[i] - one[i];
      view.auc[static_cast<std::size_t>(group)][static_cast<std::size_t>(mirna)] =
          cell_view::auc_of(one, others);
    }
  }
}

}  // namespace

namespace cell_view {

GroupSizes sizes_of(const Profiles& profiles) {
  std::map<std::string, Index> sizes;
  for (const Profile& profile : profiles.profiles) sizes[profile.group] += profile.n_cells;
  GroupSizes result;
  for (const auto& [name, n] : sizes) {
    result.names.push_back(name);
    result.n_cells.push_back(n);
  }
  return result;
}

std::vector<Index> quotas(const std::vector<Index>& n_of_group, Index most) {
  const Index n = std::accumulate(n_of_group.begin(), n_of_group.end(), Index{0});
  if (n <= most) return n_of_group;
  constexpr Index at_least = 200;
  const auto n_groups = static_cast<Index>(n_of_group.size());
  const Index floor = std::min(at_least, most / n_groups);
  std::vector<Index> result;
  Index n_floor = 0;
  for (const Index size : n_of_group) {
    result.push_back(std::min(size, floor));
    n_floor += result.back();
  }
  // In proportion to what is left of each; rounded down.
  const double share = static_cast<double>(most - n_floor) / static_cast<double>(n - n_floor);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] += static_cast<Index>(share * static_cast<double>(n_of_group[i] - result[i]));
  }
  return result;
}

CellAuc auc_of(const std::vector<double>& group, const std::vector<double>& others) {
  const double n_group = std::accumulate(group.begin(), group.end(), 0.0);
  const double n_others = std::accumulate(others.begin(), others.end(), 0.0);
  if (n_group == 0 || n_others == 0) return {nan, nan};
  double below = 0;  // of the others
  double wins = 0;
  double ties = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    wins += group[i] * below;
    ties += group[i] * others[i];
    below += others[i];
  }
  const double pairs = n_group * n_others;
  return {(wins + ties / 2) / pairs, ties / 2 / pairs};
}

}  // namespace cell_view

CellView view_cells(CellSource& source, const PreparedModel& model, const GeneIndex& index,
                    const GroupingOptions& grouping, const Profiles& profiles,
                    const CellViewOptions& options) {
  const cell_view::GroupSizes groups = cell_view::sizes_of(profiles);
  CellView view;
  const CellGroups listed = CellGroups::open(grouping, source.description());
  const auto n_mirnas = static_cast<Index>(model.card().mirnas.size());
  ViewSink sink(view, options, listed, groups.names, groups.n_cells, n_mirnas);
  PredictOptions predicting;
  static_cast<ReadingOptions&>(predicting) = static_cast<const ReadingOptions&>(options);
  predicting.scale = Scale::dataset;
  predicting.empty_cells = EmptyCells::as_nan;
  (void)predict(source, model, index, predicting, sink);
  set_aucs(sink.histograms(), static_cast<Index>(groups.names.size()), n_mirnas, view);
  if (options.components) project(sink.kept(), view);
  return view;
}

void add_aucs(const CellView& view, const Profiles& profiles, MarkerSet& markers) {
  const std::vector<std::string> names = cell_view::sizes_of(profiles).names;
  for (MarkerGroup& group : markers.groups) {
    const auto found = std::lower_bound(names.begin(), names.end(), group.name);
    const std::vector<CellAuc>& aucs = view.auc[static_cast<std::size_t>(found - names.begin())];
    for (Marker& one : group.markers) {
      one.auc = aucs[static_cast<std::size_t>(one.mirna)].auc;
      one.auc_error = aucs[static_cast<std::size_t>(one.mirna)].error;
    }
  }
}

GeneView view_genes(CellSource& source, const GeneIndex& index, const UnitRecipe& recipe,
                    const std::vector<Index>& cells, const ReadingOptions& options) {
  ReadingOptions reading = options;
  reading.genes.min_panel = 0;
  reading.scale = Scale::none;
  reading.values = Values::counts;
  reading.empty_cells = EmptyCells::as_nan;
  GeneView view;
  const FeatureTable& features = source.features();
  const bool has_any = std::any_of(
      features.columns.begin(), features.columns.end(), [&](const FeatureColumn& column) {
        return std::any_of(column.ids.begin(), column.ids.end(),
                           [&](const std::string& id) { return index.find(id).has_value(); });
      });
  if (!has_any) {
    view.values = Matrix::Zero(0, static_cast<Index>(cells.size()));
    return view;
  }
  PreparedInput input(source, index, reading);
  (void)input.decide(recipe);
  std::vector<Index> line_of(static_cast<std::size_t>(index.panel_size()), -1);
  for (std::size_t gene = 0; gene < line_of.size(); ++gene) {
    if (input.genes().present()[gene] == 0) continue;
    line_of[gene] = static_cast<Index>(view.genes.size());
    view.genes.push_back(index.panel().genes[gene].symbol);
  }
  view.values =
      Matrix::Zero(static_cast<Index>(view.genes.size()), static_cast<Index>(cells.size()));
  CellStream stream = input.stream();
  CellBlock block;
  std::size_t next = 0;
  while (next < cells.size() && stream.next(block)) {
    input.normaliser().check(block);
    for (; next < cells.size() && cells[next] < block.first + block.size(); ++next) {
      const auto at = static_cast<std::size_t>(cells[next] - block.first);
      for (auto i = block.offsets[at]; i < block.offsets[at + 1]; ++i) {
        const auto place = static_cast<std::size_t>(i);
        const Index line = line_of[static_cast<std::size_t>(block.genes[place])];
        if (line < 0 || !(block.totals[at] > 0)) continue;
        view.values(line, static_cast<Index>(next)) = static_cast<float>(
            std::log1p(1e4 * static_cast<double>(block.values[place]) / block.totals[at]));
      }
    }
  }
  return view;
}

}  // namespace sicmir
