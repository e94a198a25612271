// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/input_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/joined.hpp"
#include "base/nan.hpp"
#include "base/suggest.hpp"
#include "hdf5/h5.hpp"

namespace sicmir {
namespace {

/// How good a map it is likely to be; negative: none.
int rank_of(const std::string& name) {
  constexpr std::array kinds = {"umap", "tsne", "draw_graph", "phate"};
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  });
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::size_t at = lower.find(kinds[i]);
    if (at == std::string::npos) continue;
    const bool is_plain = lower == std::string("x_") + kinds[i] || lower == kinds[i];
    return static_cast<int>(2 * i) + (is_plain ? 0 : 1);
  }
  return -1;
}

/// Column `column` of a table of `n` lines.
std::vector<double> read_column(const h5::File& file, hid_t dataset, hsize_t n, hsize_t column) {
  const h5::Handle space(H5Dget_space(dataset));
  const std::array<hsize_t, 2> start = {0, column};
  const std::array<hsize_t, 2> count = {n, 1};
  const h5::Handle memory(H5Screate_simple(1, &n, nullptr));
  std::vector<double> values(static_cast<std::size_t>(n));
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                          nullptr) < 0 ||
      H5Dread(dataset, H5T_NATIVE_DOUBLE, memory.get(), space.get(), H5P_DEFAULT, values.data()) <
          0) {
    file.fail(h5::path_of(dataset), "cannot be read; the file is damaged.");
  }
  for (double& value : values) {
    if (std::isinf(value)) value = nan;
  }
  return values;
}

}  // namespace

std::vector<std::string> maps_in(const AnnotationPlace& place) {
  const h5::Lock lock;
  const h5::File file = h5::File::open_read(place);
  if (h5::kind_of(file.id(), "obsm") != h5::ObjectKind::group) return {};
  const h5::Handle obsm = h5::open_group(file, file.id(), "obsm");
  std::vector<std::string> names;
  for (const std::string& name : h5::members(file, obsm.get())) {
    if (rank_of(name) >= 0) names.push_back(name);
  }
  std::stable_sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return rank_of(a) < rank_of(b);
  });
  return names;
}

InputMap read_map(const AnnotationPlace& place, const std::string& name, Index n_cells) {
  const h5::Lock lock;
  const h5::File file = h5::File::open_read(place);
  const std::string where = "obsm/" + name;
  const bool has_obsm = h5::kind_of(file.id(), "obsm") == h5::ObjectKind::group;
  std::vector<std::string> names;
  if (has_obsm) names = h5::members(file, h5::open_group(file, file.id(), "obsm").get());
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    file.fail(where, fmt::format("is not there; obsm has {}.{}",
                                 names.empty() ? "nothing" : joined(names, ", "),
                                 did_you_mean(name, names)));
  }
  const h5::Handle obsm = h5::open_group(file, file.id(), "obsm");
  if (h5::kind_of(obsm.get(), name) != h5::ObjectKind::dataset) {
    file.fail(where, "is no array; expected an array of cells x 2 coordinates.");
  }
  const h5::Handle dataset = h5::open_dataset(file, obsm.get(), name);
  const h5::TypeClass type = h5::type_class(dataset.get());
  if (type != h5::TypeClass::real && type != h5::TypeClass::integer) {
    file.fail(where, "does not hold numbers; expected coordinates of cells.");
  }
  const std::vector<hsize_t> shape = h5::shape(file, dataset.get());
  if (shape.size() != 2 || shape[0] != static_cast<hsize_t>(n_cells) || shape[1] < 2) {
    std::vector<std::string> words;
    words.reserve(shape.size());
    for (const hsize_t length : shape) words.push_back(std::to_string(length));
    file.fail(where, fmt::format("has the shape ({}); expected ({}, 2), two coordinates of each "
                                 "cell.",
                                 joined(words, ", "), n_cells));
  }
  (void)h5::check_claim(file, dataset.get());
  return {name, read_column(file, dataset.get(), shape[0], 0),
          read_column(file, dataset.get(), shape[0], 1)};
}

}  // namespace sicmir
