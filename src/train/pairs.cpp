#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <unordered_map>

#include "core/decide.hpp"
#include "core/measure.hpp"
#include "sicmir/cell_source.hpp"
#include "sicmir/reference_tables.hpp"
#include "sicmir/train.hpp"
#include "train/sample_ids.hpp"

namespace sicmir {

namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr Index block_samples = 256;
// Bulk tables: as many samples as a table of this kind will ever have.
constexpr Index quartiles_up_to = 1'000'000;

/// One file's values of the samples that are wanted from it.
struct Table {
  std::vector<std::string> samples;        ///< keys, in file order, each once
  std::vector<std::vector<float>> values;  ///< per sample: one per panel position, NaN missing
  std::vector<std::uint8_t> present;       ///< per panel position: 1 if the file has it
};

/// Takes whole samples from blocks; of a sample that comes again, the first counts.
class Collector {
 public:
  Collector(Table& table, std::string file) : table_(table), file_(std::move(file)) {}

  void add(const CellBlock& block, std::size_t cell) {
    std::string key = training::sample_key(block.cells[cell]);
    if (!seen_.emplace(key, table_.samples.size()).second) {
      if (n_repeated_++ == 0) first_repeated_ = block.cells[cell];
      return;
    }
    std::vector<float> values(table_.present.size(), missing);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (table_.present[i] != 0) values[i] = 0.0f;
    }
    for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
      values[static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)])] =
          block.values[static_cast<std::size_t>(i)];
    }
    table_.samples.push_back(std::move(key));
    table_.values.push_back(std::move(values));
  }

  void finish() const {
    if (n_repeated_ == 0) return;
    spdlog::warn("{}: {} column(s) repeat a sample (the first: '{}'); the first of each counts",
                 file_, n_repeated_, first_repeated_);
  }

 private:
  Table& table_;
  std::string file_;
  std::unordered_map<std::string, std::size_t> seen_;
  Index n_repeated_ = 0;
  std::string first_repeated_;
};

/// Opens a file and finds the panel in it.
struct Opened {
  Opened(const std::string& path, const SourceOptions& options, const GeneIndex& index,
         const GeneMapOptions& genes)
      : source(open_source(path, options, index)), map(index, source->features(), genes, path) {
    for (const std::string& warning : source->description().warnings) spdlog::warn("{}", warning);
    for (const std::string& warning : map.report().warnings) spdlog::warn("{}", warning);
    source->select(map);
  }
  std::unique_ptr<CellSource> source;
  GeneMap map;
};

Table read_mrna(const ExpressionFile& file, const GeneIndex& index, const PairOptions& options,
                const UnitRecipe& recipe) {
  SourceOptions reading;
  reading.upper_quartile_up_to = quartiles_up_to;
  Opened opened(file.path, reading, index, {.min_panel = options.min_panel});
  PredictOptions predict;
  predict.values = file.values;
  predict.scale = Scale::reference;
  predict.log_base = 2.0;
  Sample sample = take_sample(*opened.source, block_samples);
  const Decision decision = decide(sample, *opened.source, opened.map, predict);
  for (const std::string& warning : decision.warnings) spdlog::warn("{}: {}", file.path, warning);
  if (decision.values == Values::zscore) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: its values are z-scores ({}); training needs expression: counts, "
                            "linear values or logarithms of them.",
                            file.path, decision.values_reason));
  }
  const Normaliser normaliser(decision.values, Scale::reference, recipe, decision.log_base,
                              index.panel(), file.path);
  Table table;
  table.present.assign(opened.map.present().begin(), opened.map.present().end());
  Collector collector(table, file.path);
  Cells cells(*opened.source, std::move(sample), block_samples);
  CellBlock block;
  Index n_empty = 0;
  while (cells.next(block)) {
    normaliser.apply(block);
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
      if (block.upper_quartiles[cell] > 0.0) {
        collector.add(block, cell);
      } else {
        ++n_empty;
      }
    }
  }
  collector.finish();
  if (n_empty > 0) {
    spdlog::warn("{}: {} sample(s) without any expressed gene are left out", file.path, n_empty);
  }
  spdlog::info("{}: {} samples, {} of {} genes, values {} ({})", file.path, table.samples.size(),
               opened.map.report().n_found, opened.map.report().n_panel, to_string(decision.values),
               decision.values_reason);
  if (!opened.map.report().missing.empty()) {
    spdlog::info("{}: without {}", file.path, fmt::join(opened.map.report().missing, ", "));
  }
  return table;
}

