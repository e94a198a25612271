// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "base/counted.hpp"
#include "base/digest.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/suggest.hpp"
#include "cells/prepared_input.hpp"
#include "cli/batch.hpp"
#include "cli/commands.hpp"
#include "cli/pool_options.hpp"
#include "cli/progress.hpp"
#include "cli/run_report.hpp"
#include "genes/mirna_names.hpp"
#include "kernels/kernels.hpp"
#include "model/value_words.hpp"
#include "output/sinks.hpp"
#include "parallel/threads.hpp"
#include "sicmir/reference_tables.hpp"
#include "sicmir/smooth.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

struct PredictCommand {
  CommonOptions common;
  InputOptions input;
  PoolOptions pool;
  std::string smooth;  // over this graph; empty: not
  std::string output;
  std::string save_input;
  std::string uncertainty;
  std::string report;
  SinkOptions sink;
  Precision precision = Precision::float32;
  OutputScale output_scale = OutputScale::zscore;
  bool no_carry = false;
  std::string into_obsm;
  std::string mirnas;
  double min_accuracy = -2.0;  // below any correlation: off
  std::string inputs;
  BatchOptions batch;
  RunStart start;  // of this run, for its report
};

std::vector<std::string> names_of(const std::map<std::string, Index, std::less<>>& by_name) {
  std::vector<std::string> names;
  names.reserve(by_name.size());
  for (const auto& entry : by_name) names.push_back(entry.first);
  return names;
}

/// The miRNAs that --mirnas and --min-accuracy leave, as positions in the model, in its order of
/// --mirnas if given. Empty: all.
std::vector<Index> chosen_mirnas(const PredictCommand& command, const Model& model) {
  if (command.mirnas.empty() && command.min_accuracy < -1.0) return {};
  std::map<std::string, Index, std::less<>> by_name;
  for (std::size_t i = 0; i < model.mirnas.size(); ++i) {
    const ModelMirna& mirna = model.mirnas[i];
    // A v21 name that another miRNA bears today means that other one.
    if (!mirna.other_name.empty()) by_name.try_emplace(mirna.other_name, static_cast<Index>(i));
    if (!mirna.accession.empty()) by_name[mirna.accession] = static_cast<Index>(i);
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < model.mirnas.size(); ++i) {
    names.push_back(model.mirnas[i].name);
    by_name[names.back()] = static_cast<Index>(i);
  }
  std::vector<std::string> wanted;
  if (!command.mirnas.empty()) {
    wanted = mirna_list(command.mirnas);
  } else {
    wanted = names;
  }
  const auto is_new = [&](const std::string& name) { return !by_name.contains(name); };
  if (std::any_of(wanted.begin(), wanted.end(), is_new)) {
    for (const ReferenceMirna& mirna : reference_mirnas()) {
      const auto found = by_name.find(mirna.accession);
      if (found == by_name.end()) continue;
      const Index position = found->second;
      for (const std::string& name : mirna.old_names) by_name.try_emplace(name, position);
    }
  }
  std::vector<Index> positions;
  std::set<Index> seen;
  for (const std::string& name : wanted) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      const std::vector<std::string> arms = possible_arms(name, names);
      throw Error(ExitCode::usage,
                  fmt::format("--mirnas: model {} has no miRNA '{}'. Mature names (hsa-miR-21-5p, "
                              "upper-case R), MIMAT accessions and names of miRBase 21 and 17 are "
                              "taken; `sicmir inspect --json MODEL` lists them all.{}",
                              model.name, name,
                              arms.empty() ? did_you_mean(name, names_of(by_name))
                                           : fmt::format(" Specify {}.", joined(arms, " or "))));
    }
    const Accuracy& accuracy = model.mirnas[static_cast<std::size_t>(found->second)].accuracy;
    if (command.min_accuracy >= -1.0 && !(accuracy.within_cohort >= command.min_accuracy)) continue;
    if (seen.insert(found->second).second) positions.push_back(found->second);
  }
  if (positions.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("--min-accuracy {}: no miRNA of model {} is that accurate within "
                            "cohorts.",
                            command.min_accuracy, model.name));
  }
  return positions;
}

