// SPDX-License-Identifier: BSD-3-Clause
#include "anndata/h5ad_elements.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string_view>

#include "base/log.hpp"

namespace sicmir {
namespace {

constexpr std::size_t max_depth = 32;

/// A value that is not there: nothing to say about it.
class Absent : public NotCopied {
 public:
  Absent() : NotCopied("it is empty") {}
};

bool truth(hid_t object, const char* name) {
  const auto value = h5::integer_attribute(object, name);
  return value && !value->empty() && value->front() != 0;
}

/// Format of a compressed matrix: csr, csc, or empty. `h5sparse_format` is that of 0.5 and 0.6.
std::string sparse_format(hid_t group) {
  const std::string encoding = encoding_of(group);
  if (encoding == "csr_matrix") return "csr";
  if (encoding == "csc_matrix") return "csc";
  const std::string old = h5::text_attribute(group, "h5sparse_format").value_or("");
  return old == "csr" || old == "csc" ? old : "";
}

std::optional<std::pair<Index, Index>> sparse_shape(hid_t group) {
  for (const char* name : {"shape", "h5sparse_shape"}) {
    const auto shape = h5::integer_attribute(group, name);
    if (shape && shape->size() == 2) return std::pair{(*shape)[0], (*shape)[1]};
  }
  return std::nullopt;
}

std::optional<haddr_t> address_of(hid_t object) {
  H5O_info_t info{};
  if (H5Oget_info(object, &info) < 0) return std::nullopt;
  return info.addr;
}

bool is_external(hid_t parent, const std::string& name) {
  H5L_info_t info{};
  return name.find('/') == std::string::npos &&
         H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT) >= 0 && info.type != H5L_TYPE_HARD &&
         info.type != H5L_TYPE_SOFT;
}

/// Whether `name` can be made below `parent`; HDF5 would fail as if the disk were full.
void check_new_name(hid_t parent, const std::string& name) {
  if (name.empty() || name == ".") throw NotCopied("it has no name");
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1)) {
    const h5::ObjectKind kind = h5::kind_of(parent, name.substr(0, slash));
    if (slash == 0 || kind == h5::ObjectKind::dataset) throw NotCopied("its name cannot be used");
    if (kind == h5::ObjectKind::absent) return;
  }
  if (H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0) {
    throw NotCopied("there are two of this name");
  }
}

}  // namespace

void ElementCopier::warn(const std::string& sentence) {
  constexpr int most = 20;
  if (++warnings_ < most) {
    log_warning("{}", sentence);
  } else if (warnings_ == most) {
    log_warning("{}: more is not carried over; only the first {} pieces are named.", in_.path(),
                most - 1);
  }
}

bool ElementCopier::guard(const std::string& path, const std::function<void()>& work) {
  try {
    work();
    return true;
  } catch (const Absent&) {
    log_debug("{}: {} is empty and not carried over.", in_.path(), path);
  } catch (const NotCopied& reason) {
    warn(fmt::format("{}: {} is not carried over: {}.", in_.path(), path, reason.what()));
  } catch (const Error& error) {
    if (error.code() == ExitCode::not_written) throw;
    warn(fmt::format("{} It is not carried over.", error.what()));
  } catch (const std::bad_alloc&) {
    warn(fmt::format("{}: {} is not carried over: it does not fit into memory.", in_.path(), path));
  }
  return false;
}

bool ElementCopier::attempt(const std::string& path, hid_t parent_out, const std::string& name,
                            const std::function<void()>& work) {
  if (!guard(path, [&] { check_new_name(parent_out, name); })) return false;
  const std::size_t depth = ancestors_.size();
  if (guard(path, work)) return true;
  ancestors_.resize(depth);
  if (h5::kind_of(parent_out, name) != h5::ObjectKind::absent) {
    out_.check(H5Ldelete(parent_out, name.c_str(), H5P_DEFAULT));
  }
  return false;
}

std::vector<std::string> ElementCopier::fields(hid_t dataset) {
  const h5::Handle type(H5Dget_type(dataset));
  if (H5Tget_class(type.get()) != H5T_COMPOUND) {
    throw NotCopied("it is neither a group nor a table");
  }
  std::vector<std::string> names;
  for (int i = 0; i < H5Tget_nmembers(type.get()); ++i) {
    const std::unique_ptr<char, herr_t (*)(void*)> name(
        H5Tget_member_name(type.get(), static_cast<unsigned>(i)), &H5free_memory);
    if (name != nullptr) names.emplace_back(name.get());
  }
  return names;
}

