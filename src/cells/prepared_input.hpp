// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// An input made ready to be read: its genes found, its values judged, its unit known. Every job on
/// cells begins here.

#include <optional>
#include <string>

#include "cells/decide.hpp"
#include "cells/measure.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/normalize.hpp"
#include "sicmir/ranks.hpp"
#include "sicmir/reading.hpp"

namespace sicmir {

/// SourceOptions::upper_quartile_up_to, for cells that are to be read with these options. Quartiles
/// are needed for the model's unit alone, and cost memory.
[[nodiscard]] Index upper_quartiles_needed(const ReadingOptions& options);

/// Larger inputs are not asked whether they are bulk: their upper quartiles would cost memory.
inline constexpr Index most_bulk_samples = 500;

/// Asks for all genes of an input instead of a panel's.
struct AllGenes {};

/// Made in steps, so that what is known can be reported before the next step throws:
///
/// 1. The constructor finds the genes in the input and selects them.
/// 2. take_sample() reads some cells from all over the input.
/// 3. decide() judges them and makes the normaliser.
/// 4. stream() serves all cells.
///
/// Each throws Error(bad_input) that names the file.
class PreparedInput {
 public:
  /// The panel's genes. `source` and `index` outlive this.
  PreparedInput(CellSource& source, const GeneIndex& index, const ReadingOptions& options);
  /// All genes of the input; `source` was opened with SourceOptions::all_genes.
  PreparedInput(CellSource& source, AllGenes all, const ReadingOptions& options);
  PreparedInput(const PreparedInput&) = delete;
  PreparedInput& operator=(const PreparedInput&) = delete;
  ~PreparedInput() = default;

  const Sample& take_sample();
  /// Takes the sample if that was not done. `recipe`: of the model, for Scale::reference.
  const Decision& decide(const UnitRecipe& recipe);
  /// Replaces the decision for Scale::dataset by Scale::reference, for `reason`. After decide().
  void use_reference(double log_base, ScaleReason by, std::string reason);
  /// Another reason for the decision for Scale::dataset.
  void keep_dataset(ScaleReason by, std::string reason);
  /// For Scale::reference: values go by their ranks instead of the recipe. After decide().
  void compare_by_ranks(const RankProfile& ranks);
  /// Throws where predicting the sampled cells would: at a value that cannot be, and at empty cells
  /// where the options do not allow them. After decide().
  void check_sample() const;
  /// The cells of options.shard, or all, in their order; ends the life of sample(). After decide().
  /// Throws Error(usage) for a shard of an input whose number of cells is not known.
  [[nodiscard]] CellStream stream();
  /// Once more from the first cell; the source can seek.
  [[nodiscard]] CellStream stream_again();

  [[nodiscard]] CellSource& source() const noexcept { return source_; }
  [[nodiscard]] const std::string& file() const noexcept { return source_.description().path; }
  [[nodiscard]] const ReadingOptions& options() const noexcept { return options_; }
  [[nodiscard]] const GeneSelection& genes() const noexcept { return genes_; }
  /// How the panel's genes were found; empty for AllGenes.
  [[nodiscard]] const GeneMapReport& gene_report() const noexcept { return gene_report_; }
  [[nodiscard]] const Sample& sample() const noexcept { return *sample_; }
  [[nodiscard]] const Decision& decision() const noexcept { return decision_; }
  [[nodiscard]] const Normaliser& normaliser() const noexcept { return *normaliser_; }
  /// False for z-scores, of which a cell may be 0 throughout.
  [[nodiscard]] bool empties_matter() const noexcept { return decision_.values != Values::zscore; }

 private:
  CellSource& source_;
  ReadingOptions options_;
  GenePanel all_names_;     // for AllGenes
  const GenePanel* names_;  // of the genes, for messages
  GeneMapReport gene_report_;
  GeneSelection genes_;
  std::optional<Sample> sample_;
  Decision decision_;
  UnitRecipe recipe_;
  std::optional<Normaliser> normaliser_;
};

/// What is known of an input, for the log.
void log_genes(const GeneMapReport& report);
void log_decision(const Decision& decision);

}  // namespace sicmir
