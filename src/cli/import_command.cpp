#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <memory>

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
  spdlog::info("{}: {}", command.input, report.what);
  for (const std::string& note : report.notes) spdlog::warn("{}", note);
  write_model(model, command.output);
  const Index n_genes = model.panel.size();
  if (report.n_reference_genes > 0) {
    spdlog::info(
        "mean and sd of the published training set are known for {} of {} genes; --scale reference "
        "takes the others as average",
        report.n_reference_genes, n_genes);
  } else {
    spdlog::warn("no mean and sd is known of any gene: --scale reference is not possible");
  }
  spdlog::info("model {} of {} genes and {} miRNAs written to {}", model.name, n_genes,
               model.mirnas.size(), command.output);
}

}  // namespace

void add_import(CLI::App& app) {
  CLI::App& sub = *app.add_subcommand(
      "import", "Make a model of a network that PyTorch saved (whole module or state_dict)");
  const auto owned = std::make_shared<ImportCommand>();
  sub.add_option("CHECKPOINT", owned->input,
                 "What torch.save() wrote; read as data, nothing in it is run")
      ->required();
  sub.add_option("--genes", owned->options.genes,
                 "The network's inputs, in order, one a line [default: the 977 published]")
      ->type_name("FILE");
  sub.add_option("--mirnas", owned->options.mirnas,
                 "The network's outputs, in order, one a line [default: the 1298 published]")
      ->type_name("FILE");
  sub.add_option("--order", owned->order,
                 "Where batch norms stand, for a state_dict: bn-relu or relu-bn, or one word per "
                 "hidden layer (the authors' script: bn-relu,relu-bn)")
      ->type_name("ORDER");
  sub.add_option("--name", owned->options.name, "Name of the model [default: the file's]");
  sub.add_option("-o,--output", owned->output, "Model file (HDF5)")->required()->group("Writing");
  bind_common(sub, owned->common, false);
  on_run(sub, owned->common, [owned] { run(*owned); });
}

}  // namespace sicmir::cli
