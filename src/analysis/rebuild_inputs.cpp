// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/rebuild_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "analysis/profile_source.hpp"
#include "analysis/split_halves.hpp"
#include "cells/prepared_input.hpp"
#include "cells/reading_words.hpp"
#include "input/panel_collector.hpp"
#include "predict/predictor.hpp"
#include "predict/reference_scale.hpp"
#include "sicmir/moments.hpp"

namespace sicmir {
namespace {

constexpr double most_off = 1e-3;  // z-scores: kernels of other processors round differently

std::string fact(const Profiles& profiles, std::string_view name) {
  for (const auto& [key, value] : profiles.facts) {
    if (key == name) return value;
  }
  return {};
}

void check_model(const Profiles& profiles, const Model& model, const std::string& path) {
  const std::string checksum = fact(profiles, "model_checksum");
  if (checksum == model.checksum) return;
  throw Error(ExitCode::bad_model,
              fmt::format("{}: the profiles were predicted with model {} (checksum {}), but model "
                          "{} has the checksum {}. Reasons are read from the model that predicted.",
                          path, fact(profiles, "model"), checksum, model.name, model.checksum),
              {Remedy::choose_model});
}

Scale scale_of(const Profiles& profiles, const std::string& path) {
  const std::string words = fact(profiles, "scale");
  for (const Scale scale : {Scale::dataset, Scale::reference}) {
    if (words.substr(0, words.find(' ')) == to_string(scale)) return scale;
  }
  throw Error(
      ExitCode::bad_input,
      fmt::format("{}: uns/sicmir/scale is '{}'; expected dataset or reference.", path, words));
}

/// Files make ids unique by "-1", "-2" behind repeated ones; the prediction saw them without.
FeatureTable without_numbers(FeatureTable genes) {
  std::vector<std::string>& ids = genes.columns.front().ids;
  const std::set<std::string, std::less<>> all(ids.begin(), ids.end());
  for (std::string& id : ids) {
    const std::size_t dash = id.rfind('-');
    if (dash == std::string::npos || dash + 1 == id.size()) continue;
    const bool is_number = std::all_of(id.begin() + static_cast<std::ptrdiff_t>(dash) + 1, id.end(),
                                       [](char c) { return c >= '0' && c <= '9'; });
    const std::string_view base = std::string_view(id).substr(0, dash);
    if (is_number && all.contains(base)) id = std::string(base);
  }
  return genes;
}

struct Replay {
  RebuiltInputs inputs;
  Matrix z;
};

/// What predict_profiles() did, without its messages.
class Replayer {
 public:
  Replayer(const Profiles& profiles, const PreparedModel& model, const GeneIndex& index,
           const std::string& path, int threads)
      : profiles_(profiles), model_(model), index_(index) {
    description_.path = path;
    options_.values = Values::counts;
    options_.scale = scale_of(profiles, path);
    options_.platform = fact(profiles, "platform");
    options_.force_scale = true;
    options_.genes.min_panel = 0.0;
    options_.genes.duplicates =
        duplicates_words.parse(fact(profiles, "duplicates")).value_or(Duplicates::automatic);
    options_.threads = threads;
  }

  /// What the network makes of `others`, cells of the same genes in the same unit, standardised as
  /// the profiles are.
  [[nodiscard]] Matrix predict_others(const FeatureTable& genes, CellSource& others) const {
    const Standardiser standardiser = standardiser_of(genes);
    PreparedInput input(others, index_, options_);
    (void)input.decide(model_.card().recipe);
    const std::optional<RankProfile> ranks = ranks_of(model_.card(), input);
    if (ranks) input.compare_by_ranks(*ranks);
    Replay replay;
    predict(input, standardiser, others.n_cells().value_or(0), replay);
    return std::move(replay.z);
  }

