// SPDX-License-Identifier: BSD-3-Clause
#include "cli/table_output.hpp"

#include "base/output_file.hpp"

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

void write_text(const std::string& path, const std::string& text) {
  OutputFile file(path);
  file.create();
  file.write(text);
  file.commit();
}

}  // namespace sicmir::cli