void check_into_obsm(const PredictCommand& command, OutputFormat format) {
  const char* why = nullptr;
  if (format != OutputFormat::h5ad) {
    why = "the output is a copy of the input; specify it with -o COPY.h5ad";
  } else if (command.input.input == "-") {
    why = "standard input cannot be copied; specify the .h5ad file";
  } else if (command.pool.method != PoolMethod::none) {
    why = "obsm has a line for each cell, and pools are fewer";
  } else if (command.input.reading.shard) {
    why =
        "obsm has a line for each cell, and a shard has only some. Merge the shards, or leave "
        "--shard out";
  } else if (command.input.reading.empty_cells == EmptyCells::skip) {
    why = "obsm has a line for each cell; use --empty-cells nan";
  } else if (command.uncertainty == "layer") {
    why = "a table in obsm has no layers; write --uncertainty to a file";
  } else if (command.sink.compression != Compression::none ||
             command.sink.dtype != Dtype::float32) {
    why = "--compression and --dtype do not apply to it";
  }
  if (why != nullptr) throw Error(ExitCode::usage, fmt::format("--into-obsm: {}.", why));
}

void check(PredictCommand& command) {
  (void)kernels::dense_kernels(command.precision);  // refused before any work
  settle_shard(command.input);
  check_pool(command.pool);
  if (!command.smooth.empty() && command.pool.method != PoolMethod::none) {
    throw Error(ExitCode::usage, "--smooth is for cells, and --pool makes groups of them.");
  }
  if (command.output.empty()) {
    if (::isatty(STDOUT_FILENO) == 1) {
      throw Error(
          ExitCode::usage,
          "standard output is a terminal; specify an output with -o FILE (.csv, .tsv, .h5ad, "
          ".csv.gz or .tsv.gz), or redirect it.");
    }
    command.output = "-";
  }
  const OutputFormat format = resolve_output_format(command.output, command.sink.format);
  if (command.sink.features_as_lines && format == OutputFormat::h5ad) {
    throw Error(ExitCode::usage, "--transpose is for tables; in AnnData files, lines are cells.");
  }
  const std::array outputs = {
      NamedOutput{"-o", command.output}, NamedOutput{"--save-input", command.save_input},
      NamedOutput{"--uncertainty", command.uncertainty == "layer" ? "" : command.uncertainty},
      NamedOutput{"--report", command.report}};
  check_outputs(outputs, std::array{command.input.input, command.input.model,
                                    command.input.reading.moments, command.pool.groups});
  if (command.uncertainty == "layer" && format != OutputFormat::h5ad) {
    throw Error(ExitCode::usage,
                "--uncertainty layer: only .h5ad outputs have layers; name a file instead.");
  }
  if (!command.into_obsm.empty()) check_into_obsm(command, format);
  SourceOptions& source = command.input.source;
  source.threads = command.common.threads;
  command.sink.threads = thread_count(command.common.threads);
  if (format != OutputFormat::h5ad &&
      (command.sink.compression != Compression::none || command.sink.dtype != Dtype::float32)) {
    throw Error(ExitCode::usage,
                "--compression and --dtype are for .h5ad outputs; tables are compressed by their "
                "name (.csv.gz, .tsv.gz) and shortened by --digits.");
  }
  // The model's unit needs the upper quartiles of what is predicted: of cells, or of sums over all
  // genes.
  if (command.pool.method == PoolMethod::none) {
    source.upper_quartile_up_to = upper_quartiles_needed(command.input.reading);
  }
  source.all_genes =
      command.pool.method == PoolMethod::sum && command.input.reading.scale == Scale::reference;
}

RunRecord begin_record(const PredictCommand& command) {
  RunStart start = command.start;
  start.report = command.report;
  start.input = command.input.input;
  start.output = command.output;
  return RunRecord(std::move(start));
}

