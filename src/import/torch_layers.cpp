// SPDX-License-Identifier: BSD-3-Clause
#include "import/torch_layers.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

namespace sicmir {
namespace {

using pickle::Kind;
using pickle::no_node;
using pickle::NodeId;

constexpr double default_eps = 1e-5;  // of torch.nn.BatchNorm1d

/// A linear layer or a batch norm, whose place among the ReLUs may not be known yet.
struct Part {
  std::string name;
  Layer layer;
};

Linear make_linear(const TorchFile& file, const std::string& name, Tensor weight,
                   std::optional<Tensor> bias) {
  if (weight.shape.size() != 2 || weight.shape[0] == 0 || weight.shape[1] == 0) {
    file.fail(fmt::format("{}.weight has {} dimensions or is empty; a matrix was expected.", name,
                          weight.shape.size()));
  }
  using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Linear linear;
  linear.weight =
      Eigen::Map<const RowMajor>(weight.values.data(), weight.shape[0], weight.shape[1]);
  if (bias) {
    if (bias->shape != std::vector<Index>{weight.shape[0]}) {
      file.fail(fmt::format("{}.bias does not fit {}.weight.", name, name));
    }
    linear.bias = Eigen::Map<const Eigen::VectorXf>(bias->values.data(), weight.shape[0]);
  }
  return linear;
}

BatchNorm make_norm(const TorchFile& file, const std::string& name,
                    const std::optional<Tensor>& weight, const std::optional<Tensor>& bias,
                    const std::optional<Tensor>& mean, const std::optional<Tensor>& variance,
                    double eps) {
  if (!mean || !variance) {
    file.fail(
        fmt::format("batch norm {} has no running mean and variance "
                    "(track_running_stats=False): its result depends on the other samples "
                    "of a batch, so it cannot be imported.",
                    name));
  }
  const auto width = static_cast<Index>(mean->values.size());
  const auto vector = [&](const std::optional<Tensor>& tensor, float otherwise) {
    if (!tensor) return Eigen::VectorXf(Eigen::VectorXf::Constant(width, otherwise));
    if (tensor->shape != std::vector<Index>{width}) {
      file.fail(fmt::format("batch norm {} has vectors of different lengths.", name));
    }
    return Eigen::VectorXf(Eigen::Map<const Eigen::VectorXf>(tensor->values.data(), width));
  };
  BatchNorm norm{vector(weight, 1.0F), vector(bias, 0.0F), vector(mean, 0.0F),
                 vector(variance, 1.0F), eps};
  if (!(norm.variance.minCoeff() >= 0.0F) || !(eps >= 0.0) ||
      !(norm.variance.cast<double>().minCoeff() + eps > 0.0)) {
    file.fail(fmt::format("batch norm {} has a variance below 0, or 0 with an eps of 0.", name));
  }
  return norm;
}

/// A stack of the parts, in the orders that were specified.
std::vector<Layer> arrange(const TorchFile& file, std::vector<Part> parts,
                           const std::vector<LayerOrder>& orders, std::vector<std::string>& notes) {
  std::size_t n_linear = 0;
  std::size_t n_hidden_norms = 0;
  for (const Part& part : parts) {
    if (std::holds_alternative<Linear>(part.layer)) {
      ++n_linear;
    } else if (n_linear > 0) {
      ++n_hidden_norms;
    }
  }
  if (n_linear == 0) file.fail("contains no linear layer.");
  const std::size_t n_hidden = n_linear - 1;
  if (n_hidden_norms > 0 && orders.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("{}: does not say in which order its layers run.", file.path()),
                {Remedy::specify_layer_order});
  }
  if (orders.size() > 1 && orders.size() != n_hidden) {
    throw Error(ExitCode::usage,
                fmt::format("an order was specified for {} hidden layers; {} has {}.",
                            orders.size(), file.path(), n_hidden));
  }
  const auto number_of = [](const std::string& name) {
    const std::size_t dot = name.rfind('.');
    const std::string_view last =
        std::string_view(name).substr(dot == std::string::npos ? 0 : dot + 1);
    int number = -1;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
    return error == std::errc() && end == last.data() + last.size() ? number : -1;
  };
  std::vector<Layer> layers;
  std::size_t hidden = 0;  // linear layers so far
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Part& part = parts[i];
    if (std::holds_alternative<BatchNorm>(part.layer)) {  // before the first linear layer
      if (hidden > 0) file.fail(fmt::format("batch norm {} follows no hidden layer.", part.name));
      layers.push_back(std::move(part.layer));
      continue;
    }
    layers.push_back(std::move(part.layer));
    if (++hidden == n_linear) continue;
    const bool has_norm =
        i + 1 < parts.size() && std::holds_alternative<BatchNorm>(parts[i + 1].layer);
    if (!has_norm) {
      layers.emplace_back(Relu{});
      continue;
    }
    Part& norm = parts[++i];
    const LayerOrder order = orders.size() == 1 ? orders.front() : orders[hidden - 1];
    const int between = number_of(norm.name) - number_of(part.name);
    if (number_of(norm.name) >= 0 && number_of(part.name) >= 0 &&
        (between == 1) != (order == LayerOrder::bn_relu)) {
      notes.push_back(
          fmt::format("the names {} and {} suggest the order {} for hidden layer {}, but another "
                      "was specified",
                      part.name, norm.name, between == 1 ? "bn-relu" : "relu-bn", hidden));
    }
    if (order == LayerOrder::bn_relu) {
      layers.push_back(std::move(norm.layer));
      layers.emplace_back(Relu{});
    } else {
      layers.emplace_back(Relu{});
      layers.push_back(std::move(norm.layer));
    }
  }
  return layers;
}

