// SPDX-License-Identifier: BSD-3-Clause
/// AnnData (.h5ad): which matrices a file has, which one to take, and what its features are called.
/// Layouts of tables: h5ad_layout.hpp. Matrices (sources as there): a dense data set of cells x
/// genes; or a group of data, indices and indptr with the attribute `encoding-type` (csr_matrix,
/// csc_matrix) and `shape`, before 0.7 `h5sparse_format` (csr, csc) and `h5sparse_shape`.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "anndata/h5ad_layout.hpp"
#include "base/ascii.hpp"
#include "genes/genomes.hpp"
#include "input/h5_matrix_source.hpp"
#include "input/h5ad_matrices.hpp"

namespace sicmir {
namespace {

using ascii::lower;

using h5ad::Column;
using h5ad::ColumnKind;
using h5ad::ColumnValues;
using h5ad::MatrixPlace;
using h5ad::Table;

/// A column of var that may name genes: texts, categories that are texts, and Entrez ids.
std::optional<FeatureColumn> as_feature_column(const Table& var, const Column& column) {
  const std::string name = var.name() + "/" + column.name;
  const bool entrez = lower(column.name).find("entrez") != std::string::npos;
  if (column.kind == ColumnKind::texts) return FeatureColumn{name, var.read(column).as_texts()};
  if (column.kind == ColumnKind::categories) {
    const ColumnValues values = var.read(column);
    const ColumnKind kind = values.categories.front().kind;
    if (kind != ColumnKind::texts && !(entrez && kind == ColumnKind::integers)) return std::nullopt;
    return FeatureColumn{name, values.as_texts()};
  }
  if (!entrez) return std::nullopt;
  if (column.kind == ColumnKind::integers) return FeatureColumn{name, var.read(column).as_texts()};
  if (column.kind != ColumnKind::reals) return std::nullopt;
  // Integers with gaps become floating-point in pandas.
  const ColumnValues values = var.read(column);
  FeatureColumn ids{name, std::vector<std::string>(values.reals.size())};
  for (std::size_t i = 0; i < ids.ids.size(); ++i) {
    if (values.reals[i] > 0) ids.ids[i] = fmt::format("{:.0f}", values.reals[i]);
  }
  return ids;
}

/// What describes features without naming them.
bool is_descriptive(const std::string& column) {
  constexpr std::array<std::string_view, 8> names = {"feature_types", "feature_type",   "genome",
                                                     "chromosome",    "chrom",          "strand",
                                                     "gene_biotype",  "feature_biotype"};
  return std::find(names.begin(), names.end(), column) != names.end();
}

FeatureTable read_features(const Table& var) {
  FeatureTable features;
  FeatureColumn index{var.name() + "/" + var.index_name(), var.read(var.index()).as_texts()};
  features.columns.push_back(std::move(index));
  for (const Column& column : var.columns()) {
    if (is_descriptive(column.name)) continue;
    if (auto ids = as_feature_column(var, column)) features.columns.push_back(std::move(*ids));
  }
  for (const char* name : {"feature_types", "feature_type"}) {
    const Column* column = var.find(name);
    if (column == nullptr || column->kind == ColumnKind::unreadable) continue;
    const std::vector<std::string> types = var.read(*column).as_texts();
    // Cell Ranger's word, and that of the Open Problems data (GEX beside ADT or ATAC).
    const auto is_expression = [](const std::string& type) {
      return type == "Gene Expression" || type == "GEX";
    };
    if (std::none_of(types.begin(), types.end(), is_expression)) continue;
    features.counted.resize(types.size());
    std::transform(types.begin(), types.end(), features.counted.begin(),
                   [&](const std::string& type) -> std::uint8_t { return is_expression(type); });
    break;
  }
  return features;
}

/// The features of X and the layers, or of raw, made ready once.
struct Features {
  FeatureTable table;
  std::vector<Note> warnings;
  Index coverage = 0;
};

Features open_features(const h5::File& file, const std::string& var_name,
                       const SourceOptions& options, const GeneIndex& genes) {
  Features features;
  const Table var(file, var_name);
  features.table = read_features(var);
  std::vector<std::string> genomes;
  const Column* genome = var.find("genome");
  if (genome != nullptr &&
      (genome->kind == ColumnKind::texts || genome->kind == ColumnKind::categories)) {
    genomes = var.read(*genome).as_texts();
  }
  features.warnings = choose_genome(features.table, genomes, options.genome, file.path());
  for (const FeatureColumn& column : features.table.columns) {
    features.coverage = std::max(features.coverage, genes.coverage(column.ids));
  }
  return features;
}

/// Genes in obs: a table that was written without being turned.
void check_is_not_transposed(const h5::File& file, const Table& obs, const GeneIndex& genes) {
  constexpr Index most_genes = 200000;
  if (obs.size() > most_genes) return;
  const Index found = genes.coverage(obs.read(obs.index()).as_texts());
  if (found * 2 < genes.panel_size()) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: obs names genes ({} of the model's {}), and var does not: this file "
                          "is transposed. AnnData has cells in obs. In Python: "
                          "anndata.read_h5ad(IN).T.write_h5ad(OUT).",
                          file.path(), found, genes.panel_size()));
}

}  // namespace

bool is_h5ad(const h5::File& file) {
  const std::string encoding = h5::text_attribute(file.id(), "encoding-type").value_or("");
  if (encoding == "anndata") return true;
  if (encoding == "MuData" || h5::kind_of(file.id(), "mod") == h5::ObjectKind::group) return false;
  return h5ad::has_table(file, "obs") && h5ad::has_table(file, "var");
}

H5Parts open_h5ad(std::unique_ptr<h5::File> file_owner, const SourceOptions& options,
                  const GeneIndex& genes) {
  H5Parts parts;
  parts.file = std::move(file_owner);
  const h5::File& file = *parts.file;
  const Table obs(file, "obs");
  parts.n_cells = obs.size();

  const std::vector<MatrixPlace> places = h5ad::list_matrices(file);
  std::optional<Features> of_x;
  std::optional<Features> of_raw;
  const auto features_of = [&](const MatrixPlace& place) -> Features& {
    std::optional<Features>& features = place.is_raw() ? of_raw : of_x;
    if (!features) features = open_features(file, place.var, options, genes);
    return *features;
  };
  const auto coverage = [&](const MatrixPlace& place) { return features_of(place).coverage; };
  const auto sample = [&](const MatrixPlace& place) {
    return h5ad::open_matrix(file, place, parts.n_cells, features_of(place).table.size())->sample();
  };
  const h5ad::Choice choice = h5ad::choose_matrix(file, places, options.layer, coverage, sample);

  const MatrixPlace& chosen = places[choice.place];
  parts.description.format = "AnnData h5ad";
  parts.description.is_h5ad = true;
  parts.description.annotations = file.place();
  parts.description.matrix = chosen.name;
  parts.description.matrix_reason = choice.reason;
  for (const MatrixPlace& place : places) {
    if (place.name != chosen.name) parts.description.other_matrices.push_back(place.name);
  }
  Features& features = features_of(chosen);
  if (features.coverage == 0) check_is_not_transposed(file, obs, genes);
  parts.description.warnings = std::move(features.warnings);
  parts.features = std::move(features.table);
  parts.matrix = h5ad::open_matrix(file, chosen, parts.n_cells, parts.features.size());
  parts.names = std::make_unique<h5::TextReader>(obs.index_reader());
  return parts;
}

}  // namespace sicmir