void predict_one(const PredictCommand& command, const PreparedModel& prepared,
                 const GeneIndex& index, RunRecord& record) {
  const Model& model = prepared.card();
  record.add_model(model);
  SinkOptions save_options;
  PredictOptions options;
  static_cast<ReadingOptions&>(options) = command.input.reading;
  options.output_scale = command.output_scale;
  options.threads = thread_count(command.common.threads);
  options.mirnas = chosen_mirnas(command, model);
  options.on_findings = [&](const RunReport& so_far) { record.add_findings(so_far); };

  // What can go wrong with the outputs is found before the input is read.
  SinkOptions sink_options = command.sink;
  const bool carries =
      !command.no_carry &&
      resolve_output_format(command.output, sink_options.format) == OutputFormat::h5ad;
  std::unique_ptr<MatrixSink> probe = open_sink(command.output, sink_options);
  std::unique_ptr<MatrixSink> save_input;
  if (!command.save_input.empty()) save_input = open_sink(command.save_input, save_options);
  std::unique_ptr<MatrixSink> uncertainty;
  const bool has_layer = command.uncertainty == "layer";
  if (!command.uncertainty.empty() && !has_layer) {
    SinkOptions like = command.sink;
    like.format = OutputFormat::automatic;
    uncertainty = open_sink(command.uncertainty, like);
  }
  if (!command.report.empty()) (void)OutputFile(command.report);

  std::unique_ptr<CellSource> source =
      open_source(command.input.input, command.input.source, index);
  record.add_source(*source, options.platform);
  log_source(*source);
  ProgressBar progress(command.common.quiet);
  options.on_progress = [&](const Progress& now) { progress.show(now); };
  std::unique_ptr<MatrixSink> sink = std::move(probe);
  if (!command.smooth.empty()) {
    Smoothed smoothed =
        smooth_for_prediction(std::move(source), model, index, options, command.smooth);
    progress.clear();
    record.add_smoothing(smoothed.report);
    adapt_options(smoothed, options);
    options.facts = std::move(smoothed.facts);
    source = std::move(smoothed.source);
  }
  std::optional<PoolReport> pooled;
  if (command.pool.method != PoolMethod::none) {
    Pools pools = pool_for_prediction(std::move(source), model, index, options, command.pool);
    progress.clear();
    pooled = pools.report;
    record.add_pools(*pooled);
    adapt_options(pools, options);
    sink = open_pool_sink(command.output, sink_options, pools.columns, pools.facts);
    if (save_input) {
      save_input = open_pool_sink(command.save_input, save_options, pools.columns, pools.facts);
    }
    source = std::move(pools.source);
  } else if (!command.into_obsm.empty()) {
    const SourceDescription& input = source->description();
    if (!input.is_h5ad) {
      throw Error(ExitCode::usage,
                  fmt::format("--into-obsm: {} is {}, and only AnnData files have obsm. Write a "
                              "new file with -o FILE.h5ad.",
                              input.path, input.format));
    }
    sink = make_obsm_sink(command.output, input.path, command.into_obsm);
  } else if (carries && !source->description().annotations.empty()) {
    sink_options.carry_from = source->description().annotations;
    sink = open_sink(command.output, sink_options);
  }
  std::vector<Output> outputs;
  if (save_input) outputs.push_back({Quantity::input, save_input.get()});
  if (uncertainty) outputs.push_back({Quantity::uncertainty, uncertainty.get()});
  if (has_layer) outputs.push_back({Quantity::uncertainty, sink.get()});
  outputs.push_back({Quantity::mirnas, sink.get()});
  const RunReport report = predict(*source, prepared, index, options, outputs);
  progress.clear();
  log_info("{} x {} written to {} in {:.1f} s",
           counted(report.cells_written, pooled ? "pool" : "cell"),
           counted(options.mirnas.empty() ? model.mirnas.size() : options.mirnas.size(), "miRNA"),
           command.output == "-" ? "standard output" : command.output,
           report.seconds_measure + report.seconds_predict);
  record.add_findings(report);
  record.finish(options.threads);
}

/// Content of files that options name, each read once.
class FileContents {
 public:
  const std::string& digest_of(const std::string& path) {
    const auto [entry, is_new] = digests_.try_emplace(path);
    if (is_new) {
      std::ifstream stream(path, std::ios::binary);
      const std::string content((std::istreambuf_iterator<char>(stream)), {});
      Digest digest;
      digest.add(std::string_view(content));
      entry->second = digest.hex();
    }
    return entry->second;
  }

 private:
  std::map<std::string, std::string> digests_;
};

