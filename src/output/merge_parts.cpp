// SPDX-License-Identifier: BSD-3-Clause
#include "output/merge_parts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <filesystem>
#include <memory>

#include "base/counted.hpp"
#include "base/log.hpp"
#include "hdf5/h5_join.hpp"
#include "output/h5ad_fields.hpp"
#include "sicmir/shard.hpp"

namespace sicmir {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view facts_group = "uns/sicmir";
constexpr const char* decisions_group = "uns/sicmir/decisions";

struct Part {
  std::string path;
  std::unique_ptr<h5::File> file;
  std::map<std::string, std::string> facts;  // without the shard's own
  PartRange range;
  hsize_t cells = 0;  // that it holds: empty ones may have been left out
};

/// "cells 0 to 2048 of 3000"
PartRange parse_shard(const h5::File& file, const std::string& text) {
  PartRange range{file.path(), {}, 0};
  const std::array<std::pair<std::string_view, Index*>, 3> wanted = {{
      {"cells ", &range.cells.first},
      {" to ", &range.cells.last},
      {" of ", &range.n_input_cells},
  }};
  std::string_view rest = text;
  for (const auto& [word, number] : wanted) {
    if (!rest.starts_with(word)) file.fail("uns/sicmir/shard", "is not what sicmir writes.");
    rest.remove_prefix(word.size());
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), *number);
    if (error != std::errc()) file.fail("uns/sicmir/shard", "is not what sicmir writes.");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  const bool is_range = range.cells.first >= 0 && range.cells.first <= range.cells.last &&
                        range.cells.last <= range.n_input_cells;
  if (!rest.empty() || !is_range) file.fail("uns/sicmir/shard", "is not what sicmir writes.");
  return range;
}

bool is_text(const h5::File& file, hid_t group, const std::string& name) {
  if (h5::kind_of(group, name) != h5::ObjectKind::dataset) return false;
  return h5::type_class(h5::open_dataset(file, group, name).get()) == h5::TypeClass::text;
}

std::map<std::string, std::string> read_facts(const h5::File& file) {
  std::map<std::string, std::string> facts;
  const h5::Handle group = h5::open_group(file, file.id(), std::string(facts_group));
  for (const std::string& name : h5::members(file, group.get())) {
    if (!is_text(file, group.get(), name)) continue;
    const std::vector<std::string> value = h5::read_texts(file, group.get(), name);
    if (value.size() == 1) facts[name] = value.front();
  }
  return facts;
}

Part open_part(const std::string& path) {
  Part part;
  part.path = path;
  if (!fs::exists(path)) {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: this part does not exist. Run its shard again.", path));
  }
  part.file = std::make_unique<h5::File>(h5::File::open_read(path));
  const h5::File& file = *part.file;
  if (h5::kind_of(file.id(), std::string(facts_group)) != h5::ObjectKind::group) {
    file.fail("/", "is no h5ad that `sicmir predict` wrote: it has no uns/sicmir.");
  }
  part.facts = read_facts(file);
  const auto shard = part.facts.find("shard");
  if (shard == part.facts.end()) {
    file.fail("/", "is not a part: it holds all cells, not those of a shard.");
  }
  part.range = parse_shard(file, shard->second);
  part.facts.erase(shard);
  const h5::Handle x = h5::open_dataset(file, file.id(), "X");
  const std::vector<hsize_t> extent = h5::shape(file, x.get());
  if (extent.size() != 2) file.fail("X", "is no matrix of cells x miRNAs.");
  part.cells = extent[0];
  return part;
}

void check_same_run(const std::vector<Part>& parts) {
  const Part& first = parts.front();
  const auto mirnas = [](const Part& part) {
    return h5::read_texts(*part.file, part.file->id(), "var/_index");
  };
  const std::vector<std::string> names = mirnas(first);
  for (const Part& part : parts) {
    for (const auto& [key, value] : first.facts) {
      const auto found = part.facts.find(key);
      const std::string other = found == part.facts.end() ? "nothing" : found->second;
      if (other == value) continue;
      throw Error(
          ExitCode::bad_input,
          fmt::format("{} and {} are not parts of one run: '{}' is '{}' in the one and "
                      "'{}' in the other. Run the shards again with the same model, options "
                      "and kernel (precision, SICMIR_KERNEL).",
                      first.path, part.path, key, value, other));
    }
    if (mirnas(part) != names) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{} and {} hold different miRNAs.", first.path, part.path));
    }
  }
}

bool has_members(const Part& part, const std::string& group) {
  const h5::File& file = *part.file;
  if (h5::kind_of(file.id(), group) != h5::ObjectKind::group) return false;
  return !h5::members(file, h5::open_group(file, file.id(), group).get()).empty();
}

/// `part` as seen from the folder of `output`: HDF5 looks there for relative paths.
std::string seen_from(const std::string& output, const std::string& part) {
  const fs::path folder = fs::weakly_canonical(fs::absolute(output)).parent_path();
  return fs::weakly_canonical(fs::absolute(part)).lexically_proximate(folder).string();
}

