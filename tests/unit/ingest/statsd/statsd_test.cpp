// SPDX-License-Identifier: Apache-2.0
// StatsD: lines, what they add up to, and what a flush stores.
#include "plugins/ingest/statsd/statsd.hpp"
#include "tests/support/push_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

namespace narthex::ingest::statsd {
namespace {

using Fixture = test::PushFixture<Statsd>;
using Series = std::map<std::string, std::string>;

// What one flush stores of these lines.
Series stored(const std::string& lines, const nx_value* config = nullptr) {
  Fixture f(config);
  REQUIRE(f.send({lines}).ok());
  REQUIRE(f.flush().ok());
  CHECK(f.host.log.empty());
  return f.series();
}

TEST_CASE("lines and what a flush stores of them", "[statsd]") {
  const std::pair<const char*, Series> cases[] = {
      {"a:1|c", {{"a", "1 @0"}}},
      {"a:1|c\na:2|c\n", {{"a", "3 @0"}}},
      {"a:1|c|@0.1", {{"a", "10 @0"}}},
      {"a:1|m", {{"a", "1 @0"}}},
      {"a:1|c:2|c", {{"a", "3 @0"}}},
      {"a:1|c|@0.5:2|c", {{"a", "4 @0"}}},
      {"a:1:2:3|c", {{"a", "6 @0"}}},
      {"a:5|g", {{"a", "5 @0"}}},
      {"a:5|g\na:+2|g\na:-10|g", {{"a", "-3 @0"}}},
      {"a:+2|g", {{"a", "2 @0"}}},
      {"a:x|s\na:y|s\na:x|s", {{"a", "2 @0"}}},
      {"a:1|c|#t:v,u:w:z", {{R"(a{t="v",u="w:z"})", "1 @0"}}},
      {"a:1|c|#bare", {{R"(a{bare="true"})", "1 @0"}}},
      {"a:1|c|@0.5|#t:v|c:container|T1700000000", {{R"(a{t="v"})", "2 @0"}}},
      {"a:1|c|#t:v|@0.5", {{R"(a{t="v"})", "2 @0"}}},
      {"a,t=v,u=w:1|c", {{R"(a{t="v",u="w"})", "1 @0"}}},
      {"a#t=v,u=w:1|c", {{R"(a{t="v",u="w"})", "1 @0"}}},
      {"a;t=v;u=w:1|c", {{R"(a{t="v",u="w"})", "1 @0"}}},
      {"a.b-c:1|c", {{"a_b_c", "1 @0"}}},
      {"a.b:1|c\na_b:2|c", {{"a_b", "3 @0"}}},
      {"a:1|c|#t-x:v\na:1|c|#t.x:v", {{R"(a{t_x="v"})", "2 @0"}}},
      {"a:1|c|#x:1,y:2\na:1|c|#y:2,x:1", {{R"(a{x="1",y="2"})", "2 @0"}}},
      {"_e{5,4}:title|text|#a:b\n_sc|name|0\na:1|c", {{"a", "1 @0"}}},
  };
  for (const auto& [lines, wanted] : cases) {
    INFO(lines);
    CHECK(stored(lines) == wanted);
  }
}

TEST_CASE("what is wrong with a line has its place", "[statsd]") {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "line 1, column 2: expected name:value|type"},
      {":1|c", "line 1, column 1: a metric without a name"},
      {",t=v:1|c", "line 1, column 1: a metric without a name"},
      {"a:1", "line 1, column 4: expected |type after the value"},
      {"a:1|x", "line 1, column 5: expected the type c, m, g, ms, h, d or s, got \"x\""},
      {"a:1|", "line 1, column 5: expected the type"},
      {"a:x|c", "line 1, column 3: the value is no number: \"x\""},
      {"a:nan|g", "line 1, column 3: the value is no number: \"nan\""},
      {"a:inf|g", "line 1, column 3: the value is not finite: \"inf\""},
      {"a:-1|c", "line 1, column 3: a counter cannot go down: \"-1\""},
      {"a:1|c|@0", "line 1, column 7: the sample rate must be above 0 and at most 1, got \"0\""},
      {"a:1|c|@2", "line 1, column 7: the sample rate"},
      {"a:1|c|@x", "line 1, column 7: the sample rate"},
      {"a:|s", "line 1, column 3: a member of a set must not be empty"},
      {"a:1:x|c", "line 1, column 5: the value is no number: \"x\""},
      {"a\xff:1|c", "line 1: the name or a tag of \"a\\xff\" is not valid UTF-8"},
      {"good:1|g", "line 2: metric \"good\" is a gauge already, and no counter"},
  };
  for (const auto& [line, text] : cases) {
    INFO(line);
    Fixture f;
    REQUIRE(f.send({std::string(line) + "\ngood:1|c"}).ok());
    REQUIRE(f.flush().ok());
    CHECK(f.series() == Series{{"good", "1 @0"}});
    CHECK_THAT(f.host.log, Catch::Contains(text));
  }
}

