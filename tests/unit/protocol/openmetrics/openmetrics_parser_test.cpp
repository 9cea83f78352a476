// SPDX-License-Identifier: Apache-2.0
#include "plugins/protocol/openmetrics/openmetrics_parser.hpp"

#include "tests/support/body_mutator.hpp"
#include "tests/support/parse_body.hpp"

#include <catch2/catch.hpp>

#include <random>

namespace narthex::openmetrics {
namespace {

test::ParsedBody parse(std::string text, std::uint32_t flags = NX_PARSE_HONOR_T) {
  return test::parse_body<OpenMetricsParser>(std::move(text), flags);
}

TEST_CASE("an OpenMetrics body gives samples, metadata and exemplars", "[openmetrics]") {
  const auto body = parse(
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds text \\\"q\\\"\n"
      "a_seconds_total{x=\"1\"} 17 1.5 # {trace_id=\"KOO5\"} 0.67 1.2\na_seconds_created 1\n"
      "b 1 # {} 4\nc 2 # {x=\"y\",z=\"w\"} 5\n"
      "# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s stateset\ns{s=\"a\"} 1\n"
      "# TYPE g gaugehistogram\ng_bucket{le=\"1\"} 1\n# EOF\n");
  INFO(body.status.message());
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 7);
  CHECK(body.samples[0].t == 1500);
  CHECK(body.samples[6].labels == test::Pairs{{"__name__", "g_bucket"}, {"le", "1"}});
  REQUIRE(body.exemplars.size() == 3);
  CHECK(body.exemplars[0].labels == test::Pairs{{"trace_id", "KOO5"}});
  CHECK(body.exemplars[0].value == 0.67);
  CHECK(body.exemplars[0].t == 1200);
  CHECK(body.exemplars[1].labels.empty());
  CHECK(body.exemplars[2].sample == 3);
  CHECK(body.exemplars[2].labels == test::Pairs{{"x", "y"}, {"z", "w"}});
  CHECK_FALSE(body.exemplars[2].t.has_value());
  CHECK(body.families.at("a_seconds").unit == "seconds");
  CHECK(body.families.at("a_seconds").help == "text \"q\"");
  CHECK(body.families.at("i").type == NX_TYPE_INFO);
  CHECK(body.families.at("s").type == NX_TYPE_STATESET);
  CHECK(body.families.at("g").type == NX_TYPE_GAUGEHISTOGRAM);
}

TEST_CASE("series have the type and unit of their family as labels, where those are asked for",
          "[openmetrics]") {
  const std::string text =
      "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{__unit__=\"own\"} 1\n"
      "b{__type__=\"own\"} 1\n"
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\n"
      "# TYPE u unknown\nu 1\n# UNIT v_bytes bytes\nv_bytes 1\n# EOF\n";
  const auto body = parse(text, NX_PARSE_TYPE_UNIT_LABELS);
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 6);
  CHECK(body.samples[0].labels == test::Pairs{{"__name__", "a_seconds_total"},
                                              {"__type__", "counter"},
                                              {"__unit__", "seconds"}});
  CHECK(body.samples[1].labels == test::Pairs{{"__name__", "b"}, {"__type__", "own"}});
  CHECK(body.samples[2].labels ==
        test::Pairs{{"__name__", "h_bucket"}, {"__type__", "histogram"}, {"le", "1.0"}});
  CHECK(body.samples[3].labels == test::Pairs{{"__name__", "h_sum"}, {"__type__", "histogram"}});
  CHECK(body.samples[4].labels == test::Pairs{{"__name__", "u"}});
  CHECK(body.samples[5].labels == test::Pairs{{"__name__", "v_bytes"}, {"__unit__", "bytes"}});
  CHECK(parse(text).samples[0].labels ==
        test::Pairs{{"__name__", "a_seconds_total"}, {"__unit__", "own"}});
}

TEST_CASE("bodies that Prometheus takes are taken", "[openmetrics]") {
  for (const char* text : {"# EOF\n", "# EOF", "a 1\n# EOF", "a 1 1.5e1\n# EOF\n",
                           "# UNIT a \na 1\n# EOF\n", "{\"a.b\",c=\"d\",} 1\n{\"x y\"} 2\n# EOF\n",
                           "{a=\"d\",\"n.m\"} 1\n# EOF\n", "a{} 1\n# EOF\n", "a NaN\n# EOF\n"}) {
    INFO(text);
    CHECK(parse(text).status.ok());
  }
}

