// SPDX-License-Identifier: BSD-3-Clause
#include "input/long_source.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/counted.hpp"
#include "base/printable.hpp"
#include "genes/feature_kinds.hpp"
#include "input/gene_major_store.hpp"
#include "text/line_reader.hpp"

namespace sicmir {
namespace {

/// Names in the order in which they come.
class Names {
 public:
  /// The place of `name`, and whether it is new. In long tables, names come in runs.
  std::pair<std::uint32_t, bool> place_of(std::string&& name) {
    if (latest_ < names_.size() && names_[latest_] == name) return {latest_, false};
    const auto [entry, is_new] =
        places_.try_emplace(name, static_cast<std::uint32_t>(names_.size()));
    latest_ = entry->second;
    if (is_new) names_.push_back(std::move(name));
    return {latest_, is_new};
  }
  [[nodiscard]] std::size_t size() const noexcept { return names_.size(); }
  [[nodiscard]] const std::vector<std::string>& all() const noexcept { return names_; }
  std::vector<std::string> take() {
    places_ = {};
    return std::move(names_);
  }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> places_;
  std::uint32_t latest_ = 0;
};

struct LongEntry {
  std::uint32_t gene;
  std::uint32_t cell;
  float value;
};

class LongTableSource final : public CellSource {
 public:
  LongTableSource(std::unique_ptr<ByteInput> input, TableLayout layout,
                  SourceDescription description, const SourceOptions& options,
                  const GeneIndex& genes)
      : description_(std::move(description)),
        layout_(std::move(layout)),
        file_(input->name()),
        genes_(genes),
        quartiles_up_to_(options.upper_quartile_up_to),
        all_genes_(options.all_genes) {
    description_.storage = "long table, a line per gene and cell";
    description_.gene_major = true;
    description_.lines_are = LinesAre::pairs;
    if (description_.table) {
      description_.table->name_columns.clear();
      for (const std::size_t column : layout_.pairs->genes) {
        description_.table->name_columns.push_back(layout_.header[column]);
      }
    }
    for (const std::size_t column : layout_.pairs->genes) {
      features_.columns.push_back({layout_.header[column], {}});
    }
    read_all(*input);
    make_wide();
  }

  const SourceDescription& description() const override { return description_; }
  const FeatureTable& features() const override { return features_; }
  std::optional<Index> n_cells() const override { return store_->n_cells(); }
  void select(const GeneSelection& genes) override { selection_ = genes; }
  bool fetch(std::unique_ptr<RawCells>& raw, Index max_cells) override {
    if (!raw) raw = std::make_unique<StoredCells>(*selection_, has_quartiles());
    raw->first = next_cell_;
    raw->n_cells = std::min(max_cells, store_->n_cells() - next_cell_);
    next_cell_ += raw->n_cells;
    return raw->n_cells > 0;
  }
  void decode(RawCells& raw, CellBlock& block) const override {
    auto& served = static_cast<StoredCells&>(raw);
    store_->fill(block, raw.first, raw.n_cells, cells_, served.collector, served.reader);
  }
  bool can_seek() const override { return true; }
  void seek(Index cell) override { next_cell_ = std::clamp(cell, Index{0}, store_->n_cells()); }
  std::size_t memory_bytes() const override {
    std::size_t bytes = store_->bytes();
    for (const std::string& cell : cells_) bytes += sizeof(std::string) + cell.capacity();
    return bytes;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", file_, what));
  }

  [[nodiscard]] bool has_quartiles() const {
    return quartiles_up_to_ > 0 && static_cast<Index>(cells_.size()) <= quartiles_up_to_;
  }

  void read_all(ByteInput& input) {
    LineReader lines(input);
    std::string_view line;
    while (lines.number() + 1 < layout_.first_data_line && lines.next(line)) {
    }
    while (lines.next(line)) {
      const bool is_comment =
          layout_.comment != '\0' && !line.empty() && line.front() == layout_.comment;
      if (is_comment || line.find_first_not_of(" \t") == std::string_view::npos) continue;
      take_line(line, lines.number());
    }
  }

