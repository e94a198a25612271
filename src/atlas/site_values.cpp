// SPDX-License-Identifier: BSD-3-Clause
/// Files of numbers: one per miRNA and one per cell type.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "atlas/site_parts.hpp"

namespace sicmir::atlas {

namespace {

std::vector<float> column(const SiteMarkers& markers, float MarkerValue::*field) {
  std::vector<float> values;
  values.reserve(markers.size());
  for (const CatalogueMarker& marker : markers) values.push_back(marker.*field);
  return values;
}

template <class Items, class Get>
std::vector<std::uint16_t> positions(const Items& items, Get get) {
  std::vector<std::uint16_t> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(stored_position(get(item)));
  return values;
}

/// Mean and standard deviation (n - 1) over data sets of one value each.
struct OverSets {
  float mean = not_known;
  float sd = not_known;
  std::uint16_t n = 0;
};

OverSets over_sets(const std::vector<double>& values) {
  OverSets result;
  result.n = static_cast<std::uint16_t>(values.size());
  if (values.empty()) return result;
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  result.mean = static_cast<float>(mean);
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  result.sd = static_cast<float>(std::sqrt(squares / (n - 1)));
  return result;
}

}  // namespace

SiteInput read_site_input(const AtlasFolder& folder, const SiteView& view) {
  SiteInput input{folder, view, {}, {}, {}, {}};
  const auto n = static_cast<std::size_t>(view.n_groups() * view.n_mirnas());
  input.values.mean.reserve(n);
  input.values.sd.reserve(n);
  for (const Index g : view.groups) {
    const MeanAndSpread values = view.catalogue.of_group(g);
    const std::vector<float> mean = view.of_mirnas(values.mean);
    const std::vector<float> sd = view.of_mirnas(values.sd);
    input.values.mean.insert(input.values.mean.end(), mean.begin(), mean.end());
    input.values.sd.insert(input.values.sd.end(), sd.begin(), sd.end());
  }
  const SiteTerms& types = view.of(TermKind::type);
  for (std::size_t s = 0; s < view.sets.size(); ++s) {
    std::vector<SiteEdge> edges;
    for (Edge& edge : view.catalogue.edges(view.sets[s])) {
      edge.type = types.here(edge.type);
      edge.mirna = view.mirna_here(edge.mirna);
      SiteEdge here{std::move(edge)};
      here.set = static_cast<std::int32_t>(s);
      if (here.type >= 0 && here.mirna >= 0) edges.push_back(std::move(here));
    }
    input.links.edges.push_back(std::move(edges));
    std::vector<Triple> triples;
    for (Triple triple : view.catalogue.triples(view.sets[s])) {
      triple.sender = types.here(triple.sender);
      triple.receiver = types.here(triple.receiver);
      triple.mirna = view.mirna_here(triple.mirna);
      if (triple.sender >= 0 && triple.receiver >= 0 && triple.mirna >= 0) {
        triples.push_back(triple);
      }
    }
    input.links.triples.push_back(std::move(triples));

    SiteMarkers markers;
    std::int32_t last = none;
    for (Index g = view.first_group[s]; g < view.first_group[s + 1]; ++g) {
      const std::int32_t type = view.group(g).type;  // groups of a set are sorted by it
      if (type == last) continue;
      last = type;
      const SiteMarkers own = view.here(view.catalogue.markers_of_type(view.sets[s], type));
      markers.insert(markers.end(), own.begin(), own.end());
    }
    input.markers.push_back(std::move(markers));
  }
  return input;
}

void add_markers(SiteBundle& bundle, const SiteMarkers& markers) {
  bundle.add_uint16("dataset", positions(markers, [](const auto& m) { return m.set; }));
  bundle.add_uint16("type", positions(markers, [](const auto& m) { return m.type; }));
  bundle.add_uint16("mirna", positions(markers, [](const auto& m) { return m.mirna; }));
  bundle.add_uint16("rank", positions(markers, [](const auto& m) { return m.rank; }));
  bundle.add_uint16("rival", positions(markers, [](const auto& m) { return m.rival; }));
  bundle.add_float32("z", column(markers, &MarkerValue::z));
  bundle.add_float32("log2rpm", column(markers, &MarkerValue::log2rpm));
  bundle.add_float32("p", column(markers, &MarkerValue::p));
  bundle.add_float32("fdr", column(markers, &MarkerValue::fdr));
  bundle.add_float32("expression", column(markers, &MarkerValue::expression));
  bundle.add_float32("tau", column(markers, &MarkerValue::tau));
  bundle.add_float32("rival_z", column(markers, &MarkerValue::rival_z));
  bundle.add_float32("probability", column(markers, &MarkerValue::probability));
}

void add_edges(SiteBundle& bundle, const std::vector<SiteEdge>& edges) {
  std::vector<float> correlation, weight;
  for (const SiteEdge& edge : edges) {
    correlation.push_back(edge.correlation);
    weight.push_back(edge.weight);
  }
  bundle.add_uint16("edge_dataset", positions(edges, [](const auto& e) { return e.set; }));
  bundle.add_uint16("edge_type", positions(edges, [](const auto& e) { return e.type; }));
  bundle.add_uint16("edge_mirna", positions(edges, [](const auto& e) { return e.mirna; }));
  bundle.add_float32("edge_correlation", correlation);
  bundle.add_float32("edge_weight", weight);
}

std::vector<std::string> write_mirna_files(const SiteInput& input, SiteFiles& files,
                                           ThreadPool& pool) {
  const SiteView& view = input.view;
  const auto n_mirnas = static_cast<std::size_t>(view.n_mirnas());
  const auto n_groups = static_cast<std::size_t>(view.n_groups());
  std::vector<std::vector<SiteEdge>> edges(n_mirnas);
  for (const std::vector<SiteEdge>& own : input.links.edges) {
    for (const SiteEdge& edge : own) edges[static_cast<std::size_t>(edge.mirna)].push_back(edge);
  }
  std::vector<SiteMarkers> markers;
  for (std::size_t m = 0; m < n_mirnas; ++m) {
    markers.push_back(view.here(view.catalogue.markers_of_mirna(view.mirna_of[m])));
  }
  std::vector<std::string> names(n_mirnas);
  std::vector<GzipMember> gzip(static_cast<std::size_t>(pool.size()));
  pool.run(view.n_mirnas(), [&](Index number, int worker) {
    const auto m = static_cast<std::size_t>(number);
    std::vector<float> mean(n_groups), sd(n_groups);
    for (std::size_t g = 0; g < n_groups; ++g) {
      mean[g] = input.values.mean[g * n_mirnas + m];
      sd[g] = input.values.sd[g * n_mirnas + m];
    }
    Json header;
    header["mirna"] = number;
    header["targets"] = Json::array();
    for (const SiteEdge& edge : edges[m]) header["targets"].push_back(edge.target);
    SiteBundle bundle(std::move(header));
    bundle.add_float16("mean", mean);
    bundle.add_float16("sd", sd);
    add_markers(bundle, markers[m]);
    add_edges(bundle, edges[m]);
    names[m] = files.put(bundle.text(), gzip[static_cast<std::size_t>(worker)]);
  });
  return names;
}

std::vector<std::string> write_type_files(const SiteInput& input, SiteFiles& files,
                                          ThreadPool& pool) {
  const SiteView& view = input.view;
  const SiteTerms& types = view.of(TermKind::type);
  const auto n_mirnas = static_cast<std::size_t>(view.n_mirnas());
  const auto n_types = static_cast<std::size_t>(types.size());
  std::vector<std::vector<Index>> groups(n_types);
  for (Index g = 0; g < view.n_groups(); ++g) {
    groups[static_cast<std::size_t>(types.here(view.group(g).type))].push_back(g);
  }
  std::vector<SiteMarkers> markers(n_types);
  for (const SiteMarkers& own : input.markers) {
    for (const CatalogueMarker& marker : own) {
      markers[static_cast<std::size_t>(marker.type)].push_back(marker);
    }
  }
  const auto set_of = [&](Index g) {
    return static_cast<std::size_t>(view.set_position[static_cast<std::size_t>(view.group(g).set)]);
  };
  std::vector<std::string> names(n_types);
  std::vector<GzipMember> gzip(static_cast<std::size_t>(pool.size()));
  pool.run(types.size(), [&](Index number, int worker) {
    const auto t = static_cast<std::size_t>(number);
    // Sets that cannot be compared are not averaged: those of the first kind that has the type.
    std::int32_t kind = std::numeric_limits<std::int32_t>::max();
    for (const Index g : groups[t]) kind = std::min(kind, view.comparable[set_of(g)]);
    std::vector<float> mean, sd;
    std::vector<std::uint16_t> n_sets;
    for (std::size_t m = 0; m < n_mirnas; ++m) {
      std::vector<double> per_set;
      for (std::size_t i = 0; i < groups[t].size();) {
        const std::size_t set = set_of(groups[t][i]);
        double sum = 0;
        int n = 0;
        for (; i < groups[t].size() && set_of(groups[t][i]) == set; ++i) {
          const float value =
              input.values.mean[static_cast<std::size_t>(groups[t][i]) * n_mirnas + m];
          if (std::isnan(value)) continue;
          sum += static_cast<double>(value);
          ++n;
        }
        if (n > 0 && view.comparable[set] == kind) per_set.push_back(sum / n);
      }
      const OverSets all = over_sets(per_set);
      mean.push_back(all.mean);
      sd.push_back(all.sd);
      n_sets.push_back(all.n);
    }
    Json header;
    header["type"] = number;
    header["comparable"] = kind;
    SiteBundle bundle(std::move(header));
    bundle.add_float32("mean", mean);
    bundle.add_float32("sd", sd);
    bundle.add_uint16("n_datasets", n_sets);
    add_markers(bundle, markers[t]);
    names[t] = files.put(bundle.text(), gzip[static_cast<std::size_t>(worker)]);
  });
  return names;
}

}  // namespace sicmir::atlas
