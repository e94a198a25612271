// SPDX-License-Identifier: BSD-3-Clause
#include "hdf5/h5_links.hpp"

#include <fmt/core.h>

#include <optional>
#include <vector>

#include "sicmir/error.hpp"

namespace sicmir::h5 {
namespace {

/// "elsewhere.h5, /X"; nullopt: `name` is no external link.
std::optional<std::string> target_of(hid_t parent, const std::string& name) {
  H5L_info_t info{};
  if (H5Lget_info(parent, name.c_str(), &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_EXTERNAL) {
    return std::nullopt;
  }
  constexpr std::size_t longest = std::size_t{1} << 16;
  if (info.u.val_size == 0 || info.u.val_size > longest) return "another file";
  std::vector<char> value(info.u.val_size);
  const char* file = nullptr;
  const char* path = nullptr;
  unsigned flags = 0;
  if (H5Lget_val(parent, name.c_str(), value.data(), value.size(), H5P_DEFAULT) < 0 ||
      H5Lunpack_elink_val(value.data(), value.size(), &flags, &file, &path) < 0) {
    return "another file";
  }
  return fmt::format("{}, {}", file, path);
}

}  // namespace

std::string describe_external_link(const File& file) {
  const Lock lock;
  const auto sentence = [](const std::string& name, const std::string& target) {
    return fmt::format(
        "{} is an external link to another file ({}), and such links are never followed. Write a "
        "file that holds everything itself, e.g. in Python: "
        "anndata.read_h5ad(IN).write_h5ad(OUT).",
        name, target);
  };
  try {
    for (const std::string& name : members(file, file.id())) {
      if (const auto target = target_of(file.id(), name)) return sentence(name, *target);
      if (kind_of(file.id(), name) != ObjectKind::group) continue;
      const Handle group = open_group(file, file.id(), name);
      for (const std::string& inner : members(file, group.get())) {
        if (const auto target = target_of(group.get(), inner)) {
          return sentence(fmt::format("{}/{}", name, inner), *target);
        }
      }
    }
  } catch (const Error&) {
    // A damaged file is described by whoever reads it.
  }
  return {};
}

}  // namespace sicmir::h5