TEST_CASE("counters go on over flushes, sets begin anew, gauges stay", "[statsd]") {
  Fixture f;
  REQUIRE(f.send({"c:1|c\ng:5|g\ns:x|s"}).ok());
  REQUIRE(f.flush().ok());
  f.host.now_ms += 10'000;
  REQUIRE(f.send({"c:2|c", "s:y|s\ns:z|s"}).ok());
  REQUIRE(f.flush().ok());
  f.host.now_ms += 10'000;
  REQUIRE(f.flush().ok());
  CHECK(f.series() == Series{{"c", "1 @0 3 @10000 3 @20000"},
                             {"g", "5 @0 5 @10000 5 @20000"},
                             {"s", "1 @0 2 @10000 0 @20000"}});
}

TEST_CASE("families are described", "[statsd]") {
  Fixture f;
  REQUIRE(f.send({"c:1|c\ng:5|g\nt:1|ms"}).ok());
  REQUIRE(f.flush().ok());
  std::vector<std::string> families = f.metadata();
  std::sort(families.begin(), families.end());
  CHECK(families == std::vector<std::string>{"c 1 Metric of StatsD.", "g 2 Metric of StatsD.",
                                             "t 5 Metric of StatsD."});
}

TEST_CASE("observations become a summary", "[statsd]") {
  Fixture f;
  std::string lines;
  for (int i = 1; i <= 100; ++i) lines += "t:" + std::to_string(i * 10) + "|ms|#r:a\n";
  REQUIRE(f.send({lines, "d:4|d|@0.5", "h:6|h"}).ok());
  REQUIRE(f.flush().ok());
  f.host.now_ms += 1000;
  REQUIRE(f.flush().ok());
  const Series all = f.series();
  CHECK(all.at(R"(t{quantile="0.5",r="a"})") == "0.5 @0 NaN @1000");
  CHECK(all.at(R"(t{quantile="0.9",r="a"})") == "0.9 @0 NaN @1000");
  CHECK(all.at(R"(t{quantile="0.99",r="a"})") == "0.99 @0 NaN @1000");
  CHECK(all.at(R"(t_count{r="a"})") == "100 @0 100 @1000");
  CHECK(all.at(R"(t_sum{r="a"})").find("50.5") == 0);
  CHECK(all.at("d_count") == "2 @0 2 @1000");
  CHECK(all.at("d_sum") == "8 @0 8 @1000");
  CHECK(all.at(R"(h{quantile="0.5"})") == "6 @0 NaN @1000");
}

TEST_CASE("observations become a histogram", "[statsd]") {
  sdk::TreeArena arena;
  const nx_value bounds[] = {arena.number(0.1), arena.integer(1)};
  const nx_kv entries[] = {{NX_STR("observer_type"), arena.string("histogram")},
                           {NX_STR("buckets"), arena.array(bounds)}};
  const nx_value config = arena.table(entries);
  CHECK(stored("t:100|ms\nt:500|ms|@0.5\nt:5000|ms", &config) ==
        Series{{R"(t_bucket{le="0.1"})", "1 @0"},
               {R"(t_bucket{le="1.0"})", "3 @0"},
               {R"(t_bucket{le="+Inf"})", "4 @0"},
               {"t_sum", "6.1 @0"},
               {"t_count", "4 @0"}});
}

