// SPDX-License-Identifier: Apache-2.0
// OpenTSDB's put over HTTP and as lines, as VictoriaMetrics 1.145 does it; the plugin's README
// names where the two differ.
#include "plugins/ingest/opentsdb/opentsdb.hpp"
#include "tests/support/push_fixture.hpp"

#include <catch2/catch.hpp>

namespace narthex::ingest::opentsdb {
namespace {

using Fixture = test::PushFixture<OpenTsdb>;
using Series = std::map<std::string, std::string>;

const std::string kNow = std::to_string(test::FakeHost().now_ms / 1000);

TEST_CASE("lines and what is stored of them", "[opentsdb]") {
  const std::pair<std::string, Series> cases[] = {
      {"put o.a " + kNow + " 1 a=b c=d", {{R"(o.a{a="b",c="d"})", "1 @0"}}},
      {"put o " + kNow + "123 2 a=b", {{R"(o{a="b"})", "2 @123"}}},
      {"put o " + kNow + ".5 4 a=b", {{R"(o{a="b"})", "4 @500"}}},
      {"put o " + kNow + " 3", {{"o", "3 @0"}}},
      {"  put  o\t" + kNow + "  4  a=b  ", {{R"(o{a="b"})", "4 @0"}}},
      {"put o " + kNow + " 4 a=", {{"o", "4 @0"}}},
      {"put o " + kNow + " 4 a=b=c", {{R"(o{a="b=c"})", "4 @0"}}},
      {"put o " + kNow + " 4 a=b a=c", {{R"(o{a="c"})", "4 @0"}}},
      {"put o.-_/x " + kNow + " 4\r\n\n", {{"o.-_/x", "4 @0"}}},
  };
  for (const auto& [line, stored] : cases) {
    INFO(line);
    Fixture f;
    REQUIRE(f.send({line}).ok());
    CHECK(f.series() == stored);
    CHECK(f.host.log.empty());
  }
}

TEST_CASE("what is wrong with a line has its place", "[opentsdb]") {
  const std::pair<const char*, const char*> cases[] = {
      {"version", "line 1, column 1: expected put, got \"version\""},
      {"PUT o 1 1 a=b", "line 1, column 1: expected put, got \"PUT\""},
      {"put", "line 1, column 4: expected the name of a metric"},
      {"put o xx 3 a=b",
       "line 1, column 7: expected a time in seconds or milliseconds, got \"xx\""},
      {"put o nan 3 a=b", "line 1, column 7: expected a time"},
      {"put o 5 x a=b", "line 1, column 9: expected a number as the value, got \"x\""},
      {"put o 5", "line 1, column 8: expected a number as the value"},
      {"put o 5 1 a", "line 1, column 11: expected tag=value, got \"a\""},
      {"put o 5 1 a=b =c", "line 1, column 15: expected tag=value, got \"=c\""},
  };
  for (const auto& [line, text] : cases) {
    INFO(line);
    Fixture f;
    REQUIRE(f.send({std::string(line) + "\nput good " + kNow + " 1"}).ok());
    CHECK(f.series() == Series{{"good", "1 @0"}});
    CHECK_THAT(f.host.log, Catch::Contains(text));
  }
}

TEST_CASE("data points and what is stored of them", "[opentsdb]") {
  const std::pair<std::string, Series> cases[] = {
      {R"({"metric":"o","timestamp":)" + kNow + R"(,"value":1,"tags":{"a":"b"}})",
       {{R"(o{a="b"})", "1 @0"}}},
      {R"([{"metric":"o","timestamp":)" + kNow + R"(000,"value":"2.5","tags":{"a":"b"}},)" +
           R"( {"metric":"p","timestamp":")" + kNow + R"(","value":-1e1,"tags":{}}])",
       {{R"(o{a="b"})", "2.5 @0"}, {"p", "-10 @0"}}},
      {R"({"metric":"o","value":2,"more":[{}]})", {{"o", "2 @0"}}},
      {R"({"metric":"o","timestamp":)" + kNow + R"(.5,"value":2,"tags":{"a":"","n":5}})",
       {{R"(o{n="5"})", "2 @500"}}},
      {"[]", {}},
  };
  for (const auto& [body, stored] : cases) {
    INFO(body);
    Fixture f;
    const net::Response answer = f.post(0, body);
    INFO(answer.body);
    CHECK(answer.status == 204);
    CHECK(f.series() == stored);
  }
}

TEST_CASE("what is wrong with a data point refuses it alone", "[opentsdb]") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"value":1})", "there is no metric"},
      {R"({"metric":"","value":1})", "there is no metric"},
      {R"({"metric":5,"value":1})", "there is no metric"},
      {R"({"metric":"o"})", "there is no value"},
      {R"({"metric":"o","value":true})", R"(the value is no number: \"true\")"},
      {R"({"metric":"o","value":"x"})", R"(the value is no number: \"x\")"},
      {R"({"metric":"o","value":1,"timestamp":"x"})", R"(the timestamp is no number: \"x\")"},
      {R"({"metric":"o","value":1,"tags":{"a":true}})",
       R"(the value of tag \"a\" must be a text, got true)"},
      {R"({"metric":"o","value":1,"tags":[]})", "tags must be an object"},
      {"5", "a data point must be an object"},
  };
  for (const auto& [point, text] : cases) {
    INFO(point);
    Fixture f;
    const net::Response answer =
        f.post(0, "[" + std::string(point) + R"(,{"metric":"good","value":1}])");
    CHECK(answer.status == 400);
    CHECK(answer.body == R"({"error":{"code":400,"message":"data point 1: )" + std::string(text) +
                             R"(; 1 of 2 data points refused"}})");
    CHECK(f.series() == Series{{"good", "1 @0"}});
  }
}

TEST_CASE("summary and details say what became of the points", "[opentsdb]") {
  Fixture f;
  const std::string good = R"({"metric":"o","value":1})", bad = R"({"metric":"o"})";
  CHECK(f.post(0, good, {{"summary", ""}}).body == R"({"failed":0,"success":1})");
  const net::Response mixed = f.post(0, "[" + bad + "," + good + "]", {{"summary", ""}});
  CHECK(mixed.status == 400);
  CHECK(mixed.body == R"({"failed":1,"success":1})");
  CHECK(f.post(0, "[" + bad + "," + good + "]", {{"details", ""}}).body ==
        R"({"errors":[{"datapoint":{"metric":"o"},"error":"there is no value"}],"failed":1,)"
        R"("success":1})");
}

TEST_CASE("a point that is not UTF-8 is not shown in the answer", "[opentsdb]") {
  Fixture f;
  CHECK(f.post(0, "{\"metric\":\"o\xff\",\"value\":1}", {{"details", ""}}).body ==
        R"({"errors":[{"datapoint":null,"error":"label \"__name__\" is not valid UTF-8"}],)"
        R"("failed":1,"success":0})");
}

TEST_CASE("half a body stores nothing", "[opentsdb]") {
  const std::string good = R"({"metric":"o","value":1})";
  for (const std::string& body :
       {"[" + good, good + "x", std::string("xx"), std::string(), "[" + good + "," + good + ",}"}) {
    INFO(body);
    Fixture f;
    const net::Response answer = f.post(0, body);
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Catch::Contains("the body is no JSON: "));
    CHECK(f.series().empty());
  }
}

}  // namespace
}  // namespace narthex::ingest::opentsdb
