// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The sinks that open_sink() chooses from.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sicmir/matrix_sink.hpp"

namespace sicmir {

/// CSV and TSV, plain or gzip. First line: "cell" and the features' names; then a line per cell. Or
/// turned, if options.features_as_lines: header.feature_kind and the cells' names; then a line per
/// feature. Names are quoted as RFC 4180 says where they hold the separator, a quote or a line
/// break. NaN, inf and -inf are written as such.
[[nodiscard]] std::unique_ptr<MatrixSink> make_text_sink(const std::string& path,
                                                         OutputFormat format,
                                                         const SinkOptions& options);

/// AnnData's on-disk format 0.1.0 (https://anndata.readthedocs.io, "on-disk format"): X dense
/// float32, cells x features.
[[nodiscard]] std::unique_ptr<MatrixSink> make_h5ad_sink(const std::string& path,
                                                         const SinkOptions& options);

/// A copy of `input`, an AnnData file, with a table `name` in obsm: cells as lines, features as
/// columns. Throws Error(usage) if obsm has such a name already, Error(bad_input) if its layout
/// cannot take a table.
[[nodiscard]] std::unique_ptr<MatrixSink> make_obsm_sink(const std::string& path,
                                                         const std::string& input,
                                                         const std::string& name);

/// open_sink() for pools: an h5ad gets `columns` as its obs, and `facts` (as OutputHeader::facts)
/// in place of the header's of the same names.
[[nodiscard]] std::unique_ptr<MatrixSink> open_pool_sink(
    const std::string& path, const SinkOptions& options, std::vector<CellColumn> columns,
    std::vector<std::pair<std::string, std::string>> facts);

}  // namespace sicmir
