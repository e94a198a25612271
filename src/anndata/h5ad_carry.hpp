// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Carries what is known of the cells from an input h5ad to an output h5ad.

#include <string>
#include <vector>

#include "base/text_list.hpp"
#include "hdf5/h5_output.hpp"
#include "sicmir/annotation_place.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// Which cells of an input an output holds, in input order.
class KeptCells {
 public:
  struct Run {
    Index first = 0;
    Index count = 0;
  };

  /// Positions in the input, increasing; anything else makes is_ordered() false.
  void append(Index input_cell);
  [[nodiscard]] const std::vector<Run>& runs() const noexcept { return runs_; }
  [[nodiscard]] Index size() const noexcept { return size_; }
  [[nodiscard]] bool is_ordered() const noexcept { return ordered_; }
  /// True if these are cells 0 .. n - 1.
  [[nodiscard]] bool are_all(Index n) const noexcept {
    return size_ == n && (n == 0 || (runs_.size() == 1 && runs_[0].first == 0));
  }
  /// One past the last position; 0 if empty.
  [[nodiscard]] Index end() const noexcept {
    return runs_.empty() ? 0 : runs_.back().first + runs_.back().count;
  }

 private:
  std::vector<Run> runs_;
  Index size_ = 0;
  bool ordered_ = true;
};

/// Writes obs (index `names`), obsm, obsp and uns of `out`, with what `from` holds there, in
/// today's encoding:
/// - obs: all columns; legacy tables (compound, 0.5 and 0.6) and categories (`__categories` of 0.7,
///   `uns/NAME_categories` before) are rewritten; of skipped cells nothing is kept.
/// - obsm, obsp: all; graphs that old files keep in uns/neighbors move to obsp, where today's
///   AnnData looks for them.
/// - uns: all but what describes genes: `rank_genes_groups*`, `hvg`, `log1p` (the output is not
///   logged counts), `moranI`, `gearyC`, and arrays, matrices and tables with as many lines or
///   columns as the input has genes; `uns/sicmir` belongs to the output.
/// External links and storage, virtual data sets, references, unknown encodings, damaged or
/// implausibly large pieces are left out, each with a warning in the log. Never throws for what is
/// wrong with `from`; Error(not_written) if the output cannot be written.
void carry_over(const AnnotationPlace& from, const H5Output& out, const TextList& names,
                const KeptCells& kept);

}  // namespace sicmir
