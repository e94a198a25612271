// SPDX-License-Identifier: BSD-3-Clause
#include "cli/run_report.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/output_file.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

/// Peak resident memory, from proc(5); without /proc from getrusage(), whose figure begins with
/// that of the program that started this one. 0: not known.
std::int64_t peak_memory_bytes() {
  std::ifstream status("/proc/self/status");
  constexpr std::string_view field = "VmHWM:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field)) return std::stoll(line.substr(field.size())) * 1024;  // in kB
  }
  rusage usage{};
  return getrusage(RUSAGE_SELF, &usage) == 0 ? std::int64_t{usage.ru_maxrss} * 1024 : 0;
}

}  // namespace

void write_run_report(const std::string& path, const InputOptions& input, const std::string& output,
                      const Model& model, const CellSource& source, const RunReport& report,
                      int threads, const PoolReport* pool) {
  Json json;
  json["sicmir"] = version;
  json["input"] = input.input;
  json["output"] = output;
  json["model"] = {{"name", model.name}, {"checksum", model.checksum}};
  const SourceDescription& description = source.description();
  json["format"] = description.format;
  json["storage"] = description.storage;
  json["matrix"] = description.matrix;
  Json& genes = json["genes"];
  genes["column"] = report.genes.column;
  genes["in_input"] = report.genes.n_features;
  genes["found"] = report.genes.n_found;
  genes["of"] = report.genes.n_panel;
  for (std::size_t kind = 0; kind < n_match_kinds; ++kind) {
    genes["by_kind"][std::string(to_string(static_cast<MatchKind>(kind)))] =
        report.genes.by_kind[kind];
  }
  genes["missing"] = report.genes.missing;
  genes["duplicated"] = report.genes.duplicated;
  genes["constant"] = report.constant_genes;
  const Decision& decision = report.decision;
  json["values"] = {{"taken_as", to_string(decision.values)}, {"why", decision.values_reason}};
  json["scale"] = {{"taken", to_string(decision.scale)}, {"why", decision.scale_reason}};
  if (report.reference_median_z) {
    json["reference"] = {{"median_z", *report.reference_median_z},
                         {"interquartile_range", report.reference_iqr_z.value_or(0)}};
  }
  json["warnings"] = Json::array();
  for (const DecisionWarning& warning : decision.warnings) json["warnings"].push_back(warning.text);
  json["cells"] = {{"read", report.cells_read},
                   {"written", report.cells_written},
                   {"empty", report.empty_cells},
                   {"extrapolated", report.cells_extrapolated}};
  if (pool != nullptr) {
    json["pool"] = {{"cells", pool->n_cells},
                    {"pooled", pool->n_pooled},
                    {"without_group", pool->n_without_group},
                    {"empty", pool->n_empty},
                    {"listed_but_not_found", pool->n_not_found},
                    {"groups", pool->n_groups},
                    {"pools", pool->n_pools},
                    {"seconds", pool->seconds}};
  }
  json["seconds"] = {{"measure", report.seconds_measure}, {"predict", report.seconds_predict}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  json["threads"] = threads;
  json["kernel"] = report.kernel;
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  json["host"] = host.data();
  json["finished_unix_time"] = std::chrono::duration_cast<std::chrono::seconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count();
  // Names come from files and may be in any encoding; a report is never lost for one of them.
  const std::string text = json_text(json, 2) + "\n";
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

}  // namespace sicmir::cli
