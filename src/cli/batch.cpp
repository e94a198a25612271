// SPDX-License-Identifier: BSD-3-Clause
#include "cli/batch.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "base/digest.hpp"
#include "base/file_endings.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/supervisor.hpp"
#include "sicmir/types.hpp"
#include "text/list_file.hpp"

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

class Records {
 public:
  explicit Records(const BatchOptions& options) : options_(options) {
    std::error_code error;
    fs::create_directories(folder(), error);
    if (error) {
      throw Error(ExitCode::not_written, fmt::format("{}: the directory cannot be created: {}.",
                                                     folder().string(), error.message()));
    }
  }

  /// What a finished output will have been made of.
  [[nodiscard]] Json describe(const BatchItem& item) const {
    Json record = {{"input", item.path},
                   {"options", options_.fingerprint},
                   {"files", files_and_times(item.path)}};
    if (options_.verify) record["content"] = content_of(item.path);
    return record;
  }

  [[nodiscard]] bool is_done(const BatchItem& item, const std::string& output) const {
    std::error_code error;
    if (!fs::is_regular_file(output, error)) return false;
    std::ifstream stream(file_of(item));
    const Json record = read_json(stream);
    if (!record.is_object() || record.value("options", "") != options_.fingerprint ||
        record.value("output_bytes", std::uint64_t{0}) != fs::file_size(output, error)) {
      return false;
    }
    if (options_.verify) return record.value("content", "") == content_of(item.path);
    return record.contains("files") && record["files"] == files_and_times(item.path) &&
           record.value("input", "") == item.path;
  }

  void keep(const BatchItem& item, Json record, const std::string& output) const {
    std::error_code error;
    record["output_bytes"] = fs::file_size(output, error);
    OutputFile file(file_of(item));
    file.create();
    file.write(json_text(record, 2) + "\n");
    file.commit();
  }

 private:
  [[nodiscard]] fs::path folder() const { return fs::path(options_.folder) / ".sicmir"; }
  [[nodiscard]] std::string file_of(const BatchItem& item) const {
    return (folder() / (item.id + ".json")).string();
  }

  const BatchOptions& options_;
};

}  // namespace

std::vector<BatchItem> read_batch(const std::string& list) {
  std::vector<std::string> lines;
  try {
    lines = read_text_lines(list);
  } catch (const Error& error) {
    throw Error(ExitCode::usage, fmt::format("--inputs: {}", error.what()));
  }
  std::vector<BatchItem> items;
  std::map<std::string, std::vector<std::string>> by_id;
  std::size_t number = 0;
  for (const std::string& line : lines) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t tab = line.find('\t');
    BatchItem item;
    item.path = tab == std::string::npos ? line : line.substr(tab + 1);
    item.id = tab == std::string::npos ? name_without_endings(line) : line.substr(0, tab);
    constexpr std::size_t longest_id = 200;  // names of files have at most 255 bytes
    if (item.path.empty() || item.id.empty() || item.id.starts_with('.') ||
        item.id.size() > longest_id || item.id.find_first_of("/\t") != std::string::npos) {
      throw Error(ExitCode::usage,
                  fmt::format("{}: line {}: '{}' is not `id<TAB>path` with an id that can name a "
                              "file (no slash, no dot in front, at most {} bytes).",
                              list, number, line, longest_id));
    }
    by_id[item.id].push_back(item.path);
    items.push_back(std::move(item));
  }
  if (items.empty()) throw Error(ExitCode::usage, fmt::format("{}: lists no input.", list));
  for (const auto& [id, paths] : by_id) {
    if (paths.size() == 1) continue;
    throw Error(
        ExitCode::usage,
        fmt::format("{}: {} inputs would have the id '{}' (the first: {} and {}). Give each "
                    "its own in front: id<TAB>path.",
                    list, paths.size(), id, paths[0], paths[1]));
  }
  return items;
}

void run_batch(const std::vector<BatchItem>& items, const BatchOptions& options,
               const std::function<void(const BatchItem&, const std::string& output,
                                        const RunSettings& settings)>& work) {
  const Records records(options);
  std::vector<std::string> failed;
  std::size_t done = 0;
  std::size_t skipped = 0;
  for (const BatchItem& item : items) {
    const std::string output = (fs::path(options.folder) / (item.id + options.ending)).string();
    if (options.resume && records.is_done(item, output)) {
      ++skipped;
      continue;
    }
    log_info("--- {} ({} of {})", item.id, done + skipped + failed.size() + 1, items.size());
    const Json record = records.describe(item);
    const int code = supervised([&](const RunSettings& settings) {
      return exit_code_of([&] { work(item, output, settings); });
    });
    if (code == 0) {
      records.keep(item, record, output);
      ++done;
    } else if (code == static_cast<int>(ExitCode::not_written)) {
      throw Error(
          ExitCode::not_written,
          fmt::format("stopped at {}: its output cannot be written. Continue from here with "
                      "--resume.",
                      item.id));
    } else {
      failed.push_back(fmt::format("{} ({})", item.id, item.path));
    }
  }
  log_info("{} predicted, {} done before, {} failed", done, skipped, failed.size());
  if (failed.empty()) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{} of {} inputs could not be predicted (the reasons are above):\n  {}",
                          failed.size(), items.size(), joined(failed, "\n  ")));
}

}  // namespace sicmir::cli
