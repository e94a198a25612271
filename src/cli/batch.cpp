// SPDX-License-Identifier: BSD-3-Clause
#include "cli/batch.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

#include "base/counted.hpp"
#include "base/digest.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "base/run_journal.hpp"
#include "cli/commands.hpp"
#include "cli/run_report.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/types.hpp"

namespace sicmir::cli {
namespace {

namespace fs = std::filesystem;

/// Regular files of an input: itself, or those of a folder.
std::vector<fs::path> files_of(const std::string& path) {
  std::vector<fs::path> files;
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(path);
  }
  return files;
}

/// Sizes and times of an input's files: what identifies it at little cost.
Json files_and_times(const std::string& path) {
  Json files = Json::array();
  for (const fs::path& file : files_of(path)) {
    struct stat status {};
    if (stat(file.c_str(), &status) != 0) continue;
    files.push_back({{"name", file.filename().string()},
                     {"bytes", status.st_size},
                     {"modified_seconds", status.st_mtim.tv_sec},
                     {"modified_nanoseconds", status.st_mtim.tv_nsec}});
  }
  return files;
}

std::string content_of(const std::string& path) {
  Digest digest;
  std::vector<char> piece(std::size_t{1} << 20);
  for (const fs::path& file : files_of(path)) {
    std::ifstream stream(file, std::ios::binary);
    std::uint64_t bytes = 0;
    while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())) ||
           stream.gcount() > 0) {
      const auto count = static_cast<std::size_t>(stream.gcount());
      digest.add(std::string_view(piece.data(), count));
      bytes += count;
    }
    digest.add(static_cast<double>(bytes));
  }
  return digest.hex();
}

void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ExitCode::not_written, fmt::format("{}: the directory cannot be created: {}.",
                                                   folder.string(), error.message()));
  }
}

/// What finished outputs were made of.
class Records {
 public:
  Records(const BatchOptions& options, const BatchWork& work) : options_(options), work_(work) {
    create_folder(folder());
  }

  /// Of an output that is about to be made.
  [[nodiscard]] Json describe(const BatchItem& item) const {
    Json record = {{"input", item.path},
                   {"options", work_.fingerprint(item)},
                   {"files", files_and_times(item.path)}};
    if (options_.verify) record["content"] = content_of(item.path);
    return record;
  }

  /// The record of an output that need not be made again; null: it must.
  [[nodiscard]] Json finished(const BatchItem& item, const std::string& output,
                              const std::string& report) const {
    std::error_code error;
    if (!fs::is_regular_file(output, error)) return nullptr;
    if (!report.empty() && !fs::is_regular_file(report, error)) return nullptr;
    std::ifstream stream(file_of(item));
    Json record = read_json(stream);
    if (!record.is_object() || record.value("options", "") != work_.fingerprint(item) ||
        record.value("output_bytes", std::uint64_t{0}) != fs::file_size(output, error)) {
      return nullptr;
    }
    const bool is_same = options_.verify ? record.value("content", "") == content_of(item.path)
                                         : record.contains("files") &&
                                               record["files"] == files_and_times(item.path) &&
                                               record.value("input", "") == item.path;
    if (!is_same) return nullptr;
    return record;
  }

  void keep(const BatchItem& item, Json record, const std::string& output,
            const Json& summary) const {
    std::error_code error;
    record["output_bytes"] = fs::file_size(output, error);
    record["summary"] = summary;
    OutputFile file(file_of(item));
    file.create();
    file.write(json_text(record, 2) + "\n");
    file.commit();
  }

  /// An output that could not be made again is no longer known.
  void forget(const BatchItem& item) const {
    std::error_code error;
    fs::remove(file_of(item), error);
  }

 private:
  [[nodiscard]] fs::path folder() const { return fs::path(options_.folder) / ".sicmir"; }
  [[nodiscard]] std::string file_of(const BatchItem& item) const {
    return (folder() / (item.id + ".json")).string();
  }

  const BatchOptions& options_;
  const BatchWork& work_;
};

class Batch {
 public:
  Batch(const std::vector<BatchItem>& items, const BatchOptions& options, SummaryHead head,
        const BatchWork& work)
      : items_(items),
        options_(options),
        head_(std::move(head)),
        work_(work),
        records_(options, work),
        files_(options.folder, head_.shard) {
    if (!options.reports.empty()) create_folder(options.reports);
    // Found before any work.
    for (const std::string& file : {files_.tsv, files_.json, files_.multiqc}) {
      (void)OutputFile(file);
    }
    for (const BatchItem& item : items) {
      lines_.push_back(summary_line(item, InputStatus::not_run));
    }
  }

  void run() {
    {
      const SignalsHeld held;
      for (std::size_t i = 0; i < items_.size() && !stops_; ++i) run_item(items_[i], lines_[i]);
    }
    write_summary(files_, head_, lines_);
    if (head_.signal != 0) (void)end_as({.signal = head_.signal});
    tell_of_failures();
  }

