// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "atlas/atlas_folder.hpp"
#include "atlas/catalogue_schema.hpp"
#include "atlas/database.hpp"
#include "atlas/half.hpp"
#include "atlas/marker_record.hpp"
#include "base/joined.hpp"
#include "parallel/thread_pool.hpp"

namespace sicmir::atlas {
namespace {

constexpr std::int64_t most_count = std::int64_t{1} << 40;
constexpr std::int64_t most_lines = 10'000'000;  // of any table
constexpr std::size_t n_kinds = term_words.entries.size();

void read_halves(std::span<const std::byte> blob, std::vector<float>& values) {
  values.resize(blob.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, blob.data() + 2 * i, 2);
    values[i] = float_of(half);
  }
}

std::vector<float> halves(std::span<const std::byte> blob) {
  std::vector<float> values;
  read_halves(blob, values);
  return values;
}

std::vector<float> floats(std::span<const std::byte> blob) {
  std::vector<float> values(blob.size() / 4);
  std::memcpy(values.data(), blob.data(), blob.size());
  return values;
}

}  // namespace

struct Catalogue::Parts {
  explicit Parts(const std::filesystem::path& file) : database(Database::open(file)) {}

  void read() {
    check_schema();
    read_terms();
    read_mirnas();
    read_sets();
    read_groups();
    read_contrasts();
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {}. The catalogue is damaged or was changed; make it again with "
                            "`sicmir atlas index`.",
                            database.path(), what));
  }

  [[nodiscard]] std::int64_t pragma(const char* name) const {
    Statement statement = database.prepare(fmt::format("PRAGMA {}", name));
    return statement.next() ? statement.integer(0, INT32_MIN, INT32_MAX) : 0;
  }

  void check_schema() const {
    if (pragma("application_id") != schema::application_id) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: is a database, but no catalogue of an atlas.", database.path()));
    }
    if (const std::int64_t version = pragma("user_version"); version != schema::version) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{}: has the version {}, which this program does not know; expected "
                              "{}. Make it again with `sicmir atlas index`.",
                              database.path(), version, schema::version));
    }
    Statement statement =
        database.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
    std::size_t n = 0;
    for (; statement.next(); ++n) {
      const std::string name = statement.text(0);
      const std::string sql = statement.text(1);
      if (n < schema::entries.size() && name == schema::entries.at(n).name &&
          sql == schema::entries.at(n).sql) {
        continue;
      }
      damaged(fmt::format("'{}' is none of its tables", name));
    }
    if (n != schema::entries.size()) {
      damaged(fmt::format("has {} of {} tables", n, schema::entries.size()));
    }
  }

  void read_terms() {
    Statement statement =
        database.prepare("SELECT kind, id, name, ontology FROM terms ORDER BY kind, id");
    while (statement.next()) {
      const auto kind = term_words.parse(statement.text(0));
      if (!kind) damaged(fmt::format("a term is of the kind '{}'", statement.text(0)));
      std::vector<Term>& list = terms.at(static_cast<std::size_t>(*kind));
      const auto next = static_cast<std::int64_t>(list.size());
      (void)statement.integer(1, next, std::min(next, most_lines));
      list.push_back({statement.text(2), statement.text(3)});
    }
  }

  void read_mirnas() {
    Statement statement = database.prepare(
        "SELECT id, name, mimat, target, mean, sd, within_cohort, pooled, leave_cohort_out, "
        "n_held_out FROM mirnas ORDER BY id");
    while (statement.next()) {
      const auto next = static_cast<std::int64_t>(mirnas.size());
      (void)statement.integer(0, next, std::min(next, most_lines));
      ProfileMirna mirna;
      mirna.name = statement.text(1);
      mirna.mimat = statement.text(2);
      mirna.target = statement.text(3);
      mirna.mean = statement.number(4);
      mirna.sd = statement.number(5);
      mirna.accuracy.within_cohort = statement.number(6);
      mirna.accuracy.pooled = statement.number(7);
      mirna.accuracy.leave_cohort_out = statement.number(8);
      mirna.accuracy.n = statement.integer(9, 0, most_count);
      mirnas.push_back(std::move(mirna));
    }
  }

  void read_sets() {
    Statement statement = database.prepare(
        "SELECT id, name, title, citation, url, public, comparable, n_cells, n_samples, n_donors, "
        "reference_condition, scale, model, model_name, version, input, input_checksum, seal FROM "
        "sets ORDER BY id");
    while (statement.next()) {
      const auto next = static_cast<std::int64_t>(sets.size());
      (void)statement.integer(0, next, std::min(next, most_lines));
      CatalogueSet set;
      set.id = statement.text(1);
      if (!is_set_id(set.id)) damaged(fmt::format("'{}' is no id of a data set", set.id));
      set.title = statement.text(2);
      set.citation = statement.text(3);
      set.url = statement.text(4);
      const auto is_public = public_words.parse(statement.text(5));
      if (!is_public) damaged(fmt::format("'{}' is public as '{}'", set.id, statement.text(5)));
      set.is_public = *is_public;
      set.comparable = static_cast<std::int32_t>(statement.integer(6, 0, most_lines));
      set.n_cells = statement.integer(7, 0, most_count);
      set.n_samples = statement.integer(8, 0, most_count);
      set.n_donors = statement.integer(9, 0, most_count);
      set.reference_condition = statement.text(10);
      set.scale = statement.text(11);
      set.model = statement.text(12);
      set.model_name = statement.text(13);
      set.version = statement.text(14);
      set.input = statement.text(15);
      set.input_checksum = statement.text(16);
      set.seal = statement.text(17);
      sets.push_back(std::move(set));
    }
  }

  [[nodiscard]] std::int32_t position(const Statement& statement, int column, std::int64_t least,
                                      std::size_t length) const {
    return static_cast<std::int32_t>(
        statement.integer(column, least, static_cast<std::int64_t>(length) - 1));
  }
  [[nodiscard]] std::size_t n_terms(TermKind kind) const {
    return terms.at(static_cast<std::size_t>(kind)).size();
  }

  void read_groups() {
    Statement statement = database.prepare(
        "SELECT id, dataset, type, tissue, disease, condition, n_cells, n_samples, n_donors, "
        "n_below_floor FROM groups ORDER BY id");
    while (statement.next()) {
      const auto next = static_cast<std::int64_t>(groups.size());
      (void)statement.integer(0, next, std::min(next, most_lines));
      CatalogueGroup group;
      group.set = position(statement, 1, 0, sets.size());
      group.type = position(statement, 2, 0, n_terms(TermKind::type));
      group.tissue = position(statement, 3, none, n_terms(TermKind::tissue));
      group.disease = position(statement, 4, none, n_terms(TermKind::disease));
      group.condition = position(statement, 5, none, n_terms(TermKind::condition));
      group.n_cells = statement.integer(6, 0, most_count);
      group.n_samples = statement.integer(7, 0, most_count);
      group.n_donors = statement.integer(8, 0, most_count);
      group.n_below_floor = statement.integer(9, 0, most_count);
      if (!groups.empty() && groups.back().set > group.set) damaged("groups are not sorted by set");
      groups.push_back(group);
    }
  }

  void read_contrasts() {
    Statement statement = database.prepare(
        "SELECT id, dataset, type, condition, reference, n_condition, n_reference FROM contrasts "
        "ORDER BY id");
    while (statement.next()) {
      const auto next = static_cast<std::int64_t>(contrasts.size());
      (void)statement.integer(0, next, std::min(next, most_lines));
      const std::size_t n_conditions = n_terms(TermKind::condition);
      contrasts.push_back(
          {position(statement, 1, 0, sets.size()),
           position(statement, 2, 0, n_terms(TermKind::type)),
           position(statement, 3, 0, n_conditions), position(statement, 4, 0, n_conditions),
           statement.integer(5, 0, most_count), statement.integer(6, 0, most_count)});
    }
  }

  /// The float16s in a column of a line.
  [[nodiscard]] std::vector<float> values(const char* column, const char* table, Index id,
                                          std::size_t length) const {
    Statement statement =
        database.prepare(fmt::format("SELECT {} FROM {} WHERE id = ?", column, table));
    statement.bind(1, std::int64_t{id});
    if (!statement.next()) damaged(fmt::format("{} has no line {}", table, id));
    std::vector<float> values = halves(statement.blob(0, 2 * length));
    check_finite(values, table, id);
    return values;
  }

  void check_finite(const std::vector<float>& values, const char* table, Index id) const {
    // Without a branch per value, so that the loop is vectorised.
    bool any = false;
    for (const float value : values) any |= std::fabs(value) == HUGE_VALF;
    if (any) damaged(fmt::format("{}, line {}: a value is infinite", table, id));
  }

  /// `dataset`, `type`, `mirna`: what all must have; none: anything within its list.
  [[nodiscard]] std::vector<CatalogueMarker> markers(Statement& statement, std::int32_t dataset,
                                                     std::int32_t type, std::int32_t mirna) const {
    if (!statement.next()) return {};
    const auto blob =
        statement.blob_up_to(0, static_cast<std::size_t>(most_markers) * marker_record::bytes);
    if (blob.size() % marker_record::bytes != 0) damaged("a list of markers is cut short");
    std::vector<CatalogueMarker> found = marker_record::unpack(blob);
    const auto is_within = [](std::int32_t value, std::int32_t must, std::size_t length) {
      return must == none ? value >= 0 && static_cast<std::size_t>(value) < length : value == must;
    };
    const std::size_t n_types = n_terms(TermKind::type);
    for (const CatalogueMarker& marker : found) {
      const bool is_right =
          is_within(marker.set, dataset, sets.size()) && is_within(marker.type, type, n_types) &&
          is_within(marker.mirna, mirna, mirnas.size()) && marker.rank >= 1 &&
          marker.rival >= none && marker.rival < static_cast<std::int32_t>(n_types);
      if (!is_right) damaged("a marker points to what is not there");
    }
    return found;
  }

  [[nodiscard]] Edge edge_at(const Statement& statement, int first) const {
    return {position(statement, first, 0, n_terms(TermKind::type)),
            position(statement, first + 1, 0, mirnas.size()), statement.text(first + 2),
            static_cast<float>(statement.number(first + 3)),
            static_cast<float>(statement.number(first + 4))};
  }

  Database database;
  std::vector<CatalogueSet> sets;
  std::vector<ProfileMirna> mirnas;
  std::array<std::vector<Term>, n_kinds> terms;
  std::vector<CatalogueGroup> groups;
  std::vector<CatalogueContrast> contrasts;
};

