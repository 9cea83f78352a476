// SPDX-License-Identifier: Apache-2.0
// Prometheus text and JSON lines: what they are stored as, as VictoriaMetrics 1.145 does it; the
// plugin's README names where the two differ.
#include "plugins/ingest/import/import.hpp"
#include "plugins/ingest/import/path_labels.hpp"
#include "tests/support/push_fixture.hpp"

#include <catch2/catch.hpp>

namespace narthex::ingest::import {
namespace {

using Fixture = test::PushFixture<Import>;
using Series = std::map<std::string, std::string>;

TEST_CASE("text and what is stored of it", "[import]") {
  const std::int64_t now = test::FakeHost().now_ms;
  const std::pair<std::string, Series> cases[] = {
      {"a{x=\"y\"} 1", {{R"(a{x="y"})", "1 @0"}}},
      {"a 2 " + std::to_string(now - 5), {{"a", "2 @-5"}}},
      {"a 2 " + std::to_string(now / 1000), {{"a", "2 @0"}}},
      {"a 2 " + std::to_string(now / 1000) + ".25", {{"a", "2 @250"}}},
      {"  a { x = \"y\" , } 1  ", {{R"(a{x="y"})", "1 @0"}}},
      {"{\"utf.8\",\"l.x\"=\"v\"} 1", {{R"(utf.8{l.x="v"})", "1 @0"}}},
      {"a{x=\"q\\\"u\\\\o\\nt\"} 1", {{"a{x=\"q\"u\\o\nt\"}", "1 @0"}}},
      {"a{x=\"\"} 1", {{"a", "1 @0"}}},
      {"# HELP a help\n# TYPE a counter\n# a comment\n\na 5 # {t=\"b\"} 1\na{x=\"1\"} 6 " +
           std::to_string(now) + " # {} 1\n# EOF\n",
       {{"a", "5 @0"}, {R"(a{x="1"})", "6 @0"}}},
      {"a NaN\nb +Inf\nc -Inf\nd 1e3\r\n",
       {{"a", "NaN @0"}, {"b", "+Inf @0"}, {"c", "-Inf @0"}, {"d", "1000 @0"}}},
      {"", {}},
  };
  for (const auto& [body, stored] : cases) {
    INFO(body);
    Fixture f;
    const net::Response answer = f.post(Import::kText, body);
    INFO(answer.body);
    CHECK(answer.status == 204);
    CHECK(f.series() == stored);
  }
}

TEST_CASE("types and helps are stored", "[import]") {
  Fixture f;
  CHECK(f.post(Import::kText, "# TYPE a counter\n# HELP a What it is.\na 1\n#TYPE b x\n").status ==
        204);
  CHECK(f.metadata() == std::vector<std::string>{"a 1 What it is.", "b 0 "});
}

TEST_CASE("what is wrong with text has its place, and the rest is stored", "[import]") {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "line 1, column 2: the value is no number: \"\""},
      {"a x", "line 1, column 3: the value is no number: \"x\""},
      {"a 0x10", "line 1, column 3: the value is no number"},
      {"a 1 x", "line 1, column 5: the time is no number: \"x\""},
      {"a 1 5 6", "line 1, column 7: expected the end of the line, got \"6\""},
      {"a{x=\"y 1", "line 1, column 1: labels without their closing brace"},
      {"{x=\"y\"} 1", "line 1, column 1: metric name not set"},
      {"a{x=} 1", "line 1, column 5: expected label value"},
      {"a{x y} 1", "line 1, column 5: expected equal"},
      {"-a 1", "line 1, column 1: expected the name of a metric, got \"-\""},
      {"a\xff 1", "line 1, column 2: the value is no number: \"\\xff\""},
      {"a{x=\"\xff\"} 1", "line 1, column 1: invalid UTF-8 in series"},
  };
  for (const auto& [line, text] : cases) {
    INFO(line);
    Fixture f;
    const net::Response answer = f.post(Import::kText, std::string(line) + "\ngood 1\n");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Catch::StartsWith(text) && Catch::Contains("1 of 2 lines refused"));
    CHECK(f.series() == Series{{"good", "1 @0"}});
  }
}

TEST_CASE("labels of the path and of the query win over those of the text", "[import]") {
  Fixture f;
  CHECK(f.post(Import::kTextWithPath, "a{job=\"own\",q=\"r\",x=\"y\"} 1",
               {{"extra_label", "x=z"}, {"timestamp", std::to_string(f.host.now_ms - 7)}},
               {{"labels", "job/j1/instance/i1"}})
            .status == 204);
  CHECK(f.series() == Series{{R"(a{instance="i1",job="j1",q="r",x="z"})", "1 @-7"}});
  CHECK(f.post(Import::kTextWithPath, "a 1", {}, {{"labels", "job/j/instance"}}).status == 400);
  CHECK(f.post(Import::kText, "a 1", {{"timestamp", "soon"}}).status == 400);
  CHECK(f.post(Import::kText, "a 1", {{"extra_label", "=x"}}).status == 400);
}

