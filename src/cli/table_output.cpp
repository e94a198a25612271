// SPDX-License-Identifier: BSD-3-Clause
#include "cli/table_output.hpp"

#include <filesystem>
#include <system_error>
#include <vector>

namespace sicmir::cli {

void bind_format(Command& sub, TableFormat& format) {
  sub.add_choice<TableFormat>("--format", format,
                              {{"tsv", TableFormat::tsv}, {"json", TableFormat::json}},
                              "tsv or json [default: json if the output ends in .json, else tsv]")
      .group("Writing");
}

bool wants_json(TableFormat format, const std::string& output) {
  if (format != TableFormat::automatic) return format == TableFormat::json;
  return output.ends_with(".json");
}

void TextFiles::add(const std::string& path, const std::string& text) {
  OutputFile& file = files_.emplace_back(path);
  file.create();
  file.write(text);
}

void TextFiles::commit() {
  namespace fs = std::filesystem;
  std::vector<std::string> added;
  std::error_code ignored;
  try {
    for (OutputFile& file : files_) {
      if (!file.is_direct() && !fs::exists(fs::symlink_status(file.path(), ignored))) {
        added.push_back(file.path());
      }
      file.commit();
    }
  } catch (...) {
    for (const std::string& path : added) fs::remove(path, ignored);
    throw;
  }
  files_.clear();
}

void write_text(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

}  // namespace sicmir::cli
