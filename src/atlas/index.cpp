// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "atlas/catalogue_schema.hpp"
#include "atlas/claim.hpp"
#include "atlas/database.hpp"
#include "atlas/half.hpp"
#include "atlas/marker_record.hpp"
#include "atlas/seal.hpp"
#include "base/joined.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/output_file.hpp"
#include "sicmir/version.hpp"

namespace sicmir::atlas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t n_kinds = term_words.entries.size();
using Ids = std::map<std::string, std::int32_t>;  ///< positions by name

/// A finished data set before its summary is read.
struct FoundSet {
  DataSet set;
  std::string seal;
  std::int32_t comparable = 0;
};

void check_seal(const fs::path& folder, const Seals& seals, const char* name) {
  const auto stated = seals.find(name);
  if (stated == seals.end()) {
    throw Error(ExitCode::bad_input, fmt::format("{}: states no checksum of {}; it is damaged.",
                                                 (folder / set_files::checksums).string(), name));
  }
  const FileSeal found = seal_of(folder / name);
  if (found == stated->second) return;
  throw Error(ExitCode::bad_input,
              fmt::format("{}: has {} bytes with the checksum {}; expected {} with {}. It is "
                          "damaged or was changed: remove the data set and add it again.",
                          (folder / name).string(), found.bytes, found.digest, stated->second.bytes,
                          stated->second.digest));
}

std::vector<FoundSet> read_sets(const AtlasFolder& folder) {
  std::vector<FoundSet> found;
  for (const std::string& id : finished_sets(folder)) {
    const fs::path path = folder.set(id);
    const Seals seals = read_seals(path / set_files::checksums);
    check_seal(path, seals, set_files::description);
    check_seal(path, seals, set_files::summary);
    found.push_back({read_data_set(path), seal_of(path / set_files::checksums).digest, 0});
  }
  return found;
}

std::string words_of(const Comparability& one) {
  return fmt::format(
      "model {} ({}), scale {}, {}, format {}", one.model_name, one.model, one.scale,
      one.targets.empty() ? std::string("no table of targets") : "targets " + one.targets,
      one.format);
}

/// Sets without networks go with any table of targets.
bool is_alike(const Comparability& a, const Comparability& b) {
  return a.model == b.model && a.scale == b.scale && a.format == b.format &&
         (a.targets == b.targets || a.targets.empty() || b.targets.empty());
}

/// Numbers the kinds of sets that can be compared, in the order of their first set.
Index settle_comparability(std::vector<FoundSet>& sets, bool allow_mixed) {
  std::vector<Comparability> kinds;
  std::vector<std::vector<std::string>> members;
  for (FoundSet& one : sets) {
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const Comparability& kind) {
      return is_alike(kind, one.set.comparability);
    });
    const auto number = static_cast<std::size_t>(found - kinds.begin());
    if (found == kinds.end()) {
      kinds.push_back(one.set.comparability);
      members.emplace_back();
    } else if (found->targets.empty()) {
      found->targets = one.set.comparability.targets;
    }
    members[number].push_back(one.set.id);
    one.comparable = static_cast<std::int32_t>(number);
  }
  if (kinds.size() < 2) return static_cast<Index>(kinds.size());
  std::string list;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    list += fmt::format("\n  {}: {}", words_of(kinds[i]), joined(members[i], ", "));
  }
  if (!allow_mixed) {
    throw Error(ExitCode::bad_input,
                fmt::format("{} kinds of data sets cannot be compared with each other:{}\nAdd them "
                            "with one model and one --scale, or keep them apart with "
                            "--allow-mixed.",
                            kinds.size(), list));
  }
  log_warning("{} kinds of data sets are kept apart in every comparison:{}", kinds.size(), list);
  return static_cast<Index>(kinds.size());
}

/// Terms of all sets, each kind sorted by name, and where each stands.
struct AllTerms {
  std::array<std::vector<Term>, n_kinds> terms;
  std::array<Ids, n_kinds> positions;

  [[nodiscard]] std::vector<std::int32_t> of(TermKind kind, const std::vector<Term>& local) const {
    std::vector<std::int32_t> found;
    found.reserve(local.size());
    for (const Term& term : local) {
      found.push_back(positions.at(static_cast<std::size_t>(kind)).at(term.name));
    }
    return found;
  }
};

const std::vector<Term>& list_of(const DataSet& set, TermKind kind) {
  switch (kind) {
    case TermKind::type:
      return set.types;
    case TermKind::tissue:
      return set.tissues;
    case TermKind::disease:
      return set.diseases;
    case TermKind::condition:
      break;
  }
  return set.conditions;
}

AllTerms all_terms(const std::vector<FoundSet>& sets) {
  AllTerms all;
  for (const auto& [word, kind] : term_words.entries) {
    const auto k = static_cast<std::size_t>(kind);
    std::map<std::string, std::string> ids;
    for (const FoundSet& one : sets) {
      for (const Term& term : list_of(one.set, kind)) {
        std::string& id = ids[term.name];
        if (id.empty()) {
          id = term.ontology;
        } else if (!term.ontology.empty() && term.ontology != id) {
          log_warning("{} '{}' is {} in other data sets, but {} in {}; {} is kept", word, term.name,
                      id, term.ontology, one.set.id, id);
        }
      }
    }
    for (const auto& [name, id] : ids) {
      all.positions.at(k)[name] = static_cast<std::int32_t>(all.terms.at(k).size());
      all.terms.at(k).push_back({name, id});
    }
  }
  return all;
}

