// SPDX-License-Identifier: BSD-3-Clause
/// Files of data sets: their groups, markers, contrasts, edges and triples; and their cells, in
/// blocks of miRNAs.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <map>

#include "atlas/cell_values.hpp"
#include "atlas/data_set.hpp"
#include "atlas/excerpt.hpp"
#include "atlas/site.hpp"
#include "atlas/site_parts.hpp"
#include "atlas/summary.hpp"
#include "base/digest.hpp"

namespace sicmir::atlas {

namespace fs = std::filesystem;

namespace {

constexpr Index most_block_bytes = Index{1} << 20;

/// 1 at a million cells, 64 at 15,000.
Index mirnas_per_block(Index n_cells, Index n_mirnas) {
  Index n = std::clamp<Index>(most_block_bytes / std::max<Index>(n_cells, 1), 1, n_mirnas);
  if (n > CellValues::mirnas_per_chunk && n < n_mirnas) n -= n % CellValues::mirnas_per_chunk;
  return n;
}

/// What was written of the cells of a set whose seal is the same, so that it need not be read
/// again.
class CellsMemory {
 public:
  CellsMemory(const AtlasFolder& folder, const CatalogueSet& set)
      : path_(folder.data() / site_cells_folder / (set.id + ".json")), seal_(set.seal) {}

  /// Null if there is none, or a file of it is gone.
  Json recall(SiteFiles& files) const {
    std::ifstream stream(path_);
    if (!stream || seal_.empty()) return {};
    const Json json = read_json(stream);
    if (!json.is_object() || json.value("format", 0) != format || !json.contains("seal") ||
        json["seal"] != seal_ || !json.contains("cells") || !json["cells"].is_object()) {
      return {};
    }
    const Json& cells = json["cells"];
    if (!cells.contains("file") || !cells["file"].is_string() || !cells.contains("blocks") ||
        !cells["blocks"].is_array() || !cells.contains("map") || !cells["map"].is_string()) {
      return {};
    }
    bool there = files.keep(cells["file"].get<std::string>());
    for (const Json& block : cells["blocks"]) {
      there = there && block.is_string() && files.keep(block.get<std::string>());
    }
    return there ? cells : Json();
  }

  void remember(const Json& cells) const {
    std::error_code error;
    fs::create_directories(path_.parent_path(), error);
    Json json;
    json["format"] = format;
    json["seal"] = seal_;
    json["cells"] = cells;
    const std::string text = json_text(json) + "\n";
    OutputFile file(path_.string());
    file.create();
    file.write(std::span(text.data(), text.size()));
    file.commit();
  }

 private:
  static constexpr int format = 1;

  fs::path path_;
  std::string seal_;
};

/// x and y in 65534ths of the map's longer side, so that its proportions stay; the shorter side is
/// in the middle. Cells that are not on the map are at stored_none.
std::pair<std::vector<std::uint16_t>, std::vector<std::uint16_t>> stored_map(
    const std::vector<float>& map) {
  std::array<float, 2> low = {HUGE_VALF, HUGE_VALF}, high = {-HUGE_VALF, -HUGE_VALF};
  const auto on_map = [&](std::size_t i) {
    return std::isfinite(map[i]) && std::isfinite(map[i + 1]);
  };
  for (std::size_t i = 0; i < map.size(); i += 2) {
    if (!on_map(i)) continue;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], map[i + axis]);
      high[axis] = std::max(high[axis], map[i + axis]);
    }
  }
  const auto span_of = [&](std::size_t axis) {
    return static_cast<double>(high[axis]) - static_cast<double>(low[axis]);
  };
  const double side = std::max(span_of(0), span_of(1));
  std::pair<std::vector<std::uint16_t>, std::vector<std::uint16_t>> result;
  for (std::size_t i = 0; i < map.size(); i += 2) {
    const auto stored = [&](std::size_t axis) {
      if (!on_map(i)) return stored_none;
      const double margin = (side - span_of(axis)) / 2;
      const double share =
          side > 0
              ? (static_cast<double>(map[i + axis]) - static_cast<double>(low[axis]) + margin) /
                    side
              : 0.5;
      return static_cast<std::uint16_t>(std::lround(std::clamp(share, 0.0, 1.0) * 65534.0));
    };
    result.first.push_back(stored(0));
    result.second.push_back(stored(1));
  }
  return result;
}