/// A module that was pickled as a whole.
class ModuleReader {
 public:
  ModuleReader(TorchFile& file, const std::vector<LayerOrder>& orders)
      : file_(file), graph_(file.graph()), orders_(orders) {}

  std::vector<Layer> read(NodeId root, std::vector<std::string>& notes) {
    collect(root, "network", 0);
    if (!order_known_) {
      notes.emplace_back("layers are assumed to run in the order in which the module lists them");
      std::vector<Part> parts;
      for (Part& part : parts_) {
        if (std::holds_alternative<Linear>(part.layer) ||
            std::holds_alternative<BatchNorm>(part.layer)) {
          parts.push_back(std::move(part));
        }
      }
      return arrange(file_, std::move(parts), orders_, notes);
    }
    if (!orders_.empty()) {
      notes.emplace_back("the module holds its own order; the specified one is ignored");
    }
    std::vector<Layer> layers;
    for (Part& part : parts_) layers.push_back(std::move(part.layer));
    return layers;
  }

 private:
  /// Modules that are shared between modules multiply.
  static constexpr std::size_t most_visits = 10'000;
  static constexpr int most_depth = 64;

  NodeId attribute(NodeId module, std::string_view name) const {
    return graph_.find(graph_[module].state, name);
  }
  NodeId inside(NodeId module, std::string_view where, std::string_view name) const {
    return graph_.find(attribute(module, where), name);
  }
  std::optional<Tensor> tensor(NodeId module, std::string_view where, std::string_view part,
                               const std::string& name) {
    NodeId id = inside(module, where, part);
    if (id == no_node) id = inside(module, "_parameters", part);
    if (id == no_node || graph_.is(id, Kind::none)) return std::nullopt;
    return file_.tensor(id, fmt::format("{}.{}", name, part));
  }
  double real(NodeId module, std::string_view attribute_name, double otherwise) const {
    const NodeId id = attribute(module, attribute_name);
    if (graph_.is(id, Kind::real)) return graph_[id].real;
    if (graph_.is(id, Kind::integer)) return static_cast<double>(graph_[id].integer);
    return otherwise;
  }

