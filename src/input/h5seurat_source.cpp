// SPDX-License-Identifier: BSD-3-Clause
/// h5Seurat, as SeuratDisk writes it (its "h5Seurat File Format Specification"): matrices in
/// assays/NAME (sparse: a dgCMatrix of genes x cells, slot by slot; dense: cells x genes, since R
/// and HDF5 count axes in opposite order), cell.names, meta.data (factors are groups of levels and
/// values from 1; the attribute `logicals` names columns of 0, 1 and 2 for NA), and
/// reductions/NAME/cell.embeddings. Matrices are read where they are; metadata and reductions are
/// translated to AnnData.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "anndata/h5ad_layout.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "hdf5/h5_chunks.hpp"
#include "input/anndata_image.hpp"
#include "input/h5_matrix_source.hpp"
#include "input/h5ad_matrices.hpp"
#include "input/r_names.hpp"

namespace sicmir {
namespace {

using h5::File;
using h5::Handle;
using h5::ObjectKind;
using h5ad::MatrixPlace;

constexpr std::int64_t missing_integer = std::numeric_limits<std::int32_t>::min();

std::string assay_of(const File& file, const std::string& layer) {
  const Handle group = h5::open_group(file, file.id(), "assays");
  const std::vector<std::string> assays = h5::members(file, group.get());
  if (assays.empty()) file.fail("assays", "holds no assay.");
  std::vector<std::uint8_t> derived;
  derived.reserve(assays.size());
  for (const std::string& name : assays) derived.push_back(names_derived_assay(name) ? 1 : 0);
  const std::string active = h5::text_attribute(file.id(), "active.assay").value_or("");
  return assays[choose_assay(assays, derived, active, layer)];
}

/// `counts` and `data` of an assay, in AnnData's words.
std::vector<MatrixPlace> places_of(const File& file, const std::string& assay) {
  std::vector<MatrixPlace> places;
  for (const auto& [name, as] : {std::pair("data", "X"), std::pair("counts", "layers/counts")}) {
    const std::string path = fmt::format("assays/{}/{}", assay, name);
    if (h5::kind_of(file.id(), path) != ObjectKind::absent) places.push_back({as, path, ""});
  }
  return places;
}

std::unique_ptr<H5Matrix> open_matrix(const File& file, const std::string& path, Index n_cells,
                                      Index n_genes) {
  if (h5::kind_of(file.id(), path) == ObjectKind::dataset) {
    return open_dense_matrix(file, path, n_cells, n_genes);
  }
  const Handle group = h5::open_group(file, file.id(), path);
  const auto shape = h5::integer_attribute(group.get(), "dims");
  const std::vector<std::int64_t> expected = {n_genes, n_cells};
  if (shape && *shape != expected) {
    file.fail(path, fmt::format("has the dims ({}); features and cell.names ask for ({}). The file "
                                "is damaged.",
                                joined(*shape, ", "), joined(expected, ", ")));
  }
  return open_sparse_matrix(file, path, SparseMajor::cells, n_cells, n_genes);
}

/// Copies metadata to a table of the image.
class Columns {
 public:
  Columns(const File& file, TableWriter& table) : file_(file), table_(table) {}

  /// Of a group; tables that are one compound data set are not read.
  void copy(const std::string& path) {
    if (h5::kind_of(file_.id(), path) == ObjectKind::absent) return;
    if (h5::kind_of(file_.id(), path) != ObjectKind::group) {
      left_out_.emplace_back("all of them (a compound data set)");
      return;
    }
    const Handle group = h5::open_group(file_, file_.id(), path);
    const std::vector<std::string> members = h5::members(file_, group.get());
    std::vector<std::string> names =
        h5::texts_attribute(group.get(), "colnames").value_or(std::vector<std::string>{});
    std::erase_if(names, [&](const std::string& name) {
      return std::find(members.begin(), members.end(), name) == members.end();
    });
    if (names.empty()) names = members;
    logicals_ = h5::texts_attribute(group.get(), "logicals").value_or(std::vector<std::string>{});
    const std::string index = h5::text_attribute(group.get(), "_index").value_or("");
    for (const std::string& name : names) {
      if (name == index) continue;
      try {
        copy_column(group.get(), name);
      } catch (const Error& error) {
        if (error.code() != ExitCode::bad_input) throw;
        left_out_.push_back(printable(name));
        log_debug("{}", error.what());
      }
    }
  }
  [[nodiscard]] const std::vector<std::string>& left_out() const noexcept { return left_out_; }

