#pragma once
/// The obs of pools.

#include <span>

#include "core/text_list.hpp"
#include "output/h5_output.hpp"
#include "output/h5ad_carry.hpp"
#include "sicmir/pool.hpp"

namespace sicmir {

/// Writes obs (index `names`) with `columns`, of which it takes the kept pools, and empty obsm,
/// obsp and uns.
void write_pool_table(const H5Output& out, const TextList& names, const KeptCells& kept,
                      std::span<const PoolColumn> columns);

}  // namespace sicmir
