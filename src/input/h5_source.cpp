// SPDX-License-Identifier: BSD-3-Clause
/// Opens HDF5 files: tells the formats apart, and says what a file is that cannot be read.

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "hdf5/h5.hpp"
#include "hdf5/h5_links.hpp"
#include "input/h5_matrix_source.hpp"
#include "input/sources.hpp"

namespace sicmir {
namespace {

class H5CellSource final : public CellSource {
 public:
  H5CellSource(H5Parts parts, Index upper_quartile_up_to)
      : parts_(std::move(parts)),
        upper_quartile_(parts_.n_cells <= upper_quartile_up_to),
        release_cache_(parts_.file->outgrows_cache()) {
    if (release_cache_) {
      log_debug(
          "{}: takes more than half of this machine's memory, so the page cache is given "
          "back as it is read",
          parts_.file->path());
    }
  }

  [[nodiscard]] const SourceDescription& description() const override { return parts_.description; }
  [[nodiscard]] const FeatureTable& features() const override { return parts_.features; }
  [[nodiscard]] std::optional<Index> n_cells() const override { return parts_.n_cells; }

  void select(const GeneSelection& genes) override {
    parts_.matrix->select(genes, upper_quartile_);
  }

  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    const Index count = std::min(max_cells, parts_.n_cells - next_);
    if (count <= 0) return false;
    parts_.matrix->fetch(raw, next_, count, *parts_.names);
    advance(raw->n_cells);
    return true;
  }
  void decode(RawCells& raw, CellBlock& block) const override { parts_.matrix->decode(raw, block); }

  [[nodiscard]] bool can_seek() const override { return true; }
  void seek(Index cell) override { next_ = cell; }

  [[nodiscard]] std::size_t memory_bytes() const override {
    std::size_t bytes = parts_.matrix->memory_bytes() + parts_.names->memory_bytes();
    for (const FeatureColumn& column : parts_.features.columns) {
      for (const std::string& id : column.ids) {
        bytes += sizeof(std::string) + (id.capacity() > 15 ? id.capacity() : 0);
      }
    }
    return bytes + parts_.features.counted.size();
  }

 private:
  void advance(Index n_cells) {
    next_ += n_cells;
    if (!release_cache_) return;
    constexpr double bytes_between = 1 << 28;
    cells_since_release_ += n_cells;
    const double share =
        static_cast<double>(cells_since_release_) / static_cast<double>(parts_.n_cells);
    if (share * static_cast<double>(parts_.file->bytes()) < bytes_between) return;
    parts_.file->release_cache();
    cells_since_release_ = 0;
  }

  H5Parts parts_;
  bool upper_quartile_;
  Index next_ = 0;
  bool release_cache_;  // of what was read
  Index cells_since_release_ = 0;
};

/// What a file of none of the formats looks like, and what to do with it.
std::string look_of(const h5::File& file) {
  const hid_t root = file.id();
  const auto is = [&](const char* name) {
    return h5::kind_of(root, name) != h5::ObjectKind::absent;
  };
  if (is("row_attrs") || is("col_attrs")) {
    return "this is a part of a loom file: it needs matrix, row_attrs and col_attrs. Is it "
           "complete?";
  }
  if (is("0/DATA") || is("0/META")) {
    return "this is a part of a GCTX file: it needs 0/DATA/0/matrix, 0/META/ROW/id and "
           "0/META/COL/id. Is it complete?";
  }
  if (is("assays") && (is("active.ident") || is("meta.data"))) {
    return "this is a part of an h5Seurat file: it needs assays and cell.names. Is it complete?";
  }
  if (is("network") || is("layers/0") ||
      h5::text_attribute(root, "format").value_or("").find("sicmir") != std::string::npos) {
    return "this looks like a model file, not a count matrix.";
  }
  if (is("model_weights") || is("model_config")) {
    return "this is a Keras model, not a count matrix.";
  }
  if (is("barcode_idx") || is("molecule_info")) {
    return "this is Cell Ranger's molecule_info.h5, which holds single molecules. Give the "
           "filtered_feature_bc_matrix.h5 of the same run.";
  }
  if (is("geneExp") || is("cellBin")) {
    return "this is a GEF file (Stereo-seq). Convert it to AnnData with stereopy.";
  }
  std::string listed;
  Index n_listed = 0;
  for (const std::string& name : h5::members(file, root)) {
    if (++n_listed > 12) {
      listed += ", ...";
      break;
    }
    listed += (listed.empty() ? "" : ", ") + name;
  }
  return fmt::format(
      "this HDF5 file is neither AnnData (no obs and var) nor 10x (no matrix with barcodes), nor "
      "MuData, h5Seurat, loom or GCTX. At its root it has: {}. Write the matrix as .h5ad, 10x, "
      "Matrix Market or CSV.",
      listed.empty() ? "nothing" : listed);
}

}  // namespace

