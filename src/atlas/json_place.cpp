// SPDX-License-Identifier: BSD-3-Clause
#include "atlas/json_place.hpp"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

#include "base/text_list.hpp"
#include "sicmir/error.hpp"

namespace sicmir::atlas {

JsonPlace JsonPlace::open(const std::filesystem::path& file) {
  constexpr std::uintmax_t most = std::uintmax_t{1} << 28;
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", file.string(), what));
  };
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  if (error) refuse(fmt::format("cannot be read: {}.", error.message()));
  if (bytes > most) {
    refuse(fmt::format("has {} bytes; expected at most {}.", bytes, most));
  }
  std::ifstream stream(file);
  auto root = std::make_shared<Json>(read_json(stream));
  if (!root->is_object()) refuse("is no JSON object; it is damaged or incomplete.");
  const Json& value = *root;
  return {std::move(root), value, file.string(), "/"};
}

void JsonPlace::fail(const std::string& what) const {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}: {}", file_, place_, what));
}

JsonPlace JsonPlace::at(const std::string& key) const {
  if (!value_->is_object()) fail("is no object.");
  const auto found = value_->find(key);
  if (found == value_->end()) fail(fmt::format("has no '{}'.", key));
  return {root_, *found, file_, place_ == "/" ? "/" + key : place_ + "/" + key};
}

std::vector<std::string> JsonPlace::keys() const {
  if (!value_->is_object()) fail("is no object.");
  std::vector<std::string> keys;
  for (const auto& item : value_->items()) keys.push_back(item.key());
  return keys;
}

std::vector<JsonPlace> JsonPlace::items() const {
  if (!value_->is_array()) fail("is no list.");
  std::vector<JsonPlace> items;
  items.reserve(value_->size());
  for (const Json& item : *value_) {
    items.push_back(JsonPlace(root_, item, file_, fmt::format("{}[{}]", place_, items.size())));
  }
  return items;
}

std::string JsonPlace::text() const {
  if (!value_->is_string()) fail("is no text.");
  auto text = value_->get<std::string>();
  if (text.find('\0') != std::string::npos) fail("holds a zero byte.");
  return text;
}

std::int64_t JsonPlace::integer(std::int64_t low, std::int64_t high) const {
  const bool is_signed = value_->is_number_integer() && !value_->is_number_unsigned();
  const bool fits = value_->is_number_unsigned() &&
                    value_->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX);
  if (!is_signed && !fits) fail("is no whole number.");
  const auto number = value_->get<std::int64_t>();
  if (number < low || number > high) {
    fail(fmt::format("is {}; expected {} to {}.", number, low, high));
  }
  return number;
}

}  // namespace sicmir::atlas
