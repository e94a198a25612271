// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/add.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>
#include <tuple>

#include "analysis/compare.hpp"
#include "atlas/cell_annotations.hpp"
#include "atlas/chosen_cells.hpp"
#include "atlas/claim.hpp"
#include "atlas/seal.hpp"
#include "atlas/summarise.hpp"
#include "atlas/summary.hpp"
#include "atlas/write_cells.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/suggest.hpp"
#include "base/text_list.hpp"
#include "sicmir/predict.hpp"
#include "sicmir/version.hpp"
#include "text/list_file.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

constexpr const char* primary_column = "is_primary_data";  // CELLxGENE schema 3 and later
constexpr const char* ontology_ending = "_ontology_term_id";

/// A trait of samples, tissue or disease: a column of obs, or one word for all cells.
struct Trait {
  std::string column;
  std::string word;
};

Trait trait_of(const std::string& stated, const char* option, const CellAnnotations& obs) {
  if (stated.empty()) return {};
  if (obs.has(stated)) return {stated, {}};
  const std::vector<std::string> columns = obs.columns();
  if (const std::string near = nearest(stated, columns); !near.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("--{} {}: {} has no such column, but it has '{}'. Name the column, or "
                            "a word unlike one.",
                            option, stated, obs.called(), near));
  }
  log_info("{}: {} ({} has no such column, so all cells have it)", option, stated, obs.called());
  return {{}, as_utf8(stated)};
}

/// Cells of one input, by type and sample, and what is known of its samples.
struct Annotated {
  Factor types;
  std::optional<Factor> samples;
  std::vector<Index> chosen;  ///< positions of the cells that are kept
  Index n_not_primary = 0;
};

std::vector<Index> primary_cells(const CellAnnotations& obs, const std::string& input) {
  const std::vector<std::uint8_t> is_primary = obs.truth(primary_column);
  std::vector<Index> chosen;
  for (Index cell = 0; cell < obs.n_cells(); ++cell) {
    if (is_primary.empty() || is_primary[static_cast<std::size_t>(cell)] != 0) {
      chosen.push_back(cell);
    }
  }
  if (chosen.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {} of all its {} cells is False: each belongs to another data "
                            "set. Add those data sets instead.",
                            input, primary_column, obs.n_cells()));
  }
  return chosen;
}

/// Names and ontology ids of the levels of a column, if the file or the table has them.
std::vector<Term> terms_of(const CellAnnotations& obs, const std::string& column,
                           const std::vector<std::string>& names, const std::string& kind,
                           const AddOptions& options, std::vector<std::string>& left_out) {
  std::map<std::string, std::set<std::string>> ids;
  const std::string id_column = column + ontology_ending;
  if (!column.empty() && obs.has(id_column)) {
    const Factor levels = obs.factor(column);
    const Factor known = obs.factor(id_column);
    std::set<std::pair<std::int32_t, std::int32_t>> seen;
    for (std::size_t cell = 0; cell < levels.codes.size(); ++cell) {
      const std::pair both(levels.codes[cell], known.codes[cell]);
      if (both.first < 0 || both.second < 0 || !seen.insert(both).second) continue;
      ids[levels.levels[static_cast<std::size_t>(both.first)]].insert(
          known.levels[static_cast<std::size_t>(both.second)]);
    }
  }
  std::vector<Term> terms;
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    Term term{name, {}};
    const auto stated = options.terms.find({kind, name});
    const auto found = ids.find(name);
    if (stated != options.terms.end()) {
      term.ontology = stated->second;
    } else if (found != ids.end() && found->second.size() == 1) {
      const std::string& id = *found->second.begin();
      if (id.find(':') != std::string::npos) term.ontology = id;  // else "unknown" and the like
    } else if (found != ids.end()) {
      left_out.push_back(fmt::format("the ontology id of the {} '{}': {} gives it {} of them", kind,
                                     name, id_column, found->second.size()));
    }
    if (term.ontology.empty()) unknown.push_back(name);
    terms.push_back(std::move(term));
  }
  if (!unknown.empty()) {
    log_info("{} of {} {} without an ontology id: {}", unknown.size(), names.size(),
             kind == "disease" || kind == "tissue" || kind == "type" || kind == "condition"
                 ? kind + "s"
                 : kind,
             fmt::join(unknown, ", "));
  }
  return terms;
}

