// SPDX-License-Identifier: BSD-3-Clause
#include "input/r_names.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/joined.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "sicmir/error.hpp"

namespace sicmir {
namespace {

constexpr std::string_view layers = "layers/";

}  // namespace

bool names_derived_assay(const std::string& name) {
  return name == "SCT" || name == "integrated";
}

std::size_t choose_assay(std::span<const std::string> names, std::span<const std::uint8_t> derived,
                         const std::string& active, const std::string& layer) {
  const auto place_of = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  };
  const std::size_t slash = layer.find('/');
  if (slash != std::string::npos) {
    const std::size_t asked = place_of(layer.substr(0, slash));
    if (asked < names.size()) return asked;
  }
  for (const char* usual : {"RNA", "Spatial"}) {
    const std::size_t found = place_of(usual);
    if (found < names.size()) return found;
  }
  const std::size_t current = place_of(active);
  if (current < names.size() && derived[current] == 0) return current;
  const auto measured = std::find(derived.begin(), derived.end(), 0);
  if (measured != derived.end()) return static_cast<std::size_t>(measured - derived.begin());
  return current < names.size() ? current : 0;
}

std::string reduction_name(const std::string& name) {
  if (name.starts_with("X_")) return name;
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return "X_" + lower;
}

std::string layer_name(const std::string& in_anndata, const std::string& main) {
  if (in_anndata == "X") return main;
  return in_anndata.starts_with(layers) ? in_anndata.substr(layers.size()) : in_anndata;
}

std::string layer_in_anndata(const std::string& file, const std::string& asked,
                             const std::string& assay, const std::string& main,
                             std::span<const std::string> names) {
  if (asked.empty() || asked == "auto") return "auto";
  std::string layer = asked;
  const std::string prefix = assay + "/";
  if (!assay.empty() && layer.starts_with(prefix)) layer.erase(0, prefix.size());
  layer = layer_name(layer, main);
  if (std::find(names.begin(), names.end(), layer) == names.end()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: there is no matrix '{}'. The object has: {}.{}", file,
                            printable(asked), joined(names, ", "), did_you_mean(asked, names)));
  }
  return layer == main ? "X" : std::string(layers) + layer;
}

}  // namespace sicmir
