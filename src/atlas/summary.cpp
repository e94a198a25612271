// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "analysis/profile_names.hpp"
#include "atlas/atlas_folder.hpp"
#include "atlas/h5_arrays.hpp"
#include "base/each.hpp"

namespace sicmir::atlas {
namespace {

constexpr std::size_t most_mirnas = 100'000;
constexpr Index most_values = Index{1} << 28;  // miRNAs x groups, or x contrasts: 1 GB

/// Numbers of a marker that are not positions.
struct MarkerColumn {
  const char* name;
  float MarkerValue::*of;
};
constexpr std::array marker_columns = {MarkerColumn{"z", &MarkerValue::z},
                                       MarkerColumn{"log2rpm", &MarkerValue::log2rpm},
                                       MarkerColumn{"p", &MarkerValue::p},
                                       MarkerColumn{"fdr", &MarkerValue::fdr},
                                       MarkerColumn{"expression", &MarkerValue::expression},
                                       MarkerColumn{"tau", &MarkerValue::tau},
                                       MarkerColumn{"rival_z", &MarkerValue::rival_z},
                                       MarkerColumn{"probability", &MarkerValue::probability}};

class SummaryWriter {
 public:
  explicit SummaryWriter(const std::string& path) : out_(path) {}

  void write(const Summary& summary) {
    const h5::Lock lock;
    out_.create();
    write_mirnas(summary.mirnas);
    write_groups(summary);
    write_markers(summary.markers);
    write_contrasts(summary);
    write_edges(summary.edges);
    write_triples(summary.triples);
    out_.commit();
  }

 private:
  [[nodiscard]] h5::Handle group(const char* name) const {
    return create_group(out_, out_.id(), name, "", "");
  }
  template <class Item, class Get>
  void numbers(const h5::Handle& parent, const char* name, const std::vector<Item>& items,
               Get get) const {
    const auto values = each<float>(items, get);
    arrays::write(out_, parent.get(), name, std::span<const float>(values));
  }
  template <class Item, class Get>
  void positions(const h5::Handle& parent, const char* name, const std::vector<Item>& items,
                 Get get) const {
    const auto values = each<std::int32_t>(items, get);
    arrays::write(out_, parent.get(), name, std::span<const std::int32_t>(values));
  }
  template <class Item, class Get>
  void texts(const h5::Handle& parent, const char* name, const std::vector<Item>& items,
             Get get) const {
    const auto values = each<std::string>(items, get);
    arrays::write(out_, parent.get(), name, std::span<const std::string>(values));
  }

  void write_mirnas(const std::vector<ProfileMirna>& mirnas) const {
    const h5::Handle parent = group("mirnas");
    texts(parent, "name", mirnas, [](const ProfileMirna& m) { return m.name; });
    texts(parent, "mimat", mirnas, [](const ProfileMirna& m) { return m.mimat; });
    texts(parent, "target", mirnas, [](const ProfileMirna& m) { return m.target; });
    for (const names::MirnaColumn& column : names::mirna_columns) {
      const auto values = each<double>(mirnas, column.get);
      arrays::write(out_, parent.get(), column.name, std::span<const double>(values));
    }
  }

  void write_groups(const Summary& summary) const {
    const h5::Handle parent = group("groups");
    const std::array extent = {static_cast<hsize_t>(summary.mean.cols()),
                               static_cast<hsize_t>(summary.mean.rows())};
    arrays::write(out_, parent.get(), "mean", extent, summary.mean.data());
    arrays::write(out_, parent.get(), "sd", extent, summary.sd.data());
  }

  void write_markers(const std::vector<TypeMarkers>& markers) const {
    std::vector<std::int32_t> types;
    std::vector<MarkerValue> all;
    for (const TypeMarkers& one : markers) {
      types.insert(types.end(), one.values.size(), one.type);
      all.insert(all.end(), one.values.begin(), one.values.end());
    }
    const h5::Handle parent = group("markers");
    arrays::write(out_, parent.get(), "type", std::span<const std::int32_t>(types));
    positions(parent, "mirna", all, [](const MarkerValue& m) { return m.mirna; });
    positions(parent, "rival", all, [](const MarkerValue& m) { return m.rival; });
    for (const MarkerColumn& column : marker_columns) {
      numbers(parent, column.name, all, [&](const MarkerValue& m) { return m.*column.of; });
    }
  }

  void write_contrasts(const Summary& summary) const {
    const std::vector<Contrast>& all = summary.contrasts;
    const h5::Handle parent = group("contrasts");
    positions(parent, "type", all, [](const Contrast& c) { return c.type; });
    positions(parent, "condition", all, [](const Contrast& c) { return c.condition; });
    positions(parent, "reference", all, [](const Contrast& c) { return c.reference; });
    positions(parent, "n_condition", all, [](const Contrast& c) { return c.n_condition; });
    positions(parent, "n_reference", all, [](const Contrast& c) { return c.n_reference; });
    const std::array extent = {static_cast<hsize_t>(all.size()),
                               static_cast<hsize_t>(summary.mirnas.size())};
    std::vector<float> effects;
    std::vector<float> errors;
    for (const Contrast& one : all) {
      effects.insert(effects.end(), one.effect.begin(), one.effect.end());
      errors.insert(errors.end(), one.error.begin(), one.error.end());
    }
    arrays::write(out_, parent.get(), "effect", extent, effects.data());
    arrays::write(out_, parent.get(), "error", extent, errors.data());
  }

