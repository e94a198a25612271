// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/write_catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <tuple>

#include "atlas/catalogue_schema.hpp"
#include "atlas/database.hpp"
#include "atlas/half.hpp"
#include "atlas/marker_record.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "sicmir/version.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

/// Markers of one miRNA, best first; ties by set and type. Those of a type are already in the order
/// of `sicmir markers`, which needs the miRNAs' standard deviations.
bool is_better(const CatalogueMarker& a, const CatalogueMarker& b) {
  const auto key = [](const CatalogueMarker& one) {
    return std::isnan(one.rival_z) ? one.z : one.rival_z;
  };
  if (key(a) != key(b)) return key(a) > key(b);
  return std::tie(a.set, a.type) < std::tie(b.set, b.type);
}

void keep_first(std::vector<CatalogueMarker>& markers) {
  if (markers.size() > static_cast<std::size_t>(most_markers)) {
    markers.resize(static_cast<std::size_t>(most_markers));
  }
}

void keep_best(std::vector<CatalogueMarker>& markers) {
  std::sort(markers.begin(), markers.end(), is_better);
  keep_first(markers);
}

std::span<const std::byte> bytes_of(const std::vector<std::uint16_t>& values) {
  return std::as_bytes(std::span(values));
}

class CatalogueWriter {
 public:
  CatalogueWriter(const AtlasFolder& folder, const std::vector<FoundSet>& sets,
                  const fs::path& file)
      : folder_(folder), sets_(sets), terms_(all_terms(sets)), database_(Database::create(file)) {}

