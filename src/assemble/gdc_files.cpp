// SPDX-License-Identifier: BSD-3-Clause
#include "assemble/gdc_files.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/joined.hpp"
#include "input/table_layout.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/number_text.hpp"

namespace sicmir::gdc {

namespace {

constexpr std::string_view reads_per_million = "reads_per_million_miRNA_mapped";

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw Error(ExitCode::bad_input,
              fmt::format("{}: {} Fetch the file again with gdc-client.", path, what));
}

/// One file line by line, fields cut at tabs, comments passed over.
class FieldLines {
 public:
  explicit FieldLines(const std::string& path)
      : path_(path), input_(ByteInput::open(path)), lines_(*input_) {
    if (input_->peek(1).empty()) refuse(path, "is empty.");
  }

  bool next() {
    std::string_view line;
    do {
      if (!lines_.next(line)) return false;
    } while (line.empty() || line.front() == '#');
    fields = split_fields(line, FieldRules{});
    return true;
  }
  [[nodiscard]] double number(std::size_t field) const {
    double value = 0;
    if (read_number(fields[field], '.', value) != FieldKind::number || !std::isfinite(value) ||
        value < 0.0) {
      refuse(path_, fmt::format("line {}, field {}: found '{}', expected a number from 0 up.",
                                lines_.number(), field + 1, fields[field].substr(0, 40)));
    }
    return value;
  }
  void expect(std::size_t n_fields) const {
    if (fields.size() == n_fields) return;
    refuse(path_, fmt::format("line {} has {} fields, expected {}; the file is cut short or is "
                              "something else.",
                              lines_.number(), fields.size(), n_fields));
  }
  /// Position of a column in the header, which is the line in hand.
  [[nodiscard]] std::size_t column(std::string_view name) const {
    const auto found = std::find(fields.begin(), fields.end(), name);
    if (found == fields.end()) {
      const std::string shown = joined(fields, ", ");
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: line {} names no column '{}'; found: {}.", path_,
                              lines_.number(), name, shown.substr(0, 200)));
    }
    return static_cast<std::size_t>(found - fields.begin());
  }

  std::vector<std::string_view> fields;

 private:
  const std::string& path_;
  std::unique_ptr<ByteInput> input_;
  LineReader lines_;
};

}  // namespace

MrnaReader::MrnaReader(const GeneIndex& index, GdcWorkflow workflow, std::string column)
    : index_(index), workflow_(workflow), column_(std::move(column)) {}

void MrnaReader::parse(const std::string& path) {
  values_.clear();
  new_genes_.clear();
  n_same_ = 0;
  FieldLines lines(path);
  std::size_t id = 0;
  std::size_t value = 1;
  std::size_t n_fields = 2;  // HTSeq's and FPKM files: gene and value, without a header
  if (workflow_ == GdcWorkflow::star) {
    if (!lines.next()) refuse(path, "has no header.");
    id = lines.column("gene_id");
    value = lines.column(column_);
    n_fields = lines.fields.size();
  }
  while (lines.next()) {
    lines.expect(n_fields);
    const std::string_view gene = lines.fields[id];
    if (gene.empty()) refuse(path, "has a line without a gene.");
    // STAR's sums over reads (N_unmapped...) have no TPM: nothing stands in their fields.
    const bool is_summary = is_summary_line(gene);
    values_.push_back(is_summary ? 0.0 : lines.number(value));
    if (new_genes_.empty() && n_same_ < genes_.size() && genes_[n_same_] == gene) {
      ++n_same_;
    } else {
      new_genes_.emplace_back(gene);
    }
  }
  if (values_.empty()) refuse(path, "has a header and no genes.");
}

void MrnaReader::accept_genes(const std::string& path) {
  if (!map_) {
    FeatureTable features;
    features.columns.push_back({"gene_id", new_genes_});
    for (const std::string& gene : new_genes_) {
      const bool counted = !is_summary_line(gene) && !is_par_y_copy(gene);
      features.counted.push_back(counted ? 1 : 0);
      if (counted) counted_.push_back(gene);
    }
    try {
      map_.emplace(index_, features, GeneMapOptions{.duplicates = Duplicates::sum}, path);
    } catch (const Error& error) {
      counted_.clear();
      throw Error(error.code(),
                  fmt::format("{} The file may be cut short, or be something else.", error.what()));
    }
    collector_.emplace(*map_, true);
    genes_ = std::move(new_genes_);
    first_path_ = path;
    return;
  }
  if (n_same_ == genes_.size() && new_genes_.empty()) return;
  if (n_same_ < genes_.size() && new_genes_.empty()) {
    refuse(path, fmt::format("ends after {} genes, where {} has {}; one of the two is cut short.",
                             n_same_, first_path_, genes_.size()));
  }
  refuse(path,
         fmt::format("has other genes than {}: '{}' at place {}, expected {}. The files of "
                     "one table must come from one data release.",
                     first_path_, new_genes_.front(), n_same_ + 1,
                     n_same_ < genes_.size() ? fmt::format("'{}'", genes_[n_same_]) : "the end"));
}

void MrnaReader::read(const std::string& path, const std::string& sample, CellBlock& block,
                      std::vector<double>* all) {
  parse(path);
  accept_genes(path);
  collector_->begin_block(block, 0);
  if (all != nullptr) all->clear();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (map_->positions()[i] == GeneMap::ignored) continue;
    if (all != nullptr) all->push_back(values_[i]);
    if (values_[i] != 0.0) collector_->add(static_cast<Index>(i), values_[i]);
  }
  collector_->end_cell(sample);
}

std::map<std::string, double> read_isoforms(const std::string& path, double& total_rpm) {
  constexpr std::string_view mature = "mature,";
  FieldLines lines(path);
  if (!lines.next()) refuse(path, "has no header.");
  const std::size_t rpm = lines.column(reads_per_million);
  const std::size_t region = lines.column("miRNA_region");
  const std::size_t n_fields = lines.fields.size();
  std::map<std::string, double> sums;
  total_rpm = 0;
  Index n_lines = 0;
  while (lines.next()) {
    lines.expect(n_fields);
    const double value = lines.number(rpm);
    total_rpm += value;
    ++n_lines;
    if (lines.fields[region].starts_with(mature)) {
      sums[std::string(lines.fields[region].substr(mature.size()))] += value;
    }
  }
  if (n_lines == 0) refuse(path, "has a header and no miRNA.");
  return sums;
}

std::vector<std::pair<std::string, double>> read_stemloops(const std::string& path) {
  FieldLines lines(path);
  if (!lines.next()) refuse(path, "has no header.");
  const std::size_t name = lines.column("miRNA_ID");
  const std::size_t rpm = lines.column(reads_per_million);
  const std::size_t n_fields = lines.fields.size();
  std::vector<std::pair<std::string, double>> values;
  while (lines.next()) {
    lines.expect(n_fields);
    values.emplace_back(std::string(lines.fields[name]), lines.number(rpm));
  }
  if (values.empty()) refuse(path, "has a header and no miRNA.");
  return values;
}

}  // namespace sicmir::gdc
