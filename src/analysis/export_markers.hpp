// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Markers inside an AnnData file, where scanpy looks for them.

#include <string>

#include "analysis/markers.hpp"

namespace sicmir {

/// Writes a copy of the AnnData file `input` to `path`, with the markers in
/// uns["rank_genes_groups"] as scanpy.get.rank_genes_groups_df (scanpy 1.9) reads them: record
/// arrays with a field per group and a line per miRNA, by falling difference: names, scores
/// (difference in z), logfoldchanges (difference in log2 RPM), pvals and pvals_adj (NaN where there
/// are none), and params. Groups that could not be compared are left out. An entry of that name in
/// the input is replaced in the copy. The rest is the input's, byte by byte. Atomic. Throws
/// Error(bad_input) where the input cannot take it, Error(not_written).
void export_markers(const MarkerSet& markers, const Profiles& profiles,
                    const MarkerOptions& options, const std::string& group_by,
                    const std::string& input, const std::string& path);

}  // namespace sicmir
