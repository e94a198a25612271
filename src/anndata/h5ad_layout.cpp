// SPDX-License-Identifier: BSD-3-Clause
#include "anndata/h5ad_layout.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "hdf5/h5_chunks.hpp"

namespace sicmir::h5ad {
namespace {

using h5::Handle;
using h5::ObjectKind;
using h5::TypeClass;

void describe_type(hid_t type, Column& column) {
  column.element_bytes = H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      column.kind = ColumnKind::texts;
      break;
    case H5T_INTEGER:
      column.kind = ColumnKind::integers;
      column.is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
      break;
    case H5T_FLOAT:
      column.kind = ColumnKind::reals;
      break;
    case H5T_ENUM:
      column.kind = ColumnKind::booleans;
      break;
    default:
      column.kind = ColumnKind::unreadable;
  }
}

/// The categories of a 0.7 column: by name, as AnnData writes them, else by the reference.
std::optional<Handle> referenced_categories(const h5::File& file, hid_t table,
                                            const std::string& column, hid_t dataset) {
  const std::string usual = "__categories/" + column;
  if (h5::kind_of(table, usual) == ObjectKind::dataset) return h5::open_dataset(file, table, usual);
  if (H5Aexists(dataset, "categories") <= 0) return std::nullopt;
  const Handle attribute(H5Aopen(dataset, "categories", H5P_DEFAULT));
  const Handle type(H5Aget_type(attribute.get()));
  const Handle space(H5Aget_space(attribute.get()));
  if (H5Tequal(type.get(), H5T_STD_REF_OBJ) <= 0 ||
      H5Sget_simple_extent_npoints(space.get()) != 1) {
    return std::nullopt;
  }
  hobj_ref_t reference = 0;
  if (H5Aread(attribute.get(), H5T_STD_REF_OBJ, &reference) < 0) return std::nullopt;
  const Handle target(H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, &reference));
  if (!target || H5Iget_type(target.get()) != H5I_DATASET) return std::nullopt;
  const std::string path = h5::path_of(target.get());
  if (h5::kind_of(file.id(), path) != ObjectKind::dataset) return std::nullopt;
  return h5::open_dataset(file, file.id(), path);
}

Column describe_element(const h5::File& file, hid_t table, const std::string& name) {
  Column column;
  column.name = name;
  const ObjectKind kind = h5::kind_of(table, name);
  if (kind == ObjectKind::dataset) {
    const Handle dataset(H5Dopen2(table, name.c_str(), H5P_DEFAULT));
    const Handle type(H5Dget_type(dataset.get()));
    const Handle space(H5Dget_space(dataset.get()));
    if (H5Sget_simple_extent_ndims(space.get()) != 1) return column;
    describe_type(type.get(), column);
    if (column.kind == ColumnKind::integers &&
        referenced_categories(file, table, name, dataset.get())) {
      column.kind = ColumnKind::categories;
    }
  } else if (kind == ObjectKind::group) {
    if (h5::kind_of(table, name + "/codes") == ObjectKind::dataset &&
        h5::kind_of(table, name + "/categories") != ObjectKind::absent) {
      column.kind = ColumnKind::categories;
    } else if (h5::kind_of(table, name + "/values") == ObjectKind::dataset &&
               h5::kind_of(table, name + "/mask") == ObjectKind::dataset) {
      column = describe_element(file, table, name + "/values");
      column.name = name;
      column.nullable = true;
    }
  }
  return column;
}

std::vector<std::uint8_t> as_flags(const std::vector<std::int64_t>& values) {
  std::vector<std::uint8_t> flags(values.size());
  std::transform(values.begin(), values.end(), flags.begin(),
                 [](std::int64_t value) -> std::uint8_t { return value != 0 ? 1 : 0; });
  return flags;
}

void check_codes(const h5::File& file, const std::string& where, const ColumnValues& values) {
  const Index n_categories = values.categories.front().size();
  for (const std::int64_t code : values.integers) {
    if (code < -1 || code >= n_categories) {
      file.fail(where, fmt::format("holds the code {}, but there are {} categories; the file is "
                                   "damaged.",
                                   code, n_categories));
    }
  }
}

