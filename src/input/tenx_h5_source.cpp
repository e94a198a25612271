// SPDX-License-Identifier: BSD-3-Clause
/// 10x Genomics' HDF5 matrices (support.10xgenomics.com, "Feature-barcode matrices", HDF5):
/// genes x cells, compressed by columns, so cell after cell.
/// - Cell Ranger 1 and 2: a group per genome with barcodes, genes, gene_names, data, indices,
///   indptr and shape.
/// - Cell Ranger 3 and later: one group `matrix`, its features in `matrix/features` (id, name,
///   feature_type, genome; raw probe matrices add gene_id and gene_name).
/// CellBender writes either, with further groups, and may leave genome, genes or feature_type out.

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/joined.hpp"
#include "genes/genomes.hpp"
#include "input/h5_matrix_source.hpp"

namespace sicmir {
namespace {

using h5::Handle;
using h5::ObjectKind;

bool is_dataset(hid_t parent, const std::string& name) {
  return h5::kind_of(parent, name) == ObjectKind::dataset;
}

bool is_matrix_group(const h5::File& file, const std::string& name) {
  if (h5::kind_of(file.id(), name) != ObjectKind::group) return false;
  const Handle group = h5::open_group(file, file.id(), name);
  const hid_t id = group.get();
  const bool has_features = h5::kind_of(id, "features") == ObjectKind::group ||
                            is_dataset(id, "genes") || is_dataset(id, "gene_names");
  return has_features && is_dataset(id, "barcodes") && is_dataset(id, "data") &&
         is_dataset(id, "indptr");
}

/// Groups of the root that hold a matrix.
std::vector<std::string> matrix_groups(const h5::File& file) {
  std::vector<std::string> groups;
  for (const std::string& name : h5::members(file, file.id())) {
    if (is_matrix_group(file, name)) groups.push_back(name);
  }
  return groups;
}

std::string choose_group(const h5::File& file, const SourceOptions& options) {
  const std::vector<std::string> groups = matrix_groups(file);
  if (std::find(groups.begin(), groups.end(), "matrix") != groups.end()) return "matrix";
  const std::string listed = joined(groups, ", ");
  if (options.genome.empty()) {
    if (groups.size() > 1) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: holds {} genomes: {}. The human one seems to be {}.",
                              file.path(), groups.size(), listed, likely_human(groups)),
                  {Remedy::choose_genome});
    }
    return groups.front();
  }
  if (std::find(groups.begin(), groups.end(), options.genome) == groups.end()) {
    throw Error(ExitCode::bad_input, fmt::format("{}: has no genome '{}'; it holds {}.",
                                                 file.path(), options.genome, listed));
  }
  return options.genome;
}

/// Adds the data set `name` of `group` as a column, if it is there.
void add_column(const h5::File& file, hid_t group, const std::string& name,
                FeatureTable& features) {
  if (!is_dataset(group, name)) return;
  features.columns.push_back({name, h5::read_texts(file, group, name)});
}

std::vector<std::string> read_optional(const h5::File& file, hid_t group, const std::string& name) {
  return is_dataset(group, name) ? h5::read_texts(file, group, name) : std::vector<std::string>{};
}

void check_length(const h5::File& file, const std::string& where, std::size_t length,
                  Index n_features) {
  if (static_cast<Index>(length) == n_features) return;
  file.fail(where, fmt::format("has {} elements, but the matrix has {} features; the file is "
                               "damaged.",
                               length, n_features));
}

}  // namespace

bool is_tenx(const h5::File& file) {
  return !matrix_groups(file).empty();
}

H5Parts open_tenx(std::unique_ptr<h5::File> file_owner, const SourceOptions& options) {
  H5Parts parts;
  parts.file = std::move(file_owner);
  const h5::File& file = *parts.file;
  const h5::Lock lock;
  const std::string name = choose_group(file, options);
  const Handle group = h5::open_group(file, file.id(), name);

  const std::vector<std::int64_t> shape = h5::read_integers(file, group.get(), "shape");
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0) {
    file.fail(name + "/shape", "must hold two numbers, those of features and of barcodes.");
  }
  const Index n_features = shape[0];
  parts.n_cells = shape[1];

  FeatureTable& features = parts.features;
  std::vector<std::string> types;
  std::vector<std::string> genomes;
  std::string features_path = name;
  if (h5::kind_of(group.get(), "features") == ObjectKind::group) {
    parts.description.format = "10x HDF5 v3";
    features_path += "/features";
    const Handle table = h5::open_group(file, group.get(), "features");
    // Probe matrices have one id per probe; the gene's own id and name come from gene_*.
    for (const char* column : {"id", "gene_id", "name", "gene_name"}) {
      add_column(file, table.get(), column, features);
    }
    types = read_optional(file, table.get(), "feature_type");
    genomes = read_optional(file, table.get(), "genome");
  } else {
    parts.description.format = "10x HDF5 v2";
    for (const char* column : {"genes", "gene_names"}) {
      add_column(file, group.get(), column, features);
    }
  }
  if (features.columns.empty()) {
    file.fail(features_path, "names no features; expected id or name.");
  }
  for (const FeatureColumn& column : features.columns) {
    check_length(file, features_path + "/" + column.name, column.ids.size(), n_features);
  }
  if (!types.empty()) {
    check_length(file, features_path + "/feature_type", types.size(), n_features);
    features.counted.resize(types.size());
    std::transform(
        types.begin(), types.end(), features.counted.begin(),
        [](const std::string& type) -> std::uint8_t { return type == "Gene Expression" ? 1 : 0; });
    if (std::find(features.counted.begin(), features.counted.end(), 1) == features.counted.end()) {
      file.fail(features_path + "/feature_type",
                fmt::format("no feature is of the type 'Gene Expression'; the first is '{}'. Give "
                            "the gene expression matrix of this experiment.",
                            types.front()));
    }
  }
  // One genome for all features, as some rewritten files have it.
  if (genomes.size() == 1 && n_features > 1) {
    genomes.resize(static_cast<std::size_t>(n_features), std::string(genomes.front()));
  }
  if (!genomes.empty()) {
    check_length(file, features_path + "/genome", genomes.size(), n_features);
  }
  // The group of a v2 file is the genome, and has been chosen.
  const bool v2 = genomes.empty() && name == options.genome;
  parts.description.warnings =
      choose_genome(features, genomes, v2 ? std::string() : options.genome, file.path());

  parts.names =
      std::make_unique<h5::TextReader>(file, h5::open_dataset(file, group.get(), "barcodes"));
  parts.matrix = open_sparse_matrix(file, name, SparseMajor::cells, parts.n_cells, n_features);
  // Columns of genes x cells are lines of cells x genes: the same arrays, called as 10x does.
  std::string storage = parts.matrix->storage();
  if (storage.starts_with("CSR")) storage.replace(0, 3, "CSC (genes x cells)");
  parts.description.storage = std::move(storage);
  return parts;
}

}  // namespace sicmir
