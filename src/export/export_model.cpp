#include <spdlog/fmt/fmt.h>

#include "export/formats.hpp"
#include "output/output_file.hpp"
#include "sicmir/export.hpp"

namespace sicmir {
namespace {

/// Layers whose meaning the exported files state.
bool is_known(const Layer& layer) {
  return std::holds_alternative<Linear>(layer) || std::holds_alternative<BatchNorm>(layer) ||
         std::holds_alternative<Relu>(layer) || std::holds_alternative<Dropout>(layer);
}

}  // namespace

void export_model(const Model& model, const std::string& path) {
  const bool npz = path.ends_with(".npz");
  if (!npz && !path.ends_with(".onnx")) {
    throw Error(ExitCode::usage, fmt::format("{}: models are exported to .npz and .onnx.", path));
  }
  for (const Member& member : model.members) {
    for (const Layer& layer : member.layers) {
      if (is_known(layer)) continue;
      throw Error(ExitCode::bad_model,
                  fmt::format("model {} has a layer that is not exported; linear layers, batch "
                              "norms, ReLUs and dropouts are.",
                              model.name));
    }
  }
  OutputFile output(path);
  const std::string bytes = npz ? to_npz(model) : to_onnx(model);
  output.create();
  output.write(bytes);
  output.commit();
}

}  // namespace sicmir
