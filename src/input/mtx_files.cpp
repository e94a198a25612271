// SPDX-License-Identifier: BSD-3-Clause
#include "input/mtx_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <set>
#include <system_error>
#include <utility>

#include "base/joined.hpp"
#include "genes/genomes.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/number_text.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", path.string(), what));
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored) && !fs::is_directory(path, ignored);
}

/// `path` or `path`.gz, whichever is there; else empty.
fs::path plain_or_gzip(const fs::path& path) {
  if (is_file(path)) return path;
  fs::path gzip = path;
  gzip += ".gz";
  return is_file(gzip) ? gzip : fs::path();
}

bool is_mtx_name(std::string_view name) {
  return name.ends_with(".mtx") || name.ends_with(".mtx.gz");
}

std::string stem_of(std::string_view name) {
  for (const std::string_view ending : {".gz", ".mtx"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return std::string(name);
}

/// What may stand before "features.tsv" if the matrix is called `stem`.mtx, the likeliest first.
std::vector<std::string> sibling_prefixes(const std::string& stem) {
  constexpr std::string_view matrix = "matrix";
  std::vector<std::string> prefixes;
  const auto add = [&](std::string prefix) {
    if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) {
      prefixes.push_back(std::move(prefix));
    }
  };
  if (stem.ends_with(matrix)) {
    add(stem.substr(0, stem.size() - matrix.size()));
  } else {
    add(stem + "_");
    add(stem + ".");
    const auto cut = stem.find_last_of("_.");
    if (cut != std::string::npos) add(stem.substr(0, cut + 1));
  }
  add("");
  return prefixes;
}

fs::path find_list(const fs::path& matrix, std::string_view what,
                   std::span<const std::string_view> names) {
  const fs::path folder = matrix.parent_path();
  std::vector<std::string> tried;
  for (const std::string& prefix : sibling_prefixes(stem_of(matrix.filename().string()))) {
    for (const std::string_view name : names) {
      tried.push_back(prefix + std::string(name));
      fs::path found = plain_or_gzip(folder / tried.back());
      if (!found.empty()) return found;
    }
  }
  fail(matrix, fmt::format("a Matrix Market file needs the list of its {} beside it, and there is "
                           "none. Looked in \"{}\" for {} (each also with .gz).",
                           what, folder.empty() ? "." : folder.string(), joined(tried, ", ")));
}

/// Gene Expression or not, per feature; empty if `types` are no feature types.
std::vector<std::uint8_t> counted_types(const std::vector<std::string>& types,
                                        const std::string& path) {
  static constexpr std::array<std::string_view, 9> known = {"Gene Expression",
                                                            "Antibody Capture",
                                                            "CRISPR Guide Capture",
                                                            "Multiplexing Capture",
                                                            "Antigen Capture",
                                                            "Peaks",
                                                            "Custom",
                                                            "Hashtag",
                                                            "VDJ"};
  const std::set<std::string> distinct(types.begin(), types.end());
  const bool are_types = std::any_of(distinct.begin(), distinct.end(), [](const auto& type) {
    return std::find(known.begin(), known.end(), type) != known.end();
  });
  if (!are_types) return {};
  if (!distinct.contains("Gene Expression")) {
    fail(path, fmt::format("it lists no feature of type Gene Expression (only {}); miRNAs are "
                           "predicted from gene expression.",
                           joined(distinct, ", ")));
  }
  std::vector<std::uint8_t> counted(types.size());
  std::transform(types.begin(), types.end(), counted.begin(),
                 [](const auto& type) { return type == "Gene Expression" ? 1 : 0; });
  return counted;
}

/// alevin-fry's USA mode lists every gene three times: G (spliced), G-U (unspliced), G-A
/// (ambiguous).
bool is_usa_list(const std::vector<std::string>& ids) {
  const std::size_t n = ids.size() / 3;
  if (n == 0 || ids.size() % 3 != 0) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (ids[n + i] != ids[i] + "-U" || ids[2 * n + i] != ids[i] + "-A") return false;
  }
  return true;
}

