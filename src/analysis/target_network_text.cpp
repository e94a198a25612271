// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/target_network_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>

#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/xml_text.hpp"
#include "genes/id_kinds.hpp"
#include "text/tsv_field.hpp"

namespace sicmir {
namespace {

using tsv::field;
using tsv::number;

const ProfileMirna& mirna_at(const Profiles& profiles, std::int32_t mirna) {
  return profiles.mirnas[static_cast<std::size_t>(mirna)];
}

std::vector<std::string> names_of(const NetworkTest& test, const Profiles& profiles) {
  std::vector<std::string> names;
  for (const std::int32_t mirna : test.mirnas) names.push_back(mirna_at(profiles, mirna).name);
  return names;
}

std::vector<std::string> accessions_of(const NetworkTest& test, const Profiles& profiles) {
  std::vector<std::string> names;
  for (const std::int32_t mirna : test.mirnas) names.push_back(mirna_at(profiles, mirna).mimat);
  return names;
}

/// miRNAs of one set of targets have the same.
const Centrality& centrality_of(const NetworkTest& test, const TargetNetwork& network) {
  return *std::lower_bound(
      network.centralities.begin(), network.centralities.end(), test.mirnas.front(),
      [](const Centrality& one, std::int32_t mirna) { return one.mirna < mirna; });
}

std::string why_no_p(const NetworkTest& test) {
  if (!std::isnan(test.p)) return {};
  if (test.n_targets < target_network::fewest_edges) {
    return fmt::format("{} targets, fewer than {}", test.n_targets, target_network::fewest_edges);
  }
  return fmt::format("{} miRNAs of other families, fewer than {}", test.n_others,
                     target_network::fewest_others);
}

double mean_accuracy(const NetworkTest& test, const Profiles& profiles) {
  double sum = 0;
  for (const std::int32_t mirna : test.mirnas) {
    sum += mirna_at(profiles, mirna).accuracy.within_cohort;
  }
  return sum / static_cast<double>(test.mirnas.size());
}

std::set<std::int32_t> hub_mirnas(const TargetNetwork& network) {
  std::set<std::int32_t> hubs;
  for (const NetworkTest& test : network.tests) {
    if (test.is_hub) hubs.insert(test.mirnas.begin(), test.mirnas.end());
  }
  return hubs;
}

bool is_low(const NetworkEdge& edge) {
  return edge.correlation < target_network::low_correlation;
}

Json json_of(const NetworkTest& test, const TargetNetwork& network, const Profiles& profiles) {
  const Centrality& raw = centrality_of(test, network);
  return {{"mirnas", names_of(test, profiles)},
          {"accessions", accessions_of(test, profiles)},
          {"n_targets", test.n_targets},
          {"mean_fisher_z", json_number(test.mean_z)},
          {"share_low", json_number(test.share_low)},
          {"score", json_number(test.score)},
          {"p_rewired", json_number(test.p_rewired)},
          {"n_rewirings", test.n_rewirings},
          {"p_other_families", json_number(test.p_others)},
          {"n_other_mirnas", test.n_others},
          {"p", json_number(test.p)},
          {"fdr", json_number(test.fdr)},
          {"hub", test.is_hub},
          {"expression", json_number(test.expression)},
          {"above_median", test.above_median},
          {"degree", raw.degree},
          {"betweenness", json_number(raw.betweenness)},
          {"page_rank", json_number(raw.page_rank)},
          {"accuracy", json_number(mean_accuracy(test, profiles))},
          {"no_p_because", why_no_p(test)}};
}

/// Nodes of a graph in the order in which they are written.
struct Nodes {
  std::vector<std::int32_t> mirnas;
  std::vector<std::int32_t> genes;
};

Nodes nodes_of(const TargetNetwork& network) {
  std::set<std::int32_t> mirnas;
  std::set<std::int32_t> genes;
  for (const NetworkEdge& edge : network.edges) {
    mirnas.insert(edge.mirna);
    genes.insert(edge.gene);
  }
  return {{mirnas.begin(), mirnas.end()}, {genes.begin(), genes.end()}};
}

/// By miRNA: the test that it is part of.
std::map<std::int32_t, const NetworkTest*> tests_by_mirna(const TargetNetwork& network) {
  std::map<std::int32_t, const NetworkTest*> tests;
  for (const NetworkTest& test : network.tests) {
    for (const std::int32_t mirna : test.mirnas) tests.emplace(mirna, &test);
  }
  return tests;
}

std::string json_string(const std::string& text) {
  return json_text(Json(text));
}

}  // namespace

std::string label_of(const TargetNetwork& network) {
  return network.name.empty() ? "the data set, group means removed" : network.name;
}

GeneLabels::GeneLabels(const FeatureTable& genes) : names_(&genes.columns.front()) {
  bool has_symbols = false;
  for (const FeatureColumn& column : genes.columns) {
    const IdKind kind = summarise_ids(column.ids).most;
    if (kind == IdKind::upper_case_symbol && !has_symbols) {
      names_ = &column;
      has_symbols = true;
    } else if (kind == IdKind::ensembl_gene && ids_ == nullptr) {
      ids_ = &column;
    }
  }
}

const std::string& GeneLabels::name(std::int32_t gene) const {
  const std::string& name = names_->ids[static_cast<std::size_t>(gene)];
  return name.empty() ? id(gene) : name;
}

const std::string& GeneLabels::id(std::int32_t gene) const {
  static const std::string none;
  return ids_ == nullptr ? none : ids_->ids[static_cast<std::size_t>(gene)];
}

std::string hubs_tsv(const NetworkSet& set, const Profiles& profiles) {
  std::string text =
      "network\tmirnas\taccessions\tn_targets\tmean_fisher_z\tshare_low\tscore\tp_rewired\tn_"
      "rewirings\tp_other_families\tn_other_mirnas\tp\tfdr\thub\texpression\tabove_median\tdegree\t"
      "betweenness\tpage_rank\taccuracy\tno_p_because\n";
  for (const TargetNetwork& network : set.networks) {
    const std::string name = field(label_of(network));
    for (const NetworkTest& test : network.tests) {
      const Centrality& raw = centrality_of(test, network);
      fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
                     name, field(joined(names_of(test, profiles), ",")),
                     field(joined(accessions_of(test, profiles), ",")), test.n_targets,
                     number(test.mean_z), number(test.share_low), number(test.score),
                     number(test.p_rewired), test.n_rewirings, number(test.p_others), test.n_others,
                     number(test.p), number(test.fdr));
      fmt::format_to(std::back_inserter(text), "\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                     test.is_hub ? "yes" : "no", number(test.expression),
                     test.above_median ? "yes" : "no", raw.degree, number(raw.betweenness),
                     number(raw.page_rank), number(mean_accuracy(test, profiles)), why_no_p(test));
    }
  }
  return text;
}

