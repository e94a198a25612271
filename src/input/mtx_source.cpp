// SPDX-License-Identifier: BSD-3-Clause
/// Matrix Market coordinate matrices (https://math.nist.gov/MatrixMarket/formats.html) with the
/// lists of genes and cells that single-cell programs write beside them.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <unordered_set>
#include <utility>

#include "base/printable.hpp"
#include "input/column_names.hpp"
#include "input/gene_major_store.hpp"
#include "input/mtx_files.hpp"
#include "input/panel_collector.hpp"
#include "input/sources.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/number_text.hpp"

namespace sicmir {
namespace {

/// Entries read ahead to find their order.
constexpr std::size_t stretch_entries = std::size_t{1} << 16;
/// Entries sorted by feature at a time when cells are gathered from a gene-major matrix.
constexpr std::size_t batch_entries = std::size_t{1} << 20;

struct MtxEntry {
  Index line = 0;  // of the gene list, from 0
  Index cell = 0;
  double value = 0;
};

/// The matrix itself: header and entries, one after another.
class MtxReader {
 public:
  explicit MtxReader(std::unique_ptr<ByteInput> input) : input_(std::move(input)), lines_(*input_) {
    read_banner();
    read_size();
  }

  Index n_first() const { return n_first_; }
  Index n_second() const { return n_second_; }
  const std::string& field() const { return field_; }
  const ByteInput& input() const { return *input_; }
  std::uint64_t line_number() const { return lines_.number(); }
  std::size_t memory_bytes() const { return lines_.memory_bytes(); }
  void set_genes_first(bool genes_first) { genes_first_ = genes_first; }

  /// False after the last declared entry, behind which nothing may stand.
  bool next(MtxEntry& entry) {
    std::string_view line;
    if (n_read_ == n_entries_) return false;
    if (!next_line(line)) {
      fail(
          fmt::format("it ends after {} of the {} entries that line {} declares. It was not "
                      "copied or downloaded completely; fetch it again.",
                      n_read_, n_entries_, size_line_));
    }
    parse(line, entry);
    if (++n_read_ == n_entries_) check_end();
    return true;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", input_->name(), what));
  }

 private:
  [[noreturn]] void fail_line(const std::string& what) const {
    fail(fmt::format("line {}: {}", lines_.number(), what));
  }

  void read_banner() {
    std::string_view line;
    lines_.next(line);
    std::string text(line);
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::istringstream words(text);
    std::string banner, object, format, symmetry;
    words >> banner >> object >> format >> field_ >> symmetry;
    if (banner != "%%matrixmarket" || object != "matrix") {
      fail_line(fmt::format("\"{}\" is not the banner of a Matrix Market matrix.",
                            printable(line.substr(0, 80))));
    }
    if (format != "coordinate") {
      fail_line(
          fmt::format("the matrix has the format \"{}\"; only \"coordinate\" (sparse) is "
                      "read. Write a dense matrix as CSV instead, or make it sparse first "
                      "(scipy.io.mmwrite of a scipy.sparse matrix).",
                      format));
    }
    if (field_ == "float" || field_ == "double") field_ = "real";  // STARsolo 2.7.8 and its like
    if (field_ != "integer" && field_ != "real" && field_ != "pattern") {
      fail_line(fmt::format("the entries are \"{}\"; expected integer, real or pattern.", field_));
    }
    if (symmetry != "general") {
      fail_line(fmt::format(R"(the matrix is "{}"; a matrix of genes and cells is "general".)",
                            symmetry));
    }
  }

  /// Comments are allowed before the size line only (but do no harm later), blank lines anywhere.
  bool next_line(std::string_view& line) {
    while (lines_.next(line)) {
      const auto first = line.find_first_not_of(" \t");
      if (first == std::string_view::npos || line[first] == '%') continue;
      return true;
    }
    return false;
  }

