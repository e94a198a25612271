// SPDX-License-Identifier: BSD-3-Clause
/// GCTX 1.0, the HDF5 files of the Connectivity Map (LINCS L1000): /0/DATA/0/matrix, which HDF5
/// shows as samples x genes; ids in /0/META/ROW/id (genes: Entrez ids, or probes) and
/// /0/META/COL/id (samples), with further annotation beside them (pr_gene_symbol, pr_gene_id...).
/// Format: Enache et al., Bioinformatics 35, 1427 (2019).

#include <algorithm>

#include "input/h5_matrix_source.hpp"

namespace sicmir {
namespace {

using h5::Handle;
using h5::ObjectKind;

constexpr const char* matrix_path = "0/DATA/0/matrix";
constexpr const char* genes_path = "0/META/ROW";
constexpr const char* samples_path = "0/META/COL";
constexpr std::size_t most_row_fields = 32;

std::vector<std::string> read_names(const h5::File& file, hid_t group, const std::string& name) {
  const Handle dataset = h5::open_dataset(file, group, name);
  if (h5::type_class(dataset.get()) == h5::TypeClass::text) {
    return h5::read_texts(file, group, name);
  }
  std::vector<std::string> names;
  for (const std::int64_t id : h5::read_integers(file, group, name)) {
    names.push_back(std::to_string(id));
  }
  return names;
}

/// The ids, then annotation of the same length that consists of texts or whole numbers.
FeatureTable read_features(const h5::File& file) {
  const Handle group = h5::open_group(file, file.id(), genes_path);
  FeatureTable features;
  features.columns.push_back({"id", read_names(file, group.get(), "id")});
  const std::size_t n_genes = features.columns.front().ids.size();
  for (const std::string& name : h5::members(file, group.get())) {
    if (name == "id" || h5::kind_of(group.get(), name) != ObjectKind::dataset) continue;
    if (features.columns.size() == most_row_fields) break;
    const Handle dataset = h5::open_dataset(file, group.get(), name);
    const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
    const h5::TypeClass type = h5::type_class(dataset.get());
    const bool usable = type == h5::TypeClass::text || type == h5::TypeClass::integer;
    if (!usable || extent.size() != 1 || extent[0] != n_genes) continue;
    features.columns.push_back({name, read_names(file, group.get(), name)});
  }
  return features;
}

}  // namespace

bool is_gctx(const h5::File& file) {
  return h5::kind_of(file.id(), matrix_path) == ObjectKind::dataset &&
         h5::kind_of(file.id(), std::string(genes_path) + "/id") == ObjectKind::dataset &&
         h5::kind_of(file.id(), std::string(samples_path) + "/id") == ObjectKind::dataset;
}

H5Parts open_gctx(std::unique_ptr<h5::File> file_owner) {
  H5Parts parts;
  parts.file = std::move(file_owner);
  const h5::File& file = *parts.file;
  const h5::Lock lock;
  parts.description.format = "GCTX";
  parts.features = read_features(file);
  const Index n_genes = parts.features.size();
  const Handle samples = h5::open_group(file, file.id(), samples_path);
  const Handle ids = h5::open_dataset(file, samples.get(), "id");
  parts.names =
      h5::type_class(ids.get()) == h5::TypeClass::text
          ? std::make_unique<h5::TextReader>(file, h5::open_dataset(file, samples.get(), "id"))
          : std::make_unique<h5::TextReader>(read_names(file, samples.get(), "id"));
  parts.n_cells = static_cast<Index>(parts.names->length());
  const Handle matrix = h5::open_dataset(file, file.id(), matrix_path);
  const std::vector<hsize_t> extent = h5::shape(file, matrix.get());
  // Some programs write the matrix the other way round; the lengths of the ids tell.
  const bool turned = extent.size() == 2 && extent[0] != extent[1] &&
                      extent[0] == static_cast<hsize_t>(n_genes) &&
                      extent[1] == static_cast<hsize_t>(parts.n_cells);
  parts.matrix = turned ? open_turned_matrix(file, matrix_path, parts.n_cells, n_genes)
                        : open_dense_matrix(file, matrix_path, parts.n_cells, n_genes);
  return parts;
}

}  // namespace sicmir
