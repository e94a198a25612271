// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The cells themselves: what a page draws of them, and how well their groups can be told apart.
/// For description; samples are the replicates, cells never are.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "analysis/input_map.hpp"
#include "analysis/markers.hpp"
#include "analysis/profiles.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/grouping.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/prepared_model.hpp"

namespace sicmir {

struct CellViewOptions : ReadingOptions {
  std::vector<Index> mirnas;  ///< positions in the model of those to keep per drawn cell
  Index most_cells = 50'000;  ///< to draw; 0: none
  std::uint64_t seed = 1;     ///< of the choice of cells
  bool components = false;    ///< also project the drawn cells on two principal components
};

/// How well one miRNA tells the cells of a group from the others.
struct CellAuc {
  double auc = 0;    ///< probability that a cell of the group is higher; 0.5: no difference
  double error = 0;  ///< the exact value lies within +- this
};

struct CellView {
  Index n_cells = 0;         ///< of the input
  Index n_grouped = 0;       ///< of these, with a group and a count
  std::vector<Index> cells;  ///< drawn: positions in the input, rising
  std::vector<std::string> names;
  std::vector<Index> groups;  ///< of the drawn cells: positions in the groups that were given
  Matrix mirnas;              ///< chosen miRNAs x drawn cells: z-scores among the cells
  /// Of the drawn cells' predictions, all miRNAs: 2 x drawn cells; 0 x 0: not asked for. Signs are
  /// such that the largest loading is positive.
  Matrix components;
  std::vector<double> explained;          ///< share of the variance of each component
  Index n_component_cells = 0;            ///< drawn cells that the components were computed of
  std::vector<Index> n_of_group;          ///< cells of each group
  std::vector<std::vector<CellAuc>> auc;  ///< per group, per miRNA of the model
  /// How the cells were read; as OutputHeader::facts.
  std::vector<std::pair<std::string, std::string>> facts;
};

/// Predicts every cell of `source`, standardised among the cells, and keeps what CellView says.
/// Groups are those of `profiles`, made of the same cells, in the order of their names' bytes.
/// Cells to draw are chosen by group: at least 200 of each (or all), the others in proportion; each
/// with the same chance within its group. AUCs compare all cells of a group with all cells of the
/// other groups, by histograms of z. Bytes depend on the seed alone. Throws as predict().
[[nodiscard]] CellView view_cells(CellSource& source, const PreparedModel& model,
                                  const GeneIndex& index, const GroupingOptions& grouping,
                                  const Profiles& profiles, const CellViewOptions& options);

/// Puts the AUCs of cells into the markers.
void add_aucs(const CellView& view, const Profiles& profiles, MarkerSet& markers);

/// Expression of a few genes in cells.
struct GeneView {
  std::vector<std::string> genes;  ///< those that the input has
  Matrix values;                   ///< genes x cells: ln(1 + counts per 10,000)
};

/// Reads `genes` of `source`, opened with an index of them, in the cells at the positions `cells`
/// (rising). Throws as PreparedInput.
[[nodiscard]] GeneView view_genes(CellSource& source, const GeneIndex& index,
                                  const UnitRecipe& recipe, const std::vector<Index>& cells,
                                  const ReadingOptions& options);

namespace cell_view {

/// Names of the groups of profiles, in the order of their bytes, and how many cells each has.
struct GroupSizes {
  std::vector<std::string> names;
  std::vector<Index> n_cells;
};
[[nodiscard]] GroupSizes sizes_of(const Profiles& profiles);

/// How many of each group's cells are drawn. The sum is at most `most`.
[[nodiscard]] std::vector<Index> quotas(const std::vector<Index>& n_of_group, Index most);

/// Of histograms of two sets of values, bins rising: the area under the curve, ties within a bin
/// counting half, and by how much that may be off.
[[nodiscard]] CellAuc auc_of(const std::vector<double>& group, const std::vector<double>& others);

}  // namespace cell_view
}  // namespace sicmir
