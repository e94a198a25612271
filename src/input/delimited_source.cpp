// SPDX-License-Identifier: BSD-3-Clause
/// Text tables: CSV, TSV and their like, with genes or cells as lines.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "base/counted.hpp"
#include "genes/feature_kinds.hpp"
#include "input/column_names.hpp"
#include "input/gene_major_store.hpp"
#include "input/long_source.hpp"
#include "input/panel_collector.hpp"
#include "input/sources.hpp"
#include "input/table_layout.hpp"
#include "input/table_lines.hpp"
#include "input/table_meaning.hpp"
#include "input/value_line.hpp"
#include "parallel/ordered_pipeline.hpp"
#include "parallel/threads.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/line_stretch.hpp"

namespace sicmir {
namespace {

/// Most tables show in a megabyte what they are. Where that is not clear, so much is looked at that
/// some of the panel's genes are met even where lines are long; see table_layout.cpp.
constexpr std::array peeked_bytes = {std::size_t{1} << 20, std::size_t{8} << 20};

TableLayout peek_layout(ByteInput& input, const TableOptions& options, const GeneIndex& genes) {
  // The header in full, however long, and a stretch behind it.
  std::size_t size = std::size_t{1} << 16;
  std::string_view head = input.peek(size);
  while (head.size() == size && head.find('\n') == std::string_view::npos &&
         size < LineReader::longest_line) {
    size *= 4;
    head = input.peek(size);
  }
  const std::size_t header_bytes = std::min(head.find('\n'), head.size());
  for (const std::size_t more : peeked_bytes) {
    size = std::max(size, header_bytes + more);
    head = input.peek(size);
    const bool whole = head.size() < size;
    if (whole || more == peeked_bytes.back()) break;
    try {
      TableLayout layout = find_layout(head, whole, input.name(), options, genes);
      if (!layout.uncertain) return layout;
    } catch (const Error&) {  // perhaps for want of lines
    }
  }
  return find_layout(head, head.size() < size, input.name(), options, genes);
}

/// `things`: "lines" or "columns".
Note reads_of_no_gene(std::string_view things, const std::string& example,
                      const std::string& file) {
  return {"reads_of_no_gene",
          fmt::format("{}: {} like \"{}\" sum up reads that belong to no gene; they are not "
                      "counted.",
                      file, things, example),
          {{"stand_in", std::string(things)}, {"example", example}}};
}

TableReading table_reading(const TableLayout& layout) {
  TableReading table;
  table.separator = layout.rules.blanks() ? ' ' : layout.rules.separator;
  table.decimal = layout.rules.decimal;
  table.thousands = layout.rules.thousands;
  table.header_line = layout.header_line;
  table.first_data_line = layout.first_data_line;
  for (std::size_t c = 0; c < layout.leading.size() && c < layout.header.size(); ++c) {
    const bool is_name =
        layout.cells_as_lines ? c == layout.name_column : layout.leading[c] == LeadingColumn::names;
    if (is_name) table.name_columns.push_back(layout.header[c]);
  }
  return table;
}

SourceDescription describe(const ByteInput& input, const TableLayout& layout) {
  SourceDescription description;
  description.path = input.path();
  switch (layout.rules.separator) {
    case '\t':
      description.format = "TSV";
      break;
    case ',':
      description.format = "CSV";
      break;
    case ';':
      description.format = "CSV with semicolons";
      break;
    default:
      description.format = "blank-separated text";
  }
  if (input.raw_head().starts_with("#1.")) description.format = "GCT";
  if (layout.rules.decimal == ',') description.format += ", decimal commas";
  if (layout.rules.thousands != '\0') {
    description.format += fmt::format(", thousands separated by '{}'", layout.rules.thousands);
  }
  if (!input.compression().empty()) description.format += fmt::format(" ({})", input.compression());
  description.storage = layout.cells_as_lines ? "cells as lines" : "genes as lines";
  description.lines_are = layout.cells_as_lines ? LinesAre::cells : LinesAre::genes;
  description.table = table_reading(layout);
  description.warnings = layout.warnings;
  description.gene_major = !layout.cells_as_lines;
  return description;
}

std::size_t bytes_of(const FeatureTable& features) {
  std::size_t bytes = features.counted.capacity();
  for (const FeatureColumn& column : features.columns) {
    for (const std::string& id : column.ids) bytes += sizeof(std::string) + id.capacity();
  }
  return bytes;
}

/// Columns that `sicmir assemble` writes beside the panel: what the genes it left out add up to.
constexpr std::string_view total_column = "total_of_all_genes";
constexpr std::string_view quartile_column = "upper_quartile_of_all_genes";

/// What both orientations share: the open input, past its header.
struct OpenTable {
  OpenTable(std::unique_ptr<ByteInput> bytes, TableLayout table_layout)
      : input(std::move(bytes)),
        layout(std::move(table_layout)),
        lines(*input),
        values(layout, input->name()) {
    std::string_view line;
    while (lines.number() + 1 < layout.first_data_line && lines.next(line)) {
    }
  }
  /// False: no line is left. Blank lines are passed over.
  bool next(std::string_view& line) {
    while (lines.next(line)) {
      const bool is_comment =
          layout.comment != '\0' && !line.empty() && line.front() == layout.comment;
      if (!is_comment && !is_blank_line(line)) return true;
    }
    return false;
  }
  /// The next lines, at most `most`; false: none is left.
  bool next(LineStretch& stretch, std::size_t most) {
    stretch.clear();
    std::string_view line;
    while (stretch.size() < most && !stretch.is_full() && next(line)) {
      stretch.append(line, lines.number());
    }
    return stretch.size() > 0;
  }
  std::unique_ptr<ByteInput> input;
  TableLayout layout;
  LineReader lines;
  ValueLineReader values;
};

class CellLinesSource final : public CellSource {
 public:
  CellLinesSource(std::unique_ptr<ByteInput> input, TableLayout layout,
                  const SourceOptions& options)
      : description_(describe(*input, layout)),
        table_(std::move(input), std::move(layout)),
        quartiles_up_to_(options.upper_quartile_up_to) {
    const TableLayout& found = table_.layout;
    FeatureColumn column{"the header", {}};
    column.ids = found.value_names();
    const auto is_gene = [](const std::string& name) {
      return !is_summary_line(name) && name != total_column && name != quartile_column;
    };
    if (!std::all_of(column.ids.begin(), column.ids.end(), is_gene)) {
      features_.counted.assign(column.ids.size(), 1);
      std::transform(column.ids.begin(), column.ids.end(), features_.counted.begin(),
                     [&](const std::string& name) { return is_gene(name) ? 1 : 0; });
    }
    const auto summary = std::find_if(column.ids.begin(), column.ids.end(), is_summary_line);
    if (summary != column.ids.end()) {
      description_.warnings.push_back(reads_of_no_gene("columns", *summary, table_.input->name()));
    }
    for (std::size_t i = 0; i < column.ids.size(); ++i) {
      if (column.ids[i] == total_column) total_at_ = i;
      if (column.ids[i] == quartile_column) quartile_at_ = i;
    }
    features_.columns.push_back(std::move(column));
    for (std::size_t c = 1; c < found.leading.size(); ++c) {
      if (c == found.name_column) continue;
      description_.warnings.push_back(
          {"column_passed_over",
           fmt::format("{}: column {} (\"{}\") is not a gene; passed over.", table_.input->name(),
                       c + 1, found.header[c]),
           {{"column", c + 1}, {"name", found.header[c]}}});
    }
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return n_cells_; }
  void select(const GeneSelection& genes) override { selection_ = genes; }
  bool fetch(std::unique_ptr<RawCells>& cells, Index max_cells) override {
    if (!cells) cells = std::make_unique<Raw>();
    auto& raw = static_cast<Raw&>(*cells);
    // The number of cells is not known before the end: quartiles are delivered up to the limit.
    const bool quartiles = delivered_ < quartiles_up_to_;
    if (quartiles) max_cells = std::min(max_cells, quartiles_up_to_ - delivered_);
    if (!raw.collector || raw.quartiles != quartiles) {
      raw.collector = std::make_unique<PanelCollector>(*selection_, quartiles);
      raw.quartiles = quartiles;
    }
    raw.first = delivered_;
    if (!table_.next(raw.lines, static_cast<std::size_t>(max_cells))) {
      n_cells_ = delivered_;
      return false;
    }
    refuse_totals(raw.lines);
    raw.n_cells = static_cast<Index>(raw.lines.size());
    delivered_ += raw.n_cells;
    return true;
  }
  void decode(RawCells& cells, CellBlock& block) const override {
    auto& raw = static_cast<Raw&>(cells);
    raw.collector->begin_block(block, raw.first);
    for (std::size_t l = 0; l < raw.lines.size(); ++l) {
      ValueLine line =
          table_.values.begin_line(raw.lines.line(l), raw.lines.number(l), raw.leading);
      std::optional<double> total;
      double quartile = 0;
      table_.values.for_each_value(line, [&](std::size_t i, double value) {
        if (total_at_ == i) total = value;
        if (quartile_at_ == i) quartile = value;
        if (value != 0.0) raw.collector->add(static_cast<Index>(i), value);
      });
      raw.collector->end_cell(unquoted(raw.leading[table_.layout.name_column]), total);
      if (quartile_at_ && !block.upper_quartiles.empty()) block.upper_quartiles.back() = quartile;
    }
  }
  std::size_t memory_bytes() const override {
    return table_.lines.memory_bytes() + bytes_of(features_);
  }

