// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// The reader of each format; open_source.cpp chooses.

#include <memory>
#include <string>

#include "input/mtx_files.hpp"
#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"

namespace sicmir {

/// AnnData, 10x and other HDF5 files. `path`: a regular file with the HDF5 signature.
[[nodiscard]] std::unique_ptr<CellSource> open_h5_source(const std::string& path,
                                                         const SourceOptions& options,
                                                         const GeneIndex& genes);

/// CSV, TSV and their like (delimited_source.cpp).
[[nodiscard]] std::unique_ptr<CellSource> open_delimited_source(std::unique_ptr<ByteInput> input,
                                                                const SourceOptions& options,
                                                                const GeneIndex& genes);

/// R objects (rds_source.cpp). `input`: what rds::is_rds() recognises.
[[nodiscard]] std::unique_ptr<CellSource> open_rds_source(std::unique_ptr<ByteInput> input,
                                                          const SourceOptions& options,
                                                          const GeneIndex& genes);

/// AnnData as Zarr (zarr_source.cpp): a folder, or a zip archive.
[[nodiscard]] std::unique_ptr<CellSource> open_zarr_source(const std::string& path, bool zipped,
                                                           const SourceOptions& options,
                                                           const GeneIndex& genes);

/// Matrix Market: the `.mtx` or `.mtx.gz` itself; its lists of genes and cells are looked for
/// beside it (mtx_source.cpp).
[[nodiscard]] std::unique_ptr<CellSource> open_mtx_source(std::unique_ptr<ByteInput> matrix,
                                                          const SourceOptions& options,
                                                          const GeneIndex& genes);

/// The same, with lists that are known.
[[nodiscard]] std::unique_ptr<CellSource> open_mtx_files(std::unique_ptr<ByteInput> matrix,
                                                         const MtxSiblings& lists,
                                                         const SourceOptions& options);

}  // namespace sicmir
