// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where what is known of an input's cells is kept.

#include <string>
#include <utility>

namespace sicmir {

/// Where an AnnData object is that holds what is known of an input's cells (obs, obsm, uns).
struct AnnotationPlace {
  AnnotationPlace() = default;
  /// At the root of an h5ad.
  AnnotationPlace(const std::string& path)  // NOLINT(google-explicit-constructor)
      : name(path), file(path) {}
  AnnotationPlace(std::string input, std::string hdf5, std::string within)
      : name(std::move(input)), file(std::move(hdf5)), group(std::move(within)) {}

  std::string name;   ///< of the input, for messages
  std::string file;   ///< an HDF5 file; of formats that are translated a temporary one
  std::string group;  ///< in it; empty: its root

  [[nodiscard]] bool empty() const noexcept { return file.empty(); }
};

}  // namespace sicmir
