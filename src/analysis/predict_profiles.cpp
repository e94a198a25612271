// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "analysis/make_profiles.hpp"
#include "analysis/profile_source.hpp"
#include "analysis/split_halves.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "cells/prepared_input.hpp"
#include "predict/predictor.hpp"
#include "sicmir/matrix_sink.hpp"
#include "sicmir/moments.hpp"

namespace sicmir {
namespace {

/// Keeps what is written: features x cells, and the header.
class KeptMatrix final : public MatrixSink {
 public:
  void begin(const OutputHeader& header) override { header_ = header; }
  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    const Matrix copy = values;
    block.values.assign(copy.data(), copy.data() + copy.size());
  }
  void write(EncodedBlock&& block) override {
    values_.insert(values_.end(), block.values.begin(), block.values.end());
  }
  void finish() override {}

  [[nodiscard]] const OutputHeader& header() const { return header_; }
  [[nodiscard]] Matrix matrix() const {
    const auto n_features = static_cast<Index>(header_.features.size());
    return Eigen::Map<const Matrix>(values_.data(), n_features,
                                    static_cast<Index>(values_.size()) / n_features);
  }

 private:
  OutputHeader header_;
  std::vector<float> values_;
};

/// Marks what lies below the floor; returns the positions of the others.
std::vector<std::size_t> mark_floor(std::vector<Profile>& profiles, const ProfileFloor& floor) {
  std::vector<std::size_t> above;
  std::vector<std::string> below;
  constexpr std::size_t most_named = 5;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    Profile& profile = profiles[i];
    profile.below_floor = profile.n_cells < floor.min_cells || profile.n_counts < floor.min_counts;
    if (!profile.below_floor) {
      above.push_back(i);
    } else {
      below.push_back(fmt::format("{} ({} cells, {:.0f} molecules)", profile.name(),
                                  profile.n_cells, profile.n_counts));
    }
  }
  if (!below.empty()) {
    const std::span<const std::string> named(below.data(), std::min(most_named, below.size()));
    log_warning(
        "{} of {} profiles are below the floor of {} cells and {:.0f} molecules; they are "
        "kept and marked, and left out of means over profiles: {}{}",
        below.size(), profiles.size(), floor.min_cells, floor.min_counts, joined(named, ", "),
        named.size() < below.size() ? ", ..." : "");
  }
  return above;
}

Scale scale_of(Scale stated, std::size_t n_above) {
  if (stated != Scale::automatic) return stated;
  return static_cast<Index>(n_above) >= least_dataset_profiles ? Scale::dataset : Scale::reference;
}

/// Per gene: 1 if any of its names is one of the panel's.
std::vector<std::uint8_t> genes_in_panel(const FeatureTable& genes, const GeneIndex& index) {
  std::vector<std::uint8_t> in_panel(static_cast<std::size_t>(genes.size()), 0);
  for (const FeatureColumn& column : genes.columns) {
    for (std::size_t i = 0; i < in_panel.size(); ++i) {
      if (index.find(column.ids[i])) in_panel[i] = 1;
    }
  }
  return in_panel;
}

/// Moments of the panel's genes over `source`, in the unit in which predict() compares profiles.
/// `n_all`: profiles above and below the floor.
GeneMoments moments_over(CellSource& source, Index n_all, const Model& model,
                         const GeneIndex& index, const ReadingOptions& options) {
  PreparedInput input(source, index, options);
  for (const DecisionWarning& warning : input.decide(model.recipe).warnings) {
    // The others are said when all profiles are predicted; this one, too, if all are few.
    const bool is_new = warning.kind == WarningKind::few_cells && n_all >= fewest_dataset_cells;
    if (is_new) log_warning("{}", warning.text);
  }
  CellStream stream = input.stream();
  return measure(stream, input.normaliser(), model.panel.size(), options, input.empties_matter(),
                 nullptr)
      .moments;
}

/// Quantile by linear interpolation between the sorted values (type 7 of Hyndman and Fan 1996).
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Median and range of the network's input, over the genes that the input has and that differ
/// between profiles. `input`: genes of the panel x profiles.
void set_quality(std::vector<Profile>& profiles, const Matrix& input, const RunReport& report,
                 const GenePanel& panel, const FeatureTable& genes, const GeneMap& map) {
  std::set<std::string> left_out(report.genes.missing.begin(), report.genes.missing.end());
  left_out.insert(report.constant_genes.begin(), report.constant_genes.end());
  std::vector<Index> rows;
  for (Index gene = 0; gene < panel.size(); ++gene) {
    if (!left_out.contains(panel.genes[static_cast<std::size_t>(gene)].symbol)) {
      rows.push_back(gene);
    }
  }
  const auto n_genes = static_cast<std::size_t>(genes.size());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    Profile& profile = profiles[i];
    std::vector<double> z;
    z.reserve(rows.size());
    for (const Index row : rows) {
      z.push_back(static_cast<double>(input(row, static_cast<Index>(i))));
    }
    std::sort(z.begin(), z.end());
    if (!z.empty()) {
      profile.median_z = quantile(z, 0.5);
      profile.iqr_z = quantile(z, 0.75) - quantile(z, 0.25);
    }
    std::set<PanelPosition> found;
    for (std::size_t gene = 0; gene < n_genes; ++gene) {
      if (map.positions()[gene] >= 0 && profile.counts[gene] > 0.0) {
        found.insert(map.positions()[gene]);
      }
    }
    profile.n_panel_genes = static_cast<Index>(found.size());
  }
}

