// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Fitting a model to paired mRNA and miRNA samples.

#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sicmir/model.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/ranks.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

enum class MirnaValues : std::uint8_t {
  rpm,      ///< reads per million, linear
  log2rpm,  ///< log2(RPM + 1)
  counts,   ///< reads; divided by their sum over all miRNAs of the table, times a million
};

/// Values that need no normalisation of their own, e.g. since the file has a part of the genes
/// only.
enum class Prepared : std::uint8_t {
  no,
  normalised,      ///< linear, upper quartile 1000, as TCGA's normalised RSEM: log2(1 + x) is taken
  log_normalised,  ///< log2(1 + that); what is below 0 becomes 0
  ratio,           ///< logarithms of anything, also below 0: as they are, for a platform of its own
};

/// How the values of a platform come to be comparable with the reference's.
enum class Harmonise : std::uint8_t {
  offset,  ///< brought to the reference's unit, then an offset per gene
  ranks,   ///< values as they are; of a sample only the order of its genes counts, then as above
};

/// Variance, of z-scores, of what a whole cohort's targets differ by for reasons that its mRNA does
/// not tell (docs/accuracy.md).
inline constexpr double usual_level_variance = 0.03;

/// One table of mRNA expression and its kind of values. Logarithms are taken to base 2.
struct ExpressionFile {
  std::string path;
  Values values = Values::automatic;
  Prepared prepared = Prepared::no;  ///< other than `no`: in place of `values`
  std::string cohort{};              ///< of its samples; empty: the file's name without its endings
  std::string platform{};            ///< how it was measured; empty: as the reference
  double weight = 1;                 ///< of its samples in the loss
  Harmonise harmonise = Harmonise::offset;  ///< `ranks` needs a platform
  /// Of its samples' cohort; larger: other laboratories measured the miRNAs. The first file counts.
  double level_variance = usual_level_variance;
  /// "dataset" or "reference": its samples, held out, show what differences between predictions on
  /// this scale are worth (Model::differences). Empty: they do not.
  std::string differences{};
};

/// One table of miRNA expression: of mature miRNAs, or of stem-loops, whose sums over the
/// precursors of a mature miRNA then estimate it.
struct MirnaFile {
  std::string path;
  MirnaValues values = MirnaValues::rpm;
  bool estimated = false;  ///< not measured but computed, e.g. from stem-loops
  double weight = 1;       ///< of its targets in the loss
  std::string cohort{};    ///< of its samples; empty: the file's name without its endings
};

/// What to pair, and how.
struct PairOptions {
  std::vector<ExpressionFile> mrna;
  std::vector<MirnaFile> mirna;
  /// TSV with the columns sample and cohort, and perhaps patient; empty: the cohort of a sample is
  /// its mRNA file's name without its endings.
  std::string samples;
  double min_panel = 0.8;  ///< fraction of the panel that every mRNA file must have, 0 .. 1
  Index min_targets = 10;  ///< miRNAs with fewer samples are left out
  /// Estimated targets before measured ones, e.g. since they exist for all samples alike.
  bool estimated_first = false;
};

