// SPDX-License-Identifier: BSD-3-Clause
#include "anndata/h5ad_carry.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <set>
#include <string_view>

#include "anndata/h5_copy.hpp"
#include "anndata/h5ad_elements.hpp"
#include "anndata/h5ad_layout.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/work_note.hpp"

namespace sicmir {
namespace {

/// Annotation of genes that scanpy and squidpy keep in uns, and what is no longer true of X.
bool is_gene_key(std::string_view key) {
  constexpr std::array<std::string_view, 4> keys = {"hvg", "log1p", "moranI", "gearyC"};
  return key.starts_with("rank_genes_groups") ||
         std::find(keys.begin(), keys.end(), key) != keys.end();
}

constexpr std::string_view categories_suffix = "_categories";

class Carry {
 public:
  Carry(const h5::File& in, const H5Output& out, const TextList& names, const KeptCells& kept,
        const h5ad::Table& obs)
      : in_(in),
        out_(out),
        names_(names),
        obs_(obs),
        arrays_(in, out, kept, obs.size()),
        elements_(in, out, names, kept, arrays_) {
    for (const char* table : {"var", "raw/var", "raw.var"}) {
      if (!h5ad::has_table(in, table)) continue;
      try {
        const h5ad::Table genes(in, table);
        gene_counts_.insert(genes.size());
        for (const h5ad::Column& column : genes.columns()) gene_columns_.insert(column.name);
      } catch (const Error& error) {
        log_debug("{}", error.what());
      }
    }
    // A file with as many genes as cells: what has that length may well be of the cells.
    gene_counts_.erase(obs.size());
    gene_counts_.erase(0);
    gene_counts_.erase(1);
  }

  void copy_obs() {
    const h5::Handle table = create_group(out_, out_.id(), "obs", "dataframe", "0.2.0");
    std::string index = obs_.index_name();
    if (index.empty() || index.find('/') != std::string::npos) index = "_index";
    write_string_array(out_, table.get(), index, names_);
    set_text(out_, table.get(), "_index", index);
    std::vector<std::string> columns;
    for (const std::string& column : obs_columns()) {
      const std::string path = "obs/" + column;
      const bool copied = elements_.attempt(path, table.get(), column, [&] {
        if (column == "_index") throw NotCopied("AnnData reserves this name");
        if (columns.size() >= ElementCopier::max_columns) {
          throw NotCopied("there are too many columns");
        }
        copy_obs_column(column, path, table.get());
      });
      if (copied) columns.push_back(column);
    }
    set_texts(out_, table.get(), "column-order", columns);
  }

  /// obsm or obsp.
  void copy_arrays(const std::string& part, PerCell per_cell) {
    const h5::Handle group = create_group(out_, out_.id(), part, "dict", "0.1.0");
    elements_.guard(part, [&] {
      if (H5Lexists(in_.id(), part.c_str(), H5P_DEFAULT) <= 0) return;
      if (h5::kind_of(in_.id(), part) != h5::ObjectKind::dataset) {
        const h5::Handle from = h5::open_group(in_, in_.id(), part);
        for (const std::string& name : h5::members(in_, from.get())) {
          const std::string path = fmt::format("{}/{}", part, name);
          elements_.attempt(path, group.get(), name, [&] {
            elements_.copy(from.get(), name, group.get(), path, {.per_cell = per_cell});
          });
        }
        return;
      }
      // 0.5 and 0.6: one record a cell, a field an array.
      const h5::Handle from = h5::open_dataset(in_, in_.id(), part);
      for (const std::string& field : ElementCopier::fields(from.get())) {
        elements_.attempt(fmt::format("{}/{}", part, field), group.get(), field, [&] {
          arrays_.copy(from.get(), field, group.get(), field,
                       {.per_cell = per_cell, .min_rank = 2});
        });
      }
    });
  }

  void copy_uns() {
    const h5::Handle group = create_group(out_, out_.id(), "uns", "dict", "0.1.0");
    elements_.guard("uns", [&] {
      if (H5Lexists(in_.id(), "uns", H5P_DEFAULT) <= 0) return;
      const h5::Handle from = h5::open_group(in_, in_.id(), "uns");
      elements_.enter(from.get());
      for (const std::string& name : h5::members(in_, from.get())) {
        copy_uns_member(from.get(), name, group.get());
      }
    });
    if (!left_out_.empty()) {
      log_info("{}: not carried over, because it describes genes: {}.", in_.path(),
               joined(left_out_, ", "));
    }
  }