  void collect(NodeId module, const std::string& name, int depth) {
    if (++visits_ > most_visits || depth > most_depth) {
      file_.fail("its modules contain each other, or are too many.");
    }
    if (!graph_.is(module, Kind::object) || !graph_.is(graph_[module].state, Kind::dict)) {
      file_.fail(fmt::format("{} is not a PyTorch module.", name));
    }
    const std::string type = graph_.name_of(module);
    if (type == "torch.nn.modules.linear.Linear") {
      std::optional<Tensor> weight = tensor(module, "_parameters", "weight", name);
      if (!weight) file_.fail(fmt::format("linear layer {} has no weight.", name));
      parts_.push_back({name, make_linear(file_, name, std::move(*weight),
                                          tensor(module, "_parameters", "bias", name))});
    } else if (type == "torch.nn.modules.batchnorm.BatchNorm1d" ||
               type == "torch.nn.modules.batchnorm.SyncBatchNorm") {
      parts_.push_back({name, make_norm(file_, name, tensor(module, "_parameters", "weight", name),
                                        tensor(module, "_parameters", "bias", name),
                                        tensor(module, "_buffers", "running_mean", name),
                                        tensor(module, "_buffers", "running_var", name),
                                        real(module, "eps", default_eps))});
    } else if (type == "torch.nn.modules.activation.ReLU") {
      parts_.push_back({name, Relu{}});
    } else if (type == "torch.nn.modules.dropout.Dropout") {
      const double rate = real(module, "p", 0.5);
      // PyTorch also accepts 1, which would leave nothing to train.
      if (!(rate >= 0.0 && rate < 1.0)) file_.fail(fmt::format("{} has a rate of {}.", name, rate));
      parts_.push_back({name, Dropout{rate}});
    } else if (type == "torch.nn.modules.linear.Identity") {
      return;
    } else if (type.starts_with("torch.nn.modules.") &&
               type != "torch.nn.modules.container.Sequential") {
      file_.fail(fmt::format(
          "{} is a {}, which is not supported; Linear, BatchNorm1d, ReLU, Dropout, Identity and "
          "Sequential are.",
          name, type));
    } else {
      collect_children(module, type, name, depth);
    }
  }

  void collect_children(NodeId module, const std::string& type, const std::string& name,
                        int depth) {
    const NodeId modules = attribute(module, "_modules");
    if (!graph_.is(modules, Kind::dict)) {
      file_.fail(fmt::format("{} ({}) is not a PyTorch module.", name, type));
    }
    const NodeId own = attribute(module, "_parameters");
    if (graph_.is(own, Kind::dict)) {
      for (std::size_t i = 1; i < graph_[own].items.size(); i += 2) {
        if (graph_.is(graph_[own].items[i], Kind::none)) continue;
        file_.fail(
            fmt::format("{} ({}) has weights of its own; how it uses them is code, "
                        "which is not run.",
                        name, type));
      }
    }
    std::vector<std::pair<std::string, NodeId>> children;
    const std::vector<NodeId>& items = graph_[modules].items;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (graph_.is(items[i + 1], Kind::none)) continue;
      const std::string key(graph_.is(items[i], Kind::text) ? graph_[items[i]].text : "?");
      children.emplace_back(fmt::format("{}.{}", name, key), items[i + 1]);
    }
    // How forward() of an unknown class uses several children is code.
    if (type != "torch.nn.modules.container.Sequential" && children.size() > 1) {
      order_known_ = false;
    }
    for (const auto& [child_name, child] : children) collect(child, child_name, depth + 1);
  }

  TorchFile& file_;
  const pickle::Graph& graph_;
  const std::vector<LayerOrder>& orders_;
  std::vector<Part> parts_;
  bool order_known_ = true;
  std::size_t visits_ = 0;
};

/// A dict of tensors by name: "model.0.weight"...
class StateReader {
 public:
  StateReader(TorchFile& file, NodeId dict) : file_(file), graph_(file.graph()) { group(dict); }

