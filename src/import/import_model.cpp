// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <istream>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string_view>

#include "bundle/bundled_files.hpp"
#include "import/torch_layers.hpp"
#include "sicmir/import.hpp"
#include "sicmir/reference_tables.hpp"

namespace sicmir {
namespace {

constexpr Index most_genes = 65535;
constexpr std::uintmax_t most_list_bytes = 16 << 20;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\"'";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

/// The lines of a small table, as columns. Lines without all columns have empty fields.
std::vector<std::vector<std::string>> read_columns(const std::string& path) {
  std::error_code error;
  if (!bundle::bytes_of(path) && (!std::filesystem::is_regular_file(path, error) ||
                                  std::filesystem::file_size(path, error) > most_list_bytes)) {
    throw Error(ExitCode::bad_input, fmt::format("{}: is not a readable list of names.", path));
  }
  const std::unique_ptr<std::istream> file = bundle::open_text(path);
  if (!file) throw Error(ExitCode::bad_input, fmt::format("{}: cannot be opened.", path));
  std::vector<std::vector<std::string>> columns;
  std::string line;
  for (std::size_t number = 0; std::getline(*file, line);) {
    if (number == 0 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
    if (trimmed(line).empty()) continue;
    const char separator = line.find('\t') != std::string::npos ? '\t' : ',';
    std::size_t column = 0;
    for (std::size_t at = 0; at <= line.size() && column < 64; ++column) {
      const std::size_t end = std::min(line.find(separator, at), line.size());
      if (columns.size() <= column) columns.emplace_back(number);
      columns[column].push_back(trimmed(std::string_view(line).substr(at, end - at)));
      at = end + 1;
    }
    ++number;
    for (auto& entries : columns) entries.resize(number);
  }
  return columns;
}

/// The names in the column that `index` knows best; the first line may be a header.
std::vector<std::string> read_names(const std::string& path, const GeneIndex& index, Index expected,
                                    std::string_view what) {
  std::vector<std::vector<std::string>> columns = read_columns(path);
  if (columns.empty()) throw Error(ExitCode::bad_input, fmt::format("{}: is empty.", path));
  std::size_t best = 0;
  for (std::size_t i = 1; i < columns.size(); ++i) {
    if (index.coverage(columns[i]) > index.coverage(columns[best])) best = i;
  }
  std::vector<std::string> names = std::move(columns[best]);
  const auto n_names = static_cast<Index>(names.size());
  if (n_names == expected + 1) names.erase(names.begin());
  if (n_names != expected && n_names != expected + 1) {
    throw Error(ExitCode::bad_input, fmt::format("{}: names {} {}s, but the network has {}.", path,
                                                 n_names, what, expected));
  }
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty() || !seen.insert(name).second) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: '{}' is empty or occurs more than once; {}s must be "
                              "unique.",
                              path, name, what));
    }
  }
  return names;
}

void fail_by_count(const std::string& path, std::string_view what, Index found, Index expected) {
  throw Error(ExitCode::usage,
              fmt::format("{}: the network has {} {}s, the published one {}. Say which they are "
                          "with --{}s FILE, one a line.",
                          path, found, what, expected, what));
}

GenePanel panel_of(const std::string& path, Index n_inputs, const ImportOptions& options,
                   ImportReport& report) {
  GenePanel published = read_gene_panel(find_data_file("landmarks.tsv"));
  if (options.genes.empty()) {
    if (n_inputs != published.size()) fail_by_count(path, "gene", n_inputs, published.size());
    return published;
  }
  const GeneIndex index(published);
  GenePanel panel;
  std::set<PanelPosition> used;
  Index unknown_names = 0;
  for (const std::string& name : read_names(options.genes, index, n_inputs, "gene")) {
    const auto match = index.find(name);
    if (!match) {
      ++unknown_names;
      PanelGene gene;
      gene.symbol = gene.current_symbol = name;
      panel.genes.push_back(std::move(gene));
      continue;
    }
    const PanelGene& gene = published.genes[static_cast<std::size_t>(match->gene)];
    if (!used.insert(match->gene).second) {
      throw Error(ExitCode::bad_input, fmt::format("{}: '{}' is {}, which is already listed.",
                                                   options.genes, name, gene.symbol));
    }
    panel.genes.push_back(gene);
  }
  if (unknown_names > 0) {
    report.notes.push_back(
        fmt::format("{} of {} genes are not in sicmir's table; inputs must use the same names",
                    unknown_names, panel.size()));
  }
  return panel;
}