std::string edges_tsv(const NetworkSet& set, const Profiles& profiles,
                      const NetworkOptions& options) {
  const GeneLabels labels(profiles.genes);
  std::string text =
      "network\tmirna\taccession\ttarget\ttarget_id\tevidence\tcorrelation\tconsistent\tdetected\t"
      "n_profiles\thub\n";
  for (const TargetNetwork& network : set.networks) {
    const std::string name = field(label_of(network));
    const std::set<std::int32_t> hubs = hub_mirnas(network);
    for (std::size_t i = 0; i < network.edges.size(); ++i) {
      const NetworkEdge& edge = network.edges[i];
      const ProfileMirna& mirna = mirna_at(profiles, edge.mirna);
      fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", name,
                     field(mirna.name), field(mirna.mimat), field(labels.name(edge.gene)),
                     field(labels.id(edge.gene)), to_string(options.evidence),
                     number(edge.correlation), is_low(edge) ? "yes" : "no",
                     number(network.detected[i]), network.n_profiles,
                     hubs.contains(edge.mirna) ? "yes" : "no");
    }
  }
  return text;
}

std::string networks_json(const NetworkSet& set, const Profiles& profiles,
                          const TargetTable& targets, const NetworkOptions& options) {
  Json result;
  result["caution"] = network_caution;
  result["targets"] = {{"source", targets.source},
                       {"format", targets.format},
                       {"evidence", to_string(options.evidence)},
                       {"n_pairs", set.n_pairs},
                       {"n_in_panel", set.n_in_panel},
                       {"n_not_measured", set.n_not_measured}};
  result["options"] = {{"fdr", options.fdr},
                       {"seed", options.seed},
                       {"rewirings", options.rewirings},
                       {"most_rewirings", options.most_rewirings},
                       {"least_detected", target_network::least_detected},
                       {"fewest_targets", target_network::fewest_edges}};
  result["statistic"] =
      "mean Fisher z of partial Spearman correlations of predicted miRNA and measured target";
  result["fdr_over"] = "all tests of this run: sets of targets, of all networks";
  result["n_tests"] = set.n_tests;
  result["n_below_floor"] = set.n_below_floor;
  result["groups_left_out"] = set.groups_left_out;
  result["networks"] = Json::array();
  for (const TargetNetwork& network : set.networks) {
    Json one;
    one["network"] = label_of(network);
    one["n_profiles"] = network.n_profiles;
    one["n_cells"] = network.n_cells;
    one["residual_df"] = network.residual_df;
    one["given"] =
        network.given_condition ? Json::array({"depth", "condition"}) : Json::array({"depth"});
    one["n_edges"] = network.edges.size();
    one["n_undetected"] = network.n_undetected;
    one["n_constant"] = network.n_constant;
    one["n_universe"] = network.n_universe;
    one["mixing"] = {{"trades", target_network::trades},
                     {"overlap", json_number(network.mixing.overlap)},
                     {"overlap_after_ten_times", json_number(network.mixing.overlap_long)}};
    one["smallest_p"] = json_number(network.smallest_p);
    one["tests"] = Json::array();
    for (const NetworkTest& test : network.tests) {
      one["tests"].push_back(json_of(test, network, profiles));
    }
    result["networks"].push_back(std::move(one));
  }
  return json_text(result, 1) + "\n";
}

