// SPDX-License-Identifier: Apache-2.0
#include "parsed.hpp"

#include <catch2/catch.hpp>

namespace narthex::document {
namespace {

Parsed json(std::string_view text) { return Parsed(Format::kJson, text); }

}  // namespace

TEST_CASE("JSON values arrive with their types and places", "[document]") {
  const Parsed p =
      json("{\n  \"a\": [1, -2.5, true, null],\n  \"b\": \"x\\u00e4\\n\\ud83d\\ude00\"\n}");
  REQUIRE(p.document);
  const auto items = p.root()["a"].items();
  REQUIRE(items.size() == 4);
  CHECK(sdk::Value(&items[0]).get<int>() == 1);
  CHECK(sdk::Value(&items[1]).get<double>() == -2.5);
  CHECK(sdk::Value(&items[2]).get<bool>());
  CHECK(items[3].type == NX_NULL);
  CHECK(Parsed::at(p.document->place(&items[1])) == "2:12");
  CHECK(p.root()["b"].get<std::string>() == "x\xC3\xA4\n\xF0\x9F\x98\x80");
  CHECK(p.document->text(&items[1]) == "-2.5");
}

TEST_CASE("a lone surrogate becomes the replacement character", "[document]") {
  CHECK(json(R"("\ud800x")").root().get<std::string>() == "\xEF\xBF\xBDx");
}

TEST_CASE("numbers beyond 64 bits become floats, beyond doubles errors", "[document]") {
  CHECK(json("9223372036854775807").root().type() == NX_INT);
  CHECK(json("9223372036854775808").root().type() == NX_FLOAT);
  CHECK(json("1e999").first() == "json: the number is out of range");
}

TEST_CASE("malformed JSON is refused at its place", "[document]") {
  const char* const bad[] = {"",          "[1,]",       "{\"a\" 1}", "[1 2]", "01",     "1.",
                             "\"abc",     "tru",        "{a: 1}",    "[1] x", "-",      "\"\\x\"",
                             "\"\\u12\"", "{\"a\":1,}", "\"a\nb\"",  "[",     "{\"a\":"};
  for (const char* text : bad) {
    INFO(text);
    const Parsed p = json(text);
    CHECK_FALSE(p.document);
    CHECK(p.findings.size() == 1);
  }
  CHECK(json("[1,\n  x]").where() == "2:3");
}

TEST_CASE("JSON keys are unique and depth is bounded", "[document]") {
  CHECK(json(R"({"a": 1, "a": 2})").first() == "duplicate key \"a\"");
  CHECK(json(std::string(64, '[') + std::string(64, ']')).document);
  CHECK_FALSE(json(std::string(100'000, '[')).document);
}

}  // namespace narthex::document
