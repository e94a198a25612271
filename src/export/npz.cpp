// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/joined.hpp"
#include "export/formats.hpp"
#include "model/layers.hpp"
#include "model/model_parts.hpp"

namespace sicmir {
namespace {

/// Code points of UTF-8 text. Names in models are UTF-8; an invalid byte becomes one code point.
std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    std::uint32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    }
    points.push_back(code);
    i += length;
  }
  return points;
}

/// The archive, built in memory: its members, then the list of them.
class Archive {
 public:
  Archive() {
    zip_error_t error;
    zip_error_init(&error);
    source_.reset(zip_source_buffer_create(nullptr, 0, 0, &error));
    if (source_) {
      archive_ = zip_open_from_source(source_.get(), ZIP_TRUNCATE, &error);
      zip_source_keep(source_.get());  // the archive takes one reference, this object the other
    }
    zip_error_fini(&error);
    if (archive_ == nullptr) fail();
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive() {
    if (archive_ != nullptr) zip_discard(archive_);
  }

  /// `shape`: empty for a single value.
  void add(const std::string& name, std::string_view type, std::span<const std::size_t> shape,
           const void* data, std::size_t bytes) {
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                     type, joined(shape, ", "), shape.size() == 1 ? "," : "");
    constexpr std::size_t before = 10;  // magic, version and the header's length
    const std::size_t padded = (before + header.size() + 1 + 63) / 64 * 64;
    header.append(padded - before - header.size() - 1, ' ');
    header.push_back('\n');
    std::string& content = contents_.emplace_back();
    content.reserve(padded + bytes);
    content = "\x93NUMPY";
    content.push_back('\x01');
    content.push_back('\0');
    content.push_back(static_cast<char>(header.size() & 0xffU));
    content.push_back(static_cast<char>(header.size() >> 8));
    content += header;
    content.append(static_cast<const char*>(data), bytes);
    zip_source_t* member = zip_source_buffer(archive_, content.data(), content.size(), 0);
    const zip_int64_t index =
        member == nullptr ? -1 : zip_file_add(archive_, (name + ".npy").c_str(), member, 0);
    if (index < 0) {
      zip_source_free(member);
      fail();
    }
    const auto at = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t first_day = 0x21;  // 1 January 1980: the same bytes at any time
    if (zip_set_file_compression(archive_, at, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(archive_, at, 0, first_day, 0) != 0) {
      fail();
    }
  }

  void add(const std::string& name, std::span<const double> values) {
    const std::size_t shape = values.size();
    add(name, "<f8", {&shape, 1}, values.data(), values.size_bytes());
  }
  void add(const std::string& name, std::span<const float> values,
           std::span<const std::size_t> shape) {
    add(name, "<f4", shape, values.data(), values.size_bytes());
  }
  /// `single`: one text without a dimension.
  void add(const std::string& name, const std::vector<std::string>& texts, bool single = false) {
    std::vector<std::vector<std::uint32_t>> decoded;
    std::size_t width = 1;
    for (const std::string& text : texts) {
      decoded.push_back(code_points(text));
      width = std::max(width, decoded.back().size());
    }
    std::vector<std::uint32_t> cells(width * texts.size(), 0);
    for (std::size_t i = 0; i < decoded.size(); ++i) {
      std::copy(decoded[i].begin(), decoded[i].end(),
                cells.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
    const std::size_t shape = texts.size();
    add(name, fmt::format("<U{}", width), {&shape, single ? 0U : 1U}, cells.data(),
        cells.size() * sizeof(std::uint32_t));
  }

  std::string finish() {
    if (zip_close(archive_) != 0) fail();
    archive_ = nullptr;
    if (zip_source_open(source_.get()) != 0) fail();
    zip_source_seek(source_.get(), 0, SEEK_END);
    const zip_int64_t size = zip_source_tell(source_.get());
    zip_source_seek(source_.get(), 0, SEEK_SET);
    std::string bytes(static_cast<std::size_t>(std::max<zip_int64_t>(size, 0)), '\0');
    const zip_int64_t got = zip_source_read(source_.get(), bytes.data(), bytes.size());
    zip_source_close(source_.get());
    if (size <= 0 || got != size) fail();
    return bytes;
  }

 private:
  struct Free {
    void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
  };
  [[noreturn]] static void fail() {
    throw Error(ExitCode::internal, "libzip could not build the archive.");
  }

  std::unique_ptr<zip_source_t, Free> source_;
  zip_t* archive_ = nullptr;
  std::vector<std::string> contents_;  // moving one leaves its characters where they are
};

void add_layer(Archive& archive, const std::string& prefix, const Layer& layer) {
  if (layers::is_training_only(layer)) return;
  const auto name = [&](const auto& field) { return fmt::format("{}{}", prefix, field.name); };
  layers::visit_fields(
      layer,
      layers::Overloaded{[&](const layers::Number& field, const double& value) {
                           archive.add(name(field), std::span<const double>(&value, 1));
                         },
                         [&](const layers::Numbers& field, const Eigen::VectorXf& values) {
                           if (field.optional && values.size() == 0) return;
                           const auto shape = static_cast<std::size_t>(values.size());
                           archive.add(name(field), model_parts::as_span(values), {&shape, 1});
                         },
                         [&](const layers::Weights& field, const Matrix& weights) {
                           const model_parts::RowMajor by_output = weights;
                           const std::array shape = {static_cast<std::size_t>(weights.rows()),
                                                     static_cast<std::size_t>(weights.cols())};
                           archive.add(name(field), model_parts::as_span(by_output), shape);
                         }});
}

}  // namespace

std::string to_npz(const Model& model) {
  Archive archive;
  archive.add("name", {model.name}, true);
  archive.add("made_from", {model.made_from}, true);
  archive.add("checksum", {model.checksum}, true);
  std::vector<std::string> genes, ids, mirnas, accessions;
  for (const PanelGene& gene : model.panel.genes) {
    genes.push_back(gene.symbol);
    ids.push_back(gene.ensembl_id);
  }
  std::vector<double> means, sds;
  for (const ModelMirna& mirna : model.mirnas) {
    mirnas.push_back(mirna.name);
    accessions.push_back(mirna.accession);
    means.push_back(mirna.mean);
    sds.push_back(mirna.sd);
  }
  archive.add("genes", genes);
  archive.add("gene_ensembl_ids", ids);
  archive.add("gene_mean", model_parts::as_span(model.gene_mean));
  archive.add("gene_sd", model_parts::as_span(model.gene_sd));
  archive.add("mirnas", mirnas);
  archive.add("mirna_accessions", accessions);
  archive.add("mirna_mean", means);
  archive.add("mirna_sd", sds);
  std::vector<double> weights;
  for (const Member& member : model.members) weights.push_back(member.weight);
  archive.add("member_weights", weights);
  for (std::size_t m = 0; m < model.members.size(); ++m) {
    const std::vector<Layer>& stack = model.members[m].layers;
    std::vector<std::string> types;
    types.reserve(stack.size());
    for (const Layer& layer : stack) types.emplace_back(layers::name_of(layer));
    archive.add(fmt::format("layers_{:03}", m), types);
    for (std::size_t i = 0; i < stack.size(); ++i) {
      add_layer(archive, fmt::format("{:03}_{:03}_", m, i), stack[i]);
    }
  }
  return archive.finish();
}

}  // namespace sicmir