std::vector<std::uint16_t> stored_positions(const std::vector<std::int32_t>& positions) {
  std::vector<std::uint16_t> result;
  result.reserve(positions.size());
  for (const std::int32_t position : positions) result.push_back(stored_position(position));
  return result;
}

template <class Value>
std::vector<Value> those_of(const std::vector<Value>& values, const std::vector<Index>& chosen) {
  std::vector<Value> result;
  result.reserve(chosen.size());
  for (const Index i : chosen) result.push_back(values[static_cast<std::size_t>(i)]);
  return result;
}

/// What is shown of the cells of a data set.
struct ShownCells {
  const CellValues& cells;
  std::vector<Index> chosen;  ///< positions of cells, rising; empty: all
  /// Per miRNA of the site: its place among those of the set; -1: its model does not predict it.
  std::vector<Index> mirnas;
  bool are_whole = false;  ///< all cells, and the miRNAs of the set in its order

  [[nodiscard]] Index n_cells() const {
    return chosen.empty() ? cells.n_cells() : static_cast<Index>(chosen.size());
  }
  [[nodiscard]] Index n_mirnas() const { return static_cast<Index>(mirnas.size()); }
  [[nodiscard]] ByteRange range(Index m) const {
    const Index place = mirnas[static_cast<std::size_t>(m)];
    return place < 0 ? ByteRange{} : cells.ranges()[static_cast<std::size_t>(place)];
  }
  [[nodiscard]] std::vector<std::uint8_t> bytes(Index first, Index count) const;
};

/// All cells of a miRNA of the site, then of the next.
std::vector<std::uint8_t> ShownCells::bytes(Index first, Index count) const {
  if (are_whole) return cells.bytes(first, count);
  std::vector<std::uint8_t> result;
  result.reserve(static_cast<std::size_t>(count * n_cells()));
  constexpr Index chunk = CellValues::mirnas_per_chunk;
  std::vector<std::uint8_t> read;
  Index start = -1;  // of what was read
  for (Index m = first; m < first + count; ++m) {
    const Index place = mirnas[static_cast<std::size_t>(m)];
    if (place < 0) {
      result.resize(result.size() + static_cast<std::size_t>(n_cells()), missing_byte);
      continue;
    }
    if (start < 0 || place < start || place >= start + chunk) {
      start = place / chunk * chunk;
      read = cells.bytes(start, std::min(chunk, cells.n_mirnas() - start));
    }
    const auto row =
        std::span(read).subspan(static_cast<std::size_t>((place - start) * cells.n_cells()),
                                static_cast<std::size_t>(cells.n_cells()));
    if (chosen.empty()) {
      result.insert(result.end(), row.begin(), row.end());
    } else {
      for (const Index cell : chosen) result.push_back(row[static_cast<std::size_t>(cell)]);
    }
  }
  return result;
}

