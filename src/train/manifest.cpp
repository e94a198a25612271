// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>

#include "base/joined.hpp"
#include "base/nan.hpp"
#include "sicmir/train.hpp"
#include "text/byte_input.hpp"
#include "text/line_reader.hpp"
#include "text/list_file.hpp"
#include "text/number_text.hpp"
#include "train/mirna_words.hpp"

namespace sicmir {

namespace {

/// One line of a manifest, its fields by column.
class Line {
 public:
  Line(const std::string& file, std::uint64_t number,
       const std::map<std::string, std::size_t>& columns, std::vector<std::string> fields)
      : file_(file), number_(number), columns_(columns), fields_(std::move(fields)) {}

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: line {}: {}", file_, number_, what));
  }
  [[nodiscard]] std::string get(const std::string& column) const {
    const auto found = columns_.find(column);
    return found == columns_.end() ? std::string{} : fields_[found->second];
  }
  /// From 0 up.
  [[nodiscard]] double number(const std::string& column, double otherwise) const {
    const std::string text = get(column);
    if (text.empty()) return otherwise;
    double value = 0;
    if (read_number(text, '.', value) != FieldKind::number || !std::isfinite(value) ||
        value < 0.0) {
      fail(fmt::format("{} '{}' is no number from 0 up.", column, text));
    }
    return value;
  }
  template <class Choice>
  [[nodiscard]] Choice choice(const std::string& column,
                              const std::vector<std::pair<std::string, Choice>>& words,
                              Choice otherwise) const {
    const std::string text = get(column);
    if (text.empty()) return otherwise;
    std::vector<std::string> known;
    for (const auto& [word, meaning] : words) {
      if (word == text) return meaning;
      known.push_back(word);
    }
    fail(fmt::format("{} '{}' is none of {}.", column, text, joined(known, ", ")));
  }
  template <class Choice, std::size_t N>
  [[nodiscard]] Choice choice(const std::string& column, const EnumWords<Choice, N>& words,
                              Choice otherwise) const {
    const std::vector<std::pair<std::string, Choice>> meanings(words.entries.begin(),
                                                               words.entries.end());
    return choice<Choice>(column, meanings, otherwise);
  }
  /// A path, relative ones to the manifest's folder; empty if there is none.
  [[nodiscard]] std::string path(const std::string& column) const {
    std::string text = get(column);
    if (text.empty() || std::filesystem::path(text).is_absolute()) return text;
    return (std::filesystem::path(file_).parent_path() / text).string();
  }