  std::vector<Part> parts() {
    std::vector<Part> parts;
    for (const Group& group : groups_) {
      const auto tensor = [&](NodeId id, std::string_view part) -> std::optional<Tensor> {
        if (id == no_node) return std::nullopt;
        return file_.tensor(id, fmt::format("{}.{}", group.name, part));
      };
      const bool is_linear = group.mean == no_node && group.variance == no_node &&
                             group.weight != no_node &&
                             file_.shape(group.weight, group.name + ".weight").size() == 2;
      if (is_linear) {
        parts.push_back({group.name, make_linear(file_, group.name, *tensor(group.weight, "weight"),
                                                 tensor(group.bias, "bias"))});
      } else {
        parts.push_back(
            {group.name, make_norm(file_, group.name, tensor(group.weight, "weight"),
                                   tensor(group.bias, "bias"), tensor(group.mean, "running_mean"),
                                   tensor(group.variance, "running_var"), default_eps)});
      }
    }
    return parts;
  }

 private:
  struct Group {
    std::string name;
    NodeId weight = no_node, bias = no_node, mean = no_node, variance = no_node;
  };

  void group(NodeId dict) {
    const std::vector<NodeId>& items = graph_[dict].items;
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (!graph_.is(items[i], Kind::text)) {
        file_.fail("the state_dict has a key that is not text.");
      }
      const std::string_view key = graph_[items[i]].text;
      if (!seen.insert(key).second) file_.fail(fmt::format("holds '{}' twice.", key));
      const std::size_t dot = key.rfind('.');
      const bool nested = dot != std::string_view::npos;
      const std::string_view part = nested ? key.substr(dot + 1) : key;
      const std::string name(nested ? key.substr(0, dot) : "network");
      if (part == "num_batches_tracked") continue;
      auto at = std::find_if(groups_.begin(), groups_.end(),
                             [&](const Group& one) { return one.name == name; });
      if (at == groups_.end()) {
        if (groups_.size() >= 1000) file_.fail("has more than 1000 layers.");
        at = groups_.insert(groups_.end(), Group{name});
      }
      NodeId* place = part == "weight"         ? &at->weight
                      : part == "bias"         ? &at->bias
                      : part == "running_mean" ? &at->mean
                      : part == "running_var"  ? &at->variance
                                               : nullptr;
      if (place == nullptr) {
        file_.fail(
            fmt::format("'{}' belongs to neither a linear layer nor a batch norm; only these are "
                        "supported.",
                        key));
      }
      *place = items[i + 1];
    }
  }

  TorchFile& file_;
  const pickle::Graph& graph_;
  std::vector<Group> groups_;
};

bool is_state_dict(const TorchFile& file, NodeId id) {
  const pickle::Graph& graph = file.graph();
  if (!graph.is(id, Kind::dict) || graph[id].items.size() < 2) return false;
  return std::any_of(graph[id].items.begin(), graph[id].items.end(),
                     [&](NodeId item) { return file.is_tensor(item); });
}

}  // namespace

TorchLayers read_layers(TorchFile& file, const std::vector<LayerOrder>& orders) {
  const pickle::Graph& graph = file.graph();
  NodeId root = graph.root();
  // Training programs save more than the network, under one of a few names.
  if (!is_state_dict(file, root)) {
    for (const std::string_view key :
         {"state_dict", "model_state_dict", "model", "net", "network", "module"}) {
      const NodeId inner = graph.find(root, key);
      if (is_state_dict(file, inner) || graph.is(inner, Kind::object)) {
        root = inner;
        break;
      }
    }
  }
  TorchLayers found;
  if (is_state_dict(file, root)) {
    found.what = "state_dict";
    std::vector<Part> parts = StateReader(file, root).parts();
    const bool has_norm = std::any_of(parts.begin(), parts.end(), [](const Part& part) {
      return std::holds_alternative<BatchNorm>(part.layer);
    });
    found.layers = arrange(file, std::move(parts), orders, found.notes);
    if (has_norm) {
      found.notes.push_back(fmt::format(
          "a state_dict does not contain the eps of its batch norms; PyTorch's {} is assumed",
          default_eps));
    }
    found.notes.emplace_back("a ReLU is assumed after every hidden layer");
  } else if (graph.is(root, Kind::object)) {
    found.what = fmt::format("module {}", graph.name_of(root));
    found.layers = ModuleReader(file, orders).read(root, found.notes);
  } else {
    file.fail("contains neither a module nor a state_dict.");
  }
  return found;
}

}  // namespace sicmir