/// The names of the blocks, in order.
std::vector<std::string> write_blocks(const ShownCells& cells, Index per_block, SiteFiles& files,
                                      ThreadPool& pool) {
  const Index n_mirnas = cells.n_mirnas();
  const Index n_cells = cells.n_cells();
  std::vector<std::string> names;
  std::vector<GzipMember> gzip(static_cast<std::size_t>(pool.size()));
  // Reading is HDF5's, one thread at a time; a reading is a few blocks, packed side by side.
  const Index step =
      std::max(per_block * pool.size(), CellValues::mirnas_per_chunk) / per_block * per_block;
  for (Index first = 0; first < n_mirnas; first += step) {
    const Index count = std::min(step, n_mirnas - first);
    const std::vector<std::uint8_t> bytes = cells.bytes(first, count);
    const Index n_blocks = (count + per_block - 1) / per_block;
    const std::size_t before = names.size();
    names.resize(before + static_cast<std::size_t>(n_blocks));
    pool.run(n_blocks, [&](Index block, int worker) {
      const Index start = block * per_block;
      const Index own = std::min(per_block, count - start);
      Json header;
      header["first"] = first + start;
      header["count"] = own;
      header["n"] = n_cells;
      header["low"] = Json::array();
      header["high"] = Json::array();
      for (Index m = first + start; m < first + start + own; ++m) {
        header["low"].push_back(cells.range(m).low);
        header["high"].push_back(cells.range(m).high);
      }
      SiteBundle bundle(std::move(header));
      bundle.add_bytes("bytes", std::span(bytes).subspan(static_cast<std::size_t>(start * n_cells),
                                                         static_cast<std::size_t>(own * n_cells)));
      names[before + static_cast<std::size_t>(block)] =
          files.put(bundle.text(), gzip[static_cast<std::size_t>(worker)]);
    });
  }
  return names;
}

/// Per miRNA of the catalogue: its place in the cells of `set`; -1: the set's model has it not.
std::vector<Index> places_of_mirnas(const SiteInput& input, const DataSet& set) {
  const Catalogue& catalogue = input.view.catalogue;
  const auto n = static_cast<Index>(catalogue.mirnas().size());
  const bool is_one_model = std::all_of(
      catalogue.sets().begin(), catalogue.sets().end(),
      [&](const CatalogueSet& other) { return other.model == set.comparability.model; });
  std::vector<Index> places(static_cast<std::size_t>(n), -1);
  if (is_one_model) {
    for (Index m = 0; m < n; ++m) places[static_cast<std::size_t>(m)] = m;
    return places;
  }
  std::map<std::string, Index> known;
  for (const ProfileMirna& mirna : read_summary(input.folder.set(set.id), set).mirnas) {
    known.emplace(mirna.name, static_cast<Index>(known.size()));
  }
  for (Index m = 0; m < n; ++m) {
    const auto found = known.find(catalogue.mirnas()[static_cast<std::size_t>(m)].name);
    if (found != known.end()) places[static_cast<std::size_t>(m)] = found->second;
  }
  return places;
}

/// Whether the miRNAs of the set are those of the site, in its order.
bool is_in_order(const std::vector<Index>& places, const SiteView& view) {
  for (std::size_t m = 0; m < places.size(); ++m) {
    if (places[m] != static_cast<Index>(m)) return false;
  }
  return view.mirnas.size() == places.size();
}

/// Groups of cells, numbered: those of one type in samples of one tissue, disease and condition.
std::vector<std::int32_t> groups_of_cells(const DataSet& set, const CellValues& cells) {
  const std::vector<std::int32_t> types = cells.types();
  const std::vector<std::int32_t> samples = cells.samples();
  std::map<std::array<std::int32_t, 4>, std::int32_t> numbers;
  std::vector<std::int32_t> result;
  result.reserve(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Sample sample =
        samples[i] < 0 ? Sample{} : set.samples[static_cast<std::size_t>(samples[i])];
    result.push_back(
        numbers
            .emplace(std::array{types[i], sample.tissue, sample.disease, sample.condition},
                     static_cast<std::int32_t>(numbers.size()))
            .first->second);
  }
  return result;
}

/// The first 64 bits of a digest, so that what is drawn of a set does not depend on other sets.
std::uint64_t number_of(const std::string& id) {
  Digest digest;
  digest.add(id);
  return std::stoull(digest.hex().substr(0, 16), nullptr, 16);
}