/// What a folder without a matrix is, with the way out; empty: nothing known.
std::string recognise_folder(const fs::path& folder) {
  const auto has = [&](const char* name) {
    std::error_code ignored;
    return fs::exists(folder / name, ignored);
  };
  if (has(".zgroup") || has("zarr.json") || has(".zmetadata")) {
    return "this is a Zarr store. Convert it in Python: anndata.read_zarr(IN).write_h5ad(OUT).";
  }
  if (has("idxptr") && has("row_names") && has("version")) {
    return "this is a BPCells matrix on disk. Convert it in R: "
           "DropletUtils::write10xCounts(OUT, as(BPCells::open_matrix_dir(IN), \"dgCMatrix\")).";
  }
  if (has("__tiledb_group.tdb") || has("__group") || has("__schema")) {
    return "this is a TileDB store (SOMA). Convert it in Python: "
           "tiledbsoma.io.to_anndata(tiledbsoma.open(IN), \"RNA\").write_h5ad(OUT).";
  }
  return {};
}

/// A matrix below a folder, for a hint: Cell Ranger's outs, STARsolo's Solo.out, alevin-fry.
std::string matrix_below(const fs::path& folder) {
  static constexpr std::array<std::string_view, 12> places = {"filtered_feature_bc_matrix",
                                                              "filtered_feature_bc_matrix.h5",
                                                              "filtered_gene_bc_matrices_h5.h5",
                                                              "outs/filtered_feature_bc_matrix",
                                                              "outs/filtered_feature_bc_matrix.h5",
                                                              "Gene/filtered",
                                                              "GeneFull/filtered",
                                                              "Solo.out/Gene/filtered",
                                                              "Solo.out/GeneFull/filtered",
                                                              "alevin",
                                                              "af_quant/alevin",
                                                              "quants/alevin"};
  for (const std::string_view place : places) {
    const fs::path path = folder / place;
    std::error_code ignored;
    const bool is_matrix = place.ends_with(".h5")
                               ? is_file(path)
                               : !plain_or_gzip(path / "matrix.mtx").empty() ||
                                     !plain_or_gzip(path / "quants_mat.mtx").empty();
    if (is_matrix) return path.string();
  }
  // A single file that can be read by itself.
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".h5ad") || name.ends_with(".h5") || name.ends_with(".loom")) {
      files.push_back(entry->path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files.empty() ? std::string() : files.front();
}

}  // namespace

MtxSiblings find_mtx_siblings(const fs::path& matrix) {
  static constexpr std::array<std::string_view, 7> gene_lists = {
      "features.tsv", "genes.tsv", "genes.txt",  "features.txt",
      "cols.txt",     "gene.tsv",  "feature.tsv"};
  static constexpr std::array<std::string_view, 6> cell_lists = {
      "barcodes.tsv", "barcodes.txt", "cells.tsv", "cells.txt", "rows.txt", "barcode.tsv"};
  MtxSiblings siblings;
  siblings.genes = find_list(matrix, "genes", gene_lists);
  siblings.cells = find_list(matrix, "cells", cell_lists);
  constexpr std::string_view kallisto = ".genes.txt";
  const std::string genes = siblings.genes.string();
  if (genes.ends_with(kallisto)) {
    const fs::path names = genes.substr(0, genes.size() - kallisto.size()) + ".genes.names.txt";
    if (is_file(names)) siblings.gene_names = names;
  }
  return siblings;
}

