// SPDX-License-Identifier: Apache-2.0
// InfluxDB's line protocol: lines and what they are stored as. What VictoriaMetrics 1.145 makes of
// the same lines was asked of it; the plugin's README names where the two differ.
#include "plugins/ingest/influx/influx.hpp"
#include "tests/support/push_fixture.hpp"

#include <narthex/sdk/json.hpp>

#include <catch2/catch.hpp>

namespace narthex::ingest::influx {
namespace {

using Fixture = test::PushFixture<Influx>;
using Series = std::map<std::string, std::string>;

TEST_CASE("a line becomes a series a field", "[influx]") {
  Fixture f;
  const std::string now_ns = std::to_string(f.host.now_ms - 5) + "000000";
  CHECK(f.post(Influx::kWrite1, "cpu,host=a,region=b f=1.5,i=3i,u=4u,b=t,s=\"abc\" " + now_ns,
               {{"db", "mydb"}})
            .status == 204);
  CHECK(f.series() == Series{{R"(cpu_f{db="mydb",host="a",region="b"})", "1.5 @-5"},
                             {R"(cpu_i{db="mydb",host="a",region="b"})", "3 @-5"},
                             {R"(cpu_u{db="mydb",host="a",region="b"})", "4 @-5"},
                             {R"(cpu_b{db="mydb",host="a",region="b"})", "1 @-5"}});
}

TEST_CASE("lines and what is stored of them", "[influx]") {
  struct Case {
    const char* line;
    Series stored;
  };
  const Case cases[] = {
      {"m f=7", {{"m_f", "7 @0"}}},
      {"m f=7 0", {{"m_f", "7 @0"}}},
      {"  m f=7", {{"m_f", "7 @0"}}},
      {"m  f=7   ", {{"m_f", "7 @0"}}},
      {"m f=7\r", {{"m_f", "7 @0"}}},
      {"# comment\n\n\r\nm f=7", {{"m_f", "7 @0"}}},
      {"m,empty=,t=1 f=2", {{R"(m_f{t="1"})", "2 @0"}}},
      {"m,a=1,a=2 f=1", {{R"(m_f{a="2"})", "1 @0"}}},
      {"m,db=own f=1", {{R"(m_f{db="own"})", "1 @0"}}},
      {"m,a=b=c f=1", {{R"(m_f{a="b=c"})", "1 @0"}}},
      {"esc\\ m\\,n,a\\ b=c\\ d e\\ e=1", {{R"(esc m,n_e e{a b="c d"})", "1 @0"}}},
      {"m,re\\,g=x\\=y f=1", {{R"(m_f{re,g="x=y"})", "1 @0"}}},
      {"m,a=x\\y f=1", {{"m_f{a=\"x\\y\"}", "1 @0"}}},
      {"m,a=x\\\\ f=1", {{"m_f{a=\"x\\\"}", "1 @0"}}},
      {"m \"q\"=1", {{"m_\"q\"", "1 @0"}}},
      {"m-d.t f-g=1", {{"m-d.t_f-g", "1 @0"}}},
      {"h\xc3\xa9,t\xc3\xa9=\xc3\xa9 f=1", {{"h\xc3\xa9_f{t\xc3\xa9=\"\xc3\xa9\"}", "1 @0"}}},
      {",a=b only=3", {{R"(only{a="b"})", "3 @0"}}},
      {"m,__name__=q f=1", {{"m_f", "1 @0"}}},
      {"m f=T,g=FALSE,h=true,i=f,j=True",
       {{"m_f", "1 @0"}, {"m_g", "0 @0"}, {"m_h", "1 @0"}, {"m_i", "0 @0"}, {"m_j", "1 @0"}}},
      {"m h=1e3,i=-5i,j=+4,k=-1.5e-3,l=.5",
       {{"m_h", "1000 @0"},
        {"m_i", "-5 @0"},
        {"m_j", "4 @0"},
        {"m_k", "-0.0015 @0"},
        {"m_l", "0.5 @0"}}},
      {"m i=9223372036854775807i,u=18446744073709551615u",
       {{"m_i", "9223372036854776000 @0"}, {"m_u", "18446744073709552000 @0"}}},
      {"m f=inf,g=-Inf", {{"m_f", "+Inf @0"}, {"m_g", "-Inf @0"}}},
      {"m s=\"a\\\"b,c d=e\",v=1", {{"m_v", "1 @0"}}},
      {"m s=\"line\nbreak\",v=1", {{"m_v", "1 @0"}}},
      {"m s=\"only\"", {}},
  };
  for (const Case& c : cases) {
    INFO(c.line);
    Fixture f;
    CHECK(f.post(Influx::kWrite1, c.line).status == 204);
    CHECK(f.series() == c.stored);
  }
}

TEST_CASE("what is wrong with a line has its place", "[influx]") {
  const std::pair<const char*, const char*> cases[] = {
      {"bad", "line 1, column 4: expected a blank and fields after the series"},
      {"m f=abc", "line 1, column 5: the value of field \"f\" is no number"},
      {"m f=", "line 1, column 5: the value of field \"f\" is missing"},
      {"m f=1,", "line 1, column 7: expected field=value, got \"\""},
      {"m f=1,g", "line 1, column 7: expected field=value, got \"g\""},
      {"m =1", "line 1, column 3: a field without a name"},
      {"m,x f=1", "line 1, column 3: expected tag=value, got \"x\""},
      {"m, a=1", "line 1, column 3: expected tag=value, got \"\""},
      {"m f=0x10", "line 1, column 5: the value of field"},
      {"m f=1_000", "line 1, column 5: the value of field"},
      {"m f=1=2", "line 1, column 5: the value of field"},
      {"m f=1.5i", "line 1, column 5: the value of field"},
      {"m f=-1u", "line 1, column 5: the value of field"},
      {"m f=99999999999999999999i", "line 1, column 5: the value of field"},
      {"m f=1 1.5", "line 1, column 7: the timestamp is no integer: \"1.5\""},
      {"m f=1 5 6", "line 1, column 9: expected the end of the line after the timestamp"},
      {"m f=\"open", "line 1, column 5: a text without its closing quote"},
      {"m f=\"a\"b", "line 1, column 8: expected a comma or a blank after a text, got \"b\""},
      {"m,a=\xff f=1", "line 1: label \"a\" is not valid UTF-8"},
      {"# c\n\nbad\nm f=1", "line 3, column 4: expected a blank"},
      {"m,a=\"x y\" f=1", "line 1, column 8: expected field=value, got \"y"},
  };
  for (const auto& [body, text] : cases) {
    INFO(body);
    Fixture f;
    const net::Response answer = f.post(Influx::kWrite1, body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find("{\"error\":\"partial write: line ") == 0);
    std::string escaped;
    sdk::append_json_text(escaped, text);
    CHECK_THAT(answer.body, Catch::Contains(escaped.substr(1, escaped.size() - 2)));
  }
}

TEST_CASE("good lines are stored beside bad ones", "[influx]") {
  Fixture f;
  const net::Response answer =
      f.post(Influx::kWrite2, "bad\ngood f=1\nbad2 f=abc\nopen s=\"x\ngood2 f=2\n");
  CHECK(answer.status == 400);
  CHECK(answer.body ==
        R"({"code":"invalid","message":"partial write: line 1, column 4: expected a blank and )"
        R"(fields after the series; 3 of 5 lines refused"})");
  CHECK(f.series() == Series{{"good_f", "1 @0"}, {"good2_f", "2 @0"}});
}

