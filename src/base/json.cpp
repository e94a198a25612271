// SPDX-License-Identifier: BSD-3-Clause
#include "base/json.hpp"

#include <cmath>

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace sicmir {

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json read_json(std::istream& stream) {
  return Json::parse(stream, nullptr, false);
}

Json json_number(double value) {
  if (std::isinf(value)) return "Infinity";
  return std::isnan(value) ? Json(nullptr) : Json(value);
}

}  // namespace sicmir
