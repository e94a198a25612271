// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Markers as the catalogue's blobs hold them (docs/atlas-format.md).

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "atlas/catalogue.hpp"

namespace sicmir::atlas::marker_record {

static_assert(std::endian::native == std::endian::little, "blobs are little-endian");

inline constexpr std::array<std::int32_t CatalogueMarker::*, 5> positions = {
    &CatalogueMarker::set, &CatalogueMarker::type, &CatalogueMarker::rank, &CatalogueMarker::mirna,
    &CatalogueMarker::rival};
inline constexpr std::array<float CatalogueMarker::*, 8> numbers = {
    &CatalogueMarker::z,       &CatalogueMarker::log2rpm,    &CatalogueMarker::p,
    &CatalogueMarker::fdr,     &CatalogueMarker::expression, &CatalogueMarker::tau,
    &CatalogueMarker::rival_z, &CatalogueMarker::probability};
inline constexpr std::size_t bytes = 4 * (positions.size() + numbers.size());

[[nodiscard]] inline std::vector<std::byte> pack(std::span<const CatalogueMarker> markers) {
  std::vector<std::byte> blob(markers.size() * bytes);
  std::byte* at = blob.data();
  for (const CatalogueMarker& marker : markers) {
    for (const auto member : positions) {
      std::memcpy(at, &(marker.*member), 4);
      at += 4;
    }
    for (const auto member : numbers) {
      std::memcpy(at, &(marker.*member), 4);
      at += 4;
    }
  }
  return blob;
}

/// `blob`: a multiple of `bytes` long.
[[nodiscard]] inline std::vector<CatalogueMarker> unpack(std::span<const std::byte> blob) {
  std::vector<CatalogueMarker> markers(blob.size() / bytes);
  const std::byte* at = blob.data();
  for (CatalogueMarker& marker : markers) {
    for (const auto member : positions) {
      std::memcpy(&(marker.*member), at, 4);
      at += 4;
    }
    for (const auto member : numbers) {
      std::memcpy(&(marker.*member), at, 4);
      at += 4;
    }
  }
  return markers;
}

}  // namespace sicmir::atlas::marker_record