TEST_CASE("timestamps have the unit of the request, or that of their size", "[influx]") {
  Fixture f;
  const std::int64_t t_ms = f.host.now_ms;
  const std::string s = std::to_string(t_ms / 1000);
  const auto write = [&](const std::string& line, const char* precision) {
    return f.post(Influx::kWrite1, line, {{"precision", precision}}).status;
  };
  CHECK(write("s f=1 " + s, "s") == 204);
  CHECK(write("ms f=1 " + s + "123", "ms") == 204);
  CHECK(write("us f=1 " + s + "123456", "us") == 204);
  CHECK(write("u f=1 " + s + "123456", "u") == 204);
  CHECK(write("ns f=1 " + s + "123456789", "ns") == 204);
  CHECK(write("m f=1 " + std::to_string(t_ms / 60'000), "m") == 204);
  CHECK(write("h f=1 " + std::to_string(t_ms / 3'600'000), "h") == 204);
  CHECK(write("as f=1 " + s, "") == 204);
  CHECK(write("ams f=1 " + s + "123", "") == 204);
  CHECK(write("aus f=1 " + s + "123456", "") == 204);
  CHECK(write("ans f=1 " + s + "123456789", "") == 204);
  CHECK(write("x f=1 5", "days") == 400);
  CHECK(f.post(Influx::kWrite1, "o f=1 9223372036854775807", {{"precision", "h"}}).status == 400);
  CHECK(f.series() == Series{{"s_f", "1 @0"},
                             {"ms_f", "1 @123"},
                             {"us_f", "1 @123"},
                             {"u_f", "1 @123"},
                             {"ns_f", "1 @123"},
                             {"m_f", "1 @" + std::to_string(t_ms / 60'000 * 60'000 - t_ms)},
                             {"h_f", "1 @" + std::to_string(t_ms / 3'600'000 * 3'600'000 - t_ms)},
                             {"as_f", "1 @0"},
                             {"ams_f", "1 @123"},
                             {"aus_f", "1 @123"},
                             {"ans_f", "1 @123"}});
}

TEST_CASE("labels of the request and of the configuration win over the sender's", "[influx]") {
  sdk::TreeArena arena;
  const nx_kv entry = arena.entry("site", arena.string("oslo"));
  const nx_kv config_entries[] = {{NX_STR("labels"), arena.table({&entry, 1})}};
  const nx_value config = arena.table(config_entries);
  Fixture f(&config);
  CHECK(f.post(Influx::kWrite1, "m,a=own,site=own f=1",
               {{"extra_label", "a=b"}, {"extra_label", "c=d"}})
            .status == 204);
  CHECK(f.series() == Series{{R"(m_f{a="b",c="d",site="oslo"})", "1 @0"}});
  CHECK(f.post(Influx::kWrite1, "m f=1", {{"extra_label", "a"}}).status == 400);
}

TEST_CASE("a known series needs no labels, and stays apart from its neighbours", "[influx]") {
  Fixture f;
  for (int round = 0; round < 3; ++round) {
    f.host.now_ms += 1000;
    CHECK(f.post(Influx::kWrite1, "m,a=1 f=1,g=2\nm,a=2 f=3", {{"db", "x"}}).status == 204);
    CHECK(f.post(Influx::kWrite1, "m,a=1 f=4", {{"db", "y"}}).status == 204);
  }
  CHECK(f.series() == Series{{R"(m_f{a="1",db="x"})", "1 @1000 1 @2000 1 @3000"},
                             {R"(m_g{a="1",db="x"})", "2 @1000 2 @2000 2 @3000"},
                             {R"(m_f{a="2",db="x"})", "3 @1000 3 @2000 3 @3000"},
                             {R"(m_f{a="1",db="y"})", "4 @1000 4 @2000 4 @3000"}});
}

TEST_CASE("packets are points, and a bad line is logged with its sender", "[influx]") {
  Fixture f;
  REQUIRE(f.send({"m f=1\nbad\n", "m g=2"}).ok());
  CHECK(f.series() == Series{{"m_f", "1 @0"}, {"m_g", "2 @0"}});
  CHECK_THAT(f.host.log, Catch::Contains("line 2, column 4") && Catch::Contains("127.0.0.1:1"));
}

TEST_CASE("names are made of measurement and field as it is configured", "[influx]") {
  sdk::TreeArena arena;
  const auto stored = [&](std::vector<nx_kv> entries) {
    const nx_value config = arena.table(entries);
    Fixture f(&config);
    CHECK(f.post(Influx::kWrite1, "a-b one=1\nc x=2,y=3", {{"db", "d"}}).status == 204);
    std::string names;
    for (const auto& [name, values] : f.series()) names += name + ' ';
    return names;
  };
  const nx_value yes = arena.boolean(true);
  CHECK(stored({{NX_STR("separator"), arena.string(".")},
                {NX_STR("db_label"), arena.string("")}}) == "a-b.one c.x c.y ");
  CHECK(stored({{NX_STR("skip_single_field"), yes}}) == R"(a-b{db="d"} c_x{db="d"} c_y{db="d"} )");
  CHECK(stored({{NX_STR("skip_measurement"), yes}}) == R"(one{db="d"} x{db="d"} y{db="d"} )");
  CHECK(stored({{NX_STR("legacy_names"), yes}}) == R"(a_b_one{db="d"} c_x{db="d"} c_y{db="d"} )");
}

TEST_CASE("clients find what they ask before they write", "[influx]") {
  Fixture f;
  CHECK(f.post(Influx::kPing, "").status == 204);
  const net::Response databases = f.post(Influx::kQuery, "", {{"q", "SHOW DATABASES"}});
  CHECK(databases.status == 200);
  CHECK(databases.body == R"({"results":[{"statement_id":0,"series":[{"name":"databases",)"
                          R"("columns":["name"],"values":[["_internal"]]}]}]})");
  CHECK(net::first(databases.headers, "X-Influxdb-Version") == "1.8.0");
  CHECK_THAT(f.post(Influx::kHealth, "").body, Catch::Contains(R"("status":"pass")"));
}

}  // namespace
}  // namespace narthex::ingest::influx
