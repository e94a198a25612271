// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// What matrices and reductions of R's objects are called in AnnData.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace sicmir {

/// "UMAP" is X_umap, as scanpy and the usual converters call it.
[[nodiscard]] std::string reduction_name(const std::string& name);

/// The assay that is read, as its place in `names` (at least one): that of `layer`
/// ("ASSAY/LAYER"), else RNA, Spatial, the active one, the first. Those in `derived` (1: computed
/// of another assay, as SCT's) come last, unless `layer` names them.
[[nodiscard]] std::size_t choose_assay(std::span<const std::string> names,
                                       std::span<const std::uint8_t> derived,
                                       const std::string& active, const std::string& layer);
/// SCT, integrated: computed of another assay.
[[nodiscard]] bool names_derived_assay(const std::string& name);

/// "X" is `main`, "layers/counts" is "counts".
[[nodiscard]] std::string layer_name(const std::string& in_anndata, const std::string& main);

/// The matrix that a user calls `asked` ("counts", "RNA/counts", "layers/counts", "X", "auto"), as
/// AnnData has it ("X": the one called `main`). `names`: of the matrices there are. Throws
/// Error(bad_input) that lists them.
[[nodiscard]] std::string layer_in_anndata(const std::string& file, const std::string& asked,
                                           const std::string& assay, const std::string& main,
                                           std::span<const std::string> names);

}  // namespace sicmir
