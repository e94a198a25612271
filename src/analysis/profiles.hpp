// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Profiles, the unit of every comparison: the cells of one group of one sample, added up, and the
/// miRNAs that the sum predicts. Samples are the replicates, cells never are.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/nan.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/model.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Below either, a profile is kept but marked, and plays no part in the moments over profiles.
struct ProfileFloor {
  Index min_cells = 30;
  double min_counts = 50'000;  ///< molecules
};

/// About half of a profile's cells, while profiles are made.
struct ProfileHalf {
  Index n_cells = 0;
  double n_counts = 0;         ///< molecules, over all genes
  std::vector<double> counts;  ///< of the genes InputSums::halved; empty: not known
};

/// One profile. Counts are exact: sums of whole numbers below 2^53.
struct Profile {
  std::string sample;
  std::string group;
  std::string donor;      ///< empty: not known; likewise the next two
  std::string condition;  ///< e.g. the disease
  std::string tissue;
  Index n_cells = 0;
  double n_counts =
      0;  ///< molecules: the totals of all cells over all genes, dropped ones included
  bool below_floor = false;
  /// Quality of the prediction: genes of the model's panel with a count here; median and
  /// interquartile range, over the panel's genes, of what the network receives (z-scores).
  Index n_panel_genes = 0;
  double median_z = 0;
  double iqr_z = 0;
  std::vector<double> counts;            ///< per gene: sum over the cells; empty: not held
  std::vector<std::int32_t> n_detected;  ///< per gene: cells with a count of it; likewise
  ProfileHalf half;                      ///< likewise; files do not keep it

  /// SAMPLE|GROUP.
  [[nodiscard]] std::string name() const { return sample + "|" + group; }
};

/// A miRNA of the model, as the files of profiles keep it.
struct ProfileMirna {
  std::string name;    ///< hsa-miR-21-5p
  std::string mimat;   ///< accession; may be empty
  std::string target;  ///< what it was trained on: "measured" or "estimated"; may be empty
  double mean = 0;     ///< of log2(RPM + 1) over the training samples; NaN: not known
  double sd = 0;
  Accuracy accuracy;  ///< held out
  /// Variance of z that one cell brings: that of a profile of n cells is 1/n of it, beside what
  /// differs between samples (split_halves.hpp). NaN: not known.
  double cell_variance = nan;
};

/// All profiles of a data set, sorted by sample and then group (bytes); no two have both the same.
struct Profiles {
  std::vector<Profile> profiles;
  /// Genes of the counts. The ids of the first column are unique, also among the miRNAs' names; the
  /// other columns are what else the inputs call them. No column: counts are not held.
  FeatureTable genes;
  /// Per gene of the counts: 1 for those that the model's predictions are made of, by any of their
  /// names. Empty: not known, as in files of earlier versions.
  std::vector<std::uint8_t> in_panel;
  std::vector<ProfileMirna> mirnas;
  /// miRNAs x profiles: z-scores of log2(RPM + 1) over the training samples. Also of profiles below
  /// the floor.
  Matrix z;
  Matrix log2rpm;  ///< the same as log2(RPM + 1); 0 x 0: the model knows no means
  ProfileFloor floor;
  /// What differences between these predictions are worth; of the model and the scale.
  std::optional<DifferenceCalibration> differences;
  /// What determines them, but for the cells; as OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;

  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(profiles.size()); }
  [[nodiscard]] Index n_genes() const noexcept { return genes.size(); }
  [[nodiscard]] bool has_counts() const noexcept { return !genes.columns.empty(); }
  [[nodiscard]] bool has_log2rpm() const noexcept { return log2rpm.size() > 0; }
};

/// More values (profiles x genes) than this are refused, here and by readers: they would take more
/// than 600 MB.
inline constexpr Index most_profile_values = Index{20'000'000};

/// Writes MuData (`.h5mu`) with the modalities `rna` (X: counts; layer n_detected) and `mirna` (X:
/// z; layer log2rpm). Sources: MuData's "MuData specification" (mudata.readthedocs.io, io/spec) and
/// AnnData's "On-disk format" 0.1.0. The bytes do not depend on `threads`. Atomic. Throws
/// Error(not_written).
void write_profiles(const Profiles& profiles, const std::string& path, int threads);

/// Writes AnnData (`.h5ad`): the modality `mirna` alone, whose obs has cells and molecules.
void write_profile_mirnas(const Profiles& profiles, const std::string& path, int threads);

/// Reads what either of the two wrote; other files are refused. Sizes are checked before memory is
/// allocated. Throws Error(bad_input) that names the file, the place in it, what was found and what
/// was expected.
[[nodiscard]] Profiles read_profiles(const std::string& path);

/// Whether `path` is such a file, by its content; false if it cannot be read.
[[nodiscard]] bool is_profiles_file(const std::string& path);

}  // namespace sicmir