  IndexReport write() {
    database_.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                  schema::application_id, schema::version));
    database_.execute("BEGIN");
    // Tables before their indexes, which come right behind them in this order.
    for (const schema::Entry& entry : schema::entries) database_.execute(entry.sql);
    write_facts();
    write_terms();
    write_shared_donors();
    for (std::size_t i = 0; i < sets_.size(); ++i) write_set(static_cast<std::int32_t>(i));
    write_mirnas();
    write_groups();
    write_mirna_markers();
    database_.execute("COMMIT");
    database_.close();
    report_.n_sets = static_cast<Index>(sets_.size());
    report_.n_groups = static_cast<Index>(groups_.size());
    report_.n_types = static_cast<Index>(terms_.terms[0].size());
    return report_;
  }

 private:
  void write_facts() {
    Statement insert = database_.prepare("INSERT INTO facts VALUES(?, ?)");
    insert.bind(1, std::string_view("version")).bind(2, std::string_view(version)).run();
  }

  void write_terms() {
    Statement insert = database_.prepare("INSERT INTO terms VALUES(?, ?, ?, ?)");
    std::map<std::string_view, TermKind> kinds;  // in the order of the primary key
    for (const auto& [word, kind] : term_words.entries) kinds[word] = kind;
    for (const auto& [word, kind] : kinds) {
      const std::vector<Term>& list = terms_.terms.at(static_cast<std::size_t>(kind));
      for (std::size_t i = 0; i < list.size(); ++i) {
        insert.bind(1, word).bind(2, static_cast<std::int64_t>(i));
        insert.bind(3, std::string_view(list[i].name)).bind(4, std::string_view(list[i].ontology));
        insert.run();
      }
    }
  }

  void write_shared_donors() {
    std::map<std::string, std::set<std::int64_t>> donors;
    for (std::size_t i = 0; i < sets_.size(); ++i) {
      for (const Sample& sample : sets_[i].set.samples) {
        if (!sample.donor.empty()) donors[sample.donor].insert(static_cast<std::int64_t>(i));
      }
    }
    Statement insert = database_.prepare("INSERT INTO shared_donors VALUES(?, ?)");
    std::vector<std::string> shared;
    for (const auto& [donor, in] : donors) {
      if (in.size() < 2) continue;
      shared.push_back(donor);
      for (const std::int64_t set : in) insert.bind(1, std::string_view(donor)).bind(2, set).run();
    }
    constexpr std::size_t most_named = 5;
    if (shared.empty()) return;
    const std::span<const std::string> named(shared.data(), std::min(most_named, shared.size()));
    log_info("{} donors have the same name in several data sets, and may be the same persons: {}{}",
             shared.size(), joined(named, ", "), named.size() < shared.size() ? ", ..." : "");
  }

  void write_set(std::int32_t number) {
    const FoundSet& found = sets_[static_cast<std::size_t>(number)];
    const DataSet& set = found.set;
    const Summary summary = read_summary(folder_.set(set.id), set);
    const std::vector<std::int32_t> mirnas = mirnas_.add(summary.mirnas);
    insert_set(number, found);
    add_groups(number, set, summary, mirnas);
    add_markers(number, set, summary, mirnas);
    add_contrasts(number, set, summary, mirnas);
    add_edges(number, set, summary, mirnas);
    report_.n_cells += set.n_cells;
  }

  void insert_set(std::int32_t number, const FoundSet& found) {
    const DataSet& set = found.set;
    std::set<std::string> donors;
    for (const Sample& sample : set.samples) {
      if (!sample.donor.empty()) donors.insert(sample.donor);
    }
    Json options = Json::array();
    for (const auto& [key, value] : set.options) options.push_back(Json::array({key, value}));
    const Json left_out(set.left_out);
    Statement insert =
        database_.prepare("INSERT INTO sets VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    insert.bind(1, std::int64_t{number}).bind(2, std::string_view(set.id));
    insert.bind(3, std::string_view(set.title)).bind(4, std::string_view(set.citation));
    insert.bind(5, std::string_view(set.url)).bind(6, public_words.word(set.is_public));
    insert.bind(7, std::int64_t{found.comparable}).bind(8, std::int64_t{set.n_cells});
    insert.bind(9, static_cast<std::int64_t>(set.samples.size()));
    insert.bind(10, static_cast<std::int64_t>(donors.size()));
    insert.bind(11, std::string_view(set.reference_condition));
    insert.bind(12, std::string_view(set.comparability.scale));
    insert.bind(13, std::string_view(set.comparability.model));
    insert.bind(14, std::string_view(set.comparability.model_name));
    insert.bind(15, std::string_view(set.version)).bind(16, std::string_view(set.input));
    insert.bind(17, std::string_view(set.input_checksum)).bind(18, std::string_view(found.seal));
    insert.bind(19, std::string_view(json_text(options)));
    insert.bind(20, std::string_view(json_text(left_out))).run();
  }

  void add_groups(std::int32_t number, const DataSet& set, const Summary& summary,
                  const std::vector<std::int32_t>& mirnas) {
    const auto types = terms_.of(TermKind::type, set.types);
    const auto tissues = terms_.of(TermKind::tissue, set.tissues);
    const auto diseases = terms_.of(TermKind::disease, set.diseases);
    const auto conditions = terms_.of(TermKind::condition, set.conditions);
    const auto at = [](const std::vector<std::int32_t>& list, std::int32_t position) {
      return position == none ? none : list[static_cast<std::size_t>(position)];
    };
    for (std::size_t g = 0; g < set.groups.size(); ++g) {
      CatalogueGroup group;
      static_cast<Group&>(group) = set.groups[g];
      group.set = number;
      group.type = at(types, group.type);
      group.tissue = at(tissues, group.tissue);
      group.disease = at(diseases, group.disease);
      group.condition = at(conditions, group.condition);
      groups_.push_back(group);
      const std::size_t n = mirnas_.all().size();
      std::vector<std::uint16_t>& mean = means_.emplace_back(n, half_of(not_known));
      std::vector<std::uint16_t>& sd = sds_.emplace_back(n, half_of(not_known));
      for (std::size_t m = 0; m < mirnas.size(); ++m) {
        const auto to = static_cast<std::size_t>(mirnas[m]);
        mean[to] = half_of(summary.mean(static_cast<Index>(m), static_cast<Index>(g)));
        sd[to] = half_of(summary.sd(static_cast<Index>(m), static_cast<Index>(g)));
      }
    }
  }

  void add_markers(std::int32_t number, const DataSet& set, const Summary& summary,
                   const std::vector<std::int32_t>& mirnas) {
    const auto types = terms_.of(TermKind::type, set.types);
    by_mirna_.resize(mirnas_.all().size());
    Statement insert = database_.prepare("INSERT INTO type_markers VALUES(?, ?, ?)");
    for (const TypeMarkers& one : summary.markers) {
      std::vector<CatalogueMarker> markers;
      for (const MarkerValue& value : one.values) {
        CatalogueMarker& marker = markers.emplace_back();
        static_cast<MarkerValue&>(marker) = value;
        marker.set = number;
        marker.type = types[static_cast<std::size_t>(one.type)];
        marker.mirna = mirnas[static_cast<std::size_t>(value.mirna)];
        marker.rival = value.rival == none ? none : types[static_cast<std::size_t>(value.rival)];
      }
      std::int32_t rank = 0;
      for (CatalogueMarker& marker : markers) {
        marker.rank = ++rank;
        std::vector<CatalogueMarker>& best = by_mirna_[static_cast<std::size_t>(marker.mirna)];
        best.push_back(marker);
        if (best.size() >= 4 * static_cast<std::size_t>(most_markers)) keep_best(best);
      }
      keep_first(markers);
      const std::vector<std::byte> blob = marker_record::pack(markers);
      insert.bind(1, std::int64_t{number}).bind(2, std::int64_t{markers.front().type});
      insert.bind(3, std::span<const std::byte>(blob)).run();
    }
  }

  void add_contrasts(std::int32_t number, const DataSet& set, const Summary& summary,
                     const std::vector<std::int32_t>& mirnas) {
    const auto types = terms_.of(TermKind::type, set.types);
    const auto conditions = terms_.of(TermKind::condition, set.conditions);
    for (const Contrast& one : summary.contrasts) {
      Contrast& contrast = contrasts_.emplace_back(one);
      contrast_sets_.push_back(number);
      contrast.type = types[static_cast<std::size_t>(one.type)];
      contrast.condition = conditions[static_cast<std::size_t>(one.condition)];
      contrast.reference = conditions[static_cast<std::size_t>(one.reference)];
      const std::size_t n = mirnas_.all().size();
      contrast.effect.assign(n, not_known);
      contrast.error.assign(n, not_known);
      for (std::size_t m = 0; m < mirnas.size(); ++m) {
        contrast.effect[static_cast<std::size_t>(mirnas[m])] = one.effect[m];
        contrast.error[static_cast<std::size_t>(mirnas[m])] = one.error[m];
      }
    }
  }

  void add_edges(std::int32_t number, const DataSet& set, const Summary& summary,
                 const std::vector<std::int32_t>& mirnas) {
    const auto types = terms_.of(TermKind::type, set.types);
    const auto type = [&](std::int32_t at) {
      return std::int64_t{types[static_cast<std::size_t>(at)]};
    };
    const auto mirna = [&](std::int32_t at) {
      return std::int64_t{mirnas[static_cast<std::size_t>(at)]};
    };
    const auto number_or_null = [](Statement& insert, int place, float value) {
      insert.bind(place, static_cast<double>(value));  // SQLite turns NaN into NULL
    };
    Statement edge = database_.prepare("INSERT INTO edges VALUES(?, ?, ?, ?, ?, ?, ?)");
    std::int64_t rank = 0;
    for (const Edge& one : summary.edges) {
      edge.bind(1, std::int64_t{number}).bind(2, ++rank).bind(3, type(one.type));
      edge.bind(4, mirna(one.mirna)).bind(5, std::string_view(one.target));
      number_or_null(edge, 6, one.correlation);
      number_or_null(edge, 7, one.weight);
      edge.run();
    }
    Statement triple = database_.prepare("INSERT INTO triples VALUES(?, ?, ?, ?, ?, ?, ?)");
    rank = 0;
    for (const Triple& one : summary.triples) {
      triple.bind(1, std::int64_t{number}).bind(2, ++rank).bind(3, type(one.sender));
      triple.bind(4, type(one.receiver)).bind(5, mirna(one.mirna));
      number_or_null(triple, 6, one.score);
      number_or_null(triple, 7, one.p);
      triple.run();
    }
  }

  void write_mirnas() {
    Statement insert = database_.prepare("INSERT INTO mirnas VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    std::int64_t id = 0;
    for (const ProfileMirna& one : mirnas_.all()) {
      insert.bind(1, id++).bind(2, std::string_view(one.name));
      insert.bind(3, std::string_view(one.mimat)).bind(4, std::string_view(one.target));
      insert.bind(5, one.mean).bind(6, one.sd).bind(7, one.accuracy.within_cohort);
      insert.bind(8, one.accuracy.pooled).bind(9, one.accuracy.leave_cohort_out);
      insert.bind(10, std::int64_t{one.accuracy.n}).run();
    }
  }

  void write_groups() {
    const std::size_t n_mirnas = mirnas_.all().size();
    Statement insert = database_.prepare("INSERT INTO groups VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    Statement means = database_.prepare("INSERT INTO group_means VALUES(?, ?)");
    Statement spreads = database_.prepare("INSERT INTO group_spreads VALUES(?, ?)");
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const CatalogueGroup& one = groups_[g];
      const auto id = static_cast<std::int64_t>(g);
      insert.bind(1, id).bind(2, std::int64_t{one.set}).bind(3, std::int64_t{one.type});
      insert.bind(4, std::int64_t{one.tissue}).bind(5, std::int64_t{one.disease});
      insert.bind(6, std::int64_t{one.condition}).bind(7, std::int64_t{one.n_cells});
      insert.bind(8, std::int64_t{one.n_samples}).bind(9, std::int64_t{one.n_donors});
      insert.bind(10, std::int64_t{one.n_below_floor}).run();
      // Sets before one that brought miRNAs of another model do not have these.
      means_[g].resize(n_mirnas, half_of(not_known));
      sds_[g].resize(n_mirnas, half_of(not_known));
      means.bind(1, id).bind(2, bytes_of(means_[g])).run();
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      spreads.bind(1, static_cast<std::int64_t>(g)).bind(2, bytes_of(sds_[g])).run();
    }
    Statement turned = database_.prepare("INSERT INTO mirna_values VALUES(?, ?, ?)");
    std::vector<std::uint16_t> mean(groups_.size());
    std::vector<std::uint16_t> sd(groups_.size());
    for (std::size_t m = 0; m < n_mirnas; ++m) {
      for (std::size_t g = 0; g < groups_.size(); ++g) {
        mean[g] = means_[g][m];
        sd[g] = sds_[g][m];
      }
      turned.bind(1, static_cast<std::int64_t>(m)).bind(2, bytes_of(mean)).bind(3, bytes_of(sd));
      turned.run();
    }
    write_contrasts(n_mirnas);
  }

  void write_contrasts(std::size_t n_mirnas) {
    Statement insert = database_.prepare("INSERT INTO contrasts VALUES(?, ?, ?, ?, ?, ?, ?)");
    Statement values = database_.prepare("INSERT INTO contrast_values VALUES(?, ?, ?)");
    for (std::size_t i = 0; i < contrasts_.size(); ++i) {
      Contrast& one = contrasts_[i];
      one.effect.resize(n_mirnas, not_known);
      one.error.resize(n_mirnas, not_known);
      insert.bind(1, static_cast<std::int64_t>(i)).bind(2, std::int64_t{contrast_sets_[i]});
      insert.bind(3, std::int64_t{one.type}).bind(4, std::int64_t{one.condition});
      insert.bind(5, std::int64_t{one.reference}).bind(6, std::int64_t{one.n_condition});
      insert.bind(7, std::int64_t{one.n_reference}).run();
      values.bind(1, static_cast<std::int64_t>(i));
      values.bind(2, std::as_bytes(std::span<const float>(one.effect)));
      values.bind(3, std::as_bytes(std::span<const float>(one.error))).run();
    }
  }

  void write_mirna_markers() {
    Statement insert = database_.prepare("INSERT INTO mirna_markers VALUES(?, ?)");
    for (std::size_t m = 0; m < by_mirna_.size(); ++m) {
      if (by_mirna_[m].empty()) continue;
      keep_best(by_mirna_[m]);
      const std::vector<std::byte> blob = marker_record::pack(by_mirna_[m]);
      insert.bind(1, static_cast<std::int64_t>(m)).bind(2, std::span<const std::byte>(blob)).run();
    }
  }

  const AtlasFolder& folder_;
  const std::vector<FoundSet>& sets_;
  AllTerms terms_;
  AllMirnas mirnas_;
  Database database_;
  std::vector<CatalogueGroup> groups_;
  std::vector<std::vector<std::uint16_t>> means_, sds_;  // per group
  std::vector<Contrast> contrasts_;
  std::vector<std::int32_t> contrast_sets_;
  std::vector<std::vector<CatalogueMarker>> by_mirna_;
  IndexReport report_;
};

}  // namespace

IndexReport write_catalogue(const AtlasFolder& folder, const std::vector<FoundSet>& sets,
                            const fs::path& file) {
  return CatalogueWriter(folder, sets, file).write();
}

}  // namespace sicmir::atlas
