// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <array>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/joined.hpp"
#include "export/formats.hpp"
#include "sicmir/network.hpp"
#include "sicmir/version.hpp"

namespace sicmir {
namespace {

/// A protobuf message being written (protobuf.dev, "Encoding"): a dozen fields are needed,
/// too few to justify a library and its generated code.
class Message {
 public:
  Message& number(std::uint32_t field, std::int64_t value) {
    varint(field << 3);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  Message& real(std::uint32_t field, float value) {
    varint(field << 3 | 5);
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift & 0xffU);
    return *this;
  }
  Message& text(std::uint32_t field, std::string_view value) {
    varint(field << 3 | 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(std::uint32_t field, const Message& value) { return text(field, value.bytes_); }
  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7fU) | 0x80U);
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

// Numbers of fields and enums: onnx.proto.
constexpr std::int64_t ir_version = 7;
constexpr std::int64_t opset = 13;
constexpr std::int64_t float_type = 1;

Message real_attribute(std::string_view name, float value) {
  return Message().text(1, name).real(2, value).number(20, 1);
}
Message whole_attribute(std::string_view name, std::int64_t value) {
  return Message().text(1, name).number(3, value).number(20, 2);
}

Message tensor(std::string_view name, std::span<const Index> shape, std::span<const float> values) {
  Message message;
  for (const Index extent : shape) message.number(1, extent);
  return message.number(2, float_type)
      .text(8, name)
      .text(9, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

/// A tensor of one number.
Message single(std::string_view name, float value) {
  const Index one = 1;
  return tensor(name, {&one, 1}, {&value, 1});
}

/// "cells" x `width`.
Message value_info(std::string_view name, Index width) {
  const Message shape =
      Message().message(1, Message().text(2, "cells")).message(1, Message().number(1, width));
  const Message type = Message().number(1, float_type).message(2, shape);
  return Message().text(1, name).message(2, Message().message(1, type));
}

void add_node(Message& graph, std::string_view kind, std::initializer_list<std::string> inputs,
              const std::string& output, std::initializer_list<Message> attributes = {}) {
  Message node;
  for (const std::string& input : inputs) node.text(1, input);
  node.text(2, output).text(3, output + "_node").text(4, kind);
  for (const Message& attribute : attributes) node.message(5, attribute);
  graph.message(1, node);
}

/// Where the operators of an activation go: `name` prefixes the names of intermediate values.
struct Place {
  std::string name, input, output;
};

// One for each activation.
void add_operators(Message& graph, const Relu& /*layer*/, const Place& at) {
  add_node(graph, "Relu", {at.input}, at.output);
}
void add_operators(Message& graph, const Softmax& /*layer*/, const Place& at) {
  add_node(graph, "Softmax", {at.input}, at.output);  // over the last axis, the features
}
/// With m = min(|x|, limit): m (|x| - m / 2).
void add_operators(Message& graph, const Huber& layer, const Place& at) {
  const std::string& name = at.name;
  const auto limit = static_cast<float>(layer.limit);
  graph.message(5, single(name + "_limit", limit));
  graph.message(5, single(name + "_half", 0.5F));
  add_node(graph, "Abs", {at.input}, name + "_size");
  add_node(graph, "Min", {name + "_size", name + "_limit"}, name + "_near");
  add_node(graph, "Mul", {name + "_near", name + "_half"}, name + "_halved");
  add_node(graph, "Sub", {name + "_size", name + "_halved"}, name + "_rest");
  add_node(graph, "Mul", {name + "_near", name + "_rest"}, at.output);
}
void add_operators(Message& /*graph*/, std::monostate /*none*/, const Place& /*at*/) {}

void add_member(Message& graph, const Member& member, const std::string& prefix,
                const std::string& output) {
  const std::vector<Dense> stack = fold(member.layers);
  std::string input = "genes";
  for (std::size_t i = 0; i < stack.size(); ++i) {
    const Dense& dense = stack[i];
    const bool last = i + 1 == stack.size();
    const bool linear = std::holds_alternative<std::monostate>(dense.activation);
    const std::string name = fmt::format("{}dense{}", prefix, i);
    const std::string result = last ? output : name + "_out";
    const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> weight =
        dense.weight;
    const std::array shape = {weight.rows(), weight.cols()};
    const Index width = dense.bias.size();
    graph.message(5, tensor(name + "_weight", shape,
                            {weight.data(), static_cast<std::size_t>(weight.size())}));
    graph.message(5, tensor(name + "_bias", {&width, 1},
                            {dense.bias.data(), static_cast<std::size_t>(width)}));
    // The member's weight goes into its last product; a ReLU after it keeps positive factors.
    const bool shared = last && (linear || dense.has_relu());
    const float share = shared ? static_cast<float>(member.weight) : 1.0F;
    graph.message(1, Message()
                         .text(1, input)
                         .text(1, name + "_weight")
                         .text(1, name + "_bias")
                         .text(2, linear ? result : name + "_sum")
                         .text(3, name)
                         .text(4, "Gemm")
                         .message(5, real_attribute("alpha", share))
                         .message(5, real_attribute("beta", share))
                         .message(5, whole_attribute("transB", 1)));
    if (!linear) {
      const bool scale_after = last && !shared;
      const std::string activated = scale_after ? name + "_activated" : result;
      std::visit(
          [&](const auto& activation) {
            add_operators(graph, activation, {name, name + "_sum", activated});
          },
          dense.activation);
      if (scale_after) {
        graph.message(5, single(name + "_share", static_cast<float>(member.weight)));
        add_node(graph, "Mul", {activated, name + "_share"}, result);
      }
    }
    input = result;
  }
}

}  // namespace

std::string to_onnx(const Model& model) {
  Message graph;
  const bool ensemble = model.members.size() > 1;
  Message sum;
  for (std::size_t i = 0; i < model.members.size(); ++i) {
    const std::string output = ensemble ? fmt::format("member{}", i) : "mirnas";
    add_member(graph, model.members[i], ensemble ? fmt::format("member{}_", i) : "", output);
    sum.text(1, output);
  }
  if (ensemble) graph.message(1, sum.text(2, "mirnas").text(3, "sum").text(4, "Sum"));
  std::vector<std::string_view> genes, mirnas;
  for (const PanelGene& gene : model.panel.genes) genes.emplace_back(gene.symbol);
  for (const ModelMirna& mirna : model.mirnas) mirnas.emplace_back(mirna.name);
  graph.text(2, model.name)
      .message(11, value_info("genes", model.panel.size()))
      .message(12, value_info("mirnas", static_cast<Index>(model.mirnas.size())));
  if (graph.bytes().size() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(
        ExitCode::usage,
        fmt::format("model {} is too large for ONNX, whose files are limited to 2 GB. Export "
                    ".npz instead.",
                    model.name));
  }
  const auto entry = [](std::string_view key, std::string_view value) {
    return Message().text(1, key).text(2, value);
  };
  return Message()
      .number(1, ir_version)
      .text(2, "sicmir")
      .text(3, sicmir::version)
      .text(6, "Standardised genes (cells x genes) to z-scores of log2(RPM + 1) (cells x miRNAs).")
      .message(7, graph)
      .message(8, Message().text(1, "").number(2, opset))
      .message(14, entry("genes", joined(genes, "|")))
      .message(14, entry("mirnas", joined(mirnas, "|")))
      .message(14, entry("checksum", model.checksum))
      .bytes();
}

}  // namespace sicmir