 private:
  void copy_uns_member(hid_t uns, const std::string& name, hid_t group) {
    const std::string path = "uns/" + name;
    if (name == "sicmir" || is_categories_of_a_column(name)) return;
    if (is_gene_key(name)) {
      left_out_.push_back(path);
      return;
    }
    if (name == "neighbors" && h5::kind_of(uns, name) == h5::ObjectKind::group) {
      elements_.guard(path, [&] { move_graphs(uns); });
    }
    const auto leave_out = [this](hid_t element, const std::string& at) {
      if (moved_.contains(at)) return true;
      const bool kept = at.ends_with("_colors") || !describes_genes(element);
      if (!kept) left_out_.push_back(at);
      return !kept;
    };
    const ElementOptions options{.one_text_is_scalar = true, .leave_out = leave_out};
    elements_.attempt(path, group, name, [&] { elements_.copy(uns, name, group, path, options); });
  }

  /// What AnnData shows as columns: those that the table lists, where it does.
  [[nodiscard]] std::vector<std::string> obs_columns() const {
    if (!obs_.legacy()) {
      const h5::Handle group = h5::open_group(in_, in_.id(), "obs");
      if (h5::has_attribute(group.get(), "column-order")) {
        return ElementCopier::listed_columns(group.get());
      }
    }
    std::vector<std::string> names;
    for (const h5ad::Column& column : obs_.columns()) {
      names.push_back(column.name);
    }
    return names;
  }

  void copy_obs_column(const std::string& name, const std::string& path, hid_t table) {
    if (obs_.legacy()) {
      const h5::Handle dataset = h5::open_dataset(in_, in_.id(), "obs");
      if (!copy_with_old_categories(dataset.get(), name, name, table)) {
        arrays_.copy(dataset.get(), name, table, name, {.per_cell = PerCell::lines});
      }
      return;
    }
    const h5::Handle group = h5::open_group(in_, in_.id(), "obs");
    if (h5::kind_of(group.get(), name) == h5::ObjectKind::dataset) {
      const h5::Handle dataset = h5::open_dataset(in_, group.get(), name);
      if (!h5::has_attribute(dataset.get(), "categories") &&
          copy_with_old_categories(dataset.get(), "", name, table)) {
        return;
      }
    }
    elements_.copy(group.get(), name, table, path, {.per_cell = PerCell::lines});
  }

  /// True if uns/`column`_categories holds the categories of an obs column of codes, and both were
  /// written. `field`: the column is this field of a compound data set.
  bool copy_with_old_categories(hid_t dataset, const std::string& field, const std::string& column,
                                hid_t table) {
    const std::string key = "uns/" + column + std::string(categories_suffix);
    const h5::Handle type(H5Dget_type(dataset));
    const H5T_class_t kind =
        field.empty() ? H5Tget_class(type.get())
                      : H5Tget_member_class(type.get(), static_cast<unsigned>(H5Tget_member_index(
                                                            type.get(), field.c_str())));
    if (kind != H5T_INTEGER || h5::kind_of(in_.id(), key) != h5::ObjectKind::dataset) return false;
    const h5::Handle categories = h5::open_dataset(in_, in_.id(), key);
    const std::vector<hsize_t> extent = h5::shape(in_, categories.get());
    if (extent.size() > 1) return false;
    const h5::Handle copied = create_group(out_, table, column, "categorical", "0.2.0");
    set_bool(out_, copied.get(), "ordered", false);
    try {
      arrays_.copy_codes(dataset, field, copied.get(), "codes", PerCell::lines,
                         static_cast<Index>(extent.empty() ? 1 : extent[0]));
    } catch (const NotCopied&) {
      // The same name was used for genes: these are plain integers. AnnData decides so too.
      out_.check(H5Ldelete(table, column.c_str(), H5P_DEFAULT));
      return false;
    }
    arrays_.copy(categories.get(), "", copied.get(), "categories", {.min_rank = 1});
    consumed_.insert(column);
    return true;
  }

  /// uns/X_categories of a column X of obs or var is part of that column.
  [[nodiscard]] bool is_categories_of_a_column(const std::string& key) const {
    if (!key.ends_with(categories_suffix)) return false;
    const std::string column = key.substr(0, key.size() - categories_suffix.size());
    return consumed_.contains(column) || gene_columns_.contains(column);
  }