TEST_CASE("what OpenMetrics forbids is refused with line and column", "[openmetrics]") {
  const std::pair<const char*, const char*> cases[] = {
      {"a 1\n", "line 2, column 1: data does not end with # EOF"},
      {"", "line 1, column 1: data does not end with # EOF"},
      {"a 1", "line 1, column 4: data does not end with # EOF"},
      {"a 1\n# EOF\n\n", "line 3, column 1: unexpected data after # EOF"},
      {"a  1\n# EOF\n", "line 1, column 3: expected value after metric"},
      {"a\t1\n# EOF\n", "line 1, column 2: expected value after metric"},
      {"# foo\n# EOF\n", "line 1, column 3: expected a valid start token"},
      {"a 1\n\n# EOF\n", "line 2, column 1: expected a valid start token"},
      {"a 1 # x\n# EOF\n", "line 1, column 5: strconv.ParseFloat: parsing \"#\": invalid syntax"},
      {"a NaN NaN\n# EOF\n", "line 1, column 10: invalid timestamp"},
      {"a{b=\"c\", d=\"e\"} 1\n# EOF\n", "line 1, column 9: expected label name"},
      {"a{b=\"c\"d=\"e\"} 1\n# EOF\n", "line 1, column 8: expected comma or brace close"},
      {"a{b=\"c\nd\"} 1\n# EOF\n", "line 1, column 7: expected label value"},
      {"# UNIT b seconds\n# EOF\n",
       "line 1, column 10: unit \"seconds\" not a suffix of metric \"b\""},
      {"# TYPE b untyped\n# EOF\n", "line 1, column 10: invalid metric type \"untyped\""},
      {"# HELP b\n# EOF\n", "line 1, column 9: expected text"},
      {"a 1 # {x=\"y\"}\n# EOF\n", "line 1, column 14: expected value after exemplar labels"},
      {"a 1 # {\"x\"} 1\n# EOF\n", "line 1, column 11: expected label name"},
      {"a 1 2 3\n# EOF\n", "line 1, column 6: expected next entry after timestamp"},
      {"a 1\r\n# EOF\n", "line 1, column 3: strconv.ParseFloat"},
  };
  for (const auto& [text, message] : cases) {
    const auto body = parse(text);
    INFO(text);
    CHECK(body.status.message().substr(0, std::string_view(message).size()) == message);
  }
}

TEST_CASE("the parser agrees with the slow one on damaged OpenMetrics bodies", "[openmetrics]") {
  const std::string base =
      "# TYPE a counter\n# UNIT a_s s\n# HELP a text\n"
      "a_total{x=\"1\"} 17 1.5 # {trace_id=\"KOO5S4vxi0o\"} 0.67 1.2\na_created 1\n"
      "b{y=\"\\\"\\n\"} 0.1 # {} 5\nc 1.25e+09 12345.678\n"
      "# TYPE i info\ni_info{v=\"1\"} 1\n# TYPE s summary\ns{quantile=\"1\"} 1\n# EOF\n";
  const auto seed = static_cast<unsigned>(Catch::rngSeed());
  INFO("seed " << seed);
  std::mt19937 random(seed);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = test::mutate_body(base, random);
    const auto expected = test::ExpositionReference(text, true).read();
    const auto body = parse(text);
    INFO(text);
    INFO(body.status.message());
    REQUIRE(body.status.ok() == expected.has_value());
    if (expected) REQUIRE(body.samples == *expected);
    refused += expected ? 0 : 1;
  }
  CHECK(refused < 19'900);
}

TEST_CASE("_created lines become start times when those are asked for", "[openmetrics]") {
  const std::string text =
      "# TYPE a counter\na_total{x=\"1\",y=\"2\"} 17\na_created{y=\"2\",x=\"1\"} 1.5\n"
      "a_total{x=\"2\"} 3\na_total 4\na_created{x=\"2\"} 2 7 # {} 1\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\nh_created 3\n"
      "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_created 4\n"
      "# TYPE g gauge\ng 1\ng_created 5\n"
      "# TYPE \"u.c\" counter\n{\"u.c_total\"} 1\n{\"u.c_created\"} 6\n# EOF\n";
  const auto body = parse(text, NX_PARSE_START_T);
  INFO(body.status.message());
  REQUIRE(body.status.ok());
  CHECK(body.samples.size() == 10);
  CHECK(body.starts ==
        std::map<std::size_t, std::int64_t>{
            {0, 1500}, {1, 2000}, {3, 3000}, {4, 3000}, {5, 3000}, {6, 4000}, {9, 6000}});
  CHECK(body.exemplars.empty());
  CHECK(parse(text).samples.size() == 15);
  CHECK(parse(text).starts.empty());
}

TEST_CASE("histograms with custom buckets keep timed exemplars and the start", "[openmetrics]") {
  const auto body = parse(
      "# TYPE h histogram\nh_bucket{le=\"1\"} 1 # {t=\"a\\\"b\"} 0.5 1.5\n"
      "h_bucket{le=\"+Inf\"} 2 # {t=\"c\"} 5\nh_count 2\nh_sum 5.5\nh_created 3\n"
      "# TYPE g gauge\ng 1 # {z=\"last\"} 1\n# EOF\n",
      NX_PARSE_NHCB | NX_PARSE_START_T);
  INFO(body.status.message());
  REQUIRE(body.status.ok());
  REQUIRE(body.samples.size() == 2);
  CHECK(body.histograms.at(0).bounds == std::vector<double>{1});
  CHECK(body.starts.at(0) == 3000);
  REQUIRE(body.exemplars.size() == 2);
  CHECK(body.exemplars[0].sample == 0);
  CHECK(body.exemplars[0].labels == test::Pairs{{"t", "a\"b"}});
  CHECK(body.exemplars[0].t == 1500);
  CHECK(body.exemplars[1].labels == test::Pairs{{"z", "last"}});
}

}  // namespace
}  // namespace narthex::openmetrics