void read_plain(const h5::File& file, hid_t parent, const std::string& name, ColumnValues& values) {
  switch (values.kind) {
    case ColumnKind::texts:
      values.texts = h5::read_texts(file, parent, name);
      break;
    case ColumnKind::integers:
    case ColumnKind::booleans:
      values.integers = h5::read_integers(file, parent, name);
      break;
    case ColumnKind::reals:
      values.reals = h5::read_doubles(file, parent, name);
      break;
    default:
      file.fail(name, "is not a column as AnnData writes them.");
  }
}

ColumnValues read_element(const h5::File& file, hid_t table, const Column& column) {
  ColumnValues values;
  values.kind = column.kind;
  const std::string where = h5::path_of(table) + "/" + column.name;
  if (column.kind == ColumnKind::categories) {
    Handle categories_parent;
    std::string categories_name;
    if (h5::kind_of(table, column.name) == ObjectKind::group) {
      values.integers = h5::read_integers(file, table, column.name + "/codes");
      const Handle group = h5::open_group(file, table, column.name);
      values.ordered = h5::integer_attribute(group.get(), "ordered")
                           .value_or(std::vector<std::int64_t>{0})
                           .front() != 0;
      const Column categories = describe_element(file, group.get(), "categories");
      if (categories.kind == ColumnKind::categories) file.fail(where, "has nested categories.");
      values.categories.push_back(read_element(file, group.get(), categories));
    } else {
      values.integers = h5::read_integers(file, table, column.name);
      const Handle codes = h5::open_dataset(file, table, column.name);
      const auto dataset = referenced_categories(file, table, column.name, codes.get());
      if (!dataset) file.fail(where, "has lost its categories; the file is damaged.");
      values.ordered = h5::integer_attribute(dataset->get(), "ordered")
                           .value_or(std::vector<std::int64_t>{0})
                           .front() != 0;
      Column categories;
      const Handle type(H5Dget_type(dataset->get()));
      describe_type(type.get(), categories);
      ColumnValues read;
      read.kind = categories.kind;
      read_plain(file, file.id(), h5::path_of(dataset->get()), read);
      values.categories.push_back(std::move(read));
    }
    check_codes(file, where, values);
    return values;
  }
  if (!column.nullable) {
    read_plain(file, table, column.name, values);
    return values;
  }
  read_plain(file, table, column.name + "/values", values);
  values.missing = as_flags(h5::read_integers(file, table, column.name + "/mask"));
  if (static_cast<Index>(values.missing.size()) != values.size()) {
    file.fail(where, "has a mask of another length than its values; the file is damaged.");
  }
  for (std::size_t i = 0; i < values.texts.size(); ++i) {
    if (values.missing[i] != 0) values.texts[i].clear();
  }
  return values;
}