std::string graphml(const TargetNetwork& network, const Profiles& profiles,
                    const NetworkOptions& options) {
  struct Key {
    const char *id, *of, *name, *type;
  };
  constexpr std::array keys = {
      Key{"name", "node", "name", "string"},         Key{"kind", "node", "kind", "string"},
      Key{"id", "node", "identifier", "string"},     Key{"hub", "node", "hub", "boolean"},
      Key{"z", "node", "mean_fisher_z", "double"},   Key{"fdr", "node", "fdr", "double"},
      Key{"evidence", "edge", "evidence", "string"}, Key{"rho", "edge", "correlation", "double"},
      Key{"low", "edge", "consistent", "boolean"},   Key{"detected", "edge", "detected", "double"}};
  const GeneLabels labels(profiles.genes);
  const auto tests = tests_by_mirna(network);
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
      "http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n";
  const auto put = [&](const std::string& line) { text += line + "\n"; };
  put(fmt::format(" <!-- {} -->", network_caution));
  for (const Key& key : keys) {
    put(fmt::format(R"( <key id="{}" for="{}" attr.name="{}" attr.type="{}"/>)", key.id, key.of,
                    key.name, key.type));
  }
  put(R"( <graph id="network" edgedefault="undirected">)");
  const Nodes nodes = nodes_of(network);
  for (const std::int32_t mirna : nodes.mirnas) {
    const ProfileMirna& one = mirna_at(profiles, mirna);
    const NetworkTest& test = *tests.at(mirna);
    std::string figures = fmt::format("<data key=\"z\">{}</data>", number(test.mean_z));
    if (!std::isnan(test.fdr)) {
      figures += fmt::format("<data key=\"fdr\">{}</data>", number(test.fdr));
    }
    put(
        fmt::format("  <node id=\"m{}\"><data key=\"name\">{}</data><data "
                    "key=\"kind\">miRNA</data><data key=\"id\">{}</data><data "
                    "key=\"hub\">{}</data>{}</node>",
                    mirna, xml_text(one.name), xml_text(one.mimat), test.is_hub, figures));
  }
  for (const std::int32_t gene : nodes.genes) {
    put(
        fmt::format("  <node id=\"g{}\"><data key=\"name\">{}</data><data "
                    "key=\"kind\">target</data><data key=\"id\">{}</data></node>",
                    gene, xml_text(labels.name(gene)), xml_text(labels.id(gene))));
  }
  for (std::size_t i = 0; i < network.edges.size(); ++i) {
    const NetworkEdge& edge = network.edges[i];
    put(
        fmt::format("  <edge source=\"m{}\" target=\"g{}\"><data key=\"evidence\">{}</data><data "
                    "key=\"rho\">{}</data><data key=\"low\">{}</data><data "
                    "key=\"detected\">{}</data></edge>",
                    edge.mirna, edge.gene, to_string(options.evidence), number(edge.correlation),
                    is_low(edge), number(network.detected[i])));
  }
  return text + " </graph>\n</graphml>\n";
}

