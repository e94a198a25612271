// SPDX-License-Identifier: BSD-3-Clause
#include "cli/reading_json.hpp"

#include <string_view>

#include "cells/decision_fields.hpp"

namespace sicmir::cli {
namespace {

/// Words of characters: those of the options where there is one.
Json word_of(char mark) {
  switch (mark) {
    case '\t':
      return "tab";
    case ',':
      return "comma";
    case ';':
      return "semicolon";
    case ' ':
      return "blanks";
    case '.':
      return "point";
    case '\'':
      return "apostrophe";
    case '\0':
      return "none";
    default:
      return std::string(1, mark);
  }
}

Json json_value(const FieldValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

}  // namespace

void add_fields(Json& json, std::span<const Field> fields) {
  for (const Field& field : fields) {
    Json* place = &json;
    std::string_view rest = field.name;
    for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
      place = &(*place)[std::string(rest.substr(0, slash))];
      rest.remove_prefix(slash + 1);
    }
    (*place)[std::string(rest)] = json_value(field.value);
  }
}

void add_layout(Json& json, const SourceDescription& source) {
  if (source.lines_are) json["lines_are"] = to_string(*source.lines_are);
  if (!source.table) return;
  const TableReading& table = *source.table;
  json["table"] = {
      {"separator", word_of(table.separator)},
      {"decimal", word_of(table.decimal)},
      {"thousands", word_of(table.thousands)},
      {"header_line", table.header_line == 0 ? Json(nullptr) : Json(table.header_line)},
      {"first_data_line", table.first_data_line},
      {"name_columns", table.name_columns}};
}

void add_decision(Json& json, const Decision& decision, const std::string& platform) {
  if (decision.values == Values::automatic) return;
  // Lines are replaced as a run goes on: a member of an earlier decision must not stay.
  json["values"] = Json::object();
  add_fields(json, values_fields(decision));
  json["values"]["why"] = decision.values_reason;
  if (decision.scale == Scale::automatic) return;
  json["scale"] = Json::object();
  add_fields(json, scale_fields(decision, platform));
  json["scale"]["why"] = decision.scale_reason;
}

Json json_of(std::span<const Note> notes) {
  Json list = Json::array();
  for (const Note& note : notes) {
    Json& json = list.emplace_back();
    json["kind"] = note.kind;
    json["text"] = note.text;
    add_fields(json, note.fields);
  }
  return list;
}

std::vector<Note> notes_of(const GeneMapReport& genes, const Decision& decision) {
  return sicmir::notes_of(SourceDescription(), genes, decision);
}

}  // namespace sicmir::cli