  void read_size() {
    std::string_view line;
    if (!next_line(line)) fail("it ends before its size line; fetch it again.");
    size_line_ = lines_.number();
    const char* at = line.data();
    const char* const end = at + line.size();
    const bool three = read_index(at, end, n_first_) && read_index(at, end, n_second_) &&
                       read_index(at, end, n_entries_) && only_blanks(at, end);
    if (!three) {
      fail_line(fmt::format("\"{}\" is not a size line (genes, cells, entries).",
                            printable(line.substr(0, 80))));
    }
    // "1 1" and a line end are the shortest entry.
    constexpr std::uint64_t shortest_entry = 4;
    const auto most = input_->most_bytes();
    if (most && static_cast<std::uint64_t>(n_entries_) > *most / shortest_entry + 1) {
      fail_line(
          fmt::format("{} entries are declared, but the file of {} bytes cannot hold as many. "
                      "It was not copied completely, or it is damaged.",
                      n_entries_, *input_->file_size()));
    }
    if (n_entries_ == 0) check_end();
  }

  static bool is_blank(char c) { return c == ' ' || c == '\t'; }
  static bool only_blanks(const char* at, const char* end) {
    return std::all_of(at, end, is_blank);
  }

  /// The line's sentinel ends the digits.
  static bool read_index(const char*& at, const char* end, Index& value) {
    while (at != end && is_blank(*at)) ++at;
    constexpr int most_digits = 18;
    int n_digits = 0;
    value = 0;
    for (; *at >= '0' && *at <= '9' && n_digits < most_digits; ++at, ++n_digits) {
      value = value * 10 + (*at - '0');
    }
    return n_digits > 0 && (at == end || is_blank(*at));  // a digit too many is no blank
  }

  void parse(std::string_view line, MtxEntry& entry) {
    const char* at = line.data();
    const char* const end = at + line.size();
    Index first = 0;
    Index second = 0;
    if (!read_index(at, end, first) || !read_index(at, end, second)) fail_entry(line);
    entry.value = 1.0;
    if (field_ != "pattern") {
      while (at != end && is_blank(*at)) ++at;
      const char* stop = at == end ? nullptr : read_short_number(at, '.', entry.value);
      if (stop == nullptr || !only_blanks(stop, end)) {
        const std::string_view rest(at, static_cast<std::size_t>(end - at));
        if (rest.empty() || read_number(rest, '.', entry.value) == FieldKind::text) {
          fail_entry(line);
        }
      }
    } else if (!only_blanks(at, end)) {
      fail_entry(line);
    }
    if (first < 1 || first > n_first_ || second < 1 || second > n_second_) {
      fail_line(
          fmt::format("the entry ({}, {}) lies outside the matrix, whose sides run from 1 to "
                      "{} and from 1 to {} (line {}).",
                      first, second, n_first_, n_second_, size_line_));
    }
    entry.line = (genes_first_ ? first : second) - 1;
    entry.cell = (genes_first_ ? second : first) - 1;
  }

  [[noreturn]] void fail_entry(std::string_view line) const {
    fail_line(
        fmt::format("\"{}\" is not an entry; expected {}.", printable(line.substr(0, 80)),
                    field_ == "pattern" ? "two whole numbers" : "two whole numbers and a value"));
  }

  void check_end() {
    std::string_view line;
    Index n_surplus = 0;
    std::uint64_t first = 0;
    while (next_line(line)) {
      if (n_surplus++ == 0) first = lines_.number();
    }
    if (n_surplus == 0) return;
    fail(
        fmt::format("line {} declares {} entries, but there are {} (the first surplus one on line "
                    "{}). The file is damaged, or its size line was not updated.",
                    size_line_, n_entries_, n_entries_ + n_surplus, first));
  }

