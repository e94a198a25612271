// SPDX-License-Identifier: BSD-3-Clause
#include "cli/batch_summary.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <utility>

#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "cli/table_output.hpp"
#include "sicmir/error.hpp"
#include "sicmir/version.hpp"

namespace sicmir::cli {
namespace {

namespace fs = std::filesystem;

constexpr int summary_schema = 1;
constexpr std::array<std::string_view, 5> status_words = {"done", "kept", "failed", "interrupted",
                                                          "not_run"};
/// Columns of summary.tsv, members of the lines of summary.json.
constexpr std::array<const char*, 20> columns = {
    "id",         "status",        "exit_code",   "reason",   "path",    "output",        "report",
    "cells_read", "cells_written", "genes_found", "genes_of", "format",  "matrix",        "values",
    "scale",      "n_warnings",    "warnings",    "options",  "seconds", "peak_memory_mb"};

/// A field of a TSV file: no tabs, no line ends; lists and objects on one line.
std::string field_of(const Json& value) {
  if (value.is_null()) return "";
  std::string text;
  if (value.is_string()) {
    text = value.get<std::string>();
  } else if (value.is_array()) {
    for (const Json& part : value) text += (text.empty() ? "" : " | ") + part.get<std::string>();
  } else if (value.is_object()) {
    for (const auto& [name, part] : value.items()) {
      text += (text.empty() ? "" : " ") + name + "=" + part.get<std::string>();
    }
  } else {
    text = json_text(value);
  }
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

std::string table_of(const Json& lines) {
  std::string text = joined(columns, "\t") + "\n";
  for (const Json& line : lines) {
    std::vector<std::string> fields;
    fields.reserve(columns.size());
    for (const char* column : columns) fields.push_back(field_of(line[column]));
    text += joined(fields, "\t") + "\n";
  }
  return text;
}

/// Custom content of MultiQC (docs.seqera.io/multiqc/custom_content): a table with a line for each
/// input, shown without any configuration because of the file's name.
Json multiqc_of(const Json& lines) {
  const auto column = [](const char* title, const char* description, const char* format) {
    Json header = {{"title", title}, {"description", description}};
    if (*format != '\0') header["format"] = format;
    return header;
  };
  Json json;
  json["id"] = "sicmir";
  json["section_name"] = "sicmir";
  json["description"] = "Prediction of miRNA expression from mRNA, by input.";
  json["plot_type"] = "table";
  json["pconfig"] = {{"id", "sicmir_table"}, {"namespace", "sicmir"}, {"title", "sicmir: inputs"}};
  Json& headers = json["headers"];
  headers["status"] = column("Status", "done, kept, failed, interrupted or not_run", "");
  headers["status"]["cond_formatting_rules"] = {
      {"pass", {{{"s_eq", "done"}}, {{"s_eq", "kept"}}}},
      {"warn", {{{"s_eq", "interrupted"}}, {{"s_eq", "not_run"}}}},
      {"fail", {{{"s_eq", "failed"}}}}};
  headers["cells_written"] = column("Cells", "Cells or samples that were predicted", "{:,.0f}");
  headers["genes_found"] = column("Genes", "Genes of the model that the input holds", "{:,.0f}");
  headers["values"] = column("Values", "What the values were taken as", "");
  headers["scale"] = column("Scale", "What genes were standardised against", "");
  headers["n_warnings"] = column("Warnings", "Number of warnings", "{:,.0f}");
  headers["seconds"] = column("Seconds", "Wall time", "{:,.1f}");
  headers["peak_memory_mb"] = column("Memory", "Peak memory in MB", "{:,.0f}");
  headers["reason"] = column("Reason", "Why the input failed", "");
  Json& data = json["data"];
  data = Json::object();
  for (const Json& line : lines) {
    Json& shown = data[line["id"].get<std::string>()];
    for (const auto& [name, header] : headers.items()) {
      if (!line[name].is_null()) {
        shown[name] = line[name].is_string() ? Json(field_of(line[name])) : line[name];
      }
    }
  }
  return json;
}

Json counts_of(const Json& lines) {
  Json counts;
  for (const std::string_view word : status_words) counts[std::string(word)] = 0;
  for (const Json& line : lines) {
    Json& count = counts[line["status"].get<std::string>()];
    count = count.get<int>() + 1;
  }
  return counts;
}

/// A member of an object that may be missing; null then.
Json member(const Json& object, std::initializer_list<const char*> path) {
  Json value = object;
  for (const char* name : path) {
    if (!value.is_object() || !value.contains(name)) return nullptr;
    Json next = value[name];
    value = std::move(next);
  }
  return value;
}

void write_all(const SummaryFiles& files, const Json& summary) {
  const Json& lines = summary["inputs"];
  write_text(files.tsv, table_of(lines));
  write_text(files.multiqc, json_text(multiqc_of(lines), 1) + "\n");
  write_text(files.json, json_text(summary, 1) + "\n");
}

/// "summary.2-of-8.json"; nullopt: another file.
std::optional<Shard> shard_of_name(std::string_view name) {
  constexpr std::string_view before = "summary.";
  constexpr std::string_view between = "-of-";
  constexpr std::string_view after = ".json";
  if (!name.starts_with(before) || !name.ends_with(after)) return std::nullopt;
  name.remove_prefix(before.size());
  name.remove_suffix(std::min(after.size(), name.size()));
  const std::size_t middle = name.find(between);
  if (middle == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view text, Index& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value > 0;
  };
  Shard shard;
  if (!number(name.substr(0, middle), shard.number) ||
      !number(name.substr(middle + between.size()), shard.of)) {
    return std::nullopt;
  }
  return shard;
}

/// By number of the shard, from 1.
std::map<Index, std::string> parts_in(const std::string& folder) {
  std::map<Index, std::map<Index, std::string>> by_count;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const auto shard = shard_of_name(entry.path().filename().string());
    if (shard) by_count[shard->of][shard->number] = entry.path().string();
  }
  if (error) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: cannot be read as a directory: {}.", folder, error.message()));
  }
  if (by_count.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no summary of a part, such as summary.1-of-8.json. `sicmir "
                            "predict --inputs LIST --shard I/N --output-dir {}` writes them.",
                            folder, folder));
  }
  if (by_count.size() > 1) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds summaries of {} parts and of {} parts. Delete those of the "
                            "older run.",
                            folder, by_count.begin()->first, by_count.rbegin()->first));
  }
  const auto& [n, parts] = *by_count.begin();
  for (Index i = 1; i <= n; ++i) {
    if (parts.contains(i)) continue;
    throw Error(ExitCode::bad_input,
                fmt::format("{}: there is no summary.{}-of-{}.json, so part {} did not end. Run it "
                            "again, with --resume.",
                            folder, i, n, i));
  }
  return parts;
}

