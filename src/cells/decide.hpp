// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What an input contains and what to standardise it against, judged from a fixed sample of its
/// cells.

#include <string>
#include <vector>

#include "sicmir/cell_source.hpp"
#include "sicmir/reading.hpp"

namespace sicmir {

/// With fewer cells an input is no population of its own, and is compared with the reference.
inline constexpr Index fewest_dataset_cells = 10;

/// Cells looked at before anything is decided: where the source can seek, 20 runs of 100 cells
/// evenly spaced over the whole input; else its first 2,000 cells, which the caller must then use
/// first.
struct Sample {
  static constexpr Index n_runs = 20;
  static constexpr Index run_cells = 100;

  std::vector<CellBlock> blocks;  ///< as read
  bool is_head = false;  ///< the blocks are the start of the input; the source is past them
  bool is_all = false;   ///< the input has no other cells
  Index n_cells = 0;     ///< in `blocks`
};

/// Reads the sample, in `threads` threads (0: as many CPUs as may be used) where the source can
/// seek. Unless it is the head, the source is back at its first cell afterwards.
[[nodiscard]] Sample take_sample(CellSource& source, Index block_cells, int threads);

/// Everything about the sampled numbers that decisions rest on.
struct SampleFacts {
  bool has_nan = false;
  bool has_negative = false;
  bool all_whole = true;  ///< every panel value and every cell total is a whole number
  float maximum = 0;
  double median_total = 0;      ///< upper median of the finite totals; NaN if there is none
  double median_gene_mean = 0;  ///< median over the input's panel genes of |mean over cells|
  double median_gene_sd = 0;
};
[[nodiscard]] SampleFacts sample_facts(const Sample& sample, const GeneSelection& genes);

/// Decides values and scale where the options say automatic. Throws Error(bad_input) where the
/// numbers fit no kind, contradict what was stated, or are too few to be standardised.
[[nodiscard]] Decision decide(const Sample& sample, const CellSource& source,
                              const GeneSelection& genes, const ReadingOptions& options);

}  // namespace sicmir