TEST_CASE("a sample of an interval is exact while it is small, and uniform beyond", "[statsd]") {
  IntervalSample sample;
  CHECK(std::isnan(sample.quantile(0.5)));
  for (int i = 1; i <= 1000; ++i) sample.add(i);
  CHECK(sample.quantile(0) == 1);
  CHECK(sample.quantile(0.5) == 500);
  CHECK(sample.quantile(0.999) == 999);
  CHECK(sample.quantile(1) == 1000);
  sample.clear();
  for (int i = 1; i <= 100'000; ++i) sample.add(i);
  CHECK(sample.quantile(0.5) == Approx(50'000).margin(5'000));
  CHECK(sample.quantile(0.9) == Approx(90'000).margin(3'000));
}

// The option `mappings` of a test: rules as lists of members.
struct Rules {
  explicit Rules(std::vector<std::vector<nx_kv>> rules) {
    std::vector<nx_value> items;
    for (const auto& rule : rules) items.push_back(arena.table(rule));
    const nx_kv entry{NX_STR("mappings"), arena.array(items)};
    config = arena.table({&entry, 1});
  }
  sdk::TreeArena arena;
  nx_value config{};
};

TEST_CASE("mappings make metrics with labels of dotted names", "[statsd]") {
  sdk::TreeArena a;
  const nx_kv labels[] = {a.entry("host", a.string("$1")), a.entry("code", a.string("x${2}y$3"))};
  const nx_kv tag[] = {a.entry("t", a.string("rule"))};
  const Rules rules({
      {{NX_STR("match"), a.string("api.*.*.requests")},
       {NX_STR("match_metric_type"), a.string("counter")},
       {NX_STR("name"), a.string("api_requests_total")},
       {NX_STR("labels"), a.table(labels)}},
      {{NX_STR("match"), a.string("api.*.*.requests")},
       {NX_STR("name"), a.string("gauge_of_${1}_$2")},
       {NX_STR("labels"), a.table(tag)}},
      {{NX_STR("match"), a.string("debug.*")}, {NX_STR("action"), a.string("drop")}},
      {{NX_STR("match"), a.string("*.time")},
       {NX_STR("name"), a.string("time_seconds")},
       {NX_STR("observer_type"), a.string("histogram")}},
  });
  Series all = stored(
      "api.h1.200.requests:1|c|#t:v\napi.h1.200.requests:5|g|#t:v\ndebug.x:1|c\n"
      "debug.x.y:1|c\napi.h1.requests:1|c\nx.time:20|ms",
      &rules.config);
  CHECK(all.at(R"(api_requests_total{code="x200y",host="h1",t="v"})") == "1 @0");
  CHECK(all.at(R"(gauge_of_h1_200{t="rule"})") == "5 @0");
  CHECK(all.at("debug_x_y") == "1 @0");
  CHECK(all.at("api_h1_requests") == "1 @0");
  CHECK(all.at(R"(time_seconds_bucket{le="0.025"})") == "1 @0");
  CHECK(all.size() == 4 + 11 + 3);
}

TEST_CASE("rules that cannot work are refused", "[statsd]") {
  sdk::TreeArena a;
  const test::FakeHost host;
  const auto fault = [&](std::vector<nx_kv> rule) {
    const Rules rules({std::move(rule)});
    return Statsd::validate(host.host(), {}, sdk::Value(&rules.config)).message();
  };
  const nx_value falling[] = {a.integer(2), a.integer(1)};
  const nx_kv match{NX_STR("match"), a.string("a.*")};
  const nx_kv name{NX_STR("name"), a.string("b")};
  CHECK(fault({match, name}).empty());
  CHECK(fault({match}) == "a mapping needs a name, or action = \"drop\"");
  CHECK(fault({match, {NX_STR("name"), a.string("b_$2")}}) == "there are only 1 stars in match");
  CHECK(fault({{NX_STR("match"), a.string("a*.b")}, name}) ==
        "match must be parts between dots, each of them a star or without one");
  CHECK(fault({match, name, {NX_STR("buckets"), a.array(falling)}}) == "buckets must rise");
  CHECK(fault({match, name, {NX_STR("quantiles"), a.array({})}}) == "quantiles must not be empty");
}

TEST_CASE("a series without measures ends after its time", "[statsd]") {
  sdk::TreeArena arena;
  const nx_kv ttl{NX_STR("ttl"), arena.integer(20'000)};
  const nx_value config = arena.table({&ttl, 1});
  Fixture f(&config);
  const auto pass = [&](std::int64_t ms) {
    f.host.now_ms += ms;
    f.host.mono_ns += ms * 1'000'000;
    REQUIRE(f.flush().ok());
  };
  REQUIRE(f.send({"a:1|c\nb:1|c"}).ok());
  pass(0);
  pass(10'000);
  REQUIRE(f.send({"b:1|c"}).ok());
  pass(10'000);
  pass(5'000);
  const Series all = f.series();
  CHECK(all.at("a") == "1 @0 1 @10000 NaN @20000");
  CHECK(all.at("b") == "1 @0 1 @10000 2 @20000 2 @25000");
  REQUIRE(f.send({"a:5|g"}).ok());  // the name is free again
  pass(1'000);
  CHECK(f.series().at("a") == "1 @0 1 @10000 NaN @20000 5 @26000");
}

TEST_CASE("the number of series is bounded", "[statsd]") {
  sdk::TreeArena arena;
  const nx_kv most{NX_STR("series_max"), arena.integer(2)};
  const nx_value config = arena.table({&most, 1});
  Fixture f(&config);
  REQUIRE(f.send({"a:1|c\nb:1|c\nc:1|c\na:1|c\n"}).ok());
  REQUIRE(f.flush().ok());
  CHECK(f.series() == Series{{"a", "2 @0"}, {"b", "1 @0"}});
  CHECK_THAT(f.host.log, Catch::Contains("line 3: more than 2 series (series_max)"));
}

}  // namespace
}  // namespace narthex::ingest::statsd
