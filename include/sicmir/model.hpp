// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// A model and its HDF5 file (format: docs/model-format.md).

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/network.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/ranks.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Held-out accuracy of one miRNA; NaN where not measured.
struct Accuracy {
  double pooled = 0;            ///< Pearson over all held-out samples
  double within_cohort = 0;     ///< Pearson after removing each cohort's mean
  double leave_cohort_out = 0;  ///< Pearson within cohorts that training never saw
  Index n = 0;                  ///< held-out samples with a measurement
};

/// How far the members of an ensemble disagree, made a 90 % interval: the prediction plus and minus
/// factor x sqrt(spread^2 + typical_spread^2), in z-scores. The spread is 0 where the members are
/// parts of one prediction. NaN: not calibrated.
struct Interval {
  double factor = std::numeric_limits<double>::quiet_NaN();
  /// Median of held-out samples; 1 where no member disagrees.
  double typical_spread = std::numeric_limits<double>::quiet_NaN();

  [[nodiscard]] bool known() const noexcept { return factor == factor; }
  [[nodiscard]] double half_width(double spread) const noexcept {
    return factor * std::sqrt(spread * spread + typical_spread * typical_spread);
  }
};

struct ModelMirna {
  std::string name;        ///< mature name, miRBase v22; case-sensitive
  std::string accession;   ///< MIMAT...
  std::string other_name;  ///< v21 name where it differs, else empty
  double mean = 0;         ///< of log2(RPM + 1) over the training samples
  double sd = 1;
  Accuracy accuracy;
  std::string target = "measured";  ///< or "estimated": from stem-loops
  Interval interval;
};

/// How much a difference between two predictions says about the truth, by the miRNA's accuracy and
/// the size of the difference; learnt from pairs of held-out samples whose miRNAs were measured
/// (docs/cells.md). Tables are classes x bins, bins of a class together.
struct DifferenceCalibration {
  std::vector<double> accuracies;  ///< lower ends of the classes of Accuracy::within_cohort, rising
  std::vector<double> differences;  ///< lower ends of the bins, log2, from 0, rising
  std::vector<double> likely;       ///< share of pairs that truly differ so by 1 log2 or more
  std::vector<double> low, high;    ///< 95 % interval of that: groups of samples resampled
  std::vector<double> sign_right;   ///< of pairs that truly differ by 1 log2 or more
  std::vector<double> n;            ///< pairs times miRNAs

  /// `likely` for a miRNA of this accuracy and two predictions that differ by `difference` log2, in
  /// its direction; NaN where either is NaN or too little was known.
  [[nodiscard]] double probability(double accuracy, double difference) const;
};

struct Model {
  std::string name;       ///< short name, e.g. "sicmir-tcga"
  std::string made_by;    ///< "sicmir X.Y.Z"
  std::string made_from;  ///< training data in a sentence
  GenePanel panel;
  Eigen::VectorXd gene_mean;  ///< n_genes, in the unit of `recipe`; NaN: not known
  Eigen::VectorXd gene_sd;    ///< n_genes
  UnitRecipe recipe;
  std::vector<ModelMirna> mirnas;
  /// Per platform whose samples go by ranks: what those are replaced by, before the offsets.
  std::map<std::string, RankProfile> rank_profiles;
  /// Per platform that training data came from besides the reference: what its values, in the unit
  /// of `recipe`, need added per gene (n_genes) to be comparable. Empty: none is known.
  std::map<std::string, Eigen::VectorXd> platform_offsets;
  /// By the scale that was predicted on: "dataset", "reference". Empty: not calibrated.
  std::map<std::string, DifferenceCalibration> differences;
  std::vector<Member> members;  ///< at least one
  /// The members are parts of one prediction rather than rivals: that they differ says nothing.
  bool parts = false;
  std::string checksum;  ///< of everything above, 32 hex digits; set by reading and writing
  /// Hashes (id_hash()) of the patients, or groups, whose samples it was trained on, sorted. Not in
  /// the checksum: predictions do not depend on them. Empty: not known.
  std::vector<double> training_patients;
  /// The file holds the members' weights as float16. They are rounded by write_model().
  bool float16 = false;
};

/// The first 53 bits of XXH3-64 of an id: enough to tell whether it is in a list, too few to tell
/// what it was. A whole number.
[[nodiscard]] double id_hash(std::string_view id);

/// True if the error of at least one miRNA has a calibrated interval.
[[nodiscard]] bool has_intervals(const Model& model);

/// A model's card: everything but the layers.
struct ModelCard {
  int format_version = 0;
  Index n_parameters = 0;
  std::vector<std::string> members;  ///< each e.g. "Linear(977, 1024) BatchNorm ReLU ..."
  Model model;                       ///< its members have weights but no layers
};

/// The newest. Models without rank profiles are written as version 1.
inline constexpr int model_format_version = 2;

/// Every name, type, shape and value is checked before it is used or allocated; Error(bad_model)
/// says which and what to do.
[[nodiscard]] Model read_model(const std::string& path);
[[nodiscard]] ModelCard read_model_card(const std::string& path);
/// Writes under a temporary name and renames; sets `model.checksum`, makes the weights of the
/// members sum to 1 and, for `model.float16`, rounds their linear layers' weights to float16.
void write_model(Model& model, const std::string& path);

/// `path` if not empty, else $SICMIR_MODEL, then ../share/sicmir/ beside the executable, then the
/// source tree that the program was built from.
[[nodiscard]] std::string find_model(const std::string& path);

}  // namespace sicmir
