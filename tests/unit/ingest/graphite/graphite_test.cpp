// SPDX-License-Identifier: Apache-2.0
// Graphite's plaintext: lines and what they are stored as, as VictoriaMetrics 1.145 does it; the
// plugin's README names where the two differ.
#include "plugins/ingest/graphite/graphite.hpp"
#include "tests/support/push_fixture.hpp"

#include <catch2/catch.hpp>

namespace narthex::ingest::graphite {
namespace {

using Fixture = test::PushFixture<Graphite>;
using Series = std::map<std::string, std::string>;

TEST_CASE("lines and what is stored of them", "[graphite]") {
  const std::string now = std::to_string(test::FakeHost().now_ms / 1000);
  const std::pair<std::string, Series> cases[] = {
      {"g.a.b 1 " + now, {{"g.a.b", "1 @0"}}},
      {"g.a 2", {{"g.a", "2 @0"}}},
      {"g 3 -1", {{"g", "3 @0"}}},
      {"g 3 -1.0", {{"g", "3 @0"}}},
      {"g 1 0", {{"g", "1 @0"}}},
      {"g 6 " + now + ".25", {{"g", "6 @250"}}},
      {"g;t=v;u=w 4 " + now, {{R"(g{t="v",u="w"})", "4 @0"}}},
      {"g;t=;u=w 5 " + now, {{R"(g{u="w"})", "5 @0"}}},
      {"g;a=1;a=2 2 " + now, {{R"(g{a="2"})", "2 @0"}}},
      {"g;a=b;c=d;a=1 2 " + now, {{R"(g{a="1",c="d"})", "2 @0"}}},
      {"g;t=a b 4 " + now, {{R"(g{t="a b"})", "4 @0"}}},
      {"g;t=a=b; 4", {{R"(g{t="a=b"})", "4 @0"}}},
      {"  g.sp  7   " + now + "  ", {{"g.sp", "7 @0"}}},
      {"g.tab\t8\t" + now, {{"g.tab", "8 @0"}}},
      {"g.crlf 9 " + now + "\r", {{"g.crlf", "9 @0"}}},
      {"g.name with space 3 " + now, {{"g.name with space", "3 @0"}}},
      {"g 5 " + now + " 0", {{"g 5", now + " @0"}}},
      {"g~x!y=q\"{} 1", {{"g~x!y=q\"{}", "1 @0"}}},
      {"g.exp 1e5\ng.neg -2.5\ng.inf +Inf",
       {{"g.exp", "100000 @0"}, {"g.neg", "-2.5 @0"}, {"g.inf", "+Inf @0"}}},
      {"g..d 1", {{"g..d", "1 @0"}}},
      {"\n\r\n \t\n", {}},
  };
  for (const auto& [lines, stored] : cases) {
    INFO(lines);
    Fixture f;
    REQUIRE(f.send({lines}).ok());
    CHECK(f.series() == stored);
    CHECK(f.host.log.empty());
  }
}

TEST_CASE("what is wrong with a line has its place", "[graphite]") {
  const std::pair<const char*, const char*> cases[] = {
      {"g", "line 1, column 1: expected a name and a value, got \\\"g\\\""},
      {"g abc", "line 1, column 3: the value is no number: \\\"abc\\\""},
      {"g abc 5", "line 1, column 3: the value is no number: \\\"abc\\\""},
      {"g 0x10 5", "line 1, column 3: the value is no number"},
      {"g 1 xx", "line 1, column 5: the timestamp is no time in seconds: \\\"xx\\\""},
      {"g 1 nan", "line 1, column 5: the timestamp is no time in seconds"},
      {"g 1 1e300", "line 1, column 5: the timestamp is no time in seconds"},
      {";a=b 1", "line 1, column 1: a tag without a name of a metric before it"},
      {"g;t 1", "line 1, column 3: expected tag=value, got \\\"t\\\""},
      {" g;=v 1", "line 1, column 4: expected tag=value, got \\\"=v\\\""},
      {"g\xff 1", "line 1: label \\\"__name__\\\" is not valid UTF-8"},
      {"g 1 99999999999", "line 1: timestamp 99999999999000 ms is too far in the future"},
  };
  for (const auto& [line, text] : cases) {
    INFO(line);
    Fixture f;
    REQUIRE(f.send({std::string(line) + "\ngood 1"}).ok());
    CHECK(f.series() == Series{{"good", "1 @0"}});
    std::string plain(text);
    for (std::size_t at = plain.find('\\'); at != std::string::npos; at = plain.find('\\')) {
      plain.erase(at, 1);
    }
    CHECK_THAT(f.host.log, Catch::Contains(plain));
  }
}

TEST_CASE("known series go on, and packets keep apart", "[graphite]") {
  Fixture f;
  for (int i = 0; i < 3; ++i) {
    f.host.now_ms += 1000;
    REQUIRE(f.send({"a;x=1 1\n", "a;x=2 2", "a;x=1;y=2 3"}).ok());
  }
  CHECK(f.series() == Series{{R"(a{x="1"})", "1 @1000 1 @2000 1 @3000"},
                             {R"(a{x="2"})", "2 @1000 2 @2000 2 @3000"},
                             {R"(a{x="1",y="2"})", "3 @1000 3 @2000 3 @3000"}});
}

TEST_CASE("options add labels and make names legacy ones", "[graphite]") {
  sdk::TreeArena arena;
  const nx_kv site = arena.entry("site", arena.string("oslo"));
  const nx_kv entries[] = {{NX_STR("labels"), arena.table({&site, 1})},
                           {NX_STR("legacy_names"), arena.boolean(true)}};
  const nx_value config = arena.table(entries);
  Fixture f(&config);
  REQUIRE(f.send({"9.a-b:c.d\xc3\xa9;t.x=v.w 1"}).ok());
  CHECK(f.series() == Series{{R"(_9_a_b:c_d_{site="oslo",t_x="v.w"})", "1 @0"}});
}

TEST_CASE("limits of labels hold", "[graphite]") {
  sdk::TreeArena arena;
  const nx_kv entries[] = {{NX_STR("labels_max"), arena.integer(3)},
                           {NX_STR("label_value_max_bytes"), arena.integer(4)}};
  const nx_value config = arena.table(entries);
  Fixture f(&config);
  REQUIRE(f.send({"a;b=1;c=2 1\na;b=1;c=2;d=3 1\na;b=12345 1"}).ok());
  CHECK(f.series() == Series{{R"(a{b="1",c="2"})", "1 @0"}});
  CHECK_THAT(f.host.log, Catch::Contains("line 2: 4 labels, the limit is 3; 2 samples refused"));
}

}  // namespace
}  // namespace narthex::ingest::graphite
