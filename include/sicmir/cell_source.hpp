#pragma once
/// Where cells come from: one interface over every matrix format that sicmir reads.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sicmir/gene_map.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

enum class Orientation : std::uint8_t { automatic, genes_as_lines, cells_as_lines };

struct SourceOptions {
  Orientation orientation = Orientation::automatic;
  std::string layer = "auto";  ///< AnnData: auto, X, raw/X or layers/NAME
  std::string genome;          ///< 10x files with several genomes: the one to take
  /// Deliver CellBlock::upper_quartiles if the input has at most this many cells. Gene-major inputs
  /// must keep every non-zero value for it, so it is asked for only where it is needed. 0: never.
  Index upper_quartile_up_to = 0;
  int threads = 0;  ///< for formats that are read whole at once; 0: as many CPUs as may be used
};

/// What a source found out about its file, for the log, `inspect` and the output.
struct SourceDescription {
  std::string path;           ///< as the user gave it; "-" for standard input
  std::string format;         ///< e.g. "AnnData h5ad", "10x HDF5 v3", "TSV (gzip)"
  std::string storage;        ///< e.g. "CSR float32, int32 indices, gzip", "genes as lines"
  std::string matrix;         ///< AnnData: "X", "raw/X", "layers/counts"; else empty
  std::string matrix_reason;  ///< AnnData, layer auto: why this one
  std::vector<std::string> other_matrices;  ///< AnnData: what else `--layer` could name
  std::vector<std::string> warnings;        ///< sentences for the log
  bool gene_major = false;  ///< read whole before the first cell, keeping only panel genes
  bool is_h5ad = false;     ///< obs, obsm and uns can be carried over from `path`
};

/// Cells as they stand in the input; each source derives its own. Reused from one fetch() to the
/// next.
class RawCells {
 public:
  virtual ~RawCells() = default;
  RawCells() = default;
  RawCells(const RawCells&) = delete;
  RawCells& operator=(const RawCells&) = delete;
  Index first = 0;    ///< position in the input of the first cell
  Index n_cells = 0;  ///< set by fetch()
};

/// A stream of cells. To add a format, implement these functions (mtx_source.cpp is a short
/// example) and add a line to open_source.cpp. Calls come from one thread at a time.
class CellSource {
 public:
  virtual ~CellSource() = default;
  CellSource() = default;
  CellSource(const CellSource&) = delete;
  CellSource& operator=(const CellSource&) = delete;

  [[nodiscard]] virtual const SourceDescription& description() const = 0;
  [[nodiscard]] virtual const FeatureTable& features() const = 0;
  /// nullopt: not known before the end.
  [[nodiscard]] virtual std::optional<Index> n_cells() const = 0;
  /// Called once, before the first next(). The map outlives the source.
  virtual void select(const GeneMap& map) = 0;
  /// Replaces `block` by the next 1 .. max_cells cells; false (and an empty block): no cell is
  /// left. Throws Error(bad_input) naming the file and the place in it.
  virtual bool next(CellBlock& block, Index max_cells) = 0;
  /// next() cut in two, so that several threads can share the work. fetch() takes the next 1 ..
  /// max_cells cells (or fewer, where they are large) as the input has them; `raw` is null or what
  /// an earlier call made. False: no cell is left.
  virtual bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells);
  /// Makes a block of what fetch() took. In any thread, in any order, at the same time as others.
  virtual void decode(RawCells& raw, CellBlock& block) const;
  /// True if seek() works. A source that cannot seek is read once, from front to back.
  [[nodiscard]] virtual bool can_seek() const { return false; }
  /// The next cell delivered by next() will be the one at position `cell`, 0 .. n_cells().
  virtual void seek(Index cell);
  /// Upper bound, in bytes, of what the source holds besides the block it fills.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// Opens a matrix file, deciding its format by content. `path`: a file, a 10x folder, a GEO prefix
/// (`GSM1_x_matrix.mtx.gz` or `GSM1_x`), a FIFO, or "-" for standard input. `genes` serves to tell
/// genes from cells, and to pick an AnnData layer. Throws Error(bad_input).
[[nodiscard]] std::unique_ptr<CellSource> open_source(const std::string& path,
                                                      const SourceOptions& options,
                                                      const GeneIndex& genes);

}  // namespace sicmir
