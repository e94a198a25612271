// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// From what a file holds to what the network eats: kinds of values, scales, gene moments.

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/ranks.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// What the numbers of an input are.
enum class Values : std::uint8_t {
  automatic,
  counts,  ///< molecules or reads, whole or expected: scaled to 10,000 a cell, then ln(1 + x)
  linear,  ///< TPM, FPKM, RSEM...: ln(1 + x)
  log,     ///< logarithms of expression, zero meaning none: as they are
  zscore,  ///< standardised already: as they are
};

/// What the genes are standardised against.
enum class Scale : std::uint8_t {
  automatic,
  dataset,    ///< the cells of this input: the published way
  reference,  ///< the model's training samples, after the model's own unit recipe
  none,       ///< not standardised
};

[[nodiscard]] std::string_view to_string(Values values) noexcept;
[[nodiscard]] std::string_view to_string(Scale scale) noexcept;

/// How a model's training expression was brought to its unit, so that `Scale::reference` can do the
/// same to any input: log2(1 + factor * x / upper quartile of the sample's non-zero genes).
struct UnitRecipe {
  std::string name = "log2-upper-quartile";
  double factor = 1000.0;
};

/// How it is known what the values of an input are.
enum class ValuesFrom : std::uint8_t {
  user,    ///< stated: values need only be possible
  sample,  ///< judged from some cells: what spoke for the kind has to hold in every cell
};

/// Brings blocks to one unit. Immutable; apply() may run in several threads.
class Normaliser {
 public:
  /// Logarithms of expression stay below: log2 of a thousand million.
  static constexpr float largest_log = 30.0f;

  /// `values` and `scale` must have been decided; `log_base` is that of Values::log. `panel`
  /// outlives the normaliser; `file` is the name for messages. With `ranks`, whose genes are all in
  /// the input, Scale::reference goes by them and not by the recipe.
  Normaliser(Values values, Scale scale, const UnitRecipe& recipe, double log_base,
             const GenePanel& panel, std::string file, ValuesFrom from = ValuesFrom::user,
             std::optional<RankProfile> ranks = std::nullopt);

  /// Unit of each cell's values, in place: ln(1 + CP10k) for counts, ln(1 + x) for linear values,
  /// logarithms and z-scores as they are; for Scale::reference the model's recipe, or the values
  /// that ranks stand for (then every cell holds all genes of the profile and no others), whatever
  /// came in. A cell whose total is 0 stays all zero. Throws Error(bad_input) at the first value
  /// that cannot be what was stated (NaN, infinite, negative counts) or judged (ValuesFrom::sample:
  /// also fractional counts, logarithms below 0 or above `largest_log`), naming cell and gene.
  void apply(CellBlock& block) const;
  /// Only throws where apply() would.
  void check(const CellBlock& block) const;

 private:
  void check(const CellBlock& block, std::size_t cell) const;
  void check_judged(const CellBlock& block, std::size_t cell) const;
  void apply_ranks(CellBlock& block) const;

  Values values_;
  Scale scale_;
  UnitRecipe recipe_;
  double log_base_;
  const GenePanel* panel_;
  std::string file_;
  ValuesFrom from_;
  std::optional<RankProfile> ranks_;
};

/// Makes the network's input out of normalised cells: z = (x - mean) / sd.
class Standardiser {
 public:
  /// Values as they are: for Scale::none.
  explicit Standardiser(Index n_genes);
  /// `mean`, `sd`: n_genes, in the unit that Normaliser delivers; a gene whose sd is 0 becomes 0.
  /// `present`: per gene, 1 if the input has it; a gene that it lacks becomes 0 in every cell, the
  /// value of an average training sample.
  Standardiser(const Eigen::VectorXd& mean, const Eigen::VectorXd& sd,
               std::span<const std::uint8_t> present);

  /// out: genes x block.size(), overwritten; column c is cell c. May run in several threads.
  void apply(const CellBlock& block, Eigen::Ref<Matrix> out) const;
  /// The same for one cell of the block; out: n_genes.
  void apply(const CellBlock& block, Index cell, Eigen::Ref<Eigen::VectorXf> out) const;

  [[nodiscard]] const Eigen::VectorXd& mean() const noexcept { return mean_; }
  /// 0 where the gene becomes 0 in every cell.
  [[nodiscard]] const Eigen::VectorXd& inverse_sd() const noexcept { return inverse_sd_; }

 private:
  Eigen::VectorXd mean_;
  Eigen::VectorXd inverse_sd_;  // 0 where the gene becomes 0
  Eigen::VectorXf zero_;        // what a value of 0 becomes
};

}  // namespace sicmir