  [[nodiscard]] Replay run(const FeatureTable& genes) const {
    std::vector<std::size_t> all(profiles_.profiles.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    ProfileSource source(description_, genes, profiles_.profiles, all);
    PreparedInput input(source, index_, options_);
    const Model& model = model_.card();
    (void)input.decide(model.recipe);
    const std::optional<RankProfile> ranks = ranks_of(model, input);
    if (ranks) input.compare_by_ranks(*ranks);
    Replay replay;
    replay.inputs.scale = options_.scale;
    replay.inputs.platform = options_.platform;
    replay.inputs.missing = input.gene_report().missing;
    const Standardiser standardiser = options_.scale == Scale::reference
                                          ? against_reference(model, input, ranks).standardiser
                                          : among_themselves(genes, replay.inputs);
    predict(input, standardiser, profiles_.size(), replay);
    return replay;
  }

 private:
  [[nodiscard]] Standardiser standardiser_of(const FeatureTable& genes) const {
    RebuiltInputs inputs;
    if (options_.scale == Scale::dataset) return among_themselves(genes, inputs);
    std::vector<std::size_t> all(profiles_.profiles.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    ProfileSource source(description_, genes, profiles_.profiles, all);
    PreparedInput input(source, index_, options_);
    (void)input.decide(model_.card().recipe);
    const std::optional<RankProfile> ranks = ranks_of(model_.card(), input);
    if (ranks) input.compare_by_ranks(*ranks);
    return against_reference(model_.card(), input, ranks).standardiser;
  }

  [[nodiscard]] Standardiser among_themselves(const FeatureTable& genes,
                                              RebuiltInputs& inputs) const {
    std::vector<std::size_t> above;
    for (std::size_t i = 0; i < profiles_.profiles.size(); ++i) {
      if (!profiles_.profiles[i].below_floor) above.push_back(i);
    }
    ProfileSource source(description_, genes, profiles_.profiles, above);
    PreparedInput input(source, index_, options_);
    const Model& model = model_.card();
    (void)input.decide(model.recipe);
    CellStream stream = input.stream();
    const GeneMoments moments = measure(stream, input.normaliser(), model.panel.size(), options_,
                                        input.empties_matter(), nullptr)
                                    .moments;
    const Eigen::VectorXd sd = moments.sd();
    for (Index gene = 0; gene < sd.size(); ++gene) {
      const auto at = static_cast<std::size_t>(gene);
      if (input.genes().present()[at] != 0 && !(sd[gene] > 0.0)) {
        inputs.constant.push_back(model.panel.genes[at].symbol);
      }
    }
    return {moments.mean(), sd, input.genes().present()};
  }

  void predict(PreparedInput& input, const Standardiser& standardiser, Index n_cells,
               Replay& replay) const {
    PredictOptions options;
    static_cast<ReadingOptions&>(options) = options_;
    Wanted wanted;
    wanted.input = true;
    const Predictor predictor(model_, standardiser, options, wanted, input.empties_matter());
    const auto n_mirnas = static_cast<Index>(model_.card().mirnas.size());
    replay.inputs.values.resize(model_.card().panel.size(), n_cells);
    replay.z.resize(n_mirnas, n_cells);
    CellStream stream = input.stream();
    CellBlock block;
    PredictedBlock predicted;
    for (Index first = 0; stream.next(block); first += predicted.mirnas.cols()) {
      input.normaliser().apply(block);
      predictor.run(block, predicted);
      replay.inputs.values.middleCols(first, predicted.input.cols()) = predicted.input;
      replay.z.middleCols(first, predicted.mirnas.cols()) = predicted.mirnas;
    }
  }

  const Profiles& profiles_;
  const PreparedModel& model_;
  const GeneIndex& index_;
  SourceDescription description_;
  ReadingOptions options_;
};

/// The largest difference, and where it is.
struct Misfit {
  double size = 0;
  Index mirna = 0, profile = 0;
};

Misfit misfit_of(const Matrix& z, const Matrix& expected) {
  Misfit misfit;
  misfit.size = static_cast<double>(
      (z - expected).cwiseAbs().maxCoeff<Eigen::PropagateNaN>(&misfit.mirna, &misfit.profile));
  return misfit;
}

/// Serves two cells for each of some profiles: the halves.
class HalfSource final : public CellSource {
 public:
  HalfSource(const Profiles& profiles, const std::vector<Index>& halved,
             std::vector<std::size_t> served)
      : profiles_(profiles),
        served_(std::move(served)),
        place_(static_cast<std::size_t>(profiles.n_genes()), -1) {
    for (std::size_t i = 0; i < halved.size(); ++i) {
      place_[static_cast<std::size_t>(halved[i])] = static_cast<Index>(i);
    }
    description_.path = "profiles";
  }

  [[nodiscard]] const SourceDescription& description() const override { return description_; }
  [[nodiscard]] const FeatureTable& features() const override { return profiles_.genes; }
  [[nodiscard]] std::optional<Index> n_cells() const override {
    return static_cast<Index>(2 * served_.size());
  }
  void select(const GeneSelection& genes) override { selection_ = genes; }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    const std::size_t last =
        std::min(2 * served_.size(), next_ + static_cast<std::size_t>(max_cells));
    if (next_ >= last) return false;
    ReadyCells& ready = ReadyCells::in(raw);
    ready.first = static_cast<Index>(next_);
    ready.n_cells = static_cast<Index>(last - next_);
    PanelCollector collector(*selection_, true);
    collector.begin_block(ready.block, ready.first);
    for (; next_ < last; ++next_) {
      add(profiles_.profiles[served_[next_ / 2]], next_ % 2 == 0, collector);
    }
    return true;
  }
  void decode(RawCells& raw, CellBlock& block) const override { ReadyCells::hand_over(raw, block); }
  [[nodiscard]] bool can_seek() const override { return true; }
  void seek(Index cell) override { next_ = static_cast<std::size_t>(cell); }
  [[nodiscard]] std::size_t memory_bytes() const override { return 0; }

 private:
  void add(const Profile& profile, bool is_first, PanelCollector& collector) const {
    const ProfileHalf& half = profile.half;
    const double total = is_first ? half.n_counts : profile.n_counts - half.n_counts;
    const double share = total / profile.n_counts;
    for (std::size_t gene = 0; gene < profile.counts.size(); ++gene) {
      const double all = profile.counts[gene];
      double count = std::round(all * share);
      if (place_[gene] >= 0) {
        const double first = half.counts[static_cast<std::size_t>(place_[gene])];
        count = is_first ? first : all - first;
      }
      if (count != 0.0) collector.add(static_cast<Index>(gene), count);
    }
    collector.end_cell(profile.name(), total);
  }

  const Profiles& profiles_;
  std::vector<std::size_t> served_;
  std::vector<Index> place_;  // per gene, among the halved; -1: none
  SourceDescription description_;
  std::optional<GeneSelection> selection_;
  std::size_t next_ = 0;
};

}  // namespace

Index set_cell_variances(Profiles& profiles, const std::vector<Index>& halved,
                         const PreparedModel& model, const GeneIndex& index, int threads) {
  std::vector<std::size_t> served;
  for (std::size_t i = 0; i < profiles.profiles.size(); ++i) {
    const Profile& profile = profiles.profiles[i];
    const bool has_both = profile.half.n_counts > 0 && profile.half.n_counts < profile.n_counts &&
                          profile.half.n_cells < profile.n_cells;
    if (has_both && !profile.below_floor && !profile.half.counts.empty()) served.push_back(i);
  }
  const auto n = static_cast<Index>(served.size());
  if (n < fewest_split_profiles) return n;
  HalfSource source(profiles, halved, served);
  const Matrix z =
      Replayer(profiles, model, index, "profiles", threads).predict_others(profiles.genes, source);
  Eigen::VectorXd sums = Eigen::VectorXd::Zero(z.rows());
  for (Index i = 0; i < n; ++i) {
    const Profile& profile = profiles.profiles[served[static_cast<std::size_t>(i)]];
    const auto first = static_cast<double>(profile.half.n_cells);
    const double second = static_cast<double>(profile.n_cells) - first;
    const Eigen::VectorXd difference = (z.col(2 * i) - z.col(2 * i + 1)).cast<double>();
    sums += difference.cwiseAbs2() / (1.0 / first + 1.0 / second);
  }
  for (Index mirna = 0; mirna < z.rows(); ++mirna) {
    profiles.mirnas[static_cast<std::size_t>(mirna)].cell_variance =
        sums[mirna] / static_cast<double>(n);
  }
  return n;
}

RebuiltInputs rebuild_inputs(const Profiles& profiles, const PreparedModel& model,
                             const GeneIndex& index, const std::string& path, int threads) {
  if (!profiles.has_counts()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no counts of genes, from which the model's inputs are "
                            "rebuilt. Write the profiles as .h5mu.",
                            path));
  }
  check_model(profiles, model.card(), path);
  if (static_cast<std::size_t>(profiles.z.rows()) != model.card().mirnas.size()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds {} miRNAs, but the model that made it predicts {}.", path,
                            profiles.z.rows(), model.card().mirnas.size()));
  }
  const Replayer replayer(profiles, model, index, path, threads);
  Replay replay = replayer.run(profiles.genes);
  Misfit misfit = misfit_of(replay.z, profiles.z);
  if (!(misfit.size <= most_off)) {
    Replay again = replayer.run(without_numbers(profiles.genes));
    const Misfit second = misfit_of(again.z, profiles.z);
    if (second.size <= most_off) {
      replay = std::move(again);
      misfit = second;
    }
  }
  if (!(misfit.size <= most_off)) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("{}: predicting the stored counts again gives other z-scores than those in the "
                    "file: {} of profile {} is {:.4f}, not {:.4f}. The counts or the z-scores were "
                    "changed, or the profiles were made with a platform that the file does not "
                    "name. Make them again with `sicmir profile`.",
                    path, profiles.mirnas[static_cast<std::size_t>(misfit.mirna)].name,
                    profiles.profiles[static_cast<std::size_t>(misfit.profile)].name(),
                    replay.z(misfit.mirna, misfit.profile),
                    profiles.z(misfit.mirna, misfit.profile)));
  }
  return std::move(replay.inputs);
}

}  // namespace sicmir
