// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/cell_annotations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/joined.hpp"
#include "base/suggest.hpp"
#include "base/text_list.hpp"
#include "cells/groups.hpp"
#include "hdf5/h5_chunks.hpp"
#include "hdf5/h5_storage.hpp"

namespace sicmir::atlas {
namespace {

using h5::Handle;

bool is_missing(const std::string& text) {
  return text.empty() || text == "NA" || text == "NaN" || text == "nan";
}

/// Levels in the order of their bytes, those that no cell has left out.
Factor settled(const std::vector<std::string>& words, std::vector<std::int32_t> codes) {
  std::vector<bool> is_used(words.size(), false);
  for (const std::int32_t code : codes) {
    if (code >= 0) is_used[static_cast<std::size_t>(code)] = true;
  }
  std::map<std::string, std::int32_t> levels;  // two spellings in bytes may be one in UTF-8
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_used[i] && !is_missing(words[i])) levels.try_emplace(as_utf8(words[i]), 0);
  }
  Factor factor;
  for (auto& [level, number] : levels) {
    number = static_cast<std::int32_t>(factor.levels.size());
    factor.levels.push_back(level);
  }
  std::vector<std::int32_t> now(words.size(), -1);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto found = levels.find(as_utf8(words[i]));
    if (is_used[i] && found != levels.end()) now[i] = found->second;
  }
  for (std::int32_t& code : codes) {
    if (code >= 0) code = now[static_cast<std::size_t>(code)];
  }
  factor.codes = std::move(codes);
  return factor;
}

}  // namespace

CellAnnotations::CellAnnotations(const SourceDescription& input)
    : input_(input), file_(h5::File::open_read(input.annotations)) {
  obs_.emplace(*file_, "obs");
}

CellAnnotations::CellAnnotations(const SourceDescription& input, std::string table,
                                 std::vector<std::string> cells)
    : input_(input),
      table_(std::move(table)),
      table_columns_(CellGroups::columns_of_table(table_)),
      cells_(std::move(cells)) {
  if (!input.annotations.empty()) file_.emplace(h5::File::open_read(input.annotations));
}

std::string CellAnnotations::called() const {
  return obs_ ? fmt::format("obs of {}", input_.path) : table_;
}

std::vector<std::string> CellAnnotations::columns() const {
  if (!obs_) return table_columns_;
  std::vector<std::string> names;
  for (const h5ad::Column& column : obs_->columns()) {
    if (column.kind != h5ad::ColumnKind::unreadable) names.push_back(column.name);
  }
  return names;
}

bool CellAnnotations::has(const std::string& column) const {
  const std::vector<std::string> names = columns();
  return std::find(names.begin(), names.end(), column) != names.end();
}

Factor CellAnnotations::of_table(const std::string& column) const {
  GroupingOptions grouping;
  grouping.groups = fmt::format("{}:{}", table_, column);
  const CellGroups groups = CellGroups::open(grouping, input_);
  std::vector<std::string> words;
  words.reserve(groups.groups().size());
  for (const CellGroup& group : groups.groups()) words.push_back(group.name);
  std::vector<std::int32_t> codes;
  codes.reserve(cells_.size());
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
    codes.push_back(groups.of(static_cast<Index>(cell), cells_[cell]));
  }
  return settled(words, std::move(codes));
}

Factor CellAnnotations::factor(const std::string& column) const {
  if (!has(column)) {
    const std::vector<std::string> names = columns();
    throw Error(ExitCode::usage, fmt::format("{} has no column '{}'; it has {}.{}", called(),
                                             column, names.empty() ? "none" : joined(names, ", "),
                                             did_you_mean(column, names)));
  }
  if (!obs_) return of_table(column);
  const h5ad::ColumnValues values = obs_->read(*obs_->find(column));
  std::vector<std::int32_t> codes(static_cast<std::size_t>(obs_->size()), -1);
  if (values.kind == h5ad::ColumnKind::categories && !values.categories.empty()) {
    const std::vector<std::string> words = values.categories.front().as_texts();
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const std::int64_t code = values.integers[i];
      if (code >= 0 && code < static_cast<std::int64_t>(words.size())) {
        codes[i] = static_cast<std::int32_t>(code);
      }
    }
    return settled(words, std::move(codes));
  }
  const std::vector<std::string> texts = values.as_texts();
  std::unordered_map<std::string, std::int32_t> numbers;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto [entry, is_new] =
        numbers.try_emplace(texts[i], static_cast<std::int32_t>(words.size()));
    if (is_new) words.push_back(texts[i]);
    codes[i] = entry->second;
  }
  return settled(words, std::move(codes));
}