 private:
  /// Cells are served before the last line is known, so a sum of all lines cannot be left out.
  void refuse_totals(const LineStretch& lines) const {
    constexpr std::size_t longest = 24;
    for (std::size_t l = 0; l < lines.size(); ++l) {
      const std::string_view text = lines.line(l);
      const char* const end =
          end_of_field(text.data(), text.data() + text.size(), table_.layout.rules);
      const std::string_view field = text.substr(0, static_cast<std::size_t>(end - text.data()));
      if (field.size() > longest || !names_total(normalised_name(field))) continue;
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} is called \"{}\". If it is the sum of the other lines, "
                              "delete it; if it is a sample, give it another name.",
                              table_.input->name(), lines.number(l), unquoted(field)));
    }
  }

  struct Raw final : RawCells {
    LineStretch lines;
    std::vector<std::string_view> leading;  // of the line in hand
    std::unique_ptr<PanelCollector> collector;
    bool quartiles = false;
  };

  SourceDescription description_;
  OpenTable table_;
  FeatureTable features_;
  std::optional<GeneSelection> selection_;
  std::optional<Index> n_cells_;
  Index delivered_ = 0;
  Index quartiles_up_to_;
  std::optional<std::size_t> total_at_, quartile_at_;  // columns, if there are such
};