/// What an --inputs run must share with an earlier one to go on from it: all options that can
/// change a result, and the model. `command` has the options of the item.
std::string fingerprint_of(const Command& sub, const PredictCommand& command, const BatchItem& item,
                           const Model& model, FileContents& contents) {
  const std::set<std::string, std::less<>> harmless = {
      "--inputs",      "--output-dir", "--resume", "--verify",    "--threads",
      "--quiet",       "--verbose",    "--help",   "--model",     "--moments",
      "--block-cells", "--report",     "--shard",  "--fail-fast", "--log-format"};
  // The same options make the same digest, whether the sheet gives them or the command line.
  std::map<std::string, std::vector<std::string>> given;
  for (const Option& option : sub.options()) {
    if (option.given() && !harmless.contains(option.name())) given[option.name()] = *option.given();
  }
  for (const auto& [option, value] : item.options) {
    if (!harmless.contains(option)) given[option] = {value};
  }
  given.erase("--force-scale");
  if (command.input.reading.force_scale) given["--force-scale"] = {};
  Digest digest;
  digest.add(std::string_view(version));
  digest.add(std::string_view(model.checksum));
  for (const auto& [option, values] : given) {
    digest.add(std::string_view(option));
    for (const std::string& value : values) digest.add(std::string_view(value));
  }
  for (const Index mirna : chosen_mirnas(command, model)) digest.add(static_cast<double>(mirna));
  const std::string& groups = command.pool.groups;  // FILE or FILE:COLUMN
  for (const std::string& file :
       {command.input.reading.moments, groups, groups.substr(0, groups.rfind(':'))}) {
    if (!file.empty()) digest.add(std::string_view(contents.digest_of(file)));
  }
  return digest.hex();
}

PreparedModel prepared_model(const PredictCommand& command) {
  return PreparedModel(read_model(find_model(command.input.model)), command.precision);
}

void bind_options(Command& sub, PredictCommand& command);

/// The command line with the options of each line of a sheet put over it.
class SheetReader {
 public:
  SheetReader(const PredictCommand& all, const std::string& list) : all_(all), list_(list) {
    bind_options(line_, one_);
  }

  /// Throws Error(usage) naming the line.
  const PredictCommand& command_of(const BatchItem& item) {
    one_ = all_;
    std::vector<std::string> arguments;
    for (const auto& [option, value] : item.options) {
      if (option == "--force-scale") {
        one_.input.reading.force_scale = is_yes(item, value);
      } else {
        arguments.push_back(fmt::format("{}={}", option, value));
      }
    }
    try {
      (void)line_.parse(arguments);
      check_pool(one_.pool);
    } catch (const Error& error) {
      throw Error(error.code(), fmt::format("{}: line {}: {}", list_, item.line, error.what()),
                  error.remedies());
    }
    return one_;
  }

 private:
  [[nodiscard]] bool is_yes(const BatchItem& item, const std::string& word) const {
    if (word == "yes" || word == "true") return true;
    if (word == "no" || word == "false") return false;
    throw Error(ExitCode::usage,
                fmt::format("{}: line {}: force_scale is '{}'; expected yes or no.", list_,
                            item.line, word));
  }

  const PredictCommand& all_;
  const std::string& list_;
  PredictCommand one_;
  Command line_{"predict", ""};
};

void check_inputs(PredictCommand& command) {
  if (!command.input.input.empty() || !command.output.empty() || !command.save_input.empty() ||
      (!command.uncertainty.empty() && command.uncertainty != "layer")) {
    throw Error(ExitCode::usage,
                "--inputs goes with --output-dir, and not with INPUT, -o, --save-input or "
                "--uncertainty FILE.");
  }
  if (command.batch.folder.empty()) throw Error(ExitCode::usage, "--inputs needs --output-dir.");
  if (command.sink.format == OutputFormat::automatic) command.sink.format = OutputFormat::h5ad;
  constexpr std::array endings = {"", ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".h5ad"};
  command.batch.ending = endings.at(static_cast<std::size_t>(command.sink.format));
  command.batch.reports = std::exchange(command.report, "");
}

std::string digest_of_ids(const std::vector<BatchItem>& items) {
  Digest digest;
  for (const BatchItem& item : items) digest.add(std::string_view(item.id));
  return digest.hex();
}

void run_inputs(const Command& sub, PredictCommand& command) {
  check_inputs(command);
  SummaryHead head;
  if (!command.input.shard.empty()) head.shard = parsed_shard(command.input.shard);
  command.input.shard.clear();
  const std::vector<BatchItem> listed = read_sample_sheet(command.inputs);
  SheetReader sheet(command, command.inputs);
  for (const BatchItem& item : listed) (void)sheet.command_of(item);
  const PreparedModel model = prepared_model(command);
  (void)model.network();  // complete before the children that share it are forked
  const GeneIndex index(model.card().panel);
  head.command_line = sub.command_line();
  head.model = {{"name", model.card().name}, {"checksum", model.card().checksum}};
  head.list = command.inputs;
  head.ids = digest_of_ids(listed);
  head.n_listed = listed.size();
  FileContents contents;
  BatchWork work;
  work.fingerprint = [&](const BatchItem& item) {
    return fingerprint_of(sub, sheet.command_of(item), item, model.card(), contents);
  };
  work.name_subject = [&](const std::string& id) { start_log(command.common, id); };
  work.predict = [&](const BatchItem& item, const std::string& output, const std::string& report,
                     const RunSettings& settings) {
    PredictCommand one = sheet.command_of(item);
    one.input.input = item.path;
    one.output = output;
    one.report = report;
    one.start = {
        .report = {}, .command_line = sub.command_line(), .id = item.id, .input = {}, .output = {}};
    if (!settings.carry) one.no_carry = true;
    check(one);
    RunRecord record = begin_record(one);
    predict_one(one, model, index, record);
  };
  run_batch(items_of(listed, head.shard), command.batch, head, work);
}