std::vector<std::uint8_t> CellAnnotations::truth(const std::string& column) const {
  if (!obs_) return {};
  const h5ad::Column* found = obs_->find(column);
  return found == nullptr ? std::vector<std::uint8_t>{} : obs_->read(*found).as_truths();
}

std::string CellAnnotations::map_name(const std::string& wanted) const {
  std::vector<std::string> names;
  const h5::Lock lock;
  if (file_ && h5::kind_of(file_->id(), "obsm") == h5::ObjectKind::group) {
    const Handle obsm = h5::open_group(*file_, file_->id(), "obsm");
    for (const std::string& name : h5::members(*file_, obsm.get())) {
      if (h5::kind_of(obsm.get(), name) != h5::ObjectKind::dataset) continue;
      const Handle dataset = h5::open_dataset(*file_, obsm.get(), name);
      const std::vector<hsize_t> extent = h5::shape(*file_, dataset.get());
      const h5::TypeClass type = h5::type_class(dataset.get());
      if (extent.size() == 2 && extent[0] == static_cast<hsize_t>(n_cells()) && extent[1] >= 2 &&
          (type == h5::TypeClass::real || type == h5::TypeClass::integer)) {
        names.push_back(name);
      }
    }
  }
  const auto has_name = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!wanted.empty()) {
    if (has_name(wanted)) return wanted;
    if (!file_) {
      throw Error(ExitCode::usage,
                  fmt::format("{} has no obsm (its format is {}), so there is no matrix '{}' that "
                              "could be drawn.",
                              input_.path, input_.format, wanted),
                  {Remedy::choose_map});
    }
    throw Error(ExitCode::usage,
                fmt::format("obsm of {} has no matrix '{}' of two columns or more; it has {}.{}",
                            input_.path, wanted, names.empty() ? "none" : joined(names, ", "),
                            did_you_mean(wanted, names)));
  }
  if (has_name("X_umap")) return "X_umap";
  for (const std::string& name : names) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    if (lower.find("umap") != std::string::npos) return name;
  }
  for (const char* name : {"X_tsne", "X_pca"}) {
    if (has_name(name)) return name;
  }
  return {};
}

std::vector<float> CellAnnotations::map(const std::string& name) const {
  const h5::Lock lock;
  const std::string path = "obsm/" + name;
  const Handle dataset = h5::open_dataset(*file_, file_->id(), path);
  const std::vector<hsize_t> extent = h5::shape(*file_, dataset.get());
  (void)h5::check_claim(*file_, dataset.get());
  const auto n = static_cast<std::size_t>(n_cells());
  std::vector<float> values(2 * n, std::numeric_limits<float>::quiet_NaN());
  if (auto codec = h5::ChunkCodec::of(*file_, dataset.get())) {
    const std::vector<hsize_t> chunk = h5::chunk_shape(dataset.get());
    h5::ChunkReader chunks(std::move(*codec), dataset.get(), H5T_NATIVE_FLOAT);
    for (hsize_t top = 0; top < n; top += chunk[0]) {
      for (hsize_t left = 0; left < 2; left += chunk[1]) {
        const std::array corner = {top, left};
        const auto* from = static_cast<const float*>(chunks.at(dataset.get(), corner));
        for (hsize_t i = top; i < std::min<hsize_t>(top + chunk[0], n); ++i) {
          for (hsize_t axis = left; axis < std::min<hsize_t>(left + chunk[1], 2); ++axis) {
            values[2 * i + axis] = from[(i - top) * chunk[1] + (axis - left)];
          }
        }
      }
    }
  } else {
    const std::array<hsize_t, 2> start = {0, 0};
    const std::array<hsize_t, 2> count = {n, 2};
    const Handle space(H5Dget_space(dataset.get()));
    const Handle target(H5Screate_simple(2, count.data(), nullptr));
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                            nullptr) < 0 ||
        H5Dread(dataset.get(), H5T_NATIVE_FLOAT, target.get(), space.get(), H5P_DEFAULT,
                values.data()) < 0) {
      file_->fail(path, "cannot be read; the file is damaged or incomplete.");
    }
  }
  for (float& value : values) {
    if (!std::isfinite(value)) value = std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}

}  // namespace sicmir::atlas