std::unique_ptr<CellSource> make_h5_source(H5Parts parts, const SourceOptions& options) {
  parts.description.path = parts.file->path();
  if (parts.description.storage.empty()) parts.description.storage = parts.matrix->storage();
  parts.description.gene_major = parts.matrix->gene_major();
  if (static_cast<Index>(parts.names->length()) != parts.n_cells) {
    parts.file->fail("/", fmt::format("names {} cells, but the matrix has {}; the file is damaged.",
                                      parts.names->length(), parts.n_cells));
  }
  return std::make_unique<H5CellSource>(std::move(parts), options.upper_quartile_up_to);
}

namespace {

/// These formats say themselves which axis is which.
void check_orientation(const std::string& path, Orientation stated, Orientation own,
                       const std::string& format, std::string_view advice) {
  if (stated == Orientation::automatic || stated == own) return;
  const bool has_cells = own == Orientation::cells_as_lines;
  throw Error(
      ExitCode::usage,
      fmt::format("{}: {} files always have {} as lines, but {} were stated as lines.{}", path,
                  format, has_cells ? "cells" : "genes", has_cells ? "genes" : "cells", advice),
      {Remedy::choose_orientation});
}

std::unique_ptr<CellSource> open_h5_file(std::unique_ptr<h5::File> file,
                                         const SourceOptions& options, const GeneIndex& genes) {
  const std::string path = file->path();
  if (is_mudata(*file)) return make_h5_source(open_mudata(*file, options, genes), options);
  if (is_h5seurat(*file)) {
    return make_h5_source(open_h5seurat(std::move(file), options, genes), options);
  }
  if (is_h5ad(*file)) {
    check_orientation(path, options.orientation, Orientation::cells_as_lines, "AnnData",
                      " If the genes are in obs, transpose it in Python: "
                      "anndata.read_h5ad(IN).T.write_h5ad(OUT).");
    return make_h5_source(open_h5ad(std::move(file), options, genes), options);
  }
  if (is_tenx(*file)) {
    check_orientation(path, options.orientation, Orientation::genes_as_lines, "10x HDF5", {});
    return make_h5_source(open_tenx(std::move(file), options), options);
  }
  if (is_loom(*file)) {
    check_orientation(path, options.orientation, Orientation::genes_as_lines, "loom",
                      " If the genes are in the columns, write the file again with the matrix and "
                      "its attributes transposed.");
    return make_h5_source(open_loom(std::move(file), options), options);
  }
  if (is_gctx(*file)) {
    check_orientation(path, options.orientation, Orientation::genes_as_lines, "GCTX", {});
    return make_h5_source(open_gctx(std::move(file)), options);
  }
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", path, look_of(*file)));
}

}  // namespace

std::unique_ptr<CellSource> open_h5_source(const std::string& path, const SourceOptions& options,
                                           const GeneIndex& genes) {
  try {
    return open_h5_file(std::make_unique<h5::File>(h5::File::open_read(path)), options, genes);
  } catch (const Error& error) {
    if (error.code() != ExitCode::bad_input) throw;
    std::string link;
    try {
      link = h5::describe_external_link(h5::File::open_read(path));
    } catch (const Error&) {
      throw Error(error);
    }
    if (link.empty()) throw;
    throw Error(error.code(), fmt::format("{} {}", error.what(), link), error.remedies());
  }
}

}  // namespace sicmir
