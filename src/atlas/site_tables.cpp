// SPDX-License-Identifier: BSD-3-Clause
/// Tables of names, the search, and the tables that people take home.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "atlas/site_parts.hpp"
#include "sicmir/reference_tables.hpp"

namespace sicmir::atlas {

namespace {

/// The number whose text is the shortest that names this float; null for NaN.
Json number(float value) {
  if (!std::isfinite(value)) return nullptr;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double wide = 0;
  std::from_chars(text.data(), end, wide);
  return wide;
}

Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string text_of(float value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "NaN";
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

/// The miRNAs of the catalogue as the program's own tables know them; by accession, else by name.
std::vector<ReferenceMirna> known_mirnas(const std::vector<ProfileMirna>& mirnas) {
  std::map<std::string, ReferenceMirna> by_id, by_name;
  for (ReferenceMirna& mirna : reference_mirnas()) {
    by_name.emplace(mirna.name, mirna);
    by_id.emplace(mirna.accession, std::move(mirna));
  }
  std::vector<ReferenceMirna> result;
  for (const ProfileMirna& mirna : mirnas) {
    const auto id = by_id.find(mirna.mimat);
    const auto name = by_name.find(mirna.name);
    ReferenceMirna found = id != by_id.end()       ? id->second
                           : name != by_name.end() ? name->second
                                                   : ReferenceMirna{};
    if (!found.v21_name.empty()) found.old_names.push_back(found.v21_name);
    result.push_back(std::move(found));
  }
  return result;
}

/// The smallest difference, in z-scores, from which on `level` of such differences or more are
/// true; NaN: there is none.
double likely_from(const DifferenceCalibration& calibration, const ProfileMirna& mirna,
                   double level) {
  double from = std::numeric_limits<double>::quiet_NaN();
  for (const double difference : calibration.differences) {
    const double likely = calibration.probability(mirna.accuracy.within_cohort, difference);
    if (!(likely >= level)) {
      from = std::numeric_limits<double>::quiet_NaN();
    } else if (std::isnan(from)) {
      from = difference;
    }
  }
  return from / mirna.sd;
}

Json terms_json(const SiteTerms& terms) {
  Json json;
  json["name"] = terms.name;
  json["term"] = terms.term;
  json["key"] = terms.key;
  return json;
}

/// Words by which something is found.
class SearchWords {
 public:
  void add(const std::set<std::string>& words, const char* kind, const std::string& label,
           const std::string& key, const std::string& extra) {
    for (const std::string& word : words) lines_.emplace_back(word, kind, label, key, extra);
  }

  static std::set<std::string> words_of(std::string_view text) {
    std::set<std::string> result;
    std::string word;
    const auto end = [&] {
      if (!word.empty()) result.insert(word);
      word.clear();
    };
    for (const char c : lower(text)) {
      if (std::string_view(" \t\r\n,;()/").find(c) != std::string_view::npos) {
        end();
      } else {
        word += c;
      }
    }
    end();
    return result;
  }

  Json write(SiteFiles& files) {
    std::sort(lines_.begin(), lines_.end());
    lines_.erase(std::unique(lines_.begin(), lines_.end()), lines_.end());
    constexpr std::size_t lines_per_shard = 1000;
    Json shards = Json::array();
    for (std::size_t first = 0; first < lines_.size(); first += lines_per_shard) {
      Json shard = Json::array();
      for (std::size_t i = first; i < std::min(first + lines_per_shard, lines_.size()); ++i) {
        const auto& [word, kind, label, key, extra] = lines_[i];
        shard.push_back(Json::array({word, kind, label, key, extra}));
      }
      shards.push_back(Json::array({std::get<0>(lines_[first]), files.put_json(shard)}));
    }
    return shards;
  }

 private:
  std::vector<std::tuple<std::string, std::string, std::string, std::string, std::string>> lines_;
};

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (!line.empty() || &field != fields.data()) line += '\t';
    line += field;
  }
  return line += '\n';
}

std::string field(std::string_view text) {
  return site_tsv_field(text);
}

std::string term_field(const SiteView& view, TermKind kind, std::int32_t in_catalogue) {
  return in_catalogue < 0
             ? std::string()
             : field(view.catalogue.terms(kind)[static_cast<std::size_t>(in_catalogue)].name);
}

std::vector<std::string> group_fields(const SiteView& view, Index g) {
  const CatalogueGroup& group = view.group(g);
  return {field(view.catalogue.sets()[static_cast<std::size_t>(group.set)].id),
          term_field(view, TermKind::type, group.type),
          term_field(view, TermKind::tissue, group.tissue),
          term_field(view, TermKind::disease, group.disease),
          term_field(view, TermKind::condition, group.condition),
          fmt::format("{}", group.n_cells),
          fmt::format("{}", group.n_samples)};
}

std::string means_tsv(const SiteInput& input) {
  const SiteView& view = input.view;
  const auto n_mirnas = static_cast<std::size_t>(view.n_mirnas());
  std::vector<std::string> head = {"dataset",   "cell_type", "tissue",   "disease",
                                   "condition", "n_cells",   "n_samples"};
  for (const ProfileMirna& mirna : view.mirnas) head.push_back(field(mirna.name));
  std::string text = line_of(head);
  for (Index g = 0; g < view.n_groups(); ++g) {
    std::vector<std::string> fields = group_fields(view, g);
    for (std::size_t m = 0; m < n_mirnas; ++m) {
      fields.push_back(text_of(input.values.mean[static_cast<std::size_t>(g) * n_mirnas + m]));
    }
    text += line_of(fields);
  }
  return text;
}

std::string markers_tsv(const SiteInput& input) {
  const SiteView& view = input.view;
  const SiteTerms& types = view.of(TermKind::type);
  std::string text = line_of({"dataset", "cell_type", "rank", "mirna", "difference_z",
                              "difference_log2rpm", "p", "fdr", "expression_log2rpm", "tau",
                              "rival", "rival_difference_z", "probability", "accuracy"});
  for (const SiteMarkers& own : input.markers) {
    for (const CatalogueMarker& marker : own) {
      const ProfileMirna& mirna = view.mirnas[static_cast<std::size_t>(marker.mirna)];
      text += line_of(
          {field(view.set(marker.set).id), field(types.name[static_cast<std::size_t>(marker.type)]),
           fmt::format("{}", marker.rank), field(mirna.name), text_of(marker.z),
           text_of(marker.log2rpm), text_of(marker.p), text_of(marker.fdr),
           text_of(marker.expression), text_of(marker.tau),
           marker.rival < 0 ? "" : field(types.name[static_cast<std::size_t>(marker.rival)]),
           text_of(marker.rival_z), text_of(marker.probability),
           text_of(static_cast<float>(mirna.accuracy.within_cohort))});
    }
  }
  return text;
}

std::string edges_tsv(const SiteInput& input) {
  const SiteView& view = input.view;
  std::string text = line_of({"dataset", "cell_type", "mirna", "target", "correlation", "weight"});
  for (const std::vector<SiteEdge>& own : input.links.edges) {
    for (const SiteEdge& edge : own) {
      text += line_of({field(view.set(edge.set).id),
                       field(view.of(TermKind::type).name[static_cast<std::size_t>(edge.type)]),
                       field(view.mirnas[static_cast<std::size_t>(edge.mirna)].name),
                       field(edge.target), text_of(edge.correlation), text_of(edge.weight)});
    }
  }
  return text;
}

std::string triples_tsv(const SiteInput& input) {
  const SiteView& view = input.view;
  const SiteTerms& types = view.of(TermKind::type);
  std::string text = line_of({"dataset", "sender", "receiver", "mirna", "score", "p"});
  for (std::size_t s = 0; s < view.sets.size(); ++s) {
    for (const Triple& triple : input.links.triples[s]) {
      text += line_of({field(view.set(static_cast<Index>(s)).id),
                       field(types.name[static_cast<std::size_t>(triple.sender)]),
                       field(types.name[static_cast<std::size_t>(triple.receiver)]),
                       field(view.mirnas[static_cast<std::size_t>(triple.mirna)].name),
                       text_of(triple.score), text_of(triple.p)});
    }
  }
  return text;
}

std::string sets_tsv(const SiteInput& input) {
  const SiteView& view = input.view;
  std::string text = line_of(
      {"dataset", "title", "citation", "url", "n_cells", "n_samples", "n_donors", "public"});
  for (Index s = 0; s < view.n_sets(); ++s) {
    const CatalogueSet& set = view.set(s);
    text +=
        line_of({field(set.id), field(set.title), field(set.citation), field(set.url),
                 fmt::format("{}", set.n_cells), fmt::format("{}", set.n_samples),
                 fmt::format("{}", set.n_donors), std::string(public_words.word(set.is_public))});
  }
  return text;
}

}  // namespace