/// Numbers of one field of a compound data set.
template <class T>
std::vector<T> read_field(const h5::File& file, hid_t dataset, const std::string& field,
                          hid_t memory_type) {
  std::vector<T> values(static_cast<std::size_t>(h5::check_claim(file, dataset)));
  if (values.empty()) return values;
  const Handle memory(H5Tcreate(H5T_COMPOUND, sizeof(T)));
  H5Tinsert(memory.get(), field.c_str(), 0, memory_type);
  if (H5Dread(dataset, memory.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    file.fail(h5::path_of(dataset), fmt::format("field '{}' cannot be read.", field));
  }
  return values;
}

/// 0.5 and 0.6 keep the categories of column C of any table in uns/C_categories.
std::optional<std::string> legacy_categories(const h5::File& file, const std::string& column) {
  std::string name = "uns/" + column + "_categories";
  if (h5::kind_of(file.id(), name) != ObjectKind::dataset) return std::nullopt;
  return name;
}

ColumnValues read_compound(const h5::File& file, const std::string& table, const Column& column) {
  const Handle dataset = h5::open_dataset(file, file.id(), table);
  h5::check_chunks(file, dataset.get());
  ColumnValues values;
  values.kind = column.kind;
  switch (column.kind) {
    case ColumnKind::texts:
      values.texts = h5::read_text_slice(file, dataset.get(), 0,
                                         h5::check_claim(file, dataset.get()), column.name);
      break;
    case ColumnKind::reals:
      values.reals = read_field<double>(file, dataset.get(), column.name, H5T_NATIVE_DOUBLE);
      break;
    case ColumnKind::integers:
    case ColumnKind::booleans:
      values.integers =
          read_field<std::int64_t>(file, dataset.get(), column.name, H5T_NATIVE_INT64);
      break;
    case ColumnKind::categories: {
      values.integers =
          read_field<std::int64_t>(file, dataset.get(), column.name, H5T_NATIVE_INT64);
      const std::string name = legacy_categories(file, column.name).value_or("");
      const Handle categories = h5::open_dataset(file, file.id(), name);
      const Handle type(H5Dget_type(categories.get()));
      Column described;
      describe_type(type.get(), described);
      ColumnValues read;
      read.kind = described.kind;
      read_plain(file, file.id(), name, read);
      values.categories.push_back(std::move(read));
      check_codes(file, table + "/" + column.name, values);
      break;
    }
    case ColumnKind::unreadable:
      file.fail(table + "/" + column.name, "is not a column as AnnData writes them.");
  }
  return values;
}

}  // namespace

Index ColumnValues::size() const noexcept {
  switch (kind) {
    case ColumnKind::texts:
      return static_cast<Index>(texts.size());
    case ColumnKind::reals:
      return static_cast<Index>(reals.size());
    default:
      return static_cast<Index>(integers.size());
  }
}

std::vector<std::uint8_t> ColumnValues::as_truths() const {
  std::vector<std::uint8_t> truths;
  truths.reserve(static_cast<std::size_t>(size()));
  for (const std::string& text : as_texts()) {
    const bool is_false = text == "False" || text == "FALSE" || text == "false" || text == "0";
    truths.push_back(is_false ? 0 : 1);
  }
  return truths;
}

std::vector<std::string> ColumnValues::as_texts() const {
  if (kind == ColumnKind::texts) return texts;
  std::vector<std::string> out(static_cast<std::size_t>(size()));
  const std::vector<std::string> names =
      kind == ColumnKind::categories ? categories.front().as_texts() : std::vector<std::string>{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!missing.empty() && missing[i] != 0) continue;
    if (kind == ColumnKind::reals) {
      out[i] = fmt::format("{}", reals[i]);
    } else if (kind == ColumnKind::booleans) {
      out[i] = integers[i] != 0 ? "True" : "False";
    } else if (kind == ColumnKind::integers) {
      out[i] = fmt::format("{}", integers[i]);
    } else if (integers[i] >= 0) {
      out[i] = names[static_cast<std::size_t>(integers[i])];
    }
  }
  return out;
}

Table::Table(const h5::File& file, std::string name) : file_(file), name_(std::move(name)) {
  const h5::Lock lock;
  switch (h5::kind_of(file.id(), name_)) {
    case ObjectKind::group:
      open_group();
      break;
    case ObjectKind::dataset:
      open_compound();
      break;
    default:
      file.fail("/", fmt::format("has no '{}', which every AnnData file has.", name_));
  }
}