  void write_edges(const std::vector<Edge>& edges) const {
    const h5::Handle parent = group("edges");
    positions(parent, "type", edges, [](const Edge& e) { return e.type; });
    positions(parent, "mirna", edges, [](const Edge& e) { return e.mirna; });
    texts(parent, "target", edges, [](const Edge& e) { return e.target; });
    numbers(parent, "correlation", edges, [](const Edge& e) { return e.correlation; });
    numbers(parent, "weight", edges, [](const Edge& e) { return e.weight; });
  }

  void write_triples(const std::vector<Triple>& triples) const {
    const h5::Handle parent = group("triples");
    positions(parent, "sender", triples, [](const Triple& t) { return t.sender; });
    positions(parent, "receiver", triples, [](const Triple& t) { return t.receiver; });
    positions(parent, "mirna", triples, [](const Triple& t) { return t.mirna; });
    numbers(parent, "score", triples, [](const Triple& t) { return t.score; });
    numbers(parent, "p", triples, [](const Triple& t) { return t.p; });
  }

  H5Output out_;
};

class Reader {
 public:
  Reader(const std::string& path, const DataSet& set)
      : file_(h5::File::open_read(path)),
        n_types_(static_cast<std::int32_t>(set.types.size())),
        n_conditions_(static_cast<std::int32_t>(set.conditions.size())),
        n_groups_(set.groups.size()) {}

  Summary read() {
    read_mirnas();
    read_groups();
    read_markers();
    read_contrasts();
    read_edges();
    read_triples();
    return std::move(result_);
  }

 private:
  [[nodiscard]] std::int32_t n_mirnas() const {
    return static_cast<std::int32_t>(result_.mirnas.size());
  }
  [[nodiscard]] std::size_t length(const std::string& path, std::size_t most) const {
    const std::size_t length = arrays::length(file_, path);
    if (length > most) {
      file_.fail(path, fmt::format("has {} entries; expected at most {}.", length, most));
    }
    return length;
  }
  void check_number(const std::string& path, std::size_t at, float value, bool may_be_nan) const {
    if (std::isinf(value) || (std::isnan(value) && !may_be_nan)) {
      file_.fail(path, fmt::format("number {} is {}.", at + 1, value));
    }
  }

  void read_mirnas() {
    const std::size_t n = length("mirnas/name", most_mirnas);
    if (n == 0) file_.fail("mirnas/name", "lists no miRNA.");
    const auto names = arrays::texts(file_, "mirnas/name", n);
    const auto mimats = arrays::texts(file_, "mirnas/mimat", n);
    const auto targets = arrays::texts(file_, "mirnas/target", n);
    result_.mirnas.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (names[i].empty()) file_.fail("mirnas/name", fmt::format("name {} is empty.", i + 1));
      result_.mirnas[i].name = names[i];
      result_.mirnas[i].mimat = mimats[i];
      result_.mirnas[i].target = targets[i];
    }
    for (const names::MirnaColumn& column : names::mirna_columns) {
      const std::string path = std::string("mirnas/") + column.name;
      const auto values = arrays::doubles(file_, path, n);
      const bool is_count = std::string_view(column.name) == "n_held_out";
      for (std::size_t i = 0; i < n; ++i) {
        if (std::isinf(values[i]) || (is_count && !(values[i] >= 0.0 && values[i] < 1e15))) {
          file_.fail(path, fmt::format("number {} is {}.", i + 1, values[i]));
        }
        column.set(result_.mirnas[i], values[i]);
      }
    }
  }

  void check_size(const std::string& path, std::size_t n) const {
    if (static_cast<Index>(n) > most_values / n_mirnas()) {
      file_.fail(path, fmt::format("would hold {} x {} values; expected at most {}.", n, n_mirnas(),
                                   most_values));
    }
  }

  void read_groups() {
    check_size("groups/mean", n_groups_);
    const std::array extent = {static_cast<hsize_t>(n_groups_), static_cast<hsize_t>(n_mirnas())};
    const auto take = [&](const char* path, Matrix& matrix) {
      const std::vector<float> values = arrays::floats(file_, path, extent);
      for (std::size_t i = 0; i < values.size(); ++i) check_number(path, i, values[i], true);
      matrix = Eigen::Map<const Matrix>(values.data(), n_mirnas(), static_cast<Index>(n_groups_));
    };
    take("groups/mean", result_.mean);
    take("groups/sd", result_.sd);
  }