/// miRNAs of all sets: those of the first, then those of others that it does not have.
class AllMirnas {
 public:
  /// Positions of a set's miRNAs.
  std::vector<std::int32_t> add(const std::vector<ProfileMirna>& local) {
    std::vector<std::int32_t> found;
    found.reserve(local.size());
    for (const ProfileMirna& mirna : local) {
      const auto [entry, is_new] =
          positions_.try_emplace(mirna.name, static_cast<std::int32_t>(all_.size()));
      found.push_back(entry->second);
      if (is_new) {
        all_.push_back(mirna);
      } else {
        join(all_[static_cast<std::size_t>(entry->second)], mirna);
      }
    }
    return found;
  }
  [[nodiscard]] const std::vector<ProfileMirna>& all() const { return all_; }

 private:
  /// Figures of several models are nobody's.
  static void join(ProfileMirna& kept, const ProfileMirna& other) {
    const auto settle = [](double& value, double with) {
      if (value != with) value = std::numeric_limits<double>::quiet_NaN();
    };
    settle(kept.mean, other.mean);
    settle(kept.sd, other.sd);
    settle(kept.accuracy.within_cohort, other.accuracy.within_cohort);
    settle(kept.accuracy.pooled, other.accuracy.pooled);
    settle(kept.accuracy.leave_cohort_out, other.accuracy.leave_cohort_out);
    if (kept.accuracy.n != other.accuracy.n) kept.accuracy.n = 0;
    if (kept.target != other.target) kept.target.clear();
  }

  std::vector<ProfileMirna> all_;
  std::map<std::string, std::int32_t> positions_;
};

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

class Writer {
 public:
  Writer(const AtlasFolder& folder, const std::vector<FoundSet>& sets, const fs::path& file)
      : folder_(folder), sets_(sets), terms_(all_terms(sets)), database_(Database::create(file)) {}

  IndexReport write() {
    database_.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};",
                                  schema::application_id, format_version));
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
    Statement values = database_.prepare("INSERT INTO group_values VALUES(?, ?, ?)");
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
      values.bind(1, id).bind(2, bytes_of(means_[g])).bind(3, bytes_of(sds_[g])).run();
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
    Statement insert = database_.prepare("INSERT INTO contrasts VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (std::size_t i = 0; i < contrasts_.size(); ++i) {
      Contrast& one = contrasts_[i];
      one.effect.resize(n_mirnas, not_known);
      one.error.resize(n_mirnas, not_known);
      insert.bind(1, static_cast<std::int64_t>(i)).bind(2, std::int64_t{contrast_sets_[i]});
      insert.bind(3, std::int64_t{one.type}).bind(4, std::int64_t{one.condition});
      insert.bind(5, std::int64_t{one.reference}).bind(6, std::int64_t{one.n_condition});
      insert.bind(7, std::int64_t{one.n_reference});
      insert.bind(8, std::as_bytes(std::span<const float>(one.effect)));
      insert.bind(9, std::as_bytes(std::span<const float>(one.error))).run();
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

/// Folders of removed sets leave data/sets by renaming, so that none is half there.
Index delete_removed(const AtlasFolder& folder) {
  Index n = 0;
  for (const std::string& id : removed_sets(folder)) {
    const fs::path away = folder.claims() / fmt::format(".removed-{}", id);
    std::error_code error;
    fs::remove_all(away, error);
    fs::rename(folder.set(id), away, error);
    if (error) {
      throw Error(ExitCode::not_written, fmt::format("{}: cannot be removed: {}.",
                                                     folder.set(id).string(), error.message()));
    }
    fs::remove_all(away, error);
    ++n;
  }
  return n;
}

}  // namespace

IndexReport build_index(const AtlasFolder& folder, const IndexOptions& options) {
  (void)finished_sets(folder);  // before anything is created in what is no atlas
  const Claim claim(folder, index_claim, options.resume);
  std::vector<FoundSet> sets = read_sets(folder);
  if (sets.empty()) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: holds no finished data set. Add one with `sicmir atlas add`.",
                            folder.root().string()));
  }
  const Index n_comparable = settle_comparability(sets, options.allow_mixed);
  OutputFile output(folder.catalogue().string());
  output.create();
  IndexReport report = Writer(folder, sets, output.temporary_path()).write();
  const FileSeal seal = seal_of(output.temporary_path());
  output.commit();
  write_seals({{folder.catalogue().filename().string(), seal}}, folder.catalogue_seal());
  report.n_comparable = n_comparable;
  report.catalogue_bytes = seal.bytes;
  if (options.write_site) {
    options.write_site(folder, Catalogue::open(folder.catalogue()), options.threads);
  }
  report.n_removed = delete_removed(folder);
  return report;
}

}  // namespace sicmir::atlas
