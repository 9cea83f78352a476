// SPDX-License-Identifier: Apache-2.0
#include "parsed.hpp"

#include <catch2/catch.hpp>

namespace narthex::document {
namespace {

Parsed toml(std::string_view text) { return Parsed(Format::kToml, text); }

}  // namespace

TEST_CASE("a TOML tree keeps the order and the places of the file", "[document]") {
  const Parsed p =
      toml("z = 1\na = \"\xC3\xA4\" # x\n[[jobs]]\nname = \"one\"\n[[jobs]]\nname = { x = 1.5 }\n");
  REQUIRE(p.document);
  REQUIRE(p.root().entries().size() == 3);
  CHECK(view(p.root().entries()[0].key) == "z");
  CHECK(view(p.root().entries()[1].key) == "a");
  CHECK(Parsed::at(p.document->key_place(&p.root().entries()[1])) == "2:1");
  CHECK(Parsed::at(p.document->place(p.root()["a"].raw())) == "2:5");
  const sdk::Value second(&p.root()["jobs"].items()[1]);
  CHECK(Parsed::at(p.document->key_place(&second.entries()[0])) == "6:1");
  CHECK(second["name"]["x"].get<double>() == 1.5);
}

TEST_CASE("TOML scalars keep their types and their text", "[document]") {
  const Parsed p = toml("i = 0x10\nb = true\nt = 1970-01-01T00:00:01.5+00:00\nd = 2020-01-02\n");
  REQUIRE(p.document);
  CHECK(p.root()["i"].get<int>() == 16);
  CHECK(p.document->text(p.root()["i"].raw()) == "0x10");
  CHECK(p.root()["b"].get<bool>());
  CHECK(p.root()["t"].type() == NX_TIME);
  CHECK(p.root()["t"].get<std::int64_t>() == 1500);
  CHECK(p.root()["d"].get<std::string>() == "2020-01-02");
}

TEST_CASE("an unquoted duration in TOML gets the hint that it needs quotes", "[document]") {
  const Parsed p = toml("[global]\nscrape_interval = 15s\n");
  REQUIRE(p.findings.size() == 1);
  CHECK(p.findings[0].place.line == 2);
  CHECK(p.findings[0].hint == "durations are quoted: \"15s\"");
  CHECK(toml("limit = 10MiB\n").findings[0].hint == "sizes are quoted: \"10MiB\"");
}

TEST_CASE("TOML's own rules and our bounds are kept", "[document]") {
  CHECK_FALSE(toml("a = 1\na = 2\n").document);
  CHECK_FALSE(toml("a = [1, \n").document);
  CHECK_FALSE(toml("a = " + std::string(20'000, '[')).document);
  CHECK_FALSE(toml("a = " + std::string(64, '[') + std::string(64, ']')).document);
  CHECK(toml("a = " + std::string(60, '[') + std::string(60, ']')).document);
  CHECK(toml("").document->root().type == NX_TABLE);
}

}  // namespace narthex::document