/// Paired samples, both sides in their unit. Ids of the form TCGA-XX-XXXX-SS (15 characters, then
/// anything; dots for dashes as R writes them) count as the sample of their first 15 characters and
/// the patient of their first 12; other ids are sample and patient as they stand.
struct TrainingPairs {
  GenePanel panel;
  UnitRecipe recipe;
  std::vector<ModelMirna> mirnas;  ///< those with targets; mean, sd and accuracy not yet set
  std::vector<std::string> samples;
  std::vector<std::string> patients;  ///< one per sample
  std::vector<std::string> cohorts;   ///< one per sample
  Matrix mrna;   ///< genes x samples, in the unit of `recipe`; NaN: not in the sample's file
  Matrix mirna;  ///< mirnas x samples, log2(RPM + 1); NaN: no target
  /// What a sample counts in the loss, 0 or more; empty: all count 1.
  std::vector<double> weights;
  /// ExpressionFile::level_variance per sample; empty: all the usual one.
  std::vector<double> level_variances;
  std::vector<std::string> differences;  ///< ExpressionFile::differences per sample; empty: none
  /// What a target counts besides, mirnas x samples, 0 or more; empty: all count 1.
  Matrix target_weights;
  std::vector<std::string> platforms;    ///< one per sample, empty: the reference; or none at all
  std::set<std::string> rank_platforms;  ///< whose values are not in the unit of `recipe`: ranks
  /// The same samples in files of other platforms: what platforms are compared by.
  struct Twin {
    Index sample = 0;      ///< position in `samples`
    std::string platform;  ///< empty: the reference
    Eigen::VectorXf mrna;  ///< n_genes; NaN: not in the file
  };
  std::vector<Twin> twins;
  /// Over all samples of the miRNA files, paired or not; one per miRNA.
  Eigen::VectorXd all_mirna_mean, all_mirna_sd;
  /// All samples of the miRNA files, mirnas x profiles, log2(RPM + 1), NaN where missing.
  struct Profiles {
    Matrix mirna;
    /// One per profile; the cohort of a paired sample is that of its pair.
    std::vector<std::string> samples, patients, cohorts;
  };
  Profiles profiles;

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(samples.size()); }
};

/// Adds the files that a manifest lists to the options. A TSV with a header line and the columns
/// mrna, mrna_values (auto, counts, linear, log, normalised, log-normalised, ratio), mirna,
/// mirna_values (rpm, log2rpm), cohort and weight, perhaps mirna_weight, estimated (yes, no),
/// platform, harmonise (offset, ranks), level_variance and differences (dataset, reference). Paths
/// are relative to the manifest's folder. Either file of a line may be missing; a file that several
/// lines name is read once. Throws Error(bad_input) naming file and line.
void read_manifest(const std::string& path, PairOptions& options);

/// Reads a TSV of gene, mean and sd (columns whose names begin so) of log2(normalised + 1). Returns
/// mean and sd per gene of the panel, NaN where the table has none. Throws Error(bad_input).
[[nodiscard]] std::pair<Eigen::VectorXd, Eigen::VectorXd> read_gene_moments(const std::string& path,
                                                                            const GenePanel& panel);

/// Reads and pairs the files. Of a sample that stands in several mRNA files (or several times in
/// one) the first counts; of a target, the first file that has it, measured before estimated unless
/// the options say otherwise.
/// A sample that stands there again on another platform becomes a twin. Throws Error(bad_input):
/// unreadable files, values that cannot be what was stated, no pair.
[[nodiscard]] TrainingPairs read_pairs(const PairOptions& options);

/// Learns, from the given samples alone (and their twins), what the ranks of each of
/// `rank_platforms` stand for: the mean over the samples of the reference, among the genes that
/// both have, of their sorted values. Samples of the reference with at least 80 % of these genes
/// count, each brought to the number of genes by quantiles_of(). A platform without any of the
/// samples takes all genes of the reference. Throws Error(bad_input) without such a sample.
[[nodiscard]] std::map<std::string, RankProfile> fit_rank_profiles(const TrainingPairs& pairs,
                                                                   std::span<const Index> samples);

/// What must be added to a platform's values per gene (n_genes, finite), by platform.
using PlatformOffsets = std::map<std::string, Eigen::VectorXd>;

/// Learns the offsets of each platform other than the reference from the given samples alone (and
/// their twins): per gene the median difference between the two over samples measured on both, if
/// there are at least 5 with the gene; else the median, over cohorts with at least 3 samples on
/// each side, of the differences between the cohort's medians; else the median over the platform's
/// other genes; 0 where there is nothing to compare, with a warning.
[[nodiscard]] PlatformOffsets fit_offsets(const TrainingPairs& pairs,
                                          std::span<const Index> samples);

/// The pairs with the offsets added to the samples of each platform.
[[nodiscard]] TrainingPairs add_offsets(const TrainingPairs& pairs, const PlatformOffsets& offsets);

/// What makes platforms comparable: first ranks, then offsets.
struct Harmonisation {
  std::map<std::string, RankProfile> ranks;
  PlatformOffsets offsets;
};