 private:
  void run_item(const BatchItem& item, Json& line) {
    if (stop_signal() != 0) return stop_by(stop_signal());
    const std::string output = (fs::path(options_.folder) / (item.id + options_.ending)).string();
    const std::string report =
        options_.reports.empty() ? "" : (fs::path(options_.reports) / (item.id + ".json")).string();
    if (options_.resume) {
      const Json record = records_.finished(item, output, report);
      if (record.is_object()) return keep_line(item, record, output, report, line);
    }
    log_info("--- {} ({} of {})", item.id, &item - items_.data() + 1, items_.size());
    clear_run_journal();
    work_.name_subject(item.id);
    const auto start = std::chrono::steady_clock::now();
    const Json record = records_.describe(item);
    const RunEnding ending = supervise([&](const RunSettings& settings) {
      return exit_code_of([&] { work_.predict(item, output, report, settings); });
    });
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const Json run = ended_run(ending);
    if (ending.code != 0 || ending.signal != 0) write_failed_report(ending);
    work_.name_subject("");
    const InputStatus status = ending.signal != 0 ? InputStatus::interrupted
                               : ending.code != 0 ? InputStatus::failed
                                                  : InputStatus::done;
    line = summary_line(item, status);
    add_run(line, run, ending, seconds);
    clear_run_journal();
    std::error_code error;
    if (!report.empty() && fs::is_regular_file(report, error)) line["report"] = report;
    if (status == InputStatus::done) {
      line["output"] = output;
      records_.keep(item, record, output, line);
      return;
    }
    records_.forget(item);
    if (fs::is_regular_file(output, error)) {
      log_warning("{}: is of an earlier run; this one could not replace it", output);
    }
    if (status == InputStatus::interrupted) return stop_by(ending.signal);
    if (ending.code == static_cast<int>(ExitCode::not_written)) not_written_ = item.id;
    stops_ = options_.fail_fast || !not_written_.empty();
  }

  void stop_by(int signal) {
    head_.signal = signal;
    stops_ = true;
  }

  void keep_line(const BatchItem& item, const Json& record, const std::string& output,
                 const std::string& report, Json& line) {
    const Json kept = summary_line(item, InputStatus::kept);
    line = kept;
    if (record.contains("summary") && record["summary"].is_object()) {
      for (const auto& [name, value] : kept.items()) {
        if (record["summary"].contains(name)) line[name] = record["summary"][name];
      }
      for (const char* now : {"position", "status", "id", "path", "options"}) line[now] = kept[now];
    }
    line["output"] = output;
    if (!report.empty()) line["report"] = report;
  }

  [[nodiscard]] std::size_t count(InputStatus status) const {
    return static_cast<std::size_t>(std::count_if(
        lines_.begin(), lines_.end(), [&](const Json& line) { return status_of(line) == status; }));
  }

  void tell_of_failures() const {
    log_info("{} predicted, {} done before, {} failed; see {}", count(InputStatus::done),
             count(InputStatus::kept), count(InputStatus::failed), files_.tsv);
    if (!not_written_.empty()) {
      throw Error(ExitCode::not_written,
                  fmt::format("stopped at {}: its output cannot be written. Continue from here "
                              "with --resume.",
                              not_written_));
    }
    std::vector<std::string> failed;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (status_of(lines_[i]) != InputStatus::failed) continue;
      failed.push_back(fmt::format("{} ({})", items_[i].id, items_[i].path));
    }
    if (failed.empty()) return;
    const std::size_t n_left = count(InputStatus::not_run);
    throw Error(static_cast<ExitCode>(common_exit_code(lines_)),
                fmt::format("{} of {} could not be predicted (the reasons are above){}:\n  {}",
                            failed.size(), counted(items_.size(), "input"),
                            n_left == 0 ? ""
                                        : fmt::format(", {} {} not run", n_left,
                                                      by_number(n_left, "was", "were")),
                            joined(failed, "\n  ")));
  }

  const std::vector<BatchItem>& items_;
  const BatchOptions& options_;
  SummaryHead head_;
  const BatchWork& work_;
  Records records_;
  SummaryFiles files_;
  Json lines_ = Json::array();
  bool stops_ = false;
  std::string not_written_;  // id of the input whose output could not be written
};

}  // namespace

std::vector<BatchItem> items_of(std::vector<BatchItem> items, const std::optional<Shard>& shard) {
  if (!shard) return items;
  std::erase_if(items, [&](const BatchItem& item) {
    const auto place = static_cast<Index>(item.position - 1);
    return place % shard->of != shard->number - 1;
  });
  return items;
}

void run_batch(const std::vector<BatchItem>& items, const BatchOptions& options, SummaryHead head,
               const BatchWork& work) {
  Batch(items, options, std::move(head), work).run();
}

}  // namespace sicmir::cli