  std::unique_ptr<ByteInput> input_;
  LineReader lines_;
  std::string field_;
  std::uint64_t size_line_ = 0;
  Index n_first_ = 0;
  Index n_second_ = 0;
  Index n_entries_ = 0;
  Index n_read_ = 0;
  bool genes_first_ = true;
};

struct Lists {
  NameList genes;
  NameList cells;
  bool genes_first = true;
};

/// A list that is one line too long has a header, or belongs to another matrix.
void check_first_is_header(const MtxReader& matrix, const NameList& list, const std::string& path,
                           std::string_view things) {
  const std::vector<std::string>& names = list.columns.front();
  if (is_list_header(names.front(), std::span(names).subspan(1))) return;
  matrix.fail(
      fmt::format("\"{}\" lists one name more than the matrix has {}, and its first line (\"{}\") "
                  "is no header. The files do not belong together; every name would go to a "
                  "neighbour's values.",
                  path, things, printable(list.columns.front().front().substr(0, 60))));
}

/// Finds which side of the matrix is which, and drops header lines from lists that are one too
/// long.
void fit_lists(const MtxReader& matrix, Lists& lists, const MtxSiblings& paths,
               Orientation orientation, std::vector<Note>& warnings) {
  const Index a = matrix.n_first();
  const Index b = matrix.n_second();
  struct Headers {
    Index genes, cells;
  };
  for (const auto& [genes_header, cells_header] :
       {Headers{0, 0}, Headers{1, 0}, Headers{0, 1}, Headers{1, 1}}) {
    const Index n_genes = lists.genes.n_lines - genes_header;
    const Index n_cells = lists.cells.n_lines - cells_header;
    const bool genes_first = a == n_genes && b == n_cells;
    const bool cells_first = a == n_cells && b == n_genes;
    if (!genes_first && !cells_first) continue;
    if (genes_first && cells_first && orientation == Orientation::automatic) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: the matrix is square ({} x {}), so its sides cannot be told apart. The "
                      "first are the genes as Cell Ranger writes it, the cells with kallisto and "
                      "alevin.",
                      matrix.input().name(), a, b),
          {Remedy::choose_orientation});
    }
    const bool want_cells = orientation == Orientation::cells_as_lines;
    if (orientation != Orientation::automatic && !(want_cells ? cells_first : genes_first)) {
      matrix.fail(
          fmt::format("its first side was stated to be the {}, but it is {} x {} with {} genes and "
                      "{} cells.",
                      want_cells ? "cells" : "genes", a, b, n_genes, n_cells));
    }
    lists.genes_first = genes_first && !(cells_first && want_cells);
    if (genes_header > 0) check_first_is_header(matrix, lists.genes, paths.genes.string(), "genes");
    if (cells_header > 0) check_first_is_header(matrix, lists.cells, paths.cells.string(), "cells");
    if (genes_header > 0) lists.genes.drop_header();
    if (cells_header > 0) lists.cells.drop_header();
    if (genes_header + cells_header > 0) {
      std::vector<std::string> with_header;
      if (genes_header > 0) with_header.emplace_back("genes");
      if (cells_header > 0) with_header.emplace_back("cells");
      warnings.push_back(
          {"header_in_list",
           fmt::format(
               "{}: the first line of its list of {} is taken as a header, for there is one line "
               "too many.",
               matrix.input().name(),
               with_header.size() == 2 ? "genes, and of cells," : with_header.front()),
           {{"lists", with_header}}});
    }
    return;
  }
  matrix.fail(fmt::format(
      "the matrix is {} x {}, but \"{}\" lists {} genes and \"{}\" {} cells. "
      "The files do not belong together, or one is cut short.",
      a, b, paths.genes.string(), lists.genes.n_lines, paths.cells.string(), lists.cells.n_lines));
}

class MtxSource final : public CellSource {
 public:
  MtxSource(std::unique_ptr<ByteInput> input, const MtxSiblings& paths,
            const SourceOptions& options)
      : matrix_(std::move(input)) {
    description_.path = matrix_.input().path();
    read_lists(paths, options);
    read_stretch();
    quartiles_ = options.upper_quartile_up_to >= n_cells();
    describe(paths);
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return genes_.table; }
  std::optional<Index> n_cells() const override { return static_cast<Index>(cells_.size()); }