std::vector<std::string> ElementCopier::listed_columns(hid_t table) {
  // An empty list is stored as one of numbers.
  return h5::texts_attribute(table, "column-order").value_or(std::vector<std::string>{});
}

std::vector<hsize_t> ElementCopier::extent_of(hid_t element) const {
  try {
    if (H5Iget_type(element) == H5I_DATASET) return h5::shape(in_, element);
    if (!sparse_format(element).empty()) {
      const auto shape = sparse_shape(element).value_or(std::pair<Index, Index>{0, 0});
      return {static_cast<hsize_t>(shape.first), static_cast<hsize_t>(shape.second)};
    }
    const std::string encoding = encoding_of(element);
    std::string part;
    if (encoding == "dataframe") {
      part = h5::text_attribute(element, "_index").value_or("_index");
    } else if (encoding == "categorical") {
      part = "codes";
    } else if (encoding.starts_with("nullable-")) {
      part = "values";
    }
    if (part.empty()) return {};
    if (h5::kind_of(element, part) == h5::ObjectKind::dataset) {
      return h5::shape(in_, h5::open_dataset(in_, element, part).get());
    }
    const h5::Handle group = h5::open_group(in_, element, part);
    const std::string inner = encoding_of(group.get()) == "categorical" ? "codes" : "values";
    return h5::shape(in_, h5::open_dataset(in_, group.get(), inner).get());
  } catch (const Error&) {
    return {};
  }
}

void ElementCopier::copy(hid_t parent_in, const std::string& name, hid_t parent_out,
                         const std::string& path, const ElementOptions& options) {
  arrays_.budget().take_object();
  if (is_external(parent_in, name)) throw NotCopied("it is a link to another file");
  switch (h5::kind_of(parent_in, name)) {
    case h5::ObjectKind::dataset: {
      if (options.leave_out) {
        const h5::Handle dataset = h5::open_dataset(in_, parent_in, name);
        if (options.leave_out(dataset.get(), path)) return;
      }
      copy_dataset(parent_in, name, parent_out, options);
      return;
    }
    case h5::ObjectKind::group: {
      const h5::Handle group = h5::open_group(in_, parent_in, name);
      if (options.leave_out && options.leave_out(group.get(), path)) return;
      copy_group(group.get(), parent_out, name, path, options);
      return;
    }
    case h5::ObjectKind::absent:
      throw NotCopied("its link leads nowhere, or out of the file");
    default:
      throw NotCopied("it is neither a group nor an array");
  }
}

void ElementCopier::copy_dataset(hid_t parent_in, const std::string& name, hid_t parent_out,
                                 const ElementOptions& options) {
  const h5::Handle dataset = h5::open_dataset(in_, parent_in, name);
  const h5::Handle space(H5Dget_space(dataset.get()));
  const std::string encoding = encoding_of(dataset.get());
  if (encoding == "null" || H5Sget_simple_extent_type(space.get()) == H5S_NULL) throw Absent();
  constexpr std::array<std::string_view, 7> known = {
      "", "array", "string-array", "string", "numeric-scalar", "rec-array", "bytes"};
  if (std::find(known.begin(), known.end(), encoding) == known.end()) {
    throw NotCopied(fmt::format("its encoding, '{}', is not known", encoding));
  }
  if (encoding.empty() && h5::has_attribute(dataset.get(), "categories")) {
    copy_referenced_categories(dataset.get(), parent_out, name, options);
    return;
  }
  arrays_.copy(dataset.get(), "", parent_out, name,
               {.per_cell = options.per_cell,
                .one_text_is_scalar = options.one_text_is_scalar && encoding.empty(),
                .min_rank = 0});
}

void ElementCopier::copy_group(hid_t group, hid_t parent_out, const std::string& name,
                               const std::string& path, const ElementOptions& options) {
  const std::string format = sparse_format(group);
  if (!format.empty()) {
    copy_sparse(group, format == "csr", parent_out, name, options);
    return;
  }
  const std::string encoding = encoding_of(group);
  if (encoding == "categorical") {
    copy_categorical(group, parent_out, name, path, options);
  } else if (encoding == "nullable-integer" || encoding == "nullable-boolean") {
    copy_nullable(group, encoding, parent_out, name, options);
  } else if (encoding == "nullable-string-array") {
    copy_nullable_texts(group, parent_out, name, options);
  } else if (encoding == "dataframe") {
    copy_table(group, parent_out, name, path, options);
  } else if (encoding == "null") {
    throw Absent();
  } else if ((encoding.empty() || encoding == "dict") && options.per_cell == PerCell::no) {
    copy_dictionary(group, parent_out, name, path, options);
  } else if (encoding.empty() || encoding == "dict") {
    throw NotCopied("it holds no values of cells");
  } else {
    throw NotCopied(fmt::format("its encoding, '{}', is not one that AnnData 0.8 reads", encoding));
  }
}