 private:
  void copy_column(hid_t group, const std::string& name) {
    if (!table_.takes(name)) {
      left_out_.push_back(printable(name));
      return;
    }
    if (h5::kind_of(group, name) == ObjectKind::group) {
      copy_factor(group, name);
      return;
    }
    const Handle dataset = h5::open_dataset(file_, group, name);
    switch (h5::type_class(dataset.get())) {
      case h5::TypeClass::text: {
        std::vector<std::string> texts = h5::read_texts(file_, group, name);
        check(name, texts.size());
        std::vector<std::uint8_t> missing(texts.size(), 0);
        std::transform(texts.begin(), texts.end(), missing.begin(),
                       [](const std::string& text) { return text == "NA" ? 1 : 0; });
        table_.texts(name, texts, missing);
        return;
      }
      case h5::TypeClass::real: {
        const std::vector<double> values = h5::read_doubles(file_, group, name);
        check(name, values.size());
        table_.reals(name, values);
        return;
      }
      case h5::TypeClass::integer:
      case h5::TypeClass::boolean:
        copy_integers(group, name);
        return;
      default:
        left_out_.push_back(printable(name));
    }
  }

  void copy_integers(hid_t group, const std::string& name) {
    const std::vector<std::int64_t> values = h5::read_integers(file_, group, name);
    check(name, values.size());
    const bool logical = std::find(logicals_.begin(), logicals_.end(), name) != logicals_.end();
    std::vector<std::int32_t> integers(values.size());
    std::vector<std::uint8_t> missing(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      missing[i] = values[i] == missing_integer || (logical && values[i] == 2) ? 1 : 0;
      if (values[i] < missing_integer || values[i] > std::numeric_limits<std::int32_t>::max()) {
        file_.fail(h5::path_of(group) + "/" + name, "holds numbers that R's integers cannot.");
      }
      integers[i] = static_cast<std::int32_t>(values[i]);
      if (logical) integers[i] = values[i] != 0 ? 1 : 0;
    }
    if (logical) {
      table_.booleans(name, integers, missing);
    } else {
      table_.integers(name, integers, missing);
    }
  }

  void copy_factor(hid_t parent, const std::string& name) {
    const Handle group = h5::open_group(file_, parent, name);
    const std::vector<std::string> levels = h5::read_texts(file_, group.get(), "levels");
    const std::vector<std::int64_t> values = h5::read_integers(file_, group.get(), "values");
    check(name, values.size());
    const auto n_levels = static_cast<std::int64_t>(levels.size());
    std::vector<std::int32_t> codes(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool is_level = values[i] >= 1 && values[i] <= n_levels;
      if (!is_level && values[i] != missing_integer) {
        file_.fail(h5::path_of(group.get()),
                   fmt::format("has the value {}, but {} levels; the file is damaged.", values[i],
                               n_levels));
      }
      codes[i] = is_level ? static_cast<std::int32_t>(values[i] - 1) : -1;
    }
    table_.categories(name, codes, levels, false);
  }

  void check(const std::string& name, std::size_t length) const {
    if (length != table_.size()) {
      file_.fail(name, fmt::format("has {} values for {} lines.", length, table_.size()));
    }
  }

  const File& file_;
  TableWriter& table_;
  std::vector<std::string> logicals_;
  std::vector<std::string> left_out_;
};

/// Dimensions x cells in HDF5's order; AnnData has cells x dimensions.
void copy_reduction(const File& file, const H5Output& out, hid_t obsm, const std::string& name,
                    std::size_t n_cells) {
  const std::string path = fmt::format("reductions/{}/cell.embeddings", name);
  const Handle dataset = h5::open_dataset(file, file.id(), path);
  const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
  (void)h5::check_claim(file, dataset.get());
  h5::check_chunks(file, dataset.get());
  constexpr hsize_t most_dimensions = 10'000;
  if (extent.size() != 2 || extent[1] != n_cells || extent[0] == 0 || extent[0] > most_dimensions) {
    file.fail(path, "is no matrix with a line for each cell.");
  }
  const std::array<hsize_t, 2> turned = {extent[1], extent[0]};
  Handle copied = create_dataset(out, obsm, reduction_name(name), H5T_IEEE_F64LE, turned);
  set_encoding(out, copied.get(), "array", "0.2.0");
  const hsize_t at_once = std::max<hsize_t>(1, (hsize_t{1} << 20) / extent[0]);
  std::vector<double> part;
  std::vector<double> lines;
  for (hsize_t first = 0; first < n_cells; first += at_once) {
    const hsize_t count = std::min<hsize_t>(at_once, n_cells - first);
    part.resize(count * extent[0]);
    lines.resize(part.size());
    const Handle space(H5Dget_space(dataset.get()));
    const std::array<hsize_t, 2> start = {0, first};
    const std::array<hsize_t, 2> size = {extent[0], count};
    const Handle memory(H5Screate_simple(2, size.data(), nullptr));
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(),
                            nullptr) < 0 ||
        H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, memory.get(), space.get(), H5P_DEFAULT,
                part.data()) < 0) {
      file.fail(path, "cannot be read; the file is damaged.");
    }
    for (hsize_t line = 0; line < count; ++line) {
      for (hsize_t column = 0; column < extent[0]; ++column) {
        lines[line * extent[0] + column] = part[column * count + line];
      }
    }
    write_lines(out, copied.get(), H5T_NATIVE_DOUBLE, first, count, lines.data());
  }
  out.close(std::move(copied));
}

