// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "atlas/site_parts.hpp"
#include "base/joined.hpp"
#include "model/model_parts.hpp"
#include "sicmir/version.hpp"
#include "web/atlas_files.hpp"

namespace sicmir::atlas {

namespace fs = std::filesystem;

namespace {

/// What the owner of the atlas may say of it in data/site.json; all of it is public.
struct Words {
  std::string title = "miRNA atlas";
  std::string about;
  std::string note;
};

Words read_words(const AtlasFolder& folder) {
  Words words;
  const fs::path path = folder.data() / site_words_file;
  if (!fs::exists(path)) return words;
  constexpr std::uintmax_t most_bytes = 65536;
  const auto fail = [&](std::string_view what) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {}; expected an object with texts under any of title, about and "
                            "note.",
                            path.string(), what));
  };
  if (fs::file_size(path) > most_bytes) fail("holds more than 64 KiB");
  std::ifstream stream(path);
  const Json json = read_json(stream);
  if (!json.is_object()) fail("is no JSON object");
  for (const auto& [key, value] : json.items()) {
    std::string* place = key == "title"   ? &words.title
                         : key == "about" ? &words.about
                         : key == "note"  ? &words.note
                                          : nullptr;
    if (place == nullptr) fail(fmt::format("holds '{}'", key));
    if (!value.is_string()) fail(fmt::format("'{}' is no text", key));
    *place = value.get<std::string>();
  }
  return words;
}

Json model_facts(const SiteInput& input, bool calibrated) {
  Json model;
  const bool any = input.view.n_sets() > 0;
  model["name"] = any ? input.view.set(0).model_name : "";
  model["checksum"] = any ? input.view.set(0).model : "";
  model["scale"] = any ? input.view.set(0).scale : "";
  model["calibrated"] = calibrated;
  return model;
}

Json counts(const SiteInput& input) {
  const SiteView& view = input.view;
  Index n_cells = 0;
  for (Index s = 0; s < view.n_sets(); ++s) n_cells += view.set(s).n_cells;
  Json json;
  json["datasets"] = view.n_sets();
  json["groups"] = view.n_groups();
  json["types"] = view.of(TermKind::type).size();
  json["tissues"] = view.of(TermKind::tissue).size();
  json["diseases"] = view.of(TermKind::disease).size();
  json["mirnas"] = view.n_mirnas();
  json["cells"] = n_cells;
  return json;
}

/// miRNAs whose place is known (McCall et al. 2017, doi:10.1101/gr.222067.117), and the types of
/// most cells.
Json examples(const SiteInput& input) {
  const SiteView& view = input.view;
  Json mirnas = Json::array();
  for (const char* name : {"hsa-miR-122-5p", "hsa-miR-126-3p", "hsa-miR-124-3p", "hsa-miR-150-5p",
                           "hsa-miR-223-3p", "hsa-miR-375-3p", "hsa-miR-145-5p"}) {
    const std::vector<ProfileMirna>& all = view.mirnas;
    if (std::any_of(all.begin(), all.end(), [&](const auto& m) { return m.name == name; })) {
      mirnas.push_back(name);
    }
  }
  const SiteTerms& types = view.of(TermKind::type);
  std::vector<std::pair<Index, Index>> cells;  // minus the number, position
  for (Index t = 0; t < types.size(); ++t) cells.emplace_back(0, t);
  for (Index g = 0; g < view.n_groups(); ++g) {
    cells[static_cast<std::size_t>(types.here(view.group(g).type))].first -= view.group(g).n_cells;
  }
  std::sort(cells.begin(), cells.end());
  Json names = Json::array();
  for (std::size_t i = 0; i < std::min<std::size_t>(3, cells.size()); ++i) {
    names.push_back(types.name[static_cast<std::size_t>(cells[i].second)]);
  }
  Json json;
  json["mirnas"] = std::move(mirnas);
  json["types"] = std::move(names);
  return json;
}

Json citations() {
  Json json = Json::array();
  const auto add = [&](const char* text, const char* url) {
    Json one;
    one["text"] = text;
    one["url"] = url;
    json.push_back(std::move(one));
  };
  add("The method: Cai et al. 2026, SiCmiR Atlas: Single-Cell miRNA Landscape Reveals Hub-miRNA "
      "and "
      "Network Signatures in Human Cancers. Advanced Science.",
      "https://doi.org/10.1002/advs.202514446");
  add("Names and hairpins of miRNAs: Kozomara, Birgaoanu and Griffiths-Jones 2019, miRBase. "
      "Nucleic "
      "Acids Research 47, D155.",
      "https://doi.org/10.1093/nar/gky1141");
  return json;
}

}  // namespace