void ElementCopier::copy_sparse(hid_t group, bool compressed_lines, hid_t parent_out,
                                const std::string& name, const ElementOptions& options) {
  const auto shape = sparse_shape(group);
  if (!shape) throw NotCopied("it does not say its shape");
  arrays_.copy_sparse(group, compressed_lines, *shape, parent_out, name, options.per_cell);
}

void ElementCopier::copy_categorical(hid_t group, hid_t parent_out, const std::string& name,
                                     const std::string& path, const ElementOptions& options) {
  const h5::Handle codes = h5::open_dataset(in_, group, "codes");
  const h5::Handle categories = [&] {
    return h5::kind_of(group, "categories") == h5::ObjectKind::group
               ? h5::open_group(in_, group, "categories")
               : h5::open_dataset(in_, group, "categories");
  }();
  const std::vector<hsize_t> extent = extent_of(categories.get());
  if (extent.size() != 1) throw NotCopied("its categories are no list");
  if (encoding_of(categories.get()) == "categorical") throw NotCopied("its categories are nested");
  const h5::Handle copied = create_group(out_, parent_out, name, "categorical", "0.2.0");
  set_bool(out_, copied.get(), "ordered", truth(group, "ordered"));
  arrays_.copy_codes(codes.get(), "", copied.get(), "codes", options.per_cell,
                     static_cast<Index>(extent[0]));
  copy(group, "categories", copied.get(), path + "/categories", {});
}

/// 0.7: the codes point to their categories by an object reference.
void ElementCopier::copy_referenced_categories(hid_t codes, hid_t parent_out,
                                               const std::string& name,
                                               const ElementOptions& options) {
  const h5::Handle attribute(H5Aopen(codes, "categories", H5P_DEFAULT));
  const h5::Handle type(H5Aget_type(attribute.get()));
  const h5::Handle space(H5Aget_space(attribute.get()));
  hobj_ref_t reference = 0;
  if (H5Tequal(type.get(), H5T_STD_REF_OBJ) <= 0 ||
      H5Sget_simple_extent_npoints(space.get()) != 1 ||
      H5Aread(attribute.get(), H5T_STD_REF_OBJ, &reference) < 0) {
    throw NotCopied("it does not say where its categories are");
  }
  const h5::Handle target(H5Rdereference2(codes, H5P_DEFAULT, H5R_OBJECT, &reference));
  if (!target || H5Iget_type(target.get()) != H5I_DATASET) {
    throw NotCopied("its categories are missing");
  }
  // By its path, so that it is checked like any other.
  const h5::Handle categories = h5::open_dataset(in_, in_.id(), h5::path_of(target.get()));
  const std::vector<hsize_t> extent = h5::shape(in_, categories.get());
  if (extent.size() != 1) throw NotCopied("its categories are no list");
  const h5::Handle copied = create_group(out_, parent_out, name, "categorical", "0.2.0");
  set_bool(out_, copied.get(), "ordered", truth(categories.get(), "ordered"));
  arrays_.copy_codes(codes, "", copied.get(), "codes", options.per_cell,
                     static_cast<Index>(extent[0]));
  arrays_.copy(categories.get(), "", copied.get(), "categories", {});
}

void ElementCopier::copy_nullable(hid_t group, const std::string& encoding, hid_t parent_out,
                                  const std::string& name, const ElementOptions& options) {
  const h5::Handle values = h5::open_dataset(in_, group, "values");
  const h5::Handle copied = create_group(out_, parent_out, name, encoding, "0.1.0");
  arrays_.copy(values.get(), "", copied.get(), "values", {.per_cell = options.per_cell});
  if (h5::kind_of(group, "mask") == h5::ObjectKind::absent) return;
  const h5::Handle mask = h5::open_dataset(in_, group, "mask");
  if (h5::shape(in_, mask.get()) != h5::shape(in_, values.get())) {
    throw NotCopied("its mask has another length than its values");
  }
  arrays_.copy(mask.get(), "", copied.get(), "mask", {.per_cell = options.per_cell});
}