void Table::open_group() {
  const Handle group = h5::open_group(file_, file_.id(), name_);
  const std::vector<std::string> names = h5::members(file_, group.get());
  const auto is_member = [&](const std::string& member) {
    return std::find(names.begin(), names.end(), member) != names.end();
  };
  std::string index = h5::text_attribute(group.get(), "_index").value_or("");
  if (index.empty()) index = is_member("_index") ? "_index" : "index";
  index_ = describe_element(file_, group.get(), index);
  if (index_.kind == ColumnKind::unreadable) {
    file_.fail(name_, fmt::format("has no readable index '{}'.", index));
  }
  std::vector<std::string> order =
      h5::texts_attribute(group.get(), "column-order").value_or(std::vector<std::string>{});
  // Some writers leave the order out, or list less than there is; the rest follows by name.
  for (const std::string& member : names) {
    if (std::find(order.begin(), order.end(), member) == order.end()) order.push_back(member);
  }
  for (const std::string& member : order) {
    if (member == index || member == "__categories" || !is_member(member)) continue;
    columns_.push_back(describe_element(file_, group.get(), member));
  }
  // Its length alone, without reading it.
  std::string values = index;
  if (index_.nullable) values += "/values";
  if (index_.kind == ColumnKind::categories &&
      h5::kind_of(group.get(), index) == ObjectKind::group) {
    values += "/codes";
  }
  const Handle dataset = h5::open_dataset(file_, group.get(), values);
  size_ = static_cast<Index>(h5::check_claim(file_, dataset.get()));
}

void Table::open_compound() {
  legacy_ = true;
  const Handle dataset = h5::open_dataset(file_, file_.id(), name_);
  const Handle type(H5Dget_type(dataset.get()));
  if (H5Tget_class(type.get()) != H5T_COMPOUND || h5::shape(file_, dataset.get()).size() != 1) {
    file_.fail(name_, "is neither a group nor a one-dimensional table with named fields.");
  }
  size_ = static_cast<Index>(h5::check_claim(file_, dataset.get()));
  const int n_fields = H5Tget_nmembers(type.get());
  int index_field = H5Tget_member_index(type.get(), "index");
  if (index_field < 0) index_field = 0;
  for (int i = 0; i < n_fields; ++i) {
    Column column;
    char* field = H5Tget_member_name(type.get(), static_cast<unsigned>(i));
    column.name = field == nullptr ? "" : field;
    H5free_memory(field);
    const Handle member(H5Tget_member_type(type.get(), static_cast<unsigned>(i)));
    describe_type(member.get(), column);
    if (i == index_field) {
      index_ = column;
      continue;
    }
    if (column.kind == ColumnKind::integers && legacy_categories(file_, column.name)) {
      column.kind = ColumnKind::categories;
    }
    columns_.push_back(std::move(column));
  }
  if (index_.kind == ColumnKind::unreadable) file_.fail(name_, "has no readable index.");
}

const Column* Table::find(const std::string& column) const noexcept {
  if (column == index_.name) return &index_;
  const auto found = std::find_if(columns_.begin(), columns_.end(),
                                  [&](const Column& c) { return c.name == column; });
  return found == columns_.end() ? nullptr : &*found;
}

ColumnValues Table::read(const Column& column) const {
  const h5::Lock lock;
  ColumnValues values;
  if (legacy_) {
    values = read_compound(file_, name_, column);
  } else {
    const Handle group = h5::open_group(file_, file_.id(), name_);
    values = read_element(file_, group.get(), column);
  }
  if (values.size() != size_) {
    file_.fail(name_ + "/" + column.name,
               fmt::format("has {} values, but '{}' has {}; the file is damaged.", values.size(),
                           index_.name, size_));
  }
  return values;
}

h5::TextReader Table::index_reader() const {
  const h5::Lock lock;
  if (index_.kind != ColumnKind::texts || index_.nullable) {
    return h5::TextReader(read(index_).as_texts());
  }
  if (legacy_) {
    return {file_, h5::open_dataset(file_, file_.id(), name_), index_.name};
  }
  const Handle group = h5::open_group(file_, file_.id(), name_);
  return {file_, h5::open_dataset(file_, group.get(), index_.name)};
}

bool has_table(const h5::File& file, const std::string& name) {
  const ObjectKind kind = h5::kind_of(file.id(), name);
  if (kind == ObjectKind::group) return true;
  if (kind != ObjectKind::dataset) return false;
  const h5::Lock lock;
  const Handle dataset(H5Dopen2(file.id(), name.c_str(), H5P_DEFAULT));
  return h5::type_class(dataset.get()) == TypeClass::compound;
}

}  // namespace sicmir::h5ad
