// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "atlas/atlas_folder.hpp"
#include "atlas/query.hpp"
#include "base/joined.hpp"
#include "base/log.hpp"
#include "cli/commands.hpp"
#include "parallel/threads.hpp"
#include "text/text_output.hpp"

namespace sicmir::cli {
namespace {

using atlas::Answer;
using atlas::Catalogue;

struct QueryCommand {
  CommonOptions common;
  std::string folder;
  std::string mirna, markers, compare, with, target, biomarkers, reference, like;
  atlas::RankBy by = atlas::RankBy::type;
  atlas::TermKind of = atlas::TermKind::type;
  atlas::QueryFilter filter;
  Index top = 0;
  bool json = false;
  std::string output = "-";
};

/// Exactly one question is asked.
void check(const QueryCommand& command) {
  const std::array asked = {&command.mirna,  &command.markers,    &command.compare,
                            &command.target, &command.biomarkers, &command.like};
  const auto n = std::count_if(asked.begin(), asked.end(),
                               [](const std::string* text) { return !text->empty(); });
  if (n != 1) {
    throw Error(ExitCode::usage,
                "ask one question: --mirna, --markers, --compare, --target, --biomarkers or "
                "--like.");
  }
  if (command.compare.empty() != command.with.empty()) {
    throw Error(ExitCode::usage, "--compare and --with go together: what is compared with what.");
  }
  if (!command.reference.empty() && command.biomarkers.empty()) {
    throw Error(ExitCode::usage, "--reference belongs to --biomarkers.");
  }
}

Answer answer_of(const QueryCommand& command, const Catalogue& catalogue, int threads) {
  const atlas::QueryFilter& filter = command.filter;
  if (!command.mirna.empty()) {
    return atlas::rank_types(catalogue, command.mirna, command.by, filter);
  }
  if (!command.markers.empty()) return atlas::markers_of(catalogue, command.markers, filter);
  if (!command.compare.empty()) {
    return atlas::compare_terms(catalogue, command.of, command.compare, command.with, filter);
  }
  if (!command.target.empty()) return atlas::mirnas_of_target(catalogue, command.target, filter);
  if (!command.biomarkers.empty()) {
    return atlas::biomarkers(catalogue, command.biomarkers, command.reference, filter, threads);
  }
  return atlas::nearest_groups(catalogue, read_profiles(command.like), command.like, filter,
                               threads);
}

void run(const QueryCommand& command) {
  check(command);
  const std::vector<std::string> read = {command.like};
  check_outputs(std::array{NamedOutput{"-o", command.output}}, read);
  const Catalogue catalogue = Catalogue::open(atlas::AtlasFolder(command.folder).catalogue());
  const int threads = thread_count(command.common.threads);
  Answer answer = answer_of(command, catalogue, threads);
  atlas::keep_first(answer, command.top);
  const std::vector<std::string> pieces = command.json ? std::vector{atlas::answer_json(answer)}
                                                       : atlas::answer_pieces(answer, threads);
  for (const std::string& note : answer.notes) log_info("{}", note);
  if (command.output == "-") {
    for (const std::string& piece : pieces) print(piece);
    return;
  }
  TextOutput output(command.output, command.output.ends_with(".gz"));
  output.create();
  for (const std::string& piece : pieces) output.append(piece);
  output.finish();
}

void bind_questions(Command& sub, QueryCommand& command) {
  const std::string questions = "Questions (one of them)";
  sub.add_option("--mirna", command.mirna,
                 "A miRNA (name or MIMAT accession): all cell types, ranked by it; see --by")
      .value_name("NAME")
      .group(questions);
  sub.add_option(
         "--markers", command.markers,
         "A cell type (name or ontology id): its markers over the data sets; with --set, in "
         "one")
      .value_name("TYPE")
      .group(questions);
  sub.add_option("--compare", command.compare,
                 "A cell type, or with --of a tissue, disease or condition: how its miRNAs differ "
                 "from those of --with")
      .value_name("NAME")
      .group(questions);
  sub.add_option("--with", command.with, "What --compare is compared with")
      .value_name("NAME")
      .group(questions);
  sub.add_option("--target", command.target,
                 "A gene symbol: the miRNAs whose target it is in the data sets' networks")
      .value_name("GENE")
      .group(questions);
  sub.add_option("--biomarkers", command.biomarkers,
                 "A condition: the miRNAs that differ from --reference over several data sets, "
                 "within each cell type")
      .value_name("CONDITION")
      .group(questions);
  sub.add_option("--like", command.like,
                 "Profiles of `sicmir profile`: the groups of the atlas that are most like theirs")
      .value_name("FILE")
      .group(questions);
  const std::string details = "Details";
  sub.add_choice("--by", command.by, atlas::rank_words,
                 "What --mirna ranks: type, tissue, disease, condition, set, group (each for "
                 "itself) or marker (the types that it marks) [default: type]")
      .group(details);
  sub.add_choice("--of", command.of, atlas::term_words,
                 "What --compare names: type, tissue, disease or condition [default: type]")
      .group(details);
  sub.add_option("--reference", command.reference,
                 "Condition that --biomarkers compares with [default: the only one there is]")
      .value_name("CONDITION")
      .group(details);
}

}  // namespace

void bind_atlas_query(Command& sub) {
  const auto owned = std::make_shared<QueryCommand>();
  QueryCommand& command = *owned;
  sub.add_option("ATLAS", command.folder, "Folder of the atlas").required();
  bind_questions(sub, command);
  const std::string filters = "Only groups of";
  atlas::QueryFilter& filter = command.filter;
  sub.add_option("--type", filter.type, "This cell type").value_name("NAME").group(filters);
  sub.add_option("--tissue", filter.tissue, "This tissue").value_name("NAME").group(filters);
  sub.add_option("--disease", filter.disease, "This disease").value_name("NAME").group(filters);
  sub.add_option("--condition", filter.condition, "This condition")
      .value_name("NAME")
      .group(filters);
  sub.add_option("--set", filter.set, "This data set").value_name("ID").group(filters);
  sub.add_option("--min-samples", filter.min_samples,
                 "So many samples or more, at or above the floor [default: 1]")
      .range(Index{1}, Index{1'000'000})
      .group(filters);
  const std::string writing = "Writing";
  sub.add_option("--top", command.top, "The first so many lines; 0: all [default: 0]")
      .range(Index{0}, Index{1'000'000'000})
      .group(writing);
  sub.add_flag("--json", command.json, "JSON instead of TSV, with the notes").group(writing);
  sub.add_option("-o,--output", command.output, "Output [default: standard output]")
      .value_name("FILE")
      .group(writing);
  bind_common(sub, command.common);
  on_run(sub, command.common, [owned] { run(*owned); });
  sub.describe(
      "Answers questions from the catalogue of an atlas. Names may be ontology ids. Data sets of "
      "different models or scales are kept apart in every answer, told by the column "
      "'comparable'.");
  sub.add_example("sicmir atlas query ATLAS --mirna hsa-miR-122-5p --top 10",
                  "Rank all cell types by a miRNA");
  sub.add_example("sicmir atlas query ATLAS --markers hepatocyte --top 20",
                  "Markers of a cell type");
  sub.add_example("sicmir atlas query ATLAS --biomarkers cirrhosis --reference normal",
                  "miRNAs that differ over several data sets");
}

}  // namespace sicmir::cli