/// Per sample, the one value of `column`; samples without one are left out.
std::map<std::string, std::string> by_sample(const CellAnnotations& obs, const std::string& column,
                                             const Annotated& cells,
                                             const std::string& sample_name) {
  const Factor values = obs.factor(column);
  std::map<std::string, std::string> found;
  for (const Index cell : cells.chosen) {
    const auto at = static_cast<std::size_t>(cell);
    const std::int32_t sample = cells.samples ? cells.samples->codes[at] : 0;
    if (sample < 0 || values.codes[at] < 0 || cells.types.codes[at] < 0) continue;
    const std::string& name =
        cells.samples ? cells.samples->levels[static_cast<std::size_t>(sample)] : sample_name;
    const std::string& value = values.levels[static_cast<std::size_t>(values.codes[at])];
    const auto [entry, is_new] = found.try_emplace(name, value);
    if (!is_new && entry->second != value) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: sample '{}' has two values in the column '{}', '{}' and '{}'.",
                              obs.called(), name, column, entry->second, value),
                  {Remedy::tell_samples_apart});
    }
  }
  return found;
}

std::int32_t position_of(const std::vector<Term>& terms, const std::string& name) {
  const auto found = std::lower_bound(
      terms.begin(), terms.end(), name,
      [](const Term& term, const std::string& wanted) { return term.name < wanted; });
  return found != terms.end() && found->name == name
             ? static_cast<std::int32_t>(found - terms.begin())
             : none;
}

/// Takes the predictions of cells as they come.
class SpoolSink final : public MatrixSink {
 public:
  void begin(const OutputHeader& header) override {
    n_mirnas_ = static_cast<Index>(header.features.size());
    spool_ = std::make_unique<CellSpool>(n_mirnas_);
    facts_ = header.facts;
  }
  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    const Matrix copy = values;
    block.values.assign(copy.data(), copy.data() + copy.size());
  }
  void write(EncodedBlock&& block) override {
    for (std::string& name : block.cells) names_.push_back(std::move(name));
    spool_->append(block.values);
  }
  void finish() override {}

  [[nodiscard]] CellSpool& spool() { return *spool_; }
  [[nodiscard]] Index n_mirnas() const { return n_mirnas_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& facts() const {
    return facts_;
  }

 private:
  Index n_mirnas_ = 0;
  std::unique_ptr<CellSpool> spool_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, std::string>> facts_;
};

class Adding {
 public:
  Adding(const AddRequest& request, const AddOptions& options, const PreparedModel& model,
         const GeneIndex& index, fs::path folder)
      : request_(request),
        options_(options),
        model_(model),
        index_(index),
        folder_(std::move(folder)) {}

  void run() {
    const FileSeal input = seal_of_input(request_.input);
    set_.id = request_.id;
    set_.title = request_.title;
    set_.citation = request_.citation;
    set_.url = request_.url;
    set_.is_public = request_.is_public;
    set_.version = version;
    set_.input = as_utf8(request_.input);
    set_.input_checksum = input.digest;
    set_.input_bytes = input.bytes;
    source_ = open_source(request_.input, options_.source, index_);
    if (has_table()) predict_cells();  // which tells the names that the table is asked for
    const std::unique_ptr<CellAnnotations> known = annotations();
    const CellAnnotations& obs = *known;
    annotate(obs);
    const Profiles profiles = make_profiles(obs);
    describe(obs, profiles);
    Summary summary;
    summary.mirnas = profiles.mirnas;
    summarise_groups(profiles, set_, summary);
    summarise_markers(profiles, request_.labels_from, set_, summary);
    summarise_contrasts(profiles, request_.reference, set_, summary);
    if (options_.with_targets) add_targets(profiles, summary);
    write_profiles(profiles, (folder_ / set_files::profiles).string(), options_.reading.threads);
    if (!has_table()) predict_cells();
    keep_cells(obs);
    write_summary(summary, folder_);
    state_options();
    for (const std::string& sentence : set_.left_out) log_info("left out: {}", sentence);
    write_description();
  }

 private:
  [[nodiscard]] bool has_table() const { return !request_.table.empty(); }

  [[nodiscard]] std::unique_ptr<CellAnnotations> annotations() const {
    const SourceDescription& input = source_->description();
    if (has_table()) {
      return std::make_unique<CellAnnotations>(input, request_.table, sink_.names());
    }
    if (!input.annotations.empty()) return std::make_unique<CellAnnotations>(input);
    throw Error(ExitCode::usage,
                fmt::format("{} has no obs (its format is {}), which would tell the types and "
                            "samples of its cells.",
                            request_.input, input.format),
                {Remedy::give_cell_table});
  }

