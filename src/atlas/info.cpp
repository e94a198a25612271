// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <system_error>
#include <tuple>

#include "atlas/catalogue.hpp"
#include "atlas/seal.hpp"
#include "base/counted.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/printable.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

void count_site(const AtlasFolder& folder, AtlasInfo& info) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder.site(), error)) {
    if (!entry.is_regular_file(error)) continue;
    ++info.n_site_files;
    info.site_bytes += entry.file_size(error);
  }
}

void compare_with_catalogue(const AtlasFolder& folder, AtlasInfo& info) {
  std::error_code error;
  if (!fs::exists(folder.catalogue(), error)) {
    for (const DataSet& set : info.sets) info.not_indexed.push_back(set.id);
    return;
  }
  info.has_catalogue = true;
  info.catalogue_bytes = fs::file_size(folder.catalogue(), error);
  std::map<std::string, std::string> seals;
  const Catalogue catalogue = Catalogue::open(folder.catalogue());
  for (const CatalogueSet& set : catalogue.sets()) seals[set.id] = set.seal;
  for (const DataSet& set : info.sets) {
    const fs::path file = folder.set(set.id) / set_files::checksums;
    const auto found = seals.find(set.id);
    if (found == seals.end() || found->second != seal_of(file).digest) {
      info.not_indexed.push_back(set.id);
    }
    if (found != seals.end()) seals.erase(found);
  }
  for (const auto& [id, seal] : seals) info.not_indexed.push_back(id);
}

std::string words_of(const ClaimInfo& claim) {
  if (claim.owner.pid == 0) return "by a process that has not said which";
  return fmt::format("by process {} on {}{}", claim.owner.pid, claim.owner.host,
                     claim.is_alive_here ? ", which is alive" : "");
}

std::string plain(const std::string& text) {
  std::string line = printable(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return line;
}

}  // namespace

std::vector<ClaimInfo> claims_in(const AtlasFolder& folder) {
  std::vector<ClaimInfo> claims;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.claims(), error)) {
    ClaimInfo claim;
    claim.name = entry.path().filename().string();
    claim.owner = owner_of(entry.path());
    claim.is_alive_here = is_alive_here(claim.owner);
    claims.push_back(std::move(claim));
  }
  std::sort(claims.begin(), claims.end(),
            [](const ClaimInfo& a, const ClaimInfo& b) { return a.name < b.name; });
  return claims;
}

AtlasInfo atlas_info(const AtlasFolder& folder) {
  AtlasInfo info;
  std::map<std::string, std::set<std::string>> donors;
  for (const std::string& id : finished_sets(folder)) {
    info.sets.push_back(read_data_set(folder.set(id)));
    for (const Sample& sample : info.sets.back().samples) {
      if (!sample.donor.empty()) donors[sample.donor].insert(id);
    }
  }
  for (const auto& [donor, sets] : donors) {
    if (sets.size() > 1) info.shared_donors.push_back({donor, {sets.begin(), sets.end()}});
  }
  info.removed = removed_sets(folder);
  info.claims = claims_in(folder);
  compare_with_catalogue(folder, info);
  count_site(folder, info);
  return info;
}

std::string info_text(const AtlasInfo& info) {
  Index n_cells = 0;
  std::set<std::string> types;
  std::string text = "id\tcells\tsamples\ttypes\tgroups\tcontrasted with\tscale\tpublic\ttitle\n";
  for (const DataSet& set : info.sets) {
    n_cells += set.n_cells;
    for (const Term& type : set.types) types.insert(type.name);
    text +=
        fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", set.id, set.n_cells, set.samples.size(),
                    set.types.size(), set.groups.size(), plain(set.reference_condition),
                    set.comparability.scale, public_words.word(set.is_public), plain(set.title));
  }
  text += fmt::format("\n{}, {}, {}\n", counted(info.sets.size(), "data set"),
                      counted(n_cells, "cell"), counted(types.size(), "cell type"));
  text += info.has_catalogue ? fmt::format("catalogue: {} bytes\n", info.catalogue_bytes)
                             : std::string("no catalogue yet; make it with `sicmir atlas index`\n");
  if (info.n_site_files > 0) {
    text +=
        fmt::format("site: {}, {} bytes\n", counted(info.n_site_files, "file"), info.site_bytes);
  }
  if (info.has_catalogue && !info.not_indexed.empty()) {
    text +=
        fmt::format("changed since the catalogue was made: {}\n", joined(info.not_indexed, ", "));
  }
  if (!info.removed.empty()) {
    text += fmt::format("removed, until the next index: {}\n", joined(info.removed, ", "));
  }
  for (const ClaimInfo& claim : info.claims) {
    text += fmt::format("being made: {} {}\n", claim.name, words_of(claim));
  }
  for (const auto& [donor, sets] : info.shared_donors) {
    text += fmt::format("donor '{}' is in {}\n", plain(donor), joined(sets, ", "));
  }
  for (const DataSet& set : info.sets) {
    for (const std::string& sentence : set.left_out) {
      text += fmt::format("{}: left out: {}\n", set.id, plain(sentence));
    }
  }
  return text;
}

std::string info_json(const AtlasInfo& info) {
  Json sets = Json::array();
  for (const DataSet& set : info.sets) {
    sets.push_back({{"id", set.id},
                    {"title", set.title},
                    {"public", std::string(public_words.word(set.is_public))},
                    {"n_cells", set.n_cells},
                    {"n_not_primary", set.n_not_primary},
                    {"n_samples", set.samples.size()},
                    {"n_types", set.types.size()},
                    {"n_groups", set.groups.size()},
                    {"reference_condition", set.reference_condition},
                    {"model", set.comparability.model},
                    {"scale", set.comparability.scale},
                    {"version", set.version},
                    {"input", set.input},
                    {"input_checksum", set.input_checksum},
                    {"left_out", set.left_out}});
  }
  Json claims = Json::array();
  for (const ClaimInfo& claim : info.claims) {
    claims.push_back({{"name", claim.name},
                      {"host", claim.owner.host},
                      {"pid", claim.owner.pid},
                      {"alive_here", claim.is_alive_here}});
  }
  Json donors = Json::array();
  for (const auto& [donor, in] : info.shared_donors) {
    donors.push_back({{"donor", donor}, {"sets", in}});
  }
  return json_text(Json{{"sets", sets},
                        {"removed", info.removed},
                        {"claims", claims},
                        {"catalogue_bytes", info.catalogue_bytes},
                        {"not_indexed", info.not_indexed},
                        {"site_files", info.n_site_files},
                        {"site_bytes", info.site_bytes},
                        {"shared_donors", donors}},
                   2) +
         "\n";
}

std::string terms_tsv(const AtlasInfo& info) {
  std::map<std::tuple<std::string, std::string, std::string>, int> terms;
  for (const DataSet& set : info.sets) {
    const auto count = [&](const char* kind, const std::vector<Term>& list) {
      for (const Term& term : list) ++terms[{kind, term.name, term.ontology}];
    };
    count("type", set.types);
    count("tissue", set.tissues);
    count("disease", set.diseases);
    count("condition", set.conditions);
  }
  std::string text = "kind\tname\tontology\tn_sets\n";
  for (const auto& [key, n] : terms) {
    const auto& [kind, name, ontology] = key;
    text += fmt::format("{}\t{}\t{}\t{}\n", kind, plain(name), plain(ontology), n);
  }
  return text;
}

}  // namespace sicmir::atlas
