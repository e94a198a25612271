// SPDX-License-Identifier: BSD-3-Clause
#include "cli/run_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <utility>

#include "base/joined.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/run_journal.hpp"
#include "cells/decision_fields.hpp"
#include "cli/reading_json.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

constexpr int report_schema = 1;
constexpr const char* report_path = "report_path";  // of the draft; not written

std::int64_t unix_time() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string host_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return host.data();
}

std::vector<std::string> noted(LogLevel level) {
  std::vector<std::string> texts;
  for (JournalMessage& message : noted_messages()) {
    if (message.level == level) texts.push_back(std::move(message.text));
  }
  return texts;
}

std::string reason_of(const RunEnding& ending) {
  if (ending.signal != 0) {
    return fmt::format("ended by signal {} ({})", ending.signal, strsignal(ending.signal));
  }
  constexpr int closed_pipe = 128 + SIGPIPE;
  if (ending.code == closed_pipe) return "the reader of the output closed the pipe";
  return joined(noted(LogLevel::error), "\n");
}

void write_json(const Json& json, const std::string& path) {
  // Names come from files and may be in any encoding; a report is never lost for one of them.
  const std::string text = json_text(json, 2) + "\n";
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

}  // namespace

RunRecord::RunRecord(RunStart start) : report_(std::move(start.report)) {
  json_["schema"] = report_schema;
  json_["sicmir"] = version;
  json_["command_line"] = std::move(start.command_line);
  json_["status"] = nullptr;
  json_["exit_code"] = nullptr;
  json_["reason"] = nullptr;
  if (!start.id.empty()) json_["id"] = std::move(start.id);
  json_["input"] = std::move(start.input);
  json_["output"] = std::move(start.output);
  json_["warnings"] = Json::array();
  json_["host"] = host_name();
  json_["started_unix_time"] = unix_time();
  note();
}

void RunRecord::note() const {
  Json draft = json_;
  draft[report_path] = report_;
  note_facts(json_text(draft));
}

void RunRecord::add_model(const Model& model) {
  json_["model"] = {{"name", model.name}, {"checksum", model.checksum}};
  note();
}

void RunRecord::add_notes(const Json& more) {
  Json& notes = json_["notes"];
  if (notes.is_null()) notes = Json::array();
  for (const Json& note : more) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
  }
}

void RunRecord::add_source(const CellSource& source, const std::string& platform) {
  const SourceDescription& description = source.description();
  platform_ = platform;
  json_["format"] = description.format;
  json_["storage"] = description.storage;
  json_["matrix"] = description.matrix;
  add_layout(json_, description);
  add_notes(json_of(description.warnings));
  if (source.n_cells()) json_["cells"] = {{"in_input", *source.n_cells()}};
  note();
}

void RunRecord::add_findings(const RunReport& report) {
  Json& genes = json_["genes"];
  genes["column"] = report.genes.column;
  genes["in_input"] = report.genes.n_features;
  genes["not_counted"] = report.genes.n_not_counted;
  genes["found"] = report.genes.n_found;
  genes["of"] = report.genes.n_panel;
  for (std::size_t kind = 0; kind < n_match_kinds; ++kind) {
    genes["by_kind"][std::string(to_string(static_cast<MatchKind>(kind)))] =
        report.genes.by_kind[kind];
  }
  genes["missing"] = report.genes.missing;
  genes["duplicated"] = report.genes.duplicated;
  genes["constant"] = report.constant_genes;
  add_decision(json_, report.decision, platform_);
  add_notes(json_of(notes_of(report.genes, report.decision)));
  if (report.reference_median_z) {
    json_["reference"] = {{"median_z", *report.reference_median_z},
                          {"interquartile_range", report.reference_iqr_z.value_or(0)}};
  }
  Json& cells = json_["cells"];
  cells["read"] = report.cells_read;
  cells["written"] = report.cells_written;
  cells["empty"] = report.empty_cells;
  cells["extrapolated"] = report.cells_extrapolated;
  json_["seconds"] = {{"measure", report.seconds_measure}, {"predict", report.seconds_predict}};
  json_["kernel"] = report.kernel;
  note();
}

void RunRecord::add_pools(const PoolReport& pools) {
  json_["pool"] = {{"cells", pools.n_cells},
                   {"pooled", pools.n_pooled},
                   {"without_group", pools.n_without_group},
                   {"empty", pools.n_empty},
                   {"listed_but_not_found", pools.n_not_found},
                   {"groups", pools.n_groups},
                   {"pools", pools.n_pools},
                   {"seconds", pools.seconds}};
  Decision of_cells = pools.decision;
  of_cells.scale = Scale::automatic;  // one follows for the pools
  add_fields(json_["pool"], values_fields(of_cells));
  if (json_["pool"].contains("values")) json_["pool"]["values"]["why"] = of_cells.values_reason;
  add_notes(json_of(notes_of(pools.genes, of_cells)));
  note();
}

void RunRecord::add_smoothing(const SmoothReport& smoothing) {
  json_["smoothing"] = {{"graph", smoothing.graph},
                        {"cells", smoothing.n_cells},
                        {"mean_neighbours", smoothing.mean_neighbours},
                        {"seconds", smoothing.seconds}};
  note();
}

void RunRecord::finish(int threads) {
  json_["status"] = "done";
  json_["exit_code"] = 0;
  json_["warnings"] = noted(LogLevel::warning);
  json_["peak_memory_bytes"] = peak_memory_bytes();
  json_["threads"] = threads;
  json_["finished_unix_time"] = unix_time();
  if (!report_.empty()) write_json(json_, report_);
  note();
}

Json ended_run(const RunEnding& ending) {
  std::istringstream facts(noted_facts());
  Json json = read_json(facts);
  if (!json.is_object()) return {};
  if (ending.code == 0 && ending.signal == 0) return json;
  json["status"] = ending.signal != 0 ? "interrupted" : "failed";
  json["exit_code"] = ending.code;
  if (ending.signal != 0) json["exit_code"] = 128 + ending.signal;  // as shells have it
  json["reason"] = reason_of(ending);
  json["warnings"] = noted(LogLevel::warning);
  json["peak_memory_bytes"] = ending.peak_memory_bytes;
  json["finished_unix_time"] = unix_time();
  return json;
}

void write_failed_report(const RunEnding& ending) {
  Json json = ended_run(ending);
  if (!json.is_object()) return;
  const auto path = json.value(report_path, std::string());
  if (path.empty()) return;
  json.erase(report_path);
  try {
    write_json(json, path);
  } catch (const std::exception& error) {
    log_error("--report: {}", error.what());
  }
}

}  // namespace sicmir::cli
