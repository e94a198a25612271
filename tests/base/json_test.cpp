// SPDX-License-Identifier: BSD-3-Clause
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace sicmir {
namespace {

TEST(Json, KeepsTheOrderOfItsMembers) {
  Json json;
  json["z"] = 1;
  json["a"] = {0.5, nullptr, true};
  EXPECT_EQ(json_text(json), R"({"z":1,"a":[0.5,null,true]})");
}

TEST(Json, Indents) {
  Json json;
  json["a"] = {{"b", 1}};
  EXPECT_EQ(json_text(json, 2), "{\n  \"a\": {\n    \"b\": 1\n  }\n}");
}

TEST(Json, NamesInOtherEncodingsLoseNothingElse) {
  EXPECT_EQ(json_text(Json("na\xefve")), "\"na\xef\xbf\xbdve\"");  // U+FFFD in UTF-8
}

TEST(Json, ReadsWhatItWrites) {
  std::istringstream stream(R"({"z": [1, 2.5, "text"], "a": null})");
  const Json json = read_json(stream);
  EXPECT_EQ(json["z"][1].get<double>(), 2.5);
  EXPECT_EQ(json_text(json), R"({"z":[1,2.5,"text"],"a":null})");
}

TEST(Json, OtherTextIsDiscarded) {
  for (const char* text : {"", "{\"a\": ", "no json"}) {
    std::istringstream stream(text);
    EXPECT_TRUE(read_json(stream).is_discarded()) << text;
  }
}

}  // namespace
}  // namespace sicmir
