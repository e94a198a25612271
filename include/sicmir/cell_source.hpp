// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where cells come from: one interface over every matrix format that sicmir reads.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sicmir/annotation_place.hpp"
#include "sicmir/gene_map.hpp"
#include "sicmir/note.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

enum class Orientation : std::uint8_t { automatic, genes_as_lines, cells_as_lines };

struct SourceOptions {
  Orientation orientation = Orientation::automatic;
  std::string layer = "auto";  ///< AnnData: auto, X, raw/X or layers/NAME
  std::string genome;          ///< 10x files with several genomes: the one to take
  /// select() may ask for all genes. Tables with genes as lines are read when they are opened, and
  /// keep only what may be a gene of the panel unless this is set.
  bool all_genes = false;
  /// Tables: the decimal mark, '.' or ','; '\0': found out from the numbers.
  char decimal = '\0';
  /// Tables: what separates groups of three digits, '.', ',' or '\''; no_thousands: nothing does;
  /// '\0': found out from the numbers, and an error where they do not tell.
  char thousands = '\0';
  static constexpr char no_thousands = '-';
  /// Deliver CellBlock::upper_quartiles if the input has at most this many cells. Gene-major inputs
  /// must keep every non-zero value for it, so it is asked for only where it is needed. 0: never.
  Index upper_quartile_up_to = 0;
  int threads = 0;  ///< for formats that are read whole at once; 0: as many CPUs as may be used
};

/// What the lines of a table or the first side of a Matrix Market matrix are.
enum class LinesAre : std::uint8_t {
  genes,
  cells,
  pairs,  ///< of a gene and a cell: a long table
};

/// How a text table was read.
struct TableReading {
  char separator = '\t';  ///< ' ': blanks
  char decimal = '.';
  char thousands = '\0';                  ///< '\0': nothing separates groups of digits
  std::uint64_t header_line = 0;          ///< from 1; 0: there is none
  std::uint64_t first_data_line = 1;      ///< likewise
  std::vector<std::string> name_columns;  ///< of what the lines are, as the header calls them
};

/// What a source found out about its file, for the log, `inspect` and the output.
struct SourceDescription {
  std::string path;           ///< as the user gave it; "-" for standard input
  std::string format;         ///< e.g. "AnnData h5ad", "10x HDF5 v3", "TSV (gzip)"
  std::string storage;        ///< e.g. "CSR float32, int32 indices, gzip", "genes as lines"
  std::string matrix;         ///< AnnData: "X", "raw/X", "layers/counts"; else empty
  std::string matrix_reason;  ///< AnnData, layer auto: why this one
  std::vector<std::string> other_matrices;  ///< AnnData: what else `--layer` could name
  std::optional<LinesAre> lines_are;        ///< tables and Matrix Market
  std::optional<TableReading> table;        ///< text tables
  std::vector<Note> warnings;               ///< what was left out, guessed, joined
  bool gene_major = false;  ///< read whole before the first cell, keeping only panel genes
  bool is_h5ad = false;     ///< `path` is an AnnData file
  /// Obs, obsm and uns of the cells, in the order of the input; empty: the format has none. What it
  /// names exists as long as the source.
  AnnotationPlace annotations;
};

/// Which genes of its cells a source delivers, and at which positions. Cheap to copy.
class GeneSelection {
 public:
  /// The genes of a panel, at their positions in it. A map is a selection wherever one is wanted.
  GeneSelection(const GeneMap& panel);  // NOLINT(google-explicit-constructor)
  /// All genes of a file, each at its own position in `features`; but for features that count
  /// nowhere (FeatureTable::counted, is_par_y_copy()).
  [[nodiscard]] static GeneSelection all(const FeatureTable& features);

  [[nodiscard]] bool is_all() const noexcept { return content_->is_all; }
  /// Per feature of the file: its position, GeneMap::total_only or GeneMap::ignored.
  [[nodiscard]] std::span<const PanelPosition> positions() const noexcept {
    return content_->positions;
  }
  /// Per position: 1 if the file has the gene.
  [[nodiscard]] std::span<const std::uint8_t> present() const noexcept { return content_->present; }
  /// Number of positions.
  [[nodiscard]] Index size() const noexcept { return static_cast<Index>(content_->present.size()); }
  /// Names of genes that several features feed; duplicates() says how.
  [[nodiscard]] std::span<const std::string> duplicated() const noexcept {
    return content_->duplicated;
  }
  [[nodiscard]] Duplicates duplicates() const noexcept { return content_->duplicates; }