/// The numbers of cells that were drawn, in two halves: bundles have no whole numbers of 32 bits.
void add_numbers(SiteBundle& bundle, const std::vector<Index>& chosen) {
  std::vector<std::uint16_t> low, high;
  for (const Index cell : chosen) {
    low.push_back(static_cast<std::uint16_t>(cell & 0xffff));
    high.push_back(static_cast<std::uint16_t>((cell >> 16) & 0xffff));
  }
  bundle.add_uint16("number_low", low);
  bundle.add_uint16("number_high", high);
}

/// `file`, `n`, `map`, `blocks`, `per_block`, `samples`, and `of` where cells were drawn; without
/// `types`, which depend on the other sets.
Json write_cells(const SiteInput& input, const DataSet& set, const std::vector<Index>& places,
                 SiteFiles& files, ThreadPool& pool) {
  const bool is_one_model = is_in_order(places, input.view);
  const auto n_of_set = std::count_if(places.begin(), places.end(), [](Index m) { return m >= 0; });
  const CellValues cells(input.folder.set(set.id), static_cast<Index>(set.types.size()),
                         static_cast<Index>(set.samples.size()), n_of_set);
  ShownCells shown{cells, {}, those_of(places, input.view.mirna_of), false};
  if (input.excerpt.max_cells > 0 && cells.n_cells() > input.excerpt.max_cells) {
    shown.chosen = drawn_cells(groups_of_cells(set, cells), input.excerpt.max_cells,
                               input.excerpt.seed, number_of(set.id));
  }
  const bool is_drawn = !shown.chosen.empty();
  shown.are_whole = is_one_model && !is_drawn;
  const auto shown_of = [&](auto values) {
    return is_drawn ? those_of(values, shown.chosen) : values;
  };
  const Index per_block = mirnas_per_block(shown.n_cells(), shown.n_mirnas());
  SiteBundle bundle(Json{{"n", shown.n_cells()}});
  const bool has_map = !cells.map_name().empty();
  if (has_map) {
    const auto [x, y] = stored_map(cells.map());  // of all cells: what is drawn keeps its place
    bundle.add_uint16("x", shown_of(x));
    bundle.add_uint16("y", shown_of(y));
  }
  bundle.add_uint16("type", shown_of(stored_positions(cells.types())));
  bundle.add_uint16("sample", shown_of(stored_positions(cells.samples())));
  if (is_drawn) add_numbers(bundle, shown.chosen);
  Json json;
  json["file"] = files.put(bundle.text());
  json["n"] = shown.n_cells();
  if (is_drawn) json["of"] = cells.n_cells();
  json["map"] = cells.map_name();
  json["blocks"] = shown.n_cells() > 0 ? write_blocks(shown, per_block, files, pool)
                                       : std::vector<std::string>();
  json["per_block"] = per_block;
  json["samples"] = set.samples.size();
  return json;
}

/// The same, or what was written the last time; this holds for whole sites alone.
Json cells_of(const SiteInput& input, const CatalogueSet& set, const DataSet& described,
              SiteFiles& files, ThreadPool& pool) {
  const std::vector<Index> places = places_of_mirnas(input, described);
  const bool is_remembered = input.excerpt.max_cells == 0 && is_in_order(places, input.view) &&
                             files.folder() == input.folder.site();
  if (!is_remembered) return write_cells(input, described, places, files, pool);
  const CellsMemory memory(input.folder, set);
  Json cells = memory.recall(files);
  if (cells.is_null()) {
    cells = write_cells(input, described, places, files, pool);
    memory.remember(cells);
  }
  return cells;
}

/// Per type of the set: position among the site's types, or `none`.
Json types_of_cells(const SiteInput& input, const DataSet& set) {
  const SiteTerms& types = input.view.of(TermKind::type);
  const std::vector<Term>& all = input.view.catalogue.terms(TermKind::type);
  Json result = Json::array();
  for (const Term& term : set.types) {
    const auto found = std::find(all.begin(), all.end(), term);
    result.push_back(
        found == all.end() ? none : types.here(static_cast<std::int32_t>(found - all.begin())));
  }
  return result;
}