Catalogue::Catalogue(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Catalogue::Catalogue(const Catalogue&) = default;
Catalogue& Catalogue::operator=(const Catalogue&) = default;
Catalogue::Catalogue(Catalogue&&) noexcept = default;
Catalogue& Catalogue::operator=(Catalogue&&) noexcept = default;
Catalogue::~Catalogue() = default;

Catalogue Catalogue::open(const std::filesystem::path& file) {
  auto parts = std::make_shared<Parts>(file);
  parts->read();
  return Catalogue(std::move(parts));
}

const std::vector<CatalogueSet>& Catalogue::sets() const noexcept {
  return parts_->sets;
}
const std::vector<ProfileMirna>& Catalogue::mirnas() const noexcept {
  return parts_->mirnas;
}
const std::vector<Term>& Catalogue::terms(TermKind kind) const noexcept {
  return parts_->terms[static_cast<std::size_t>(kind)];
}
const std::vector<CatalogueGroup>& Catalogue::groups() const noexcept {
  return parts_->groups;
}
const std::vector<CatalogueContrast>& Catalogue::contrasts() const noexcept {
  return parts_->contrasts;
}

MeanAndSpread Catalogue::of_group(Index group) const {
  const std::size_t n = parts_->mirnas.size();
  return {parts_->values("mean", "group_means", group, n),
          parts_->values("sd", "group_spreads", group, n)};
}

void Catalogue::means_of(
    std::span<const Index> groups, int threads,
    const std::function<void(std::size_t at, const std::vector<float>& means)>& take) const {
  // SQLite reads, one group at a time; the threads take what was read, some groups each.
  constexpr std::size_t per_round = 1024, per_task = 32;
  const std::size_t bytes = 2 * parts_->mirnas.size();
  // Most of the groups are read in one sweep, a few by their numbers.
  constexpr std::size_t few = 4;
  const bool is_sweep = groups.size() * few > parts_->groups.size();
  Statement statement =
      parts_->database.prepare(is_sweep ? "SELECT mean, id FROM group_means ORDER BY id"
                                        : "SELECT mean, id FROM group_means WHERE id = ?");
  const auto next = [&](Index group) {
    if (!is_sweep) statement.reset().bind(1, std::int64_t{group});
    while (statement.next()) {
      if (statement.integer(1, 0, most_lines) >= group) break;
    }
    if (!statement.is_at_row() || statement.integer(1, 0, most_lines) != group) {
      parts_->damaged(fmt::format("group_means has no line {}", group));
    }
  };
  ThreadPool pool(groups.size() > per_task ? std::max(1, threads) : 1);
  std::vector<std::byte> read(std::min(per_round, groups.size()) * bytes);
  std::vector<std::vector<float>> means(static_cast<std::size_t>(pool.size()));
  for (std::size_t first = 0; first < groups.size(); first += per_round) {
    const std::size_t n = std::min(per_round, groups.size() - first);
    for (std::size_t i = 0; i < n; ++i) {
      next(groups[first + i]);
      const std::span<const std::byte> blob = statement.blob(0, bytes);
      std::copy(blob.begin(), blob.end(), read.begin() + static_cast<std::ptrdiff_t>(i * bytes));
    }
    pool.run(static_cast<Index>((n + per_task - 1) / per_task), [&](Index task, int worker) {
      std::vector<float>& own = means[static_cast<std::size_t>(worker)];
      const std::size_t start = static_cast<std::size_t>(task) * per_task;
      for (std::size_t i = start; i < std::min(start + per_task, n); ++i) {
        read_halves(std::span(read).subspan(i * bytes, bytes), own);
        parts_->check_finite(own, "group_means", groups[first + i]);
        take(first + i, own);
      }
    });
  }
}

MeanAndSpread Catalogue::of_mirna(Index mirna) const {
  const std::size_t n = parts_->groups.size();
  return {parts_->values("mean", "mirna_values", mirna, n),
          parts_->values("sd", "mirna_values", mirna, n)};
}

std::vector<CatalogueMarker> Catalogue::markers_of_type(Index set, Index type) const {
  Statement statement =
      parts_->database.prepare("SELECT markers FROM type_markers WHERE dataset = ? AND type = ?");
  statement.bind(1, std::int64_t{set}).bind(2, std::int64_t{type});
  return parts_->markers(statement, static_cast<std::int32_t>(set), static_cast<std::int32_t>(type),
                         none);
}

std::vector<CatalogueMarker> Catalogue::markers_of_mirna(Index mirna) const {
  Statement statement = parts_->database.prepare("SELECT markers FROM mirna_markers WHERE id = ?");
  statement.bind(1, std::int64_t{mirna});
  return parts_->markers(statement, none, none, static_cast<std::int32_t>(mirna));
}

ContrastValues Catalogue::of_contrast(Index contrast) const {
  Statement statement =
      parts_->database.prepare("SELECT effect, error FROM contrast_values WHERE id = ?");
  statement.bind(1, std::int64_t{contrast});
  if (!statement.next()) parts_->damaged(fmt::format("there is no contrast {}", contrast));
  const std::size_t bytes = 4 * parts_->mirnas.size();
  ContrastValues values = {floats(statement.blob(0, bytes)), floats(statement.blob(1, bytes))};
  for (std::size_t i = 0; i < values.error.size(); ++i) {
    if (std::isinf(values.effect[i]) || std::isinf(values.error[i]) || values.error[i] < 0) {
      parts_->damaged(fmt::format("a value of contrast {} cannot be", contrast));
    }
  }
  return values;
}

std::vector<Edge> Catalogue::edges(Index set) const {
  Statement statement = parts_->database.prepare(
      "SELECT type, mirna, target, correlation, weight FROM edges WHERE dataset = ? ORDER BY rank "
      "LIMIT 150");
  statement.bind(1, std::int64_t{set});
  std::vector<Edge> edges;
  while (statement.next()) edges.push_back(parts_->edge_at(statement, 0));
  return edges;
}

std::vector<Triple> Catalogue::triples(Index set) const {
  Statement statement = parts_->database.prepare(
      "SELECT sender, receiver, mirna, score, p FROM triples WHERE dataset = ? ORDER BY rank "
      "LIMIT 200");
  statement.bind(1, std::int64_t{set});
  std::vector<Triple> triples;
  const std::size_t n_types = parts_->n_terms(TermKind::type);
  while (statement.next()) {
    triples.push_back(
        {parts_->position(statement, 0, 0, n_types), parts_->position(statement, 1, 0, n_types),
         parts_->position(statement, 2, 0, parts_->mirnas.size()),
         static_cast<float>(statement.number(3)), static_cast<float>(statement.number(4))});
  }
  return triples;
}

std::vector<std::pair<std::int32_t, Edge>> Catalogue::edges_of_target(
    const std::string& gene) const {
  Statement statement = parts_->database.prepare(
      "SELECT dataset, type, mirna, target, correlation, weight FROM edges WHERE target = ? ORDER "
      "BY dataset, rank");
  statement.bind(1, std::string_view(gene));
  std::vector<std::pair<std::int32_t, Edge>> edges;
  while (statement.next()) {
    edges.emplace_back(parts_->position(statement, 0, 0, parts_->sets.size()),
                       parts_->edge_at(statement, 1));
  }
  return edges;
}

std::vector<std::pair<std::string, std::vector<std::int32_t>>> Catalogue::shared_donors() const {
  Statement statement =
      parts_->database.prepare("SELECT donor, dataset FROM shared_donors ORDER BY donor, dataset");
  std::vector<std::pair<std::string, std::vector<std::int32_t>>> donors;
  while (statement.next()) {
    std::string donor = statement.text(0);
    const std::int32_t set = parts_->position(statement, 1, 0, parts_->sets.size());
    if (donors.empty() || donors.back().first != donor) {
      donors.emplace_back(std::move(donor), std::vector<std::int32_t>());
    }
    donors.back().second.push_back(set);
  }
  return donors;
}

}  // namespace sicmir::atlas