  void take_line(std::string_view line, std::uint64_t number) {
    std::size_t n_fields = layout_.n_fields;
    if (layout_.trailing_separator && line.ends_with(layout_.rules.separator)) {
      line.remove_suffix(1);
    }
    const std::vector<std::string_view> fields = split_fields(line, layout_.rules, n_fields + 1);
    if (fields.size() != n_fields) {
      fail(fmt::format("line {} has {} fields, but the header has {}. Is the file cut short?",
                       number, fields.size() > n_fields ? "more" : std::to_string(fields.size()),
                       n_fields));
    }
    double value = 0;
    const std::string_view field = fields[layout_.pairs->value];
    if (read_number(field, layout_.rules, value) == FieldKind::text) {
      fail(fmt::format("line {}, column {}: '{}' is not a number.", number,
                       layout_.pairs->value + 1, printable(field.substr(0, 60))));
    }
    const auto gene = genes_here_.place_of(unquoted(fields[layout_.pairs->genes.front()]));
    if (gene.second) begin_gene(fields);
    const auto cell = cells_here_.place_of(unquoted(fields[layout_.pairs->cell]));
    if (cell.second) begin_cell();
    if (counted_[gene.first] != 0) totals_[cell.first] += value;
    any_negative_ = any_negative_ || value < 0;
    n_panel_pairs_ += is_panel_[gene.first];
    if (value == 0.0 || (is_panel_[gene.first] == 0 && !keeps_all())) return;
    constexpr std::size_t most_values = std::size_t{1} << 25;
    if (entries_.size() == most_values) {
      fail(
          fmt::format("this long table has more than {} values of genes that are needed, too many "
                      "to be made wide in memory. Write it as .h5ad or as Matrix Market.",
                      most_values));
    }
    entries_.push_back({gene.first, cell.first, static_cast<float>(value)});
  }

  [[nodiscard]] bool keeps_all() const {
    return all_genes_ ||
           (quartiles_up_to_ > 0 && static_cast<Index>(cells_here_.size()) <= quartiles_up_to_);
  }

  void begin_gene(const std::vector<std::string_view>& fields) {
    constexpr std::size_t most_genes = std::size_t{1} << 21;
    if (genes_here_.size() > most_genes) {
      fail(
          fmt::format("there are more than {} names of genes in it. Is \"{}\" the column of genes?",
                      most_genes, features_.columns.front().name));
    }
    bool counted = true;
    bool is_panel = false;
    bool is_summary = false;
    for (std::size_t c = 0; c < features_.columns.size(); ++c) {
      std::string id = unquoted(fields[layout_.pairs->genes[c]]);
      const FeatureKind kind = kind_of_feature(id);
      counted = counted && !is_par_y_copy(id) &&
                (kind == FeatureKind::gene || (kind == FeatureKind::total && c > 0));
      is_summary = is_summary || (c == 0 && kind == FeatureKind::summary);
      is_panel = is_panel || genes_.find(id).has_value();
      features_.columns[c].ids.push_back(std::move(id));
    }
    counted_.push_back(counted ? 1 : 0);
    is_panel_.push_back(is_panel ? 1 : 0);
    features_.counted.push_back(is_summary ? 0 : 1);
  }

  void begin_cell() {
    constexpr std::size_t most_cells = std::size_t{1} << 22;
    if (cells_here_.size() > most_cells) {
      fail(
          fmt::format("there are more than {} cells in this long table, too many to be made wide "
                      "in memory. Write it as .h5ad or as Matrix Market.",
                      most_cells));
    }
    totals_.push_back(0.0);
    if (static_cast<Index>(cells_here_.size()) != quartiles_up_to_ + 1 || all_genes_) return;
    // Quartiles, which need all genes, will not be delivered.
    std::erase_if(entries_, [&](const LongEntry& entry) { return is_panel_[entry.gene] == 0; });
  }