Json mirna_table(const SiteInput& input, const std::optional<DifferenceCalibration>& calibration,
                 const std::vector<std::string>& names) {
  const std::vector<ProfileMirna>& mirnas = input.view.mirnas;
  const std::vector<ReferenceMirna> known = known_mirnas(mirnas);
  Json json;
  for (const char* key : {"name", "accession", "accuracy", "target", "stem_loops", "likely_from",
                          "strong_from", "former", "file"}) {
    json[key] = Json::array();
  }
  for (std::size_t m = 0; m < mirnas.size(); ++m) {
    const ProfileMirna& mirna = mirnas[m];
    json["name"].push_back(mirna.name);
    json["accession"].push_back(mirna.mimat);
    json["accuracy"].push_back(number(mirna.accuracy.within_cohort));
    json["target"].push_back(mirna.target);
    json["stem_loops"].push_back(fmt::format("{}", fmt::join(known[m].precursors, ",")));
    json["likely_from"].push_back(calibration ? number(likely_from(*calibration, mirna, 0.5))
                                              : Json());
    json["strong_from"].push_back(calibration ? number(likely_from(*calibration, mirna, 0.75))
                                              : Json());
    for (const std::string& name : known[m].old_names) {
      json["former"].push_back(Json::array({name, m}));
    }
  }
  json["file"] = names;
  return json;
}

