// SPDX-License-Identifier: BSD-3-Clause
#include "input/anndata_image.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text_list.hpp"

namespace sicmir {

AnnDataImage::AnnDataImage(const std::string& name)
    : name_(name), file_(std::make_unique<TemporaryFile>()), out_(file_->descriptor(), name) {
  const h5::Lock lock;
  out_.create();
  set_encoding(out_, out_.id(), "anndata", "0.1.0");
}

AnnotationPlace AnnDataImage::finish() {
  out_.commit();
  return {name_, file_->path(), {}};
}

void write_numbers(const H5Output& out, hid_t parent, const std::string& name, hid_t stored,
                   hid_t memory, std::span<const hsize_t> extent, const void* values) {
  const h5::Lock lock;
  h5::Handle dataset = create_dataset(out, parent, name, stored, extent);
  set_encoding(out, dataset.get(), "array", "0.2.0");
  if (extent[0] > 0) write_lines(out, dataset.get(), memory, 0, extent[0], values);
  out.close(std::move(dataset));
}

TableWriter::TableWriter(const H5Output& out, const std::string& name,
                         const std::vector<std::string>& index)
    : out_(out),
      size_(index.size()),
      group_(create_group(out, out.id(), name, "dataframe", "0.2.0")) {
  TextList names;
  for (const std::string& each : index) names.append(each);
  write_string_array(out, group_.get(), "_index", names);
  set_text(out, group_.get(), "_index", "_index");
}

bool TableWriter::takes(const std::string& column) const {
  constexpr std::size_t longest = 1000;
  constexpr std::size_t most = 2000;  // the attribute that lists them has a limit
  return !column.empty() && column != "_index" && column != "." && column.size() < longest &&
         columns_.size() < most && column.find('/') == std::string::npos &&
         std::find(columns_.begin(), columns_.end(), column) == columns_.end();
}

void TableWriter::texts(const std::string& column, const std::vector<std::string>& values,
                        const std::vector<std::uint8_t>& missing) {
  const bool complete =
      std::none_of(missing.begin(), missing.end(), [](std::uint8_t each) { return each != 0; });
  if (complete) {
    TextList list;
    for (const std::string& value : values) list.append(value);
    write_string_array(out_, group_.get(), column, list);
    columns_.push_back(column);
    return;
  }
  // Plain texts have no missing value in AnnData 0.8; categories have.
  std::map<std::string, std::int32_t> positions;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (missing[i] == 0) positions.try_emplace(values[i], 0);
  }
  std::vector<std::string> names;
  for (auto& [name, position] : positions) {
    position = static_cast<std::int32_t>(names.size());
    names.push_back(name);
  }
  std::vector<std::int32_t> codes(values.size(), -1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (missing[i] == 0) codes[i] = positions[values[i]];
  }
  categories(column, codes, names, false);
}

void TableWriter::categories(const std::string& column, std::span<const std::int32_t> codes,
                             const std::vector<std::string>& categories, bool ordered) {
  const h5::Handle group = create_group(out_, group_.get(), column, "categorical", "0.2.0");
  set_bool(out_, group.get(), "ordered", ordered);
  const std::array<hsize_t, 1> extent = {codes.size()};
  write_numbers(out_, group.get(), "codes", H5T_STD_I32LE, H5T_NATIVE_INT32, extent, codes.data());
  TextList list;
  for (const std::string& each : categories) list.append(each);
  write_string_array(out_, group.get(), "categories", list);
  columns_.push_back(column);
}

void TableWriter::masked(const std::string& column, hid_t type,
                         std::span<const std::int32_t> values,
                         const std::vector<std::uint8_t>& missing, const char* encoding) {
  const std::array<hsize_t, 1> extent = {values.size()};
  const bool complete =
      std::none_of(missing.begin(), missing.end(), [](std::uint8_t each) { return each != 0; });
  columns_.push_back(column);
  const auto write = [&](hid_t parent, const std::string& name, hid_t stored,
                         std::span<const std::int32_t> numbers) {
    if (H5Tget_class(stored) != H5T_ENUM) {
      write_numbers(out_, parent, name, stored, H5T_NATIVE_INT32, extent, numbers.data());
      return;
    }
    std::vector<std::int8_t> bytes(numbers.begin(), numbers.end());
    write_numbers(out_, parent, name, stored, stored, extent, bytes.data());
  };
  if (complete) {
    write(group_.get(), column, type, values);
    return;
  }
  const h5::Handle group = create_group(out_, group_.get(), column, encoding, "0.1.0");
  std::vector<std::int32_t> present(values.begin(), values.end());
  std::vector<std::int32_t> mask(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    mask[i] = missing[i];
    if (missing[i] != 0) present[i] = 0;
  }
  write(group.get(), "values", type, present);
  const h5::Handle truth = bool_type(out_);
  write(group.get(), "mask", truth.get(), mask);
}

void TableWriter::integers(const std::string& column, std::span<const std::int32_t> values,
                           const std::vector<std::uint8_t>& missing) {
  const h5::Lock lock;
  masked(column, H5T_STD_I32LE, values, missing, "nullable-integer");
}

void TableWriter::booleans(const std::string& column, std::span<const std::int32_t> values,
                           const std::vector<std::uint8_t>& missing) {
  const h5::Lock lock;
  const h5::Handle truth = bool_type(out_);
  masked(column, truth.get(), values, missing, "nullable-boolean");
}

void TableWriter::reals(const std::string& column, std::span<const double> values) {
  const h5::Lock lock;
  const std::array<hsize_t, 1> extent = {values.size()};
  write_numbers(out_, group_.get(), column, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, extent,
                values.data());
  columns_.push_back(column);
}

void TableWriter::finish() {
  set_texts(out_, group_.get(), "column-order", columns_);
  group_.reset();
}

}  // namespace sicmir