void run(const Command& sub, PredictCommand& command, const RunSettings& settings) {
  if (!command.inputs.empty()) {
    run_inputs(sub, command);
    return;
  }
  if (command.input.input.empty()) {
    throw Error(ExitCode::usage, "INPUT is required (or --inputs LIST). Run with --help for more.");
  }
  const BatchOptions& batch = command.batch;
  if (!batch.folder.empty() || batch.resume || batch.verify || batch.fail_fast) {
    throw Error(ExitCode::usage,
                "--output-dir, --resume, --verify and --fail-fast go with --inputs.");
  }
  if (!settings.carry) command.no_carry = true;
  check(command);
  command.start.command_line = sub.command_line();
  RunRecord record = begin_record(command);
  const PreparedModel model = prepared_model(command);
  predict_one(command, model, GeneIndex(model.card().panel), record);
}

void bind_options(Command& sub, PredictCommand& command) {
  bind_input(sub, command.input);
  sub.option("INPUT").required(false);
  bind_shard(sub, command.input);
  sub.option("--shard").also("; with --inputs, of the list");
  ReadingOptions& options = command.input.reading;
  const std::string normalising = "Normalisation";
  sub.add_choice("--scale", options.scale, scale_words,
                 "What genes are standardised against: dataset (these cells), reference (the "
                 "model's training samples), none or auto [default: auto]")
      .main();
  sub.add_option(
         "--platform", options.platform,
         "Platform that the input was measured on, if not that of the reference: one of those that "
         "the model knows (`sicmir inspect MODEL` lists them); for --scale reference")
      .value_name("NAME")
      .group(normalising);
  sub.add_flag("--force-scale", options.force_scale,
               "Continue even if the input looks unlike the training samples")
      .group(normalising);
  sub.add_option("--moments", options.moments,
                 "Standardise against these moments (made by `sicmir stats`)")
      .existing_file()
      .group(normalising);

  bind_pooling(sub, command.pool);
  sub.add_option("--smooth", command.smooth,
                 "Add to each cell's counts those of its neighbours in the graph NAME of obsp "
                 "[default: connectivities]")
      .value_name("NAME")
      .value_if_none("connectivities")
      .group("Pooling");

  const std::string writing = "Writing";
  sub.add_option("-o,--output", command.output,
                 "Predictions: .h5ad, .csv, .tsv, .csv.gz or .tsv.gz [default: TSV on standard "
                 "output]")
      .main();
  sub.add_choice<OutputFormat>(
         "--output-format", command.sink.format,
         {{"csv", OutputFormat::csv},
          {"tsv", OutputFormat::tsv},
          {"csv.gz", OutputFormat::csv_gz},
          {"tsv.gz", OutputFormat::tsv_gz},
          {"h5ad", OutputFormat::h5ad}},
         "csv, tsv, csv.gz, tsv.gz or h5ad, where the file name does not tell")
      .group(writing);
  sub.add_flag("--transpose", command.sink.features_as_lines,
               "Tables: one miRNA per line, one cell per column")
      .group(writing);
  sub.add_option(
         "--digits", command.sink.digits,
         "Tables: significant digits [default: as many as needed to read back the same value]")
      .range(1, 9)
      .group(writing);
  sub.add_choice<Compression>("--compression", command.sink.compression,
                              {{"none", Compression::none}, {"gzip", Compression::gzip}},
                              "h5ad: none or gzip (shuffle and deflate) [default: none]")
      .group(writing);
  sub.add_choice<Dtype>("--dtype", command.sink.dtype,
                        {{"float32", Dtype::float32}, {"float16", Dtype::float16}},
                        "h5ad: float32 or float16 (3 digits, half the size) [default: float32]")
      .group(writing);
  sub.add_choice<OutputScale>(
         "--output-scale", command.output_scale,
         {{"z", OutputScale::zscore}, {"log2rpm", OutputScale::log2rpm}},
         "z (z-score of log2(RPM + 1) over the training samples) or log2rpm [default: z]")
      .group(writing);
  sub.add_choice<Precision>("--precision", command.precision,
                            {{"float32", Precision::float32}, {"bf16", Precision::bf16}},
                            "Matrix products of the network: float32, or bf16, which is faster and "
                            "accurate to 2 or 3 digits, on processors with AVX512-BF16 [default: "
                            "float32]")
      .group(writing);
  sub.add_option(
         "--mirnas", command.mirnas,
         "Only these miRNAs: names or MIMAT accessions, separated by commas, or a file of them")
      .main();
  sub.add_option("--min-accuracy", command.min_accuracy,
                 "Only miRNAs with at least this held-out Pearson correlation within cohorts")
      .range(-1.0, 1.0)
      .group(writing);
  sub.add_flag("--no-carry", command.no_carry, "h5ad to h5ad: do not copy obs, obsm and uns")
      .group(writing);
  sub.add_option("--into-obsm", command.into_obsm,
                 "h5ad: write a copy of the input with the predictions as table NAME in obsm "
                 "[default: sicmir]")
      .value_name("NAME")
      .value_if_none("sicmir")
      .group(writing);
  sub.add_option("--save-input", command.save_input,
                 "Also write the input of the network: cells x genes, standardised")
      .group(writing);
  sub.add_option(
         "--uncertainty", command.uncertainty,
         "Also write half the width of each prediction's 90 % interval, to this file or, with "
         "the word layer, into a layer of the .h5ad output")
      .value_name("FILE|layer")
      .group(writing);
  sub.add_option("--report", command.report,
                 "Also write a JSON file about the run, however it ends: times, memory, decisions, "
                 "genes, warnings; with --inputs, a directory for one per input")
      .group(writing);
  bind_common(sub, command.common);
  const std::string many = "Many inputs";
  sub.add_option("--inputs", command.inputs,
                 "List of inputs: a sample sheet with a header (id, path, layer, values, ...), or "
                 "lines id<TAB>path or path")
      .value_name("FILE")
      .group(many);
  sub.add_option("--output-dir", command.batch.folder,
                 "Directory for their predictions (id.h5ad, or as --output-format says) and "
                 "their summary (summary.tsv, summary.json, sicmir_mqc.json)")
      .value_name("DIR")
      .group(many);
  sub.add_flag("--resume", command.batch.resume,
               "Skip inputs that an earlier run completed with the same model and options")
      .group(many);
  sub.add_flag("--verify", command.batch.verify,
               "With --resume: compare the content of inputs, not their size and time")
      .group(many);
  sub.add_flag("--fail-fast", command.batch.fail_fast,
               "Stop at the first input that fails [default: go on with the others]")
      .group(many);
}

}  // namespace

