// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "output/cell_spool.hpp"
#include "output/sinks.hpp"
#include "text/float_text.hpp"
#include "text/text_output.hpp"

namespace sicmir {
namespace {

/// RFC 4180, section 2, rules 5 to 7.
void append_name(std::string& text, std::string_view name, char separator) {
  const bool plain = std::none_of(name.begin(), name.end(), [separator](char c) {
    return c == separator || c == '"' || c == '\n' || c == '\r';
  });
  if (plain) {
    text += name;
    return;
  }
  text += '"';
  for (const char c : name) {
    if (c == '"') text += '"';
    text += c;
  }
  text += '"';
}

class TextSink final : public MatrixSink {
 public:
  TextSink(const std::string& path, bool gzip, char separator, const SinkOptions& options)
      : out_(path, gzip, options.threads),
        separator_(separator),
        digits_(std::clamp(options.digits, 0, 17)),
        features_as_lines_(options.features_as_lines) {}

  void begin(const OutputHeader& header) override {
    features_ = header.features;
    out_.create();
    if (features_as_lines_) {
      append_name(cells_line_, header.feature_kind, separator_);
      spool_.emplace(static_cast<Index>(features_.size()));
      return;
    }
    std::string line = "cell";
    for (const std::string& feature : features_) {
      line += separator_;
      append_name(line, feature, separator_);
    }
    line += '\n';
    out_.append(line);
  }

  void encode(const Eigen::Ref<const Matrix>& values, EncodedBlock& block) const override {
    block.text.clear();
    block.values.clear();
    if (features_as_lines_) {
      block.values.assign(static_cast<std::size_t>(values.size()), 0.0F);
      Eigen::Map<Matrix>(block.values.data(), values.rows(), values.cols()) = values;
      return;
    }
    constexpr std::size_t typical_value = 12;
    constexpr std::size_t typical_name = 32;
    block.text.reserve(static_cast<std::size_t>(values.cols()) *
                       (static_cast<std::size_t>(values.rows()) * typical_value + typical_name));
    std::vector<char> buffer;
    for (Index cell = 0; cell < values.cols(); ++cell) {
      append_name(block.text, block.cells[static_cast<std::size_t>(cell)], separator_);
      append_values(block.text, {values.col(cell).data(), static_cast<std::size_t>(values.rows())},
                    buffer);
    }
  }

  void write(EncodedBlock&& block) override {
    if (!features_as_lines_) {
      out_.append(block.text);
      return;
    }
    spool_->append(block.values);
    n_cells_ += block.cells.size();
    for (const std::string& cell : block.cells) {
      cells_line_ += separator_;
      append_name(cells_line_, cell, separator_);
    }
  }

  void finish() override {
    if (features_as_lines_) write_features();
    out_.finish();
  }

 private:
  /// Separator and number for each value, then the end of the line.
  void append_values(std::string& text, std::span<const float> values,
                     std::vector<char>& buffer) const {
    append_fields(text, values, buffer);
    text += '\n';
  }

  void append_fields(std::string& text, std::span<const float> values,
                     std::vector<char>& buffer) const {
    buffer.resize(values.size() * (float_text::max_length + 1));
    char* end = buffer.data();
    if (digits_ == 0) {
      for (const float value : values) {
        *end++ = separator_;
        end = float_text::shortest(end, value);
      }
    } else {
      for (const float value : values) {
        *end++ = separator_;
        end = float_text::with_digits(end, value, digits_);
      }
    }
    text.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  }

  void write_features() {
    cells_line_ += '\n';
    out_.append(cells_line_);
    constexpr std::size_t block_floats = std::size_t{1} << 24;  // 64 MB
    constexpr std::size_t part = std::size_t{1} << 14;          // values formatted at a time
    const auto n_features = static_cast<Index>(features_.size());
    const Index at_once =
        std::max<Index>(1, static_cast<Index>(block_floats / std::max<std::size_t>(1, n_cells_)));
    std::vector<float> values;
    std::vector<char> buffer;
    std::string text;
    for (Index first = 0; first < n_features; first += at_once) {
      const Index count = std::min(at_once, n_features - first);
      spool_->read(first, count, values);
      for (Index f = 0; f < count; ++f) {
        text.clear();
        append_name(text, features_[static_cast<std::size_t>(first + f)], separator_);
        auto line = std::span<const float>(values).subspan(static_cast<std::size_t>(f) * n_cells_,
                                                           n_cells_);
        for (; !line.empty(); line = line.subspan(std::min(part, line.size()))) {
          append_fields(text, line.first(std::min(part, line.size())), buffer);
          out_.append(text);
          text.clear();
        }
        text += '\n';
        out_.append(text);
      }
    }
  }

  TextOutput out_;
  char separator_;
  int digits_;
  bool features_as_lines_;
  std::vector<std::string> features_;
  std::string cells_line_;          // features as lines: the first line, without its end
  std::optional<CellSpool> spool_;  // features as lines
  std::size_t n_cells_ = 0;
};

}  // namespace

std::unique_ptr<MatrixSink> make_text_sink(const std::string& path, OutputFormat format,
                                           const SinkOptions& options) {
  const bool gzip = format == OutputFormat::csv_gz || format == OutputFormat::tsv_gz;
  const bool csv = format == OutputFormat::csv || format == OutputFormat::csv_gz;
  return std::make_unique<TextSink>(path, gzip, csv ? ',' : '\t', options);
}

}  // namespace sicmir
