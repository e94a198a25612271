// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <memory>

#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "sicmir/import.hpp"

namespace sicmir::cli {
namespace {

struct ImportCommand {
  CommonOptions common;
  ImportOptions options;
  std::string input;
  std::string order;
  std::string output;
};

std::vector<LayerOrder> orders_of(const std::string& text) {
  std::vector<LayerOrder> orders;
  if (text.empty()) return orders;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (word == "bn-relu") {
      orders.push_back(LayerOrder::bn_relu);
    } else if (word == "relu-bn") {
      orders.push_back(LayerOrder::relu_bn);
    } else {
      throw Error(ExitCode::usage,
                  fmt::format("--order {}: '{}' is neither bn-relu nor relu-bn.", text, word));
    }
    start = end + 1;
  }
  return orders;
}

void run(ImportCommand& command) {
  command.options.orders = orders_of(command.order);
  if (same_file(command.input, command.output)) {
    throw Error(ExitCode::usage, command.output + ": is the input; name another output.");
  }
  (void)OutputFile(command.output);  // a place that cannot be written is found before the work
  ImportReport report;
  Model model = import_checkpoint(command.input, command.options, report);
  log_info("{}: {}", command.input, report.what);
  for (const std::string& note : report.notes) log_warning("{}", note);
  write_model(model, command.output);
  const Index n_genes = model.panel.size();
  if (report.n_reference_genes > 0) {
    log_info(
        "mean and sd of the published training set are known for {} of {} genes; --scale reference "
        "treats the others as average",
        report.n_reference_genes, n_genes);
  } else {
    log_warning("no mean and sd are known for any gene: --scale reference is not possible");
  }
  log_info("model {} of {} genes and {} miRNAs written to {}", model.name, n_genes,
           model.mirnas.size(), command.output);
}

}  // namespace

void bind_import(Command& sub) {
  const auto owned = std::make_shared<ImportCommand>();
  sub.add_option("CHECKPOINT", owned->input,
                 "File written by torch.save(); read as data, nothing in it is executed")
      .required();
  sub.add_option("--genes", owned->options.genes,
                 "Inputs of the network, in order, one per line [default: the 977 published]")
      .value_name("FILE")
      .main();
  sub.add_option("--mirnas", owned->options.mirnas,
                 "Outputs of the network, in order, one per line [default: the 1298 published]")
      .value_name("FILE")
      .main();
  sub.add_option(
         "--order", owned->order,
         "Position of the batch norms, for a state_dict: bn-relu or relu-bn, or one word per "
         "hidden layer (the authors' script: bn-relu,relu-bn)")
      .value_name("ORDER")
      .main();
  sub.add_option("--name", owned->options.name, "Name of the model [default: the file's]");
  sub.add_option("-o,--output", owned->output, "Model file (HDF5)").required().main();
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
  sub.describe("Reads a checkpoint as data; nothing in it is executed.");
  sub.add_example("sicmir import network.pt -o model.h5", "Convert a module saved by torch.save()");
}

}  // namespace sicmir::cli
