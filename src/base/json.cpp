// SPDX-License-Identifier: BSD-3-Clause
#include "base/json.hpp"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace sicmir {

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json read_json(std::istream& stream) {
  return Json::parse(stream, nullptr, false);
}

}  // namespace sicmir