 private:
  const std::string& file_;
  std::uint64_t number_;
  const std::map<std::string, std::size_t>& columns_;
  std::vector<std::string> fields_;
};

ExpressionFile expression_of(const Line& line) {
  using Kind = std::pair<Values, Prepared>;
  ExpressionFile file;
  file.path = line.path("mrna");
  std::tie(file.values, file.prepared) =
      line.choice<Kind>("mrna_values",
                        {{"auto", {Values::automatic, Prepared::no}},
                         {"counts", {Values::counts, Prepared::no}},
                         {"linear", {Values::linear, Prepared::no}},
                         {"log", {Values::log, Prepared::no}},
                         {"normalised", {Values::automatic, Prepared::normalised}},
                         {"log-normalised", {Values::automatic, Prepared::log_normalised}},
                         {"ratio", {Values::automatic, Prepared::ratio}}},
                        {Values::automatic, Prepared::no});
  file.cohort = line.get("cohort");
  file.platform = line.get("platform");
  file.weight = line.number("weight", 1.0);
  file.differences = line.choice<std::string>(
      "differences", {{"dataset", "dataset"}, {"reference", "reference"}}, "");
  file.level_variance = line.number("level_variance", usual_level_variance);
  file.harmonise = line.choice<Harmonise>(
      "harmonise", {{"offset", Harmonise::offset}, {"ranks", Harmonise::ranks}}, Harmonise::offset);
  if (file.harmonise == Harmonise::ranks && file.platform.empty()) {
    line.fail("the reference is what ranks are compared to: name a platform.");
  }
  if (file.prepared == Prepared::ratio && file.platform.empty()) {
    line.fail("ratios are not in the reference's unit: name their platform.");
  }
  return file;
}

MirnaFile mirna_of(const Line& line) {
  MirnaFile file;
  file.path = line.path("mirna");
  file.estimated = line.choice<bool>("estimated", {{"yes", true}, {"no", false}}, false);
  file.values = line.choice("mirna_values", mirna_values_words, MirnaValues::rpm);
  file.weight = line.number("mirna_weight", 1.0);
  file.cohort = line.get("cohort");
  return file;
}

template <class File>
const File* find_path(const std::vector<File>& files, const std::string& path) {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const File& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

bool same(const ExpressionFile& a, const ExpressionFile& b) {
  return a.values == b.values && a.prepared == b.prepared && a.cohort == b.cohort &&
         a.platform == b.platform && a.weight == b.weight && a.harmonise == b.harmonise &&
         a.level_variance == b.level_variance && a.differences == b.differences;
}
bool same(const MirnaFile& a, const MirnaFile& b) {
  return a.values == b.values && a.estimated == b.estimated && a.weight == b.weight &&
         a.cohort == b.cohort;
}

template <class File>
void add(std::vector<File>& files, File file, const Line& line) {
  if (file.path.empty()) return;
  const File* earlier = find_path(files, file.path);
  if (earlier == nullptr) {
    files.push_back(std::move(file));
  } else if (!same(*earlier, file)) {
    line.fail(fmt::format("says other things of {} than an earlier line.", file.path));
  }
}

/// A platform has one way to be harmonised.
void check_platform(const std::vector<ExpressionFile>& files, const ExpressionFile& file,
                    const Line& line) {
  if (file.path.empty()) return;
  for (const ExpressionFile& earlier : files) {
    if (earlier.platform != file.platform || earlier.harmonise == file.harmonise) continue;
    line.fail(
        fmt::format("platform '{}' is harmonised otherwise in an earlier line.", file.platform));
  }
}

}  // namespace

void read_manifest(const std::string& path, PairOptions& options) {
  const auto input = open_text(path);
  LineReader lines(*input);
  std::string_view text;
  std::map<std::string, std::size_t> columns;
  std::size_t n_fields = 0;
  while (lines.next(text)) {
    if (text.find_first_not_of(" \t") == std::string_view::npos || text.front() == '#') continue;
    std::vector<std::string> fields;
    for (const std::string_view field : split_fields(text, FieldRules{})) {
      fields.push_back(unquoted(field));
    }
    if (columns.empty()) {
      n_fields = fields.size();
      for (std::size_t i = 0; i < n_fields; ++i) columns.emplace(fields[i], i);
      if (columns.contains("mrna") || columns.contains("mirna")) continue;
      throw Error(
          ExitCode::bad_input,
          fmt::format("{}: line {} must name the columns mrna and mirna, separated by tabs, "
                      "and perhaps mrna_values, mirna_values, cohort, weight, platform, "
                      "estimated, mirna_weight, harmonise, level_variance, differences.",
                      path, lines.number()));
    }
    if (fields.size() != n_fields) {
      throw Error(ExitCode::bad_input, fmt::format("{}: line {} has {} fields; the header has {}.",
                                                   path, lines.number(), fields.size(), n_fields));
    }
    const Line line(path, lines.number(), columns, std::move(fields));
    ExpressionFile file = expression_of(line);
    check_platform(options.mrna, file, line);
    add(options.mrna, std::move(file), line);
    add(options.mirna, mirna_of(line), line);
  }
  if (columns.empty()) throw Error(ExitCode::bad_input, fmt::format("{}: is empty.", path));
}

std::pair<Eigen::VectorXd, Eigen::VectorXd> read_gene_moments(const std::string& path,
                                                              const GenePanel& panel) {
  const GeneIndex index(panel);
  const auto input = ByteInput::open(path);
  LineReader lines(*input);
  std::string_view text;
  Eigen::VectorXd mean = Eigen::VectorXd::Constant(panel.size(), nan);
  Eigen::VectorXd sd = mean;
  std::optional<std::size_t> mean_at;
  std::optional<std::size_t> sd_at;
  std::size_t n_fields = 0;
  Index n_found = 0;
  const auto fail = [&](const std::string& what) {
    throw Error(ExitCode::bad_input, fmt::format("{}: line {}: {}", path, lines.number(), what));
  };
  while (lines.next(text)) {
    if (text.empty() || text.front() == '#') continue;
    const std::vector<std::string_view> fields = split_fields(text, FieldRules{});
    if (n_fields == 0) {
      n_fields = fields.size();
      for (std::size_t i = 1; i < n_fields; ++i) {
        if (fields[i].starts_with("mean") && !mean_at) mean_at = i;
        if (fields[i].starts_with("sd") && !sd_at) sd_at = i;
      }
      if (!mean_at || !sd_at) fail("names no columns that begin with 'mean' and 'sd'.");
      continue;
    }
    if (fields.size() != n_fields) {
      fail(fmt::format("{} fields; the header has {}.", fields.size(), n_fields));
    }
    const std::optional<GeneMatch> match = index.find(fields[0]);
    if (!match) continue;
    double m = 0;
    double s = 0;
    if (read_number(fields[*mean_at], '.', m) != FieldKind::number ||
        read_number(fields[*sd_at], '.', s) != FieldKind::number || !std::isfinite(m) ||
        !std::isfinite(s) || s <= 0.0) {
      fail("mean and sd must be numbers, the sd above 0.");
    }
    mean[match->gene] = m;
    sd[match->gene] = s;
    ++n_found;
  }
  if (n_found == 0) {
    throw Error(ExitCode::bad_input, fmt::format("{}: names no gene of the panel.", path));
  }
  return {mean, sd};
}

}  // namespace sicmir