/// Both, learnt from the given samples alone; offsets from values that ranks have replaced.
[[nodiscard]] Harmonisation fit_harmonisation(const TrainingPairs& pairs,
                                              std::span<const Index> samples);

/// The pairs as the network is to see them.
[[nodiscard]] TrainingPairs harmonise(const TrainingPairs& pairs,
                                      const Harmonisation& harmonisation);

/// After one epoch; losses are mean squared errors of z-scores.
struct EpochReport {
  Index member = 1;  ///< of the ensemble: 1, 2...
  Index epoch = 0;   ///< 1, 2...
  double train_loss = 0;
  double validation_loss = 0;  ///< NaN: no patient was held out
  double median_pooled = 0;    ///< median Pearson over the miRNAs, held-out samples; or NaN
  double median_within = 0;    ///< the same after removing each cohort's mean
  double learning_rate = 0;    ///< of the last step
  double seconds = 0;
};

// Fields stand by topic, not by size.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct TrainOptions {
  std::string name = "sicmir";
  std::vector<Index> hidden = {1024, 1024};
  LayerOrder order = LayerOrder::published;
  double dropout = 0.3;
  Index epochs = 100;    ///< at most, where early stopping has patients to judge by
  Index stop_after = 0;  ///< end after this many epochs of the schedule; 0: run all of it
  Index batch = 64;      ///< a last batch of one sample is joined to the one before
  double learning_rate = 1e-3;
  bool cosine = true;          ///< the learning rate falls to zero along half a cosine
  Index warmup_epochs = 0;     ///< the learning rate first rises linearly
  double weight_decay = 1e-2;  ///< AdamW's; on weights, not on biases and batch norms
  double validation = 0.1;     ///< fraction of the patients held out for early stopping; 0: none
  Index patience = 20;         ///< epochs without a better validation loss until training stops
  /// Folds by patient for the accuracies that go into the model; 0 or 1: no cross-validation, and
  /// they come from the patients held out for validation.
  Index cross_validate = 0;
  bool leave_cohort_out = false;  ///< also train without each cohort once
  Index members = 1;  ///< networks of the ensemble, each with a seed of its own; 0: ridge alone
  /// Share of a ridge regression in the ensemble, 0 .. 1; the networks share the rest evenly.
  double ridge = 0;
  /// Shares of a kernel regression (train/kernel_ridge.hpp) and of the same drawn towards profiles
  /// that occur (train/profile_prior.hpp), each 0 .. 1.
  double kernel = 0, prior = 0;
  double kernel_penalty = 0.7;  ///< above 0
  Index prior_profiles = 10000;
  /// Steps in which a network (`hidden`, ReLU) is fitted to what the members together predict, to
  /// take their place (train/distil.hpp); 0: none is.
  Index distil = 0;
  /// Folds of the cross-validation whose fits are distilled, too; the accuracies of the others are
  /// those of the members. Models without a cohort are never distilled. Below 0: all.
  Index distil_folds = -1;
  bool baselines = true;  ///< score the baselines on the folds, too
  /// Of which the ridge regression's is chosen, on folds of the training patients.
  std::vector<double> penalties = {30, 100, 300, 1000, 3000, 10000};
  double mask_genes = 0;  ///< augmentation: fraction of the genes hidden anew in each step, 0 .. 1
  double thin = 0;        ///< augmentation: fraction of the samples thinned anew in each step
  double thin_counts = 2000;  ///< counts over the panel that a thinned sample keeps
  /// Moments to standardise by, one number per gene or miRNA; NaN where those of the training
  /// samples are meant. Empty: those of the training samples for all.
  Eigen::VectorXd gene_mean, gene_sd, mirna_mean, mirna_sd;
  bool float16 = false;  ///< store weights as float16
  /// Where a fit's state is saved, atomically; finished fits are kept beside it until
  /// remove_checkpoints(). Empty: nowhere.
  std::string checkpoint;
  Index checkpoint_every = 5;       ///< epochs
  bool resume = false;              ///< go on from `checkpoint`, if it exists
  std::string label = "final fit";  ///< what this fit is called in logs and metrics
  /// A group of cohorts whose miRNA profiles a prior must not know, paired or not; empty: none.
  std::string unseen_group;
  /// Called after every epoch, also for those that a checkpoint has; may be empty.
  std::function<void(const std::string& label, const EpochReport&)> on_epoch;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: as many CPUs as the process may use; never changes a result
};

