// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include "base/output_file.hpp"
#include "export/formats.hpp"
#include "sicmir/export.hpp"

namespace sicmir {

void export_model(const Model& model, const std::string& path) {
  const bool npz = path.ends_with(".npz");
  if (!npz && !path.ends_with(".onnx")) {
    throw Error(
        ExitCode::usage,
        fmt::format("{}: unsupported file ending; models are exported to .npz and .onnx.", path));
  }
  OutputFile output(path);
  const std::string bytes = npz ? to_npz(model) : to_onnx(model);
  output.create();
  output.write(bytes);
  output.commit();
}

}  // namespace sicmir