Json type_table(const SiteInput& input, const std::vector<std::string>& names) {
  const SiteView& view = input.view;
  const SiteTerms& types = view.of(TermKind::type);
  std::vector<Index> groups(types.name.size()), sets(types.name.size()), cells(types.name.size());
  std::vector<std::int32_t> last(types.name.size(), none);
  for (Index g = 0; g < view.n_groups(); ++g) {
    const auto t = static_cast<std::size_t>(types.here(view.group(g).type));
    ++groups[t];
    cells[t] += view.group(g).n_cells;
    if (last[t] != view.group(g).set) ++sets[t];
    last[t] = view.group(g).set;
  }
  Json json = terms_json(types);
  json["groups"] = groups;
  json["datasets"] = sets;
  json["cells"] = cells;
  json["file"] = names;
  return json;
}

Json term_table(const SiteInput& input) {
  Json json;
  for (const TermKind kind : {TermKind::tissue, TermKind::disease, TermKind::condition}) {
    json[std::string(term_words.word(kind))] = terms_json(input.view.of(kind));
  }
  return json;
}

Json set_table(const SiteInput& input, const SiteSetFiles& names) {
  const SiteView& view = input.view;
  Json json;
  for (const char* key : {"id", "title", "citation", "url", "share", "comparable", "cells",
                          "samples", "donors", "map", "edges", "triples", "contrasts", "file"}) {
    json[key] = Json::array();
  }
  for (std::size_t s = 0; s < view.sets.size(); ++s) {
    const CatalogueSet& set = view.set(static_cast<Index>(s));
    json["id"].push_back(set.id);
    json["title"].push_back(set.title);
    json["citation"].push_back(set.citation);
    json["url"].push_back(set.url);
    json["share"].push_back(public_words.word(set.is_public));
    json["comparable"].push_back(view.comparable[s]);
    json["cells"].push_back(set.n_cells);
    json["samples"].push_back(set.n_samples);
    json["donors"].push_back(set.n_donors);
    json["map"].push_back(names.has_map[s] ? 1 : 0);
    json["edges"].push_back(input.links.edges[s].size());
    json["triples"].push_back(input.links.triples[s].size());
    const auto& contrasts = view.catalogue.contrasts();
    json["contrasts"].push_back(std::count_if(
        contrasts.begin(), contrasts.end(), [&](const auto& c) { return c.set == view.sets[s]; }));
  }
  json["file"] = names.names;
  return json;
}

Json group_table(const SiteInput& input) {
  const SiteView& view = input.view;
  Json json;
  for (const char* key : {"dataset", "type", "tissue", "disease", "condition", "cells", "samples",
                          "donors", "below_floor"}) {
    json[key] = Json::array();
  }
  for (Index g = 0; g < view.n_groups(); ++g) {
    const CatalogueGroup& group = view.group(g);
    json["dataset"].push_back(view.set_position[static_cast<std::size_t>(group.set)]);
    json["type"].push_back(view.of(TermKind::type).here(group.type));
    json["tissue"].push_back(view.of(TermKind::tissue).here(group.tissue));
    json["disease"].push_back(view.of(TermKind::disease).here(group.disease));
    json["condition"].push_back(view.of(TermKind::condition).here(group.condition));
    json["cells"].push_back(group.n_cells);
    json["samples"].push_back(group.n_samples);
    json["donors"].push_back(group.n_donors);
    json["below_floor"].push_back(group.n_below_floor);
  }
  return json;
}

