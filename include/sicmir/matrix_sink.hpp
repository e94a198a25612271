// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// Where predictions go: one interface over every format that sicmir writes.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sicmir/annotation_place.hpp"
#include "sicmir/note.hpp"
#include "sicmir/types.hpp"

namespace sicmir {

/// A column that describes the features of an output (AnnData's var), e.g. MIMAT accessions.
struct FeatureAnnotation {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<double>> values;  ///< one per feature
};

/// A column that describes the cells (or pools) of an output (AnnData's obs).
struct CellColumn {
  std::string name;
  std::variant<std::vector<std::string>, std::vector<std::int64_t>> values;  ///< one per cell
};

/// What a sink must know before the first block.
struct OutputHeader {
  std::string feature_kind;           ///< "mirna" or "gene": the corner of a text table
  std::vector<std::string> features;  ///< names, in output order
  std::vector<FeatureAnnotation> annotations;
  /// Only what determines the result: version, model checksum, decisions. Key and value, in order.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Field> fields;     ///< likewise: the decisions, as programs read them
  std::optional<Index> n_cells;  ///< if known before the end
  std::string layer;             ///< of a second matrix beside the first; empty: none
};

/// Values of consecutive cells, ready to be written in input order.
struct EncodedBlock {
  Index first = 0;                 ///< position in the output of the first cell
  std::vector<std::string> cells;  ///< names
  std::vector<Index> input_cells;  ///< per cell: its position in the input (cells may be skipped)
  std::string text;                ///< text sinks: the finished lines
  std::vector<float> values;       ///< binary sinks: cell after cell, all features of each
  std::vector<float> layer;  ///< binary sinks: the same of OutputHeader::layer, if there is one
};

/// encode() may run in any thread and any order; begin(), write() and finish() run in one thread,
/// write() in input order. A sink that is destroyed before finish() leaves no file behind.
class MatrixSink {
 public:
  virtual ~MatrixSink() = default;
  MatrixSink() = default;
  MatrixSink(const MatrixSink&) = delete;
  MatrixSink& operator=(const MatrixSink&) = delete;

  virtual void begin(const OutputHeader& header) = 0;
  /// Fills `block.text` or `block.values` (its `cells` are set) from `values`: features x cells.
  virtual void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const = 0;
  /// Fills `block.layer` where the header names a layer; sinks of text cannot.
  virtual void encode_layer(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const;
  /// Result bytes do not depend on how cells were cut into blocks.
  virtual void write(EncodedBlock&& block) = 0;
  /// Completes, syncs, closes and renames; throws Error(not_written) if a byte was lost.
  virtual void finish() = 0;
};

enum class OutputFormat : std::uint8_t { automatic, csv, tsv, csv_gz, tsv_gz, h5ad };

/// Chosen by `format`, else by the ending of `path`: .csv .tsv .txt .csv.gz .tsv.gz .txt.gz .h5ad;
/// "-" and files that are not regular default to TSV. An unknown ending: Error(usage).
[[nodiscard]] OutputFormat resolve_output_format(const std::string& path, OutputFormat format);

enum class Compression : std::uint8_t { none, gzip };
enum class Dtype : std::uint8_t { float32, float16 };

struct SinkOptions {
  OutputFormat format = OutputFormat::automatic;
  bool features_as_lines = false;  ///< text only: miRNAs as lines, cells as columns
  int digits = 0;  ///< text: significant digits; 0: shortest that reads back the same
  /// h5ad only: the input whose obs, obsm and uns are carried over; empty: none.
  AnnotationPlace carry_from;
  Compression compression = Compression::none;  ///< h5ad: of X and of layers
  Dtype dtype = Dtype::float32;                 ///< likewise
  int threads = 1;                              ///< that compress, the writing one included
};

/// `path` "-": standard output. Nothing is created before begin().
[[nodiscard]] std::unique_ptr<MatrixSink> open_sink(const std::string& path,
                                                    const SinkOptions& options);

}  // namespace sicmir
