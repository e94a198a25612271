// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// How an input is read and brought to the model's unit, and what is decided about it. Shared by
/// every job that reads cells: predict, stats, pool, train, inspect.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/note.hpp"
#include "sicmir/shard.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// What happens to cells without a single count.
enum class EmptyCells : std::uint8_t { error, skip, as_nan };

/// What the reader should know about a decision, by kind.
enum class WarningKind : std::uint8_t {
  expected_counts,  ///< values stated to be counts have fractions
  few_cells,        ///< so few cells are standardised among themselves that results are rough
  few_genes,        ///< a cell's total over so few genes does not measure its depth
  not_scaled,       ///< the network receives values that are not z-scores
  shallow_cells,    ///< half of the cells have very few counts
  unequal_totals,   ///< values taken as TPM whose totals differ widely
};

/// What a decision on the values rests on.
enum class ValuesReason : std::uint8_t {
  stated,
  whole_numbers,       ///< none negative
  fractional_counts,   ///< small values lie close to 1, 2, 3; totals differ
  small_fractions,     ///< as large as logarithms can be, none negative
  large_fractions,     ///< larger than logarithms can be, none negative
  standardised_genes,  ///< negative values; genes have mean 0 and standard deviation 1
};

/// What a decision on the scale rests on.
enum class ScaleReason : std::uint8_t {
  stated,
  moments,            ///< they were given
  z_scores,           ///< these are standardised already
  enough_cells,       ///< to be standardised among themselves
  too_few_cells,      ///< for it
  bulk,               ///< samples like those that the model was trained on
  too_many_for_bulk,  ///< samples are not compared with the training samples unasked
  unlike_reference,   ///< bulk samples or pools, but far from the training samples
};

struct DecisionWarning {
  WarningKind kind;
  std::string text;  ///< for the log: a sentence without its full stop
  std::vector<Field> fields = {};
};

/// What was seen in the sampled cells.
struct SampledValues {
  bool all_whole = false;  ///< every value of a gene of the panel, and every total
  bool any_negative = false;
  double maximum = 0;
  double median_total = 0;  ///< upper median of the totals; NaN: none is known
};

/// What was decided about an input, and why: printed, and written into the output.
struct Decision {
  Values values = Values::automatic;
  ValuesFrom values_from = ValuesFrom::sample;
  ValuesReason values_by = ValuesReason::stated;
  std::string values_reason;  ///< the same in words
  Scale scale = Scale::automatic;
  ScaleReason scale_by = ScaleReason::stated;
  std::string scale_reason;  ///< the same in words
  double log_base = 0;       ///< for Values::log against a reference: 2, e or 10
  Index sampled_cells = 0;
  SampledValues sampled;
  std::vector<DecisionWarning> warnings;
};

/// How far a run has come; `phase` is "measuring", "pooling", "smoothing" or "predicting".
struct Progress {
  std::string_view phase;
  Index cells = 0;
  std::optional<Index> of;  ///< if known
};

/// What concerns the input alone: which genes and cells are read, what the values are, what they
/// are standardised against, and the resources that reading takes.
struct ReadingOptions {
  GeneMapOptions genes;
  Values values = Values::automatic;
  Scale scale = Scale::automatic;
  double log_base = 0;       ///< 0: decide
  std::string platform;      ///< whose offsets the model adds, for Scale::reference; empty: none
  bool force_scale = false;  ///< continue even if the input is far from the reference
  EmptyCells empty_cells = EmptyCells::error;
  std::string moments;         ///< path of a moments file; empty: measure
  std::optional<Shard> shard;  ///< only these of the input's cells; decisions are the whole's
  Index block_cells = 1024;    ///< cells per block
  int threads = 0;             ///< 0: as many CPUs as the process may use
  std::size_t spool_memory = std::size_t{1} << 27;   ///< bytes kept in memory between two passes
  std::function<void(const Progress&)> on_progress;  ///< called after each block; may be empty
};

}  // namespace sicmir