void copy_reductions(const File& file, const H5Output& out, std::size_t n_cells,
                     std::vector<Note>& warnings) {
  const h5::Lock lock;
  const Handle obsm = create_group(out, out.id(), "obsm", "dict", "0.1.0");
  if (h5::kind_of(file.id(), "reductions") != ObjectKind::group) return;
  const Handle group = h5::open_group(file, file.id(), "reductions");
  for (const std::string& name : h5::members(file, group.get())) {
    if (h5::kind_of(obsm.get(), reduction_name(name)) != ObjectKind::absent) continue;
    try {
      copy_reduction(file, out, obsm.get(), name, n_cells);
    } catch (const Error& error) {
      if (error.code() != ExitCode::bad_input) throw;
      warnings.push_back({"annotation_left_out",
                          fmt::format("a reduction is left out: {}", error.what()),
                          {{"of", "obsm"}, {"names", std::vector<std::string>{name}}}});
    }
  }
}

}  // namespace

bool is_h5seurat(const h5::File& file) {
  return h5::kind_of(file.id(), "assays") == ObjectKind::group &&
         h5::kind_of(file.id(), "cell.names") == ObjectKind::dataset;
}

H5Parts open_h5seurat(std::unique_ptr<h5::File> file_owner, const SourceOptions& options,
                      const GeneIndex& genes) {
  H5Parts parts;
  parts.file = std::move(file_owner);
  const File& file = *parts.file;
  const std::string assay = assay_of(file, options.layer);
  const std::vector<std::string> cells = h5::read_texts(file, file.id(), "cell.names");
  const std::vector<std::string> features =
      h5::read_texts(file, file.id(), fmt::format("assays/{}/features", assay));
  parts.n_cells = static_cast<Index>(cells.size());
  const auto n_genes = static_cast<Index>(features.size());

  const std::vector<MatrixPlace> places = places_of(file, assay);
  std::vector<std::string> names;
  names.reserve(places.size());
  for (const MatrixPlace& place : places) names.push_back(layer_name(place.name, "data"));
  const std::string layer = layer_in_anndata(file.path(), options.layer, assay, "data", names);
  const auto coverage = [&](const MatrixPlace&) { return genes.coverage(features); };
  const auto sample = [&](const MatrixPlace& place) {
    return open_matrix(file, place.path, parts.n_cells, n_genes)->sample();
  };
  const h5ad::Choice choice = h5ad::choose_matrix(file, places, layer, coverage, sample);
  const MatrixPlace& chosen = places[choice.place];

  parts.description.format = "h5Seurat";
  parts.description.matrix = assay + "/" + layer_name(chosen.name, "data");
  parts.description.matrix_reason = choice.reason;
  for (const MatrixPlace& place : places) {
    if (place.name == chosen.name) continue;
    parts.description.other_matrices.push_back(assay + "/" + layer_name(place.name, "data"));
  }
  const std::string active = h5::text_attribute(file.id(), "active.assay").value_or(assay);
  if (active != assay) {
    parts.description.warnings.push_back(
        {"assay_not_active",
         fmt::format("{}: assay '{}' is read, not the active one, '{}'.", file.path(), assay,
                     printable(active)),
         {{"assay", assay}, {"active", active}}});
  }
  parts.features.columns = {{"features", features}};

  AnnDataImage image(file.path());
  {
    TableWriter table(image.out(), "obs", cells);
    Columns columns(file, table);
    columns.copy("meta.data");
    table.finish();
    if (!columns.left_out().empty()) {
      parts.description.warnings.push_back(
          {"annotation_left_out",
           fmt::format("{}: columns of meta.data that are left out: {}.", file.path(),
                       joined(columns.left_out(), ", ")),
           {{"of", "obs"}, {"names", columns.left_out()}}});
    }
    TableWriter(image.out(), "var", features).finish();
    copy_reductions(file, image.out(), cells.size(), parts.description.warnings);
  }
  parts.description.annotations = image.finish();
  parts.temporary = image.release();
  parts.annotations =
      std::make_unique<h5::File>(h5::File::open_read(parts.description.annotations));
  parts.matrix = open_matrix(file, chosen.path, parts.n_cells, n_genes);
  parts.names =
      std::make_unique<h5::TextReader>(h5ad::Table(*parts.annotations, "obs").index_reader());
  return parts;
}

}  // namespace sicmir