/// AnnData before 0.11 cannot read texts with a mask: categories say the same, or plain texts if
/// none is missing.
void ElementCopier::copy_nullable_texts(hid_t group, hid_t parent_out, const std::string& name,
                                        const ElementOptions& options) {
  const std::vector<std::string> values = h5::read_texts(in_, group, "values");
  const std::vector<std::int64_t> mask = h5::read_integers(in_, group, "mask");
  if (mask.size() != values.size()) throw NotCopied("its mask has another length than its values");
  const auto n = static_cast<Index>(values.size());
  if (options.per_cell != PerCell::no && n != arrays_.n_input_cells()) {
    throw NotCopied(fmt::format("it has {} lines for {} cells", n, arrays_.n_input_cells()));
  }
  const std::vector<KeptCells::Run> all = {{0, n}};
  TextList texts;
  std::map<std::string, std::int64_t> positions;
  std::vector<const std::string*> kept;  // null: missing
  for (const KeptCells::Run& run : options.per_cell == PerCell::no ? all : kept_.runs()) {
    for (Index i = run.first; i < run.first + run.count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (mask[at] != 0) {
        kept.push_back(nullptr);
        continue;
      }
      texts.append(as_utf8(values[at]));
      kept.push_back(&positions.try_emplace(as_utf8(values[at]), 0).first->first);
    }
  }
  if (texts.size() == kept.size()) {
    write_string_array(out_, parent_out, name, texts);
    return;
  }
  TextList categories;
  for (auto& [text, position] : positions) {
    position = static_cast<std::int64_t>(categories.size());
    categories.append(text);
  }
  std::vector<std::int64_t> codes;
  codes.reserve(kept.size());
  for (const std::string* text : kept) codes.push_back(text == nullptr ? -1 : positions[*text]);
  const h5::Handle copied = create_group(out_, parent_out, name, "categorical", "0.2.0");
  set_bool(out_, copied.get(), "ordered", false);
  const std::array<hsize_t, 1> extent = {codes.size()};
  h5::Handle dataset = create_dataset(out_, copied.get(), "codes", H5T_STD_I32LE, extent);
  write_lines(out_, dataset.get(), H5T_NATIVE_INT64, 0, codes.size(), codes.data());
  set_encoding(out_, dataset.get(), "array", "0.2.0");
  out_.close(std::move(dataset));
  write_string_array(out_, copied.get(), "categories", categories);
}

void ElementCopier::copy_table(hid_t group, hid_t parent_out, const std::string& name,
                               const std::string& path, const ElementOptions& options) {
  if (options.per_cell == PerCell::square) throw NotCopied("it is no matrix of cells x cells");
  const std::string index = h5::text_attribute(group, "_index").value_or("_index");
  if (options.per_cell == PerCell::lines &&
      extent_of(group) != std::vector<hsize_t>{static_cast<hsize_t>(arrays_.n_input_cells())}) {
    throw NotCopied("it has another number of lines than there are cells");
  }
  std::vector<std::string> columns;
  if (h5::has_attribute(group, "column-order")) {
    columns = listed_columns(group);
  } else {
    columns = h5::members(in_, group);
    std::erase_if(columns, [&](const std::string& c) { return c == index || c == "__categories"; });
  }
  const h5::Handle copied = create_group(out_, parent_out, name, "dataframe", "0.2.0");
  check_new_name(copied.get(), index);
  if (options.per_cell == PerCell::lines) {
    write_string_array(out_, copied.get(), index, names_);
  } else {
    copy(group, index, copied.get(), path + "/" + index, {});
  }
  set_text(out_, copied.get(), "_index", index);
  std::vector<std::string> done;
  for (const std::string& column : columns) {
    const std::string where = fmt::format("{}/{}", path, column);
    const bool fits = attempt(where, copied.get(), column, [&] {
      if (done.size() >= max_columns) throw NotCopied("there are too many columns");
      copy(group, column, copied.get(), where, {.per_cell = options.per_cell});
    });
    if (fits) done.push_back(column);
  }
  set_texts(out_, copied.get(), "column-order", done);
}

void ElementCopier::enter(hid_t group) {
  const auto address = address_of(group);
  if (!address) throw NotCopied("it cannot be read; it is damaged");
  if (std::find(ancestors_.begin(), ancestors_.end(), *address) != ancestors_.end()) {
    throw NotCopied("it contains itself");
  }
  if (ancestors_.size() >= max_depth) throw NotCopied("it is nested too deeply");
  ancestors_.push_back(*address);
}

void ElementCopier::copy_dictionary(hid_t group, hid_t parent_out, const std::string& name,
                                    const std::string& path, const ElementOptions& options) {
  enter(group);
  const h5::Handle copied = create_group(out_, parent_out, name, "dict", "0.1.0");
  for (const std::string& member : h5::members(in_, group)) {
    const std::string where = fmt::format("{}/{}", path, member);
    attempt(where, copied.get(), member,
            [&] { copy(group, member, copied.get(), where, options); });
  }
  ancestors_.pop_back();
}

}  // namespace sicmir
