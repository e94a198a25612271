// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_table.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "cli/commands.hpp"

namespace sicmir::cli {
namespace {

constexpr std::string_view predicting = "Predict";
constexpr std::string_view parts = "Data sets in parts";
constexpr std::string_view atlases = "Atlas of many data sets";
constexpr std::string_view models = "Models";
constexpr std::string_view other = "Help";

constexpr std::array table = {
    CommandEntry{"predict", predicting, "Predict miRNAs from an expression matrix", bind_predict,
                 true},
    CommandEntry{"inspect", predicting,
                 "Show what a matrix, model, moments file or predictions file contains, and what "
                 "predict would do with it",
                 bind_inspect, true},
    CommandEntry{"pool", predicting,
                 "Pool groups of cells and write the pools: pseudo-bulk or random draws", bind_pool,
                 true},
    CommandEntry{"profile", predicting,
                 "Sum and predict each group of cells of each sample: the unit of comparisons",
                 bind_profile, true},
    CommandEntry{"markers", predicting,
                 "Find the miRNAs that tell each group from the others of the same samples",
                 bind_markers, true},
    CommandEntry{"compare", predicting,
                 "Compare conditions, such as tumour and normal, within each group", bind_compare,
                 true},
    CommandEntry{"network", predicting,
                 "Correlate predicted miRNAs with their measured targets, and find hubs",
                 bind_network, true},
    CommandEntry{
        "crosstalk", predicting,
        "Find miRNAs high in one group whose targets are low in another of the same samples",
        bind_crosstalk, true},
    CommandEntry{"explain", predicting,
                 "Show which genes make the model predict more or less of a miRNA in a group",
                 bind_explain, true},
    CommandEntry{"report", predicting,
                 "Write one page on a data set: map, markers, accuracy, methods", bind_report,
                 true},
    CommandEntry{"evaluate", predicting,
                 "Compare predicted with measured miRNA expression, per miRNA and per sample",
                 bind_evaluate, true},
    CommandEntry{"stats", parts,
                 "Measure the moments of a data set, for `predict --moments` on parts of it",
                 bind_stats, true},
    CommandEntry{"merge", parts, "Merge the predictions of shards into one .h5ad file", bind_merge,
                 true},
    CommandEntry{"merge-stats", parts,
                 "Merge the moments of shards; the result is bit-identical to one run",
                 bind_merge_stats, true},
    CommandEntry{"merge-summaries", parts, "Join the summaries of the parts of a list of inputs",
                 bind_merge_summaries, false},
    CommandEntry{"atlas", atlases, "Many data sets: to be asked from the shell, and browsed",
                 bind_atlas, false},
    CommandEntry{"atlas-add", atlases, "Add a data set to an atlas", bind_atlas_add, true},
    CommandEntry{"atlas-index", atlases, "Make the catalogue of an atlas", bind_atlas_index, true},
    CommandEntry{"atlas-query", atlases, "Ask an atlas", bind_atlas_query, true},
    CommandEntry{"atlas-serve", atlases,
                 "Show the web site of an atlas in a browser on this machine", bind_atlas_serve,
                 false},
    CommandEntry{"atlas-export", atlases, "Write a smaller copy of the web site of an atlas",
                 bind_atlas_export, true},
    CommandEntry{"atlas-info", atlases, "List the data sets of an atlas", bind_atlas_info, true},
    CommandEntry{"atlas-remove", atlases, "Remove data sets from an atlas", bind_atlas_remove,
                 true},
    CommandEntry{"atlas-check", atlases, "Find damage in an atlas", bind_atlas_check, true},
    CommandEntry{"train", models, "Fit a model to paired mRNA and miRNA samples", bind_train, true},
    CommandEntry{"assemble", models,
                 "Make tables for train from a download from the Genomic Data Commons",
                 bind_assemble, true},
    CommandEntry{"import", models,
                 "Convert a network saved by PyTorch (whole module or state_dict) to a model",
                 bind_import, true},
    CommandEntry{"export", models, "Write a model for NumPy (.npz) or ONNX (.onnx)", bind_export,
                 true},
    CommandEntry{"help", other, "Show what a command does and its options", bind_help, false}};

}  // namespace

std::span<const CommandEntry> command_table() {
  return table;
}

const CommandEntry* find_command(std::string_view name) {
  const auto* const found = std::find_if(
      table.begin(), table.end(), [&](const CommandEntry& entry) { return entry.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::unique_ptr<Command> make_command(const CommandEntry& entry) {
  auto command = std::make_unique<Command>(std::string(entry.name), std::string(entry.summary));
  entry.bind(*command);
  return command;
}

}  // namespace sicmir::cli
