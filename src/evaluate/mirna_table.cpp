// SPDX-License-Identifier: BSD-3-Clause
#include "evaluate/mirna_table.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/log.hpp"
#include "genes/mirna_names.hpp"
#include "input/table_layout.hpp"
#include "input/value_line.hpp"
#include "sicmir/cell_source.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"

namespace sicmir::evaluation {

namespace {

constexpr std::size_t peeked_bytes = std::size_t{8} << 20;

/// True if the path is a text table, which is read here; the others go through open_source().
bool is_text_table(const std::string& path) {
  if (path == "-" || !std::filesystem::is_regular_file(path)) return false;
  const auto input = ByteInput::open(path);
  const std::string_view head = input->peek(512);
  return !head.starts_with("\x89HDF") && !head.starts_with("%%MatrixMarket") &&
         head.find('\0') == std::string_view::npos;
}

/// Keeps the features that are miRNAs of the panel; of several for one miRNA, none is right.
class Chosen {
 public:
  Chosen(const GeneIndex& index, std::string file)
      : index_(index),
        file_(std::move(file)),
        feature_of_(static_cast<std::size_t>(index.panel_size())) {}

  /// The miRNA that a feature is, if any.
  std::optional<PanelPosition> take(const std::string& id) {
    seen_.push_back(id);
    const std::optional<GeneMatch> match = index_.find(id);
    if (!match) return std::nullopt;
    std::string& taken = feature_of_[static_cast<std::size_t>(match->gene)];
    if (!taken.empty()) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: '{}' and '{}' are both {}; remove one of them.", file_, taken, id,
                      index_.panel().genes[static_cast<std::size_t>(match->gene)].symbol));
    }
    taken = id;
    return match->gene;
  }

  /// Positions in MirnaTable::mirnas, per panel position; -1: not there.
  std::vector<Index> places(MirnaTable& table) const {
    std::vector<Index> result(feature_of_.size(), -1);
    for (std::size_t i = 0; i < feature_of_.size(); ++i) {
      if (feature_of_[i].empty()) continue;
      result[i] = static_cast<Index>(table.mirnas.size());
      table.mirnas.push_back(static_cast<PanelPosition>(i));
    }
    return result;
  }
  /// All features, in file order.
  [[nodiscard]] std::span<const std::string> seen() const { return seen_; }

 private:
  const GeneIndex& index_;
  std::string file_;
  std::vector<std::string> feature_of_;
  std::vector<std::string> seen_;
};

MirnaTable read_text(const std::string& path, const GeneIndex& index) {
  const auto input = ByteInput::open(path);
  std::size_t size = peeked_bytes;
  std::string_view head = input->peek(size);
  while (head.size() == size && head.find('\n') == std::string_view::npos &&
         size < LineReader::longest_line) {
    size *= 4;
    head = input->peek(size);
  }
  const TableLayout layout = find_layout(head, head.size() < size, input->name(), {}, index);
  LineReader lines(*input);
  const ValueLineReader reader(layout, input->name());
  std::string_view line;
  while (lines.number() + 1 < layout.first_data_line && lines.next(line)) {
  }
  const std::vector<std::string> names = layout.value_names();
  std::size_t name_column = 0;
  while (name_column + 1 < layout.leading.size() &&
         layout.leading[name_column] != LeadingColumn::names) {
    ++name_column;
  }

  MirnaTable table;
  Chosen chosen(index, input->name());
  std::vector<std::string_view> leading;
  const auto for_each_line = [&](auto&& on_line) {
    while (lines.next(line)) {
      if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
      ValueLine begun = reader.begin_line(line, lines.number(), leading);
      on_line(unquoted(leading[name_column]), begun);
    }
  };
  if (layout.cells_as_lines) {
    std::vector<PanelPosition> mirna_of(names.size(), -1);
    for (std::size_t i = 0; i < names.size(); ++i) mirna_of[i] = chosen.take(names[i]).value_or(-1);
    const std::vector<Index> places = chosen.places(table);
    for_each_line([&](std::string name, ValueLine& begun) {
      table.samples.push_back(std::move(name));
      auto& values = table.values.emplace_back(table.mirnas.size(), 0.0);
      reader.for_each_value(begun, [&](std::size_t i, double value) {
        if (mirna_of[i] < 0) return;
        values[static_cast<std::size_t>(places[static_cast<std::size_t>(mirna_of[i])])] = value;
      });
    });
    check_case_of_mirnas(path, chosen.seen());
    log_older_names(path, chosen.seen(), index);
    return table;
  }
  // miRNAs as lines, in any order: gathered first, turned over at the end.
  std::unordered_map<PanelPosition, std::vector<double>> by_mirna;
  for_each_line([&](const std::string& name, ValueLine& begun) {
    const std::optional<PanelPosition> mirna = chosen.take(name);
    std::vector<double> values(names.size());
    reader.read_values(begun, values);
    if (mirna) by_mirna.emplace(*mirna, std::move(values));
  });
  (void)chosen.places(table);
  check_case_of_mirnas(path, chosen.seen());
  log_older_names(path, chosen.seen(), index);
  table.samples = names;
  table.values.assign(names.size(), std::vector<double>(table.mirnas.size()));
  for (std::size_t m = 0; m < table.mirnas.size(); ++m) {
    const std::vector<double>& values = by_mirna.at(table.mirnas[m]);
    for (std::size_t s = 0; s < names.size(); ++s) table.values[s][m] = values[s];
  }
  return table;
}

MirnaTable read_other(const std::string& path, const GeneIndex& index) {
  const std::unique_ptr<CellSource> source = open_source(path, {}, index);
  const GeneMap map(index, source->features(), {.min_panel = 0.0}, path);
  log_older_names(path, source->features().columns.front().ids, index);
  source->select(map);
  MirnaTable table;
  std::vector<std::size_t> place(map.present().size());
  for (std::size_t i = 0; i < map.present().size(); ++i) {
    if (map.present()[i] == 0) continue;
    place[i] = table.mirnas.size();
    table.mirnas.push_back(static_cast<PanelPosition>(i));
  }
  CellBlock block;
  while (source->next(block, 256)) {
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
      table.samples.push_back(block.cells[cell]);
      auto& values = table.values.emplace_back(table.mirnas.size(), 0.0);
      for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
        const auto at = static_cast<std::size_t>(i);
        values[place[static_cast<std::size_t>(block.genes[at])]] =
            static_cast<double>(block.values[at]);
      }
    }
  }
  return table;
}

}  // namespace

MirnaTable read_mirna_table_values(const std::string& path, const GeneIndex& index) {
  MirnaTable table = is_text_table(path) ? read_text(path, index) : read_other(path, index);
  if (table.mirnas.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: none of its names is a mature miRNA of the table of miRNAs; "
                            "expected are names as hsa-miR-21-5p or accessions as MIMAT0000076.",
                            path));
  }
  log_info("{}: {} samples, {} miRNAs", path, table.samples.size(), table.mirnas.size());
  return table;
}

}  // namespace sicmir::evaluation
