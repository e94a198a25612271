// SPDX-License-Identifier: BSD-3-Clause
#include "genes/sample_ids.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <vector>

#include "sicmir/types.hpp"

namespace sicmir::training {

namespace {

// TCGA-XX-XXXX-SS: '#' stands for a letter or digit, '-' for a dash or a dot.
constexpr std::string_view barcode = "TCGA-##-####-##";
constexpr std::size_t patient_length = 12;

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_barcode(std::string_view id) {
  if (id.size() < barcode.size()) return false;
  for (std::size_t i = 0; i < barcode.size(); ++i) {
    const char wanted = barcode[i];
    const bool fits = wanted == '#'   ? is_letter_or_digit(id[i])
                      : wanted == '-' ? id[i] == '-' || id[i] == '.'
                                      : id[i] == wanted;
    if (!fits) return false;
  }
  return true;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::size_t start = 0;
  while (true) {
    const std::size_t end = line.find('\t', start);
    fields.push_back(line.substr(start, end - start));
    if (end == std::string::npos) return fields;
    start = end + 1;
  }
}

}  // namespace

std::string sample_key(std::string_view id) {
  if (!is_barcode(id)) return std::string(id);
  std::string key(id.substr(0, barcode.size()));
  std::replace(key.begin(), key.end(), '.', '-');
  return key;
}

std::string patient_of(std::string_view sample_key) {
  return std::string(is_barcode(sample_key) ? sample_key.substr(0, patient_length) : sample_key);
}

std::string tissue_of(std::string_view sample_key) {
  return std::string(is_barcode(sample_key) ? sample_key.substr(barcode.size() - 2, 2) : "");
}

SampleTable read_sample_table(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: the table of samples cannot be opened.", path));
  }
  file.exceptions(std::ios::badbit);  // a failed allocation or read is not the end of the file
  SampleTable table;
  std::optional<std::size_t> sample;
  std::optional<std::size_t> cohort;
  std::optional<std::size_t> patient;
  std::size_t n_fields = 0;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> fields = split(line);
    if (number == 1) {
      n_fields = fields.size();
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i] == "sample") sample = i;
        if (fields[i] == "cohort") cohort = i;
        if (fields[i] == "patient") patient = i;
      }
      if (!sample || !cohort) {
        throw Error(ExitCode::bad_input,
                    fmt::format("{}: line 1 must name the columns 'sample' and 'cohort', separated "
                                "by tabs.",
                                path));
      }
      continue;
    }
    if (line.empty()) continue;
    if (fields.size() != n_fields) {
      throw Error(ExitCode::bad_input, fmt::format("{}: line {} has {} fields; line 1 has {}.",
                                                   path, number, fields.size(), n_fields));
    }
    table.add(sample_key(fields[*sample]),
              {fields[*cohort], patient ? fields[*patient] : std::string{}});
  }
  if (n_fields == 0) throw Error(ExitCode::bad_input, fmt::format("{}: is empty.", path));
  return table;
}

}  // namespace sicmir::training
