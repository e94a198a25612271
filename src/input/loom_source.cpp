// SPDX-License-Identifier: BSD-3-Clause
/// loom files, of specification 1 to 3 (linnarssonlab.org/loompy, "loom file format specs"): data
/// set /matrix of genes x cells, further ones of the same shape in /layers, annotation of genes in
/// /row_attrs and of cells in /col_attrs. Versions differ in where global attributes stand, which
/// do not matter here. Names are a matter of custom: Gene and Accession, CellID.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "base/joined.hpp"
#include "input/h5_matrix_source.hpp"

namespace sicmir {
namespace {

using h5::Handle;
using h5::ObjectKind;

constexpr std::size_t most_row_attributes = 32;

/// Members of a group of attributes that hold `length` texts (or whole numbers, which may be Entrez
/// ids), one each.
std::vector<std::string> usable(const h5::File& file, const std::string& group, Index length,
                                bool numbers) {
  const Handle opened = h5::open_group(file, file.id(), group);
  std::vector<std::string> names;
  for (const std::string& name : h5::members(file, opened.get())) {
    if (h5::kind_of(opened.get(), name) != ObjectKind::dataset) continue;
    const Handle dataset = h5::open_dataset(file, opened.get(), name);
    const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
    const h5::TypeClass type = h5::type_class(dataset.get());
    const bool fits = type == h5::TypeClass::text || (numbers && type == h5::TypeClass::integer);
    if (fits && extent.size() == 1 && extent[0] == static_cast<hsize_t>(length)) {
      names.push_back(name);
    }
  }
  return names;
}

/// Those of `preferred` that are there come first, in that order; then the others.
template <std::size_t N>
std::vector<std::string> sorted(std::vector<std::string> names,
                                const std::array<std::string_view, N>& preferred) {
  const auto rank = [&](const std::string& name) {
    return std::find(preferred.begin(), preferred.end(), name) - preferred.begin();
  };
  std::stable_sort(names.begin(), names.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return names;
}

FeatureTable read_features(const h5::File& file, Index n_genes) {
  constexpr std::array<std::string_view, 6> preferred = {"Accession", "Gene",   "gene_ids",
                                                         "var_names", "Symbol", "gene"};
  const Handle group = h5::open_group(file, file.id(), "row_attrs");
  FeatureTable features;
  for (const std::string& name : sorted(usable(file, "row_attrs", n_genes, true), preferred)) {
    if (features.columns.size() == most_row_attributes) break;
    FeatureColumn column{"row_attrs/" + name, {}};
    const Handle dataset = h5::open_dataset(file, group.get(), name);
    if (h5::type_class(dataset.get()) == h5::TypeClass::text) {
      column.ids = h5::read_texts(file, group.get(), name);
    } else {
      for (const std::int64_t id : h5::read_integers(file, group.get(), name)) {
        column.ids.push_back(std::to_string(id));
      }
    }
    features.columns.push_back(std::move(column));
  }
  if (features.columns.empty()) {
    file.fail("row_attrs", fmt::format("names no genes: none of its members holds {} texts, such "
                                       "as Gene or Accession.",
                                       n_genes));
  }
  return features;
}

/// Cells that got numbers for names because their names do not fit would be taken for others.
void check_lengths(const h5::File& file, std::span<const std::string_view> names, Index n_cells) {
  if (h5::kind_of(file.id(), "col_attrs") != ObjectKind::group) return;
  const Handle group = h5::open_group(file, file.id(), "col_attrs");
  for (const std::string_view word : names) {
    const std::string name(word);
    if (h5::kind_of(group.get(), name) != ObjectKind::dataset) continue;
    const std::vector<hsize_t> extent =
        h5::shape(file, h5::open_dataset(file, group.get(), name).get());
    if (extent.size() != 1 || extent[0] == static_cast<hsize_t>(n_cells)) continue;
    file.fail("col_attrs/" + name,
              fmt::format("has {} entries, but the matrix has {} cells; the file is damaged.",
                          extent[0], n_cells));
  }
}

std::unique_ptr<h5::TextReader> cell_names(const h5::File& file, Index n_cells) {
  constexpr std::array<std::string_view, 6> preferred = {"CellID",  "obs_names", "cell_id",
                                                         "Barcode", "barcode",   "cell_names"};
  check_lengths(file, preferred, n_cells);
  const std::vector<std::string> there =
      sorted(usable(file, "col_attrs", n_cells, false), preferred);
  const bool known = !there.empty() && std::find(preferred.begin(), preferred.end(),
                                                 there.front()) != preferred.end();
  if (known) {
    const Handle group = h5::open_group(file, file.id(), "col_attrs");
    return std::make_unique<h5::TextReader>(file,
                                            h5::open_dataset(file, group.get(), there.front()));
  }
  std::vector<std::string> numbers;
  for (Index cell = 1; cell <= n_cells; ++cell) numbers.push_back(fmt::format("cell_{}", cell));
  return std::make_unique<h5::TextReader>(std::move(numbers));
}

std::vector<std::string> layers_of(const h5::File& file) {
  std::vector<std::string> names;
  if (h5::kind_of(file.id(), "layers") != ObjectKind::group) return names;
  const Handle group = h5::open_group(file, file.id(), "layers");
  for (const std::string& name : h5::members(file, group.get())) {
    if (!name.empty() && h5::kind_of(group.get(), name) == ObjectKind::dataset) {
      names.push_back("layers/" + name);
    }
  }
  return names;
}

/// "matrix" or "layers/NAME".
std::string choose(const h5::File& file, const std::string& layer,
                   const std::vector<std::string>& layers) {
  if (layer == "auto" || layer == "X" || layer == "matrix") return "matrix";
  for (const std::string& name : {layer, "layers/" + layer}) {
    if (std::find(layers.begin(), layers.end(), name) != layers.end()) return name;
  }
  throw Error(ExitCode::usage,
              fmt::format("{}: has no layer '{}'; it has matrix{}{}.", file.path(), layer,
                          layers.empty() ? "" : ", ", joined(layers, ", ")));
}

}  // namespace

bool is_loom(const h5::File& file) {
  const hid_t root = file.id();
  return h5::kind_of(root, "matrix") == ObjectKind::dataset &&
         h5::kind_of(root, "row_attrs") == ObjectKind::group &&
         h5::kind_of(root, "col_attrs") == ObjectKind::group;
}

H5Parts open_loom(std::unique_ptr<h5::File> file_owner, const SourceOptions& options) {
  H5Parts parts;
  parts.file = std::move(file_owner);
  const h5::File& file = *parts.file;
  const h5::Lock lock;
  const std::vector<std::string> layers = layers_of(file);
  const std::string chosen = choose(file, options.layer, layers);
  const Handle matrix = h5::open_dataset(file, file.id(), "matrix");
  const std::vector<hsize_t> extent = h5::shape(file, matrix.get());
  if (extent.size() != 2) file.fail("matrix", "is no matrix of genes x cells.");
  h5::check_claim(file, matrix.get());
  const auto n_genes = static_cast<Index>(extent[0]);
  parts.n_cells = static_cast<Index>(extent[1]);
  parts.description.format = "loom";
  parts.description.matrix = chosen;
  parts.description.matrix_reason =
      options.layer == "auto" ? (layers.empty() ? "the only one" : "the main one") : "as stated";
  for (const std::string& name : layers) {
    if (name != chosen) parts.description.other_matrices.push_back(name);
  }
  if (chosen != "matrix") {
    std::vector<std::string>& others = parts.description.other_matrices;
    others.insert(others.begin(), "matrix");
  }
  parts.features = read_features(file, n_genes);
  parts.names = cell_names(file, parts.n_cells);
  parts.matrix = open_turned_matrix(file, chosen, parts.n_cells, n_genes);
  return parts;
}

}  // namespace sicmir