  void make_wide() {
    cells_ = cells_here_.take();
    check_missing_pairs();
    std::sort(entries_.begin(), entries_.end(), [](const LongEntry& a, const LongEntry& b) {
      return std::pair(a.gene, a.cell) < std::pair(b.gene, b.cell);
    });
    check_repeated_pairs();
    store_.emplace(static_cast<Index>(cells_.size()), file_);
    store_->reserve(entries_.size());
    for (std::size_t cell = 0; cell < totals_.size(); ++cell) {
      store_->add_to_total(static_cast<Index>(cell), totals_[cell]);
    }
    for (std::size_t i = 0; i < entries_.size();) {
      const std::uint32_t gene = entries_[i].gene;
      store_->begin_feature(gene, true, false);
      for (; i < entries_.size() && entries_[i].gene == gene; ++i) {
        store_->add(entries_[i].cell, static_cast<double>(entries_[i].value));
      }
      store_->end_feature();
    }
    const std::size_t n_genes = genes_here_.size();
    const std::string& gene = features_.columns.front().name;
    const std::string& cell = layout_.header[layout_.pairs->cell];
    description_.warnings.push_back(
        {"long_table",
         fmt::format(
             "{}: a long table of {} (\"{}\") and {} (\"{}\"), made wide; pairs that it does "
             "not list count as 0.",
             file_, counted(n_genes, "gene"), gene,
             counted(cells_.size(), "cell or sample", "cells or samples"), cell),
         {{"genes", n_genes},
          {"gene_column", gene},
          {"cells", cells_.size()},
          {"cell_column", cell},
          {"value_column", layout_.header[layout_.pairs->value]}}});
    entries_ = {};
    totals_ = {};
    (void)genes_here_.take();
  }

  void check_missing_pairs() const {
    const auto n_panel =
        static_cast<std::uint64_t>(std::count(is_panel_.begin(), is_panel_.end(), std::uint8_t{1}));
    if (!any_negative_ || n_panel_pairs_ >= n_panel * cells_.size()) return;
    fail(
        fmt::format("this long table has negative values, and lacks {} pairs of a gene and a cell, "
                    "which cannot be taken for 0. Make it wide, with the missing values filled "
                    "in.",
                    n_panel * cells_.size() - n_panel_pairs_));
  }

  void check_repeated_pairs() const {
    const auto repeated = std::adjacent_find(entries_.begin(), entries_.end(),
                                             [](const LongEntry& a, const LongEntry& b) {
                                               return a.gene == b.gene && a.cell == b.cell;
                                             });
    if (repeated == entries_.end()) return;
    fail(
        fmt::format("this long table lists the pair of \"{}\" and \"{}\" more than once. Expected "
                    "one value for each gene and cell. Do its lines hold several quantities, or "
                    "transcripts?",
                    genes_here_.all()[repeated->gene], cells_[repeated->cell]));
  }

  SourceDescription description_;
  TableLayout layout_;
  std::string file_;
  const GeneIndex& genes_;
  Index quartiles_up_to_;
  bool all_genes_;
  FeatureTable features_;
  std::vector<std::string> cells_;
  std::optional<GeneMajorStore> store_;
  std::optional<GeneSelection> selection_;
  Index next_cell_ = 0;
  // While it is read:
  Names genes_here_, cells_here_;
  std::vector<std::uint8_t> counted_, is_panel_;  // per gene
  std::vector<double> totals_;                    // per cell
  std::vector<LongEntry> entries_;
  bool any_negative_ = false;
  std::uint64_t n_panel_pairs_ = 0;  // listed pairs of a gene of the panel and a cell
};

}  // namespace

std::unique_ptr<CellSource> open_long_source(std::unique_ptr<ByteInput> input, TableLayout layout,
                                             SourceDescription description,
                                             const SourceOptions& options, const GeneIndex& genes) {
  return std::make_unique<LongTableSource>(std::move(input), std::move(layout),
                                           std::move(description), options, genes);
}

}  // namespace sicmir