  void annotate(const CellAnnotations& obs) {
    if (has_table() && obs.has(primary_column)) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: has a column {}, which is read of obs alone. Take the lines of "
                              "cells that are to be left out away, and that column.",
                              request_.table, primary_column));
    }
    cells_.types = obs.factor(request_.type_column);
    if (!request_.sample_column.empty()) cells_.samples = obs.factor(request_.sample_column);
    cells_.chosen = primary_cells(obs, request_.input);
    cells_.n_not_primary = obs.n_cells() - static_cast<Index>(cells_.chosen.size());
    if (cells_.n_not_primary > 0) {
      log_info("{} of {} cells are not primary data and left out", cells_.n_not_primary,
               obs.n_cells());
    }
    tissue_ = trait_of(request_.tissue, "tissue", obs);
    disease_ = trait_of(request_.disease, "disease", obs);
    map_name_ = obs.map_name(request_.map);
  }

  [[nodiscard]] bool leaves_cells_out() const { return cells_.n_not_primary > 0; }

  /// The sums of one input, whose table knows more of its samples than sum_profiles() reads there.
  void set_traits(const CellAnnotations& obs, InputSums& sums) const {
    const std::string& condition =
        request_.condition_column.empty() ? disease_.column : request_.condition_column;
    const auto set = [&](const std::string& column, std::string Profile::*trait) {
      if (column.empty()) return;
      const auto values = by_sample(obs, column, cells_, request_.id);
      for (Profile& profile : sums.profiles) {
        const auto found = values.find(profile.sample);
        if (found != values.end()) profile.*trait = found->second;
      }
    };
    set(request_.donor_column, &Profile::donor);
    set(condition, &Profile::condition);
    set(tissue_.column, &Profile::tissue);
  }

  [[nodiscard]] Profiles make_profiles(const CellAnnotations& obs) const {
    SourceOptions opening = options_.source;
    opening.all_genes = true;
    const std::unique_ptr<CellSource> source = open_source(request_.input, opening, index_);
    ProfileGrouping grouping;
    grouping.sample_column = request_.sample_column;
    grouping.sample = request_.id;
    const bool has_condition = !request_.condition_column.empty();
    grouping.condition = has_condition ? std::string() : disease_.word;
    grouping.tissue = tissue_.word;
    if (has_table()) {
      grouping.groups.groups = fmt::format("{}:{}", request_.table, request_.type_column);
    } else {
      grouping.groups.group_by = request_.type_column;
      if (leaves_cells_out()) grouping.groups.only_where = primary_column;
      grouping.donor_column = request_.donor_column;
      grouping.condition_column = has_condition ? request_.condition_column : disease_.column;
      grouping.tissue_column = tissue_.column;
    }
    ProfileOptions profiling;
    static_cast<ReadingOptions&>(profiling) = options_.reading;
    profiling.floor = options_.floor;
    std::vector<InputSums> sums;
    sums.push_back(sum_profiles(*source, model_.card().recipe, profiling, grouping, 0, &index_));
    if (has_table()) set_traits(obs, sums.back());
    profiling.on_progress = {};
    return predict_profiles(join_sums(std::move(sums)), model_, index_, profiling);
  }

  /// Terms, samples and groups, as the profiles have them.
  void describe(const CellAnnotations& obs, const Profiles& profiles) {
    std::map<std::string, std::string> diseases;
    if (!disease_.column.empty()) {
      diseases = by_sample(obs, disease_.column, cells_, request_.id);
    }
    std::map<std::string, std::string> sexes;
    if (!request_.sex_column.empty()) {
      sexes = by_sample(obs, request_.sex_column, cells_, request_.id);
    }
    std::set<std::string> types, tissues, conditions, all_diseases;
    const auto note = [](std::set<std::string>& names, const std::string& name) {
      if (!name.empty()) names.insert(name);
    };
    for (const Profile& profile : profiles.profiles) {
      types.insert(profile.group);
      note(tissues, profile.tissue);
      note(conditions, profile.condition);
      note(all_diseases, disease_.column.empty() ? disease_.word : diseases[profile.sample]);
    }
    const auto terms = [&](const std::string& column, const std::set<std::string>& names,
                           const char* kind) {
      return terms_of(obs, column, {names.begin(), names.end()}, kind, options_, set_.left_out);
    };
    set_.types = terms(request_.type_column, types, "type");
    set_.tissues = terms(tissue_.column, tissues, "tissue");
    set_.diseases = terms(disease_.column, all_diseases, "disease");
    set_.conditions = request_.condition_column.empty()
                          ? set_.diseases
                          : terms(request_.condition_column, conditions, "condition");
    std::map<std::string, Sample> samples;
    for (const Profile& profile : profiles.profiles) {
      Sample& sample = samples[profile.sample];
      sample.name = profile.sample;
      sample.donor = profile.donor;
      sample.sex = sexes[profile.sample];
      sample.tissue = position_of(set_.tissues, profile.tissue);
      sample.condition = position_of(set_.conditions, profile.condition);
      sample.disease = position_of(
          set_.diseases, disease_.column.empty() ? disease_.word : diseases[profile.sample]);
      sample.n_cells += profile.n_cells;
    }
    for (auto& [name, sample] : samples) set_.samples.push_back(std::move(sample));
    set_.n_not_primary = cells_.n_not_primary;
    set_.facts = profiles.facts;
    set_.comparability.model = fact_of(profiles.facts, "model_checksum");
    set_.comparability.model_name = model_.card().name;
    set_.comparability.scale = fact_of(profiles.facts, "scale");
    set_.comparability.format = format_version;
  }

  void add_targets(const Profiles& profiles, Summary& summary) {
    const TargetTable targets = options_.targets.empty()
                                    ? bundled_targets(profiles.mirnas)
                                    : read_targets(options_.targets, profiles.mirnas);
    set_.comparability.targets =
        options_.targets.empty() ? std::string("bundled") : seal_of(options_.targets).digest;
    summarise_targets(profiles, targets, request_.labels_from, options_.reading.threads, set_,
                      summary);
  }

  void predict_cells() {
    if (leaves_cells_out()) {
      source_ = std::make_unique<ChosenCells>(std::move(source_), cells_.chosen);
    }
    PredictOptions predicting;
    static_cast<ReadingOptions&>(predicting) = options_.reading;
    // Cells are compared with each other, whatever their sums are compared with.
    predicting.scale = Scale::automatic;
    predicting.platform.clear();
    predicting.empty_cells = EmptyCells::as_nan;
    (void)predict(*source_, model_, index_, predicting, sink_);
  }

  void keep_cells(const CellAnnotations& obs) {
    const Index n_cells = sink_.spool().n_cells();
    if (n_cells != static_cast<Index>(cells_.chosen.size())) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: obs lists {} cells to be kept, but the matrix has {}.",
                              request_.input, cells_.chosen.size(), n_cells));
    }
    CellTable table;
    for (const std::string& name : sink_.names()) table.names.push_back(as_utf8(name));
    const std::vector<float> all = map_name_.empty() ? std::vector<float>{} : obs.map(map_name_);
    table.map_name = map_name_;
    std::vector<std::int32_t> type_of = positions(cells_.types.levels, set_.types);
    std::vector<std::int32_t> sample_of;
    for (const std::string& level :
         cells_.samples ? cells_.samples->levels : std::vector<std::string>{request_.id}) {
      const auto found = std::lower_bound(
          set_.samples.begin(), set_.samples.end(), level,
          [](const Sample& sample, const std::string& name) { return sample.name < name; });
      const bool is_there = found != set_.samples.end() && found->name == level;
      sample_of.push_back(is_there ? static_cast<std::int32_t>(found - set_.samples.begin())
                                   : none);
    }
    for (const Index cell : cells_.chosen) {
      const auto at = static_cast<std::size_t>(cell);
      const std::int32_t type = cells_.types.codes[at];
      const std::int32_t sample = cells_.samples ? cells_.samples->codes[at] : 0;
      table.types.push_back(type < 0 ? none : type_of[static_cast<std::size_t>(type)]);
      table.samples.push_back(sample < 0 ? none : sample_of[static_cast<std::size_t>(sample)]);
      if (!all.empty()) {
        table.map.push_back(all[2 * at]);
        table.map.push_back(all[2 * at + 1]);
      }
    }
    set_.n_cells = n_cells;
    set_.facts.emplace_back("cells_scale", fact_of(sink_.facts(), "scale"));
    write_cells(table, sink_.spool(), sink_.n_mirnas(), folder_, options_.reading.threads);
  }

  [[nodiscard]] static std::vector<std::int32_t> positions(const std::vector<std::string>& levels,
                                                           const std::vector<Term>& terms) {
    std::vector<std::int32_t> found;
    found.reserve(levels.size());
    for (const std::string& level : levels) found.push_back(position_of(terms, level));
    return found;
  }

  void state_options() {
    const auto state = [&](const char* name, const std::string& value) {
      if (!value.empty()) set_.options.emplace_back(name, as_utf8(value));
    };
    state("group-by", request_.type_column);
    state("sample", request_.sample_column);
    state("donor", request_.donor_column);
    state("sex", request_.sex_column);
    state("condition", request_.condition_column);
    state("tissue", request_.tissue);
    state("disease", request_.disease);
    state("map", map_name_);
    state("reference", set_.reference_condition);
    state("labels-from", request_.labels_from == LabelsFrom::clusters     ? "clusters"
                         : request_.labels_from == LabelsFrom::annotation ? "annotation"
                                                                          : "sorting");
    state("platform", options_.reading.platform);
    state("layer", options_.source.layer);
  }

  void write_description() const {
    OutputFile file((folder_ / set_files::description).string());
    file.create();
    file.write(data_set_json(set_));
    file.commit();
  }

  const AddRequest& request_;
  const AddOptions& options_;
  const PreparedModel& model_;
  const GeneIndex& index_;
  fs::path folder_;
  std::unique_ptr<CellSource> source_;
  SpoolSink sink_;
  DataSet set_;
  Annotated cells_;
  Trait tissue_, disease_;
  std::string map_name_;
};