Json read_part(const std::string& path) {
  std::ifstream stream(path);
  Json part = read_json(stream);
  const bool is_whole =
      part.is_object() && part.value("schema", 0) == summary_schema && part.contains("inputs") &&
      part["inputs"].is_array() &&
      std::all_of(part["inputs"].begin(), part["inputs"].end(), [](const Json& line) {
        return line.is_object() && line.contains("position") &&
               line["position"].is_number_unsigned() &&
               std::all_of(columns.begin(), columns.end(),
                           [&](const char* name) { return line.contains(name); });
      });
  if (!is_whole) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: is not a summary that this version of sicmir wrote.", path));
  }
  return part;
}

}  // namespace

Json summary_line(const BatchItem& item, InputStatus status) {
  Json line;
  line["position"] = item.position;
  for (const char* column : columns) line[column] = nullptr;
  line["id"] = item.id;
  line["path"] = item.path;
  line["status"] = status_words.at(static_cast<std::size_t>(status));
  line["n_warnings"] = 0;
  line["warnings"] = Json::array();
  line["decisions"] = nullptr;
  line["options"] = Json::object();
  for (const auto& [option, value] : item.options) {
    line["options"][option.substr(2)] = value;  // without dashes
  }
  return line;
}

InputStatus status_of(const Json& line) {
  const auto* const found =
      std::find(status_words.begin(), status_words.end(), line["status"].get<std::string>());
  return static_cast<InputStatus>(found - status_words.begin());
}