std::vector<ModelMirna> mirnas_of(const std::string& path, Index n_outputs,
                                  const ImportOptions& options, ImportReport& report) {
  const std::vector<ReferenceMirna> published = read_mirna_table(find_data_file("mirnas.tsv"));
  std::vector<ModelMirna> mirnas;
  const auto add = [&](const std::string& name, const std::string& accession,
                       const std::string& other) {
    ModelMirna mirna;
    mirna.name = name;
    mirna.accession = accession;
    mirna.other_name = other;
    mirna.mean = mirna.sd = unknown;
    mirna.accuracy = {unknown, unknown, unknown, 0};
    mirnas.push_back(std::move(mirna));
  };
  if (options.mirnas.empty()) {
    const auto n_published = static_cast<Index>(published.size());
    if (n_outputs != n_published) fail_by_count(path, "mirna", n_outputs, n_published);
    for (const ReferenceMirna& one : published) add(one.name, one.accession, one.v21_name);
    return mirnas;
  }
  const GeneIndex index(mirna_panel(published), false);
  std::set<PanelPosition> used;
  Index unknown_names = 0;
  for (const std::string& name : read_names(options.mirnas, index, n_outputs, "mirna")) {
    const auto match = index.find(name);
    if (!match) {
      ++unknown_names;
      add(name, "", "");
      continue;
    }
    const ReferenceMirna& one = published[static_cast<std::size_t>(match->gene)];
    if (!used.insert(match->gene).second) {
      throw Error(ExitCode::bad_input, fmt::format("{}: '{}' is {}, which is already listed.",
                                                   options.mirnas, name, one.name));
    }
    add(one.name, one.accession, one.v21_name);
  }
  if (unknown_names > 0) {
    report.notes.push_back(
        fmt::format("{} of {} miRNAs are not in sicmir's table", unknown_names, mirnas.size()));
  }
  return mirnas;
}

struct Moments {
  double mean = unknown, sd = unknown;
};

/// data/gene_moments.tsv by symbol.
std::map<std::string, Moments> published_moments() {
  const std::string path = find_data_file("gene_moments.tsv").string();
  const std::vector<std::vector<std::string>> columns = read_columns(path);
  const auto fail = [&](const std::string& what) {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", path, what));
  };
  if (columns.size() < 3 || columns[0].front() != "symbol" || columns[1].front() != "mean" ||
      columns[2].front() != "sd") {
    fail("the columns symbol, mean and sd were expected.");
  }
  const auto number = [&](const std::string& text) {
    double value = unknown;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("'{}' is not a number.", text));
    }
    return value;
  };
  std::map<std::string, Moments> moments;
  for (std::size_t i = 1; i < columns[0].size(); ++i) {
    moments[columns[0][i]] = {number(columns[1][i]), number(columns[2][i])};
  }
  return moments;
}

}  // namespace

Model import_checkpoint(const std::string& path, const ImportOptions& options,
                        ImportReport& report) {
  TorchFile file(path);
  TorchLayers found = read_layers(file, options.orders);
  std::vector<Dense> folded;
  try {
    folded = fold(found.layers);  // rejects layers that do not fit together
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", path, error.what()), error.remedies());
  }
  report.what = fmt::format("{}, {}", found.what, file.format());
  report.notes = found.notes;
  const Index n_inputs = folded.front().weight.cols();
  if (n_inputs > most_genes) {
    file.fail(fmt::format("the network has {} inputs; at most {} genes are supported.", n_inputs,
                          most_genes));
  }
  Model model;
  const std::filesystem::path name(path);
  model.name = options.name.empty() ? name.stem().string() : options.name;
  model.made_from =
      fmt::format("imported from {} (PyTorch {})", name.filename().string(), found.what);
  model.panel = panel_of(path, n_inputs, options, report);
  model.mirnas = mirnas_of(path, folded.back().weight.rows(), options, report);
  model.gene_mean = Eigen::VectorXd::Constant(n_inputs, unknown);
  model.gene_sd = model.gene_mean;
  const std::map<std::string, Moments> moments = published_moments();
  for (Index i = 0; i < n_inputs; ++i) {
    const auto known = moments.find(model.panel.genes[static_cast<std::size_t>(i)].symbol);
    if (known == moments.end()) continue;
    model.gene_mean[i] = known->second.mean;
    model.gene_sd[i] = known->second.sd;
    ++report.n_reference_genes;
  }
  model.members.push_back({1.0, std::move(found.layers)});
  return model;
}

}  // namespace sicmir