/// A fitted ensemble with the moments that belong to it.
struct Fit {
  std::vector<Member> members;
  std::vector<Member> teacher;           ///< what `members` were distilled from; empty: nothing
  bool parts = false;                    ///< Model::parts
  Eigen::VectorXd gene_mean, gene_sd;    ///< over the training samples; 0 sd: constant gene
  Eigen::VectorXd mirna_mean, mirna_sd;  ///< over the training samples; 0 sd: no usable target
  Index best_epoch = 0;  ///< whose weights these are; median of the networks, 0 without any
  double penalty = 0;    ///< of the ridge regression; 0 without one
  std::vector<EpochReport> history;
};

/// Fits on the samples `train`; `validation` (may be empty) picks the epoch. Both are positions in
/// `pairs` without a patient in common. Missing genes (NaN) count as average. Throws
/// Error(bad_input): fewer than 2 training samples, no usable target, or a loss that is not finite;
/// Error(usage): a checkpoint of another job.
[[nodiscard]] Fit fit(const TrainingPairs& pairs, std::span<const Index> train,
                      std::span<const Index> validation, const TrainOptions& options);

/// Predicted log2(RPM + 1): mirnas x samples.size(), by the way that `predict` goes. `spread`, if
/// not null, receives the standard deviation of the members around it, in the same unit.
[[nodiscard]] Matrix predict_samples(const TrainingPairs& pairs, const Fit& fit,
                                     std::span<const Index> samples, Matrix* spread = nullptr);

/// Removes what a finished job with this checkpoint has left.
void remove_checkpoints(const std::string& checkpoint) noexcept;

/// Of one cohort, over its held-out samples.
struct CohortAccuracy {
  std::string name;
  Index n_samples = 0;
  double median = 0;  ///< over the miRNAs: Pearson within the cohort; NaN: too few samples
};

/// Held-out figures of a way to predict: medians over the miRNAs of Pearson's correlation.
struct HeldOutFigures {
  std::string name;     ///< "model", "cohort mean", "nearest cohort mean", "ridge"
  bool unseen = false;  ///< leave-cohort-out; false: cross-validation
  double pooled = 0;    ///< over all held-out samples
  double within = 0;    ///< after removing each cohort's mean
  /// Leave-cohort-out: the median within each group of cohorts that left together.
  std::map<std::string, double> by_cohort;
};

/// What models said of samples that they had not seen.
struct HeldOutPredictions {
  Matrix mirna;             ///< mirnas x samples of the pairs, log2(RPM + 1); NaN: not predicted
  std::vector<Index> fold;  ///< per sample, 0, 1...: which model; -1: none
};

/// What training found out besides the model.
struct TrainReport {
  Index n_samples = 0, n_patients = 0, n_cohorts = 0;
  Index epochs = 0;                  ///< of the final fit
  std::vector<EpochReport> history;  ///< of the final fit
  double median_pooled = 0;          ///< medians of the model's accuracies over its miRNAs
  double median_within = 0;
  double median_leave_cohort_out = 0;
  std::vector<CohortAccuracy> cohorts;
  std::vector<HeldOutFigures> figures;  ///< of the model and of the baselines on the same folds
  HeldOutPredictions cross_validated;   ///< empty without cross-validation
  HeldOutPredictions cohorts_left_out;  ///< empty unless cohorts were left out
  std::vector<std::string> warnings;
};

/// The whole job: hold-out or cross-validation, the final fit, and the model with its accuracies.
/// With cross-validation every fold stops early on patients of its own training part, its test
/// patients serve the accuracies alone, and the final fit uses all samples for the median number of
/// epochs. Throws Error(bad_input) where there are too few patients.
[[nodiscard]] Model train(const TrainingPairs& pairs, const TrainOptions& options,
                          TrainReport* report = nullptr);

}  // namespace sicmir
