// SPDX-License-Identifier: BSD-3-Clause
#include "input/h5ad_matrices.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "base/ascii.hpp"
#include "base/joined.hpp"
#include "base/suggest.hpp"

namespace sicmir::h5ad {
namespace {

using ascii::lower;

using h5::Handle;
using h5::ObjectKind;

enum class Encoding : std::uint8_t { absent, dense, csr, csc, unknown };

struct Encoded {
  Encoding encoding = Encoding::absent;
  std::string found;  ///< for messages: what an unknown encoding is
  std::optional<std::vector<std::int64_t>> shape;
};

Encoded encoding_of(const h5::File& file, const std::string& path) {
  const h5::Lock lock;
  Encoded result;
  switch (h5::kind_of(file.id(), path)) {
    case ObjectKind::dataset: {
      const Handle dataset(H5Dopen2(file.id(), path.c_str(), H5P_DEFAULT));
      const Handle space(H5Dget_space(dataset.get()));
      result.encoding =
          H5Sget_simple_extent_type(space.get()) == H5S_NULL ? Encoding::absent : Encoding::dense;
      return result;
    }
    case ObjectKind::group: {
      const Handle group = h5::open_group(file, file.id(), path);
      result.found = h5::text_attribute(group.get(), "encoding-type")
                         .value_or(h5::text_attribute(group.get(), "h5sparse_format").value_or(""));
      result.shape = h5::integer_attribute(group.get(), "shape");
      if (!result.shape) result.shape = h5::integer_attribute(group.get(), "h5sparse_shape");
      if (result.found == "csr_matrix" || result.found == "csr") {
        result.encoding = Encoding::csr;
      } else if (result.found == "csc_matrix" || result.found == "csc") {
        result.encoding = Encoding::csc;
      } else {
        result.encoding = Encoding::unknown;
      }
      return result;
    }
    case ObjectKind::other:
      result.encoding = Encoding::unknown;
      return result;
    default:
      return result;
  }
}

std::string layer_of(const MatrixPlace& place) {
  constexpr std::string_view prefix = "layers/";
  return place.name.starts_with(prefix) ? lower(place.name.substr(prefix.size())) : std::string();
}

/// Layers that hold a part of the counts, or no expression values at all.
bool never_taken(const MatrixPlace& place) {
  constexpr std::array<std::string_view, 8> parts = {
      "splice", "ambiguous", "scale", "zscore", "z_score", "z-score", "velocity", "variance"};
  const std::string layer = layer_of(place);
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return layer.find(part) != std::string::npos; });
}

/// Places that by convention hold counts, in the order in which they are tried.
std::vector<std::size_t> count_places(const std::vector<MatrixPlace>& places) {
  std::vector<std::size_t> found;
  for (const std::string_view wanted :
       {"raw/x", "layers/counts", "layers/raw_counts", "layers/raw"}) {
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (lower(places[i].name) == wanted) found.push_back(i);
    }
  }
  return found;
}

std::string listed(const std::vector<MatrixPlace>& places) {
  std::string names;
  for (const MatrixPlace& place : places) names += (names.empty() ? "" : ", ") + place.name;
  return names.empty() ? "no matrix" : names;
}

std::size_t find_named(const h5::File& file, const std::vector<MatrixPlace>& places,
                       const std::string& layer) {
  const auto named = [&](const std::string& name) {
    return std::find_if(places.begin(), places.end(),
                        [&](const MatrixPlace& place) { return place.name == name; });
  };
  auto found = named(layer);
  if (found == places.end() && layer == "raw") found = named("raw/X");
  if (found == places.end()) found = named("layers/" + layer);
  if (found == places.end()) {
    std::vector<std::string> names;
    for (const MatrixPlace& place : places) {
      names.push_back(place.name);
      if (place.name.starts_with("layers/")) names.push_back(place.name.substr(7));
    }
    throw Error(ExitCode::bad_input,
                fmt::format("{}: there is no matrix '{}'. The file has: {}.{}", file.path(), layer,
                            listed(places), did_you_mean(layer, names)));
  }
  return static_cast<std::size_t>(found - places.begin());
}

}  // namespace

