// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>

#include "analysis/explain_text.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "cli/commands.hpp"
#include "cli/difference_options.hpp"
#include "parallel/threads.hpp"

namespace sicmir::cli {
namespace {

struct ExplainCommand {
  CommonOptions common;
  ExplainOptions options;
  ProfilesOrMatrix cells;
  std::string mirna;
  std::string output = "-";
  std::string chart;
  TableFormat format = TableFormat::automatic;
  Index top = 20;
  bool all = false;
};

void check(const ExplainCommand& command, const ChosenInput& chosen) {
  if (command.all == !command.mirna.empty()) {
    throw Error(ExitCode::usage,
                "specify one miRNA with --mirna, or --all for a matrix of genes and miRNAs.");
  }
  if (command.all && !command.chart.empty()) {
    throw Error(ExitCode::usage, "--svg draws the genes of one miRNA; specify it with --mirna.");
  }
  check_outputs(std::array{NamedOutput{"-o", command.output}, NamedOutput{"--svg", command.chart}},
                chosen.files);
  for (const std::string& path : {command.output, command.chart}) {
    if (!path.empty() && path != "-") (void)OutputFile(path);  // found before the work
  }
}

void say_how(bool is_exact, bool is_complete, double gap) {
  if (!is_complete) {
    log_warning(
        "the path was halved as often as allowed, but attributions still miss the difference by up "
        "to {:.2g} z",
        gap);
  }
  log_info("{}; largest gap between the sum of attributions and the difference: {:.2g} z",
           is_exact ? "path split at all breakpoints (exact)" : "path halved until complete", gap);
}

void say_fixed(const ExplanationContext& context) {
  for (const std::string& words : held_fixed(context)) log_info("held fixed: {}", words);
  log_info("this is a reading of the model, not biology");
}

void explain_one(const ExplainCommand& command, const ExplanationContext& context,
                 const PathAttributor& attributor, Index position) {
  const Explanation found =
      explain(context.profiles, context.inputs, attributor, position, context.options);
  log_info("{} in '{}' against {}: {:+.3f} z, mean of {} sample{}",
           context.profiles.mirnas[static_cast<std::size_t>(position)].name, context.options.group,
           against_words(context.options), found.difference, found.samples.size(),
           found.samples.size() == 1 ? "" : "s");
  say_how(found.is_exact, found.is_complete, found.gap);
  log_info("the ten strongest genes hold {:.0f} % of all attributions (absolute)",
           100 * found.strongest_10);
  if (found.samples.size() > 1) {
    log_info("rank correlation of a sample's attributions with the others': {:.2f} on average",
             found.agreement);
  }
  say_fixed(context);
  write_text(command.output, wants_json(command.format, command.output)
                                 ? explanation_json(found, context)
                                 : explanation_tsv(found, context));
  if (!command.chart.empty()) {
    write_text(command.chart, explanation_svg(found, context, command.top));
  }
}

void explain_every(const ExplainCommand& command, const ExplanationContext& context,
                   const PathAttributor& attributor) {
  const ExplanationMatrix found =
      explain_all(context.profiles, context.inputs, attributor, context.options);
  log_info("{} miRNAs in '{}' against {}, mean of {} sample{}", found.attributions.cols(),
           context.options.group, against_words(context.options), found.samples.size(),
           found.samples.size() == 1 ? "" : "s");
  say_how(found.is_exact, found.is_complete, found.gap);
  say_fixed(context);
  write_text(command.output, wants_json(command.format, command.output)
                                 ? explanations_json(found, context)
                                 : explanations_tsv(found, context));
}

void run(ExplainCommand& command) {
  const ChosenInput chosen = choose_input(command.cells);
  check(command, chosen);
  command.options.threads = thread_count(command.common.threads);
  TakenProfiles taken = take_profiles(command.cells, chosen, command.common);
  const Profiles& profiles = taken.profiles;
  const std::string& name = command.cells.name();
  std::optional<Index> position;
  if (!command.all) {
    position = mirna_positions({command.mirna}, profiles.mirnas, name, "--mirna").front();
  }
  if (!chosen.is_matrix) {
    taken.model =
        std::make_unique<PreparedModel>(read_model(find_model(command.cells.input.model)));
    taken.index = std::make_unique<GeneIndex>(taken.model->card().panel);
  }
  const PreparedModel& model = *taken.model;
  const RebuiltInputs inputs =
      rebuild_inputs(profiles, model, *taken.index, name, command.options.threads);
  std::vector<double> weights;
  for (const Member& member : model.card().members) weights.push_back(member.weight);
  const PathAttributor attributor(model.network(), weights);
  const ExplanationContext context{profiles, inputs, model.card(), command.options};
  with_name(command.cells, [&] {
    if (position) {
      explain_one(command, context, attributor, *position);
    } else {
      explain_every(command, context, attributor);
    }
  });
}

}  // namespace

void bind_explain(Command& sub) {
  const auto owned = std::make_shared<ExplainCommand>();
  ExplainCommand& command = *owned;
  bind_profiles_or_matrix(sub, command.cells, ".h5mu", "--model");
  sub.option("--model").also("Profiles need the model that made them.");
  sub.add_option("-g,--group", command.options.group, "Group whose predictions are explained")
      .value_name("GROUP")
      .required()
      .main();
  sub.add_option("--against", command.options.against,
                 "Group that it is compared with [default: the mean of the sample's other groups]")
      .value_name("GROUP")
      .main();
  Option& mirna = sub.add_option("--mirna", command.mirna,
                                 "miRNA whose prediction is explained: name or accession")
                      .value_name("MIRNA")
                      .main();
  sub.add_flag("--all", command.all, "All miRNAs: write a matrix of genes and miRNAs")
      .excludes(mirna)
      .main();
  sub.add_option("-o,--output", command.output, "Table of genes [default: standard output]")
      .value_name("FILE")
      .main();
  sub.add_option("--svg", command.chart, "Bar chart of the strongest genes")
      .value_name("FILE")
      .main();
  sub.add_option("--top", command.top, "Genes in the bar chart [default: 20]")
      .value_name("N")
      .range(Index{1}, Index{200})
      .group("Writing");
  bind_format(sub, command.format);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Divides the difference between two predictions among the genes of the model, by integrated "
      "gradients between their inputs. The genes are those that the model goes by: a reading of "
      "the model, not biology.");
  sub.add_example(
      "sicmir explain profiles.h5mu --mirna hsa-miR-150-5p --group B --svg why.svg -o why.tsv",
      "Which genes raise miR-150-5p in B cells");
}

}  // namespace sicmir::cli
