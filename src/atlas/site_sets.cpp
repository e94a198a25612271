// SPDX-License-Identifier: BSD-3-Clause
/// Files of data sets: their groups, markers, contrasts, edges and triples; and their cells, in
/// blocks of miRNAs.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "atlas/cell_values.hpp"
#include "atlas/data_set.hpp"
#include "atlas/site.hpp"
#include "atlas/site_parts.hpp"

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

/// The names of the blocks, in order.
std::vector<std::string> write_blocks(const CellValues& cells, Index per_block, SiteFiles& files,
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
        header["low"].push_back(cells.ranges()[static_cast<std::size_t>(m)].low);
        header["high"].push_back(cells.ranges()[static_cast<std::size_t>(m)].high);
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

/// `file`, `n`, `map`, `blocks`, `per_block`, `samples`; without `types`, which depend on the other
/// sets.
Json write_cells(const SiteInput& input, const DataSet& set, SiteFiles& files, ThreadPool& pool) {
  const CellValues cells(input.folder.set(set.id), static_cast<Index>(set.types.size()),
                         static_cast<Index>(set.samples.size()), input.view.n_mirnas());
  const Index per_block = mirnas_per_block(cells.n_cells(), cells.n_mirnas());
  SiteBundle bundle(Json{{"n", cells.n_cells()}});
  const bool has_map = !cells.map_name().empty();
  if (has_map) {
    const auto [x, y] = stored_map(cells.map());
    bundle.add_uint16("x", x);
    bundle.add_uint16("y", y);
  }
  bundle.add_uint16("type", stored_positions(cells.types()));
  bundle.add_uint16("sample", stored_positions(cells.samples()));
  Json json;
  json["file"] = files.put(bundle.text());
  json["n"] = cells.n_cells();
  json["map"] = cells.map_name();
  json["blocks"] = cells.n_cells() > 0 ? write_blocks(cells, per_block, files, pool)
                                       : std::vector<std::string>();
  json["per_block"] = per_block;
  json["samples"] = set.samples.size();
  return json;
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
    effect.insert(effect.end(), values.effect.begin(), values.effect.end());
    error.insert(error.end(), values.error.begin(), values.error.end());
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
      const CellsMemory memory(input.folder, set);
      cells = memory.recall(files);
      if (cells.is_null()) {
        cells = write_cells(input, described, files, pool);
        memory.remember(cells);
      }
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