Table read_mirna(const MirnaFile& file, const GeneIndex& index) {
  Opened opened(file.path, {}, index, {.min_panel = 0.0});
  Table table;
  table.present.assign(opened.map.present().begin(), opened.map.present().end());
  if (opened.map.report().n_found == 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: none of its names is a mature miRNA of the table of miRNAs; "
                            "expected are names as hsa-miR-21-5p or accessions as MIMAT0000076.",
                            file.path));
  }
  Collector collector(table, file.path);
  CellBlock block;
  while (opened.source->next(block, block_samples)) {
    for (std::size_t cell = 0; cell < block.cells.size(); ++cell) {
      for (Index i = block.offsets[cell]; i < block.offsets[cell + 1]; ++i) {
        float& value = block.values[static_cast<std::size_t>(i)];
        const bool possible =
            !std::isinf(value) && !(file.values == MirnaValues::rpm && value < 0.0f);
        if (!possible) {
          const auto mirna = static_cast<std::size_t>(block.genes[static_cast<std::size_t>(i)]);
          throw Error(
              ExitCode::bad_input,
              fmt::format("{}: sample '{}', {}: found {}, but the values were said to be "
                          "{}. Correct the value, or see --mirna-values.",
                          file.path, block.cells[cell], index.panel().genes[mirna].symbol, value,
                          file.values == MirnaValues::rpm ? "reads per million" : "log2(RPM + 1)"));
        }
        if (file.values == MirnaValues::rpm) {
          value = static_cast<float>(std::log2(static_cast<double>(value) + 1.0));
        }
      }
      collector.add(block, cell);
    }
  }
  collector.finish();
  float largest = 0;
  for (const auto& values : table.values) {
    for (const float value : values) {
      if (value > largest) largest = value;  // false for NaN
    }
  }
  // A million reads in a million are 20 on this scale.
  if (largest > 20.0f) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: the largest value is {} as log2(RPM + 1), where 20 is the most "
                            "that can be. Say what the values are with --mirna-values.",
                            file.path, largest));
  }
  spdlog::info("{}: {} samples, {} miRNAs{}", file.path, table.samples.size(),
               opened.map.report().n_found, file.estimated ? ", estimated" : "");
  return table;
}

/// A file's name without folder and endings: the cohort of its samples unless a table says more.
std::string stem(const std::string& path) {
  std::string name = std::filesystem::path(path).filename().string();
  for (const std::string_view ending : {".gz", ".bgz", ".tsv", ".csv", ".txt", ".h5ad", ".h5"}) {
    if (name.size() > ending.size() && name.ends_with(ending)) {
      name.resize(name.size() - ending.size());
    }
  }
  return name;
}

/// The tables laid over one another: first come, first served, for every single target.
class Targets {
 public:
  Targets(const std::vector<std::string>& samples, std::size_t n_mirnas)
      : values_(Matrix::Constant(static_cast<Index>(n_mirnas), static_cast<Index>(samples.size()),
                                 missing)),
        n_measured_(n_mirnas, 0),
        n_estimated_(n_mirnas, 0),
        has_any_(samples.size(), 0) {
    for (std::size_t i = 0; i < samples.size(); ++i) column_of_.emplace(samples[i], i);
  }

  void add(const Table& table, bool estimated) {
    for (std::size_t i = 0; i < table.samples.size(); ++i) {
      const auto found = column_of_.find(table.samples[i]);
      if (found == column_of_.end()) continue;
      const auto column = static_cast<Index>(found->second);
      for (std::size_t mirna = 0; mirna < table.values[i].size(); ++mirna) {
        float& value = values_(static_cast<Index>(mirna), column);
        if (std::isnan(table.values[i][mirna]) || !std::isnan(value)) continue;
        value = table.values[i][mirna];
        ++(estimated ? n_estimated_ : n_measured_)[mirna];
        has_any_[found->second] = 1;
      }
    }
  }

  Matrix values_;
  std::vector<Index> n_measured_, n_estimated_;  // per miRNA: samples
  std::vector<std::uint8_t> has_any_;            // per sample

 private:
  std::unordered_map<std::string, std::size_t> column_of_;
};

