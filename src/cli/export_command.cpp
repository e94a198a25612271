// SPDX-License-Identifier: BSD-3-Clause
#include <memory>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "sicmir/export.hpp"

namespace sicmir::cli {
namespace {

struct ExportCommand {
  CommonOptions common;
  std::string model;
  std::string output;
};

void run(const ExportCommand& command) {
  if (same_file(command.model, command.output)) {
    throw Error(ExitCode::usage, command.output + ": is the input; name another output.");
  }
  const Model model = read_model(command.model);
  export_model(model, command.output);
  log_info("model {} of {} genes and {} miRNAs written to {}", model.name, model.panel.size(),
           model.mirnas.size(), command.output);
}

}  // namespace

void bind_export(Command& sub) {
  const auto owned = std::make_shared<ExportCommand>();
  sub.add_option("MODEL", owned->model, "Model file").required();
  sub.add_option("-o,--output", owned->output, "File to write: .npz or .onnx").required().main();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe("Writes the weights of a model for use outside sicmir.");
  sub.add_example("sicmir export model.h5 -o model.onnx", "Write a model as ONNX");
}

}  // namespace sicmir::cli