void write_matrices(CellJoiner& joiner, const H5Output& out, const std::vector<Part>& parts,
                    const std::string& output, const MergeOptions& options) {
  const h5::File& first = *parts.front().file;
  std::vector<std::string> names;
  names.reserve(parts.size());
  for (const Part& part : parts) names.push_back(seen_from(output, part.path));
  const auto matrix = [&](const std::string& path, hid_t parent, const std::string& name) {
    if (options.refer) {
      joiner.refer_to_matrix(path, parent, name, names);
    } else {
      joiner.join_matrix(path, parent, name);
    }
  };
  matrix("X", out.id(), "X");
  const h5::Handle layers = create_group(out, out.id(), "layers", "dict", "0.1.0");
  if (!has_members(parts.front(), "layers")) return;
  const h5::Handle its = h5::open_group(first, first.id(), "layers");
  for (const std::string& name : h5::members(first, its.get())) {
    matrix("layers/" + name, layers.get(), name);
  }
}

void write_notes(const H5Output& out, const Part& first) {
  const h5::Handle notes = create_group(out, out.id(), "uns", "dict", "0.1.0");
  const h5::Handle its = h5::open_group(*first.file, first.file->id(), "uns");
  for (const std::string& name : h5::members(*first.file, its.get())) {
    if (name == "sicmir") continue;
    out.check(
        H5Ocopy(its.get(), name.c_str(), notes.get(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT));
  }
  const h5::Handle facts = create_group(out, notes.get(), "sicmir", "dict", "0.1.0");
  for (const auto& [key, value] : first.facts) write_string(out, facts.get(), key, value);
  // Decisions are those of the whole input; but for "shard", they belong to all parts.
  if (h5::kind_of(first.file->id(), decisions_group) != h5::ObjectKind::group) return;
  const h5::Handle decisions = h5::open_group(*first.file, first.file->id(), decisions_group);
  std::vector<Field> fields = read_fields(*first.file, decisions.get());
  std::erase_if(fields, [](const Field& field) { return field.name.starts_with("shard/"); });
  for (Field& field : fields) field.name.insert(0, "decisions/");
  write_fields(out, facts.get(), fields);
}

}  // namespace

void merge_parts(std::span<const std::string> paths, const std::string& output,
                 const MergeOptions& options) {
  std::vector<Part> parts;
  parts.reserve(paths.size());
  for (const std::string& path : paths) parts.push_back(open_part(path));
  if (parts.empty()) throw Error(ExitCode::usage, "no part to merge.");
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return std::pair(a.range.cells.first, a.range.cells.last) <
           std::pair(b.range.cells.first, b.range.cells.last);
  });
  std::vector<PartRange> ranges;
  ranges.reserve(parts.size());
  for (const Part& part : parts) ranges.push_back(part.range);
  check_cover(ranges);
  check_same_run(parts);

  const h5::Lock lock;
  std::vector<JoinInput> inputs;
  inputs.reserve(parts.size());
  for (const Part& part : parts) inputs.push_back({part.file.get(), part.cells});
  H5Output out(output);
  out.create();
  set_encoding(out, out.id(), "anndata", "0.1.0");
  CellJoiner joiner(std::move(inputs), out);
  write_matrices(joiner, out, parts, output, options);
  const Part& first = parts.front();
  out.check(H5Ocopy(first.file->id(), "var", out.id(), "var", H5P_DEFAULT, H5P_DEFAULT));
  for (const char* name : {"varm", "varp", "obsp"}) {
    (void)create_group(out, out.id(), name, "dict", "0.1.0");
  }
  if (has_members(first, "obsp")) {
    log_warning("obsp is left out: no part knows of neighbours in another.");
  }
  joiner.join("obs", out.id(), "obs");
  joiner.join("obsm", out.id(), "obsm");
  write_notes(out, first);
  out.commit();
  log_info("{} of {} {} {}", counted(joiner.n_cells(), "cell"), counted(parts.size(), "part"),
           options.refer ? "referred to by" : "written to", output);
}

std::optional<PredictionsCard> read_predictions_card(const std::string& path) {
  const h5::Lock lock;
  const h5::File file = h5::File::open_read(path);
  if (h5::kind_of(file.id(), std::string(facts_group)) != h5::ObjectKind::group ||
      h5::kind_of(file.id(), "X") != h5::ObjectKind::dataset) {
    return std::nullopt;
  }
  PredictionsCard card;
  card.facts = read_facts(file);
  if (h5::kind_of(file.id(), decisions_group) == h5::ObjectKind::group) {
    const h5::Handle decisions = h5::open_group(file, file.id(), decisions_group);
    card.fields = read_fields(file, decisions.get());
  }
  const h5::Handle dataset(H5Dopen2(file.id(), "X", H5P_DEFAULT));
  const std::vector<hsize_t> extent = h5::shape(file, dataset.get());
  if (extent.size() != 2) file.fail("X", "is no matrix of cells x miRNAs.");
  card.n_cells = static_cast<Index>(extent[0]);
  card.n_features = static_cast<Index>(extent[1]);
  const h5::Handle creation(H5Dget_create_plist(dataset.get()));
  std::size_t count = 0;
  if (H5Pget_layout(creation.get()) != H5D_VIRTUAL ||
      H5Pget_virtual_count(creation.get(), &count) < 0) {
    return card;
  }
  const fs::path folder = fs::weakly_canonical(fs::absolute(path)).parent_path();
  for (std::size_t i = 0; i < count; ++i) {
    std::array<char, PATH_MAX> name{};
    if (H5Pget_virtual_filename(creation.get(), i, name.data(), name.size()) < 0) continue;
    card.parts.push_back((folder / name.data()).lexically_normal().string());
  }
  return card;
}

}  // namespace sicmir
