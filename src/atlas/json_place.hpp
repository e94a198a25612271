// SPDX-License-Identifier: BSD-3-Clause
#pragma once
/// JSON files of an atlas, read with every type and size checked.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace sicmir::atlas {

inline constexpr std::int64_t most_bytes = std::int64_t{1} << 50;

/// A value in a JSON file, and where it stands. Everything that is not as expected is
/// Error(bad_input) "FILE: PLACE: what was found and what was expected".
class JsonPlace {
 public:
  /// The whole file, at most 256 MB.
  [[nodiscard]] static JsonPlace open(const std::filesystem::path& file);

  /// A member of an object; it must be there.
  [[nodiscard]] JsonPlace at(const std::string& key) const;
  /// Names of an object's members.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// Elements of a list.
  [[nodiscard]] std::vector<JsonPlace> items() const;
  [[nodiscard]] std::string text() const;
  /// A whole number from `low` to `high`.
  [[nodiscard]] std::int64_t integer(std::int64_t low, std::int64_t high) const;
  [[noreturn]] void fail(const std::string& what) const;

 private:
  JsonPlace(std::shared_ptr<const Json> root, const Json& value, std::string file,
            std::string place)
      : root_(std::move(root)), value_(&value), file_(std::move(file)), place_(std::move(place)) {}

  std::shared_ptr<const Json> root_;
  const Json* value_;  // in root_
  std::string file_, place_;
};

}  // namespace sicmir::atlas
