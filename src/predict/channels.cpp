// SPDX-License-Identifier: BSD-3-Clause
#include "predict/channels.hpp"

#include <algorithm>
#include <utility>

#include "predict/outputs.hpp"

namespace sicmir {

Channels::Channels(std::span<const Output> outputs, const std::vector<Index>& mirnas)
    : mirnas_(mirnas) {
  MatrixSink* of_mirnas = nullptr;
  for (const Output& output : outputs) {
    if (output.quantity == Quantity::mirnas) of_mirnas = output.sink;
    wanted_.uncertainty = wanted_.uncertainty || output.quantity == Quantity::uncertainty;
    wanted_.input = wanted_.input || output.quantity == Quantity::input;
  }
  const bool has_layer = std::any_of(outputs.begin(), outputs.end(), [&](const Output& output) {
    return output.quantity == Quantity::uncertainty && output.sink == of_mirnas;
  });
  for (const Output& output : outputs) {
    const bool is_mirnas = output.quantity == Quantity::mirnas;
    if (!is_mirnas && output.sink == of_mirnas) continue;
    channels_.push_back({output.quantity, output.sink, is_mirnas && has_layer});
  }
}

void Channels::begin(const Model& model, const PredictOptions& options, const RunReport& report,
                     const CellSource& source) {
  for (const Channel& channel : channels_) {
    OutputHeader header = channel.quantity == Quantity::input
                              ? gene_header(model, options, report, source)
                              : mirna_header(model, options, report, source);
    if (channel.has_layer) header.layer = "uncertainty";
    channel.sink->begin(header);
  }
}

void Channels::encode(const PredictedBlock& block, std::vector<EncodedBlock>& encoded) const {
  encoded.resize(channels_.size());
  Matrix copy;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const Channel& channel = channels_[i];
    encoded[i].cells = block.cells;
    encoded[i].input_cells = block.input_cells;
    const Matrix& values = block.of(channel.quantity);
    channel.sink->encode(channel.quantity == Quantity::input ? values : chosen_of(values, copy),
                         encoded[i]);
    if (channel.has_layer) {
      channel.sink->encode_layer(chosen_of(block.uncertainty, copy), encoded[i]);
    }
  }
}

Index Channels::write(std::vector<EncodedBlock>& encoded, Index first) {
  Index n_cells = 0;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    n_cells = static_cast<Index>(encoded[i].cells.size());
    encoded[i].first = first;
    channels_[i].sink->write(std::move(encoded[i]));
  }
  return n_cells;
}

void Channels::finish() {
  for (const Channel& channel : channels_) channel.sink->finish();
}

const Matrix& Channels::chosen_of(const Matrix& all, Matrix& copy) const {
  if (mirnas_.empty()) return all;
  copy.resize(static_cast<Index>(mirnas_.size()), all.cols());
  for (std::size_t i = 0; i < mirnas_.size(); ++i) {
    copy.row(static_cast<Index>(i)) = all.row(mirnas_[i]);
  }
  return copy;
}

}  // namespace sicmir
