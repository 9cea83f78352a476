// SPDX-License-Identifier: Apache-2.0
#include "parsed.hpp"

#include <catch2/catch.hpp>

namespace narthex::document {
namespace {

Parsed yaml(std::string_view text) { return Parsed(Format::kYaml, text); }

// The text of a YAML list with one scalar, as the parser types it.
int type_of(std::string_view scalar) {
  return yaml("- " + std::string(scalar)).root().items()[0].type;
}

}  // namespace

TEST_CASE("a YAML tree keeps the order of the file and the place of keys and values",
          "[document]") {
  const Parsed p = yaml("b: 1\na:\n  - x\n  - key: text # comment\n");
  REQUIRE(p.document);
  REQUIRE(p.root().entries().size() == 2);
  CHECK(view(p.root().entries()[0].key) == "b");
  CHECK(Parsed::at(p.document->key_place(&p.root().entries()[1])) == "2:1");
  const nx_value& item = p.root()["a"].items()[1];
  CHECK(Parsed::at(p.document->place(&item)) == "4:5");
  CHECK(Parsed::at(p.document->place(sdk::Value(&item)["key"].raw())) == "4:10");
  CHECK(sdk::Value(&item)["key"].get<std::string>() == "text");
}

TEST_CASE("plain YAML scalars are typed as Go's yaml does", "[document]") {
  CHECK(type_of("12") == NX_INT);
  CHECK(type_of("-0x1F") == NX_INT);
  CHECK(type_of("1_000") == NX_INT);
  CHECK(type_of("1.5e3") == NX_FLOAT);
  CHECK(type_of(".5") == NX_FLOAT);
  CHECK(type_of(".inf") == NX_FLOAT);
  CHECK(type_of("true") == NX_BOOL);
  CHECK(type_of("yes") == NX_STRING);
  CHECK(type_of("~") == NX_NULL);
  CHECK(type_of("null") == NX_NULL);
  CHECK(type_of("0755") == NX_STRING);
  CHECK(type_of("1h") == NX_STRING);
  CHECK(type_of("127.0.0.1") == NX_STRING);
  CHECK(type_of("2024-01-01") == NX_STRING);
  CHECK(type_of("'12'") == NX_STRING);
  CHECK(type_of("\"true\"") == NX_STRING);
  CHECK(type_of("!!str 12") == NX_STRING);
  CHECK(type_of("!!int \"12\"") == NX_INT);
  CHECK(type_of("99999999999999999999") == NX_FLOAT);
  CHECK(type_of("-9223372036854775808") == NX_INT);
}

TEST_CASE("a scalar's text is what was written, also behind an anchor", "[document]") {
  const Parsed p = yaml("a: 1.0\nb: &x 0x10\nc: *x\nd: &y\n  7\ne: '1'\n");
  REQUIRE(p.document);
  CHECK(p.document->text(p.root()["a"].raw()) == "1.0");
  CHECK(p.document->text(p.root()["b"].raw()) == "0x10");
  CHECK(p.document->text(p.root()["c"].raw()) == "0x10");
  CHECK(p.document->text(p.root()["d"].raw()) == "7");
  CHECK(p.document->text(p.root()["e"].raw()) == "1");
  CHECK(p.document->quoted(p.root()["e"].raw()));
  CHECK_FALSE(p.document->quoted(p.root()["a"].raw()));
}

TEST_CASE("duplicate keys and merge keys are all named", "[document]") {
  const Parsed p = yaml("a: 1\nb: &m {x: 1}\na: 2\nc:\n  <<: *m\n");
  CHECK_FALSE(p.document);
  REQUIRE(p.findings.size() == 2);
  CHECK(p.findings[0].text == "yaml: merge keys (<<) are not supported");
  CHECK(Parsed::at(p.findings[0].place) == "5:3");
  CHECK(p.findings[1].text == "duplicate key \"a\"");
  CHECK(Parsed::at(p.findings[1].place) == "3:1");
  CHECK(p.findings[1].hint == "it is already set in line 1");
}

TEST_CASE("an alias bomb is refused, and honest aliases are not", "[document]") {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'n'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [" + before;
    for (int i = 0; i < 8; ++i) bomb += "," + before;
    bomb += "]\n";
  }
  const Parsed p = yaml(bomb);
  CHECK_FALSE(p.document);
  CHECK(p.first().find("alias bomb") != std::string::npos);
  CHECK(yaml("a: &a [1, 2]\nb: *a\nc: [*a, *a]\n").document);
}

TEST_CASE("an alias to a value that contains it is refused", "[document]") {
  CHECK(yaml("a: &a [*a]\n").first() == "yaml: the anchor's value contains this alias");
}

TEST_CASE("depth is bounded, also through aliases", "[document]") {
  CHECK(yaml("a: " + std::string(20'000, '[') + std::string(20'000, ']')).first() ==
        "nested deeper than 64 levels");
  CHECK_FALSE(yaml("a: " + std::string(20'000, '[')).document);
  CHECK(yaml(std::string(64, '[') + std::string(64, ']')).document);
  CHECK_FALSE(yaml(std::string(65, '[') + std::string(65, ']')).document);
  const std::string half = std::string(40, '[') + std::string(40, ']');
  CHECK_FALSE(yaml("a: &a " + half + "\nb: " + std::string(40, '[') + "*a" + std::string(40, ']'))
                  .document);
}

TEST_CASE("bytes that YAML does not allow are named with their place", "[document]") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(yaml(all).first() == "yaml: control characters are not allowed: byte 0x00");
  const Parsed p = yaml("a: b\nc: \xC3\x28\n");
  CHECK(p.first() == "yaml: the text is not valid UTF-8: byte 0xc3");
  CHECK(p.where() == "2:4");
}

TEST_CASE("syntax errors have line and column, and tabs get a hint", "[document]") {
  const Parsed open = yaml("global:\n  scrape_interval: [15s\n");
  CHECK(open.first().starts_with("yaml: "));
  CHECK(open.findings[0].place.line >= 2);
  const Parsed tab = yaml("global:\n\tscrape_interval: 15s\n");
  CHECK_FALSE(tab.document);
  CHECK(tab.findings[0].place.line == 2);
  CHECK(tab.findings[0].hint == "indent with blanks, not tabs");
}

TEST_CASE("an empty YAML text is null and a second document a warning", "[document]") {
  CHECK(yaml("").document->root().type == NX_NULL);
  CHECK(yaml("# nothing\n").document->root().type == NX_NULL);
  const Parsed two = yaml("a: 1\n---\nb: 2\n");
  REQUIRE(two.document);
  REQUIRE(two.findings.size() == 1);
  CHECK(two.findings[0].warning);
  CHECK(yaml("---\na: 1\n...\n").findings.empty());
}

TEST_CASE("CRLF, a byte order mark and wide characters keep columns in bytes", "[document]") {
  const Parsed p = yaml(
      "\xEF\xBB\xBF"
      "a: 1\r\n\"\xC3\xA4\": {b: c}\r\n");
  REQUIRE(p.document);
  const nx_kv& entry = p.root().entries()[1];
  CHECK(Parsed::at(p.document->place(&entry.value)) == "2:7");
  CHECK(p.document->line_text(2) == "\"\xC3\xA4\": {b: c}");
}

TEST_CASE("text beyond 16 MiB is refused unread", "[document]") {
  CHECK(yaml(std::string((16 << 20) + 1, 'a')).first().find("larger than 16 MiB") !=
        std::string::npos);
}

}  // namespace narthex::document