 private:
  struct Content {
    bool is_all = false;
    std::vector<PanelPosition> positions;
    std::vector<std::uint8_t> present;
    std::vector<std::string> duplicated;
    Duplicates duplicates = Duplicates::sum;
  };
  GeneSelection() = default;
  std::shared_ptr<const Content> content_;
};

/// Cells as the input has them, between fetch() and decode(); each source derives its own. Reused
/// from one fetch() to the next.
class RawCells {
 public:
  virtual ~RawCells() = default;
  RawCells() = default;
  RawCells(const RawCells&) = delete;
  RawCells& operator=(const RawCells&) = delete;
  Index first = 0;    ///< position in the input of the first cell
  Index n_cells = 0;  ///< set by fetch()
};

/// For sources whose reading cannot be divided: fetch() fills `block`, decode() hands it over.
class ReadyCells final : public RawCells {
 public:
  CellBlock block;

  /// Those in `raw`, which are made if there are none.
  [[nodiscard]] static ReadyCells& in(std::unique_ptr<RawCells>& raw);
  /// decode() of such a source.
  static void hand_over(RawCells& raw, CellBlock& block);
};

/// A stream of cells. To add a format:
///
/// 1. Derive a class from CellSource in src/input/NAME_source.cpp. Its constructor reads what comes
///    before the first value and fills what description(), features() and n_cells() return. Throw
///    Error(bad_input) that names the file and the place in it.
/// 2. select() says which genes are wanted. Keep a copy. An input that stores gene after gene is
///    gathered in a GeneMajorStore (input/gene_major_store.hpp), here or in the first fetch().
/// 3. fetch() reads: it takes the next 1 .. max_cells cells as the input has them into a class
///    derived from RawCells, and sets `first` and `n_cells`. All input and output belongs here.
/// 4. decode() makes a CellBlock of them, with a PanelCollector (input/panel_collector.hpp) that
///    the RawCells own. It changes nothing in the source, for it runs in several threads at once.
///    Where reading and decoding cannot be divided, use ReadyCells.
/// 5. If cells can be reached directly, implement can_seek() and seek(): samples are then taken
/// from
///    the whole input, and shards read only their part.
/// 6. Add a line to input/open_source.cpp that recognises the format by its content, and a test
/// with
///    a small file.
///
/// The shortest source is H5CellSource (input/h5_source.cpp); CellLinesSource
/// (input/delimited_source.cpp) divides text between fetch() and decode(). A format in HDF5 needs
/// no class of its own: a function that finds its parts will do, as in input/gctx_source.cpp.
///
/// All calls but those of decode() come from one thread at a time.
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
  /// Called once, before the first cell is read: a GeneMap, or GeneSelection::all() where
  /// SourceOptions::all_genes was set.
  virtual void select(const GeneSelection& genes) = 0;
  /// Takes the next 1 .. max_cells cells (fewer where they are large). `raw` is null or what an
  /// earlier call made. False: no cell is left. Throws Error(bad_input) naming the file and the
  /// place in it.
  virtual bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) = 0;
  /// Replaces `block` by what fetch() took. In any thread, in any order, at the same time as
  /// others. Throws as fetch().
  virtual void decode(RawCells& raw, CellBlock& block) const = 0;
  /// fetch() and decode() at once. False (and an empty block): no cell is left.
  bool next(CellBlock& block, Index max_cells);
  /// True if seek() works. A source that cannot seek is read once, from front to back.
  [[nodiscard]] virtual bool can_seek() const { return false; }
  /// The next cell to be fetched will be the one at position `cell`, 0 .. n_cells().
  virtual void seek(Index cell);
  /// Upper bound, in bytes, of what the source holds besides the block it fills.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;

 private:
  std::unique_ptr<RawCells> raw_;  // of next()
};

/// Opens a matrix file, deciding its format by content. `path`: a file, a 10x folder, a GEO prefix
/// (`GSM1_x_matrix.mtx.gz` or `GSM1_x`), a FIFO, or "-" for standard input. `genes` serves to tell
/// genes from cells, and to pick an AnnData layer. Throws Error(bad_input).
[[nodiscard]] std::unique_ptr<CellSource> open_source(const std::string& path,
                                                      const SourceOptions& options,
                                                      const GeneIndex& genes);

}  // namespace sicmir
