// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/data_set.hpp"

#include <fmt/format.h>

#include <limits>

#include "atlas/atlas_folder.hpp"
#include "atlas/json_place.hpp"
#include "base/joined.hpp"

namespace sicmir::atlas {
namespace {

constexpr Index most = Index{1} << 40;  // of anything that is counted

Json json_of(const std::vector<Term>& terms) {
  Json list = Json::array();
  for (const Term& term : terms) list.push_back({{"name", term.name}, {"ontology", term.ontology}});
  return list;
}

Json json_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back({{"key", key}, {"value", value}});
  return list;
}

std::vector<Term> read_terms(const JsonPlace& place) {
  std::vector<Term> terms;
  for (const JsonPlace& item : place.items()) {
    Term term{item.at("name").text(), item.at("ontology").text()};
    if (term.name.empty()) item.fail("has an empty name.");
    if (!terms.empty() && terms.back().name >= term.name) {
      item.fail(fmt::format("'{}' stands behind '{}'; expected sorted names, each once.", term.name,
                            terms.back().name));
    }
    terms.push_back(std::move(term));
  }
  return terms;
}

std::vector<std::pair<std::string, std::string>> read_pairs(const JsonPlace& place) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const JsonPlace& item : place.items()) {
    pairs.emplace_back(item.at("key").text(), item.at("value").text());
  }
  return pairs;
}

std::int32_t position(const JsonPlace& place, const std::vector<Term>& in, std::int32_t least) {
  return static_cast<std::int32_t>(place.integer(least, static_cast<std::int64_t>(in.size()) - 1));
}

void read_samples(const JsonPlace& place, DataSet& set) {
  for (const JsonPlace& item : place.items()) {
    Sample sample;
    sample.name = item.at("name").text();
    sample.donor = item.at("donor").text();
    sample.sex = item.at("sex").text();
    sample.tissue = position(item.at("tissue"), set.tissues, none);
    sample.disease = position(item.at("disease"), set.diseases, none);
    sample.condition = position(item.at("condition"), set.conditions, none);
    sample.n_cells = item.at("n_cells").integer(0, most);
    if (!set.samples.empty() && set.samples.back().name >= sample.name) {
      item.fail("expected sorted names of samples, each once.");
    }
    set.samples.push_back(std::move(sample));
  }
}

void read_groups(const JsonPlace& place, DataSet& set) {
  for (const JsonPlace& item : place.items()) {
    Group group;
    group.type = position(item.at("type"), set.types, 0);
    group.tissue = position(item.at("tissue"), set.tissues, none);
    group.disease = position(item.at("disease"), set.diseases, none);
    group.condition = position(item.at("condition"), set.conditions, none);
    group.n_cells = item.at("n_cells").integer(0, most);
    group.n_samples = item.at("n_samples").integer(0, most);
    group.n_donors = item.at("n_donors").integer(0, most);
    group.n_below_floor = item.at("n_below_floor").integer(0, most);
    set.groups.push_back(group);
  }
}

}  // namespace

std::string fact_of(const std::vector<std::pair<std::string, std::string>>& facts,
                    std::string_view key) {
  for (const auto& [name, value] : facts) {
    if (name == key) return value.substr(0, value.find(' '));
  }
  return {};
}

std::string data_set_json(const DataSet& set) {
  Json samples = Json::array();
  for (const Sample& one : set.samples) {
    samples.push_back({{"name", one.name},
                       {"donor", one.donor},
                       {"sex", one.sex},
                       {"tissue", one.tissue},
                       {"disease", one.disease},
                       {"condition", one.condition},
                       {"n_cells", one.n_cells}});
  }
  Json groups = Json::array();
  for (const Group& one : set.groups) {
    groups.push_back({{"type", one.type},
                      {"tissue", one.tissue},
                      {"disease", one.disease},
                      {"condition", one.condition},
                      {"n_cells", one.n_cells},
                      {"n_samples", one.n_samples},
                      {"n_donors", one.n_donors},
                      {"n_below_floor", one.n_below_floor}});
  }
  const Json json = {{"format", format_version},
                     {"id", set.id},
                     {"title", set.title},
                     {"citation", set.citation},
                     {"url", set.url},
                     {"public", std::string(public_words.word(set.is_public))},
                     {"n_cells", set.n_cells},
                     {"n_not_primary", set.n_not_primary},
                     {"types", json_of(set.types)},
                     {"tissues", json_of(set.tissues)},
                     {"diseases", json_of(set.diseases)},
                     {"conditions", json_of(set.conditions)},
                     {"samples", samples},
                     {"groups", groups},
                     {"reference_condition", set.reference_condition},
                     {"left_out", set.left_out},
                     {"comparability",
                      {{"model", set.comparability.model},
                       {"model_name", set.comparability.model_name},
                       {"scale", set.comparability.scale},
                       {"targets", set.comparability.targets},
                       {"format", set.comparability.format}}},
                     {"version", set.version},
                     {"input", set.input},
                     {"input_bytes", set.input_bytes},
                     {"input_checksum", set.input_checksum},
                     {"options", json_of(set.options)},
                     {"facts", json_of(set.facts)}};
  return json_text(json, 1) + "\n";
}

DataSet read_data_set(const std::filesystem::path& folder) {
  const JsonPlace root = JsonPlace::open(folder / set_files::description);
  const std::int64_t format =
      root.at("format").integer(0, std::numeric_limits<std::int32_t>::max());
  if (format != format_version) {
    root.at("format").fail(
        fmt::format("is {}, a version that this program does not know; expected "
                    "{}. Use the sicmir that made it, or add the data set anew.",
                    format, format_version));
  }
  DataSet set;
  set.id = root.at("id").text();
  if (set.id != folder.filename().string()) {
    root.at("id").fail(
        fmt::format("is '{}', but the folder is named '{}'.", set.id, folder.filename().string()));
  }
  set.title = root.at("title").text();
  set.citation = root.at("citation").text();
  set.url = root.at("url").text();
  const JsonPlace is_public = root.at("public");
  const auto word = public_words.parse(is_public.text());
  if (!word) {
    is_public.fail(fmt::format("is '{}'; expected {}.", is_public.text(),
                               joined(public_words.choices(), ", ")));
  }
  set.is_public = *word;
  set.n_cells = root.at("n_cells").integer(0, most);
  set.n_not_primary = root.at("n_not_primary").integer(0, most);
  set.types = read_terms(root.at("types"));
  set.tissues = read_terms(root.at("tissues"));
  set.diseases = read_terms(root.at("diseases"));
  set.conditions = read_terms(root.at("conditions"));
  read_samples(root.at("samples"), set);
  read_groups(root.at("groups"), set);
  set.reference_condition = root.at("reference_condition").text();
  for (const JsonPlace& item : root.at("left_out").items()) set.left_out.push_back(item.text());
  const JsonPlace comparability = root.at("comparability");
  set.comparability = {comparability.at("model").text(), comparability.at("model_name").text(),
                       comparability.at("scale").text(), comparability.at("targets").text(),
                       static_cast<int>(comparability.at("format").integer(
                           0, std::numeric_limits<std::int32_t>::max()))};
  set.version = root.at("version").text();
  set.input = root.at("input").text();
  set.input_bytes = static_cast<std::uint64_t>(root.at("input_bytes").integer(0, most_bytes));
  set.input_checksum = root.at("input_checksum").text();
  set.options = read_pairs(root.at("options"));
  set.facts = read_pairs(root.at("facts"));
  return set;
}

}  // namespace sicmir::atlas