void check_request(const AddRequest& request) {
  if (!is_set_id(request.id)) {
    throw Error(ExitCode::usage, fmt::format("'{}' is no id of a data set: expected 1 to 64 of "
                                             "a-z, 0-9, '.', '_' and '-', beginning "
                                             "with a letter or digit.",
                                             request.id));
  }
  if (request.type_column.empty()) {
    throw Error(ExitCode::usage, fmt::format("{}: no column of cell types is stated.", request.id),
                {Remedy::name_groups});
  }
  std::error_code error;
  const fs::file_status status = fs::status(request.input, error);
  if (request.input == "-" ||
      (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status))) {
    throw Error(ExitCode::usage,
                fmt::format("{}: is read several times, so it cannot be a pipe or a device. Write "
                            "it to a file first.",
                            request.input == "-" ? "standard input" : request.input));
  }
}

}  // namespace

TermTable read_term_table(const std::string& path) {
  TermTable table;
  std::vector<std::string> lines;
  try {
    lines = read_text_lines(path);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("the table of terms: {}", error.what()));
  }
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    const std::string kind = line.substr(0, first);
    const bool is_kind =
        kind == "type" || kind == "tissue" || kind == "disease" || kind == "condition";
    if (second == std::string::npos || !is_kind || line.find(':', second) == std::string::npos) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: line {}: '{}' is not `kind<TAB>name<TAB>id` with the kind type, "
                              "tissue, disease or condition and an id such as CL:0000182.",
                              path, number, line));
    }
    table[{kind, as_utf8(line.substr(first + 1, second - first - 1))}] = line.substr(second + 1);
  }
  return table;
}

bool add_data_set(const AtlasFolder& folder, const AddRequest& request, const AddOptions& options,
                  const PreparedModel& model, const GeneIndex& index) {
  check_request(request);
  Claim claim(folder, request.id, options.resume);
  const fs::path target = folder.set(request.id);
  std::error_code error;
  if (fs::exists(target / set_files::removed, error)) {
    throw Error(ExitCode::usage,
                fmt::format("'{}' was removed, but is still there until `sicmir atlas index` has "
                            "run. Run that first.",
                            request.id));
  }
  if (fs::exists(target, error)) {
    if (options.resume) return false;
    throw Error(ExitCode::usage, fmt::format("'{}' is in the atlas already.", request.id),
                {Remedy::choose_set_id});
  }
  Adding(request, options, model, index, claim.work()).run();
  Seals seals;
  for (const char* name :
       {set_files::description, set_files::summary, set_files::cells, set_files::profiles}) {
    seals[name] = seal_of(claim.work() / name);
  }
  write_seals(seals, claim.work() / set_files::checksums);
  sync(claim.work());
  claim.publish(target);
  return true;
}

}  // namespace sicmir::atlas
