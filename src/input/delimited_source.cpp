/// Text tables: CSV, TSV and their like, with genes or cells as lines.

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "input/byte_input.hpp"
#include "input/gene_major_store.hpp"
#include "input/line_reader.hpp"
#include "input/panel_collector.hpp"
#include "input/sources.hpp"
#include "input/table_layout.hpp"
#include "input/value_line.hpp"

namespace sicmir {
namespace {

/// Enough lines to meet some of the panel's genes even where lines are long; see table_layout.cpp.
constexpr std::size_t peeked_bytes = std::size_t{8} << 20;

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

TableLayout peek_layout(ByteInput& input, Orientation orientation, const GeneIndex& genes) {
  // The header in full, however long, and a stretch behind it.
  std::size_t size = std::size_t{1} << 16;
  std::string_view head = input.peek(size);
  while (head.size() == size && head.find('\n') == std::string_view::npos &&
         size < LineReader::longest_line) {
    size *= 4;
    head = input.peek(size);
  }
  if (head.size() == size) {
    size = head.find('\n') + peeked_bytes;
    head = input.peek(size);
  }
  return find_layout(head, head.size() < size, input.name(), orientation, genes);
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
  if (layout.rules.decimal == ',') description.format += ", decimal commas";
  if (input.is_gzip()) description.format += " (gzip)";
  description.storage = layout.cells_as_lines ? "cells as lines" : "genes as lines";
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
      if (!is_blank_line(line)) return true;
    }
    return false;
  }
  std::unique_ptr<ByteInput> input;
  TableLayout layout;
  LineReader lines;
  ValueLineReader values;
  std::vector<std::string_view> leading;  // of the line in hand
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
    column.ids.assign(found.header.begin() + static_cast<std::ptrdiff_t>(found.leading.size()),
                      found.header.end());
    const auto is_gene = [](const std::string& name) {
      return !is_summary_line(name) && name != total_column && name != quartile_column;
    };
    if (!std::all_of(column.ids.begin(), column.ids.end(), is_gene)) {
      features_.counted.assign(column.ids.size(), 1);
      std::transform(column.ids.begin(), column.ids.end(), features_.counted.begin(),
                     [&](const std::string& name) { return is_gene(name) ? 1 : 0; });
    }
    for (std::size_t i = 0; i < column.ids.size(); ++i) {
      if (column.ids[i] == total_column) total_at_ = i;
      if (column.ids[i] == quartile_column) quartile_at_ = i;
    }
    features_.columns.push_back(std::move(column));
    for (std::size_t c = 1; c < found.leading.size(); ++c) {
      description_.warnings.push_back(
          fmt::format("{}: column {} (\"{}\") is not a gene; passed over.", table_.input->name(),
                      c + 1, found.header[c]));
    }
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return n_cells_; }
  void select(const GeneMap& map) override {
    map_ = &map;
    collector_.emplace(map, quartiles_up_to_ > 0);
  }
  bool next(CellBlock& block, Index max_cells) override {
    // The number of cells is not known before the end: quartiles are delivered up to the limit.
    if (quartiles_up_to_ > 0 && delivered_ < quartiles_up_to_) {
      max_cells = std::min(max_cells, quartiles_up_to_ - delivered_);
    } else if (quartiles_up_to_ > 0) {
      collector_.emplace(*map_, false);
      quartiles_up_to_ = 0;
    }
    collector_->begin_block(block, delivered_);
    std::string_view line;
    while (block.size() < max_cells && table_.next(line)) {
      const auto number = table_.lines.number();
      const char* at = table_.values.begin_line(line, number, table_.leading);
      std::optional<double> total;
      double quartile = 0;
      if (total_at_) total = 0.0;  // zeros are not reported
      table_.values.read_values(at, line, number, [&](std::size_t i, double value) {
        if (total_at_ == i) total = value;
        if (quartile_at_ == i) quartile = value;
        collector_->add(static_cast<Index>(i), value);
      });
      collector_->end_cell(unquoted(table_.leading.front()), total);
      if (quartile_at_ && !block.upper_quartiles.empty()) block.upper_quartiles.back() = quartile;
    }
    delivered_ += block.size();
    if (block.size() < max_cells) n_cells_ = delivered_;
    return !block.empty();
  }
  std::size_t memory_bytes() const override {
    return table_.lines.memory_bytes() + bytes_of(features_);
  }

 private:
  SourceDescription description_;
  OpenTable table_;
  FeatureTable features_;
  const GeneMap* map_ = nullptr;
  std::optional<PanelCollector> collector_;
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
    cells_.assign(found.header.begin() + static_cast<std::ptrdiff_t>(found.leading.size()),
                  found.header.end());
    warn_of_repeated_cells(table.input->name());
    quartiles_ = options.upper_quartile_up_to >= store_.n_cells();
    for (std::size_t c = 0; c < found.leading.size(); ++c) {
      if (found.leading[c] != LeadingColumn::names) continue;
      columns_.push_back(c);
      const std::string& name = found.header[c];
      features_.columns.push_back({!name.empty() ? name
                                   : c == 0      ? "first column"
                                                 : fmt::format("column {}", c + 1),
                                   {}});
    }
    read_all(table, genes);
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return store_.n_cells(); }
  void select(const GeneMap& map) override { collector_.emplace(map, quartiles_); }
  bool next(CellBlock& block, Index max_cells) override {
    const Index count = std::min(max_cells, store_.n_cells() - next_cell_);
    store_.fill(block, next_cell_, count, cells_, *collector_);
    next_cell_ += count;
    return count > 0;
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
    description_.warnings.push_back(fmt::format("{}: {} cell names are repeated, first \"{}\".",
                                                file, repeated.size(), repeated.front()));
  }

  void read_all(OpenTable& table, const GeneIndex& genes) {
    std::string_view line;
    Index feature = 0;
    std::string summary;  // the first line that counts no gene
    for (; table.next(line); ++feature) {
      const auto number = table.lines.number();
      const char* at = table.values.begin_line(line, number, table.leading);
      bool keep = quartiles_;
      bool counted = true;
      for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::string id = unquoted(table.leading[columns_[c]]);
        keep = keep || genes.find(id).has_value();
        counted = counted && !is_par_y_copy(id);
        if (c == 0 && is_summary_line(id)) {
          counted = false;
          if (summary.empty()) summary = id;
          features_.counted.resize(static_cast<std::size_t>(feature) + 1, 1);
          features_.counted.back() = 0;
        }
        features_.columns[c].ids.push_back(std::move(id));
      }
      store_.begin_feature(feature, keep, counted);
      table.values.read_values(at, line, number, [&](std::size_t i, double value) {
        store_.add(static_cast<Index>(i), value);
      });
      store_.end_feature();
    }
    if (summary.empty()) return;
    features_.counted.resize(static_cast<std::size_t>(feature), 1);
    description_.warnings.push_back(fmt::format(
        "{}: lines like \"{}\" sum up reads that belong to no gene; they are not counted.",
        table.input->name(), summary));
  }

  SourceDescription description_;
  GeneMajorStore store_;
  FeatureTable features_;
  std::vector<std::size_t> columns_;  // of the file, that are features_.columns
  std::vector<std::string> cells_;
  std::optional<PanelCollector> collector_;
  bool quartiles_ = false;
  Index next_cell_ = 0;
};

}  // namespace

std::unique_ptr<CellSource> open_delimited_source(std::unique_ptr<ByteInput> input,
                                                  const SourceOptions& options,
                                                  const GeneIndex& genes) {
  TableLayout layout = peek_layout(*input, options.orientation, genes);
  if (layout.cells_as_lines) {
    return std::make_unique<CellLinesSource>(std::move(input), std::move(layout), options);
  }
  return std::make_unique<GeneLinesSource>(std::move(input), std::move(layout), options, genes);
}

}  // namespace sicmir