  void read_markers() {
    const std::size_t most =
        static_cast<std::size_t>(n_types_) * static_cast<std::size_t>(n_mirnas());
    const std::size_t n = length("markers/type", most);
    const auto types = arrays::integers(file_, "markers/type", n, 0, n_types_ - 1);
    const auto mirnas = arrays::integers(file_, "markers/mirna", n, 0, n_mirnas() - 1);
    const auto rivals = arrays::integers(file_, "markers/rival", n, none, n_types_ - 1);
    std::vector<MarkerValue> all(n);
    for (std::size_t i = 0; i < n; ++i) {
      all[i].mirna = mirnas[i];
      all[i].rival = rivals[i];
    }
    for (const MarkerColumn& column : marker_columns) {
      const std::string path = std::string("markers/") + column.name;
      const auto values = arrays::floats(file_, path, n);
      for (std::size_t i = 0; i < n; ++i) {
        check_number(path, i, values[i], true);
        all[i].*column.of = values[i];
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (i == 0 || types[i] != types[i - 1]) {
        if (i > 0 && types[i] < types[i - 1]) {
          file_.fail("markers/type", fmt::format("number {}: types are not sorted.", i + 1));
        }
        result_.markers.push_back({types[i], {}});
      }
      result_.markers.back().values.push_back(all[i]);
    }
  }

  void read_contrasts() {
    const std::size_t most =
        static_cast<std::size_t>(n_types_) * static_cast<std::size_t>(n_conditions_);
    const std::size_t n = length("contrasts/type", most);
    check_size("contrasts/effect", n);
    constexpr std::int32_t many = std::numeric_limits<std::int32_t>::max();
    const auto types = arrays::integers(file_, "contrasts/type", n, 0, n_types_ - 1);
    const auto conditions = arrays::integers(file_, "contrasts/condition", n, 0, n_conditions_ - 1);
    const auto references = arrays::integers(file_, "contrasts/reference", n, 0, n_conditions_ - 1);
    const auto n_condition = arrays::integers(file_, "contrasts/n_condition", n, 0, many);
    const auto n_reference = arrays::integers(file_, "contrasts/n_reference", n, 0, many);
    const std::array extent = {static_cast<hsize_t>(n), static_cast<hsize_t>(n_mirnas())};
    const auto effects = arrays::floats(file_, "contrasts/effect", extent);
    const auto errors = arrays::floats(file_, "contrasts/error", extent);
    const auto m = static_cast<std::size_t>(n_mirnas());
    for (std::size_t i = 0; i < errors.size(); ++i) {
      check_number("contrasts/effect", i, effects[i], true);
      check_number("contrasts/error", i, errors[i], true);
      if (errors[i] < 0) file_.fail("contrasts/error", fmt::format("number {} is < 0.", i + 1));
    }
    for (std::size_t i = 0; i < n; ++i) {
      const auto first = static_cast<std::ptrdiff_t>(i * m);
      const auto last = static_cast<std::ptrdiff_t>((i + 1) * m);
      result_.contrasts.push_back({types[i],
                                   conditions[i],
                                   references[i],
                                   n_condition[i],
                                   n_reference[i],
                                   {effects.begin() + first, effects.begin() + last},
                                   {errors.begin() + first, errors.begin() + last}});
    }
  }

  void read_edges() {
    const std::size_t n = length("edges/type", static_cast<std::size_t>(most_edges));
    const auto types = arrays::integers(file_, "edges/type", n, 0, n_types_ - 1);
    const auto mirnas = arrays::integers(file_, "edges/mirna", n, 0, n_mirnas() - 1);
    const auto targets = arrays::texts(file_, "edges/target", n);
    const auto correlations = arrays::floats(file_, "edges/correlation", n);
    const auto weights = arrays::floats(file_, "edges/weight", n);
    for (std::size_t i = 0; i < n; ++i) {
      check_number("edges/correlation", i, correlations[i], true);
      check_number("edges/weight", i, weights[i], false);
      result_.edges.push_back({types[i], mirnas[i], targets[i], correlations[i], weights[i]});
    }
  }

  void read_triples() {
    const std::size_t n = length("triples/sender", static_cast<std::size_t>(most_triples));
    const auto senders = arrays::integers(file_, "triples/sender", n, 0, n_types_ - 1);
    const auto receivers = arrays::integers(file_, "triples/receiver", n, 0, n_types_ - 1);
    const auto mirnas = arrays::integers(file_, "triples/mirna", n, 0, n_mirnas() - 1);
    const auto scores = arrays::floats(file_, "triples/score", n);
    const auto p = arrays::floats(file_, "triples/p", n);
    for (std::size_t i = 0; i < n; ++i) {
      check_number("triples/score", i, scores[i], false);
      check_number("triples/p", i, p[i], true);
      result_.triples.push_back({senders[i], receivers[i], mirnas[i], scores[i], p[i]});
    }
  }

  h5::File file_;
  std::int32_t n_types_;
  std::int32_t n_conditions_;
  std::size_t n_groups_;
  Summary result_;
};

}  // namespace

void write_summary(const Summary& summary, const std::filesystem::path& folder) {
  SummaryWriter((folder / set_files::summary).string()).write(summary);
}

Summary read_summary(const std::filesystem::path& folder, const DataSet& set) {
  return Reader((folder / set_files::summary).string(), set).read();
}

}  // namespace sicmir::atlas