  /// Graphs that files before 0.7 keep in uns/neighbors, to obsp.
  void move_graphs(hid_t uns) {
    const h5::Handle neighbors = h5::open_group(in_, uns, "neighbors");
    const h5::Handle obsp = out_.checked(H5Gopen2(out_.id(), "obsp", H5P_DEFAULT));
    for (const std::string name : {"connectivities", "distances"}) {
      const h5::ObjectKind kind = h5::kind_of(neighbors.get(), name);
      const bool matrix =
          kind == h5::ObjectKind::group ||
          (kind == h5::ObjectKind::dataset &&
           h5::shape(in_, h5::open_dataset(in_, neighbors.get(), name).get()).size() == 2);
      if (!matrix || H5Lexists(obsp.get(), name.c_str(), H5P_DEFAULT) > 0) continue;
      const std::string path = "uns/neighbors/" + name;
      moved_.insert(path);
      elements_.attempt(path, obsp.get(), name, [&] {
        elements_.copy(neighbors.get(), name, obsp.get(), path, {.per_cell = PerCell::square});
      });
    }
  }

  [[nodiscard]] bool describes_genes(hid_t element) const {
    const std::vector<hsize_t> extent = elements_.extent_of(element);
    return std::any_of(extent.begin(), extent.end(), [this](hsize_t length) {
      return gene_counts_.contains(static_cast<Index>(length));
    });
  }

  const h5::File& in_;
  const H5Output& out_;
  const TextList& names_;
  const h5ad::Table& obs_;
  ArrayCopier arrays_;
  ElementCopier elements_;
  std::set<Index> gene_counts_;
  std::set<std::string> gene_columns_;
  std::set<std::string> consumed_;  // obs columns whose categories stood in uns
  std::set<std::string> moved_;
  std::vector<std::string> left_out_;
};

void write_names_only(const H5Output& out, const TextList& names) {
  const h5::Handle table = create_group(out, out.id(), "obs", "dataframe", "0.2.0");
  write_string_array(out, table.get(), "_index", names);
  set_text(out, table.get(), "_index", "_index");
  set_texts(out, table.get(), "column-order", {});
  for (const char* name : {"obsm", "obsp", "uns"}) {
    (void)create_group(out, out.id(), name, "dict", "0.1.0");
  }
}

/// Whether the output's cells can be found among the input's; warns if not.
bool fits(const h5::File& in, const h5ad::Table& obs, const TextList& names,
          const KeptCells& kept) {
  if (kept.is_ordered() && kept.size() == static_cast<Index>(names.size()) &&
      kept.end() <= obs.size()) {
    return true;
  }
  log_warning(
      "{}: obs has {} lines, which do not fit the cells that were read; obs, obsm, obsp "
      "and uns are not carried over.",
      in.path(), obs.size());
  return false;
}

}  // namespace

void KeptCells::append(Index input_cell) {
  ++size_;
  if (!runs_.empty()) {
    Run& last = runs_.back();
    if (input_cell == last.first + last.count) {
      ++last.count;
      return;
    }
    if (input_cell < last.first + last.count) ordered_ = false;
  }
  runs_.push_back({input_cell, 1});
}

void carry_over(const AnnotationPlace& from, const H5Output& out, const TextList& names,
                const KeptCells& kept) {
  const h5::Lock lock;
  if (from.empty()) {
    write_names_only(out, names);
    return;
  }
  // Goes after the file is closed: HDF5 may crash even in that.
  struct Carrying {
    const std::string& path;
    explicit Carrying(const std::string& name) : path(name) {}
    Carrying(const Carrying&) = delete;
    Carrying& operator=(const Carrying&) = delete;
    ~Carrying() { note_work(Work::reading_input, path); }
  };
  const Carrying carrying(from.name);
  std::optional<h5::File> in;
  std::optional<h5ad::Table> obs;
  try {
    in = h5::File::open_read(from);
    note_work(Work::carrying_over, from.name);
    obs.emplace(*in, "obs");
    if (!fits(*in, *obs, names, kept)) obs.reset();
  } catch (const Error& error) {
    obs.reset();
    log_warning("{} obs, obsm, obsp and uns are not carried over.", error.what());
  }
  if (!obs) {
    write_names_only(out, names);
    return;
  }
  Carry carry(*in, out, names, kept, *obs);
  carry.copy_obs();
  carry.copy_arrays("obsm", PerCell::lines);
  carry.copy_arrays("obsp", PerCell::square);
  carry.copy_uns();
}

}  // namespace sicmir
