// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Comparing predicted miRNA expression with measured: per miRNA and per sample, within cohorts and
/// pooled.

#include <limits>
#include <map>
#include <string>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir {

/// How the numbers of the measured table are to be taken.
enum class MeasuredValues : std::uint8_t {
  as_they_are,
  rpm,  ///< log2(x + 1) is taken first
};

struct EvaluateOptions {
  std::string samples;  ///< TSV with sample, cohort, perhaps patient; empty: pooled figures only
  std::string model;    ///< model whose moments turn log2(RPM + 1) into z-scores; empty: no change
  MeasuredValues measured_values = MeasuredValues::as_they_are;
  std::vector<std::string> mirnas;  ///< names or accessions; empty: all that both tables have
  Index bootstrap = 500;            ///< draws for the intervals; 0: none
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: as many CPUs as the process may use; never changes a result
};

/// Agreement over n pairs of values that are finite on both sides. NaN where it is not defined:
/// correlations below 3 pairs or for a side that does not vary, R2 for measurements that do not.
struct Scores {
  double pearson = std::numeric_limits<double>::quiet_NaN();
  double spearman = std::numeric_limits<double>::quiet_NaN();  ///< ties have average ranks
  double rmse = std::numeric_limits<double>::quiet_NaN();
  double r2 = std::numeric_limits<double>::quiet_NaN();  ///< 1 - residual / total sum of squares
  Index n = 0;
};

/// Of one miRNA over the samples, or of one sample over the miRNAs. `within`: after each miRNA's
/// mean in each cohort was taken away on both sides, over the pairs; cohorts count from 2 pairs on.
struct ScoredItem {
  std::string name;
  std::string about;    ///< accession of a miRNA; cohort of a sample, empty: not known
  std::string patient;  ///< of a sample
  Scores pooled, within;
};

/// A median over items and its 95 % interval by bootstrap; NaN where nothing was measured.
struct MedianInterval {
  double median = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  Index n = 0;  ///< items with a finite figure
};
struct MedianScores {
  MedianInterval pearson, spearman, rmse, r2;
};

struct Evaluation {
  std::vector<ScoredItem> mirnas;   ///< those that both tables have, in the order of the table
  std::vector<ScoredItem> samples;  ///< those that both tables have, in the predictions' order
  MedianScores mirnas_pooled, mirnas_within, samples_pooled, samples_within;
  /// Per cohort: number of samples, and the median over miRNAs of Pearson in that cohort alone.
  struct Cohort {
    Index n_samples = 0;
    MedianInterval pearson;  ///< without an interval
  };
  std::map<std::string, Cohort> cohorts;
  Index n_patients = 0;
  std::vector<std::string> warnings;
};

/// Compares two tables of any format that open_source() reads; samples are matched as in training
/// (TrainingPairs), miRNAs by name, v21 name or accession. Text is read in double, HDF5 in float.
/// Intervals: patients are drawn with replacement; cohort means stay those of all samples.
/// Warns of fewer than 10 samples, and of patients that options.model was trained on. Throws
/// Error(bad_input): unreadable tables, no sample or no miRNA in common.
[[nodiscard]] Evaluation evaluate(const std::string& predicted, const std::string& measured,
                                  const EvaluateOptions& options);

}  // namespace sicmir