std::vector<ProfileMirna> mirnas_of(const Model& model) {
  std::vector<ProfileMirna> mirnas;
  for (const ModelMirna& mirna : model.mirnas) {
    mirnas.push_back(
        {mirna.name, mirna.accession, mirna.target, mirna.mean, mirna.sd, mirna.accuracy, nan});
  }
  return mirnas;
}

/// Makes the first id of each gene unique, also among the miRNAs: AnnData's way, "-1" behind the
/// second of a name.
void make_unique(FeatureColumn& column, const std::vector<ProfileMirna>& mirnas) {
  std::set<std::string> taken;
  for (const ProfileMirna& mirna : mirnas) taken.insert(mirna.name);
  const std::set<std::string> given(column.ids.begin(), column.ids.end());
  for (std::string& id : column.ids) {
    if (taken.insert(id).second) continue;
    for (int number = 1;; ++number) {
      std::string name = fmt::format("{}-{}", id, number);
      if (given.contains(name) || !taken.insert(name).second) continue;
      id = std::move(name);
      break;
    }
  }
}

}  // namespace

Profiles predict_profiles(InputSums sums, const PreparedModel& model, const GeneIndex& index,
                          const ProfileOptions& options) {
  Profiles result;
  result.profiles = std::move(sums.profiles);
  result.floor = options.floor;
  const std::vector<std::size_t> above = mark_floor(result.profiles, options.floor);

  PredictOptions predicting;
  static_cast<ReadingOptions&>(predicting) = static_cast<const ReadingOptions&>(options);
  predicting.values = Values::counts;
  predicting.scale = scale_of(options.scale, above.size());
  predicting.empty_cells = EmptyCells::error;
  const bool fell_back = options.scale == Scale::automatic && predicting.scale == Scale::reference;
  if (fell_back) {
    log_info(
        "only {} profiles are above the floor, too few to be standardised among "
        "themselves ({} would do): they are compared with the training samples",
        above.size(), least_dataset_profiles);
  }
  if (predicting.scale == Scale::dataset &&
      static_cast<Index>(above.size()) < least_dataset_profiles) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: only {} of {} profiles are above the floor, and fewer than {} "
                    "cannot be standardised among themselves.",
                    sums.input.path, above.size(), result.profiles.size(), least_dataset_profiles),
        {Remedy::lower_floor, Remedy::use_reference_scale});
  }
  GeneMoments moments;
  if (predicting.scale == Scale::dataset && above.size() < result.profiles.size()) {
    ProfileSource some(sums.input, sums.genes, result.profiles, above);
    moments = moments_over(some, result.size(), model.card(), index, predicting);
    predicting.measured = &moments;
  }
  std::vector<std::size_t> all(result.profiles.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  ProfileSource source(sums.input, sums.genes, result.profiles, all);
  KeptMatrix z;
  KeptMatrix input;
  const std::array outputs = {Output{Quantity::input, &input}, Output{Quantity::mirnas, &z}};
  const RunReport report = [&] {
    try {
      return predict(source, model, index, predicting, outputs);
    } catch (const Error& error) {
      const std::vector<Remedy>& remedies = error.remedies();
      const bool is_far =
          std::find(remedies.begin(), remedies.end(), Remedy::force_scale) != remedies.end();
      if (!fell_back || !is_far) throw;
      throw Error(error.code(),
                  fmt::format("{}: only {} of {} profiles are above the floor, fewer than the {} "
                              "that can be standardised among themselves, and compared with the "
                              "training samples they are too far off.",
                              sums.input.path, above.size(), result.profiles.size(),
                              least_dataset_profiles),
                  {Remedy::lower_floor, Remedy::force_scale});
    }
  }();

  result.z = z.matrix();
  if (!std::isnan(model.card().mirnas.front().mean)) {
    result.log2rpm = result.z;
    to_log2rpm(model.card(), result.log2rpm);
  }
  result.mirnas = mirnas_of(model.card());
  const GeneMap map(index, sums.genes, options.genes, sums.input.path);
  set_quality(result.profiles, input.matrix(), report, model.card().panel, sums.genes, map);
  result.genes = std::move(sums.genes);
  result.in_panel = genes_in_panel(result.genes, index);
  const auto& calibrations = model.card().differences;
  const auto calibration = calibrations.find(std::string(to_string(report.decision.scale)));
  if (calibration != calibrations.end()) result.differences = calibration->second;
  result.facts = z.header().facts;
  result.facts.insert(result.facts.end(), sums.facts.begin(), sums.facts.end());
  if (!predicting.platform.empty()) result.facts.emplace_back("platform", predicting.platform);
  result.facts.emplace_back("min_cells", fmt::format("{}", options.floor.min_cells));
  result.facts.emplace_back("min_counts", fmt::format("{}", options.floor.min_counts));
  result.facts.emplace_back("scale_choice",
                            options.scale == Scale::automatic
                                ? fmt::format("auto: {} profiles above the floor", above.size())
                                : "as stated");
  result.facts.emplace_back("n_below_floor",
                            fmt::format("{}", result.profiles.size() - above.size()));
  const Index n_split = set_cell_variances(result, sums.halved, model, index, options.threads);
  result.facts.emplace_back("n_split_profiles", fmt::format("{}", n_split));
  for (Profile& profile : result.profiles) profile.half = {};
  make_unique(result.genes.columns.front(), result.mirnas);
  return result;
}

}  // namespace sicmir