Json write_search(const SiteInput& input, SiteFiles& files) {
  const SiteView& view = input.view;
  SearchWords words;
  const std::vector<ProfileMirna>& mirnas = view.mirnas;
  const std::vector<ReferenceMirna> known = known_mirnas(mirnas);
  const auto names_of = [](std::string_view name) {
    // hsa-miR-21-5p is also found as mir-21-5p and 21-5p.
    std::set<std::string> result = {lower(name)};
    for (const std::string_view prefix : {"hsa-", "mir-"}) {
      const std::string shortest =
          *std::min_element(result.begin(), result.end(),
                            [](const auto& a, const auto& b) { return a.size() < b.size(); });
      if (shortest.starts_with(prefix)) result.insert(shortest.substr(prefix.size()));
    }
    return result;
  };
  for (std::size_t m = 0; m < mirnas.size(); ++m) {
    const std::string& key = mirnas[m].mimat.empty() ? mirnas[m].name : mirnas[m].mimat;
    std::set<std::string> own = names_of(mirnas[m].name);
    if (!mirnas[m].mimat.empty()) own.insert(lower(mirnas[m].mimat));
    words.add(own, "mirna", mirnas[m].name, key, mirnas[m].mimat);
    for (const std::string& name : known[m].old_names) {
      words.add(names_of(name), "mirna", mirnas[m].name, key, "formerly " + name);
    }
  }
  for (const TermKind kind : {TermKind::type, TermKind::tissue, TermKind::disease}) {
    const SiteTerms& terms = view.of(kind);
    const std::string word(term_words.word(kind));
    for (std::size_t i = 0; i < terms.name.size(); ++i) {
      words.add(SearchWords::words_of(terms.name[i] + " " + terms.term[i]), word.c_str(),
                terms.name[i], terms.key[i], terms.term[i]);
    }
  }
  for (Index s = 0; s < view.n_sets(); ++s) {
    const CatalogueSet& set = view.set(s);
    words.add(SearchWords::words_of(set.id + " " + set.title), "dataset", set.id, set.id,
              set.title);
  }
  std::set<std::string> targets;
  for (const auto& own : input.links.edges) {
    for (const SiteEdge& edge : own) targets.insert(edge.target);
  }
  for (const std::string& target : targets) {
    words.add({lower(target)}, "gene", target, target, "");
  }
  return words.write(files);
}

Json write_genes(const SiteInput& input, SiteFiles& files) {
  std::map<std::string, Json> targets;
  for (const auto& own : input.links.edges) {
    for (const SiteEdge& edge : own) {
      Json& list = targets.try_emplace(edge.target, Json::array()).first->second;
      list.push_back(Json::array(
          {edge.set, edge.type, edge.mirna, number(edge.correlation), number(edge.weight)}));
    }
  }
  constexpr std::size_t genes_per_shard = 500;
  Json shards = Json::array();
  Json shard = Json::object();
  std::string first;
  const auto flush = [&] {
    if (!shard.empty()) shards.push_back(Json::array({first, files.put_json(shard)}));
    shard = Json::object();
  };
  for (auto& [name, list] : targets) {
    if (shard.empty()) first = name;
    shard[name] = std::move(list);
    if (shard.size() == genes_per_shard) flush();
  }
  flush();
  return shards;
}

Json write_downloads(const SiteInput& input, SiteFiles& files) {
  Json list = Json::array();
  GzipMember gzip;
  const auto add = [&](const char* stem, const std::string& text, const char* what) {
    std::vector<char> packed;
    gzip.compress(text, packed);
    Json one;
    one["name"] = fmt::format("{}.tsv.gz", stem);
    one["path"] = files.put_named("downloads", stem, ".tsv.gz",
                                  std::string_view(packed.data(), packed.size()));
    one["bytes"] = packed.size();
    one["what"] = what;
    list.push_back(std::move(one));
  };
  add("means", means_tsv(input),
      "The mean z-score of every miRNA (columns) in every group of cells (lines).");
  add("markers", markers_tsv(input),
      "The 100 best markers of each cell type of each data set, with rival, FDR and probability.");
  add("edges", edges_tsv(input), "miRNAs and targets: the strongest edges of each data set.");
  add("crosstalk", triples_tsv(input),
      "Sender, receiver and miRNA: the highest scores of each data set.");
  add("datasets", sets_tsv(input), "The data sets, with citation and address.");
  return list;
}

}  // namespace sicmir::atlas