void bind_predict(Command& sub) {
  const auto owned = std::make_shared<PredictCommand>();
  PredictCommand& command = *owned;
  bind_options(sub, command);
  on_run(sub, command.common,
         [owned, &sub](const RunSettings& settings) { run(sub, *owned, settings); });
  sub.describe(
      "Predicts the expression of each miRNA of a model in each cell or sample of INPUT. What the "
      "values are (counts, TPM, logarithms) and what to standardise against is decided from the "
      "data, reported, and can be specified. Results never depend on --threads or --block-cells.");
  sub.add_example("sicmir predict cells.h5ad -o mirnas.h5ad",
                  "Predict all cells of an AnnData file");
  sub.add_example("sicmir predict filtered_feature_bc_matrix/ -o mirnas.csv.gz",
                  "Predict a 10x directory");
  sub.add_example("sicmir predict cells.h5ad --pool sum --group-by sample,cell_type -o pools.csv",
                  "Predict the sum of each group of cells");
  sub.add_example("sicmir predict cells.h5ad --shard 2/8 --moments cells.moments -o part2.h5ad",
                  "Predict the second of eight parts, standardised as the whole");
  sub.add_example("sicmir predict --inputs samples.tsv --output-dir predictions --resume",
                  "Predict all inputs of a sample sheet, and go on where an earlier run stopped");
}

}  // namespace sicmir::cli