std::optional<DifferenceCalibration> site_calibration(const SiteInput& input) {
  for (Index s = 0; s < input.view.n_sets(); ++s) {
    const fs::path path = input.folder.set(input.view.set(s).id) / set_files::profiles;
    if (!fs::exists(path)) continue;
    const h5::File file = h5::File::open_read(path.string());
    const h5::Lock lock;
    if (h5::kind_of(file.id(), "uns/sicmir/differences") != h5::ObjectKind::group) {
      return std::nullopt;
    }
    const h5::Handle tables = h5::open_group(file, file.id(), "uns/sicmir/differences");
    return model_parts::read_differences(file, tables.get(), "uns/sicmir/differences/");
  }
  return std::nullopt;
}

namespace {

/// What visitors are told of an excerpt; empty: it is the whole.
std::string excerpt_words(const SiteExcerpt& excerpt, const SiteView& view) {
  std::vector<std::string> parts;
  const std::size_t n_all = view.catalogue.mirnas().size();
  if (view.mirnas.size() < n_all) {
    parts.push_back(fmt::format("{} of {} miRNAs", view.mirnas.size(), n_all));
  }
  if (excerpt.max_cells > 0) {
    parts.push_back(fmt::format("at most {} cells of each data set", excerpt.max_cells));
  }
  if (parts.empty()) return {};
  return fmt::format("An excerpt: {}. Figures of groups are of all cells.", joined(parts, ", "));
}

Json excerpt_facts(const SiteExcerpt& excerpt, const SiteView& view) {
  Json json;
  json["words"] = excerpt_words(excerpt, view);
  json["max_cells"] = excerpt.max_cells;
  json["seed"] = excerpt.seed;
  json["n_mirnas"] = view.mirnas.size();
  json["of_mirnas"] = view.catalogue.mirnas().size();
  return json;
}

}  // namespace

void write_site(const AtlasFolder& folder, const Catalogue& catalogue, int threads) {
  (void)write_excerpt(folder, catalogue, {}, folder.site(), threads);
}

SiteReport write_excerpt(const AtlasFolder& folder, const Catalogue& catalogue,
                         const SiteExcerpt& excerpt, const fs::path& site, int threads) {
  const SiteView view(catalogue, excerpt.mirnas);
  SiteInput input = read_site_input(folder, view);
  input.excerpt = excerpt;
  const Words words = read_words(folder);
  SiteFiles files(site);
  ThreadPool pool(std::max(1, threads));

  const std::optional<DifferenceCalibration> calibration = site_calibration(input);
  const std::vector<std::string> mirna_files = write_mirna_files(input, files, pool);
  const std::vector<std::string> type_files = write_type_files(input, files, pool);
  const SiteSetFiles set_files = write_set_files(input, files, pool);

  Json tables;
  tables["mirnas"] = files.put_json(mirna_table(input, calibration, mirna_files));
  tables["types"] = files.put_json(type_table(input, type_files));
  tables["terms"] = files.put_json(term_table(input));
  tables["datasets"] = files.put_json(set_table(input, set_files));
  tables["groups"] = files.put_json(group_table(input));

  Json manifest;
  manifest["format"] = "sicmir-atlas-site/1";
  manifest["title"] = words.title;
  manifest["about"] = words.about;
  manifest["note"] = words.note;
  manifest["made_by"] = fmt::format("sicmir {}", version);
  manifest["build"] = "";
  manifest["model"] = model_facts(input, calibration.has_value());
  manifest["counts"] = counts(input);
  manifest["examples"] = examples(input);
  manifest["files"] = std::move(tables);
  manifest["search"] = write_search(input, files);
  manifest["genes"] = write_genes(input, files);
  manifest["downloads"] = write_downloads(input, files);
  manifest["cite"] = citations();
  if (!excerpt_words(excerpt, view).empty()) manifest["excerpt"] = excerpt_facts(excerpt, view);

  std::string_view page;
  for (const web::AtlasFile& file : web::atlas_files()) {
    if (file.path == "index.html") {
      page = file.text;
    } else {
      files.put_as(file.path, file.text);
    }
  }
  manifest["build"] = fmt::format("build {}", files.build());
  const Index n_files = files.n_files() + 2;
  files.finish(page, json_text(manifest) + "\n");
  return {n_files, view.n_sets(), view.n_mirnas(), set_files.n_cells, 0};
}

}  // namespace sicmir::atlas