std::vector<MatrixPlace> list_matrices(const h5::File& file) {
  const h5::Lock lock;
  std::vector<MatrixPlace> places;
  if (encoding_of(file, "X").encoding != Encoding::absent) places.push_back({"X", "X", "var"});
  if (encoding_of(file, "raw/X").encoding != Encoding::absent) {
    places.push_back({"raw/X", "raw/X", "raw/var"});
  } else if (encoding_of(file, "raw.X").encoding != Encoding::absent) {
    places.push_back({"raw/X", "raw.X", "raw.var"});
  }
  if (h5::kind_of(file.id(), "layers") == ObjectKind::group) {
    const Handle layers = h5::open_group(file, file.id(), "layers");
    for (const std::string& layer : h5::members(file, layers.get())) {
      std::string path = "layers/" + layer;
      if (encoding_of(file, path).encoding == Encoding::absent) continue;
      places.push_back({path, path, "var"});
    }
  }
  return places;
}

std::unique_ptr<H5Matrix> open_matrix(const h5::File& file, const MatrixPlace& place, Index n_cells,
                                      Index n_genes) {
  const Encoded encoded = encoding_of(file, place.path);
  if (encoded.encoding == Encoding::dense) {
    return open_dense_matrix(file, place.path, n_cells, n_genes);
  }
  if (encoded.encoding != Encoding::csr && encoded.encoding != Encoding::csc) {
    file.fail(place.path, fmt::format("is stored as '{}'; expected a dense array, csr_matrix or "
                                      "csc_matrix.",
                                      encoded.found));
  }
  if (encoded.shape && (encoded.shape->size() != 2 || (*encoded.shape)[0] != n_cells ||
                        (*encoded.shape)[1] != n_genes)) {
    file.fail(place.path, fmt::format("has the shape ({}); obs and {} ask for ({}, {}). The file "
                                      "is damaged.",
                                      joined(*encoded.shape, ", "), place.var, n_cells, n_genes));
  }
  return open_sparse_matrix(
      file, place.path, encoded.encoding == Encoding::csr ? SparseMajor::cells : SparseMajor::genes,
      n_cells, n_genes);
}

Choice choose_matrix(const h5::File& file, const std::vector<MatrixPlace>& places,
                     const std::string& layer,
                     const std::function<Index(const MatrixPlace&)>& coverage,
                     const std::function<H5Matrix::Sample(const MatrixPlace&)>& sample) {
  if (places.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no matrix: X is absent (None), and there are neither raw/X "
                            "nor layers.",
                            file.path()));
  }
  if (!layer.empty() && layer != "auto") return {find_named(file, places, layer), {}};

  const auto x = std::find_if(places.begin(), places.end(),
                              [](const MatrixPlace& place) { return place.name == "X"; });
  const std::size_t x_at = static_cast<std::size_t>(x - places.begin());
  const bool has_x = x != places.end();
  if (places.size() == 1 && has_x) return {x_at, "the only matrix"};

  const std::vector<std::size_t> counts = count_places(places);
  std::vector<std::size_t> candidates;
  if (has_x) candidates.push_back(x_at);
  for (const std::size_t place : counts) {
    if (!never_taken(places[place])) candidates.push_back(place);
  }
  Index best = 0;
  for (const std::size_t place : candidates) best = std::max(best, coverage(places[place]));
  std::vector<std::size_t> tied;
  std::copy_if(candidates.begin(), candidates.end(), std::back_inserter(tied),
               [&](std::size_t place) { return coverage(places[place]) == best; });
  if (tied.size() == 1 && candidates.size() > 1) {
    return {tied.front(),
            fmt::format("it covers {} genes of the panel, more than the others", best)};
  }

  std::map<std::size_t, H5Matrix::Sample> samples;
  const auto look = [&](std::size_t place) -> const H5Matrix::Sample& {
    const auto [found, is_new] = samples.try_emplace(place);
    if (is_new) found->second = sample(places[place]);
    return found->second;
  };
  const bool x_tied = std::find(tied.begin(), tied.end(), x_at) != tied.end() && has_x;
  for (const std::size_t place : tied) {
    if (has_x && place == x_at) continue;
    if (look(place).integers && !look(place).negatives) {
      return {place, "it holds counts (integers of 0 and more)"};
    }
  }
  if (x_tied && look(x_at).negatives) {
    for (const std::size_t place : tied) {
      if (place != x_at && !look(place).negatives) {
        return {place, "X holds negative values, as scaled data does"};
      }
    }
  }
  if (x_tied) {
    return {x_at, "no other matrix covers more of the panel or holds counts"};
  }
  if (!tied.empty() && places[tied.front()].is_raw()) {
    return {tied.front(), "X is absent"};
  }
  throw Error(ExitCode::bad_input,
              fmt::format("{}: X is absent (None), and no other matrix clearly holds expression "
                          "values; there are: {}.",
                          file.path(), listed(places)),
              {Remedy::choose_layer});
}

}  // namespace sicmir::h5ad