void add_run(Json& line, const Json& run, const RunEnding& ending, double seconds) {
  constexpr double megabyte = 1e6;
  line["exit_code"] = ending.signal == 0 ? ending.code : 128 + ending.signal;
  line["reason"] = member(run, {"reason"});
  line["cells_read"] = member(run, {"cells", "read"});
  line["cells_written"] = member(run, {"cells", "written"});
  if (status_of(line) != InputStatus::done) {
    line["cells_written"] = nullptr;
    line["cells_read"] = member(run, {"cells", "in_input"});
  }
  line["genes_found"] = member(run, {"genes", "found"});
  line["genes_of"] = member(run, {"genes", "of"});
  line["format"] = member(run, {"format"});
  line["matrix"] = member(run, {"matrix"});
  if (line["matrix"].is_string() && line["matrix"].get_ref<const std::string&>().empty()) {
    line["matrix"] = nullptr;
  }
  Json& decisions = line["decisions"];
  decisions = Json::object();
  for (const char* name : {"lines_are", "table", "values", "scale", "genes", "notes"}) {
    if (run.is_object() && run.contains(name)) decisions[name] = run[name];
  }
  line["values"] = member(run, {"values", "taken_as"});
  line["scale"] = member(run, {"scale", "taken"});
  if (run.is_object() && run.contains("warnings")) {
    line["warnings"] = run["warnings"];
    line["n_warnings"] = run["warnings"].size();
  }
  line["seconds"] = std::round(seconds * 1000) / 1000;
  if (ending.peak_memory_bytes > 0) {
    line["peak_memory_mb"] =
        std::round(static_cast<double>(ending.peak_memory_bytes) / megabyte * 10) / 10;
  }
}

int common_exit_code(const Json& lines) {
  int code = 0;
  for (const Json& line : lines) {
    if (status_of(line) != InputStatus::failed) continue;
    const int one = line["exit_code"].get<int>();
    code = code == 0 ? one : std::min(code, one);
  }
  return code;
}

SummaryFiles::SummaryFiles(const std::string& folder, const std::optional<Shard>& shard) {
  const std::string part = shard ? fmt::format(".{}-of-{}", shard->number, shard->of) : "";
  tsv = (fs::path(folder) / fmt::format("summary{}.tsv", part)).string();
  json = (fs::path(folder) / fmt::format("summary{}.json", part)).string();
  multiqc = (fs::path(folder) / fmt::format("sicmir{}_mqc.json", part)).string();
}

void write_summary(const SummaryFiles& files, const SummaryHead& head, const Json& lines) {
  Json json;
  json["schema"] = summary_schema;
  json["sicmir"] = version;
  json["command_line"] = head.command_line;
  json["model"] = head.model;
  json["list"] = {{"path", head.list}, {"inputs", head.n_listed}, {"digest_of_ids", head.ids}};
  json["shard"] = nullptr;
  if (head.shard) json["shard"] = {{"number", head.shard->number}, {"of", head.shard->of}};
  json["signal"] = head.signal == 0 ? Json(nullptr) : Json(head.signal);
  json["exit_code"] = head.signal == 0 ? common_exit_code(lines) : 128 + head.signal;
  json["counts"] = counts_of(lines);
  json["inputs"] = lines;
  write_all(files, json);
}

int merge_summaries(const std::string& folder) {
  const std::map<Index, std::string> parts = parts_in(folder);
  Json whole;
  std::map<std::size_t, Json> by_position;
  for (const auto& [number, path] : parts) {
    Json part = read_part(path);
    if (whole.is_null()) {
      whole = part;
    } else if (part["list"] != whole["list"] || part["model"] != whole["model"] ||
               part["sicmir"] != whole["sicmir"]) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{} and {} are of different runs: the list of ids, the model or the "
                              "version of sicmir differs. Run the older part again.",
                              parts.begin()->second, path));
    }
    if (!part["signal"].is_null()) whole["signal"] = part["signal"];
    for (Json& line : part["inputs"]) {
      const auto position = line["position"].get<std::size_t>();
      by_position[position] = std::move(line);
    }
  }
  whole["shard"] = nullptr;
  whole["inputs"] = Json::array();
  for (auto& [position, line] : by_position) whole["inputs"].push_back(std::move(line));
  const std::size_t listed = whole["list"]["inputs"].get<std::size_t>();
  if (by_position.size() != listed) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: the parts hold {} inputs, but the list has {}. Run all parts of "
                            "one list again.",
                            folder, by_position.size(), listed));
  }
  whole["exit_code"] = common_exit_code(whole["inputs"]);
  whole["counts"] = counts_of(whole["inputs"]);
  const SummaryFiles files(folder, std::nullopt);
  write_all(files, whole);
  log_info("{} of {} written to {}", counted(listed, "input"), counted(parts.size(), "part"),
           files.tsv);
  return whole["exit_code"].get<int>();
}

}  // namespace sicmir::cli