class GeneLinesSource final : public CellSource {
 public:
  GeneLinesSource(std::unique_ptr<ByteInput> input, TableLayout layout,
                  const SourceOptions& options, const GeneIndex& genes)
      : description_(describe(*input, layout)),
        store_(static_cast<Index>(layout.n_values()), input->name()) {
    OpenTable table(std::move(input), std::move(layout));
    const TableLayout& found = table.layout;
    cells_ = found.value_names();
    warn_of_repeated_cells(table.input->name());
    quartiles_ = options.upper_quartile_up_to >= store_.n_cells();
    keeps_all_ = quartiles_ || options.all_genes;
    for (std::size_t c = 0; c < found.leading.size(); ++c) {
      if (found.leading[c] != LeadingColumn::names) continue;
      columns_.push_back(c);
      const std::string& name = found.header[c];
      features_.columns.push_back({!name.empty() ? name
                                   : c == 0      ? "first column"
                                                 : fmt::format("column {}", c + 1),
                                   {}});
    }
    read_all(table, genes, options.threads);
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return store_.n_cells(); }
  void select(const GeneSelection& genes) override {
    if (genes.is_all() && !keeps_all_) {
      throw Error(ExitCode::internal, "all genes are selected, but the table was opened for some");
    }
    selection_ = genes;
  }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    if (!raw) raw = std::make_unique<StoredCells>(*selection_, quartiles_);
    raw->first = next_cell_;
    raw->n_cells = std::min(max_cells, store_.n_cells() - next_cell_);
    next_cell_ += raw->n_cells;
    return raw->n_cells > 0;
  }
  void decode(RawCells& raw, CellBlock& block) const override {
    auto& served = static_cast<StoredCells&>(raw);
    store_.fill(block, raw.first, raw.n_cells, cells_, served.collector, served.reader);
  }
  bool can_seek() const override { return true; }
  void seek(Index cell) override { next_cell_ = std::clamp(cell, Index{0}, store_.n_cells()); }
  std::size_t memory_bytes() const override {
    std::size_t bytes = store_.bytes() + bytes_of(features_);
    for (const std::string& cell : cells_) bytes += sizeof(std::string) + cell.capacity();
    return bytes;
  }

 private:
  void warn_of_repeated_cells(const std::string& file) {
    std::unordered_set<std::string_view> seen;
    std::vector<std::string_view> repeated;
    for (const std::string& cell : cells_) {
      if (!seen.insert(cell).second) repeated.emplace_back(cell);
    }
    if (repeated.empty()) return;
    description_.warnings.push_back(
        {"cell_names_repeated",
         fmt::format("{}: {} repeated, first \"{}\".", file,
                     counted(repeated.size(), "cell name is", "cell names are"), repeated.front()),
         {{"n", repeated.size()}, {"first", std::string(repeated.front())}}});
  }

  /// Some lines, parsed.
  struct Parsed {
    std::size_t n_lines = 0;
    std::vector<std::string_view> leading;  // of one line after the other, in the stretch
    std::vector<std::uint8_t> may_be_gene;  // per line: its values are to be kept
    std::vector<double> values;             // lines x cells
  };

  void parse(const OpenTable& table, const GeneIndex& genes, const LineStretch& lines,
             Parsed& parsed) const {
    const std::size_t n_cells = cells_.size();
    parsed.n_lines = lines.size();
    parsed.leading.clear();
    parsed.may_be_gene.clear();
    std::vector<std::string_view> leading;
    const auto begin_line = [&](std::size_t l) {
      const ValueLine line = table.values.begin_line(lines.line(l), lines.number(l), leading);
      parsed.leading.insert(parsed.leading.end(), leading.begin(), leading.end());
      const bool keep =
          keeps_all_ || std::any_of(columns_.begin(), columns_.end(), [&](std::size_t column) {
            return genes.find(unquoted(leading[column])).has_value();
          });
      parsed.may_be_gene.push_back(keep ? 1 : 0);
      return line;
    };
    // Two lines at a time: the first of many broken ones is the last. Few values take
    // less than two bytes of text. What an earlier stretch left is written over.
    parsed.values.reserve(std::min(lines.size() * n_cells, lines.bytes() / 2));
    const auto values_of = [&](std::size_t l) {
      return std::span(parsed.values).subspan(l * n_cells, n_cells);
    };
    for (std::size_t l = 0; l < lines.size(); l += 2) {
      parsed.values.resize(std::max(parsed.values.size(), std::min(l + 2, lines.size()) * n_cells));
      ValueLine first = begin_line(l);
      if (l + 1 == lines.size()) {
        table.values.read_values(first, values_of(l));
        break;
      }
      ValueLine second = begin_line(l + 1);
      table.values.read_lines(first, values_of(l), second, values_of(l + 1));
    }
  }

  void read_all(OpenTable& table, const GeneIndex& genes, int threads) {
    // Room for the panel, if nothing else is kept; it is not touched before it is needed.
    constexpr Index most_reserved = Index{1} << 22;
    store_.reserve(
        static_cast<std::size_t>(std::min(genes.panel_size() * store_.n_cells(), most_reserved)));
    Index feature = 0;
    std::string summary;  // the first line that counts no gene
    LargestLine largest;
    const auto take_line = [&](std::span<const std::string_view> leading, bool keep,
                               std::span<const double> values) {
      bool counted = true;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::string id = unquoted(leading[columns_[c]]);
        const FeatureKind kind = kind_of_feature(id);
        counted = counted && !is_par_y_copy(id) &&
                  (kind == FeatureKind::gene || (kind == FeatureKind::total && c > 0));
        if (c == 0 && kind == FeatureKind::summary) {
          if (summary.empty()) summary = id;
          features_.counted.resize(static_cast<std::size_t>(feature) + 1, 1);
          features_.counted.back() = 0;
        }
        features_.columns[c].ids.push_back(std::move(id));
      }
      store_.add_feature(feature, keep, counted, values);
      if (counted && !is_gene_of_panel(leading, genes)) largest.offer(feature, values);
      ++feature;
    };
    ordered_pipeline<LineStretch, Parsed>(
        thread_count(threads),
        [&](LineStretch& lines) {
          return table.next(lines, std::numeric_limits<std::size_t>::max());
        },
        [&](const LineStretch& lines, Parsed& parsed) { parse(table, genes, lines, parsed); },
        [&](const Parsed& parsed) {
          const std::size_t n_leading = table.layout.leading.size();
          const std::size_t n_cells = cells_.size();
          const std::span<const std::string_view> leading = parsed.leading;
          const std::span<const double> values = parsed.values;
          for (std::size_t l = 0; l < parsed.n_lines; ++l) {
            take_line(leading.subspan(l * n_leading, n_leading), parsed.may_be_gene[l] != 0,
                      values.subspan(l * n_cells, n_cells));
          }
        });
    check_is_no_long_table(table);
    leave_out_total(largest, feature, table.input->name());
    if (summary.empty()) return;
    features_.counted.resize(static_cast<std::size_t>(feature), 1);
    description_.warnings.push_back(reads_of_no_gene("lines", summary, table.input->name()));
  }

  /// The line with the largest sum: the only one that may be the sum of all others.
  struct LargestLine {
    Index feature = -1;
    double sum = 0;
    std::vector<double> values;

    void offer(Index one, std::span<const double> its_values) {
      double its_sum = 0;
      for (const double value : its_values) its_sum += value;
      if (!(its_sum > sum)) return;
      feature = one;
      sum = its_sum;
      values.assign(its_values.begin(), its_values.end());
    }
  };

  [[nodiscard]] bool is_gene_of_panel(std::span<const std::string_view> leading,
                                      const GeneIndex& genes) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](std::size_t column) {
      return genes.find(unquoted(leading[column])).has_value();
    });
  }

  /// A line that is the sum of all others is no gene, whatever it is called.
  void leave_out_total(const LargestLine& line, Index n_features, const std::string& file) {
    constexpr Index least_features = 20;
    constexpr double tolerance = 1e-6;  // what rounded numbers add up to
    if (line.feature < 0 || n_features < least_features) return;
    const std::span<const double> totals = store_.totals();
    for (std::size_t cell = 0; cell < line.values.size(); ++cell) {
      const double value = line.values[cell];
      if (!(std::fabs(totals[cell] - 2 * value) <= tolerance * std::fabs(value))) return;
    }
    for (std::size_t cell = 0; cell < line.values.size(); ++cell) {
      store_.add_to_total(static_cast<Index>(cell), -line.values[cell]);
    }
    features_.counted.resize(static_cast<std::size_t>(n_features), 1);
    const auto place = static_cast<std::size_t>(line.feature);
    features_.counted[place] = 0;
    const std::string& name = features_.columns.front().ids[place];
    description_.warnings.push_back(
        {"total_left_out",
         fmt::format("{}: the line \"{}\" is the sum of all others, so it is no gene; left out.",
                     file, name),
         {{"name", name}}});
  }

  /// The first lines of a long table that is sorted by cell are genes of one cell.
  void check_is_no_long_table(const OpenTable& table) const {
    constexpr std::size_t most_values = 6;
    if (table.layout.n_value_fields() > most_values) return;
    for (const FeatureColumn& a : features_.columns) {
      for (const FeatureColumn& b : features_.columns) {
        if (&a == &b || !are_pairs(a.ids, b.ids)) continue;
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: {}", table.input->name(),
                                long_table_message(b.name, a.name, table.layout.header.back(),
                                                   "its first lines do not show that")));
      }
    }
  }

  SourceDescription description_;
  GeneMajorStore store_;
  FeatureTable features_;
  std::vector<std::size_t> columns_;  // of the file, that are features_.columns
  std::vector<std::string> cells_;
  std::optional<GeneSelection> selection_;
  bool quartiles_ = false;
  bool keeps_all_ = false;  // genes of no panel, too
  Index next_cell_ = 0;
};

}  // namespace

std::unique_ptr<CellSource> open_delimited_source(std::unique_ptr<ByteInput> input,
                                                  const SourceOptions& options,
                                                  const GeneIndex& genes) {
  TableLayout layout =
      peek_layout(*input, {options.orientation, options.decimal, options.thousands, true}, genes);
  if (layout.pairs) {
    SourceDescription description = describe(*input, layout);
    return open_long_source(std::move(input), std::move(layout), std::move(description), options,
                            genes);
  }
  if (layout.cells_as_lines) {
    return std::make_unique<CellLinesSource>(std::move(input), std::move(layout), options);
  }
  return std::make_unique<GeneLinesSource>(std::move(input), std::move(layout), options, genes);
}

}  // namespace sicmir