void add_contrasts(const SiteInput& input, std::size_t s, Json& header, std::vector<float>& effect,
                   std::vector<float>& error) {
  const SiteView& view = input.view;
  header["contrasts"] = Json::array();
  for (std::size_t c = 0; c < view.catalogue.contrasts().size(); ++c) {
    const CatalogueContrast& contrast = view.catalogue.contrasts()[c];
    if (contrast.set != view.sets[s]) continue;
    Json json;
    json["type"] = view.of(TermKind::type).here(contrast.type);
    json["condition"] = view.of(TermKind::condition).here(contrast.condition);
    json["reference"] = view.of(TermKind::condition).here(contrast.reference);
    json["n_condition"] = contrast.n_condition;
    json["n_reference"] = contrast.n_reference;
    header["contrasts"].push_back(std::move(json));
    const ContrastValues values = view.catalogue.of_contrast(static_cast<Index>(c));
    const std::vector<float> effects = view.of_mirnas(values.effect);
    const std::vector<float> errors = view.of_mirnas(values.error);
    effect.insert(effect.end(), effects.begin(), effects.end());
    error.insert(error.end(), errors.begin(), errors.end());
  }
}

void add_triples(SiteBundle& bundle, const std::vector<Triple>& triples) {
  std::vector<std::int32_t> sender, receiver, mirna;
  std::vector<float> score, p;
  for (const Triple& triple : triples) {
    sender.push_back(triple.sender);
    receiver.push_back(triple.receiver);
    mirna.push_back(triple.mirna);
    score.push_back(triple.score);
    p.push_back(triple.p);
  }
  bundle.add_uint16("triple_sender", stored_positions(sender));
  bundle.add_uint16("triple_receiver", stored_positions(receiver));
  bundle.add_uint16("triple_mirna", stored_positions(mirna));
  bundle.add_float32("triple_score", score);
  bundle.add_float32("triple_p", p);
}

}  // namespace

SiteSetFiles write_set_files(const SiteInput& input, SiteFiles& files, ThreadPool& pool) {
  const SiteView& view = input.view;
  const auto n_mirnas = static_cast<std::size_t>(view.n_mirnas());
  SiteSetFiles result;
  for (std::size_t s = 0; s < view.sets.size(); ++s) {
    const CatalogueSet& set = view.set(static_cast<Index>(s));
    Json cells;
    if (set.is_public == PublicPart::cells) {
      const DataSet described = read_data_set(input.folder.set(set.id));
      cells = cells_of(input, set, described, files, pool);
      result.n_cells += cells["n"].get<Index>();
      cells["types"] = types_of_cells(input, described);
    }
    Json header;
    header["dataset"] = s;
    header["first_group"] = view.first_group[s];
    header["n_groups"] = view.first_group[s + 1] - view.first_group[s];
    header["cells"] = cells;
    header["targets"] = Json::array();
    for (const SiteEdge& edge : input.links.edges[s]) header["targets"].push_back(edge.target);
    std::vector<float> effect, error;
    add_contrasts(input, s, header, effect, error);
    SiteBundle bundle(std::move(header));
    const auto first = static_cast<std::size_t>(view.first_group[s]) * n_mirnas;
    const auto n = static_cast<std::size_t>(view.first_group[s + 1]) * n_mirnas - first;
    bundle.add_float16("mean", std::span(input.values.mean).subspan(first, n));
    bundle.add_float16("sd", std::span(input.values.sd).subspan(first, n));
    bundle.add_float32("effect", effect);
    bundle.add_float32("error", error);
    add_markers(bundle, input.markers[s]);
    add_edges(bundle, input.links.edges[s]);
    add_triples(bundle, input.links.triples[s]);
    result.names.push_back(files.put(bundle.text()));
    result.has_map.push_back(cells.is_object() &&
                             !cells["map"].get_ref<const std::string&>().empty());
  }
  return result;
}

}  // namespace sicmir::atlas
