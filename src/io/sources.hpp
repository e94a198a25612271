#pragma once
/// The reader of each format; open_source.cpp chooses.

#include <memory>
#include <string>

#include "sicmir/cell_source.hpp"

namespace sicmir {

/// AnnData, 10x and other HDF5 files. `path`: a regular file with the HDF5 signature.
[[nodiscard]] std::unique_ptr<CellSource> open_h5_source(const std::string& path,
                                                         const SourceOptions& options,
                                                         const GeneIndex& genes);

}  // namespace sicmir