fs::path find_mtx_in_folder(const fs::path& folder) {
  for (const char* name : {"matrix.mtx", "cells_x_genes.mtx", "quants_mat.mtx"}) {
    fs::path found = plain_or_gzip(folder / name);
    if (!found.empty()) return found;
  }
  std::vector<std::string> matrices;
  std::vector<std::string> below;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (is_mtx_name(path.filename().string())) matrices.push_back(path.filename().string());
    if (!plain_or_gzip(path / "matrix.mtx").empty()) below.push_back(path.string());
  }
  if (error) fail(folder, fmt::format("the folder cannot be read: {}.", error.message()));
  std::sort(matrices.begin(), matrices.end());
  std::sort(below.begin(), below.end());
  if (matrices.size() == 1) return folder / matrices.front();
  if (matrices.size() > 1) {
    constexpr std::size_t most_shown = 6;
    const auto n_shown = std::min(matrices.size(), most_shown);
    fail(folder, fmt::format("the folder holds {} matrices ({}{}). Give the path of one of them.",
                             matrices.size(), joined(std::span(matrices).first(n_shown), ", "),
                             matrices.size() > n_shown ? ", ..." : ""));
  }
  if (const std::string known = recognise_folder(folder); !known.empty()) fail(folder, known);
  if (below.empty()) {
    const std::string found = matrix_below(folder);
    if (!found.empty()) below.push_back(found);
  }
  const std::string hint =
      below.empty() ? std::string("Give the folder that holds the matrix, or the path of a file.")
                    : fmt::format("Did you mean \"{}\"?", below.front());
  fail(folder,
       "the folder holds no matrix. Looked for matrix.mtx, cells_x_genes.mtx, "
       "quants_mat.mtx and any other .mtx, plain or with .gz. " +
           hint);
}

fs::path find_mtx_by_prefix(const fs::path& prefix) {
  for (const char* ending : {"_matrix.mtx", ".matrix.mtx", "matrix.mtx", ".mtx"}) {
    fs::path path = prefix;
    path += ending;
    fs::path found = plain_or_gzip(path);
    if (!found.empty()) return found;
  }
  return {};
}

void NameList::drop_header() {
  for (auto& column : columns) column.erase(column.begin());
  --n_lines;
}

NameList read_name_list(const fs::path& path, Index most) {
  constexpr std::size_t most_columns = 3;
  const auto input = ByteInput::open(path.string());
  LineReader lines(*input);
  NameList list;
  list.file = path.filename().string();
  list.columns.resize(1);
  const FieldRules rules{'\t', '.'};
  std::string_view line;
  Index n_blank = 0;  // only at the end: a blank line between others is an empty name
  while (lines.next(line)) {
    if (line.find_first_not_of(" \t") == std::string_view::npos) {
      ++n_blank;
      continue;
    }
    for (; n_blank > 0; --n_blank, ++list.n_lines) {
      if (list.n_lines >= most) continue;
      for (auto& column : list.columns) column.emplace_back();
    }
    if (list.n_lines++ >= most) continue;
    const auto fields = split_fields(line, rules, most_columns);
    if (list.n_lines == 1) list.columns.resize(fields.size());
    for (std::size_t c = 0; c < list.columns.size(); ++c) {
      list.columns[c].push_back(c < fields.size() ? unquoted(fields[c]) : std::string());
    }
  }
  return list;
}

MtxFeatures make_mtx_features(NameList list, const std::string& genome, const std::string& path) {
  MtxFeatures features;
  constexpr std::size_t type_column = 2;
  if (list.columns.size() > type_column) {
    features.table.counted = counted_types(list.columns[type_column], path);
    if (!features.table.counted.empty()) list.columns.resize(type_column);
  }
  const auto n_lines = list.columns.front().size();
  if (is_usa_list(list.columns.front())) {
    const std::size_t n = n_lines / 3;
    features.feature_of_line.resize(n_lines);
    for (std::size_t i = 0; i < n; ++i) {
      features.feature_of_line[i] = static_cast<std::int32_t>(i);
      features.feature_of_line[n + i] = -1;
      features.feature_of_line[2 * n + i] = static_cast<std::int32_t>(i);
    }
    for (auto& column : list.columns) column.resize(n);
    features.warnings.push_back(
        {"unspliced_left_out",
         fmt::format("{}: lists spliced, unspliced (-U) and ambiguous (-A) counts of {} genes; "
                     "spliced and ambiguous ones are added up.",
                     path, n),
         {{"genes", n}}});
  }
  for (std::size_t c = 0; c < list.columns.size(); ++c) {
    features.table.columns.push_back(
        {fmt::format("column {} of {}", c + 1, list.file), std::move(list.columns[c])});
  }
  for (Note& warning : choose_genome(features.table, {}, genome, path)) {
    features.warnings.push_back(std::move(warning));
  }
  return features;
}

}  // namespace sicmir