  void select(const GeneSelection& genes) override {
    selection_ = genes;
    if (description_.gene_major) gather(genes);
  }

  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    if (!raw) raw = std::make_unique<Raw>(*selection_, quartiles_);
    auto& cells = static_cast<Raw&>(*raw);
    cells.first = next_cell_;
    cells.n_cells = std::min(max_cells, *n_cells() - next_cell_);
    next_cell_ += cells.n_cells;
    if (!store_) {
      cells.collector.begin_block(cells.block, cells.first);
      for (Index cell = cells.first; cell < next_cell_; ++cell) stream_cell(cell, cells.collector);
    }
    return cells.n_cells > 0;
  }
  void decode(RawCells& raw, CellBlock& block) const override {
    auto& cells = static_cast<Raw&>(raw);
    if (store_) {
      store_->fill(block, raw.first, raw.n_cells, cells_, cells.collector, cells.reader);
    } else {
      std::swap(block, cells.block);
    }
  }

  bool can_seek() const override { return description_.gene_major; }
  void seek(Index cell) override {
    if (!can_seek()) CellSource::seek(cell);
    next_cell_ = std::clamp(cell, Index{0}, *n_cells());
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = matrix_.memory_bytes() + stretch_.capacity() * sizeof(MtxEntry) +
                        (store_ ? store_->bytes() : 0) +
                        genes_.feature_of_line.capacity() * sizeof(std::int32_t) +
                        genes_.table.counted.capacity();
    for (const std::string& cell : cells_) bytes += sizeof(std::string) + cell.capacity();
    for (const FeatureColumn& column : genes_.table.columns) {
      for (const std::string& id : column.ids) bytes += sizeof(std::string) + id.capacity();
    }
    return bytes;
  }

 private:
  struct Raw final : RawCells {
    Raw(const GeneSelection& genes, bool quartiles) : collector(genes, quartiles) {}
    PanelCollector collector;
    GeneMajorStore::Reader reader;  // of what was gathered
    CellBlock block;                // of what is streamed
  };

  void read_lists(const MtxSiblings& paths, const SourceOptions& options) {
    // A list cannot be longer than the longer side and a header.
    const Index most = std::max(matrix_.n_first(), matrix_.n_second()) + 1;
    Lists lists{read_name_list(paths.genes, most), read_name_list(paths.cells, most), true};
    if (!paths.genes_name.empty()) lists.genes.file = paths.genes_name;
    fit_lists(matrix_, lists, paths, options.orientation, description_.warnings);
    genes_first_ = lists.genes_first;
    matrix_.set_genes_first(genes_first_);
    description_.lines_are = genes_first_ ? LinesAre::genes : LinesAre::cells;
    if (!paths.gene_names.empty()) {
      NameList names = read_name_list(paths.gene_names, most);
      if (names.n_lines == lists.genes.n_lines && lists.genes.columns.size() == 1) {
        lists.genes.columns.push_back(std::move(names.columns.front()));
      }
    }
    genes_ = make_mtx_features(std::move(lists.genes), options.genome, paths.genes.string());
    for (Note& warning : genes_.warnings) {
      description_.warnings.push_back(std::move(warning));
    }
    cells_ = std::move(lists.cells.columns.front());
    std::unordered_set<std::string_view> seen;
    for (const std::string& cell : cells_) {
      if (seen.insert(cell).second) continue;
      description_.warnings.push_back(
          {"cell_names_repeated",
           fmt::format("{}: cell names are repeated, first \"{}\".", paths.cells.string(), cell),
           {{"first", cell}}});
      break;
    }
  }

  /// Reads the first entries and finds their order. Entries in ascending cells are streamed, unless
  /// ascending genes explain them as well: gathering is right for every order.
  void read_stretch() {
    MtxEntry entry;
    while (stretch_.size() < stretch_entries && matrix_.next(entry)) stretch_.push_back(entry);
    const bool whole = stretch_.size() < stretch_entries;
    const auto ascending = [&](Index MtxEntry::*side) {
      return std::is_sorted(
          stretch_.begin(), stretch_.end(),
          [&](const MtxEntry& a, const MtxEntry& b) { return a.*side < b.*side; });
    };
    const bool by_cell = ascending(&MtxEntry::cell);
    description_.gene_major = !by_cell || (!whole && ascending(&MtxEntry::line));
  }

  void describe(const MtxSiblings& paths) {
    const std::string genes =
        paths.genes_name.empty() ? paths.genes.filename().string() : paths.genes_name;
    std::string_view writer = "Matrix Market";
    if (genes.find("features.tsv") != std::string::npos) {
      writer = "Matrix Market, 10x v3";
    } else if (genes.find("genes.tsv") != std::string::npos) {
      writer = "Matrix Market, 10x v2";
    } else if (genes.find("genes.txt") != std::string::npos) {
      writer = "Matrix Market, kallisto";
    } else if (genes.find("cols.txt") != std::string::npos) {
      writer = "Matrix Market, alevin";
    }
    description_.format = writer;
    if (const std::string& packed = matrix_.input().compression(); !packed.empty()) {
      description_.format += fmt::format(" ({})", packed);
    }
    description_.storage = fmt::format(
        "coordinate {}, {}, {}", matrix_.field(), genes_first_ ? "genes x cells" : "cells x genes",
        description_.gene_major ? "ordered by gene" : "ordered by cell");
  }

  bool next_entry(MtxEntry& entry) {
    if (stretch_at_ < stretch_.size()) {
      entry = stretch_[stretch_at_++];
      if (stretch_at_ == stretch_.size()) {
        std::vector<MtxEntry>().swap(stretch_);  // an assignment would keep the memory
        stretch_at_ = 0;
      }
      return true;
    }
    return matrix_.next(entry);
  }

  void stream_cell(Index cell, PanelCollector& collector) {
    if (!started_) {
      has_pending_ = next_entry(pending_);
      started_ = true;
    }
    while (has_pending_ && pending_.cell == cell) {
      const Index feature = genes_.feature(pending_.line);
      if (feature >= 0) collector.add(feature, pending_.value);
      has_pending_ = next_entry(pending_);
    }
    if (has_pending_ && pending_.cell < cell) {
      matrix_.fail(fmt::format(
          "line {}: an entry of cell {} after entries of cell {}; up to here the entries were "
          "ordered by cell. Sort the lines below the size line by cell: `sort -n -k {}`.",
          matrix_.line_number(), pending_.cell + 1, cell + 1, genes_first_ ? "2,2" : "1,1"));
    }
    collector.end_cell(cells_[static_cast<std::size_t>(cell)]);
  }

  void gather(const GeneSelection& genes) {
    const auto positions = genes.positions();
    store_.emplace(*n_cells(), matrix_.input().name());
    std::vector<MtxEntry> batch;
    const auto flush = [&] {
      const auto by_line = [](const MtxEntry& a, const MtxEntry& b) { return a.line < b.line; };
      if (!std::is_sorted(batch.begin(), batch.end(), by_line)) {
        std::stable_sort(batch.begin(), batch.end(), by_line);
      }
      for (std::size_t i = 0; i < batch.size();) {
        const Index feature = batch[i].line;
        store_->begin_feature(feature, true, false);
        for (; i < batch.size() && batch[i].line == feature; ++i) {
          store_->add(batch[i].cell, batch[i].value);
        }
        store_->end_feature();
      }
      batch.clear();
    };
    MtxEntry entry;
    while (next_entry(entry)) {
      entry.line = genes_.feature(entry.line);
      if (entry.line < 0) continue;
      const PanelPosition gene = positions[static_cast<std::size_t>(entry.line)];
      if (gene == GeneMap::ignored) continue;
      store_->add_to_total(entry.cell, entry.value);
      if (gene < 0 && !quartiles_) continue;
      batch.push_back(entry);
      if (batch.size() == batch_entries) flush();
    }
    flush();
  }

  SourceDescription description_;
  MtxReader matrix_;
  bool genes_first_ = true;
  MtxFeatures genes_;
  std::vector<std::string> cells_;
  std::optional<GeneSelection> selection_;
  std::optional<GeneMajorStore> store_;
  std::vector<MtxEntry> stretch_;
  std::size_t stretch_at_ = 0;
  MtxEntry pending_;
  bool started_ = false;
  bool has_pending_ = false;
  bool quartiles_ = false;
  Index next_cell_ = 0;
};

}  // namespace

std::unique_ptr<CellSource> open_mtx_source(std::unique_ptr<ByteInput> matrix,
                                            const SourceOptions& options, const GeneIndex&) {
  if (!matrix->is_regular_file()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: a Matrix Market matrix cannot come through a pipe: its lists of "
                            "genes and cells are files beside it. Give the path of the folder or "
                            "of the .mtx file.",
                            matrix->name()));
  }
  const MtxSiblings lists = find_mtx_siblings(matrix->path());
  return open_mtx_files(std::move(matrix), lists, options);
}

std::unique_ptr<CellSource> open_mtx_files(std::unique_ptr<ByteInput> matrix,
                                           const MtxSiblings& lists, const SourceOptions& options) {
  return std::make_unique<MtxSource>(std::move(matrix), lists, options);
}

}  // namespace sicmir
