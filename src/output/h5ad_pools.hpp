// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The obs of pools.

#include <span>

#include "anndata/h5ad_carry.hpp"
#include "base/text_list.hpp"
#include "hdf5/h5_output.hpp"
#include "sicmir/matrix_sink.hpp"

namespace sicmir {

/// Writes obs (index `names`) with `columns`, of which it takes the kept pools, and empty obsm,
/// obsp and uns.
void write_pool_table(const H5Output& out, const TextList& names, const KeptCells& kept,
                      std::span<const CellColumn> columns);

}  // namespace sicmir