TEST_CASE("labels in a path", "[import]") {
  const auto parsed = [](std::string_view path) {
    Result<sdk::OwnedLabels> labels = parse_path_labels(path);
    if (!labels.ok()) return labels.status().message();
    std::string text;
    for (const auto& [name, value] : *labels) text += name + "=" + value + ";";
    return text;
  };
  CHECK(parsed("").empty());
  CHECK(parsed("job/a/b/c") == "job=a;b=c;");
  CHECK(parsed("job@base64/YWJj/k@base64/L3Zhci9s") == "job=abc;k=/var/l;");
  CHECK(parsed("job@base64/YQ==") == "job=a;");
  CHECK(parsed("job@base64/=") == "job=;");
  CHECK(parsed("job@base64") == "job=;");
  CHECK(parsed("job") == "label \"job\" in the path has no value");
  CHECK(parsed("/x") == "a label without a name in the path");
  CHECK(parsed("job@base64/!") == "the value of label \"job\" in the path is not base64: \"!\"");
  CHECK(parsed("job@base64/YWJjZ") ==
        "the value of label \"job\" in the path is not base64: \"YWJjZ\"");
}

TEST_CASE("JSON lines and what is stored of them", "[import]") {
  Fixture f;
  const auto at = [&](int offset) { return std::to_string(f.host.now_ms + offset); };
  const std::string body =
      R"({"metric":{"__name__":"a","x":"y\u00e9"},"values":[1,2.5,null],"timestamps":[)" + at(0) +
      "," + at(1) + "," + at(2) + "]}\n\n" +
      R"({"values":["NaN","Infinity","-Infinity"],"metric":{"__name__":"b"},"timestamps":[)" +
      at(0) + "," + at(1) + "," + at(2) + R"(],"more":{"a":[1,{}]}})" + "\r\n" +
      R"( { "metric" : { "__name__" : "c" } , "values" : [ ] , "timestamps" : [ ] } )" + "\n" +
      R"({"metric":{"__name__":"d"},"values":[-1e-3],"timestamps":[)" + at(0) + "]}";
  const net::Response answer = f.post(Import::kJson, body, {{"extra_label", "e=l"}});
  INFO(answer.body);
  CHECK(answer.status == 204);
  CHECK(f.series() == Series{{"a{e=\"l\",x=\"y\xc3\xa9\"}", "1 @0 2.5 @1"},
                             {R"(b{e="l"})", "NaN @0 +Inf @1 -Inf @2"},
                             {R"(d{e="l"})", "-0.001 @0"}});
}

TEST_CASE("what is wrong with a JSON line has its place", "[import]") {
  const std::pair<const char*, const char*> cases[] = {
      {"garbage", "line 1, column 1: expected an object"},
      {R"([{"metric":{}}])", "line 1, column 1: expected an object"},
      {R"({"values":[1],"timestamps":[1]})", "line 1, column 1: there is no \"metric\""},
      {R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[1,2]})",
       "line 1, column 1: 1 values but 2 timestamps"},
      {R"({"metric":{"__name__":"a","n":5},"values":[],"timestamps":[]})",
       "line 1, column 31: a label must be a text"},
      {R"({"metric":{"__name__":"a"},"values":["4"],"timestamps":[1]})",
       "line 1, column 38: expected a number, null"},
      {R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[1.5]})",
       "line 1, column 55: a time must be whole milliseconds"},
      {R"({"metric":{"__name__":"a"},"values":[1],"timestamps":[1]}{})",
       "line 1, column 58: expected the end of the line"},
      {R"({"metric":{"__name__":"a"},"values":[1,],"timestamps":[1]})",
       "line 1, column 40: expected a number"},
      {R"({"metric":{"__name__":"a"},"values":[01],"timestamps":[1]})",
       "line 1, column 38: expected a number"},
      {R"({"metric":{"__name__":"a)", "line 1, column 25: a text without its closing quote"},
      {R"({"metric":{"x":"no name"},"values":[1],"timestamps":[1700000000000]})",
       "line 1: a series without a metric name"},
  };
  for (const auto& [line, text] : cases) {
    INFO(line);
    Fixture f;
    const net::Response answer = f.post(
        Import::kJson,
        std::string(line) +
            "\n{\"metric\":{\"__name__\":\"good\"},\"values\":[1],\"timestamps\":[1700000000000]}");
    CHECK(answer.status == 400);
    CHECK_THAT(answer.body, Catch::StartsWith(text));
    CHECK(f.series() == Series{{"good", "1 @0"}});
  }
}

TEST_CASE("a series is one however it is written", "[import]") {
  Fixture f;
  CHECK(f.post(Import::kText, "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n").status == 204);
  f.host.now_ms += 10;
  CHECK(f.post(Import::kText, "a{ x=\"1\", y=\"2\" } 2\n").status == 204);
  CHECK(f.series() == Series{{R"(a{x="1",y="2"})", "1 @0 2 @10"}});
}

}  // namespace
}  // namespace narthex::ingest::import