std::string sif(const TargetNetwork& network, const Profiles& profiles,
                const NetworkOptions& options) {
  const GeneLabels labels(profiles.genes);
  std::string text;
  for (const NetworkEdge& edge : network.edges) {
    text += fmt::format("{}\t{}\t{}\n", field(mirna_at(profiles, edge.mirna).name),
                        to_string(options.evidence), field(labels.name(edge.gene)));
  }
  return text;
}

std::string cytoscape_json(const TargetNetwork& network, const Profiles& profiles,
                           const NetworkOptions& options) {
  const GeneLabels labels(profiles.genes);
  const auto tests = tests_by_mirna(network);
  const Nodes nodes = nodes_of(network);
  std::vector<std::string> lines;
  for (const std::int32_t mirna : nodes.mirnas) {
    const ProfileMirna& one = mirna_at(profiles, mirna);
    const NetworkTest& test = *tests.at(mirna);
    lines.push_back(fmt::format(
        R"({{"data":{{"id":"m{}","name":{},"kind":"miRNA","identifier":{},"hub":{},"mean_fisher_z":{},"fdr":{}}}}})",
        mirna, json_string(one.name), json_string(one.mimat), test.is_hub, number(test.mean_z),
        std::isnan(test.fdr) ? "null" : number(test.fdr)));
  }
  for (const std::int32_t gene : nodes.genes) {
    lines.push_back(
        fmt::format(R"({{"data":{{"id":"g{}","name":{},"kind":"target","identifier":{}}}}})", gene,
                    json_string(labels.name(gene)), json_string(labels.id(gene))));
  }
  std::vector<std::string> edges;
  for (std::size_t i = 0; i < network.edges.size(); ++i) {
    const NetworkEdge& edge = network.edges[i];
    edges.push_back(fmt::format(
        R"({{"data":{{"id":"e{}","source":"m{}","target":"g{}","interaction":"{}","correlation":{},"consistent":{},"detected":{}}}}})",
        i, edge.mirna, edge.gene, to_string(options.evidence), number(edge.correlation),
        is_low(edge), number(network.detected[i])));
  }
  return fmt::format(
      "{{\"format_version\":\"1.0\",\"generated_by\":\"sicmir\",\"target_cytoscapejs_version\":\"~"
      "2."
      "1\",\n\"data\":{{\"name\":{},\"caution\":{}}},\n\"elements\":{{\"nodes\":[\n{}\n],\"edges\":"
      "[\n{}\n]}}}}\n",
      json_string(label_of(network)), json_string(std::string(network_caution)),
      joined(lines, ",\n"), joined(edges, ",\n"));
}

}  // namespace sicmir