bool is_constant(const Matrix& values, Index line, std::span<const Index> columns) {
  float low = std::numeric_limits<float>::infinity();
  float high = -low;
  for (const Index column : columns) {
    const float value = values(line, column);
    if (std::isnan(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return !(low < high);
}

std::vector<MirnaFile> measured_first(std::vector<MirnaFile> files) {
  std::stable_partition(files.begin(), files.end(),
                        [](const MirnaFile& file) { return !file.estimated; });
  return files;
}

std::string head(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("'{}'", names.front());
}

}  // namespace

TrainingPairs read_pairs(const PairOptions& options) {
  TrainingPairs pairs;
  pairs.panel = read_gene_panel(find_data_file("landmarks.tsv"));
  const std::vector<ReferenceMirna> mirnas = read_mirna_table(find_data_file("mirnas.tsv"));
  const GeneIndex genes(pairs.panel);
  const GeneIndex mirna_index(mirna_panel(mirnas), false);
  training::SampleTable about;
  if (!options.samples.empty()) about = training::read_sample_table(options.samples);

  std::vector<std::string> samples;
  std::vector<std::string> cohorts;
  std::vector<std::vector<float>> expression;
  std::unordered_map<std::string, std::string> first_file;
  for (const ExpressionFile& file : options.mrna) {
    Table table = read_mrna(file, genes, options, pairs.recipe);
    Index n_again = 0;
    for (std::size_t i = 0; i < table.samples.size(); ++i) {
      if (!first_file.emplace(table.samples[i], file.path).second) {
        ++n_again;
        continue;
      }
      samples.push_back(table.samples[i]);
      cohorts.push_back(stem(file.path));
      expression.push_back(std::move(table.values[i]));
    }
    if (n_again > 0) {
      spdlog::warn("{}: {} sample(s) stand in an earlier file too, which counts", file.path,
                   n_again);
    }
  }

  Targets targets(samples, mirnas.size());
  std::vector<std::string> mirna_samples;
  for (const MirnaFile& file : measured_first(options.mirna)) {
    const Table table = read_mirna(file, mirna_index);
    targets.add(table, file.estimated);
    mirna_samples.insert(mirna_samples.end(), table.samples.begin(), table.samples.end());
  }

  std::vector<Index> paired;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (targets.has_any_[i] != 0) paired.push_back(static_cast<Index>(i));
  }
  if (paired.empty()) {
    throw Error(
        ExitCode::bad_input,
        fmt::format("no sample has both mRNA and miRNA: {} mRNA sample(s), the first {}; {} "
                    "miRNA sample(s), the first {}. Ids must be equal, those of TCGA in "
                    "their first 15 characters.",
                    samples.size(), head(samples), mirna_samples.size(), head(mirna_samples)));
  }
  if (paired.size() < samples.size()) {
    spdlog::info("{} of {} mRNA samples have no miRNA target and are left out",
                 samples.size() - paired.size(), samples.size());
  }

  Index n_thin = 0;
  Index n_constant = 0;
  std::vector<Index> kept;
  for (std::size_t i = 0; i < mirnas.size(); ++i) {
    const Index n = targets.n_measured_[i] + targets.n_estimated_[i];
    if (n == 0) continue;
    if (n < options.min_targets) {
      ++n_thin;
    } else if (is_constant(targets.values_, static_cast<Index>(i), paired)) {
      ++n_constant;
    } else {
      kept.push_back(static_cast<Index>(i));
      pairs.mirnas.push_back(
          {.name = mirnas[i].name,
           .accession = mirnas[i].accession,
           .other_name = mirnas[i].v21_name,
           .accuracy = {},
           .target = targets.n_measured_[i] >= targets.n_estimated_[i] ? "measured" : "estimated",
           .interval = {}});
    }
  }
  if (n_thin > 0) {
    spdlog::warn("{} miRNA(s) with targets in fewer than {} samples are left out", n_thin,
                 options.min_targets);
  }
  if (n_constant > 0) {
    spdlog::warn("{} miRNA(s) whose targets are constant are left out", n_constant);
  }
  if (kept.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("of {} paired samples no miRNA has {} targets that vary; there is "
                            "nothing to learn.",
                            paired.size(), options.min_targets));
  }

  pairs.mrna.resize(pairs.panel.size(), static_cast<Index>(paired.size()));
  pairs.mirna = targets.values_(kept, paired);
  for (std::size_t i = 0; i < paired.size(); ++i) {
    const auto from = static_cast<std::size_t>(paired[i]);
    std::copy(expression[from].begin(), expression[from].end(),
              pairs.mrna.col(static_cast<Index>(i)).data());
    const training::SampleFacts facts = about.find(samples[from]);
    pairs.samples.push_back(samples[from]);
    pairs.patients.push_back(facts.patient.empty() ? training::patient_of(samples[from])
                                                   : facts.patient);
    pairs.cohorts.push_back(facts.cohort.empty() ? cohorts[from] : facts.cohort);
  }
  return pairs;
}

}  // namespace sicmir
